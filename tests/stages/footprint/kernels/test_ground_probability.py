"""Trees and network together."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.footprint.kernels.ground_probability import TARGETS, together


def test_together_takes_the_mean_of_log_odds_and_the_network_alone_where_trees_say_nothing():
    trees = dict.fromkeys(TARGETS, np.array([[0.5, 0.9, 1e-6, np.nan]], np.float32))
    network = dict.fromkeys(TARGETS, np.array([[0.0, -np.log(9.0), 4.0, 2.0]], np.float32))
    found = together(trees, network)["built"][0]
    assert found[:2] == pytest.approx([0.5, 0.5], abs=1e-6)
    assert found[2] == pytest.approx(1 / (1 + np.exp((np.log(999) - 4) / 2)), abs=1e-5)
    assert found[3] == pytest.approx(1 / (1 + np.exp(-2)), abs=1e-6)
