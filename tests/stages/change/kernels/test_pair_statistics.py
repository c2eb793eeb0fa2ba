"""The pixels that lines are fitted on."""

import numpy as np
import pytest

from changedet.stages.change.kernels import pair_statistics
from changedet.stages.change.kernels.pair_statistics import valid_pixels


@pytest.mark.parametrize("most", [7, 50, 10_000])
def test_valid_pixels_are_a_stride_through_what_both_dates_show(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pair_statistics, "FIT_PIXELS", most)
    rng = np.random.default_rng(5)
    pairs = [tuple(rng.random((2, 3, height, 9), np.float32)) for height in (11, 1, 8)]
    for before, after in pairs:
        before[rng.integers(3), rng.random(before.shape[1:]) < 0.3] = np.nan
        after[rng.integers(3), rng.random(after.shape[1:]) < 0.3] = np.nan
    pairs.insert(1, (np.full((3, 4, 4), np.nan, np.float32), np.zeros((3, 4, 4), np.float32)))
    rows = np.concatenate([np.concatenate(pair).reshape(6, -1).T for pair in pairs])
    rows = rows[np.isfinite(rows).all(axis=1)]
    x, y = valid_pixels(pairs)
    assert np.array_equal(np.column_stack([x, y]), rows[:: max(1, len(rows) // most)])


def test_valid_pixels_of_dates_that_share_nothing() -> None:
    x, y = valid_pixels([(np.full((2, 5, 5), np.nan, np.float32), np.ones((2, 5, 5), np.float32))])
    assert x.shape == y.shape == (0, 2)
