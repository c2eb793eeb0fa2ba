"""A figure of consignments between sites, as SVG."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from html import escape
from typing import Final, NamedTuple

from changedet.assess.compare.rows import CHANCE, Consignment

WIDTH, LANE, MARGIN, LEFT = 960, 110, 40, 150
_TICKS: Final = 4


class _Axes(NamedTuple):
    """Where sites and days lie, in the figure's units."""

    lanes: dict[str, float]
    begin: dt.date
    span_days: int

    def x(self, day: str) -> float:
        return LEFT + (WIDTH - LEFT - MARGIN) * (date_of(day) - self.begin).days / self.span_days

    def middle(self, first: str, last: str) -> float:
        return (self.x(first) + self.x(last)) / 2


def figure(matches: Sequence[Consignment]) -> str:
    """A figure of the consignments between sites.

    A lane for each site, days from left to right, a band for each consignment from where it left to where it came, as
    wide as it has containers and of their colour; dashed where chance explains it.

    Parameters
    ----------
    matches : sequence of Consignment
        Of all pairs of sites.

    Returns
    -------
    str
        An ``<svg>``, or a sentence where there is no match.
    """
    if not matches:
        return "<p>No consignment of one site matches one of another.</p>"
    axes = _axes(matches)
    parts = []
    for name, y in axes.lanes.items():
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - MARGIN}" y1="{y}" y2="{y}" stroke="#bbb"/>')
        parts.append(f'<text x="10" y="{y + 4}">{escape(name)}</text>')
    parts += [_band(match, axes) for match in sorted(matches, key=lambda match: -match["p_value"])]
    height = MARGIN * 2 + LANE * len(axes.lanes)
    for k in range(_TICKS + 1):
        day = axes.begin + dt.timedelta(days=round(axes.span_days * k / _TICKS))
        parts.append(f'<text x="{axes.x(day.isoformat()) - 32:.1f}" y="{height - 8}">{day}</text>')
    return f'<svg viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13">{"".join(parts)}</svg>'


def _axes(matches: Sequence[Consignment]) -> _Axes:
    names = sorted({name for match in matches for name in (match["from"], match["to"])})
    lanes = {name: MARGIN + LANE * (k + 0.5) for k, name in enumerate(names)}
    ends = [(match["last_seen"], match["gone_by"], match["not_yet"], match["first_seen"]) for match in matches]
    days = [date_of(day) for four in ends for day in four]
    return _Axes(lanes, min(days), max((max(days) - min(days)).days, 1))


def _band(match: Consignment, axes: _Axes) -> str:
    left = axes.middle(match["last_seen"], match["gone_by"])
    came = axes.middle(match["not_yet"], match["first_seen"])
    y, there = axes.lanes[match["from"]], axes.lanes[match["to"]]
    dashed = ' stroke-dasharray="6 5"' if match["p_value"] > CHANCE else ""
    title = (
        f"{match['containers']} x {match['kind']}, {match['gone_by']} to {match['first_seen']}, lag "
        f"{match['lag_low']} to {match['lag_high']} days, p {match['p_value']:.3f}"
    )
    bend = (y + there) / 2
    dots = "".join(f'<circle cx="{x:.1f}" cy="{at}" r="4" fill="#333"/>' for x, at in ((left, y), (came, there)))
    return (
        f'<path d="M{left:.1f},{y} C{left:.1f},{bend} {came:.1f},{bend} {came:.1f},{there}" fill="none" '
        f'stroke="{escape(match["color"])}" stroke-width="{2 + match["containers"]}" stroke-opacity=".75"'
        f"{dashed}><title>{escape(title)}</title></path>{dots}"
    )


def date_of(text: str) -> dt.date:
    """The date of a row.

    Parameters
    ----------
    text : str
        ISO date, with or without a time.

    Returns
    -------
    datetime.date
        The calendar day.
    """
    return dt.date.fromisoformat(text[:10])
