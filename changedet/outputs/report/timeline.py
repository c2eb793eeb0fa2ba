"""The time line: looks true to scale with what they hide, and since when what grew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from markupsafe import Markup, escape

from changedet.outputs.report.axes import HIDDEN, LEFT, RIGHT, WIDTH, Backdrop, along, day_labels, svg
from changedet.outputs.sentences.words import number

ROW: Final = 30
HEAD: Final = 44
FOOT: Final = 8
_TEXT_ROOM: Final = 260
"""Pixels that the text beside a bar needs."""


class Span(NamedTuple):
    """Something that began between two looks.

    Attributes
    ----------
    text : str
        What, in words.
    low, high : str
        ISO dates that bound its beginning.
    """

    text: str
    low: str
    high: str


def timeline(days: Sequence[str], spans: Sequence[Span], back: Backdrop) -> Markup:
    """The looks of a site as a row of marks, and below it each beginning as a bar between its bounds.

    Parameters
    ----------
    days : sequence of str
        ISO dates of the looks, sorted.
    spans : sequence of Span
        What began, in any order.
    back : Backdrop
        What each look hides.

    Returns
    -------
    markupsafe.Markup
        An ``<svg>``, as high as it has rows.
    """
    x = along(days)
    height = HEAD + ROW * len(spans) + FOOT
    ordered = sorted(spans, key=lambda one: (one.high, one.low))
    body = [f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="14" y2="14"/>']
    body += [_look(day, x(day), height, back) for day in days]
    body += [_label(text, x(day)) for day, text in day_labels(days, back.calendar)]
    body += [_span(one, days, HEAD + ROW * i, back) for i, one in enumerate(ordered)]
    spoken = [f"{one.text} {back.calendar.between(one.low, one.high)}" for one in ordered]
    return svg(body, f"Time line of {len(days)} looks", [*map(back.calendar.day, days), *spoken], height)


def _look(day: str, x: float, height: float, back: Backdrop) -> str:
    hidden = back.hidden.get(day, 0.0)
    words = f"{back.calendar.day(day)}: {number(100 * (1 - hidden))} % of the site is seen"
    line = f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="14" y2="{height - FOOT}"/>'
    kind = "look cloudy" if hidden >= HIDDEN else "look"
    return f'{line}<circle class="{kind}" cx="{x:.1f}" cy="14" r="6"><title>{escape(words)}</title></circle>'


def _label(text: str, x: float) -> str:
    return f'<text class="tick" text-anchor="middle" x="{x:.1f}" y="36">{escape(text)}</text>'


def _span(one: Span, days: Sequence[str], y: float, back: Backdrop) -> str:
    x = along(days)
    low, high = x(max(days[0], one.low)), x(min(days[-1], one.high))
    width = max(4.0, high - low)
    tip = escape(f"{one.text} {back.calendar.between(one.low, one.high)}")
    begin = (
        f'<rect class="began" x="{high - width:.1f}" y="{y + 6:.1f}" width="{width:.1f}" height="14">'
        f"<title>{tip}</title></rect>"
    )
    lasts = f'<line class="lasts" x1="{high:.1f}" x2="{WIDTH - RIGHT}" y1="{y + 20:.1f}" y2="{y + 20:.1f}"/>'
    at, anchor = _place_of_text(high - width, high)
    said = f'<text class="said" text-anchor="{anchor}" x="{at:.1f}" y="{y + 15:.1f}">{escape(one.text)}</text>'
    return begin + lasts + said


def _place_of_text(low: float, high: float) -> tuple[float, str]:
    """Where the text of a bar stands and how it is anchored: to its right, to its left, else over its end."""
    if WIDTH - high > _TEXT_ROOM:
        return high + 6, "start"
    return (low - 6 if low > _TEXT_ROOM else high - 6), "end"
