"""Overviews that are made as blocks come are those that are made by reading a raster; statistics too."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from changedet.blocks import Window, tiles
from changedet.outputs.rasters.halves import Halves
from changedet.outputs.rasters.overviews import lay_overviews

CODEC = {"compress": "deflate", "zlevel": 6, "predictor": 1, "interleave": "pixel"}
SIZES = [(1024, 1024), (1032, 776), (2056, 4112), (130, 900)]


def laid(path: Path, pixels: np.ndarray, nodata: float | None, windows: list[Window], *, is_averaged: bool) -> Halves:
    """A raster and its first overviews, given some windows."""
    profile = {"driver": "GTiff", "crs": "EPSG:32633", "transform": Affine(1, 0, 0, 0, -1, 0), "nodata": nodata}
    count, height, width = pixels.shape
    profile |= {"count": count, "height": height, "width": width, "dtype": pixels.dtype, "tiled": True}
    raster = rasterio.open(path, "w", blockxsize=128, blockysize=128, **profile)
    halves = Halves(path, raster, 128, CODEC, is_averaged=is_averaged)
    for window in windows:
        values = pixels[(slice(None), *window.slices)]
        raster.write(values, window=rasterio.windows.Window(window.x, window.y, window.width, window.height))
        halves.add(window, values)
    raster.close()
    return halves


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("edge", [128, 256, 90])
@pytest.mark.parametrize(
    ("dtype", "nodata", "count"), [("uint8", 255, 1), ("uint8", None, 1), ("int32", -1, 1), ("uint16", 0, 3)]
)
def test_halves_are_the_overviews_that_reading_makes(
    size: tuple[int, int], edge: int, dtype: str, nodata: float | None, count: int, tmp_path: Path
) -> None:
    rng = np.random.default_rng(size[0])
    pixels = rng.choice(np.array([0, 1, 2, 7], dtype), (count, *size))
    pixels[:, rng.random(size) < 0.3] = nodata if nodata is not None else 9
    windows = tiles(size, edge)
    rng.shuffle(windows)  # type: ignore[arg-type]
    halves = laid(tmp_path / "a.tif", pixels, nodata, windows, is_averaged=count > 1)
    begun = halves.close()
    assert begun is not None
    assert begun.paths[0] == tmp_path / "a.tif.ovr"
    assert begun.shape == (size[0] >> len(begun.paths), size[1] >> len(begun.paths))
    own = [read(path) for path in begun.paths]
    by_both = lay_overviews(tmp_path / "a.tif", 128, CODEC, is_averaged=count > 1, begun=begun)
    rest = [read(path) for path in by_both.paths]
    by_reading = lay_overviews(tmp_path / "a.tif", 128, CODEC, is_averaged=count > 1)
    assert by_both == by_reading
    wanted = [read(path) for path in by_reading.paths]
    for made in (own, rest):
        for one, other in zip(made, wanted, strict=False):
            np.testing.assert_array_equal(one, other)
    assert len(rest) == len(wanted)


@pytest.mark.parametrize("size", [(1032, 776), (2056, 1540)])
@pytest.mark.parametrize("edge", [512, 1024])
def test_halves_of_floats_and_their_sums_do_not_depend_on_how_they_come(
    size: tuple[int, int], edge: int, tmp_path: Path
) -> None:
    rng = np.random.default_rng(edge)
    pixels = rng.gamma(2, 1.3, (1, *size)).astype(np.float32)
    pixels[:, rng.random(size) < 0.2] = np.nan
    windows = tiles(size, edge)
    rng.shuffle(windows)  # type: ignore[arg-type]
    begun = laid(tmp_path / "a.tif", pixels, np.nan, windows, is_averaged=True).close()
    assert begun is not None
    own = lay_overviews(tmp_path / "a.tif", 128, CODEC, is_averaged=True, begun=begun)
    levels = [read(path) for path in own.paths]
    by_reading = lay_overviews(tmp_path / "a.tif", 128, CODEC, is_averaged=True)
    assert own == by_reading
    for one, path in zip(levels, by_reading.paths, strict=True):
        np.testing.assert_array_equal(one, read(path))
    known = pixels[np.isfinite(pixels)].astype(np.float64)
    assert float(own.statistics[0]["STATISTICS_MEAN"]) == pytest.approx(known.mean(), rel=1e-13)
    assert float(own.statistics[0]["STATISTICS_STDDEV"]) == pytest.approx(known.std(), rel=1e-13)


def test_halves_of_floats_amid_blocks_are_none(tmp_path: Path) -> None:
    pixels = np.ones((1, 1024, 1024), np.float32)
    halves = laid(tmp_path / "a.tif", pixels, np.nan, tiles((1024, 1024), 256), is_averaged=True)
    assert halves.close() is None


def read(path: Path) -> np.ndarray:
    with rasterio.open(path) as source:
        return source.read()


@pytest.mark.parametrize(
    "windows",
    [
        [Window(0, 0, 1024, 500)],
        [Window(0, 0, 511, 1024), Window(511, 0, 513, 1024)],
        [Window(0, 0, 512, 1024), Window(0, 0, 512, 1024)],
        [],
    ],
    ids=["pixels lack", "amid cells", "a part twice, another never", "nothing"],
)
def test_halves_of_what_does_not_come_whole_are_none(windows: list[Window], tmp_path: Path) -> None:
    halves = laid(tmp_path / "a.tif", np.ones((1, 1024, 1024), np.uint8), 255, windows, is_averaged=False)
    assert halves.close() is None


def test_halves_are_none_of_an_odd_number_of_rows(tmp_path: Path) -> None:
    halves = laid(
        tmp_path / "a.tif", np.ones((1, 1023, 1024), np.uint8), 255, tiles((1023, 1024), 128), is_averaged=False
    )
    assert halves.close() is None
    assert not list(tmp_path.glob("*.ovr"))
