"""Log odds from features of photographs: both hands share them, and a file keeps them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn")
from training import fit_looks


def test_hands_share_weights_of_features_and_nothing_else() -> None:
    rng = np.random.default_rng(1)
    count = 20000
    rows = rng.normal([3.0, -1.0], [2.0, 0.5], (count, 2)).astype(np.float32)
    painted, company = rng.random(count) < 0.8, rng.normal(size=count)
    # The second feature only separates the hands: it must not count.
    rows[:, 1] += painted
    true = np.where(painted, 0.5 * company - 1.0, company) + (rows[:, 0] - 3) / 2
    right = rng.random(count) < 1 / (1 + np.exp(-true))
    mean, spread, weight = fit_looks.fitted(rows, company, right, painted)
    looks = fit_looks.Looks(b"", mean, spread, weight)
    at = np.array([[3.0, -1.0], [5.0, -1.0], [3.0, 0.0]], np.float32)
    here, more, aside = looks.odds(at)
    assert here == pytest.approx(0, abs=0.05)
    # A strong penalty leaves a quarter of the true step of 1.
    assert 0.15 < more - here < 1.0
    assert abs(aside - here) < 0.05


def test_a_file_keeps_looks(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    mean, spread, weight = rng.normal(size=(3, 5)).astype(np.float32)
    kept = fit_looks.Looks(b"graph", mean, spread, weight)
    (tmp_path / "looks.npz").write_bytes(fit_looks.dump(kept))
    back = fit_looks.load(tmp_path / "looks.npz")
    rows = rng.normal(size=(4, 5)).astype(np.float32)
    assert back.encoder == b"graph"
    np.testing.assert_array_equal(back.odds(rows), kept.odds(rows))


def test_log_odds_are_bounded() -> None:
    found = fit_looks.log_odds(np.array([0.0, 0.5, 0.9, 1.0]))
    np.testing.assert_allclose(found, [-9.21, 0, 2.197, 9.21], atol=0.01)
