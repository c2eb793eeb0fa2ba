"""Dates of lasting change, against each pixel by itself."""

from __future__ import annotations

import itertools

import numpy as np

from changedet.pipeline.kernels.change_dates import NEVER, NODATA, date_changes


def test_date_changes_of_all_series_of_three_looks() -> None:
    series = np.array(list(itertools.product((0, 1, 255), repeat=3)), np.uint8)
    first, closed = np.full((1, len(series)), NODATA, np.int32), np.zeros((1, len(series)), bool)
    for k in (2, 1, 0):
        date_changes(np.ascontiguousarray(series[None, :, k]), 100 + k, first, closed)
    for looks, found in zip(series.tolist(), first[0].tolist(), strict=True):
        seen = [(k, look) for k, look in enumerate(looks) if look != 255]
        lasting = [k for i, (k, _) in enumerate(seen) if all(look == 1 for _, look in seen[i:])]
        assert found == (100 + lasting[0] if lasting else NEVER if seen else NODATA), looks
