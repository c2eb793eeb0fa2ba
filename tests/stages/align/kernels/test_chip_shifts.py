"""Correlation of fields, down to scenes of a pixel."""

import numpy as np
import pytest

from changedet.stages.align.kernels.chip_shifts import correlation_spectrum


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 1, 200), (1, 2, 3)])
def test_correlation_spectrum_of_scenes_of_a_row_or_a_pixel(shape):
    picture = np.random.default_rng(0).random(shape, np.float32)
    assert correlation_spectrum(picture, picture, 0.5).shape == shape[1:]
