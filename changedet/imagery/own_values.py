"""The values that a look's files themselves hold, where the common grid lies on their pixels: nothing is resampled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from changedet.arrays import AnyArray
from changedet.blocks import Window
from changedet.grid import Grid
from changedet.grid.displacement import Displacement
from changedet.imagery.look import Look
from changedet.imagery.pixel_map import PixelMap, pixel_map_of
from changedet.imagery.pixels import read_classes
from changedet.imagery.scene import Scene
from changedet.kernels.pixel_classes import NODATA


def own_values(look: Look, grid: Grid, window: Window, roles: Sequence[str], dtype: str) -> AnyArray | None:
    """A look's bands on a window of the grid, bit by bit as in its files.

    Parameters
    ----------
    look : Look
        Of scenes that may be mosaicked, the first on top.
    grid : Grid
        The common grid.
    window : Window
        May reach beyond the scenes.
    roles : sequence of str
        Wanted bands, in this order.
    dtype : str
        That all of them must have.

    Returns
    -------
    ndarray (band, y, x) or None
        Of `dtype`, also where the files say no data; 0 beyond the files. None where a band has another dtype, is
        rescaled, or has its pixels elsewhere than the grid.
    """
    if not all(_keeps_values(scene, grid, roles, dtype) for scene in look.scenes):
        return None
    found = _of_scene(look.scenes[0], grid, window, roles, dtype)
    if len(look.scenes) > 1:
        open_still = look.scenes[0].read(grid, window, roles)[1] == NODATA
        for scene in look.scenes[1:]:
            gap = open_still & (scene.read(grid, window, roles)[1] != NODATA)
            np.copyto(found, _of_scene(scene, grid, window, roles, dtype), where=gap)
            open_still &= ~gap
    return found


def _keeps_values(scene: Scene, grid: Grid, roles: Sequence[str], dtype: str) -> bool:
    sources = [scene.bands[role] for role in roles]
    plain = all((source.gain, source.bias) == (1.0, 0.0) for source in sources)
    alike = all(scene.rasters[source.path].bands[source.index - 1].dtype == dtype for source in sources)
    return plain and alike and all(_is_copied(_map(scene, path, grid)) for path in {one.path for one in sources})


def _map(scene: Scene, path: str, grid: Grid) -> PixelMap:
    return pixel_map_of(scene.rasters[path], grid, Displacement(), None)


def _is_copied(pixel_map: PixelMap) -> bool:
    off = pixel_map.translation
    return off is not None and pixel_map.factor == (1, 1) and all(float(one).is_integer() for one in off)


def _of_scene(scene: Scene, grid: Grid, window: Window, roles: Sequence[str], dtype: str) -> AnyArray:
    out = np.zeros((len(roles), *window.shape), dtype)
    for path in dict.fromkeys(scene.bands[role].path for role in roles):
        places = [k for k, role in enumerate(roles) if scene.bands[role].path == path]
        pixel_map = _map(scene, path, grid)
        y, x = (int(at + off) for at, off in zip((window.y, window.x), pixel_map.translation or (), strict=True))
        top, left = max(0, y), max(0, x)
        bottom, right = min(pixel_map.shape[0], y + window.height), min(pixel_map.shape[1], x + window.width)
        if top < bottom and left < right:
            indexes = [scene.bands[roles[k]].index for k in places]
            part = read_classes(scene.rasters[path], indexes, (top, left, bottom - top, right - left))
            out[places, top - y : bottom - y, left - x : right - x] = part
    return out
