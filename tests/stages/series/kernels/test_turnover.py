"""Turnover that no look shows: against a simulation of arrivals and stays, and where nothing can be told."""

from __future__ import annotations

import math

import numpy as np
import pytest

from changedet.stages.series.kernels.turnover import lost_share_upper, poisson_upper, share_unseen, unseen


def test_share_unseen_is_that_of_a_constant_rate() -> None:
    rng = np.random.default_rng(5)
    came, stay = rng.uniform(0, 30, 200_000), rng.exponential(25.0, 200_000)
    stayed = came + stay > 30
    lost = 1 - math.exp(-30 / 25)
    assert share_unseen(lost) == pytest.approx((~stayed).sum() / stayed.sum(), rel=0.02)
    assert share_unseen(0.0) == 0.0


def test_unseen_grows_with_what_left_and_has_a_bound_above() -> None:
    few, many = (unseen((40.0, 44.0), (lost, lost), (60.0, 60.0)) for lost in (5.0, 40.0))
    assert few is not None
    assert many is not None
    assert few.likely < many.likely < many.most
    assert few.likely == pytest.approx(40.0 * share_unseen(5 / 60))


def test_unseen_is_not_told_without_stock_or_where_nearly_all_left() -> None:
    assert unseen((40.0, 44.0), (0.0, 0.0), (2.0, 2.0)) is None
    assert unseen((40.0, 44.0), (59.0, 60.0), (60.0, 60.0)) is None
    assert unseen((40.0, 44.0), (1.0, 1.0), (60.0, 0.0)) is None


def test_lost_share_upper_is_wide_of_few() -> None:
    assert lost_share_upper(0.0, 5.0) == pytest.approx(0.434, abs=1e-3)
    assert 0.2 < lost_share_upper(20.0, 100.0) < 0.3
    assert lost_share_upper(5.0, 5.0) == 1.0


def test_poisson_upper_is_the_quantile() -> None:
    assert poisson_upper(0.0) == 0
    assert poisson_upper(10.0) == 17
    assert poisson_upper(10_000.0) == pytest.approx(10_196, abs=2)
