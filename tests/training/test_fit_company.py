"""Forests of the company: a mixture's log odds are those of its parts, and each scene has its pixel sizes."""

from __future__ import annotations

import numpy as np

from changedet.kernels import boosted_trees
from changedet.kernels.boosted_trees import LEAF, Forest
from training import fit_company


def stump(threshold: float, low: float, high: float, baseline: float) -> Forest:
    """One tree with two leaves."""
    return Forest(
        np.array([0, LEAF, LEAF], np.int16),
        np.array([threshold, low, high], np.float32),
        np.array([1, LEAF, LEAF], np.int32),
        np.zeros(3, bool),
        np.zeros(1, np.int32),
        baseline,
    )


def test_a_mixture_weighs_the_log_odds_of_both_forests() -> None:
    first, second = stump(0.5, -1.0, 1.0, 0.2), stump(1.5, -4.0, 2.0, -0.6)
    rows = np.array([[0.0], [1.0], [2.0]], np.float32)
    own = [boosted_trees.margins(forest, rows, 1).astype(float) for forest in (first, second)]
    found = boosted_trees.margins(fit_company.mixed(first, second, 0.7), rows, 2)
    np.testing.assert_allclose(found, 0.3 * own[0] + 0.7 * own[1], rtol=1e-6)


def test_a_lot_shows_its_scenes_in_usual_pixels_and_in_others_by_turns() -> None:
    lot = fit_company.Lot(range(1000, 1016, 2), (0.5,), 1)
    assert [lot.pixels(seed) for seed in lot.seeds][:4] == [[0.3, 0.5], [0.5], [0.5, 0.75], [0.5, 1.0]]
