"""Ground that a look shows in outline, and only a later one marks."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine

from changedet.blocks import Window, tiles
from changedet.grid import Grid
from changedet.kernels.pixel_classes import CLEAR, CLOUD
from changedet.pipeline import outlined_dates
from changedet.pipeline.outlined_dates import (
    OUTLINED_PROBABILITY,
    Outlined,
    cells_of,
    joined,
    on_cells,
    outlined,
    shown_near,
    with_outlined,
)
from changedet.stages.change.kernels.outlined_ground import MOST_CELLS, new_ground

SHAPE = (241, 303)
GRID = Grid("EPSG:32633", Affine(0.5, 0, 500_000, 0, -0.5, 5_400_000), SHAPE)
PAD = (slice(60, 160), slice(100, 200))
"""Pixels of the new ground."""


class Look:
    """A patchy field, with a pad in it whose soil is somewhat darker."""

    def __init__(self, day: int, darker: float) -> None:
        self.date = dt.date(2024, 5, day)
        rng = np.random.default_rng(day)
        patches = np.kron(rng.normal(0, 3.0, (31, 38)), np.ones((8, 8)))[: SHAPE[0], : SHAPE[1]]
        self.image = np.stack([100 + 20 * band + patches for band in range(4)]).astype(np.float32)
        self.image[(slice(None), *PAD)] -= darker

    def read(self, _grid: Grid, window: Window, _roles: object, _moved: object) -> tuple[np.ndarray, np.ndarray]:
        halo = 60
        wide = np.pad(self.image, ((0, 0), (halo, halo), (halo, halo)), constant_values=np.nan)
        part = wide[:, window.y + halo :, window.x + halo :][:, : window.height, : window.width]
        return part, np.where(np.isnan(part[0]), 1, CLEAR).astype(np.uint8)


def series(
    folder: Path, looks: list[Look], clouds: frozenset[int] = frozenset()
) -> tuple[object, dict[object, object]]:
    for look in looks:
        quality = np.full(SHAPE, CLOUD if look.date.day in clouds else CLEAR, np.uint8)
        profile = {"driver": "GTiff", "dtype": "uint8", "count": 1, "nodata": 1, "crs": GRID.crs}
        size = {"height": SHAPE[0], "width": SHAPE[1], "transform": GRID.transform}
        with rasterio.open(folder / f"{look.date}.tif", "w", **profile, **size) as out:
            out.write(quality, 1)
    still = SimpleNamespace(alignment=SimpleNamespace(displacement=None))
    files = SimpleNamespace(
        grid=GRID, roles=("blue", "green", "red", "nir"), looks=looks, reference=0,
        quality_file=lambda day: folder / f"{day}.tif",
    )  # fmt: skip
    return files, {look.date: still for look in looks}


def marked_from(look: int) -> np.ndarray:
    first = np.zeros(SHAPE, np.uint8)
    first[PAD] = look + 1
    return first


@pytest.mark.parametrize(
    ("darker", "clouds", "expected"),
    [
        ([0, 0, 12, 60], (), [(1, 2)]),
        ([0, 12, 12, 60], (), [(0, 2), (1, 2)]),
        ([0, 12, 0, 60], (), []),
        ([0, 0, 0, 60], (), []),
        ([12, 12, 12, 60], (), []),
        ([0, 0, 12, 60], (3,), []),
    ],
    ids=["stripped", "longer", "an older field", "untouched", "an old outline", "under a cloud"],
)
def test_looks_that_show_the_outline(
    tmp_path: Path, darker: list[float], clouds: tuple[int, ...], expected: list[tuple[int, int]]
) -> None:
    looks = [Look(day, own) for day, own in enumerate(darker, 1)]
    plan, models = series(tmp_path, looks, frozenset(clouds))
    cells = cells_of(GRID)
    assert cells is not None
    first = joined([on_cells(marked_from(2), Window(0, 0, *SHAPE), 2)], [Window(0, 0, *SHAPE)], cells.shape, 2)
    found = outlined(plan, models, [1, 2, 3], first, cells)  # type: ignore[arg-type]
    assert sorted((one.look, one.marked_by) for one in found) == expected
    pad = shapely.box(500_050, 5_399_920, 500_100, 5_399_970)
    for one in found:
        assert one.shape.symmetric_difference(pad).area < 0.02 * pad.area


@pytest.mark.parametrize("factor", [1, 2, 3])
@pytest.mark.parametrize("edge", [64, 100, 77])
def test_cells_do_not_depend_on_the_tiles(factor: int, edge: int) -> None:
    raster = np.random.default_rng(factor).integers(0, 5, SHAPE).astype(np.uint8)
    cells = GRID.coarsened(factor).shape
    whole, cut = [Window(0, 0, *SHAPE)], tiles(SHAPE, edge)
    one, many = (
        joined([on_cells(raster[w.slices], w, factor) for w in windows], windows, cells, factor)
        for windows in (whole, cut)
    )
    assert (one == many).all()
    middle = factor // 2
    inside = raster[middle::factor, middle::factor]
    assert (one[: inside.shape[0], : inside.shape[1]] == inside).all()


def test_only_what_the_later_look_marks_is_marked_and_nothing_unseen() -> None:
    window = Window(40, 80, 150, 160)
    found = np.full((3, *window.shape), 0.1, np.float32)
    found[2, 20:120, 20:120] = 0.8
    found[1, 30:40, 30:40] = np.nan
    found[1, 50:60, 50:60] = 0.95
    pad = shapely.box(500_050, 5_399_920, 500_100, 5_399_970)
    out = with_outlined(found, [Outlined(1, 2, pad.buffer(3))], 0.5, GRID, window)
    same = np.float32(OUTLINED_PROBABILITY)
    assert (out[[0, 2]] == found[[0, 2]]).all()
    assert np.isnan(out[1, 30:40, 30:40]).all()
    assert (out[1, 50:60, 50:60] == np.float32(0.95)).all()
    assert out[1, 25, 25] == out[1, 115, 115] == same
    assert out[1, 15, 25] == np.float32(0.1), "within the shape, but not marked later"
    far = Window(0, 240, 40, 60)
    assert shown_near([Outlined(1, 2, pad)], GRID, far) == ()
    assert len(shown_near([Outlined(1, 2, pad)], GRID, window)) == 1


def test_coarse_and_very_large_sites_have_no_cells() -> None:
    coarse = Grid(GRID.crs, Affine(3.0, 0, 500_000, 0, -3.0, 5_400_000), SHAPE)
    side = int(2 * MOST_CELLS**0.5) + 10
    assert cells_of(coarse) is None
    assert cells_of(Grid(GRID.crs, GRID.transform, (side, side))) is None


def test_long_outlines_are_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = [Look(1, 0), Look(2, 12)]
    plan, models = series(tmp_path, looks)
    cells = cells_of(GRID)
    assert cells is not None
    first = joined([on_cells(marked_from(1), Window(0, 0, *SHAPE), 2)], [Window(0, 0, *SHAPE)], cells.shape, 2)
    (ground,) = new_ground(first, cells.ground_resolution_m)
    whole = outlined_dates._Outline(plan, models, ground, cells).steps(1)  # type: ignore[arg-type]
    sizes = []
    read = Look.read

    def noted(look: Look, grid: Grid, window: Window, *others: object) -> tuple[np.ndarray, np.ndarray]:
        sizes.append(max(window.shape))
        return read(look, grid, window, *others)

    monkeypatch.setattr(Look, "read", noted)
    monkeypatch.setattr(outlined_dates, "PIECE_PX", 40)
    pieces = outlined_dates._Outline(plan, models, ground, cells).steps(1)  # type: ignore[arg-type]
    assert len(sizes) > 4
    assert max(sizes) <= 40 + 2 * 10
    np.testing.assert_allclose(pieces, whole, rtol=0, atol=1e-3)
