"""Figures and dates as tables hold them, for `onset`: Series, indexes, stamps, ISO text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from changedet.arrays import Bools, Floats
from changedet.errors import MethodError

if TYPE_CHECKING:
    import pandas as pd

Dates: TypeAlias = "Iterable[dt.date | str | np.datetime64] | pd.Series[pd.Timestamp] | pd.DatetimeIndex"
"""Dates in any of the forms in which tables hold them."""


def calendar_dates(dates: Dates) -> list[dt.date]:
    """UTC calendar dates.

    Parameters
    ----------
    dates : iterable
        Of `datetime.date`, `datetime.datetime`, pandas' and numpy's stamps, or ISO text; those with another time zone
        are brought to UTC.

    Returns
    -------
    list of datetime.date
        In the order given.

    Raises
    ------
    MethodError
        One that is no date.

    Examples
    --------
    >>> import pandas as pd
    >>> [str(day) for day in calendar_dates(["2023-05-02", pd.Timestamp("2023-06-01T23:30-05:00")])]
    ['2023-05-02', '2023-06-02']
    """
    return [_calendar_date(day) for day in dates]


def _calendar_date(given: object) -> dt.date:
    # Imported here for a quick start.
    import pandas as pd

    day = given
    try:
        if isinstance(given, str):
            day = dt.datetime.fromisoformat(given)
        elif isinstance(given, np.datetime64):
            day = pd.Timestamp(given).to_pydatetime()
    except ValueError:
        day = None
    if isinstance(day, dt.datetime) and not pd.isna(day):
        return (day.astimezone(dt.UTC) if day.tzinfo else day).date()
    if isinstance(day, dt.date) and not pd.isna(day):
        return day
    raise MethodError(f"series: a date is {given!r}, expected a datetime.date or ISO text such as '2023-06-04'")


def dates_of(values: object) -> pd.DatetimeIndex:
    """The dates that a figure carries as its index.

    Parameters
    ----------
    values : pandas.Series
        With a DatetimeIndex.

    Returns
    -------
    pandas.DatetimeIndex
        As it is.

    Raises
    ------
    MethodError
        It carries none.
    """
    # Imported here for a quick start.
    import pandas as pd

    if isinstance(values, pd.Series) and isinstance(values.index, pd.DatetimeIndex):
        return values.index
    raise MethodError("series: no dates; give dates=, or a Series whose index is a DatetimeIndex")


def as_numbers(values: ArrayLike, name: str) -> Floats:
    """Figures as an array.

    Parameters
    ----------
    values : array or Series (n,)
        NaN, None and NA are no look.
    name : str
        For the error.

    Returns
    -------
    float64 (n,)
        NaN for no look.

    Raises
    ------
    MethodError
        Values that are no numbers, or in more than one dimension.
    """
    # Imported here for a quick start.
    import pandas as pd

    try:
        numbers = pd.Series(np.asarray(values, object)).astype("Float64").to_numpy(np.float64, na_value=np.nan)
        return np.asarray(numbers, np.float64)
    except (TypeError, ValueError) as error:
        raise MethodError(f"series: {name}: expected one number a date; {str(error).splitlines()[0][:100]}") from None


def as_clear(clear: ArrayLike) -> Bools:
    """Which looks are clear.

    Parameters
    ----------
    clear : array or Series of bool (n,)
        None and NA are not clear.

    Returns
    -------
    bool (n,)
        True where clear.

    Raises
    ------
    MethodError
        Values that are neither.
    """
    return as_numbers(clear, "clear") > 0


def check_indexes(**figures: object) -> None:
    """Refuse Series that do not count the same rows: they are taken row by row.

    Parameters
    ----------
    **figures : Series or other
        By name; what is no Series has no index.

    Raises
    ------
    MethodError
        Two whose indexes differ.
    """
    # Imported here for a quick start.
    import pandas as pd

    indexed = {name: figure.index for name, figure in figures.items() if isinstance(figure, pd.Series)}
    first = next(iter(indexed), "")
    for name, index in indexed.items():
        if not index.equals(indexed[first]):
            raise MethodError(f"series: the indexes of {first} and {name} differ; bring them to one order")
