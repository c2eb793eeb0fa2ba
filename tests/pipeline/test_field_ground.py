"""Ground in the colour of fields, as the looks of a run show it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import shapely
from affine import Affine

from changedet.blocks import Window
from changedet.grid import Grid
from changedet.kernels.pixel_classes import CLEAR, CLOUD, NODATA
from changedet.pipeline.date_model import OverviewClasses
from changedet.pipeline.field_ground import field_ground, read_fields, still_planted, with_rim

GRID = Grid("EPSG:32636", Affine(0.5, 0, 500_000, 0, -0.5, 4_000_000), (400, 400))
CROP, SOIL = (30.0, 60.0, 40.0, 300.0), (90.0, 105.0, 110.0, 150.0)
STUBBLE = shapely.box(500_020, 3_999_920, 500_080, 3_999_980)
NOTHING = shapely.MultiPolygon()


def look(date: int, bare: slice) -> SimpleNamespace:
    """Crops, a field that lies bare on all dates, and one that lies bare on this."""

    def overview(grid: Grid, factor: int, roles: tuple[str, ...], _moved: object) -> tuple[np.ndarray, np.ndarray]:
        assert roles == ("blue", "green", "red", "nir")
        shape = grid.coarsened(factor).shape
        image = np.empty((4, *shape), np.float32)
        image[:] = np.array(CROP)[:, None, None]
        image[:, 10:40, 10:40] = image[:, 60:, bare] = np.array(SOIL)[:, None, None]
        quality = np.full(shape, CLEAR, np.uint8)
        quality[:, -2:] = NODATA
        return image, quality

    return SimpleNamespace(date=date, overview=overview)


def plan_of(*roles: str) -> SimpleNamespace:
    looks = [look(0, slice(0, 50)), look(1, slice(50, 98))]
    return SimpleNamespace(grid=GRID, roles=roles, looks=looks)


def models_of(mask: OverviewClasses | None) -> dict[int, SimpleNamespace]:
    return {day: SimpleNamespace(alignment=SimpleNamespace(displacement=None), mask=mask) for day in (0, 1)}


def told(mask: OverviewClasses | None, built: list, marks: list) -> shapely.Geometry:
    fields = read_fields(plan_of("blue", "green", "red", "nir"), models_of(mask))
    assert fields is not None
    return field_ground(fields, built, with_rim(fields, marks))


def test_a_field_that_is_bare_on_all_dates_has_the_colour_of_those_that_turn() -> None:
    found = told(None, [NOTHING] * 2, [NOTHING] * 2)
    assert shapely.intersection(found, STUBBLE).area > 0.9 * STUBBLE.area
    rest = shapely.difference(shapely.box(*GRID.area.bounds), shapely.buffer(STUBBLE, 4))
    assert shapely.intersection(found, rest).area > 0.8 * rest.area  # crops on one date at least


def test_clouds_and_what_was_made_teach_nothing() -> None:
    clouds = OverviewClasses.packed(np.full((100, 100), CLOUD, np.uint8), 4)
    assert told(clouds, [NOTHING] * 2, [NOTHING] * 2).is_empty
    south = shapely.box(500_000, 3_999_800, 500_200, 3_999_890)
    inner = shapely.buffer(STUBBLE, -8)
    assert not shapely.intersects(told(None, [south] * 2, [NOTHING] * 2), inner)
    marked = told(None, [NOTHING] * 2, [south] * 2)
    assert not shapely.intersects(marked, inner)
    assert shapely.intersection(marked, shapely.buffer(south, -2)).is_empty


def test_what_grows_on_the_second_look_was_not_built_on_the_first() -> None:
    fields = read_fields(plan_of("blue", "green", "red", "nir"), models_of(None))
    assert fields is not None
    turned = shapely.box(500_010, 3_999_810, 500_090, 3_999_870)
    first, last = still_planted(fields, with_rim(fields, [NOTHING] * 2))
    assert shapely.intersection(first, turned).area > 0.9 * turned.area
    assert not shapely.intersects(first, shapely.buffer(STUBBLE, -8))
    assert last.is_empty
    first, _ = still_planted(fields, with_rim(fields, [NOTHING, turned]))
    assert shapely.intersection(first, turned).area < 0.1 * turned.area


def test_the_rim_of_parts_that_lie_close_is_that_of_all_at_once() -> None:
    fields = read_fields(plan_of("blue", "green", "red", "nir"), models_of(None))
    assert fields is not None
    ring = shapely.difference(
        shapely.box(500_020, 3_999_820, 500_080, 3_999_880), shapely.box(500_030, 3_999_830, 500_070, 3_999_870)
    )
    close = shapely.union_all(
        [ring, shapely.box(500_083, 3_999_840, 500_120, 3_999_860), shapely.box(500_045, 3_999_845, 500_055, 3_999_855)]
    )
    (found,) = with_rim(fields, [close])
    whole = fields.grid.burn([(shapely.buffer(close, fields.rim), 1)], Window(0, 0, *fields.grid.shape)) > 0
    assert found.sum() > whole.sum() / 2
    np.testing.assert_array_equal(found, whole)


@pytest.mark.parametrize("roles", [("blue", "green", "red"), ("vv", "vh")])
def test_fields_are_not_known_without_near_infrared(roles: tuple[str, ...]) -> None:
    assert read_fields(plan_of(*roles), models_of(None)) is None
