"""Lines between dates, also of other units: a picture of 8 bits beside reflectance in whole numbers of 1/10000."""

import numpy as np
import pytest

from changedet.stages.normalise.kernels.band_fits import fit_invariant
from changedet.stages.normalise.kernels.band_lines import is_plausible, units_ratio

GAINS, OFFSETS = np.array([0.045, 0.06, 0.08]), np.array([-20.0, -30.0, -45.0])


def reflectance(seed=1):
    """Cells (2, 3, 96, 96) of ground in 1/10000."""
    rng = np.random.default_rng(seed)
    common = rng.gamma(6.0, 300.0, (2, 1, 96, 96))
    return (common * np.array([0.7, 0.9, 1.1])[:, None, None] + rng.normal(0, 40, (2, 3, 96, 96))).astype(np.float32)


def picture(cells, seed=2):
    noise = np.random.default_rng(seed).normal(0, 1.0, cells.shape)
    return (cells * GAINS[:, None, None] + OFFSETS[:, None, None] + noise).astype(np.float32)


def fitted(moving, reference):
    return fit_invariant(moving, reference, probability=0.95, max_iterations=30, min_correlation=0.7)


@pytest.mark.parametrize("to_picture", [True, False])
def test_dates_in_other_units_are_brought_to_the_references(to_picture):
    cells = reflectance()
    pair = (cells, picture(cells)) if to_picture else (picture(cells), cells)
    lines = fitted(*pair)
    gains = GAINS if to_picture else 1 / GAINS
    assert all(lines.accepted)
    np.testing.assert_allclose(lines.gain, gains, rtol=0.1)


def test_a_gain_beyond_light_is_refused_where_levels_are_alike():
    cells = reflectance()
    flat = (cells.mean() + 0.01 * (cells - cells.mean())).astype(np.float32)
    assert fitted(cells, flat).gain == [1.0, 1.0, 1.0]


def test_a_band_whose_own_line_is_no_light_takes_the_usual_gain_of_the_others_at_its_level():
    # 10 bits beside 12 bits: a season left the third band almost flat, so that its own gain would be 30.
    cells = reflectance()
    moving = cells / 4.5
    season = np.random.default_rng(5).normal(0, 1.0, moving[:, 2].shape)
    moving[:, 2] = np.median(moving[:, 2]) + 0.03 * moving[:, 2].std() * season
    moving = moving.astype(np.float32)
    lines = fitted(moving, cells)
    assert lines.accepted == [True, True, False]
    assert lines.gain[2] == pytest.approx(4.5, rel=0.05)
    brought = lines.gain[2] * np.median(moving[:, 2]) + lines.offset[2]
    assert brought == pytest.approx(np.median(cells[:, 2]), rel=1e-3)


def test_units_are_the_same_where_levels_may_be_those_of_light():
    x = np.random.default_rng(3).gamma(6.0, 300.0, (500, 3)).astype(np.float32)
    assert units_ratio(x, 0.4 * x) == 1.0
    assert units_ratio(x, x - 10_000) == 1.0
    assert units_ratio(x, 0.05 * x) == pytest.approx(0.05, rel=1e-5)
    assert units_ratio(x[:0], x[:0]) == 1.0
    assert is_plausible(0.05, 0.05)
    assert not is_plausible(0.05, 1.0)
