"""Variates: the chi-square of whole degrees of freedom."""

import numpy as np
import pytest
from scipy.stats import chi2

from changedet.kernels.variates import no_change_probability


@pytest.mark.parametrize("degrees", range(1, 8))
def test_no_change_probability_is_the_chi_square_tail(degrees):
    chi = np.linspace(0, 80, 300).astype(np.float32)
    np.testing.assert_allclose(no_change_probability(chi, degrees), chi2.sf(chi, degrees), atol=2e-6)
