"""Footprints in pixels too coarse for a yard: a town that grows beside fields that turn and a river that wanders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine

from changedet.blocks import Window
from changedet.grid import Grid
from changedet.stages.footprint.kernels import closing, lasting
from changedet.stages.footprint.outlines import Footprint, outlines
from changedet.stages.footprint.stage import COARSEST_LASTING_M, footprint_method, needs_lasting, why_not
from changedet.stages.registry import Facts

ROLES = ("green", "red", "nir", "swir1")
TOWN, FOREST, FIELD, SAND, RIVER = (0.10, 0.12, 0.17, 0.20), (0.05, 0.04, 0.35, 0.15), (0.10, 0.13, 0.2, 0.27), (
    0.15, 0.17, 0.22, 0.28), (0.07, 0.05, 0.03, 0.02)  # fmt: skip
SHAPE, PIXEL_M, DATES = (90, 110), 30.0, 6


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


def found(count: int = DATES, lost: dict[int, slice] | None = None) -> list[Footprint]:
    method = footprint_method(Facts(PIXEL_M, ROLES, count))
    assert method is not None
    dates = []
    for k in range(count):
        image, _ = scene(k)
        if lost and k in lost:
            image[:, :, lost[k]] = np.nan
        levels = method.apply(image, Window(0, 0, *SHAPE), model=method.fit(image[None]))
        dates.append(([(0, 0, levels)], []))
    grid = Grid("EPSG:32633", Affine(PIXEL_M, 0, 500_000, 0, -PIXEL_M, 5_000_000), SHAPE)
    return outlines(dates, grid, lasts=True)


def test_only_the_town_is_found_and_it_grows() -> None:
    for k, one in enumerate(found()):
        _, town = scene(k)
        # What came between the last two looks nobody confirms: it is in the greatest alone.
        true = (town if k < DATES - 1 else scene(k - 1)[1]).sum() * PIXEL_M**2
        assert one.geometry.area == pytest.approx(true, rel=0.04)
        assert one.geometry.difference(shapely.box(501_200, 4_998_200, 502_000, 4_999_400)).area < 0.02 * true
        assert one.least.area <= one.geometry.area <= one.greatest.area
    assert one.greatest.area > scene(DATES - 1)[1].sum() * PIXEL_M**2


def test_what_a_date_does_not_see_is_as_the_look_before_shows_it() -> None:
    whole, cut = found(), found(lost={2: slice(40, 60)})
    assert cut[2].geometry.symmetric_difference(whole[1].geometry).area < 0.02 * whole[1].geometry.area
    assert cut[2].least.area < 0.6 * whole[2].least.area


def test_made_land_counts_once_enough_looks_show_it_and_a_sandbank_does_not() -> None:
    water, built = closing.KIND_STEP * lasting.WATER, 3
    series = {"made land": [water, built, built, built, built], "sandbank": [water, built, 0, water, built]}
    for name, column in series.items():
        history = lasting.History((1, 1))
        after = []
        for value in reversed(column):
            after.append((history.grades(), history.made_land()))
            history.add(np.array([[value % closing.KIND_STEP]], np.uint8))
        before, wet, told = None, np.zeros((1, 1), bool), []
        for value, (grades, made) in zip(column, reversed(after), strict=True):
            own = np.array([[value % closing.KIND_STEP]], np.uint8)
            told.append(int(lasting.confirmed(own, grades, made, before, wet)[0, 0]))
            wet |= value >= closing.KIND_STEP
            before = own
        assert (max(told) >= 2) == (name == "made land")


def test_one_look_alone_confirms_nothing_and_no_look_is_unknown() -> None:
    own = np.array([[0, 3, closing.UNKNOWN]], np.uint8)
    history = lasting.History((1, 3))
    dry = np.zeros((1, 3), bool)
    told = lasting.confirmed(own, history.grades(), history.made_land(), None, dry)
    assert told.tolist() == [[0, 1, closing.UNKNOWN]]


def test_when_there_is_none_the_reason_says_what_is_missing() -> None:
    assert needs_lasting(Facts(10.0, ROLES, 5))
    assert why_not(Facts(10.0, ROLES, 5)) == ""
    assert "3 dates" in why_not(Facts(10.0, ROLES, 2))
    assert "nir" in why_not(Facts(10.0, ("red", "green", "blue"), 5))
    assert f"{COARSEST_LASTING_M:g} m" in why_not(Facts(250.0, ROLES, 5))


def test_a_real_town_grows_between_river_and_clearings(real_data: Path) -> None:
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


def test_single_pixels_are_noise_and_steps_stay_nested() -> None:
    rng = np.random.default_rng(2)
    own = (rng.random((80, 90)) < 0.1).astype(np.uint8) * 3
    own[20:50, 30:60] = 2
    own[30:40, 40:50] = 3
    own[33, 44] = 0
    own[:5] = closing.UNKNOWN
    found = lasting.generalised(own)
    assert (found[:5] == closing.UNKNOWN).all()
    assert (found[21:49, 31:59] >= 2).all()
    assert (found[31:39, 41:49] == 3).all()
    assert (found[55:] > 0).mean() < 0.01
    again = lasting.generalised(found)
    assert (again == found).mean() > 0.995
