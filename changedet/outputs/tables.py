"""Tables and JSON: the series of figures and the summary."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from changedet.outputs.files import write_text

TIMESERIES_COLUMNS: Final = (
    "date", "zone", "scene", "gsd_m", "valid_fraction",
    "containers", "containers_expected", "containers_low", "containers_high", "other_boxes",
    "teu", "teu_low", "teu_high",
    "arrivals", "arrivals_low", "arrivals_high",
    "departures", "departures_low", "departures_high",
    "changed_area_m2", "changed_area_low_m2", "changed_area_high_m2",
    "footprint_area_m2", "footprint_low_m2", "footprint_high_m2",
    "shift_east_m", "shift_north_m",
)  # fmt: skip

_COUNTS: Final = frozenset({"containers", "other_boxes"})
_DIGITS: Final[Mapping[str, int]] = {
    "gsd_m": 4,
    "valid_fraction": 4,
    "shift_east_m": 3,
    "shift_north_m": 3,
}

_FORMULA: Final = re.compile("'*[=+\\-@\uff1d\uff0b\uff0d\uff20]")
"""How text begins that a spreadsheet would compute; apostrophes before it count, so that reading can undo writing."""
_GUARDED: Final = re.compile(f"^'(?={_FORMULA.pattern})")

TOTALS: Final = ("containers", "teu", "changed_area_m2", "footprint_area_m2")
TOTAL_PARTS: Final = ("first", "last", "peak", "net_change")
ONSETS: Final = ("containers", "changed_area", "footprint")


def write_timeseries(path: str | Path, frame: pd.DataFrame) -> None:
    """Write ``timeseries.csv``.

    Parameters
    ----------
    path : path
        The file to write.
    frame : pandas.DataFrame
        Columns of `TIMESERIES_COLUMNS`, others after them; missing columns are added empty. `date` is a date, a
        timestamp or ISO text; a missing figure is NA, NaN or None and is written empty, never as 0. Text that a
        spreadsheet would take for a formula gets an apostrophe before it (OWASP, CSV injection), which
        `read_timeseries` takes off again.

    Raises
    ------
    ValueError
        Where a figure is infinite.
    """
    ordered = [*TIMESERIES_COLUMNS, *(name for name in frame.columns if name not in TIMESERIES_COLUMNS)]
    text = pd.DataFrame(
        {
            name: [_cell(name, value) for value in frame[name]] if name in frame else [""] * len(frame)
            for name in ordered
        }
    )
    write_text(Path(path), text.to_csv(index=False, lineterminator="\n"))


def write_table(path: str | Path, frame: pd.DataFrame) -> None:
    """Write a table as CSV, whole or not at all; text that a spreadsheet would compute as in `write_timeseries`."""
    guarded = frame.map(lambda value: f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value)
    write_text(Path(path), guarded.to_csv(index=False, lineterminator="\n"))


def read_timeseries(path: str | Path) -> pd.DataFrame:
    """Read ``timeseries.csv`` back: `date` as UTC midnight, `zone` and `scene` as text, figures as float with NaN."""
    frame = pd.read_csv(path, dtype={"zone": "string", "scene": "string", "date": "string"}, keep_default_na=True)
    frame["date"] = pd.to_datetime(frame["date"], format="%Y-%m-%d", utc=True)
    for name in ("zone", "scene"):
        frame[name] = frame[name].str.replace(_GUARDED, "", regex=True)
    frame["zone"] = frame["zone"].fillna("")
    figures = [name for name in TIMESERIES_COLUMNS[3:] if name in frame]
    return frame.astype(dict.fromkeys(figures, "float64"))


def write_json(path: str | Path, value: Any) -> None:
    """Write JSON that any parser reads: keys in the order given, NaN and NA as null, dates as ISO text.

    Raises
    ------
    TypeError
        Where a value has no JSON form.
    """
    write_text(Path(path), dumps(value) + "\n")


def dumps(value: Any, indent: int | None = 2) -> str:
    """The text of `write_json`."""
    return json.dumps(plain(value), indent=indent, ensure_ascii=False, allow_nan=False)


def plain(value: Any) -> Any:
    """A value as dicts, lists, text, numbers and None; what is not finite becomes None.

    >>> plain({"a": float("nan"), "b": np.int64(3), "c": date(2023, 6, 4)})
    {'a': None, 'b': 3, 'c': '2023-06-04'}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else list(value)
        return [plain(inner) for inner in items]
    return _plain_scalar(value)


