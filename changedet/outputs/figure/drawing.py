"""The figure as a sheet, and the sheet as PNG, SVG or PDF: the same data give the same bytes."""

from __future__ import annotations

import io
import threading
import warnings
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from changedet.outputs.figure import furniture, styles
from changedet.outputs.figure.arrangement import MARGIN_IN, arranged
from changedet.outputs.figure.data import FigureData
from changedet.outputs.figure.letters import lettered
from changedet.outputs.figure.library import figure_class
from changedet.outputs.figure.panels import draw_panel
from changedet.store.files import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ENDINGS: Final = (".png", ".svg", ".pdf")
DOTS_PER_INCH: Final = 200.0
"""Of a PNG, and of the pictures in SVG and PDF: what journals ask of half-tones at this width."""
WIDTH_IN: Final = 7.48
"""190 mm: two columns of a journal, and a page of A4 with its margins."""
_SETTINGS: Final[dict[Any, Any]] = {"svg.fonttype": "none", "svg.hashsalt": "changedet", "pdf.fonttype": 42}
"""Text stays text; names in the SVG do not change from one time to the next."""
_LOCK: Final = threading.Lock()
"""matplotlib takes these settings from a table of the whole process."""
_NO_DATES: Final = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": "changedet"},
    ".pdf": {"CreationDate": None, "ModDate": None, "Creator": "changedet", "Producer": "matplotlib"},
}


def drawn(
    data: FigureData,
    width_in: float = WIDTH_IN,
    height_in: float | None = None,
    dots_per_inch: float = DOTS_PER_INCH,
) -> Figure:
    """The figure as a sheet of matplotlib's, that no window and no global state knows.

    Parameters
    ----------
    data : FigureData
        What it shows.
    width_in, height_in : float
        Of the sheet in inches; a height of None is as much as the panels need.
    dots_per_inch : float
        Of its pictures.

    Returns
    -------
    matplotlib.figure.Figure
        Of that size, or higher where a caption needs it.
    """
    entries = furniture.legend_entries(data)
    small = arranged(data, width_in, height_in, 0).fonts.small
    rows = furniture.legend_rows(entries, width_in - 2 * MARGIN_IN, small)
    sheet = arranged(data, width_in, height_in, len(rows))
    figure = figure_class()(figsize=(sheet.width, sheet.height), dpi=dots_per_inch, facecolor=styles.PAPER)
    for panel, (left, bottom, wide, high) in zip(data.panels, sheet.panels, strict=True):
        place = (left / sheet.width, bottom / sheet.height, wide / sheet.width, high / sheet.height)
        axes = figure.add_axes(place, facecolor=styles.PAPER)
        draw_panel(axes, data, panel, wide, dots_per_inch, sheet.fonts.label)
        if panel is data.panels[-1]:
            furniture.draw_scale_and_north(axes, data, panel, wide, sheet.fonts.label)
    if furniture.needs_inset(data):
        furniture.draw_inset(figure, sheet, data, dots_per_inch)
    furniture.draw_legend(figure, sheet, entries, rows)
    texts = [
        (sheet.title_top, "\n".join(sheet.title), sheet.fonts.title, "bold"),
        (sheet.place_top, data.place, sheet.fonts.place, "normal"),
        (sheet.notes_top, "\n".join(sheet.notes), sheet.fonts.small, "normal"),
    ]
    for top, words, points, weight in texts:
        figure.text(
            MARGIN_IN / sheet.width, top / sheet.height, words, fontsize=points, fontweight=weight, va="top",
            color=styles.INK, parse_math=False, linespacing=1.2,
        )  # fmt: skip
    return figure


def encoded(figure: Figure, ending: str) -> bytes:
    """A sheet as a file's bytes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        As `drawn` gives it.
    ending : str
        Of `ENDINGS`.

    Returns
    -------
    bytes
        PNG, SVG with text as text, or PDF; without a date.
    """
    # Imported here, as all that draws: it takes half a second, which most commands need not wait for.
    import matplotlib as mpl

    target = io.BytesIO()
    # An SVG keeps text as text: the reader's own fonts have the letters.
    letters = nullcontext() if ending == ".svg" else lettered(figure)
    with _LOCK, mpl.rc_context(_SETTINGS), letters, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(target, format=ending[1:], dpi=figure.dpi, metadata=_NO_DATES[ending])
    return target.getvalue()


def write_figure(figure: Figure, paths: list[Path]) -> None:
    """Write a sheet to files, each complete or not there.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        As `drawn` gives it.
    paths : list of Path
        Each ends in one of `ENDINGS`.
    """
    for path in paths:
        content = encoded(figure, path.suffix.lower())
        with replacing(path) as part:
            part.write_bytes(content)
