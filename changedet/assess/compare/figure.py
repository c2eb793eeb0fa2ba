"""A figure of consignments between sites, as SVG."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from changedet.assess.compare.rows import CHANCE

WIDTH, LANE, MARGIN, LEFT = 960, 110, 40, 150


def figure(matches: Sequence[Mapping[str, Any]]) -> str:
    """SVG: a lane for each site, days from left to right, a band for each consignment from where it left to where it
    came, as wide as it has containers and of their colour; dashed where chance explains it.
    """
    if not matches:
        return "<p>No consignment of one site matches one of another.</p>"
    names = sorted({str(match[end]) for match in matches for end in ("from", "to")})
    lane = {name: MARGIN + LANE * (k + 0.5) for k, name in enumerate(names)}
    days = [date_of(match[key]) for match in matches for key in ("last_seen", "gone_by", "not_yet", "first_seen")]
    begin, span = min(days), max((max(days) - min(days)).days, 1)

    def across(day: str) -> float:
        return LEFT + (WIDTH - LEFT - MARGIN) * (date_of(day) - begin).days / span

    parts = []
    for name, y in lane.items():
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - MARGIN}" y1="{y}" y2="{y}" stroke="#bbb"/>')
        parts.append(f'<text x="10" y="{y + 4}">{escape(name)}</text>')
    for match in sorted(matches, key=lambda match: -match["p_value"]):
        left = (across(match["last_seen"]) + across(match["gone_by"])) / 2
        came = (across(match["not_yet"]) + across(match["first_seen"])) / 2
        y, there = lane[str(match["from"])], lane[str(match["to"])]
        dashed = ' stroke-dasharray="6 5"' if match["p_value"] >= CHANCE else ""
        said = (
            f"{match['containers']} x {match['kind']}, {match['gone_by']} to {match['first_seen']}, lag "
            f"{match['lag_low']} to {match['lag_high']} days, p {match['p_value']:.3f}"
        )
        bend = (y + there) / 2
        parts.append(
            f'<path d="M{left:.1f},{y} C{left:.1f},{bend} {came:.1f},{bend} {came:.1f},{there}" fill="none" '
            f'stroke="{escape(str(match["color"]))}" stroke-width="{2 + match["containers"]}" stroke-opacity=".75"'
            f"{dashed}><title>{escape(said)}</title></path>"
        )
        for x, at in ((left, y), (came, there)):
            parts.append(f'<circle cx="{x:.1f}" cy="{at}" r="4" fill="#333"/>')
    height = MARGIN * 2 + LANE * len(names)
    for k in range(5):
        day = begin + dt.timedelta(days=round(span * k / 4))
        parts.append(f'<text x="{across(day.isoformat()) - 32:.1f}" y="{height - 8}">{day}</text>')
    return f'<svg viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13">{"".join(parts)}</svg>'


def date_of(text: Any) -> dt.date:
    return dt.date.fromisoformat(str(text)[:10])