def _plain_scalar(value: Any) -> Any:
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, date | datetime):
        return iso_date(value) if not isinstance(value, datetime) or _is_midnight(value) else value.isoformat()
    if isinstance(value, Path):
        return value.as_posix()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _is_midnight(value: datetime) -> bool:
    return (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0)


def iso_date(value: Any) -> str:
    """A date, timestamp or ISO text as ``YYYY-MM-DD`` (UTC); empty for a missing one."""
    if is_missing(value):
        return ""
    if isinstance(value, str):
        return value[:10]
    stamp = pd.Timestamp(value)
    return (stamp.tz_convert("UTC") if stamp.tzinfo is not None else stamp).strftime("%Y-%m-%d")


def is_missing(value: Any) -> bool:
    """Whether a scalar stands for "cannot be had": None, NA, NaT or NaN."""
    return (
        value is None
        or value is pd.NA
        or value is pd.NaT
        or (isinstance(value, float | np.floating) and math.isnan(value))
    )


def _cell(name: str, value: Any) -> str:
    if is_missing(value):
        return ""
    if name == "date":
        return iso_date(value)
    if isinstance(value, str | bool):
        text = str(value)
        return f"'{text}" if _FORMULA.match(text) else text
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{name}: {value} cannot be written; a figure that cannot be had is NA")
    if name in _COUNTS:
        return str(round(number))
    digits = _DIGITS.get(name, 1 if name.endswith("_m2") else 2)
    # Adding 0.0 turns a rounded -0.0 into 0.
    text = f"{round(number, digits) + 0.0:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def summary_problems(summary: Mapping[str, Any]) -> list[str]:
    """What in a ``summary.json`` differs from its schema, one line each; empty where it is right.

    Checks that all keys are there, that each total has its four parts with ``value, low, high, date``, that bounds hold
    the value, and that an onset has its interval or a reason.
    """
    keys = ("schema_version", "site", "grid", "dates", "reference_date", "totals", "onset", "warnings")
    found = [f"{key}: missing" for key in keys if key not in summary]
    found += [f"grid.{key}: missing" for key in ("crs", "resolution_m", "shape") if key not in summary.get("grid", {})]
    totals, onset = summary.get("totals", {}), summary.get("onset", {})
    found += [f"totals.{key}: missing" for key in ("arrivals", "departures") if key not in totals]
    for name in TOTALS:
        for part in TOTAL_PARTS:
            found += _figure_problems(f"totals.{name}.{part}", totals.get(name, {}).get(part))
    for name in ONSETS:
        found += _onset_problems(f"onset.{name}", onset.get(name))
    return found


def _figure_problems(place: str, figure: Any) -> list[str]:
    wanted = {"value", "low", "high", "date"}
    if not isinstance(figure, Mapping) or not wanted <= set(figure):
        return [f"{place}: expected value, low, high and date"]
    value, low, high = figure["value"], figure["low"], figure["high"]
    if value is None or low is None or high is None:
        return []
    return [] if low <= value <= high else [f"{place}: {value} lies outside {low} to {high}"]


def _onset_problems(place: str, onset: Any) -> list[str]:
    wanted = {"date", "low", "high", "probability", "reason"}
    if not isinstance(onset, Mapping) or not wanted <= set(onset):
        return [f"{place}: expected date, low, high, probability and reason"]
    if onset["date"] is None:
        return [] if onset["reason"] else [f"{place}: no date and no reason"]
    dates = (onset["low"], onset["date"], onset["high"])
    if None in dates:
        return [f"{place}: a date without its interval"]
    return [] if dates[0] <= dates[1] <= dates[2] else [f"{place}: {dates[1]} lies outside {dates[0]} to {dates[2]}"]
