"""The quality of a run in the terms of ISO 19157, and the scenes that it did not use."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from changedet.errors import InputError
from changedet.json_types import JsonLike
from changedet.outputs.values import iso_dates, rows_of
from changedet.pipeline.finished import Run

SKIPPED: Final = "scene skipped: "
"""How the warning of a scene begins that was left out."""


def quality_report(finished: Run) -> dict[str, JsonLike]:
    """The quality elements of ISO 19157 with what the run measured of each.

    Parameters
    ----------
    finished : Run
        A finished run.

    Returns
    -------
    dict
        By element; a result that could not be had is null, with its reason.
    """
    table, record = _whole_site(finished), finished.provenance
    elements: list[JsonLike] = [
        *_positional(record),
        *_completeness(table),
        _thematic(finished),
        *_consistency(record),
        _temporal(finished),
    ]
    return {
        "standard": "ISO 19157-1:2023, Geographic information - Data quality",
        "scope": {"site": finished.summary["site"], "dates": [str(day) for day in finished.dates]},
        "elements": elements,
    }


def _whole_site(finished: Run) -> pd.DataFrame | None:
    try:
        table = finished.series
    except InputError:
        return None
    return rows_of(table)


def _element(name: str, measure: str, unit: str, results: Mapping[str, JsonLike], why: str = "") -> JsonLike:
    return {"element": name, "measure": measure, "unit": unit, "results": dict(results), "note": why}


def _positional(record: Mapping[str, Any]) -> list[JsonLike]:
    found = {day: row["alignment"] for day, row in record["dates"].items()}
    day0 = str(record["reference_date"])
    others = {day: one for day, one in found.items() if day != day0}
    sigma = {day: one["sigma_m"] if one["confident"] else None for day, one in others.items()}
    spread = {day: one["residual_m"] if one["confident"] else None for day, one in others.items()}
    absolute = "no ground control: the reference scene's own georeference is taken as it is"
    relative = "of each date against the reference; null where no shift could be known"
    name = "positional accuracy: relative or internal accuracy"
    return [
        _element(name, "standard error of the common shift, per axis", "m", sigma, relative),
        _element(name, "robust spread of chips after the shift, per axis", "m", spread, relative),
        _element("positional accuracy: absolute or external accuracy", "none", "m", {}, absolute),
    ]


def _completeness(table: pd.DataFrame | None) -> list[JsonLike]:
    if table is None:
        return [_element("completeness: omission", "none", "1", {}, "outputs.formats has no tables")]
    days = iso_dates(table["date"])
    seen = {day: round(float(value), 4) for day, value in zip(days, table["valid_fraction"], strict=True)}
    missed: dict[str, JsonLike] = {day: _interval(row) for day, (_, row) in zip(days, table.iterrows(), strict=True)}
    why = "what was hidden by cloud, shade or no data is in the interval, not in the count"
    return [
        _element("completeness: omission", "share of the area that is not usable", "1", _left(seen)),
        _element("completeness: omission and commission", "95 % interval of containers", "boxes", missed, why),
    ]


def _left(seen: Mapping[str, float]) -> dict[str, JsonLike]:
    return {day: round(1.0 - share, 4) for day, share in seen.items()}


def _interval(row: pd.Series) -> JsonLike:
    low, high = row.get("containers_low"), row.get("containers_high")
    return None if pd.isna(low) or pd.isna(high) else [float(low), float(high)]


def _thematic(finished: Run) -> JsonLike:
    said = finished.summary.get("familiarity") or {}
    far = {str(day): one.get("distance") if isinstance(one, Mapping) else one for day, one in said.items()}
    why = "accuracy on simulated and real sites: docs/accuracy.md of this version; not measured on this site"
    measure = "distance from what the models were fitted on"
    return _element("thematic accuracy: classification correctness", measure, "1", far, why)


def _consistency(record: Mapping[str, Any]) -> list[JsonLike]:
    grid = record["grid"]
    one: dict[str, JsonLike] = {"crs": grid["crs"], "shape": list(grid["shape"])}
    why = "all rasters lie on one grid; masks, layers and tables are checked against each other when they are written"
    return [_element("logical consistency: topological and format consistency", "common grid", "", one, why)]


def _temporal(finished: Run) -> JsonLike:
    days = [str(day) for day in finished.dates]
    gaps = [(b - a).days for a, b in zip(finished.dates[:-1], finished.dates[1:], strict=True)]
    why = "dates are the scenes' own, in UTC; what happened between two looks is known to lie between them"
    found: dict[str, JsonLike] = {"first": days[0], "last": days[-1], "longest_gap_days": max(gaps, default=None)}
    return _element("temporal quality: accuracy of a time measurement", "gaps between looks", "days", found, why)


def unused_scenes(finished: Run) -> str:
    """The scenes that the run did not use, or used only in part, and why.

    Parameters
    ----------
    finished : Run
        A finished run.

    Returns
    -------
    str
        CSV with the columns ``scene``, ``used_for``, ``reason``.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["scene", "used_for", "reason"])
    days = {str(day) for day in finished.dates}
    for words in finished.summary.get("warnings", []):
        if words.startswith(SKIPPED):
            scene, _, reason = words.removeprefix(SKIPPED).partition(": ")
            writer.writerow([_plain(scene), "nothing", _plain(reason)])
        elif words[:10] in days:
            writer.writerow([words[:10], "in part", _plain(words[10:].lstrip(": "))])
    # Runs of earlier versions did not note it.
    for row in finished.provenance.get("left_out", []):
        scene = f"{row['scene'] or 'no name'} ({row['date']})"
        writer.writerow([_plain(scene), "nothing", f"left out by the search: {row['reason']}"])
    return out.getvalue()


def _plain(words: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{words}" if words[:1] in tuple("=+-@") else words
