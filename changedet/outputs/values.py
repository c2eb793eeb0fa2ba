"""Single values of tables: whether one is missing, and a date as ISO text."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd


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
