"""What in a ``summary.json`` differs from its schema, a line for each mistake."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from changedet.outputs.summary import TOTAL_PARTS

TOTALS = ("containers", "teu", "changed_area_m2", "footprint_area_m2")
ONSETS = ("containers", "changed_area", "footprint")


def summary_problems(summary: Mapping[str, Any]) -> list[str]:
    """All keys are there, bounds hold their values, and an onset has its interval or a reason why there is none."""
    keys = ("schema_version", "site", "grid", "dates", "reference_date", "totals", "onset", "warnings")
    found = [f"{key}: missing" for key in keys if key not in summary]
    found += [f"grid.{key}: missing" for key in ("crs", "resolution_m", "shape") if key not in summary["grid"]]
    totals, onset = summary["totals"], summary["onset"]
    found += [f"totals.{key}: missing" for key in ("arrivals", "departures") if key not in totals]
    for name in TOTALS:
        for part in TOTAL_PARTS:
            found += _figure_problems(f"totals.{name}.{part}", totals[name].get(part))
    for name in ONSETS:
        found += _onset_problems(f"onset.{name}", onset.get(name))
    return found


def _figure_problems(place: str, figure: object) -> list[str]:
    wanted = {"value", "low", "high", "date"}
    if not isinstance(figure, Mapping) or not wanted <= set(figure):
        return [f"{place}: expected value, low, high and date"]
    value, low, high = figure["value"], figure["low"], figure["high"]
    if value is None or low is None or high is None:
        return []
    return [] if low <= value <= high else [f"{place}: {value} lies outside {low} to {high}"]


def _onset_problems(place: str, onset: object) -> list[str]:
    wanted = {"date", "low", "high", "probability", "reason"}
    if not isinstance(onset, Mapping) or not wanted <= set(onset):
        return [f"{place}: expected date, low, high, probability and reason"]
    if onset["date"] is None:
        return [] if onset["reason"] else [f"{place}: no date and no reason"]
    dates = (onset["low"], onset["date"], onset["high"])
    if None in dates:
        return [f"{place}: a date without its interval"]
    return [] if dates[0] <= dates[1] <= dates[2] else [f"{place}: {dates[1]} lies outside {dates[0]} to {dates[2]}"]
