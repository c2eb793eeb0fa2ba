"""The charts of a report: which figures each shows, and what stands below it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from changedet.outputs.report import charts
from changedet.outputs.report.charts import Figure
from changedet.outputs.report.data import ReportData
from changedet.outputs.report.figures import (
    why_missing,
)
from changedet.outputs.values import is_missing, iso_date


def series_charts(whole: pd.DataFrame, data: ReportData) -> list[dict[str, Any]]:
    containers = series_figures(whole, "containers_expected", "containers_low", "containers_high", "containers")
    area = series_figures(whole, "changed_area_m2", "changed_area_low_m2", "changed_area_high_m2")
    ground = series_figures(whole, "footprint_area_m2", "footprint_low_m2", "footprint_high_m2")
    arrivals, departures = (series_figures(whole, n, f"{n}_low", f"{n}_high") for n in ("arrivals", "departures"))
    clear = series_figures(whole, "valid_fraction")
    moved = "Arrivals (above) and departures (below) since the look before, with 95 % intervals."
    return [
        _chart(
            "Containers",
            containers,
            "containers",
            data,
            "Expected count with its 95 % band; rings: boxes seen on the day.",
        ),
        _chart("Changed area", area, "changed_area_m2", data, "Against the reference date, with its 95 % band.", "m²"),
        _chart(
            "Footprint", ground, "footprint_area_m2", data, "Yards, buildings, earthworks and stored objects.", "m²"
        ),
        {
            "title": "Arrivals and departures",
            "note": moved,
            "svg": charts.bar_chart(arrivals, departures, title="Arrivals and departures", unit="containers"),
            "why": "" if any(f.value is not None for f in [*arrivals, *departures]) else why_missing("arrivals", data),
        },
        {
            "title": "Clear fraction",
            "note": "Share of the area that could be used on each date.",
            "svg": charts.share_chart(clear, title="Clear fraction"),
            "why": "" if any(f.value is not None for f in clear) else why_missing("valid_fraction", data),
        },
    ]


def _chart(
    title: str, figures: Sequence[Figure], name: str, data: ReportData, note: str, unit: str = ""
) -> dict[str, Any]:
    known = any(f.value is not None or f.seen is not None for f in figures)
    svg = charts.line_chart(figures, title=title, unit=unit)
    return {"title": title, "note": note, "svg": svg, "why": "" if known else why_missing(name, data)}


def series_figures(frame: pd.DataFrame, value: str, low: str = "", high: str = "", seen: str = "") -> list[Figure]:
    def column(name: str) -> list[float | None]:
        if name not in frame:
            return [None] * len(frame)
        return [None if is_missing(v) or not math.isfinite(float(v)) else float(v) for v in frame[name]]

    days = [iso_date(day) for day in frame["date"]]
    return [Figure(*row) for row in zip(days, column(value), column(low), column(high), column(seen), strict=True)]
