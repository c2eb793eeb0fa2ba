"""Where title, panels, legend and caption lie on the sheet, in inches from its lower left corner."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from changedet.outputs.figure.data import Box, FigureData
from changedet.outputs.figure.letters import as_drawn, font_file

MM_PER_INCH: Final = 25.4
MARGIN_IN: Final = 0.12
GAP_IN: Final = 0.1
HINTED: Final = 0.95
"""Of the sheet's width, which lines may fill: at few dots per inch letters are set on whole dots, and run wider."""
_SMALLEST_TITLE: Final = 0.7
"""Of its size: a title that is a little too long for one line is set smaller, a longer one in two lines."""
LEAST_PANEL_IN: Final = 0.8
"""A sheet that leaves a panel less is too small."""
LEADING: Final = 1.28
"""Height of a line of text over the size of its font."""
POINTS_PER_INCH: Final = 72.0


class Fonts(NamedTuple):
    """Sizes of text in points.

    Attributes
    ----------
    title, place, label, small : float
        Of the sentence, the line below it, labels in panels, legend and caption.
    """

    title: float
    place: float
    label: float
    small: float


class Sheet(NamedTuple):
    """Where everything lies, in inches.

    Attributes
    ----------
    width, height : float
        Of the sheet.
    panels : tuple of (left, bottom, width, height)
        One for each.
    title, notes : tuple of str
        Their lines.
    title_top, place_top, legend_top, notes_top : float
        Upper edges.
    fonts : Fonts
        Sizes of text.
    """

    width: float
    height: float
    panels: tuple[Box, ...]
    title: tuple[str, ...]
    notes: tuple[str, ...]
    title_top: float
    place_top: float
    legend_top: float
    notes_top: float
    fonts: Fonts


def arranged(data: FigureData, width_in: float, height_in: float | None, legend_rows: int) -> Sheet:
    """The sheet of a figure.

    Parameters
    ----------
    data : FigureData
        What it shows.
    width_in : float
        Of the sheet in inches.
    height_in : float or None
        None for as much as the panels need; else these become smaller until all fits.
    legend_rows : int
        Lines of the legend.

    Returns
    -------
    Sheet
        Complete; with `height_in` too small, the panels are `LEAST_PANEL_IN` high and the sheet is higher.
    """
    fonts = _fonts(width_in)
    inner = width_in - 2 * MARGIN_IN
    room = HINTED * inner
    one_line = fonts.title * room / text_width_in(data.title, fonts.title, bold=True)
    if one_line < fonts.title:
        fonts = fonts._replace(title=max(one_line * 0.999, _SMALLEST_TITLE * fonts.title))
    title = wrapped(data.title, fonts.title, room, bold=True)
    notes = tuple(line for note in data.notes for line in wrapped(note, fonts.small, room))
    head = MARGIN_IN + len(title) * _line_in(fonts.title) + (_line_in(fonts.place) if data.place else 0.0) + 0.06
    legend = legend_rows * _line_in(fonts.small) + (0.06 if legend_rows else 0.0)
    foot = MARGIN_IN + legend + len(notes) * _line_in(fonts.small) + 0.04
    count = len(data.panels)
    west, south, east, north = data.frame
    aspect = (north - south) / (east - west)
    wide = (inner - (count - 1) * GAP_IN) / count
    high = wide * aspect
    if height_in is not None:
        high = max(LEAST_PANEL_IN, min(high, height_in - head - foot))
        wide = high / aspect
    height = head + high + foot if height_in is None else max(height_in, head + high + foot)
    # Panels smaller than the sheet allows stand in its middle.
    left = (width_in - count * wide - (count - 1) * GAP_IN) / 2
    bottom = height - head - high
    panels = tuple((left + k * (wide + GAP_IN), bottom, wide, high) for k in range(count))
    return Sheet(
        width_in, height, panels, title, notes,
        title_top=height - MARGIN_IN,
        place_top=height - MARGIN_IN - len(title) * _line_in(fonts.title),
        legend_top=bottom - 0.05,
        notes_top=bottom - 0.05 - legend,
        fonts=fonts,
    )  # fmt: skip


def _fonts(width_in: float) -> Fonts:
    """Text of a sheet as wide as a page of A4 and less; on larger sheets it grows with them."""
    growth = max(0.8, width_in / 7.5) ** 0.8
    return Fonts(11.5 * growth, 7.5 * growth, 7.5 * growth, 6.3 * growth)


def _line_in(points: float) -> float:
    return points * LEADING / POINTS_PER_INCH


def wrapped(words: str, points: float, width_in: float, *, bold: bool = False) -> tuple[str, ...]:
    """Text in lines that fit a width.

    Parameters
    ----------
    words : str
        Of one line.
    points : float
        Size of the font.
    width_in : float
        Of the longest line.
    bold : bool
        Whether it is set in bold.

    Returns
    -------
    tuple of str
        At least one; a word wider than a line is broken.
    """
    lines = [""]
    for word in _pieces(words, points, width_in, bold=bold):
        joined = f"{lines[-1]} {word}".strip()
        if lines[-1] and text_width_in(joined, points, bold=bold) > width_in:
            lines.append(word)
        else:
            lines[-1] = joined
    return tuple(lines)


def _pieces(words: str, points: float, width_in: float, *, bold: bool) -> Sequence[str]:
    found = []
    for word in words.split():
        while text_width_in(word, points, bold=bold) > width_in and len(word) > 1:
            most = next(k for k in range(len(word) - 1, 0, -1)
                        if k == 1 or text_width_in(word[:k], points, bold=bold) <= width_in)  # fmt: skip
            found.append(word[:most])
            word = word[most:]
        found.append(word)
    return found


def text_width_in(words: str, points: float, *, bold: bool = False) -> float:
    """The width of a line of text in the figure's font.

    Parameters
    ----------
    words : str
        The line.
    points : float
        Size of the font.
    bold : bool
        Whether it is set in bold.

    Returns
    -------
    float
        Inches.
    """
    path = font_file(words, bold=bold)
    return sum(_advance(letter, path) for letter in as_drawn(words, path)) * points / POINTS_PER_INCH


@lru_cache(maxsize=4096)
def _advance(letter: str, path: str) -> float:
    """How far a letter of a font moves the pen, in ems."""
    # Imported here, as all that draws: it takes half a second, which most commands need not wait for.
    from matplotlib import ft2font

    font = ft2font.FT2Font(path)
    font.set_size(100, 72)
    glyph = font.load_char(ord(letter), flags=ft2font.LoadFlags.NO_HINTING)
    return float(glyph.linearHoriAdvance) / 65536 / 100
