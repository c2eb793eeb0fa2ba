"""JSON that any parser reads: no NaN, dates as ISO text, keys in the order given."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from changedet.outputs.values import iso_date
from changedet.store import files


def write_json(path: str | Path, value: object) -> None:
    """Write JSON that any parser reads; see `plain` for how values are written.

    Parameters
    ----------
    path : path
        The file to write, whole or not at all.
    value : object
        Mappings, sequences, numpy arrays, numbers, dates, paths and text, nested at will.
    """
    files.write_json(Path(path), plain(value), indent=2, ascii_only=False)


def dumps(value: object) -> str:
    """The text of `write_json`.

    Parameters
    ----------
    value : object
        As for `write_json`.

    Returns
    -------
    str
        Without a line end.
    """
    return json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False)


def plain(value: object) -> object:
    """A value as dicts, lists, text, numbers and None, keys in the order given.

    NaN, NA, NaT and infinite numbers become None; a date, or a stamp of midnight, becomes ``YYYY-MM-DD``.

    Parameters
    ----------
    value : object
        As for `write_json`; the items of a set are sorted.

    Returns
    -------
    object
        What `json.dumps` takes.

    Examples
    --------
    >>> plain({"a": float("nan"), "b": np.int64(3), "c": date(2023, 6, 4)})
    {'a': None, 'b': 3, 'c': '2023-06-04'}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else list(value)
        return [plain(inner) for inner in items]
    return _plain_scalar(value)


def _plain_scalar(value: object) -> object:
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
