"""What a comparison of sites comes to: chains of consignments over three sites, tables, and a figure of who sent whom
what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Final

import pandas as pd

from changedet.errors import InputError
from changedet.outputs.files import write_text
from changedet.outputs.tables import write_table

CHANCE: Final = 0.05
SHARED: Final = 0.5
"""Part of the smaller lot's boxes that must be in both for one lot to be the other again."""
WIDTH, LANE, MARGIN, LEFT = 960, 110, 40, 150
CONSIGNMENTS = (
    *("from", "to", "kind", "color", "containers", "containers_from", "containers_to", "last_seen", "gone_by"),
    *("not_yet", "first_seen", "lag_days", "lag_low", "lag_high", "similarity", "p_value"),
)
CHAINS = (
    *("first", "second", "third", "kind", "color", "containers", "left", "between", "reached", "lag_low", "lag_high"),
    "p_value",
)
TRAINS = (
    *("from", "to", "left", "reached", "zone_from", "zone_to", "train_from", "train_to", "boxes", "similarity"),
    *("turned", "p_value"),
)


def chains(matches: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Consignments that reached a site from a first and left it for a third.

    Two matches, each of a pair of sites with p < .05, make a chain where the lot that came holds at least half of the
    boxes of the lot that went, or the other way round.

    Returns
    -------
    list of dict
        ``first``, ``second``, ``third`` (sites), ``kind``, ``color``, ``containers`` (of the smallest lot), ``left``,
        ``between`` (first seen at the second, gone by there), ``reached``, ``lag_low``, ``lag_high`` (days from leaving
        the first site to reaching the third), ``p_value`` (the greater of the two pairs').
    """
    sure = [match for match in matches if match["p_value"] < CHANCE]
    found = []
    for one in sure:
        for other in sure:
            if one["to"] != other["from"] or one["from"] == other["to"]:
                continue
            came, went = set(one["track_ids_to"]), set(other["track_ids_from"])
            if len(came & went) < SHARED * min(len(came), len(went)) or not came & went:
                continue
            found.append(
                {
                    "first": one["from"],
                    "second": one["to"],
                    "third": other["to"],
                    "kind": one["kind"],
                    "color": one["color"],
                    "containers": min(one["containers"], other["containers"]),
                    "left": one["gone_by"],
                    "between": f"{one['first_seen']} to {other['gone_by']}",
                    "reached": other["first_seen"],
                    "lag_low": max(0, (_day(other["not_yet"]) - _day(one["gone_by"])).days),
                    "lag_high": (_day(other["first_seen"]) - _day(one["last_seen"])).days,
                    "p_value": max(one["p_value"], other["p_value"]),
                }
            )
    return sorted(found, key=lambda chain: (chain["p_value"], chain["first"], chain["left"], chain["reached"]))


def write(folder: Path, matches: Sequence[Mapping[str, Any]], trains: Sequence[Mapping[str, Any]]) -> list[Path]:
    """Write ``consignments.csv``, ``trains.csv``, ``chains.csv`` and ``compare.html``; the paths."""
    tables = {
        "consignments": pd.DataFrame(matches, columns=list(CONSIGNMENTS)),
        "trains": pd.DataFrame(trains, columns=list(TRAINS)),
        "chains": pd.DataFrame(chains(matches), columns=list(CHAINS)),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--out: '{folder}' cannot be made ({error.strerror}); give another folder") from error
    for name, table in tables.items():
        write_table(folder / f"{name}.csv", table)
    parts = [f"<h2>{name.title()}</h2>{_html(table)}" for name, table in tables.items()]
    page = folder / "compare.html"
    write_text(page, _PAGE.format(figure=figure(matches), tables="\n".join(parts)))
    return [*(folder / f"{name}.csv" for name in tables), page]


def _html(table: pd.DataFrame) -> str:
    return (
        "<p>None.</p>"
        if table.empty
        else table.to_html(index=False, border=0, escape=True, float_format="{:.3g}".format)
    )


def figure(matches: Sequence[Mapping[str, Any]]) -> str:
    """SVG: a lane for each site, days from left to right, a band for each consignment from where it left to where it
    came, as wide as it has containers and of their colour; dashed where chance explains it."""
    if not matches:
        return "<p>No consignment of one site matches one of another.</p>"
    names = sorted({str(match[end]) for match in matches for end in ("from", "to")})
    lane = {name: MARGIN + LANE * (k + 0.5) for k, name in enumerate(names)}
    days = [_day(match[key]) for match in matches for key in ("last_seen", "gone_by", "not_yet", "first_seen")]
    begin, span = min(days), max((max(days) - min(days)).days, 1)

    def across(day: str) -> float:
        return LEFT + (WIDTH - LEFT - MARGIN) * (_day(day) - begin).days / span

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


def _day(text: Any) -> dt.date:
    return dt.date.fromisoformat(str(text)[:10])


_PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Consignments between sites</title>
<style>body {{ font: 14px sans-serif; max-width: 1000px; margin: 2em auto; overflow-x: auto; }}
table {{ border-collapse: collapse; }} td, th {{ padding: 3px 8px; text-align: left; border-bottom: 1px solid #ddd; }}
td, th {{ font-size: 12px; white-space: nowrap; }}
</style><h1>Consignments between sites</h1>
<p>Lots of like containers that left one site and reached another. A band is as wide as the lot is large and has its
colour; a dashed one is explained by chance (p of .05 and more, for its pair of sites). Of many pairs of sites some fall
under .05 by chance.</p>
{figure}
{tables}
</html>
"""
