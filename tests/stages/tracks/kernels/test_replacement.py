"""When colours cut a stretch: where many tops change, and not at the few odd looks of a yard at rest."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.tracks.kernels.colour_changepoints import ColourSeries, pair_costs
from changedet.stages.tracks.kernels.date_light import SHADE
from changedet.stages.tracks.kernels.likeness import ALONG
from changedet.stages.tracks.kernels.replacement import Split, split_at_replacements
from changedet.stages.tracks.kernels.stretches import Surfaces, single_boxes
from changedet.stages.tracks.kernels.top_steps import BOX_STEP, usual_shares

PLACES, LOOKS = 120, 5
VIEWS = np.array([(0.9, 0.0), (-0.6, 0.5), (0.1, -0.9), (-0.8, -0.4), (0.5, 0.8)])
GAMMA = 2.2
PAINTS = np.array([(150, 50, 40), (40, 70, 130), (60, 120, 70), (190, 190, 185), (200, 120, 40)], float)


def cut_places(
    changed: dict[int, int], seed: int = 3, shaded: dict[int, int] | None = None, faint: set[int] | None = None
) -> set[int]:
    """Places that are cut, of a yard on which some show another paint from a look on, with pictures where some lie in
    shade from a look on; some may be seen faintly alone from the look on from which they show another paint."""
    return set(split_yard(changed, seed, shaded, faint).stretches.place[PLACES:].tolist())


def split_yard(
    changed: dict[int, int], seed: int, shaded: dict[int, int] | None, faint: set[int] | None, step: float | None = None
) -> Split:
    """With a step, views displace the tops, and those that changed are as much higher."""
    rng = np.random.default_rng(seed)
    paint = rng.integers(0, len(PAINTS), PLACES)
    shown = np.repeat(paint[:, None], LOOKS, axis=1)
    for place, look in changed.items():
        shown[place, look:] = (paint[place] + 1) % len(PAINTS)
    rgb = PAINTS[shown].reshape(-1, 3) + rng.normal(0, 2, (PLACES * LOOKS, 3))
    light = None
    if shaded is not None:
        dark = np.zeros((PLACES, LOOKS))
        for place, look in shaded.items():
            dark[place, look:] = 1.0
        shade = np.exp(-dark.reshape(-1, 1) * np.array(SHADE[2::-1]))
        rgb = 255 * ((rgb / 255) ** GAMMA * shade) ** (1 / GAMMA)
        pattern = np.exp(rng.normal(0, 0.1, (PLACES, 2, ALONG)))[
            np.arange(PLACES)[:, None], (shown != paint[:, None]) * 1
        ]
        linear = (rgb[:, None, ::-1] / 255) ** GAMMA * 3 * pattern.reshape(-1, ALONG, 1)
        light = linear * np.exp(rng.normal(0, 0.02, linear.shape))
    owner, date = np.repeat(np.arange(PLACES), LOOKS), np.tile(np.arange(LOOKS), PLACES)
    none, flat = np.zeros(len(date), bool), np.zeros((len(date), 2))
    weak = np.isin(owner, sorted(faint or ())) & (shown.ravel() != paint[owner])
    lean, offset = flat, flat
    if step is not None:
        lean = VIEWS[date]
        level = 2.0 + step * (shown.ravel() != paint[owner])
        offset = BOX_STEP * level[:, None] * lean + rng.normal(0, 0.08, flat.shape)
    rows = Surfaces(date, rgb, ~weak, weak, none, none, np.full(len(date), np.nan), offset, lean, light)
    whole = single_boxes(np.arange(PLACES), np.zeros(PLACES, int), np.full(PLACES, LOOKS - 1))
    return split_at_replacements(whole, owner, rows, np.full((PLACES, LOOKS), 5.0), 0.0, 0.0)


def test_odd_last_looks_of_a_yard_at_rest_cut_nothing():
    assert cut_places({7: LOOKS - 1, 60: LOOKS - 1}) == set()


def test_two_looks_of_another_box_are_told_in_a_yard_at_rest():
    assert cut_places({7: 3, 60: 2}) == {7, 60}


def test_last_looks_are_told_where_many_tops_change():
    changed = {place: 1 + place % 4 for place in range(0, PLACES, 3)}
    assert cut_places(changed) == set(changed)


def test_boxes_that_come_to_lie_in_the_shade_of_others_are_not_cut_where_there_are_pictures():
    changed = {place: 1 + place % 4 for place in range(0, PLACES, 6)}
    shaded = dict.fromkeys(range(1, PLACES, 3), 3)
    assert cut_places(changed, shaded=shaded) == set(changed)
    assert cut_places(changed, shaded={}) == set(changed)


def test_boxes_that_are_seen_faintly_are_told_as_others_where_there_are_pictures_alone():
    changed = dict.fromkeys(range(0, PLACES, 6), 3)
    assert cut_places(changed, shaded={}, faint={0, 60}) == set(changed)
    assert cut_places(changed, faint={0, 60}) == set(changed) - {0, 60}


def test_new_tops_are_where_boxes_were_exchanged_told_or_not():
    changed = dict.fromkeys(range(0, PLACES, 6), 3)
    tops = split_yard(changed, 3, {}, {0, 60}).tops
    assert tops is not None
    other = tops.other
    assert other.shape == (PLACES, LOOKS)
    assert (other[list(changed), 3] > 0.5).all()
    assert other[:, 0].max() == 0
    assert np.delete(other, list(changed), axis=0).max() < 0.1
    assert other[:, 3].sum() == pytest.approx(len(changed), rel=0.35)
    # Without views it is not known what they mean, but for the usual shares.
    set_on, laid_bare, replaced = usual_shares(0.0, 0.0)
    np.testing.assert_allclose(tops.came, (set_on + replaced) * other)
    np.testing.assert_allclose(tops.left, (laid_bare + replaced) * other)
    assert split_yard(changed, 3, None, None).tops is None


def test_rows_of_no_stretch_end_in_none():
    none, nowhere = np.zeros(1, bool), np.zeros((1, 2))
    rows = Surfaces(
        np.zeros(1, int), np.ones((1, 3)), ~none, none, none, none, np.full(1, np.nan), nowhere, nowhere, None
    )
    empty = np.zeros(0, int)
    found = split_at_replacements(single_boxes(empty, empty, empty), np.array([-1]), rows, np.zeros((1, 1)), 0.0, 0.0)
    assert len(found.stretches.place) == 0
    assert found.of_row.tolist() == [-1]


@pytest.mark.parametrize(("step", "came", "left"), [(1.0, 0.9, 0.2), (-1.0, 0.2, 0.9), (0.0, 0.7, 0.7)])
def test_new_tops_came_where_views_show_them_higher_and_left_where_lower(step, came, left):
    changed = dict.fromkeys(range(0, PLACES, 6), 3)
    tops = split_yard(changed, 3, {}, None, step).tops
    assert tops is not None
    share = [part[list(changed), 3].sum() / tops.other[list(changed), 3].sum() for part in (tops.came, tops.left)]
    assert (share[0] > came, share[1] > left) == (came > 0.5, left > 0.5)
    assert min(share) > 0.0


def test_steps_are_the_costs_beside_the_look_before_of_the_same_place():
    linear = np.array([(0.4, 0.1, 0.1), (0.4, 0.1, 0.1), (0.1, 0.1, 0.5), (0.4, 0.1, 0.1), (0.1, 0.4, 0.1)])
    series = ColourSeries.of(linear, np.zeros(5, bool), np.array([0, 3, 5]))
    first, second = series.costs_of(0), series.costs_of(1)
    expected = [0, 0, min(first[1, 2], first[2, 1]), 0, min(second[0, 1], second[1, 0])]
    assert series.steps() == pytest.approx(expected)


def test_pairs_of_a_series_are_those_of_its_costs():
    linear = np.random.default_rng(2).random((7, 3))
    begin, none = np.array([0, 3, 3, 7]), np.zeros(7, bool)
    series = ColourSeries.of(linear, none, begin)
    first, second = series.pairs()
    assert first.tolist()[:9] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert second.tolist()[9:] == [3, 4, 5, 6] * 4
    cost = np.minimum(pair_costs(linear, none, none, first, second), 12.0)
    turned = np.concatenate([series.costs_of(k).T.ravel() for k in range(3)])
    np.testing.assert_allclose(np.minimum(series.costs, turned), cost, rtol=1e-5)
