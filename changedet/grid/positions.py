"""Positions that ships reported of themselves (AIS), from a table."""

from __future__ import annotations

import csv
import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from changedet.arrays import Floats

COLUMNS: Final = ("time", "mmsi", "lon", "lat")
"""Columns that such a table must have; others, such as ``length``, are passed over."""
MOST_BYTES: Final = 256 << 20
LIMITS: Final[Mapping[str, float]] = {"lon": 180.0, "lat": 90.0}


@dataclass(frozen=True)
class Positions:
    """Reported positions.

    Attributes
    ----------
    days : tuple of date
        UTC, one a position.
    lon, lat : float64 (n,)
        Degrees, WGS 84.
    """

    days: tuple[dt.date, ...]
    lon: Floats
    lat: Floats


def read_positions(path: str | Path) -> Positions:
    """Read a table of positions.

    Parameters
    ----------
    path : path
        CSV with the columns of `COLUMNS`; times in ISO 8601, UTC where they name no zone.

    Returns
    -------
    Positions
        In the order of the file.

    Raises
    ------
    ValueError
        With the line, the column and what was expected.
    """
    if Path(path).stat().st_size > MOST_BYTES:
        raise ValueError(f"is larger than {MOST_BYTES >> 20} MB; keep the positions near the site alone")
    days, lon, lat = [], [], []
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines)
            missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
            if missing:
                raise ValueError(f"has no column {', '.join(missing)}; expected {', '.join(COLUMNS)}")
            for row in rows:
                days.append(_day(row["time"], rows.line_num))
                lon.append(_degrees(row["lon"], "lon", rows.line_num))
                lat.append(_degrees(row["lat"], "lat", rows.line_num))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError("is no CSV in UTF-8") from error
    return Positions(tuple(days), np.array(lon, float), np.array(lat, float))


def _day(words: str | None, line: int) -> dt.date:
    try:
        time = dt.datetime.fromisoformat((words or "").strip())
        # In the first and the last year another zone may have no such date.
        return (time if time.tzinfo is None else time.astimezone(dt.UTC)).date()
    except (ValueError, OverflowError):
        raise ValueError(f"line {line}: time: got '{words}', expected such as 2024-05-01T12:30:00Z") from None


def _degrees(words: str | None, name: str, line: int) -> float:
    limit = LIMITS[name]
    try:
        value = float(words or "")
    except ValueError:
        value = math.nan
    if not abs(value) <= limit:
        raise ValueError(f"line {line}: {name}: got '{words}', expected degrees from -{limit:.0f} to {limit:.0f}")
    return value
