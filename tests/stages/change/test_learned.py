"""What the trees find on simulated pairs, and what they leave."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from change_pairs import simulated

from changedet.errors import MethodError
from changedet.kernels.components import drop_small_components
from changedet.stages.change.kernels import (
    trees,
    trees_statistics,
)
from changedet.stages.change.stage import STAGE as CHANGE
from changedet.stages.registry import Facts

RGBN = ("blue", "green", "red", "nir")


def marked(before, after, roles=RGBN, gsd_m=0.5, panchromatic=False, **parameters):
    method = CHANGE.get("trees")
    made = method.function(Facts(gsd_m, roles, panchromatic=panchromatic), **method.resolve(parameters))
    model = made.fit(before[None], after[None])
    score = made.apply(before, after, model=model)
    least_px = int(np.ceil(model.min_area_m2 / gsd_m**2))
    return drop_small_components((score > model.threshold).astype(np.uint8), least_px) == 1


def wider(mask):
    return cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) == 1


def f1(mask, truth):
    judged = truth != 255
    mask, truth = mask & judged, truth == 1
    precision = (mask & wider(truth)).sum() / max(1, mask.sum())
    recall = (truth & wider(mask)).sum() / max(1, truth.sum())
    return 2 * precision * recall / max(precision + recall, 1e-9)


@pytest.mark.parametrize(("kind", "seed", "least"), [("growth", 47013, 0.7), ("trains", 47011, 0.6)])
def test_trees_find_what_changed(kind, seed, least):
    before, after, truth = simulated(kind, seed)
    assert (truth == 1).mean() > 0.002
    assert f1(marked(before, after), truth) > least


@pytest.mark.parametrize(("roles", "least"), [(RGBN, 0.65), (RGBN[:3], 0.45)])
def test_trees_find_a_planted_object_and_nothing_else(roles, least):
    before, after, truth = simulated("quiet", 47020)
    planted = np.zeros(truth.shape, bool)
    planted[140:150, 100:124] = True
    after[:, planted] = np.array([700, 900, 2900, 2600], np.float32)[:, None]
    mask = marked(before[: len(roles)], after[: len(roles)], roles)
    assert mask[planted].mean() > least
    assert (mask & ~wider(planted | (truth == 1))).mean() < 0.001


def test_in_grey_the_network_counts_for_more_than_the_trees():
    before, after, truth = simulated("growth", 47030)
    before, after = (np.repeat(image[:3].mean(axis=0, keepdims=True), 3, axis=0) for image in (before, after))
    as_colours, in_grey = (f1(marked(before, after, RGBN[:3], panchromatic=grey), truth) for grey in (False, True))
    assert in_grey > as_colours + 0.2


@pytest.mark.parametrize("days", [30, 180])
def test_trees_leave_a_quiet_site_whatever_the_season(days):
    for seed in (47030, 47031):
        before, after, truth = simulated("quiet", seed, days)
        assert (marked(before, after) & ~wider(truth == 1)).mean() < 0.001


def test_trees_leave_a_displacement():
    before, after, truth = simulated("quiet", 47040)
    moved = cv2.warpAffine(after.transpose(1, 2, 0), np.array([[1, 0, 0.6], [0, 1, -0.3]]), (300, 300), borderMode=1)
    mask = marked(before, np.ascontiguousarray(moved.transpose(2, 0, 1)))
    assert (mask & ~wider(truth == 1)).mean() < 0.001


def test_trees_give_the_same_bits_in_strips_and_windows():
    before, after, _ = simulated("port", 47050)
    before[:, 90:97, 40:200] = np.nan
    method = CHANGE.get("trees")
    made = method.function(Facts(0.5, RGBN), **method.resolve({}))
    model = made.fit(before[None], after[None])
    whole = made.apply(before, after, model=model)
    assert before.shape[1] > trees.STRIP_PX
    halo = made.halo_px
    for y, x, size in ((halo, halo, 60), (halo + 80, halo + 24, 83)):
        part = (slice(None), slice(y - halo, y + size + halo), slice(x - halo, x + size + halo))
        inner = made.apply(before[part], after[part], model=model)[halo : halo + size, halo : halo + size]
        np.testing.assert_array_equal(inner, whole[y : y + size, x : x + size])
    np.testing.assert_array_equal(np.isnan(whole), np.isnan(before[0]))
    assert np.nanmin(whole) >= 0
    assert np.nanmax(whole) <= 1


def test_in_a_halo_that_the_network_alone_needs_nothing_is_scored():
    before, after, _ = simulated("port", 47050)
    method = CHANGE.get("trees")
    made = method.function(Facts(0.5, RGBN[:3]), **method.resolve({}))
    model = made.fit(before[None, :3], after[None, :3])
    (whole, odds), (core, same) = (made.apply_apart(before[:3], after[:3], model=model, halo_px=n) for n in (0, 128))
    assert made.halo_px == 128
    np.testing.assert_array_equal(same, odds)
    np.testing.assert_array_equal(core[128:-128, 128:-128], whole[128:-128, 128:-128])
    assert np.isnan(core[:60]).all()


def test_trees_have_thresholds_by_resolution_or_as_given():
    known = [[0.3, 0.8], [0.5, 0.6], [1.0, 0.7]]
    assert trees_statistics.by_resolution(0.5, known) == pytest.approx(0.6)
    assert trees_statistics.by_resolution(2**-0.5, known) == pytest.approx(0.65)
    assert trees_statistics.by_resolution(0.1, known) == 0.8
    before, after, _ = simulated("growth", 47060)
    assert marked(before, after, threshold=0.2).sum() >= marked(before, after, threshold=0.9).sum() > 0


@pytest.mark.parametrize(("roles", "gsd_m", "least"), [(4, 0.5, 4.0), (3, 0.5, 8.0), (4, 1.3, 3 * 1.3**2)])
def test_trees_keep_half_hidden_boxes_with_near_infrared(roles, gsd_m, least):
    method = CHANGE.get("trees")
    made = method.function(Facts(gsd_m, ("blue", "green", "red", "nir")[:roles]), **method.resolve({}))
    assert made.min_area_m2 == pytest.approx(least)


def test_trees_refuse_scenes_without_colour():
    with pytest.raises(MethodError, match="blue, green, red"):
        CHANGE.get("trees").function(Facts(0.5, ("pan",)))
