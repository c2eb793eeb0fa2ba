"""Resampling against scipy, and copies by whole pixels."""

import numpy as np
import pytest
from scipy.ndimage import map_coordinates
from small_scenes import blocks_and_grain

from changedet.stages.align.kernels.shifted_image import resample_shifted


@pytest.mark.parametrize("shift", [(0.0, 0.0), (2.0, -1.0), (0.25, 0.5), (-3.4, 1.7)])
def test_resample_shifted_matches_scipy(shift):
    values = blocks_and_grain(1, 64)[:, :50].astype(np.float32)
    result = resample_shifted(values, np.asarray(shift[0]), np.asarray(shift[1]))
    rows, columns = np.mgrid[:50, :64].astype(float)
    place = rows + shift[0], columns + shift[1]
    expected = np.stack([map_coordinates(band.astype(float), place, order=1, cval=np.nan) for band in values])
    outside = (place[0] < 0) | (place[0] > 49) | (place[1] < 0) | (place[1] > 63)
    assert np.isnan(result[:, outside]).all()
    np.testing.assert_allclose(result[:, ~outside], expected[:, ~outside], rtol=1e-5)


def test_resample_shifted_by_whole_pixels_is_a_copy_beside_no_data():
    values = blocks_and_grain(1, 40).astype(np.float32)
    values[:, 10, 10] = np.nan
    result = resample_shifted(values, np.asarray(3.0), np.asarray(0.0))
    np.testing.assert_array_equal(result[:, :-3], values[:, 3:])
