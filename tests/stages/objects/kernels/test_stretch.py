import numpy as np
import pytest

from changedet.stages.objects.kernels import network
from changedet.stages.objects.kernels.stretch import PERCENTILES, open_limits

SIDE_PX = 200
SAND, ROUGH = 3000.0, 60.0


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def _sand(rng, colours, share):
    """One bright ground of three bands, `share` of it in each of some dark colours."""
    picture = rng.normal(SAND, ROUGH, (3, SIDE_PX, SIDE_PX)).astype(np.float32)
    rows = round(share * SIDE_PX)
    for k, colour in enumerate(colours):
        picture[:, 3 * k * rows : (3 * k + 1) * rows] = colour
    return picture


def test_dark_colours_on_bright_ground_stay_apart(rng):
    picture = _sand(rng, (500.0, 800.0), 0.0)
    picture[:, 20:24, 20:30], picture[:, 20:24, 30:40] = 500.0, 800.0
    limits = open_limits(picture[None])
    one, other = (network.stretched(picture, *limits)[:, 22, x].mean() for x in (25, 35))
    assert one > 0.0
    assert other - one > 0.1


def test_dark_end_of_a_picture_with_much_shade_is_the_first_percentile(rng):
    picture = _sand(rng, (500.0, 650.0, 800.0), 0.05)
    low, high = open_limits(picture[None])
    expected = np.percentile(picture.reshape(3, -1), PERCENTILES, axis=1)
    np.testing.assert_allclose([low, high], expected)


def test_dark_end_moves_without_a_step(rng):
    ends = []
    for depth in np.linspace(0.0, 3000.0, 61):
        picture = _sand(np.random.default_rng(1), (), 0.0)
        picture[:, :1, :40] = SAND - depth
        ends.append(open_limits(picture[None])[0][0])
    assert np.abs(np.diff(ends)).max() < 300.0
    assert ends[-1] == pytest.approx(0.0)


def test_black_lies_four_spreads_below_even_ground_at_most(rng):
    picture = _sand(rng, (), 0.0)
    picture[:, 20:24, 20:30] = 500.0
    found = network.statistics(picture[None], (0, 1, 2))
    assert sum(found.mean) / sum(found.spread) == pytest.approx(4.0, rel=1e-3)


def test_spread_of_a_varied_picture_is_its_own(rng):
    picture = rng.uniform(0.0, 3000.0, (3, SIDE_PX, SIDE_PX)).astype(np.float32)
    found = network.statistics(picture[None], (0, 1, 2))
    shown = network.stretched(picture, found.low, found.high)
    np.testing.assert_allclose(found.spread, shown.std(axis=(1, 2)) + network.LEAST_SPREAD, rtol=1e-4)
