import numpy as np
import pytest

from changedet.stages.objects.kernels import network
from changedet.stages.objects.kernels.stretch import PERCENTILES, open_limits

SIDE_PX = 200
SAND, ROUGH = 3000.0, 60.0


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def _sand(rng):
    """One bright ground of three bands."""
    return rng.normal(SAND, ROUGH, (3, SIDE_PX, SIDE_PX)).astype(np.float32)


def test_dark_colours_on_bright_ground_stay_apart(rng):
    picture = _sand(rng)
    picture[:, 20:24, 20:30], picture[:, 20:24, 30:40] = 500.0, 800.0
    limits = open_limits(picture[None])
    one, other = (network.stretched(picture, *limits)[:, 22, x].mean() for x in (25, 35))
    assert one > 0.0
    assert other - one > 0.1


def test_dark_end_of_a_picture_with_much_shade_is_the_first_percentile(rng):
    picture = _sand(rng)
    picture[:, :10], picture[:, 20:30], picture[:, 40:50] = 500.0, 650.0, 800.0
    low, high = open_limits(picture[None])
    expected = np.percentile(picture.reshape(3, -1), PERCENTILES, axis=1)
    np.testing.assert_allclose([low, high], expected)


def test_dark_end_moves_to_the_darkest_without_a_step(rng):
    picture, ends = _sand(rng), []
    depths = np.arange(180.0, 260.0)
    for depth in depths:
        picture[:, :1, :40] = SAND - depth
        ends.append(open_limits(picture[None])[0][0])
    assert ends[0] - (SAND - depths[0]) > 30.0
    assert ends[-1] == pytest.approx(SAND - depths[-1])
    assert np.abs(np.diff(ends)).max() < 8.0


def test_black_lies_four_spreads_below_even_ground_at_most(rng):
    picture = _sand(rng)
    picture[:, 20:24, 20:30] = 500.0
    found = network.statistics(picture[None], (0, 1, 2))
    assert sum(found.mean) / sum(found.spread) == pytest.approx(4.0, rel=1e-3)


def test_spread_of_a_varied_picture_is_its_own(rng):
    picture = rng.uniform(0.0, 3000.0, (3, SIDE_PX, SIDE_PX)).astype(np.float32)
    found = network.statistics(picture[None], (0, 1, 2))
    shown = network.stretched(picture, found.low, found.high)
    np.testing.assert_allclose(found.spread, shown.std(axis=(1, 2)) + network.LEAST_SPREAD, rtol=1e-4)
