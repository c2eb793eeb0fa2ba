"""Overviews stay within their budgets."""

from __future__ import annotations

from changedet.stages.overview_factors import cloud_overview_factor, overview_factor


def test_overview_factor_makes_small_overviews():
    for shape in ((100, 90), (400, 400), (9000, 200), (30_000, 30_000)):
        assert shape[0] * shape[1] / overview_factor(shape) ** 2 <= 1.1e6


def test_cloud_overview_factor_stays_within_its_budget():
    for shape in ((100, 100), (5000, 7000), (40_000, 30_000)):
        factor = cloud_overview_factor(shape, 0.3)
        assert (shape[0] // factor) * (shape[1] // factor) <= 2_000_000
