"""Bands on the common grid as arrays of dask, read when they are computed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from typing import Protocol, TypeAlias

import xarray as xr

from changedet.arrays import Bytes, Singles
from changedet.blocks import Window, from_reader
from changedet.grid import Grid
from changedet.grid.displacement import Displacement

Read: TypeAlias = tuple[Singles, Bytes]
"""Bands float32 (band, y, x), NaN for no data, and why each pixel is usable or not, uint8 (y, x)."""


class Readable(Protocol):
    """What has bands on the common grid: a scene, or a look of several."""

    @property
    def identity(self) -> str:
        """Hash of all that its pixels depend on."""
        ...

    def read(self, grid: Grid, window: Window, roles: Sequence[str], displacement: Displacement | None = None) -> Read:
        """Its bands on a window of the common grid.

        Parameters
        ----------
        grid : Grid
            The common grid.
        window : Window
            May reach beyond the grid.
        roles : sequence of str
            Wanted bands, in this order.
        displacement : Displacement, optional
            Composed into the resampling.

        Returns
        -------
        (float32 (band, y, x), uint8 (y, x))
            The bands, NaN for no data, and why each pixel is usable or not.
        """
        ...


def _window_of(
    look: Readable, grid: Grid, roles: tuple[str, ...], displacement: Displacement | None, window: Window
) -> Singles:
    return look.read(grid, window, roles, displacement)[0]


def lazy_bands(
    look: Readable, grid: Grid, roles: Sequence[str], chunk: int, displacement: Displacement | None
) -> xr.DataArray:
    """Bands on the whole grid, read when they are computed.

    Parameters
    ----------
    look : Readable
        A scene, or a look of several.
    grid : Grid
        The common grid.
    roles : sequence of str
        Wanted bands, in this order.
    chunk : int
        Side of dask's blocks in pixels.
    displacement : Displacement or None
        As in `Scene.read`.

    Returns
    -------
    xarray.DataArray
        float32 ``(band, y, x)`` of dask, NaN for no data, with the roles as ``band``.
    """
    read = partial(_window_of, look, grid, tuple(roles), displacement)
    told = repr((look.identity, grid.crs, tuple(grid.transform), grid.shape, tuple(roles), displacement))
    name = f"scene-{hashlib.sha256(told.encode()).hexdigest()[:24]}"
    data = from_reader(read, (len(roles), *grid.shape), chunk, name=name)
    return xr.DataArray(data, dims=("band", "y", "x"), coords={**grid.coords(), "band": list(roles)})
