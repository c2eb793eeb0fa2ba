"""When colours cut a stretch: where many tops change, and not at the few odd looks of a yard at rest."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.tracks.kernels.colour_changepoints import ColourSeries
from changedet.stages.tracks.kernels.replacement import split_at_replacements
from changedet.stages.tracks.kernels.stretches import Surfaces, single_boxes

PLACES, LOOKS = 120, 5
PAINTS = np.array([(150, 50, 40), (40, 70, 130), (60, 120, 70), (190, 190, 185), (200, 120, 40)], float)


def cut_places(changed: dict[int, int], seed: int = 3) -> set[int]:
    """Places that are cut, of a yard on which some show another paint from a look on."""
    rng = np.random.default_rng(seed)
    paint = rng.integers(0, len(PAINTS), PLACES)
    shown = np.repeat(paint[:, None], LOOKS, axis=1)
    for place, look in changed.items():
        shown[place, look:] = (paint[place] + 1) % len(PAINTS)
    rgb = PAINTS[shown].reshape(-1, 3) + rng.normal(0, 2, (PLACES * LOOKS, 3))
    owner, date = np.repeat(np.arange(PLACES), LOOKS), np.tile(np.arange(LOOKS), PLACES)
    none, flat = np.zeros(len(date), bool), np.zeros((len(date), 2))
    rows = Surfaces(date, rgb, ~none, none, np.full(len(date), np.nan), flat, flat)
    whole = single_boxes(np.arange(PLACES), np.zeros(PLACES, int), np.full(PLACES, LOOKS - 1))
    split, _, _ = split_at_replacements(whole, owner, rows, np.full((PLACES, LOOKS), 5.0), 0.0, 0.0)
    return set(split.place[PLACES:].tolist())


def test_odd_last_looks_of_a_yard_at_rest_cut_nothing():
    assert cut_places({7: LOOKS - 1, 60: LOOKS - 1}) == set()


def test_two_looks_of_another_box_are_told_in_a_yard_at_rest():
    assert cut_places({7: 3, 60: 2}) == {7, 60}


def test_last_looks_are_told_where_many_tops_change():
    changed = {place: 1 + place % 4 for place in range(0, PLACES, 3)}
    assert cut_places(changed) == set(changed)


def test_steps_are_the_costs_beside_the_look_before_of_the_same_place():
    linear = np.array([(0.4, 0.1, 0.1), (0.4, 0.1, 0.1), (0.1, 0.1, 0.5), (0.4, 0.1, 0.1), (0.1, 0.4, 0.1)])
    series = ColourSeries.of(linear, np.zeros(5, bool), np.array([0, 3, 5]))
    first, second = series.costs_of(0), series.costs_of(1)
    expected = [0, 0, min(first[1, 2], first[2, 1]), 0, min(second[0, 1], second[1, 0])]
    assert series.steps() == pytest.approx(expected)
