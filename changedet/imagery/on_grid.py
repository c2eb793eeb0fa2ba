"""What has bands on the common grid: a scene, or a look of several."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from changedet.arrays import Bytes, Singles
from changedet.blocks import Window, from_reader
from changedet.grid import Grid
from changedet.grid.displacement import Displacement

if TYPE_CHECKING:
    import xarray as xr

Read: TypeAlias = tuple[Singles, Bytes]
"""Bands float32 (band, y, x), NaN for no data, and why each pixel is usable or not, uint8 (y, x)."""


class OnGrid(ABC):
    """Bands on the common grid: of a window, of the whole grid at larger pixels, or read when they are computed."""

    @property
    @abstractmethod
    def identity(self) -> str:
        """Hash of all that its pixels depend on."""

    def read(
        self,
        grid: Grid,
        window: Window,
        roles: Sequence[str],
        displacement: Displacement | None = None,
        resolution_m: float | None = None,
    ) -> Read:
        """Its bands on a window of the common grid, resampled at most once.

        Of a look, a lower scene fills the gaps of those above.

        Parameters
        ----------
        grid : Grid
            The common grid, or a coarser one of the same corner.
        window : Window
            May reach beyond the grid and beyond the scenes.
        roles : sequence of str
            Wanted bands, in this order.
        displacement : Displacement, optional
            Where the content lies against the reference; composed into the resampling.
        resolution_m : float, optional
            Ground size to which detail is averaged where it is coarser than the grid's.

        Returns
        -------
        image : float32 (band, y, x)
            Digital numbers, NaN in all bands where one has no data.
        quality : uint8 (y, x)
            Classes of `changedet.kernels.pixel_classes`: NODATA, and what the scenes' own masks say; else CLEAR.
            NODATA just where `image` is NaN.

        Raises
        ------
        InputError
            A role is not there, or a file cannot be read.
        """
        return self._read_window(grid, window, roles, displacement, resolution_m)

    @abstractmethod
    def _read_window(
        self,
        grid: Grid,
        window: Window,
        roles: Sequence[str],
        displacement: Displacement | None,
        resolution_m: float | None,
    ) -> Read: ...

    def overview(self, grid: Grid, factor: int, roles: Sequence[str], displacement: Displacement | None = None) -> Read:
        """Its bands on the whole grid at larger pixels; from the files' overviews where they have some.

        Parameters
        ----------
        grid : Grid
            The common grid.
        factor : int
            Pixels of the grid on a side of one.
        roles : sequence of str
            Wanted bands, in this order.
        displacement : Displacement, optional
            As in `read`.

        Returns
        -------
        image : float32 (band, y, x)
            As in `read`.
        quality : uint8 (y, x)
            As in `read`.
        """
        coarse = grid.coarsened(factor)
        return self.read(coarse, Window(0, 0, *coarse.shape), roles, displacement)

    def lazy(
        self, grid: Grid, roles: Sequence[str], chunk: int = 1024, displacement: Displacement | None = None
    ) -> xr.DataArray:
        """Its bands on the whole grid, read when they are computed.

        Parameters
        ----------
        grid : Grid
            The common grid.
        roles : sequence of str
            Wanted bands, in this order.
        chunk : int
            Side of dask's blocks in pixels.
        displacement : Displacement, optional
            As in `read`.

        Returns
        -------
        xarray.DataArray
            float32 ``(band, y, x)`` of dask, NaN for no data, with the roles as ``band``.
        """
        # Imported here, as a run reads windows and has no use for it.
        import xarray as xr

        read = partial(_bands_of_window, self, grid, tuple(roles), displacement)
        content = repr((self.identity, grid.crs, tuple(grid.transform), grid.shape, tuple(roles), displacement))
        name = f"scene-{hashlib.sha256(content.encode()).hexdigest()[:24]}"
        data = from_reader(read, (len(roles), *grid.shape), chunk, name=name)
        return xr.DataArray(data, dims=("band", "y", "x"), coords={**grid.coords(), "band": list(roles)})


def _bands_of_window(
    source: OnGrid, grid: Grid, roles: tuple[str, ...], displacement: Displacement | None, window: Window
) -> Singles:
    return source.read(grid, window, roles, displacement)[0]
