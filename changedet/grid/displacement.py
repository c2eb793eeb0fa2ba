"""How far a scene's content lies from the reference's: one shift, and a smooth field on top of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from changedet.arrays import Floats
from changedet.json_types import JsonObject

NODE_STEP_PX: Final = 32
"""Nodes of a field lie on every 32nd pixel of the grid or on every so many of those."""
SAME_DIGITS: Final = 6
"""Of how many times as large pixels are: units of a CRS come with rounding."""


@dataclass(frozen=True)
class Shift:
    """How far east and north of the reference a scene's content lies.

    Attributes
    ----------
    east_m, north_m : float
        In metres of the grid's CRS.
    """

    east_m: float = 0.0
    north_m: float = 0.0


@dataclass(frozen=True)
class Displacement:
    """A shift and, where given, a smooth field on top of it.

    A pixel of the common grid whose centre is (E, N) takes the scene's content at (E + east, N + north).

    Attributes
    ----------
    shift : Shift
        The same everywhere.
    local_east_m, local_north_m : tuple of tuple of float, or None
        Added to `shift`: node (j, i) sits on pixel row ``j * node_spacing_px`` and column ``i * node_spacing_px`` of
        the common grid; bilinear between nodes, clamped outside them.
    node_spacing_px : int
        A multiple of 32.
    pixel_m : float or None
        Side of the common grid's pixels in metres of its CRS, for who reads on larger ones from the same corner; None
        where nothing lies between nodes.
    """

    shift: Shift = Shift()
    local_east_m: tuple[tuple[float, ...], ...] | None = None
    local_north_m: tuple[tuple[float, ...], ...] | None = None
    node_spacing_px: int = 256
    pixel_m: float | None = None

    def __post_init__(self) -> None:
        if self.node_spacing_px <= 0 or self.node_spacing_px % NODE_STEP_PX:
            raise ValueError(f"node_spacing_px must be a multiple of {NODE_STEP_PX}, not {self.node_spacing_px}")
        if (self.local_east_m is None) != (self.local_north_m is None):
            raise ValueError("local_east_m and local_north_m must be given together")

    @property
    def is_zero(self) -> bool:
        """Whether nothing is displaced."""
        fields = [self.local_east_m or (), self.local_north_m or ()]
        still = not any(value for field in fields for row in field for value in row)
        return still and self.shift == Shift()

    def at(self, rows: Floats, columns: Floats) -> tuple[Floats, Floats]:
        """The displacement at some pixels.

        Parameters
        ----------
        rows, columns : float64 of one shape
            Of the common grid, whole numbers at pixel centres.

        Returns
        -------
        east_m, north_m : float64 of that shape
            In metres of the grid's CRS.
        """
        if self.local_east_m is None or self.local_north_m is None:
            return np.full(rows.shape, self.shift.east_m), np.full(rows.shape, self.shift.north_m)
        y, x = rows / self.node_spacing_px, columns / self.node_spacing_px
        east = _bilinear_nodes(np.asarray(self.local_east_m, np.float64), y, x)
        north = _bilinear_nodes(np.asarray(self.local_north_m, np.float64), y, x)
        return east + self.shift.east_m, north + self.shift.north_m

    def from_corner(self, row: int, column: int, shape: tuple[int, int]) -> Displacement:
        """The same displacement by the pixels of a grid within or around this one.

        Parameters
        ----------
        row, column : int
            Of that grid's first pixel on this one.
        shape : (int, int)
            Its rows and columns.

        Returns
        -------
        Displacement
            Its nodes cover that grid; between them interpolated anew.
        """
        if self.local_east_m is None or not (row or column):
            return self
        counts = (-(-size // self.node_spacing_px) + 1 for size in shape)
        rows, columns = (np.arange(count, dtype=np.float64) * self.node_spacing_px for count in counts)
        nodes = np.meshgrid(rows + row, columns + column, indexing="ij")
        east, north = self.at(nodes[0], nodes[1])
        local = (_as_tuples(part.tolist()) for part in (east - self.shift.east_m, north - self.shift.north_m))
        return replace(self, local_east_m=next(local), local_north_m=next(local))

    def on_pixels(self, rows: Floats, columns: Floats, pixel_m: float) -> tuple[Floats, Floats]:
        """The displacement at some pixels of a grid from the same corner, whose pixels may be larger.

        Parameters
        ----------
        rows, columns : float64 of one shape
            Of that grid, whole numbers at pixel centres.
        pixel_m : float
            Side of its pixels, metres of its CRS.

        Returns
        -------
        east_m, north_m : float64 of that shape
            In metres of the grid's CRS.
        """
        times = 1.0 if self.pixel_m is None else round(pixel_m / self.pixel_m, SAME_DIGITS)
        if times == 1.0:
            return self.at(rows, columns)
        return self.at((rows + 0.5) * times - 0.5, (columns + 0.5) * times - 0.5)

    def scaled(self, factor: float) -> Displacement:
        """The displacement in other units.

        Parameters
        ----------
        factor : float
            Of those units in one of these, above 0.

        Returns
        -------
        Displacement
            Itself by a factor of 1.
        """
        east, north = (
            None if rows is None else tuple(tuple(factor * value for value in row) for row in rows)
            for rows in (self.local_east_m, self.local_north_m)
        )
        shift = Shift(factor * self.shift.east_m, factor * self.shift.north_m)
        pixel = None if self.pixel_m is None else factor * self.pixel_m
        return self if factor == 1.0 else Displacement(shift, east, north, self.node_spacing_px, pixel)

    def to_json(self) -> JsonObject:
        """The displacement as JSON.

        Returns
        -------
        dict
            What `from_json` takes.
        """
        return {
            "east_m": self.shift.east_m,
            "north_m": self.shift.north_m,
            "local_east_m": None if self.local_east_m is None else [list(row) for row in self.local_east_m],
            "local_north_m": None if self.local_north_m is None else [list(row) for row in self.local_north_m],
            "node_spacing_px": self.node_spacing_px,
            "pixel_m": self.pixel_m,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Displacement:
        """The displacement that `to_json` gave.

        Parameters
        ----------
        data : mapping
            Its keys and values.

        Returns
        -------
        Displacement
            The same to the last digit.
        """
        return cls(
            Shift(float(data["east_m"]), float(data["north_m"])),
            _as_tuples(data.get("local_east_m")),
            _as_tuples(data.get("local_north_m")),
            int(data.get("node_spacing_px", 256)),
            data.get("pixel_m"),
        )


def _bilinear_nodes(nodes: Floats, y: Floats, x: Floats) -> Floats:
    y = np.clip(y, 0, nodes.shape[0] - 1)
    x = np.clip(x, 0, nodes.shape[1] - 1)
    j, i = np.floor(y).astype(int), np.floor(x).astype(int)
    below, right = np.minimum(j + 1, nodes.shape[0] - 1), np.minimum(i + 1, nodes.shape[1] - 1)
    fy, fx = y - j, x - i
    upper = nodes[j, i] * (1 - fx) + nodes[j, right] * fx
    lower = nodes[below, i] * (1 - fx) + nodes[below, right] * fx
    result: Floats = upper * (1 - fy) + lower * fy
    return result


def _as_tuples(rows: Sequence[Sequence[float]] | None) -> tuple[tuple[float, ...], ...] | None:
    return None if rows is None else tuple(tuple(float(value) for value in row) for row in rows)
