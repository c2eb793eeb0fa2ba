"""Boxes matched to places."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from changedet.kernels.colour import hex_rgb
from changedet.stages.tracks.kernels.box_matching import match, vote_shift
from changedet.stages.tracks.kernels.boxes import Boxes
from changedet.stages.tracks.kernels.match_casts import without_cast
from scenarios import box_series as bs


def test_vote_shift_separates_a_dense_row_from_itself_moved_by_one_pitch_by_colours():
    rng = np.random.default_rng(3)
    n = 40
    xy = np.column_stack([np.arange(n) * 2.6, np.zeros(n)])
    places = Boxes(xy, np.full(n, 6.06), np.zeros(n), bs.PALETTE[rng.integers(0, 6, n)], np.ones(n), np.zeros(n))
    shift = np.array([1.4, -0.7])
    moved = places._replace(xy=xy - shift + rng.normal(0, 0.15, (n, 2)))
    assert np.abs(vote_shift(moved, places, 3.0).shift * (n + 4) / n - shift).max() < 0.15


SHOWN = (
    ("#7a6e78", "#5b535a"),
    ("#d8a27e", "#9d7465"),
    ("#88b7d9", "#697e9e"),
    ("#847a88", "#6d5453"),
    ("#ac737e", "#7d545d"),
    ("#88838a", "#655f66"),
    ("#d8d8d8", "#c4c2c4"),
    ("#bc7e88", "#875e65"),
    ("#957878", "#6d595a"),
    ("#b07683", "#82545c"),
    ("#8b7072", "#675356"),
    ("#c8848e", "#915e66"),
    ("#8e686d", "#655959"),
    ("#d8d8d8", "#c2c4c8"),
    ("#7da0c5", "#5a7190"),
    ("#d8d8d8", "#c8bfb4"),
    ("#d8bb9a", "#b48571"),
    ("#c37072", "#8c555d"),
)
"""Two rows of nine boxes on a look of dark meadows, and on the next, on which a pale yard sets the bright end."""


def rows_in(colours: Sequence[str]) -> Boxes:
    at = np.stack(np.meshgrid([0.0, 19.0], np.arange(9) * 2.8, indexing="ij"), axis=-1).reshape(-1, 2)
    ones = np.ones(len(at))
    return Boxes(at, 12.2 * ones, 90.0 * ones, hex_rgb(np.array(colours, object)), ones, 0.0 * ones)


@pytest.mark.parametrize("back", [False, True])
def test_a_look_of_half_the_light_votes_for_its_own_rows_and_not_for_the_next(back: bool) -> None:
    bright, dark = (rows_in(colours) for colours in zip(*SHOWN, strict=True))
    boxes, places = (dark, bright) if back else (bright, dark)
    found = vote_shift(boxes, places, 4.0)
    np.testing.assert_allclose(found.shift, 0.0, atol=0.05)
    assert ((found.cast < -0.4) if back else (found.cast > 0.4)).all()
    assert np.median(np.abs(without_cast(boxes.rgb, found.cast) - places.rgb)) < 16.0


def test_boxes_of_which_most_are_others_have_no_cast() -> None:
    bright = rows_in([first for first, _ in SHOWN])
    others = bright._replace(rgb=bright.rgb[np.random.default_rng(1).permutation(len(SHOWN))])
    found = vote_shift(others, bright, 1.0)
    np.testing.assert_array_equal(found.cast, np.zeros(3))
    assert without_cast(others.rgb, found.cast) is others.rgb


def test_match_takes_the_rest_of_a_box_that_something_hides_and_no_short_box():
    whole = Boxes(np.zeros((1, 2)), np.array([12.2]), np.zeros(1), np.full((1, 3), 90.0), np.ones(1), np.zeros(1))
    half = whole._replace(xy=np.array([[0.0, 3.05]]), length=np.array([6.1]))
    assert match(half, whole, 2.0).tolist() == [-1]
    assert match(half._replace(cut=np.array([7.6])), whole, 2.0).tolist() == [0]
    # What is hidden lies beyond an end: it moves no box across, and makes none shorter.
    aside = half._replace(xy=np.array([[2.6, 3.05]]), cut=np.array([7.6]))
    assert match(aside, whole, 2.0).tolist() == [-1]
    longer = whole._replace(length=np.array([6.1])), whole._replace(cut=np.array([1.5]))
    assert match(longer[1], longer[0], 2.0).tolist() == [-1]


def test_match_takes_no_pair_that_costs_more_than_a_box_may():
    place = Boxes(np.zeros((1, 2)), np.array([6.06]), np.zeros(1), np.full((1, 3), 90.0), np.ones(1), np.zeros(1))
    other = place._replace(xy=np.array([[0.35, 0.6]]), rgb=np.full((1, 3), 170.0))
    assert match(other, place, 2.0).tolist() == [0]
    assert match(other, place, 2.0, most=np.array([10.0])).tolist() == [-1]
    assert match(other._replace(rgb=place.rgb), place, 2.0, most=np.array([10.0])).tolist() == [0]
