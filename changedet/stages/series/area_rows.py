"""The figures of the site or of a zone as plain columns: what needs few rows of thousands of zones takes these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from changedet.arrays import Floats
from changedet.outputs.summary import FIGURE_COLUMNS
from changedet.outputs.values import iso_dates

SHOWN: Final = "valid_fraction"
COLUMNS: Final = (*(name for columns in FIGURE_COLUMNS.values() for name in columns), SHOWN)
"""Those of the time series that are kept."""


@dataclass(frozen=True)
class AreaRows:
    """Rows of an area in the order of time.

    Attributes
    ----------
    dates : tuple of str
        ISO dates.
    columns : mapping of str to float64 (date,)
        Of `COLUMNS` those that the table has; NaN for what cannot be had.
    """

    dates: tuple[str, ...]
    columns: Mapping[str, Floats]

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.dates)

    def figure(self, name: str) -> tuple[Floats, Floats, Floats]:
        """Take a figure.

        Parameters
        ----------
        name : str
            A key of `FIGURE_COLUMNS`.

        Returns
        -------
        (float64 (date,), float64 (date,), float64 (date,))
            Its value and the bounds of its interval.
        """
        value, low, high = (self.columns[column] for column in FIGURE_COLUMNS[name])
        return value, low, high

    def known(self, name: str) -> AreaRows:
        """Take the rows that have a figure with both bounds.

        Parameters
        ----------
        name : str
            A key of `FIGURE_COLUMNS`.

        Returns
        -------
        AreaRows
            In the order of before.
        """
        kept = np.flatnonzero(~np.isnan(self.figure(name)).any(axis=0))
        dates = tuple(self.dates[i] for i in kept.tolist())
        return AreaRows(dates, {column: values[kept] for column, values in self.columns.items()})

    def between(self, first: int, end: int) -> AreaRows:
        """Take some rows.

        Parameters
        ----------
        first, end : int
            The first of them, and the first beyond.

        Returns
        -------
        AreaRows
            In the order of before.
        """
        columns = {column: values[first:end] for column, values in self.columns.items()}
        return AreaRows(self.dates[first:end], columns)


def rows_by_area(table: pd.DataFrame) -> dict[str, AreaRows]:
    """Cut a time series into its areas.

    Parameters
    ----------
    table : DataFrame
        As `timeseries` returns; without a column ``zone`` all rows are of the whole site.

    Returns
    -------
    dict of str to AreaRows
        By zone, in the order of their names, the whole site (``""``) first; no entry for what has no row.
    """
    zone = table["zone"].fillna("").astype(str).to_numpy(str) if "zone" in table else np.full(len(table), "")
    order = np.lexsort((pd.to_datetime(table["date"], utc=True).to_numpy("datetime64[ns]"), zone))
    zone, dates = zone[order], iso_dates(table["date"])[order].tolist()
    columns = {name: table[name].to_numpy("float64", na_value=np.nan)[order] for name in COLUMNS if name in table}
    names, first = np.unique(zone, return_index=True)
    every = AreaRows(tuple(dates), columns)
    spans = zip(first.tolist(), np.append(first, len(zone))[1:].tolist(), strict=True)
    return {str(name): every.between(*span) for name, span in zip(names, spans, strict=True)}


def rows_of_site(table: pd.DataFrame) -> AreaRows:
    """Take the rows of the whole site.

    Parameters
    ----------
    table : DataFrame
        As of `rows_by_area`.

    Returns
    -------
    AreaRows
        Without rows where the table has none of it.
    """
    return rows_by_area(table).get("", NO_ROWS)


NO_ROWS: Final = AreaRows((), dict.fromkeys(COLUMNS, np.empty(0)))
"""Of an area that no look has figures of."""
