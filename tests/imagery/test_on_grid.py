"""Lazy bands hold what is read at once."""

from __future__ import annotations

from pathlib import Path

from affine import Affine
from small_rasters import T, grid_like, noise, whole, write

from changedet.imagery.opening import open_scene


def test_lazy_equals_eager_under_one_name(tmp_path: Path) -> None:
    scene = open_scene(
        write(tmp_path / "a.tif", noise(9, 2, 70, 90), nodata=0), date="2023-06-04", bands={"red": 1, "nir": 2}
    )
    grid = grid_like(75, 95, Affine(2.0, 0, T.c + 0.7, 0, -2.0, T.f))
    lazy = scene.lazy(grid, ("red", "nir"), 32)
    eager, _ = scene.read(grid, whole(grid), ("red", "nir"))
    assert lazy.compute(scheduler="synchronous").values.tobytes() == eager.tobytes()
    assert lazy.data.name == scene.lazy(grid, ("red", "nir"), 32).data.name
    assert lazy.data.name != scene.lazy(grid, ("red",), 32).data.name
    assert lazy.dims == ("band", "y", "x")
    assert "spatial_ref" in lazy.coords
    assert lazy.chunks == ((2,), (32, 32, 11), (32, 32, 31))
