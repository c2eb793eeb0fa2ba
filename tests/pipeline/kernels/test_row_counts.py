"""Counts of rows, against the same in whole arrays."""

from __future__ import annotations

import numpy as np

from changedet.pipeline.kernels.row_counts import count_rows


def test_count_rows_is_the_sum_of_both() -> None:
    rng = np.random.default_rng(1)
    chosen, within = rng.random((9, 40)) < 0.5, rng.random((9, 40)) < 0.7
    assert count_rows(chosen, within).tolist() == (chosen & within).sum(axis=1).tolist()
