"""Means of a first guess, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.change.kernels import (
    feature_names,
    guess_context,
)


def test_context_is_the_mean_of_the_first_guess_around_a_pixel():
    rng = np.random.default_rng(12)
    margin = rng.normal(-2, 3, (70, 80)).astype(np.float32)
    margin[10:14, 5:40] = np.nan
    guess, valid = guess_context.likely(margin, -3.0), np.isfinite(margin)
    assert (guess[~(margin >= -3)] == 0).all()
    np.testing.assert_allclose(guess[margin >= -3], 1000 / (1 + np.exp(-margin[margin >= -3])), atol=16)
    where = rng.random(margin.shape) < 0.01
    found = guess_context.context(guess, valid, where)
    for k, size in enumerate(feature_names.CONTEXT_PX):
        half = size // 2
        for value, (y, x) in zip(found[k], np.argwhere(where), strict=True):
            window = slice(max(0, y - half), y + half + 1), slice(max(0, x - half), x + half + 1)
            assert value == pytest.approx(guess[window].sum() / max(1, valid[window].sum()), rel=1e-6)
