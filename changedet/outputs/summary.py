"""What ``summary.json`` must hold, and what in one is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from changedet.outputs.values import mapping_at

SCHEMA_VERSION: Final = 1
"""Of ``summary.json``."""
TOTALS: Final = ("containers", "teu", "changed_area_m2", "footprint_area_m2")
"""Figures of ``totals`` that have `TOTAL_PARTS`; ``arrivals`` and ``departures`` are sums without parts."""
TOTAL_PARTS: Final = ("first", "last", "peak", "net_change")
ONSETS: Final = ("containers", "changed_area", "footprint")


def summary_problems(summary: Mapping[str, object]) -> list[str]:
    """What in a ``summary.json`` differs from its schema.

    All keys must be there, each total must have its four parts with ``value, low, high, date``, bounds must hold the
    value, and an onset must have its interval or a reason why there is none.

    Parameters
    ----------
    summary : mapping
        The file's object.

    Returns
    -------
    list of str
        One line for each mistake; empty where there is none.
    """
    keys = ("schema_version", "site", "grid", "dates", "reference_date", "totals", "onset", "warnings")
    found = [f"{key}: missing" for key in keys if key not in summary]
    found += [
        f"grid.{key}: missing" for key in ("crs", "resolution_m", "shape") if key not in mapping_at(summary, "grid")
    ]
    totals, onset = mapping_at(summary, "totals"), mapping_at(summary, "onset")
    found += [f"totals.{key}: missing" for key in ("arrivals", "departures") if key not in totals]
    for name in TOTALS:
        for part in TOTAL_PARTS:
            found += _figure_problems(f"totals.{name}.{part}", mapping_at(totals, name).get(part))
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
