"""What grows on the reference."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import shapely
from affine import Affine

from changedet.grid import Grid
from changedet.kernels.pixel_classes import CLEAR, NODATA
from changedet.pipeline.planted import planted_ground

GRID = Grid("EPSG:32636", Affine(0.5, 0, 500_000, 0, -0.5, 4_000_000), (400, 400))
MEADOW, HIDDEN = (
    shapely.box(500_000, 3_999_900, 500_100, 4_000_000),
    shapely.box(500_000, 3_999_800, 500_020, 4_000_000),
)


def look() -> SimpleNamespace:
    """Gravel, to the north-west a meadow in whose every fourth row trees throw shade; the west shows nothing."""

    def overview(grid: Grid, factor: int, roles: tuple[str, ...], _moved: object) -> tuple[np.ndarray, np.ndarray]:
        assert roles == ("red", "nir")
        shape = grid.coarsened(factor).shape
        image = np.full((2, *shape), 300.0, np.float32)
        image[0, : shape[0] // 2, : shape[1] // 2] = 60.0
        image[:, : shape[0] // 2 : 4, : shape[1] // 2] = 40.0
        quality = np.full(shape, CLEAR, np.uint8)
        quality[:, : shape[1] // 10] = NODATA
        image[:, :, : shape[1] // 10] = np.nan
        return image, quality

    return SimpleNamespace(overview=overview)


def test_planted_ground_is_what_grows_with_the_shade_between() -> None:
    plan = SimpleNamespace(grid=GRID, roles=("blue", "green", "red", "nir"), looks=[look()], reference=0)
    found = planted_ground(plan, None)
    assert shapely.intersection(found, HIDDEN).area == 0.0
    shown = shapely.difference(MEADOW, HIDDEN)
    assert shapely.intersection(found, shown).area >= 0.95 * shown.area
    assert shapely.difference(found, shown).area <= 0.05 * shown.area


@pytest.mark.parametrize("roles", [("blue", "green", "red"), ("vv", "vh")])
def test_planted_ground_is_not_known_without_near_infrared(roles: tuple[str, ...]) -> None:
    plan = SimpleNamespace(grid=GRID, roles=roles, looks=[], reference=0)
    assert planted_ground(plan, None).is_empty
