"""Rims of marks: part of a field that changed alike all around has no outline, a pad and what the network sees have."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.kernels import components
from changedet.stages.change.kernels.mark_rims import left_places, rim_figures, rim_halo_px, without_outline
from changedet.stages.change.kernels.movers import NOTHING, UNKNOWN

GSD_M = 0.5
HALO = rim_halo_px(GSD_M)
SIDE = 120
MARK = np.s_[40:80, 40:80]
FIELD = 128 + 20
"""Levels of ground that became brighter."""
EVEN = 128


def ground(inside=(FIELD, FIELD), outside=(FIELD, FIELD), net=(EVEN + 16, EVEN)):
    """Classes and changes of a scene, and steps of the network, with a mark whose ground differs from the rest."""
    standing = np.full((7, SIDE, SIDE), NOTHING, np.uint8)
    for band, (within, beyond) in zip((-2, -1), zip(inside, outside, strict=True), strict=True):
        standing[band] = beyond
        standing[(band, *MARK)] = within
    steps = np.full((SIDE, SIDE), net[1], np.uint8)
    steps[MARK] = net[0]
    return standing, steps


def marked(where=MARK):
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[where] = 1
    return mask


def dropped(mask, standing, steps, boxes=None, gsd_m=GSD_M, rule=without_outline):
    core = np.s_[HALO:-HALO, HALO:-HALO]
    none = np.zeros(mask[core].shape, np.uint8)
    figures = rim_figures(mask, standing, steps, none if boxes is None else boxes[core], gsd_m)
    found = components.describe_tile(components.label(mask[core]), (0, 0), SIDE, figures)
    return rule(found.areas, found.sums, gsd_m).tolist()


def test_part_of_a_field_that_changed_alike_all_around_is_dropped():
    assert dropped(marked(), *ground()) == [True]


@pytest.mark.parametrize(
    "changed",
    [
        {"outside": (EVEN, EVEN)},
        {"inside": (FIELD + 6, FIELD)},
        {"inside": (FIELD, FIELD + 6)},
        {"net": (EVEN + 32, EVEN)},
        # no change of brightness inside is one that what lies around could share
        {"inside": (EVEN, EVEN + 1), "outside": (EVEN, EVEN)},
    ],
)
def test_what_has_an_outline_in_either_band_or_for_the_network_is_kept(changed):
    assert dropped(marked(), *ground(**changed)) == [False]


def test_small_marks_and_those_of_boxes_are_kept():
    assert dropped(marked(np.s_[40:52, 40:52]), *ground()) == [False]
    boxes = np.zeros((SIDE, SIDE), np.uint8)
    boxes[60, 60] = 1
    assert dropped(marked(), *ground(), boxes) == [False]


def test_a_rim_that_is_hardly_seen_tells_nothing():
    mask = marked()
    mask[80:] = 255
    mask[:, 80:] = 255
    mask[:, :40] = 255
    standing, steps = ground()
    standing[0, :40, :70] = UNKNOWN
    assert dropped(mask, standing, steps) == [False]


LORRY = np.s_[40:45, 40:70]


def lorry(on_date=0, changed=20):
    """What a lorry's place shows, in levels above what is beside it, and by how much it became darker or brighter."""
    standing, steps = ground()
    standing[1:5] = EVEN
    standing[(slice(1, 5), *LORRY)] = EVEN + on_date
    standing[-2:] = EVEN
    standing[(slice(-2, None), *LORRY)] = EVEN + changed
    return standing, steps


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ({"changed": -40}, True),
        # it stands there on the date, alone or in the place of another
        ({"on_date": 40, "changed": 40}, False),
        ({"on_date": 40, "changed": 80}, False),
        # the reference showed nothing there either
        ({"changed": 2}, False),
    ],
)
def test_the_place_that_a_thing_of_the_reference_left_is_dropped(shown, expected):
    assert dropped(marked(LORRY), *lorry(**shown), rule=left_places) == [expected]


def test_a_wide_place_that_was_left_is_kept_and_so_is_that_of_a_box():
    standing, steps = lorry(changed=-40)
    standing[(slice(-2, None), *MARK)] = EVEN - 40
    assert dropped(marked(), standing, steps, rule=left_places) == [False]
    assert dropped(marked(LORRY), *lorry(changed=-40), marked(LORRY), rule=left_places) == [False]


def test_figures_do_not_depend_on_the_block():
    rng = np.random.default_rng(3)
    mask = marked()
    mask[70:90, 60:100] = 1
    standing = rng.integers(1, 250, (7, SIDE, SIDE)).astype(np.uint8)
    steps = rng.integers(1, 250, (SIDE, SIDE)).astype(np.uint8)
    boxes = np.zeros((SIDE - 2 * HALO, SIDE - 2 * HALO), np.uint8)
    whole = np.stack(rim_figures(mask, standing, steps, boxes, GSD_M))
    part = np.stack(rim_figures(mask[9:, 31:], standing[:, 9:, 31:], steps[9:, 31:], boxes[9:, 31:], GSD_M))
    np.testing.assert_array_equal(whole[:, 9:, 31:], part)
    assert whole[0].sum() > 100
