"""Log odds moved by structure that appeared, vanished or stayed."""

from __future__ import annotations

import numpy as np
from change_pairs import simulated

from changedet.stages.change.kernels import (
    structure_odds,
    trees,
)
from changedet.stages.change.stage import STAGE as CHANGE
from changedet.stages.registry import Facts

RGBN = ("blue", "green", "red", "nir")


def test_with_structure_odds_moves_what_the_trees_have_not_dismissed():
    rng = np.random.default_rng(3)
    before = (100 + 3 * rng.normal(size=(3, 160, 160))).astype(np.float32)
    after = before + 20  # all of it brighter, as a meadow that dries out
    after[:, 60:100, 100:140] += 60 * (np.arange(40) // 5 % 2)  # and halls in rows
    floors = structure_odds.fit_structure_odds(before[None], after[None])
    told = np.full((160, 160), 0.75, np.float32)
    told[:, :20] = 5e-5
    told[:5] = np.nan
    heard = structure_odds.with_structure_odds(told, before, after, floors, trees.LEAST_PROBABILITY)
    np.testing.assert_array_equal(heard[5:, :20], told[5:, :20])
    assert np.isnan(heard[:5]).all()
    assert heard[70:90, 110:130].min() > 0.75
    assert heard[20:150, 25:70].max() < 0.5
    # a part of the scene with its surroundings has the same bits
    part = structure_odds.with_structure_odds(
        told[30:130, 50:], before[:, 30:130, 50:], after[:, 30:130, 50:], floors, 1e-4
    )
    reach = structure_odds.HALO_PX
    np.testing.assert_array_equal(part[reach:-reach, reach:], heard[30:130, 50:][reach:-reach, reach:])


def test_with_structure_odds_subtracts_nothing_in_a_yard_full_of_structure():
    rng = np.random.default_rng(4)
    before = (100 + 3 * rng.normal(size=(3, 160, 160))).astype(np.float32)
    rows = 60 * (np.arange(60) // 5 % 2)[:, None] + 60 * (np.arange(60) // 5 % 2)
    before[:, 50:110, 50:110] += rows
    after = before.copy()
    after[:2, 50:110, 50:110] += 0.8 * rows  # other paints in the same rows
    floors = structure_odds.fit_structure_odds(before[None], after[None])
    told = np.full((160, 160), 0.7, np.float32)
    heard = structure_odds.with_structure_odds(told, before, after, floors, trees.LEAST_PROBABILITY)
    assert heard[65:95, 65:95].min() > 0.65
    assert heard[:30].max() < 0.6


def test_trees_fit_structure_without_near_infrared_alone():
    before, after, _ = simulated("quiet", 47020)
    for roles in (RGBN, RGBN[:3]):
        method = CHANGE.get("trees")
        made = method.function(Facts(0.5, roles), **method.resolve({}))
        model = made.fit(before[None, : len(roles)], after[None, : len(roles)])
        assert (model.structure_floors is not None) == (len(roles) == 3)
