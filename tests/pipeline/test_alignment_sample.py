"""Dates are aligned by the ground around an area of interest that is small, too."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from small_runs import DATES
from small_scenes import blocks_and_grain, write_scene, write_workflow

from changedet.blocks import Pools, Window
from changedet.grid import Displacement, Shift
from changedet.pipeline.measure_dates import measure_dates
from changedet.pipeline.scheduling import Session
from changedet.plan import make_plan
from changedet.stages.align.alignment import Alignment

SIDE = 528
"""Of the scenes in pixels: a little more ground than dates are aligned by, on overviews of 132 px."""
SHIFT_PX, METRES = (3, -4), 0.5
"""Of the second date's ground; of what fills the area of interest another, as roofs of stacks lean."""


def scenes(folder: Path, edge: int) -> Path:
    """Two dates, the middle of which moves by itself, and a workflow of that middle."""
    base = np.tile(blocks_and_grain(4, 384, 4), (1, 2, 2))[:, :SIDE, :SIDE]
    moved = np.roll(base, SHIFT_PX, (1, 2))
    inner = slice((SIDE - edge) // 2, (SIDE + edge) // 2)
    own = blocks_and_grain(9, 384, 4)[:, :edge, :edge]
    for date, image, lean in ((DATES[0], base, 0), (DATES[1], moved, 9)):
        seen = image.copy()
        seen[:, inner, inner] = np.roll(own, lean, 2)
        write_scene(folder / f"{date}.tif", seen, resolution_m=METRES)
    west, north = 500_000 + METRES * inner.start, 5_400_000 - METRES * inner.start
    side = METRES * edge
    ring = [[west, north], [west + side, north], [west + side, north - side], [west, north - side], [west, north]]
    area = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32633"}}
    (folder / "aoi.geojson").write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": [area]}))
    return write_workflow(folder, DATES[:2], site={"id": "site", "aoi": "aoi.geojson"})


@pytest.mark.parametrize("edge", [160, 240])
def test_a_small_area_is_aligned_by_the_ground_around_it(tmp_path: Path, edge: int) -> None:
    plan = make_plan(scenes(tmp_path, edge), out=str(tmp_path / "out"))
    plan.folder.path.mkdir(parents=True)
    with Pools(1) as pools:
        models = measure_dates(Session(plan, pools))
    shift = models[plan.looks[1].date].alignment.displacement.shift
    assert plan.grid.shape == (edge, edge)
    assert shift.east_m == pytest.approx(METRES * SHIFT_PX[1], abs=0.1)
    assert shift.north_m == pytest.approx(-METRES * SHIFT_PX[0], abs=0.1)


TURN_DEG, STRETCH, OFF_PX = 7.0, 1.08, np.array([6.0, -9.0])
"""Of a picture that was put on the map by hand."""


def placed(base: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """That picture turned, stretched and moved, and the matrix from its reference's x, y to its own."""
    height, width = base.shape[1:]
    matrix = cv2.getRotationMatrix2D((0.5 * (width - 1), 0.5 * (height - 1)), TURN_DEG, STRETCH)
    matrix[:, 2] += OFF_PX
    moved = [cv2.warpAffine(band, matrix, (width, height), flags=cv2.INTER_CUBIC) for band in base.astype(np.float32)]
    return np.clip(np.stack(moved), 0, None), matrix


def aligned(
    folder: Path, images: dict[str, np.ndarray], resolution_m: float = METRES, **more: object
) -> tuple[Alignment, tuple[int, int]]:
    """The second date's alignment."""
    for date, image in images.items():
        write_scene(folder / f"{date}.tif", image, resolution_m=resolution_m)
    plan = make_plan(write_workflow(folder, tuple(images), **more), out=str(folder / "out"))
    plan.folder.path.mkdir(parents=True)
    with Pools(1) as pools:
        return measure_dates(Session(plan, pools))[plan.looks[1].date].alignment, plan.grid.shape


@pytest.mark.parametrize("place", ["whole", "middle"])
def test_a_picture_that_was_put_on_the_map_by_hand_is_laid_right(tmp_path: Path, place: str) -> None:
    base = np.tile(blocks_and_grain(4, 384, 4), (1, 2, 2))[:, :SIDE, :SIDE]
    moved, matrix = placed(base)
    more, corner = {}, 0
    if place == "middle":
        scenes(tmp_path, 240)
        more, corner = {"site": {"id": "site", "aoi": "aoi.geojson"}}, (SIDE - 240) // 2
    found, shape = aligned(tmp_path, dict(zip(DATES[:2], (base, moved), strict=True)), **more)
    assert found.confident
    assert "turned by" in found.reason
    rows, columns = (part.ravel() for part in np.mgrid[20 : shape[0] - 20 : 40, 20 : shape[1] - 20 : 40].astype(float))
    east, north = found.displacement.at(rows, columns)
    there = matrix @ np.stack([columns + corner, rows + corner, np.ones_like(rows)])
    assert east / METRES == pytest.approx(there[0] - columns - corner, abs=0.5)
    assert -north / METRES == pytest.approx(there[1] - rows - corner, abs=0.5)


def test_a_picture_laid_right_is_read_alike_on_larger_pixels(tmp_path: Path) -> None:
    base = np.tile(blocks_and_grain(4, 384, 4), (1, 2, 2))[:, :SIDE, :SIDE]
    moved, matrix = placed(base)
    for date, image in zip(DATES[:2], (base, moved), strict=True):
        write_scene(tmp_path / f"{date}.tif", image, resolution_m=METRES)
    plan = make_plan(write_workflow(tmp_path, DATES[:2]), out=str(tmp_path / "out"))
    nodes = np.meshgrid(*2 * [np.arange(0.0, SIDE + 33, 32)], indexing="ij")
    there = np.tensordot(matrix[:, :2], np.stack(nodes[::-1]), 1) + matrix[:, 2, None, None]
    east, north = METRES * (there[0] - nodes[1]), -METRES * (there[1] - nodes[0])
    field = [tuple(map(tuple, part.tolist())) for part in (east, north)]
    displacement = Displacement(Shift(), *field, node_spacing_px=32, pixel_m=METRES)
    look, window = plan.looks[1], Window(200, 200, 200, 200)
    fine = look.read(plan.grid, window, ("red",), displacement)[0]
    coarse = look.overview(plan.grid, 4, ("red",), displacement)[0][:, 50:100, 50:100]
    means = fine.reshape(1, 50, 4, 50, 4).mean((2, 4))
    assert np.corrcoef(coarse.ravel(), means.ravel())[0, 1] > 0.98
    assert np.corrcoef(fine.ravel(), base[2:3, 200:400, 200:400].ravel())[0, 1] > 0.95


def test_where_the_search_is_given_nothing_is_turned(tmp_path: Path) -> None:
    base = np.tile(blocks_and_grain(4, 384, 4), (1, 2, 2))[:, :SIDE, :SIDE]
    images = dict(zip(DATES[:2], (base, placed(base)[0]), strict=True))
    found, _ = aligned(tmp_path, images, align={"max_shift_m": 10})
    assert not found.confident
    assert not found.elsewhere


def test_another_place_is_said_to_be_one(tmp_path: Path) -> None:
    base, other = (np.tile(blocks_and_grain(seed, 384, 4), (1, 2, 2))[:, :SIDE, :SIDE] for seed in (4, 9))
    found, _ = aligned(tmp_path, dict(zip(DATES[:2], (base, other), strict=True)))
    assert found.elsewhere
    assert not found.confident
    assert found.displacement.is_zero
    assert Alignment.from_json(found.to_json()) == found


def test_in_coarse_pixels_nothing_is_said_to_be_another_place(tmp_path: Path) -> None:
    base, other = (np.tile(blocks_and_grain(seed, 384, 4), (1, 2, 2))[:, :SIDE, :SIDE] for seed in (4, 9))
    found, _ = aligned(tmp_path, dict(zip(DATES[:2], (base, other), strict=True)), resolution_m=10.0)
    assert not found.confident
    assert not found.elsewhere
