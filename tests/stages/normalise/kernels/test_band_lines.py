"""Lines through pixel pairs, against textbook formulae."""

import numpy as np
import pytest
from scipy.stats import f, t

from changedet.stages.normalise.kernels.band_lines import held_out_tests, orthogonal_line


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
