"""Ground by all dates and its surroundings: features against plain loops, what is outvoted."""

from __future__ import annotations

import numpy as np
import pytest
from ground_codes import VALUES, codes_of, random_series, yard

from changedet.stages.footprint.kernels import cell_codes, closing, surroundings

BESIDE = (slice(90, 120), slice(0, 130))


INSIDE = (slice(36, 74), slice(36, 84))


def levels_of(probabilities, trees, boxes=None, cell_m=1.0):
    codes = np.stack([codes_of(one) for one in probabilities])
    boxes = np.zeros(codes.shape, bool) if boxes is None else boxes
    inner = tuple(slice(0, size) for size in codes.shape[1:])
    return np.stack([levels for levels, _ in surroundings.series_levels(codes, boxes, inner, trees, cell_m)])


def series(*built):
    return [yard(one, seed=k) for k, one in enumerate(built)]


def test_features_equal_plain_loops():
    codes, boxes = random_series(1)
    seen = (codes != cell_codes.UNKNOWN) & (codes != cell_codes.OUTSIDE)
    y, x, t = 20, 21, 1
    codes[[0, 1], y, x] = 30, 90
    codes[2:, y, x] = cell_codes.UNKNOWN, 200
    seen[:, y, x] = [True, True, False, True]
    table = list(surroundings.features(codes, boxes, 1.0, True))[t]
    found = dict(zip(surroundings.NAMES, table[:, y, x], strict=True))
    built, earthwork = VALUES.built[codes].astype(float), VALUES.earthwork[codes].astype(float)
    own = built[[0, 1, 3], y, x]
    assert (found["built"], found["before"], found["after"]) == (own[1], own[0], own[2])
    assert (found["earlier"], found["later"]) == (own[0], own[2])
    assert (found["least"], found["greatest"], found["median"]) == (own.min(), own.max(), np.median(own))
    assert found["mean"] == np.rint(own.mean())
    part = (slice(y - 5, y + 6), slice(x - 5, x + 6))
    near = built[t][part][seen[t][part]]
    assert found["built_5"] == pytest.approx(near.mean(), rel=1e-5)
    assert found["rough_5"] == pytest.approx(near.std(), rel=1e-3)
    wide = (slice(y - 15, y + 16), slice(x - 15, x + 16))
    assert found["earthwork_15"] == pytest.approx(earthwork[t][wide][seen[t][wide]].mean(), rel=1e-4)
    assert found["box_15"] == pytest.approx(boxes[t][wide].mean(), rel=1e-5)
    with np.errstate(invalid="ignore"):
        mean = np.rint(np.where(seen, built, 0).sum(0) / seen.sum(0))
    assert found["mean_15"] == pytest.approx(np.nanmean(mean[wide]), rel=1e-4)
    open_ground = np.argwhere(mean < 0)
    assert found["width"] == min(np.abs(open_ground - [y, x]).max(axis=1).min(), 15)
    assert (found["clear"], found["dates"], found["nir"]) == (0.75, 4, 1)
    assert np.isnan(table[surroundings.NAMES.index("mean"), 7, 9])


def test_features_of_one_date_have_no_neighbours_in_time():
    codes, boxes = random_series(2, (1, 30, 30))
    (table,) = surroundings.features(codes, boxes, 1.0, False)
    found = dict(zip(surroundings.NAMES, table[:, 15, 15], strict=True))
    assert all(np.isnan(found[name]) for name in ("before", "after", "earlier", "later_5", "later_building"))
    assert found["mean"] == found["median"] == found["built"] or np.isnan(found["built"])


def test_series_levels_outvote_one_date_and_not_growth(trees):
    alone = levels_of(series(0.3), trees)
    assert (alone[0][INSIDE] >= 2).mean() < 0.05
    blink = levels_of(series(0.97, 0.97, 0.3, 0.97, 0.97), trees)
    assert (blink[2][INSIDE] >= 2).mean() > 0.6, "most of what that date alone would not show"
    flash = levels_of(series(0.02, 0.02, 0.97, 0.02, 0.02), trees)
    assert (flash[2][INSIDE] >= 2).mean() < 0.05
    grown = levels_of(series(0.02, 0.02, 0.02, 0.99, 0.99, 0.99), trees)
    assert (grown[2][INSIDE] >= 2).mean() < 0.05
    assert (grown[3:, *INSIDE] >= 2).mean() > 0.95
    assert all((one[:, *BESIDE] == 0).mean() > 0.95 for one in (blink, flash, grown))


def test_series_levels_of_a_single_date_go_by_its_surroundings(trees):
    shown = yard()
    shown[50:53, 50:53] = 0.3
    alone = levels_of([shown], trees)[0]
    assert (alone[INSIDE] >= 2).mean() > 0.98
    assert (alone[BESIDE] == 0).mean() > 0.95


def test_series_levels_are_unknown_where_no_date_sees_and_boxes_stay(trees):
    first = yard()
    first[:20, :20] = np.nan
    boxes = np.zeros((2, *first.shape), bool)
    boxes[0, 40:43, 40:52] = True
    found = levels_of([first, first], trees, boxes)
    assert (found[:, :20, :20] == closing.UNKNOWN).all()
    assert (found[:, 20:] != closing.UNKNOWN).all()
    assert (found[0, 40:43, 40:52] == closing.STORED).all()
    assert not (found[1] == closing.STORED).any()


def test_kinds_are_of_a_cell_and_those_around_it():
    record = {"kinds": {"earthwork": 0.5, "building": 0.5}}
    trees = surroundings.SeriesTrees((), record, True)
    found = {name: np.zeros((40, 40), np.float32) for name in ("earthwork", "building")}
    found["earthwork"][5, 5] = found["building"][5, 30] = 1.0
    found["earthwork"][10:20, 5:25] = found["building"][10:20, 15:25] = 1.0
    found["earthwork"][14, 9] = 0.0
    found["building"][30:36, 5:11] = np.nan
    kinds = surroundings.kinds(found, trees)
    assert (kinds[5, 5], kinds[5, 30]) == (1, 1)
    assert (kinds[14, 9], kinds[15, 20], kinds[25, 30]) == (3, 2, 1)
    assert set(np.unique(kinds[28:])) == {1}
