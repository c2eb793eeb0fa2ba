"""Colours sharpened by a panchromatic band."""

from __future__ import annotations

import numpy as np

from changedet.imagery.kernels.sharpening import sharpened


def test_sharpened_colours_take_the_detail_and_keep_their_levels() -> None:
    colours = np.full((2, 4, 4), 100.0, np.float32)
    colours[1] = 40.0
    pan = np.full((4, 4), 50.0, np.float32)
    pan[1, 1], pan[1, 2] = 75.0, 25.0
    coarse = np.full((4, 4), 50.0, np.float32)
    sharpened(colours, pan, coarse)
    assert colours[:, 1, 1].tolist() == [150.0, 60.0]
    assert colours[:, 1, 2].tolist() == [50.0, 20.0]
    assert np.allclose(colours.mean(axis=(1, 2)), [100.0, 40.0])


def test_sharpened_is_no_data_where_the_panchromatic_band_is_and_as_it_was_where_the_smooth_one_lacks() -> None:
    colours = np.full((1, 1, 4), 10.0, np.float32)
    pan = np.array([[np.nan, 3.0, 3.0, 0.0]], np.float32)
    coarse = np.array([[5.0, np.nan, 0.0, 5.0]], np.float32)
    sharpened(colours, pan, coarse)
    assert np.isnan(colours[0, 0, 0])
    assert colours[0, 0, 1:].tolist() == [10.0, 10.0, 0.0]
