"""Footprints in pixels too coarse for a yard: a town that grows beside fields that turn and a river that wanders."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine

from changedet.blocks import Window
from changedet.grid import Grid
from changedet.stages.footprint.outlines import Footprint, outlines
from changedet.stages.footprint.stage import COARSEST_LASTING_M, footprint_method, needs_lasting, why_not
from changedet.stages.registry import Facts

SHAPE, PIXEL_M, DATES = (90, 110), 30.0, 6


ROLES = ("green", "red", "nir", "swir1")


TOWN, FOREST, FIELD, SAND, RIVER = (0.10, 0.12, 0.17, 0.20), (0.05, 0.04, 0.35, 0.15), (0.10, 0.13, 0.2, 0.27), (
    0.15, 0.17, 0.22, 0.28), (0.07, 0.05, 0.03, 0.02)  # fmt: skip


def scene(date: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A date's picture and its town."""
    rng = np.random.default_rng([seed, date])
    kind = np.ones(SHAPE, int)
    for k in range(6):
        # Every field lies bare on one date in three.
        if (k + date) % 3 == 0:
            kind[5 + 14 * k : 15 + 14 * k, 5:25] = 2
    river = 70 + 4 * date
    kind[:, river : river + 8] = 4
    kind[:, river - 4 : river] = 3
    town = np.zeros(SHAPE, bool)
    town[20:60, 40 : 46 + 3 * date] = True
    kind[town] = 0
    image = np.array([TOWN, FOREST, FIELD, SAND, RIVER])[kind].transpose(2, 0, 1)
    return (image * rng.normal(1, 0.04, image.shape)).astype(np.float32), town


def found(
    count: int = DATES, lost: dict[int, slice] | None = None, blue: Container[int] = (), dense: bool = False
) -> list[Footprint]:
    method = footprint_method(Facts(PIXEL_M, ROLES, count))
    assert method is not None
    dates = []
    for k in range(count):
        image, town = scene(k)
        if k in blue:
            image[:, town] = np.array(RIVER, np.float32)[:, None]
        if lost and k in lost:
            image[:, :, lost[k]] = np.nan
        levels = method.apply(image, Window(0, 0, *SHAPE), model=method.fit(image[None]))
        dates.append(([(0, 0, levels)], []))
    grid = Grid("EPSG:32633", Affine(PIXEL_M, 0, 500_000, 0, -PIXEL_M, 5_000_000), SHAPE)
    return outlines(dates, grid, lasts=True, dense=dense)


def test_by_lasting_finds_only_the_town_and_it_grows() -> None:
    for k, one in enumerate(found()):
        _, town = scene(k)
        # What came between the last two looks nobody confirms: it is in the greatest alone.
        true = (town if k < DATES - 1 else scene(k - 1)[1]).sum() * PIXEL_M**2
        assert one.geometry.area == pytest.approx(true, rel=0.04)
        assert one.geometry.difference(shapely.box(501_200, 4_998_200, 502_000, 4_999_400)).area < 0.02 * true
        assert one.least.area <= one.geometry.area <= one.greatest.area
    assert one.greatest.area > scene(DATES - 1)[1].sum() * PIXEL_M**2


def test_a_town_as_blue_as_water_on_few_looks_stays() -> None:
    # Of seven looks two show the whole town as water; what it grew by until then the next ones tell.
    whole, doubted, believed = found(7), found(7, blue={3, 6}, dense=True), found(7, blue={3, 6})
    for one, other in zip(doubted, whole, strict=True):
        assert one.geometry.difference(other.geometry).area < 0.02 * other.geometry.area
        assert one.geometry.area > 0.75 * other.geometry.area
    assert believed[3].geometry.area < 0.1 * whole[3].geometry.area
    assert doubted[3].least.area < 0.1 * whole[3].least.area, "a doubted look is sure of nothing"


def test_by_lasting_shows_unseen_ground_as_the_date_before() -> None:
    whole, cut = found(), found(lost={2: slice(40, 60)})
    assert cut[2].geometry.symmetric_difference(whole[1].geometry).area < 0.02 * whole[1].geometry.area
    assert cut[2].least.area < 0.6 * whole[2].least.area


def test_why_not_says_what_is_missing_in_coarse_pixels() -> None:
    assert needs_lasting(Facts(10.0, ROLES, 5))
    assert why_not(Facts(10.0, ROLES, 5)) == ""
    assert "3 dates" in why_not(Facts(10.0, ROLES, 2))
    assert "nir" in why_not(Facts(10.0, ("red", "green", "blue"), 5))
    assert f"{COARSEST_LASTING_M:g} m" in why_not(Facts(250.0, ROLES, 5))


def test_by_lasting_on_a_real_town(real_data: Path) -> None:
    method = footprint_method(Facts(89.3, ("swir1", "nir", "red", "green"), 8))
    assert method is not None
    dates = []
    for path in sorted((real_data / "pucallpa").glob("*.tif")):
        with rasterio.open(path) as source:
            raw = source.read().astype(np.float32)
        image = np.where(raw == 0, np.nan, raw)
        levels = method.apply(image, Window(0, 0, *image.shape[1:]), model=method.fit(image[None]))
        dates.append(([(0, 0, levels)], []))
    grid = Grid("EPSG:32718", Affine(89.3, 0, 500_000, 0, -89.3, 9_080_000), image.shape[1:])
    series = outlines(dates, grid, lasts=True)
    area = [one.geometry.area / 1e6 for one in series]
    assert 5 < area[0] < 20
    assert 2.5 * area[0] < area[-1] < 60
    # The town of 2020 lies in one place; clearings and sandbanks would be all over.
    town = shapely.box(500_000 + 89.3 * 80, 9_080_000 - 89.3 * 190, 500_000 + 89.3 * 260, 9_080_000 - 89.3 * 60)
    assert series[-1].geometry.intersection(town).area > 0.85 * series[-1].geometry.area
