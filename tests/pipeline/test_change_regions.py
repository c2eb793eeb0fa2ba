"""Changed regions cut into what boxes and the ground tell, however the date was cut into tiles."""

from __future__ import annotations

import numpy as np
import pytest
from affine import Affine

from changedet.blocks import Window, tiles
from changedet.grid import Grid
from changedet.kernels import components
from changedet.outputs.rasters.polygons import polygonise
from changedet.pipeline.change_regions import (
    described,
    join_parts,
    leaders,
    no_changes,
    parents,
    part_numbers,
    tile_parts,
)
from changedet.pipeline.kernels.box_parts import CAME, GROUND, LEFT, REPLACED

GRID = Grid("EPSG:32633", Affine(0.5, 0, 500_000, 0, -0.5, 5_400_000), (120, 160))
LEAST_PX = 20


def painted() -> dict[str, np.ndarray]:
    """New paving with two boxes on it and a sliver of ground between them, a box that left, one replaced; a speck."""
    raw, classes = np.zeros(GRID.shape, np.uint8), np.zeros(GRID.shape, np.uint8)
    raw[10:70, 10:90] = 1
    classes[30:36, 20:44], classes[36:38, 20:24] = CAME, GROUND
    classes[30:36, 46:70] = CAME
    raw[90:96, 20:44] = raw[90:96, 100:124] = 1
    classes[90:96, 20:44], classes[90:96, 100:124] = LEFT, REPLACED
    raw[90:93, 44:47] = 1
    raw[110, 150] = 1
    ground = (raw == 1) & (classes == GROUND)
    return {
        "raw": raw,
        "classes": classes,
        "score": np.where(raw == 1, np.float32(0.9), np.float32(0.1)),
        "gone": np.where(ground, np.float32(0.1), np.float32(0.0)),
        "came": np.where(ground, np.float32(0.8), np.float32(0.0)),
    }


def rows(edge: int):
    image = painted()
    cut = {
        window: tile_parts(
            *(image[name][window.slices] for name in ("raw", "classes", "score")),
            [image[name][window.slices] for name in ("gone", "came")],
            window,
            GRID,
        )
        for window in tiles(GRID.shape, edge)
    }
    parts = join_parts(cut)
    whole = components.label(image["raw"])
    kept = np.append(False, np.bincount(whole.ravel())[1:] >= LEAST_PX)
    regions = np.where(kept[whole], whole, 0).astype(np.int32)
    numbers = {w: part_numbers(parts, w, image["raw"][w.slices], cut[w]) for w in cut}
    lead = leaders(parts, parents(parts, ((numbers[w], regions[w.slices]) for w in cut)), LEAST_PX)
    by_part = np.append(0, lead).astype(np.int32)
    polygons = polygonise([(w.y, w.x, by_part[numbers[w]]) for w in cut], GRID.transform, GRID.crs)
    return described(polygons, parts, lead, GRID, "2023-05-01", 0.5)


@pytest.mark.parametrize("edge", [200, 64, 33])
def test_regions_are_cut_by_boxes_with_their_directions_and_kinds(edge: int) -> None:
    found = rows(edge)
    told = sorted(zip(found["direction"], found["kind"], found.geometry.area * 4, strict=True))
    assert told == [
        ("gain", "box", 144.0),
        ("gain", "box", 144.0),
        ("gain", "other", 60 * 80 - 288.0),
        # the speck beside the box that left is too small to stand alone, and goes with it
        ("loss", "box", 144.0 + 9),
        ("other", "box", 144.0),
    ]
    assert list(found["change_id"]) == [1, 2, 3, 4, 5]
    assert (found["probability"] > 0.7).all()
    np.testing.assert_allclose(found["area_m2"], found.geometry.area, rtol=2e-3)


def test_regions_are_the_same_however_the_date_was_cut() -> None:
    whole = rows(200)
    for edge in (64, 33):
        assert rows(edge).equals(whole)


def test_no_changes_has_the_columns_of_a_date_with_some() -> None:
    assert set(no_changes(GRID).columns) == set(rows(200).columns)
    assert len(no_changes(GRID)) == 0
    none = tile_parts(
        *(np.zeros((9, 9), kind) for kind in (np.uint8, np.uint8, np.float32)),
        [np.zeros((9, 9), np.float32)] * 2,
        Window(0, 0, 9, 9),
        GRID,
    )
    assert set(none.regions) == {GROUND}
    parts = join_parts({Window(0, 0, 9, 9): none})
    assert len(leaders(parts, parents(parts, iter(())), LEAST_PX)) == 0
