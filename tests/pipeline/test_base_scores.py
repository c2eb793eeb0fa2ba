"""Mean scores of bases that overlap, in whatever window they are read."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from affine import Affine

from changedet.blocks import Window
from changedet.grid import Grid
from changedet.pipeline.base_scores import mean_scores

GRID = Grid("EPSG:32633", Affine(1, 0, 500_000, 0, -1, 5_400_000), (40, 60))


def base(column, row, width=6, height=2):
    return shapely.box(500_000 + column, 5_400_000 - row - height, 500_000 + column + width, 5_400_000 - row)


BASES = np.array([base(4, 4), base(8, 4), base(4, 4), base(30, 20), base(-20, 4)], object)


def test_mean_scores_take_every_pixel_of_bases_that_overlap():
    score = np.tile(np.arange(60, dtype=np.float32), (40, 1))
    found = mean_scores(BASES, score, GRID, Window(0, 0, 40, 60))
    assert found[:4] == pytest.approx([6.5, 10.5, 6.5, 32.5])
    assert np.isnan(found[4])


def test_mean_scores_leave_out_what_is_not_observed():
    score = np.full((40, 60), 0.25, np.float32)
    score[4] = np.nan
    score[:, 30:] = np.nan
    found = mean_scores(BASES[[0, 3]], score, GRID, Window(0, 0, 40, 60))
    assert found[0] == 0.25
    assert np.isnan(found[1])


def test_mean_scores_are_the_same_in_every_window_that_holds_the_base():
    score = np.random.default_rng(0).random((40, 60)).astype(np.float32)
    whole = mean_scores(BASES[:3], score, GRID, Window(0, 0, 40, 60))
    window = Window(2, 3, 10, 20)
    assert (mean_scores(BASES[:3], score[window.slices], GRID, window) == whole).all()
    assert len(mean_scores(BASES[:0], score, GRID, Window(0, 0, 40, 60))) == 0
