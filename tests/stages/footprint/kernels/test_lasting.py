"""Bare ground that stays bare."""

from __future__ import annotations

import numpy as np
from affine import Affine

from changedet.blocks import Window
from changedet.grid import Grid
from changedet.stages.footprint.kernels import closing, lasting
from changedet.stages.footprint.outlines import Footprint, outlines
from changedet.stages.footprint.stage import footprint_method
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


def test_confirmed_counts_made_land_and_no_sandbank() -> None:
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


def test_confirmed_needs_another_date() -> None:
    own = np.array([[0, 3, closing.UNKNOWN]], np.uint8)
    history = lasting.History((1, 3))
    dry = np.zeros((1, 3), bool)
    told = lasting.confirmed(own, history.grades(), history.made_land(), None, dry)
    assert told.tolist() == [[0, 1, closing.UNKNOWN]]


def test_generalised_drops_single_pixels_and_keeps_steps_nested() -> None:
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
