"""Upper bounds of zones, no higher than the site's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from changedet.outputs.values import rows_of

if TYPE_CHECKING:
    import pandas as pd

COUNTED: Final = ("containers", "teu", "arrivals", "departures")
"""Figures of which a part of the site holds no more than the whole."""


def within_site(table: pd.DataFrame) -> pd.DataFrame:
    """Bring the upper bounds of zones down to the site's.

    A zone that a date mostly hides is less sure than the whole, and its interval by itself may reach beyond: but what
    stands in it stands on the site.

    Parameters
    ----------
    table : DataFrame
        The time series, the rows of the whole site among them.

    Returns
    -------
    DataFrame
        As given, no upper bound of a zone's counts above the site's of that date, nor below what is expected.
    """
    whole, is_part = rows_of(table).set_index("date"), (table["zone"] != "").to_numpy(bool)
    bounded = {}
    for name in COUNTED:
        own, expected = (table[f"{name}_{part}"].to_numpy(np.float64) for part in ("high", "expected"))
        most = table["date"].map(whole[f"{name}_high"]).to_numpy(np.float64)
        beyond = is_part & (own > most)
        bounded[f"{name}_high"] = np.where(beyond, np.maximum(most, expected), own)
    return table.assign(**bounded)
