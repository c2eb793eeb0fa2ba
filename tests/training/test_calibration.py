"""Probabilities of boxes that are right for rows which nothing was fitted on."""

from __future__ import annotations

import numpy as np

from changedet.kernels import boosted_trees
from changedet.kernels.boosted_trees import LEAF, Forest
from training import calibration


def test_recalibrated_log_odds_are_those_of_the_labels() -> None:
    # One tree: below .5 log odds of -1 + .2, above of 1 + .2.
    forest = Forest(
        np.array([0, LEAF, LEAF], np.int16),
        np.array([0.5, -1.0, 1.0], np.float32),
        np.array([1, LEAF, LEAF], np.int32),
        np.zeros(3, bool),
        np.zeros(1, np.int32),
        0.2,
    )
    rows = np.repeat(np.array([[0.0], [1.0]], np.float32), 4000, axis=0)
    shares = np.array([0.3, 0.9])
    label = np.concatenate([np.arange(4000) < 4000 * share for share in shares])
    found = boosted_trees.margins(calibration.recalibrated(forest, rows, label), rows[[0, -1]], 1)
    np.testing.assert_allclose(found, np.log(shares / (1 - shares)), atol=0.02)
