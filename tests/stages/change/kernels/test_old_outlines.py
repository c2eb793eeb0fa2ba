"""Outlines that the reference shows already: a field at the picture's edge has no other, a pad on grass has its own."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.kernels import components
from changedet.stages.change.kernels.mark_rims import rim_halo_px
from changedet.stages.change.kernels.movers import GROUND, MEADOW
from changedet.stages.change.kernels.old_outlines import outline_figures, outlined_before, ripened_at_most

GSD_M = 0.5
HALO = rim_halo_px(GSD_M)
SIDE = 120
FIELD = np.s_[40:80, 40:80]
EVEN = 128


def shown(date=20, before=20, net=0, kind=MEADOW):
    """Classes and levels of a scene whose field lies so far above the ground around on either date."""
    standing = np.full((7, SIDE, SIDE), EVEN, np.uint8)
    standing[0] = kind
    standing[(slice(1, 5), *FIELD)] = EVEN + date
    standing[(slice(5, 7), *FIELD)] = EVEN + date - before
    steps = np.full((SIDE, SIDE), EVEN - 40, np.uint8)
    steps[FIELD] = EVEN + net
    return standing, steps


def turned(colours, infrared, net=0):
    """Of a field the levels above what is around it, on the reference and on the date, in colours and near infrared."""
    standing, steps = shown(net=net)
    standing[(slice(1, 4), *FIELD)], standing[(4, *FIELD)] = EVEN + colours[1], EVEN + infrared[1]
    standing[(5, *FIELD)], standing[(6, *FIELD)] = (EVEN + now - before for before, now in (colours, infrared))
    return standing, steps


def marked(where=FIELD):
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[where] = 1
    return mask


def dropped(mask, standing, steps, boxes=None, rule=outlined_before):
    core = np.s_[HALO:-HALO, HALO:-HALO]
    none = np.zeros(mask[core].shape, np.uint8)
    figures = outline_figures(mask, standing, steps, none if boxes is None else boxes[core], GSD_M)
    found = components.describe_tile(components.label(mask[core]), (0, 0), SIDE, figures)
    return rule(found.areas, found.sums, GSD_M).tolist()


@pytest.mark.parametrize("before", [22, -22, 40])
def test_a_field_that_differs_no_more_from_what_lies_around_is_dropped(before):
    assert dropped(marked(), *shown(20, before)) == [True]


def test_part_of_a_field_is_dropped_too():
    part = marked(np.s_[40:80, 40:65])
    assert dropped(part, *shown(20, 22)) == [True]


@pytest.mark.parametrize(
    "other",
    [
        {"before": 0},  # its outline is new
        {"before": 15},  # or stands out more than it did
        {"before": 60},  # something is gone
        {"before": 22, "net": 30},  # something was built on the old plot
        {"before": 22, "kind": GROUND},  # there are no plants that could have changed
    ],
)
def test_what_was_built_or_is_gone_is_kept(other):
    assert dropped(marked(), *shown(**other)) == [False]


@pytest.mark.parametrize(("deep", "expected"), [(40, False), (4, True)])
def test_a_clearing_has_no_outline_among_crowns_and_their_shade(deep, expected):
    standing, steps = shown(net=8)
    crowns = np.random.default_rng(5).integers(0, 2, (12, 12), np.uint8)
    wood = EVEN - deep + 2 * deep * np.kron(crowns, np.ones((10, 10), np.uint8)).astype(np.int16)
    wood[FIELD] += 10 if deep > 4 else 20  # a crop differs from what lies around it
    cleared = wood.copy()
    cleared[FIELD] = EVEN + 8
    standing[1:5] = cleared
    standing[(4, *FIELD)] -= 24  # plants were lost
    standing[5], standing[6] = (EVEN + band - wood for band in (cleared, standing[4].astype(np.int16)))
    assert dropped(marked(), standing, steps) == [expected]


@pytest.mark.parametrize(
    ("crop", "expected"),
    [
        ({"colours": (-10, 0), "infrared": (12, 0)}, True),  # as pale as what lies around
        ({"colours": (-8, 12), "infrared": (9, 12)}, True),  # paler than that
        ({"colours": (-8, 12), "infrared": (9, 12), "net": 20}, False),  # a whole plot that was stripped
        ({"colours": (-10, 0), "infrared": (12, 0), "net": 20}, True),
        ({"colours": (-10, 0), "infrared": (-12, 0)}, False),  # no plants were there: what stood there is gone
        ({"colours": (-8, 12), "infrared": (4, 12)}, False),  # hardly any were lost
        ({"colours": (-6, 20), "infrared": (10, 4)}, False),  # it stands out far more than it did
        ({"colours": (0, 12), "infrared": (0, -12)}, False),  # its outline is new: soil that was stripped
        ({"colours": (-8, 12), "infrared": (9, 12), "net": 30}, False),  # something was built on the old plot
    ],
)
def test_a_crop_that_turned_pale_is_dropped(crop, expected):
    assert dropped(marked(), *turned(**crop)) == [expected]


@pytest.mark.parametrize(
    ("crop", "expected"),
    [
        ({"colours": (-8, 12), "infrared": (9, 12), "net": 20}, True),  # a whole plot: stripped, or a ripe crop
        ({"colours": (-8, 12), "infrared": (9, 12), "net": 30}, False),  # something was built on the old plot
        ({"colours": (-6, 20), "infrared": (10, 4)}, False),  # it stands out far more than it did
        ({"colours": (0, 12), "infrared": (0, -12)}, False),  # all of its outline is new
        ({"colours": (-10, 0), "infrared": (-12, 0)}, False),  # no plants were lost
    ],
)
def test_a_crop_that_ripened_at_most_wants_another_look(crop, expected):
    assert dropped(marked(), *turned(**crop), rule=ripened_at_most) == [expected]


@pytest.mark.parametrize(("sides", "expected"), [(1, True), (2, False)])
def test_patches_of_a_crop_have_some_new_outline(sides, expected):
    """Where the same crop lies beyond the mark and is as green as it was, the edge of what ripened is new."""
    standing, steps = turned((-10, 0), (12, 0))
    for beyond in (np.s_[40:80, 80:], np.s_[80:, 40:80])[:sides]:
        standing[(slice(1, 4), *beyond)], standing[(4, *beyond)] = EVEN - 10, EVEN + 12
    assert dropped(marked(), standing, steps) == [False]
    assert dropped(marked(), standing, steps, rule=ripened_at_most) == [expected]


def test_beyond_the_pictures_edge_nothing_is_compared():
    """The rest of the rim tells; of a mark whose rim is nowhere seen nothing is known."""
    mask = marked()
    mask[:, 70:] = 255
    assert dropped(mask, *shown(20, 22)) == [True]
    mask[:40], mask[80:], mask[:, :40] = 255, 255, 255
    assert dropped(mask, *shown(20, 22)) == [False]


def test_small_marks_and_those_of_boxes_are_kept():
    assert dropped(marked(np.s_[40:52, 40:52]), *shown(20, 22)) == [False]
    boxes = np.zeros((SIDE, SIDE), np.uint8)
    boxes[60, 60] = 1
    assert dropped(marked(), *shown(20, 22), boxes) == [False]


def test_figures_do_not_depend_on_the_block():
    rng = np.random.default_rng(3)
    mask = marked()
    mask[70:90, 60:100] = 1
    standing = rng.integers(1, 250, (7, SIDE, SIDE)).astype(np.uint8)
    steps = rng.integers(1, 250, (SIDE, SIDE)).astype(np.uint8)
    boxes = np.zeros((SIDE - 2 * HALO, SIDE - 2 * HALO), np.uint8)
    whole = np.stack(outline_figures(mask, standing, steps, boxes, GSD_M))
    part = np.stack(outline_figures(mask[9:, 31:], standing[:, 9:, 31:], steps[9:, 31:], boxes[9:, 31:], GSD_M))
    np.testing.assert_array_equal(whole[:, 9:, 31:], part)
    assert whole[0].sum() > 100
