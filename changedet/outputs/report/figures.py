"""A site's totals as text: each with its interval, its date and its scene, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from changedet.outputs.report.charts import Scale, number, scaled
from changedet.outputs.report.data import ReportData
from changedet.outputs.values import is_missing, iso_date

NO_FIGURE: Final = "the run gave no figure"


TITLES: Final[Mapping[str, tuple[str, str]]] = {
    "containers": ("Containers", ""),
    "teu": ("Container volume", "TEU"),
    "changed_area_m2": ("Changed area", "m²"),
    "footprint_area_m2": ("Footprint", "m²"),
}


CHANGED_AREA: Final = "changed_area_m2"


_PARTS: Final = ("first", "last", "peak", "net_change")


def figure_row(name: str, data: ReportData, files: Mapping[str, str]) -> dict[str, Any]:
    title, unit = TITLES[name]
    total = data.summary.get("totals", {}).get(name) or {}
    scale = common_scale(total, unit)
    cells = []
    for part in _PARTS:
        cell = dict(total.get(part) or {})
        date = iso_date(cell.get("date"))
        signed = part == "net_change"
        cells.append(
            {
                "text": interval_text(cell, scale, signed=signed)
                + (_by_placebo(date, data) if name == CHANGED_AREA else ""),
                "date": date,
                "scene": _source(part, date, total, files),
            }
        )
    known = any(cell["text"] for cell in cells)
    return {"title": title, "cells": cells, "why": "" if known else why_missing(name, data)}


def _by_placebo(date: str, data: ReportData) -> str:
    """What is marked where nothing happened, beside a date's changed area."""
    area = ((data.summary.get("placebo") or {}).get("false_area_m2") or {}).get(date)
    return "" if area is None else f"; placebo {area_text(area)}"


def area_text(square_metres: float) -> str:
    factor, unit, digits = scaled([square_metres], "m²")
    return f"{number(square_metres / factor, digits)} {unit}"


def percent_text(share: float) -> str:
    return f"{100 * share:.2g} %"


def _source(part: str, date: str, total: Mapping[str, Any], files: Mapping[str, str]) -> str:
    if part != "net_change":
        return files.get(date, "")
    ends = [iso_date((total.get(end) or {}).get("date")) for end in ("first", "last")]
    return " and ".join(files[end] for end in ends if end in files)


def move_row(name: str, data: ReportData) -> dict[str, str]:
    total = data.summary.get("totals", {}).get(name) or {}
    text = interval_text(total if isinstance(total, Mapping) else {"value": total}, (1.0, "", 0))
    return {"title": name.capitalize(), "text": text, "why": "" if text else why_missing(name, data)}


def common_scale(total: Mapping[str, Any], unit: str) -> Scale:
    """One unit for all parts of a figure's total."""
    parts = [total.get(part) or {} for part in _PARTS]
    known = [part.get(key) for part in parts for key in ("value", "low", "high")]
    return scaled([None if is_missing(value) else float(value or 0) for value in known], unit)


def interval_text(figure: Mapping[str, Any], scale: Scale, *, signed: bool = False) -> str:
    factor, unit, digits = scale
    known = {
        key: float(figure[key] or 0) / factor for key in ("value", "low", "high") if not is_missing(figure.get(key))
    }
    if "value" not in known:
        return ""
    value, low, high = (number(known.get(key), digits) for key in ("value", "low", "high"))
    text = f"{'+' if signed and known['value'] > 0 else ''}{value} {unit}".strip()
    return f"{text} ({low} to {high})" if len(known) == 3 else f"{text} (interval not available)"


def why_missing(name: str, data: ReportData) -> str:
    return f"not available: {data.unavailable.get(name) or data.unavailable.get(name.removesuffix('_m2')) or NO_FIGURE}"
