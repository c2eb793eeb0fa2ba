"""Letters that the figures' own font lacks: the font of this machine that has them, and what none has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STAND_IN: Final = "?"
"""Drawn for letters that no font has: an empty box looks like a fault of the file."""
LATIN_END: Final = 0x250
"""Code point before which the usual font has every letter, so that nothing has to be loaded to know."""
PLACEHOLDERS: Final = "LastResort"
"""In the names of fonts that have a box for every letter, and no letter."""
_LAST: Final = ("mono", "italic", "oblique", "bold", "light", "thin", "black", "serif")
"""Words in a font's file name that make it a later choice."""


def font_file(words: str, *, bold: bool = False) -> str:
    """The font in which a line of text is drawn.

    Parameters
    ----------
    words : str
        The line.
    bold : bool
        Whether it is to be bold, where the usual font has all of its letters.

    Returns
    -------
    str
        Path of the usual font; where it lacks letters, of the one that lacks the fewest.
    """
    usual = _usual(bold)
    lacking = _lacking(words, usual)
    return _substitute(lacking, frozenset(words), usual) if lacking else usual


def as_drawn(words: str, font: str) -> str:
    """A line of text as a font draws it.

    Parameters
    ----------
    words : str
        The line.
    font : str
        Path of the font.

    Returns
    -------
    str
        With `STAND_IN` for letters that the font lacks.
    """
    lacking = _lacking(words, font)
    return "".join(STAND_IN if letter in lacking else letter for letter in words) if lacking else words


def undrawable(words: str) -> str:
    """The letters of a text that no font of this machine has.

    Parameters
    ----------
    words : str
        The text.

    Returns
    -------
    str
        Each once, in order; empty where all can be drawn.
    """
    if all(ord(letter) < LATIN_END for letter in words):
        return ""
    lacking = _lacking(words, font_file(words))
    return "".join(letter for letter in dict.fromkeys(words) if letter in lacking)


@contextmanager
def lettered(figure: Figure) -> Iterator[None]:
    """Give each text of a figure the font that has its letters, while it is drawn as shapes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Its texts are as before afterwards.

    Yields
    ------
    None
        While other fonts stand in, and letters that no font has are replaced.
    """
    # Imported here, as all that draws: it takes half a second, which most commands need not wait for.
    from matplotlib.text import Text

    before = []
    for text in figure.findobj(Text):
        if not isinstance(text, Text) or text.get_text().isascii():
            continue
        words, properties = text.get_text(), text.get_fontproperties()
        before.append((text, words, properties))
        found = font_file(words, bold=text.get_fontweight() == "bold")
        changed = properties.copy()
        changed.set_file(found)
        text.set_fontproperties(changed)
        text.set_text(as_drawn(words, found))
    try:
        yield
    finally:
        for text, words, properties in before:
            text.set_text(words)
            text.set_fontproperties(properties)


@lru_cache(maxsize=2)
def _usual(bold: bool) -> str:
    # Imported here, as all that draws: it takes half a second, which most commands need not wait for.
    from matplotlib import font_manager

    wanted = font_manager.FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal")
    return str(font_manager.findfont(wanted))


@lru_cache(maxsize=512)
def _letters_of(font: str) -> frozenset[int]:
    """Code points that a font has; none of one that cannot be read."""
    # Imported here, as all that draws: it takes half a second, which most commands need not wait for.
    from matplotlib.ft2font import FT2Font

    if PLACEHOLDERS in font:
        return frozenset()
    try:
        return frozenset(FT2Font(font).get_charmap())
    except (RuntimeError, OSError):
        return frozenset()


def _lacking(words: str, font: str) -> frozenset[str]:
    known = _letters_of(font)
    return frozenset(letter for letter in words if letter.isprintable() and ord(letter) not in known)


@lru_cache(maxsize=256)
def _substitute(lacking: frozenset[str], letters: frozenset[str], usual: str) -> str:
    """The font with the fewest letters lacking; the usual one where none has any letter more."""
    best, least = usual, len(lacking)
    for font in _system_fonts():
        count = len(_lacking("".join(letters), font))
        if count < least:
            best, least = font, count
    return best


@lru_cache(maxsize=1)
def _system_fonts() -> tuple[str, ...]:
    """All fonts of the machine, upright ones of even strokes first; those of one rank by their names."""
    # Imported here, as all that draws: it takes half a second, which most commands need not wait for.
    from matplotlib import font_manager

    def _rank(font: str) -> tuple[int, str, str]:
        name = Path(font).stem.lower()
        return sum(word in name for word in _LAST) - ("sans" in name), name, font

    return tuple(sorted({str(font) for font in font_manager.findSystemFonts()}, key=_rank))
