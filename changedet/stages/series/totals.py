"""What the series comes to: first, last, peak, change, and when growth began."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

FIGURES = {
    "containers": ("containers_expected", "containers_low", "containers_high"),
    "teu": ("teu", "teu_low", "teu_high"),
    "changed_area_m2": ("changed_area_m2", "changed_area_low_m2", "changed_area_high_m2"),
    "footprint_area_m2": ("footprint_area_m2", "footprint_low_m2", "footprint_high_m2"),
}
EVENTS = ("arrivals", "departures")


def totals(table: pd.DataFrame) -> dict[str, Any]:
    """The totals of `summary.json`, from the rows of the whole site.

    Parameters
    ----------
    table : DataFrame
        As `timeseries` returns.

    Returns
    -------
    dict
        For containers (expected), teu, changed_area_m2, footprint_area_m2: `first`, `last`, `peak`, `net_change`, each
        ``{value, low, high, date}`` or None where it cannot be had; `arrivals` and `departures` over the series, with
        the
        date of the last look that they cover. Intervals of changes and sums take the dates' errors as independent.
    """
    whole = table[table["zone"] == ""].sort_values("date")
    result: dict[str, Any] = {name: _figure(whole, columns) for name, columns in FIGURES.items()}
    for name in EVENTS:
        result[name] = _sum(whole, (name, f"{name}_low", f"{name}_high"))
    return result


def _known(whole: pd.DataFrame, columns: tuple[str, str, str]) -> list[dict[str, Any]]:
    known = whole[whole[columns[0]].notna()]
    values = known[list(columns)].astype("float64").to_numpy()
    dates = [value.date().isoformat() for value in known["date"]]
    return [
        {"value": float(value), "low": float(low), "high": float(high), "date": date}
        for (value, low, high), date in zip(values, dates, strict=True)
    ]


def _figure(whole: pd.DataFrame, columns: tuple[str, str, str]) -> dict[str, Any]:
    known = _known(whole, columns)
    if not known:
        return dict.fromkeys(("first", "last", "peak", "net_change"))
    first, last = known[0], known[-1]
    peak = max(known, key=lambda item: item["value"])
    return {"first": first, "last": last, "peak": peak, "net_change": _change(first, last) if len(known) > 1 else None}


def _change(first: dict[str, Any], last: dict[str, Any]) -> dict[str, Any]:
    value = last["value"] - first["value"]
    fall = np.hypot(last["value"] - last["low"], first["high"] - first["value"])
    rise = np.hypot(last["high"] - last["value"], first["value"] - first["low"])
    return {"value": value, "low": float(value - fall), "high": float(value + rise), "date": last["date"]}


def _sum(whole: pd.DataFrame, columns: tuple[str, str, str]) -> dict[str, Any] | None:
    known = _known(whole, columns)
    if not known:
        return None
    value, low, high = (np.array([item[key] for item in known]) for key in ("value", "low", "high"))
    fall, rise = np.sqrt(((value - low) ** 2).sum()), np.sqrt(((high - value) ** 2).sum())
    total = float(value.sum())
    return {
        "value": total,
        "low": max(0.0, total - float(fall)),
        "high": total + float(rise),
        "date": known[-1]["date"],
    }
