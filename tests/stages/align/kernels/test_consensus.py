"""What chips agree on, with strays among them."""

import numpy as np

from changedet.stages.align.kernels.consensus import consensus


def test_consensus_ignores_strays():
    rng = np.random.default_rng(2)
    shifts = np.concatenate([rng.normal((1.5, -0.7), 0.05, (30, 2)), rng.uniform(-10, 10, (20, 2))])
    agreed = consensus(shifts, np.ones(50), 1.5)
    np.testing.assert_allclose(agreed.shift, (1.5, -0.7), atol=0.03)
    assert agreed.agree[:30].mean() > 0.8
    assert 0.03 < agreed.residual_px < 0.08
