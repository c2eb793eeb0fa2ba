"""Figures of changed regions: direction, contrast and probability."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.kernels import components, region_figures


@pytest.mark.parametrize(("swap", "wanted"), [(False, "gain"), (True, "loss")])
def test_direction_by_which_date_stands_out(swap, wanted):
    before = np.random.default_rng(0).normal(50, 1, (3, 30, 30)).astype(np.float32)
    after = before.copy()
    after[:, 10:20, 8:18] = 120
    mask = np.zeros((30, 30), np.uint8)
    mask[10:20, 8:18] = 1
    if swap:
        before, after = after, before
    early, late = region_figures.edge_contrast(before, after, mask)
    assert early.shape == (28, 28)
    inner = components.label(mask[1:-1, 1:-1])
    sums = components.describe_tile(inner, (0, 0), 28, (early, late)).sums[0]
    assert region_figures.direction(*sums.tolist()) == wanted
    assert region_figures.direction(7, 7) == region_figures.direction(0, 0) == "other"


def test_edge_contrast_adds_up_over_tiles_and_ignores_the_missing():
    rng = np.random.default_rng(3)
    image = rng.random((2, 20, 20)).astype(np.float32)
    image[:, 5, 5] = np.nan
    mask = (rng.random((20, 20)) < 0.4).astype(np.uint8)
    mask[5, 5] = 255
    whole, _ = region_figures.edge_contrast(image, image, mask)
    assert np.isfinite(whole).all()
    top, _ = region_figures.edge_contrast(image[:, :12], image[:, :12], mask[:12])
    bottom, _ = region_figures.edge_contrast(image[:, 10:], image[:, 10:], mask[10:])
    np.testing.assert_array_equal(np.concatenate([top, bottom]), whole)


def test_change_probability_rises_with_the_margin_from_one_half():
    values = [region_figures.change_probability(score, 2.0) for score in (1.0, 2.0, 2.5, 4.0, 100.0)]
    assert values[0] == values[1] == 0.5
    assert values[1:] == sorted(values[1:])
    assert values[3] == pytest.approx(1 - 0.5 * np.exp(-2))
    assert values[-1] <= 1.0
