"""A small HTML card for notebooks: no script, no style sheet, nothing from a network, every word escaped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

from markupsafe import escape

Row: TypeAlias = tuple[str, str]
"""What it is, and what it says."""

LONGEST: Final = 900
"""Characters of a text at most, which holds five long sentences; the rest is cut off with a sign for it."""
MOST_NOTES: Final = 5
"""Notes that are shown; the others are counted."""
_CELL: Final = "text-align:left;vertical-align:top;padding:1px 12px 1px 0"


def card(title: str, rows: Sequence[Row], notes: Sequence[str] = ()) -> str:
    """A title, rows of a name and a text, and notes.

    Parameters
    ----------
    title : str
        Of the card.
    rows : sequence of (str, str)
        Those with an empty text are left out.
    notes : sequence of str
        Such as warnings; the first few are shown.

    Returns
    -------
    str
        HTML in the colours of the notebook's own theme.

    Examples
    --------
    >>> "<b>A &amp; B</b>" in card("A & B", [("dates", "7"), ("zones", "")])
    True
    """
    body = "".join(_row(name, text) for name, text in rows if text)
    more = [f"and {len(notes) - MOST_NOTES} more"] if len(notes) > MOST_NOTES else []
    listed = "".join(f"<li>{escape(shortened(note))}</li>" for note in [*notes[:MOST_NOTES], *more])
    below = f'<ul style="margin:4px 0 0;padding-left:18px">{listed}</ul>' if listed else ""
    return f"<div><b>{escape(shortened(title))}</b><table>{body}</table>{below}</div>"


def _row(name: str, text: str) -> str:
    head, cell = f'<th scope="row" style="{_CELL};white-space:nowrap">{escape(name)}</th>', f'<td style="{_CELL}">'
    return f"<tr>{head}{cell}{escape(shortened(text))}</td></tr>"


def shortened(text: str) -> str:
    """One line of at most `LONGEST` characters.

    Parameters
    ----------
    text : str
        From anywhere.

    Returns
    -------
    str
        With ``..`` at its end where something was cut off, after a whole word where there is one.
    """
    line = " ".join(text.split())
    if len(line) <= LONGEST:
        return line
    kept = line[: LONGEST - 2]
    return f"{kept.rpartition(' ')[0] or kept}.."
