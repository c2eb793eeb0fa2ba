"""A tile as bytes and back, the same to the last bit; what is read never runs code, wherever it comes from."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Final

import numpy as np

from changedet.arrays import AnyArray
from changedet.blocks import Window
from changedet.kernels.components import TileComponents
from changedet.pipeline.tile import Tile
from changedet.stages.objects.lattice import Description
from changedet.store.packing import ClassTile

if TYPE_CHECKING:
    import pandas as pd

_RASTERS: Final = ("quality", "reference_quality")
_IMAGES: Final = ("score", "contrast", "standing", "scene")
_PACKED: Final = ("raw", "built")
_REGIONS: Final = tuple(field.name for field in fields(TileComponents))
_COLUMNS: Final = frozenset({"float64", "int64", "Int64", "bool", "str", "object"})
"""Types of a table's columns that lists of JSON keep."""


class NoTileError(Exception):
    """Bytes that are no tile, or a tile that bytes cannot be made of."""


def numbers_of(window: Window) -> list[int]:
    """A window as JSON holds it.

    Parameters
    ----------
    window : Window
        Any.

    Returns
    -------
    list of int
        Row, column, height, width.
    """
    return [window.y, window.x, window.height, window.width]


def to_bytes(window: Window, tile: Tile) -> list[bytes | memoryview]:
    """Bytes of a tile.

    Parameters
    ----------
    window : Window
        The tile on the grid.
    tile : Tile

    Returns
    -------
    list of bytes and memoryview
        Of which the first says what the others are; arrays are the tile's own memory.

    Raises
    ------
    NoTileError
        A table has a column of another type than those that are kept.
    """
    arrays = _arrays(tile)
    about = {
        "window": numbers_of(window),
        "arrays": {name: [array.dtype.str, list(array.shape)] for name, array in arrays.items()},
        "boxes": None if tile.boxes is None else _table(tile.boxes),
        "described": [[numbers_of(cell), [*one.numbers], one.weight] for cell, one in tile.described],
    }
    bodies = [np.ascontiguousarray(array).reshape(-1).view(np.uint8).data for array in arrays.values()]
    return [json.dumps(about).encode(), *bodies]


def from_bytes(head: bytes, body: bytes) -> tuple[Window, Tile]:
    """The tile of which these bytes were made.

    Parameters
    ----------
    head : bytes
        The first of `to_bytes`.
    body : bytes
        The others, one after the other.

    Returns
    -------
    window : Window
        The tile on the grid.
    tile : Tile
        Its arrays are read-only.

    Raises
    ------
    NoTileError
        They are of none.
    """
    try:
        about = json.loads(head)
        window = Window(*map(int, about["window"]))
        arrays = _read(about["arrays"], body)
        if any(arrays[name].shape[-2:] != window.shape for name in (*_RASTERS, *_IMAGES) if name in arrays):
            raise NoTileError(window)
        found: dict[str, object] = {
            name: ClassTile(arrays[name].astype(np.uint8, copy=False)) for name in _RASTERS if name in arrays
        }
        found |= {name: arrays[name] for name in _IMAGES if name in arrays}
        found |= {name: arrays[name].tobytes() for name in _PACKED if name in arrays}
        if "scene_mask" in arrays:
            found["scene"] = np.ma.MaskedArray(arrays["scene"], arrays["scene_mask"].astype(bool, copy=False))
        if f"regions.{_REGIONS[0]}" in arrays:
            regions = {name: arrays[f"regions.{name}"] for name in _REGIONS}
            found["regions"] = TileComponents(**regions)  # type: ignore[arg-type]
        boxes = None if about["boxes"] is None else _frame(about["boxes"])
        described = tuple(
            (Window(*cell), Description(tuple(numbers), weight)) for cell, numbers, weight in about["described"]
        )
        return window, Tile(**found, boxes=boxes, described=described)  # type: ignore[arg-type]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise NoTileError from error


def _arrays(tile: Tile) -> dict[str, AnyArray]:
    found: dict[str, AnyArray] = {}
    for name in (*_RASTERS, *_IMAGES, *_PACKED, "regions"):
        value = getattr(tile, name)
        if value is None:
            continue
        if name in _RASTERS:
            found[name] = value.raster
        elif name in _PACKED:
            found[name] = np.frombuffer(value, np.uint8)
        elif name == "regions":
            found |= {f"regions.{part}": getattr(value, part) for part in _REGIONS}
        elif isinstance(value, np.ma.MaskedArray):
            found |= {name: value.data, f"{name}_mask": np.ma.getmaskarray(value)}
        else:
            found[name] = value
    return found


def _read(said: Mapping[str, tuple[str, list[int]]], body: bytes) -> dict[str, AnyArray]:
    found: dict[str, AnyArray] = {}
    at = 0
    for name, (dtype, shape) in said.items():
        kind = np.dtype(dtype)
        found[name] = np.frombuffer(body, kind, math.prod(shape), at).reshape(shape)
        at += found[name].nbytes
    return found


def _table(table: pd.DataFrame) -> dict[str, tuple[str, list[object]]]:
    # Imported here, as only tiles with boxes need tables, which take 70 MB.
    import pandas as pd

    found = {}
    for name in table.columns:
        column = table[name]
        if str(column.dtype) not in _COLUMNS:
            raise NoTileError
        found[str(name)] = str(column.dtype), [None if value is pd.NA else value for value in column.tolist()]
    return found


def _frame(said: Mapping[str, tuple[str, list[object]]]) -> pd.DataFrame:
    # Imported here, as only tiles with boxes need tables, which take 70 MB.
    import pandas as pd

    return pd.DataFrame({name: pd.Series(values, dtype=dtype) for name, (dtype, values) in said.items()})
