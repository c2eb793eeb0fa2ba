"""Shifts from chips where few of them show it: a ship that moved over dull ground."""

import numpy as np
import pytest
from scipy.ndimage import fourier_shift
from small_scenes import blocks_and_grain

from changedet.stages.align.chips import chips, measured_shift
from changedet.stages.align.stage import orientation_correlation
from changedet.stages.registry import Facts

N = 512
TRUE_PX = np.array([0.8, -1.4])


def found(moving, reference):
    """The alignment of two images of one cell, searched from no shift."""
    method = orientation_correlation(Facts(1.0))
    blank = np.full((moving.shape[0], 64, 64), np.nan, np.float32)
    pair = moving[None].astype(np.float32), reference[None].astype(np.float32)
    return measured_shift(method, (blank, blank), 8, pair, [(0, 0)], 1.0)


def shifted(values, dy, dx):
    return np.stack([np.fft.ifft2(fourier_shift(np.fft.fft2(band), (dy, dx))).real for band in values])


def error_px(alignment):
    return np.hypot(*(np.array([-alignment.shift.north_m, alignment.shift.east_m]) - TRUE_PX))


def dull_ground_and_a_ship(seed, roughness=3.0):
    """Ground that noise nearly hides, and a ship in two chips of sixteen that moved by 9 and 13 pixels."""
    rng = np.random.default_rng(seed)
    ground, deck = blocks_and_grain(seed, N), blocks_and_grain(seed + 50, N)
    rough = roughness * ground.std()
    reference = ground + rough * rng.normal(size=ground.shape)
    moving = shifted(ground, *TRUE_PX) + rough * rng.normal(size=ground.shape)
    reference[:, :128, :256] = deck[:, :128, :256]
    moving[:, :128, :256] = np.roll(deck, (-9, -13), (1, 2))[:, :128, :256]
    return moving, reference


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_measured_shift_a_ship_that_moved_does_not_outweigh_the_ground(seed):
    alignment = found(*dull_ground_and_a_ship(seed))
    assert alignment.confident, alignment.reason
    assert "of the peak of all chips added up" in alignment.reason
    assert error_px(alignment) < 0.7
    assert error_px(alignment) < 3.0 * alignment.sigma_m
    assert alignment.sigma_m >= 0.5 / np.sqrt(alignment.chips_used) - 1e-9


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_measured_shift_a_ship_is_not_followed_where_hardly_a_chip_shows_the_ground(seed):
    alignment = found(*dull_ground_and_a_ship(seed, roughness=5.5))
    assert not alignment.confident or error_px(alignment) < 3.0 * alignment.sigma_m, alignment.reason


def test_measured_shift_one_chip_of_noise_or_of_other_ground_shows_none():
    rng = np.random.default_rng(5)
    for pair in (rng.normal(size=(2, 2, 128, 128)), np.stack([blocks_and_grain(k, N) for k in (1, 77)])):
        assert not found(*(500 + 20 * pair)).confident


def test_measured_shift_few_chips_are_cut_in_four():
    """A small scene of four chips, two of which show what moved: their quarters outvote it."""
    ground, deck = blocks_and_grain(3, 256), blocks_and_grain(60, 256)
    moving, reference = shifted(ground, *TRUE_PX), ground.copy()
    reference[:, :100], moving[:, :100] = deck[:, :100], np.roll(deck, (-5, 3), (1, 2))[:, :100]
    alignment = found(moving, reference)
    assert alignment.confident, alignment.reason
    assert alignment.chips_used > 4
    assert error_px(alignment) < 0.1


def test_chips_are_side_by_side_with_their_centres():
    cells = np.arange(2 * 1 * 64 * 64, dtype=np.float32).reshape(2, 1, 64, 64)
    cut, centres = chips(cells, [(0, 0), (0, 64)], 32)
    assert [part.shape for part in cut] == 8 * [(1, 32, 32)]
    assert centres[:2].tolist() == [[16.0, 16.0], [16.0, 48.0]]
    assert centres[4].tolist() == [16.0, 80.0]
    np.testing.assert_array_equal(cut[5], cells[1][:, :32, 32:])


def test_chips_of_content_that_lies_away_are_cut_there_and_unknown_beyond_the_cell():
    cells = np.arange(64 * 64, dtype=np.float32).reshape(1, 1, 64, 64)
    cut, centres = chips(cells, [(0, 0)], 32, (5, -3))
    assert centres[0].tolist() == [16.0, 16.0]
    np.testing.assert_array_equal(cut[0][0, :, 3:], cells[0, 0, 5:37, :29])
    assert np.isnan(cut[0][0, :, :3]).all()
    np.testing.assert_array_equal(cut[3][0, :27], cells[0, 0, 37:, 29:61])
    assert np.isnan(cut[3][0, 27:]).all()


def yard_of_stacks(lean, roofs, seed=4):
    """Ground at `TRUE_PX` or at rest, and stacks between lanes, whose roofs a lean displaces by their heights."""
    rng = np.random.default_rng(seed)
    picture = blocks_and_grain(seed, N).copy()
    if lean is not None:
        picture = shifted(picture, *TRUE_PX)
    for top in range(12, N - 60, 96):
        for left in range(0, N - 24, 26):
            for row in range(top, top + 60, 7):
                height, colour = rng.integers(1, 5), roofs.uniform(200, 3000, (2, 1, 1))
                dy, dx = (0, 0) if lean is None else (height * lean + TRUE_PX).round().astype(int)
                y, x = max(0, row + dy), max(0, left + dx)
                picture[:, y : y + 6, x : x + 24] = colour
    return picture


def test_measured_shift_ground_between_leaning_stacks_outvotes_them():
    """Half of the stacks are others on the second look, and all lean: large chips hold more of them than of ground."""
    reference = yard_of_stacks(None, np.random.default_rng(1))
    moving = yard_of_stacks(np.array([2.0, -3.0]), np.random.default_rng(2))
    alignment = found(moving, reference)
    assert alignment.confident, alignment.reason
    assert error_px(alignment) < 0.15


@pytest.mark.parametrize("far", [(-11.3, 14.2), (7.6, -18.4)])
def test_measured_shift_far_away_is_as_exact(far):
    ground = blocks_and_grain(8, N)
    method = orientation_correlation(Facts(1.0))
    pair = shifted(ground, *far).astype(np.float32), ground.astype(np.float32)
    coarse = [image.reshape(2, 64, 8, 64, 8).mean((2, 4)) for image in pair]
    alignment = measured_shift(method, coarse, 8, [image[None] for image in pair], [(0, 0)], 1.0)
    assert alignment.confident, alignment.reason
    np.testing.assert_allclose((-alignment.shift.north_m, alignment.shift.east_m), far, atol=0.06)


def test_measured_shift_beyond_the_search_range_is_none():
    ground = blocks_and_grain(8, N)
    pair = shifted(ground, -16.3, 19.2).astype(np.float32), ground.astype(np.float32)
    coarse = [image.reshape(2, 64, 8, 64, 8).mean((2, 4)) for image in pair]
    method = orientation_correlation(Facts(1.0))
    alignment = measured_shift(method, coarse, 8, [image[None] for image in pair], [(0, 0)], 1.0)
    assert not alignment.confident
    assert "beyond the search range" in alignment.reason
