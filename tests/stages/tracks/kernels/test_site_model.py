"""What a series shows of its site."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.tracks.kernels.site_model import clutter_log_odds


def test_clutter_log_odds_hold_the_share_of_false_rows():
    rng = np.random.default_rng(2)
    real, clutter, rows = rng.normal(0, 2, 400), rng.normal(0, 2, 400), rng.integers(1, 9, 400).astype(float)
    odds = clutter_log_odds(real, clutter, rows, 0.2)
    share = (rows / (1 + np.exp(-(odds + clutter - real)))).sum() / rows.sum()
    assert share == pytest.approx(0.2, abs=1e-6)
