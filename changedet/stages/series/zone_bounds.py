"""Bounds of zones that agree with the site's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from changedet.arrays import Bools, Floats
from changedet.outputs.values import rows_of

if TYPE_CHECKING:
    import pandas as pd

COUNTED: Final = ("containers", "teu", "arrivals", "departures")
"""Figures of which a part of the site holds no more than the whole."""


def within_site(table: pd.DataFrame) -> pd.DataFrame:
    """Bring the bounds of zones in line with the site's.

    A zone that a date mostly hides is less sure than the whole, and its interval by itself may reach beyond: but what
    stands in it stands on the site, and doubts of the ground around it take nothing from what it surely holds. What a
    mask marks falsely is known as a share of the site, all of which may lie in one zone: no zone has surely more
    changed ground than the site has.

    Parameters
    ----------
    table : DataFrame
        The time series, the rows of the whole site among them.

    Returns
    -------
    DataFrame
        As given, no upper bound of a zone's counts above the site's of that date, nor below what is expected; no lower
        bound of the site's counts below a zone's, nor above what is expected; no lower bound of a zone's changed area
        above the site's, no upper bound of the site's below a zone's.
    """
    whole, is_part = rows_of(table).set_index("date"), (table["zone"] != "").to_numpy(bool)
    bounded = {}
    for name in COUNTED:
        low, own, expected = (table[f"{name}_{part}"].to_numpy(np.float64) for part in ("low", "high", "expected"))
        most = table["date"].map(whole[f"{name}_high"]).to_numpy(np.float64)
        least = _greatest_of_zones(table, is_part, f"{name}_low")
        bounded[f"{name}_high"] = np.where(is_part & (own > most), np.maximum(most, expected), own)
        # Comparisons with NaN are false: what is not known bounds nothing.
        bounded[f"{name}_low"] = np.where(~is_part & (low < least), np.minimum(least, expected), low)
    return _with_changed_area(table.assign(**bounded), is_part)


def _with_changed_area(table: pd.DataFrame, is_part: Bools) -> pd.DataFrame:
    low, high = (table[f"changed_area_{part}_m2"].to_numpy(np.float64) for part in ("low", "high"))
    site = rows_of(table).set_index("date")
    least = table["date"].map(site["changed_area_low_m2"]).to_numpy(np.float64)
    most = _greatest_of_zones(table, is_part, "changed_area_high_m2")
    low = np.where(is_part & (low > least), least, low)
    high = np.where(~is_part & (high < most), most, high)
    return table.assign(changed_area_low_m2=low, changed_area_high_m2=high)


def _greatest_of_zones(table: pd.DataFrame, is_part: Bools, column: str) -> Floats:
    """The greatest value of a column in the zones of each row's date; NaN where no zone has one."""
    return table["date"].map(table[is_part].groupby("date")[column].max()).to_numpy(np.float64)
