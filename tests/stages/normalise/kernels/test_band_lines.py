"""Lines through pixel pairs, against textbook formulae."""

import numpy as np
import pytest
from scipy.stats import f, t

from changedet.stages.normalise.kernels.band_lines import held_out_tests, linear, orthogonal_line


def test_orthogonal_line_is_the_principal_axis():
    rng = np.random.default_rng(2)
    x = rng.normal(size=2000)
    y = 1.7 * x + 3 + rng.normal(size=2000)
    gain, offset = orthogonal_line(x, y)
    axis = np.linalg.eigh(np.cov(x, y))[1][:, -1]
    assert gain == pytest.approx(axis[1] / axis[0])
    assert offset == pytest.approx(y.mean() - gain * x.mean())
    back, _ = orthogonal_line(y, x)
    assert back == pytest.approx(1 / gain)


def test_held_out_p_values_are_those_of_the_textbook():
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=60), rng.normal(0.2, 1.3, size=60)
    p_t, p_f = held_out_tests(a, b)
    d = a - b
    assert p_t == pytest.approx(2 * t.sf(abs(d.mean()) / (d.std(ddof=1) / 60**0.5), 59))
    assert p_f == pytest.approx(2 * f.sf(max(a.var(), b.var()) / min(a.var(), b.var()), 59, 59))
    assert held_out_tests(a, a) == pytest.approx((1.0, 1.0))


@pytest.mark.parametrize("limits", [(0.0, 500.0), (-np.inf, np.inf)])
def test_linear_is_the_clipped_line_of_each_band(limits):
    image = np.random.default_rng(6).normal(200, 300, (2, 9, 13)).astype(np.float32)
    image[:, 2, 3] = np.nan
    gain, offset = np.array([1.1, 0.7]), np.array([-3.0, 40.0])
    line = image * gain.astype(np.float32)[:, None, None] + offset.astype(np.float32)[:, None, None]
    for given in (image, np.pad(image, ((0, 0), (1, 1), (1, 1)))[:, 1:-1, 1:-1]):
        np.testing.assert_array_equal(linear(given, gain, offset, limits), np.clip(line, *limits))
