"""The pixel and the lattice of the network."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from changedet.stages.objects.kernels import network_grid


@pytest.mark.parametrize("resolution_m", [0.15, 0.3, 0.31, 0.47, 0.5, 0.66, 0.75, 1.0, 1.19])
def test_cells_and_halos_fit_the_networks_pixel(resolution_m: float) -> None:
    scale = network_grid.ratio(resolution_m)
    assert abs(float(scale) * resolution_m / network_grid.PIXEL_M - 1) < 0.06
    for size in (network_grid.cell_px(resolution_m), network_grid.halo_px(resolution_m)):
        assert Fraction(size) / scale % 1 == 0
    assert network_grid.cell_px(resolution_m) / scale % network_grid.STRIDE_PX == 0
    assert network_grid.halo_px(resolution_m) / scale >= network_grid.REACH_PX


def test_resampled_keeps_places() -> None:
    ramp = np.stack([np.tile(np.arange(64, dtype=np.float32) + 0.5, (64, 1))])
    for scale in (Fraction(4, 3), Fraction(4, 5), Fraction(2, 1)):
        out = network_grid.resampled(ramp, scale)
        wanted = (np.arange(out.shape[2]) + 0.5) * float(scale)
        np.testing.assert_allclose(out[0, 8, 4:-4], wanted[4:-4], atol=0.09)
