"""Places of boxes whose tops the views displace."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.tracks.kernels.boxes import Boxes
from changedet.stages.tracks.kernels.places import BOX_HEIGHT, find_places, sense_of_views

LEAN = np.array([(-0.8, -0.7), (0.0, 0.2), (0.9, -0.7), (0.2, 0.0), (0.1, -0.1)])
"""Metres east and north by which five looks displace the top of one box: two of them from 22 degrees off nadir."""
OPPOSED = -LEAN
"""With azimuths that point to the sensor."""


USUAL = (0.5, 0.3, 0.2)
"""Shares of stacks of one, two and three boxes."""


def stacks(
    seed: int = 2, shares: tuple[float, ...] = USUAL, lean: np.ndarray = LEAN
) -> tuple[Boxes, np.ndarray, np.ndarray]:
    """Rows of long boxes on stacks of one and more, seen on all looks, with their dates and true places."""
    rng = np.random.default_rng(seed)
    feet = np.array([(2.7 * column, 14.0 * row) for row in range(6) for column in range(12)])
    tiers = rng.choice(np.arange(1, len(shares) + 1), len(feet), p=shares)
    colours = rng.uniform(40, 220, (len(feet), 3))
    place, date = (part.ravel() for part in np.indices((len(feet), len(lean))))
    n = len(place)
    xy = feet[place] + tiers[place, None] * lean[date] + rng.normal(0, 0.12, (n, 2))
    rgb = colours[place] + rng.normal(0, 6, (n, 3))
    columns = (np.full(n, 12.2), np.zeros(n), rgb, np.full(n, 0.95), np.zeros(n))
    return Boxes(xy, *columns), date, place


def whole(found: np.ndarray, true: np.ndarray) -> float:
    """The share of true places all of whose boxes are one found place."""
    return float(np.mean([len(set(found[true == k])) == 1 for k in set(true)]))


@pytest.mark.parametrize(("views", "passes"), [(LEAN, 1), (np.full(LEAN.shape, np.nan), 4)])
def test_find_places_matches_tall_stacks_by_the_views_or_by_what_the_boxes_show_of_them(views, passes) -> None:
    boxes, date, place = stacks()
    found = find_places(boxes, date, views, 2.0, passes)
    assert whole(found.place, place) > 0.95
    if np.isfinite(views).all():
        # Tops that change between two looks of one side are displaced alike: no date's displacement is taken out.
        np.testing.assert_array_equal(found.displacement, views)
    else:
        apart, learnt = (part - part.mean(0) for part in (LEAN, found.displacement / BOX_HEIGHT))
        np.testing.assert_allclose(learnt, apart, atol=0.15)


@pytest.mark.parametrize(
    "views", [OPPOSED, LEAN[:, ::-1] * [1, -1], np.where(np.arange(5)[:, None] == 2, np.nan, LEAN)]
)
def test_find_places_leaves_out_views_that_the_boxes_contradict_or_that_are_not_all_known(views: np.ndarray) -> None:
    boxes, date, _ = stacks()
    unknown = find_places(boxes, date, np.full(LEAN.shape, np.nan), 2.0, 4)
    found = find_places(boxes, date, views, 2.0, 4)
    np.testing.assert_array_equal(found.place, unknown.place)
    assert sense_of_views(boxes, date, views, 2.0) == (-1 if views is OPPOSED else 0)
    assert sense_of_views(boxes, date, LEAN, 2.0) == 1


def test_find_places_takes_views_from_straight_above_for_unknown() -> None:
    boxes, date, _ = stacks()
    flat = find_places(boxes, date, LEAN / 10, 2.0, 4)
    unknown = find_places(boxes, date, np.full(LEAN.shape, np.nan), 2.0, 4)
    np.testing.assert_array_equal(flat.place, unknown.place)


@pytest.mark.parametrize("shares", [(0.45, 0.3, 0.13, 0.12), (0.2, 0.2, 0.2, 0.2, 0.2)])
@pytest.mark.parametrize("seed", [2, 3])
def test_find_places_keeps_stacks_that_lean_by_more_than_a_row(shares: tuple[float, ...], seed: int) -> None:
    # Stacks of four or five lie 2.5 m and more from where the usual ones are, of a row of 2.7 m.
    boxes, date, place = stacks(seed, shares)
    found = find_places(boxes, date, LEAN, 2.0, 4)
    assert whole(found.place, place) > 0.98
    shift, lean = (values[[0, 2]] - values[4] for values in (found.shift, LEAN))
    levels = -(shift * lean).sum(1) / (lean**2).sum(1)
    assert abs(levels[0] - levels[1]) < 0.3, "both oblique looks are aligned by stacks of one height"


@pytest.mark.parametrize("seed", [2, 5])
def test_find_places_matches_boxes_of_oblique_looks_on_their_bases(seed: int) -> None:
    # From 23 degrees on three sides stacks of five lie two rows and more from where a look from above has them.
    lean = np.array([(1.2, 0.0), (0.0, 0.1), (-1.1, 0.4), (0.5, 0.9)])
    boxes, date, place = stacks(seed, (0.2,) * 5, lean)
    found = find_places(boxes, date, lean, 2.0, 4)
    assert whole(found.place, place) > 0.82
