"""Tables as CSV: the time series of a run's figures, and plain tables."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast

import pandas as pd

from changedet.outputs.summary import FIGURE_COLUMNS
from changedet.outputs.values import is_missing, iso_date
from changedet.store.files import write_text

TIMESERIES_COLUMNS: Final = (
    "date", "zone", "scene", "gsd_m", "valid_fraction",
    "containers", *FIGURE_COLUMNS["containers"], "other_boxes",
    "teu", *FIGURE_COLUMNS["teu"],
    "arrivals", *FIGURE_COLUMNS["arrivals"],
    "departures", *FIGURE_COLUMNS["departures"],
    *FIGURE_COLUMNS["changed_area_m2"],
    *FIGURE_COLUMNS["footprint_area_m2"],
    "shift_east_m", "shift_north_m",
    "ships", "ships_low", "ships_high",
)  # fmt: skip
"""Columns that every table has."""

_COUNTS: Final = frozenset(
    {"containers", "other_boxes", "ships", "railcars", "vehicles", "works", "works_in_use", "buildings"}
)
_DIGITS: Final[Mapping[str, int]] = {
    "gsd_m": 4,
    "valid_fraction": 4,
    "shift_east_m": 3,
    "shift_north_m": 3,
}

_FORMULA: Final = re.compile("'*[=+\\-@\uff1d\uff0b\uff0d\uff20]")
"""How text begins that a spreadsheet would compute; apostrophes before it count, so that reading can undo writing."""
_GUARDED: Final = re.compile(f"^'(?={_FORMULA.pattern})")


def write_timeseries(path: str | Path, frame: pd.DataFrame) -> None:
    """Write ``timeseries.csv``.

    Text that a spreadsheet would take for a formula gets an apostrophe before it (OWASP, CSV injection), which
    `read_timeseries` takes off again.

    Parameters
    ----------
    path : path
        The file to write, whole or not at all.
    frame : pandas.DataFrame
        Columns of `TIMESERIES_COLUMNS`, others after them; missing columns are added empty. `date` is a date, a
        timestamp or ISO text; a missing figure is NA, NaN or None and is written empty, never as 0.
    """
    write_text(Path(path), _csv(frame))


def as_kept(frame: pd.DataFrame) -> pd.DataFrame:
    """The time series as it is once ``timeseries.csv`` was written and read: figures with the decimals of the file.

    Parameters
    ----------
    frame : pandas.DataFrame
        As for `write_timeseries`.

    Returns
    -------
    pandas.DataFrame
        As of `read_timeseries`.

    Raises
    ------
    ValueError
        A figure is infinite.
    """
    return _parsed(io.StringIO(_csv(frame)))


def _csv(frame: pd.DataFrame) -> str:
    ordered = [*TIMESERIES_COLUMNS, *(name for name in frame.columns if name not in TIMESERIES_COLUMNS)]
    text = pd.DataFrame(
        {
            name: [_cell(name, value) for value in frame[name]] if name in frame else [""] * len(frame)
            for name in ordered
        }
    )
    return text.to_csv(index=False, lineterminator="\n")


def write_table(path: str | Path, frame: pd.DataFrame) -> None:
    """Write a table as CSV, whole or not at all; text that a spreadsheet would compute as in `write_timeseries`.

    Parameters
    ----------
    path : path
        The file to write.
    frame : pandas.DataFrame
        Written as it is, without its index.
    """
    guarded = frame.map(lambda value: f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value)
    write_text(Path(path), guarded.to_csv(index=False, lineterminator="\n"))


def read_timeseries(path: str | Path) -> pd.DataFrame:
    """Read ``timeseries.csv``.

    Parameters
    ----------
    path : path
        As `write_timeseries` wrote it.

    Returns
    -------
    pandas.DataFrame
        `date` as UTC midnight, `zone` ("" for the whole site) and `scene` as text, figures as float64 with NaN where
        there is none.

    Raises
    ------
    ValueError
        A column of `TIMESERIES_COLUMNS` is missing, or holds what is none of these.
    """
    return _parsed(path)


def _parsed(source: str | Path | io.StringIO) -> pd.DataFrame:
    frame = pd.read_csv(source, dtype={"zone": "string", "scene": "string", "date": "string"}, keep_default_na=True)
    frame["date"] = pd.to_datetime(frame["date"], format="%Y-%m-%d", utc=True)
    for name in ("zone", "scene"):
        frame[name] = frame[name].str.replace(_GUARDED, "", regex=True)
    frame["zone"] = frame["zone"].fillna("")
    if missing := [name for name in TIMESERIES_COLUMNS if name not in frame]:
        raise ValueError(f"has no column '{missing[0]}'")
    return frame.astype(dict.fromkeys(TIMESERIES_COLUMNS[3:], "float64"))


def _cell(name: str, value: object) -> str:
    if is_missing(value):
        return ""
    if name == "date":
        return iso_date(value)
    if isinstance(value, str | bool):
        text = str(value)
        return f"'{text}" if _FORMULA.match(text) else text
    number = float(cast("float", value))
    if not math.isfinite(number):
        raise ValueError(f"{name}: {value} cannot be written; a figure that cannot be had is NA")
    if name in _COUNTS:
        return str(round(number))
    digits = _DIGITS.get(name, 1 if name.endswith("_m2") else 2)
    # Adding 0.0 turns a rounded -0.0 into 0.
    text = f"{round(number, digits) + 0.0:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
