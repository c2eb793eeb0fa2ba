"""Ground by all dates and its surroundings: codes, features against plain loops, blocks, what is outvoted."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from affine import Affine
from scipy.ndimage import gaussian_filter

from changedet.grid import Grid
from changedet.stages.footprint import over_dates
from changedet.stages.footprint.kernels import cell_codes, closing, surroundings
from changedet.stages.footprint.outlines import outlines
from changedet.stages.footprint.stage import series_trees
from changedet.stages.registry import Facts

ROLES = ("blue", "green", "red", "nir")
VALUES = cell_codes.values()


def codes_of(built, building=0.02, earthwork=0.01):
    """Codes of probabilities, broadcast to each other."""
    told = {"built": built, "building": building, "earthwork": earthwork}
    told = dict(zip(told, np.broadcast_arrays(*(np.float32(v) for v in told.values())), strict=True))
    return cell_codes.codes(told, np.isfinite(told["built"]))


def random_series(seed, shape=(4, 40, 44)):
    rng = np.random.default_rng(seed)
    codes = rng.integers(1, 245, shape).astype(np.uint8)
    codes[rng.random(shape) < 0.15] = cell_codes.UNKNOWN
    codes[:, :3, :5] = cell_codes.OUTSIDE
    codes[:, 7, 9] = cell_codes.UNKNOWN
    return codes, (rng.random(shape) < 0.06) & (codes != cell_codes.UNKNOWN)


def test_a_code_stands_for_its_probabilities():
    built = np.array([0.001, 0.008, 0.05, 0.3, 0.55, 0.9, 0.999], np.float32)
    odds = np.log(built / (1 - built))
    found = VALUES.built[codes_of(built)] / cell_codes.UNIT
    assert np.abs(found - np.clip(odds, -6.2, 4.7)).max() < 0.55
    kinds = codes_of(0.5, np.array([0.05, 0.3, 0.5, 0.95]), np.array([0.6, 0.2, 0.1, 0.01]))
    assert (np.diff(VALUES.building[kinds]) > 0).all()
    assert (np.diff(VALUES.earthwork[kinds]) < 0).all()
    assert len(np.unique(VALUES.built[kinds])) == 1


def test_every_class_has_its_own_code_and_none_is_taken_for_what_is_not_seen():
    edges = (0.0, *cell_codes.LOW, cell_codes.KINDS_FROM, *cell_codes.BUILT)
    found = codes_of(
        np.array(edges)[:, None, None] + 1e-4,
        np.array((0.0, *cell_codes.BUILDING))[:, None] + 1e-4,
        np.array((0.0, *cell_codes.EARTHWORK)) + 1e-4,
    )
    low = 1 + len(cell_codes.LOW)
    assert all(len(np.unique(found[k])) == (1 if k < low else 20) for k in range(len(edges)))
    assert len(np.unique(found)) == low + 20 * (len(edges) - low)
    assert found.min() > cell_codes.OUTSIDE
    assert found.max() < cell_codes.UNKNOWN
    assert codes_of(np.float32("nan")) == cell_codes.UNKNOWN


def test_features_are_what_plain_loops_give():
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


def test_one_date_has_no_neighbours_in_time():
    codes, boxes = random_series(2, (1, 30, 30))
    (table,) = surroundings.features(codes, boxes, 1.0, False)
    found = dict(zip(surroundings.NAMES, table[:, 15, 15], strict=True))
    assert all(np.isnan(found[name]) for name in ("before", "after", "earlier", "later_5", "later_building"))
    assert found["mean"] == found["median"] == found["built"] or np.isnan(found["built"])


@pytest.fixture(scope="module")
def judge():
    return series_trees(Facts(0.5, ROLES, 4))


def yard(built=0.97, rest=0.02, shape=(120, 130), seed=0):
    """Probability of built ground: a yard of 50 by 60 cells on open ground, not quite even."""
    found = np.full(shape, rest, np.float32)
    found[30:80, 30:90] = built
    noise = gaussian_filter(np.random.default_rng([seed, int(100 * built)]).normal(size=shape), 2) * 5
    return (1 / (1 + (1 - found) / found * np.exp(-noise))).astype(np.float32)


def levels_of(probabilities, judge, boxes=None, cell_m=1.0):
    codes = np.stack([codes_of(one) for one in probabilities])
    boxes = np.zeros(codes.shape, bool) if boxes is None else boxes
    inner = tuple(slice(0, size) for size in codes.shape[1:])
    return np.stack([levels for levels, _ in surroundings.series_levels(codes, boxes, judge, cell_m, inner)])


INSIDE = (slice(36, 74), slice(36, 84))
BESIDE = (slice(90, 120), slice(0, 130))


def series(*built):
    return [yard(one, seed=k) for k, one in enumerate(built)]


def test_one_date_is_outvoted_and_growth_is_not(judge):
    alone = levels_of(series(0.3), judge)
    assert (alone[0][INSIDE] >= 2).mean() < 0.05
    blink = levels_of(series(0.97, 0.97, 0.3, 0.97, 0.97), judge)
    assert (blink[2][INSIDE] >= 2).mean() > 0.95
    flash = levels_of(series(0.02, 0.02, 0.97, 0.02, 0.02), judge)
    assert (flash[2][INSIDE] >= 2).mean() < 0.05
    grown = levels_of(series(0.02, 0.02, 0.02, 0.99, 0.99, 0.99), judge)
    assert (grown[2][INSIDE] >= 2).mean() < 0.05
    assert (grown[3:, *INSIDE] >= 2).mean() > 0.95
    assert all((one[:, *BESIDE] == 0).mean() > 0.95 for one in (blink, flash, grown))


def test_a_single_date_is_judged_by_its_surroundings(judge):
    shown = yard()
    shown[50:53, 50:53] = 0.3
    alone = levels_of([shown], judge)[0]
    assert (alone[INSIDE] >= 2).mean() > 0.98
    assert (alone[BESIDE] == 0).mean() > 0.95


def test_what_no_date_sees_is_unknown_and_boxes_stay_boxes(judge):
    first = yard()
    first[:20, :20] = np.nan
    boxes = np.zeros((2, *first.shape), bool)
    boxes[0, 40:43, 40:52] = True
    found = levels_of([first, first], judge, boxes)
    assert (found[:, :20, :20] == closing.UNKNOWN).all()
    assert (found[:, 20:] != closing.UNKNOWN).all()
    assert (found[0, 40:43, 40:52] == closing.STORED).all()
    assert not (found[1] == closing.STORED).any()


@pytest.mark.parametrize("cell_m", [0.75, 1.0])
def test_all_dates_together_do_not_depend_on_their_blocks(monkeypatch, judge, cell_m):
    rng = np.random.default_rng(3)
    shape = (3, 190, 170)
    probability = rng.beta(0.3, 0.4, (3, 19, 17)).repeat(10, 1).repeat(10, 2)
    codes = codes_of(probability, 1 - probability, rng.random(shape) ** 3)
    codes[0, 60:90, 20:150] = cell_codes.UNKNOWN
    boxes = (rng.random(shape) < 0.01).astype(np.uint8)
    boxes[codes == cell_codes.UNKNOWN] = cell_codes.UNKNOWN
    packed = [over_dates.PackedRasters.of(*one) for one in zip(codes, boxes, strict=True)]
    whole = [np.stack(one) for one in over_dates.from_codes(packed, judge, cell_m)]
    monkeypatch.setattr(over_dates, "BLOCK_CELLS", 61)
    cut = [np.stack(one) for one in over_dates.from_codes(packed, judge, cell_m)]
    assert all(np.array_equal(one, other) for one, other in zip(whole, cut, strict=True))
    assert all(len(np.unique([one[part] for one in whole])) > 2 for part in range(3))


def test_a_box_that_cloud_hides_is_still_a_box(judge):
    codes = np.stack([codes_of(yard()), np.full((120, 130), cell_codes.UNKNOWN, np.uint8)])
    boxes = np.zeros(codes.shape, np.uint8)
    boxes[0, 100:104, 100:112], boxes[1] = 1, cell_codes.UNKNOWN
    packed = [over_dates.PackedRasters.of(*one) for one in zip(codes, boxes, strict=True)]
    (_, _, _), (own, known, _) = over_dates.from_codes(packed, judge, 1.0)
    assert (known[100:104, 100:112] == closing.STORED).all()
    assert (own == closing.UNKNOWN).all()


def test_footprints_of_codes_do_not_depend_on_the_tiles_and_end_at_the_area(judge):
    codes = codes_of(yard()).repeat(2, 0).repeat(2, 1)
    # Beyond the area, which cuts the yard, and cells of the tiles' borders, nothing is told.
    codes[:, 131:] = cell_codes.OUTSIDE
    corner = Affine(0.5, 0, 500_000, 0, -0.5, 5_000_000)
    grid = Grid("EPSG:32633", corner, codes.shape, aoi=shapely.box(500_000, 4_999_880, 500_065.5, 5_000_000))
    boxes = [shapely.box(500_010, 4_999_890, 500_022, 4_999_892.5)]
    (whole,) = outlines([([(0, 0, codes)], boxes)], grid, trees=judge)
    tiles = [(y, x, codes[y : y + 91, x : x + 91]) for y in range(0, 240, 91) for x in range(0, 260, 91)]
    (cut,) = outlines([(tiles[::-1], boxes)], grid, trees=judge)
    assert cut.geometry.equals(whole.geometry)
    assert cut.greatest.equals(whole.greatest)
    assert {name: one.wkt for name, one in cut.kinds.items()} == {name: one.wkt for name, one in whole.kinds.items()}
    expected = shapely.union(shapely.box(500_030, 4_999_920, 500_065.5, 4_999_970), boxes[0])
    assert whole.geometry.intersection(expected).area / whole.geometry.union(expected).area > 0.9
    assert whole.kinds["stored"].intersection(boxes[0]).area > 0.7 * boxes[0].area
