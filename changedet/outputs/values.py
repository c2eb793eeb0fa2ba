"""Values of tables and records: a number or none, dates as ISO text, a zone's rows, a round length, a pixel's size."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Final, cast
from unicodedata import bidirectional

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

_LEFT_TO_RIGHT: Final = "\N{LEFT-TO-RIGHT MARK}"


def iso_date(value: object) -> str:
    """A date as ``YYYY-MM-DD`` (UTC).

    Parameters
    ----------
    value : date, datetime, pandas.Timestamp, numpy.datetime64, str or None
        A stamp with a time zone is taken to UTC; of text the first ten characters are taken as they are.

    Returns
    -------
    str
        Empty where the value is missing.
    """
    if is_missing(value):
        return ""
    if isinstance(value, str):
        return value[:10]
    # Imported here for a quick start.
    import pandas as pd

    stamp = pd.Timestamp(cast("date", value))
    return (stamp.tz_convert("UTC") if stamp.tzinfo is not None else stamp).strftime("%Y-%m-%d")


def iso_dates(column: pd.Series) -> NDArray[np.str_]:
    """Dates of a column as ``YYYY-MM-DD`` (UTC).

    Parameters
    ----------
    column : Series of Timestamp, str or date
        None is missing.

    Returns
    -------
    str (n,)
        As of `iso_date`.
    """
    # Imported here for a quick start.
    import pandas as pd

    days = pd.to_datetime(column, utc=True).dt.tz_localize(None).to_numpy("datetime64[D]")
    return np.where(np.isnat(days), "", days.astype("U10"))


def rows_of(series: pd.DataFrame, zone: str = "") -> pd.DataFrame:
    """The time series of a zone.

    Parameters
    ----------
    series : DataFrame
        All rows; without a column ``zone`` they are of the whole site.
    zone : str
        Its name; empty for the whole site.

    Returns
    -------
    DataFrame
        By date.
    """
    if "zone" not in series:
        return series.sort_values("date") if zone == "" else series.iloc[:0]
    named = series["zone"].fillna("").astype(str)
    return series[(named == zone).to_numpy()].sort_values("date")


def is_missing(value: object) -> bool:
    """Whether a value says that there is none: None, NA, NaT or NaN.

    Parameters
    ----------
    value : object
        A single value; text is never missing.

    Returns
    -------
    bool
        True for a missing value.
    """
    if value is None or isinstance(value, str):
        return value is None
    if isinstance(value, float | np.floating):
        return math.isnan(value)
    # Imported here for a quick start.
    import pandas as pd

    return value is pd.NA or value is pd.NaT


def as_float(value: object) -> float | None:
    """A number, or None where it is missing.

    Parameters
    ----------
    value : float, int, numpy number, None or NA
        A figure of a table or of a record.

    Returns
    -------
    float or None
        None for None, NA and NaN.
    """
    return None if is_missing(value) else float(cast("float", value))


def mapping_at(record: Mapping[str, object], *keys: str) -> Mapping[str, object]:
    """The record that lies within another at a path of keys.

    Parameters
    ----------
    record : mapping
        Such as ``summary.json``.
    *keys : str
        One for each level.

    Returns
    -------
    mapping
        Empty where a key is missing or holds no record.
    """
    found: object = record
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def left_to_right(words: str) -> str:
    """A name that can stand in an English line, whichever way its script runs.

    Parameters
    ----------
    words : str
        The name.

    Returns
    -------
    str
        Between marks of direction where letters of it run from right to left: else the numbers after it would, too.

    Examples
    --------
    >>> left_to_right("Depot"), len(left_to_right("\N{HEBREW LETTER ALEF}"))
    ('Depot', 3)
    """
    runs_left = any(bidirectional(letter) in {"R", "AL"} for letter in words)
    return f"{_LEFT_TO_RIGHT}{words}{_LEFT_TO_RIGHT}" if runs_left else words


def pixel_text(size_m: float) -> str:
    """The size of a pixel for reading, by two digits and never as a power of ten.

    Parameters
    ----------
    size_m : float
        Metres, above 0.

    Returns
    -------
    str
        With its unit.

    Examples
    --------
    >>> pixel_text(0.4999), pixel_text(10.004), pixel_text(231.7)
    ('0.5 m', '10 m', '230 m')
    """
    return f"{float(f'{size_m:.2g}'):g} m"


def round_length(most: float) -> float:
    """The length of a scale bar.

    Parameters
    ----------
    most : float
        For which there is room, above 0.

    Returns
    -------
    float
        1, 2 or 5 times a power of ten, in the same unit.

    Examples
    --------
    >>> [round_length(length) for length in (74.0, 10.0, 1999.0, 0.3)]
    [50.0, 10.0, 1000.0, 0.2]
    """
    power = 10.0 ** math.floor(math.log10(most))
    return max(step * power for step in (1.0, 2.0, 5.0) if step * power <= most * (1 + 1e-9))
