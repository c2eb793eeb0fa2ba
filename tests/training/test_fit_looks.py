"""The fit of the second look: both hands share weights, the offset makes confidences right, a file keeps them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("sklearn")
from training import fit_looks


def taught(count: int = 20000) -> fit_looks.Teaching:
    """Boxes of which the first feature tells something, the second the hand alone."""
    rng = np.random.default_rng(1)
    rows = rng.normal([3.0, -1.0], [2.0, 0.5], (count, 2)).astype(np.float32)
    painted, before = rng.random(count) < 0.8, rng.normal(size=count)
    rows[:, 1] += painted
    true = np.where(painted, 0.5 * before - 1.0, before) + (rows[:, 0] - 3) / 2
    right = rng.random(count) < 1 / (1 + np.exp(-true))
    return fit_looks.Teaching(rows, before, right, painted, (np.arange(count) % 40).astype(str))


def test_weights_of_are_shared_by_both_hands() -> None:
    weights = fit_looks.weights_of(taught())
    at = np.array([[3.0, -1.0], [5.0, -1.0], [3.0, 0.0]], np.float32)
    none: NDArray[np.bool_] = np.zeros(3, bool)
    here, more, aside = fit_looks.odds(fit_looks.Teaching(at, np.zeros(3), none, none, np.array(["a"] * 3)), weights)
    assert here == pytest.approx(0, abs=0.05)
    # A strong penalty leaves a quarter of the true step of 1.
    assert 0.15 < more - here < 1.0
    assert abs(aside - here) < 0.05


def test_offset_of_counts_more_boxes_on_neither_hand() -> None:
    boxes = taught()
    found = fit_looks.left_out(boxes)
    offset = fit_looks.offset_of(found, boxes)
    more = [np.sum(found[own] + offset > 0) - np.sum(boxes.before[own] > 0) for own in (boxes.painted, ~boxes.painted)]
    assert max(more) == pytest.approx(0, abs=10)
    assert min(more) < -20
    assert fit_looks.offset_of(found - 0.7, boxes) == pytest.approx(offset + 0.7, abs=0.005)


def test_dump_keeps_the_weights() -> None:
    rng = np.random.default_rng(2)
    given = fit_looks.Weights(*rng.normal(size=(3, 5)).astype(np.float32), offset=-0.25)
    kept = np.load(io.BytesIO(fit_looks.dump(given)))
    np.testing.assert_array_equal(kept["weight"], given.weight)
    assert float(kept["offset"]) == -0.25
    assert fit_looks.dump(given) == fit_looks.dump(given)


def test_log_loss_is_that_of_the_odds() -> None:
    assert fit_looks.log_loss(np.zeros(2), np.array([True, False])) == pytest.approx(np.log(2))
    assert fit_looks.log_loss(np.array([50.0, -50.0]), np.array([True, False])) == pytest.approx(0)
