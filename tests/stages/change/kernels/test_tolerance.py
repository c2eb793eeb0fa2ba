"""The robust line, the change vector and what a displacement explains, against brute force."""

from __future__ import annotations

import numpy as np
from change_pairs import images
from hypothesis import given, settings
from hypothesis import strategies as st

from changedet.stages.change.kernels import smoothing, tolerance


def test_fit_line_finds_the_line_beside_a_fifth_of_change():
    before, after = images(shape=(3, 200, 200))
    after[:, :40] += 150
    line = tolerance.fit_line(before.reshape(3, -1).T, after.reshape(3, -1).T)
    np.testing.assert_allclose(line.gain, 1 / 0.8, rtol=0.03)
    residual = np.asarray(line.gain) * 110 + line.offset - 100
    np.testing.assert_allclose(residual, 0, atol=1.0)
    # a median over all pixels, changed ones too, errs on the safe side
    assert (np.asarray(line.noise) > 0.95 * 3 / 0.8).all()
    assert (np.asarray(line.noise) < 1.4 * 3 / 0.8).all()


def _greened(share: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pixels (n, band) of a place of which such a share is a meadow that greened, and which are paved (n,)."""
    rng = np.random.default_rng(3)
    number = 20_000
    paved = np.arange(number) >= share * number
    blades, stones = rng.normal(0, 1, (number, 1)), rng.normal(0, 1, (number, 1))
    noise = rng.normal(0, 1, (2, number, 2))
    before = np.where(paved[:, None], [280, 260] + 40 * stones, [245, 395] + 20 * blades) + noise[0]
    after = np.where(paved[:, None], [280, 260] + 40 * stones, [150, 1000] + 10 * blades) + noise[1]
    return before.astype(np.float32), after.astype(np.float32), paved


def test_line_of_light_is_not_that_of_a_meadow_that_greened():
    before, after, paved = _greened(0.9)
    every = tolerance.fit_line(before, after)
    assert np.abs(np.asarray(every.gain) * 280 + every.offset - 280).min() > 100
    line = tolerance.line_of_light(every, (before, after), (before[paved], after[paved]))
    np.testing.assert_allclose(line.gain, 1, atol=0.01)
    np.testing.assert_allclose(np.asarray(line.gain) * 280 + line.offset, 280, atol=2)


def test_line_of_light_stays_where_it_keeps_what_lasts():
    before, after, paved = _greened(0.3)
    every = tolerance.fit_line(before, after)
    assert tolerance.line_of_light(every, (before, after), (before[paved], after[paved])) is every


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 2))
def test_change_vector_magnitude_is_its_definition(seed, radius):
    before, after = images(seed, (2, 9, 11))
    before[0, 4, 5] = np.nan
    line = tolerance.BandLine([1.1, 0.7], [3.0, -2.0], [2.0, 5.0])
    ours = tolerance.change_vector_magnitude(before, after, line, radius)
    moved = np.asarray(line.gain)[:, None, None] * after + np.asarray(line.offset)[:, None, None]
    wanted = np.zeros((9, 11))
    for y in range(9):
        for x in range(11):
            for band in range(2):
                window = (band, slice(max(0, y - radius), y + radius + 1), slice(max(0, x - radius), x + radius + 1))
                b, a = before[band, y, x], moved[band, y, x]
                outside = max(
                    a - np.nanmax(before[window]) if np.isfinite(before[window]).any() else np.nan,
                    np.nanmin(before[window]) - a if np.isfinite(before[window]).any() else np.nan,
                    b - moved[window].max(),
                    moved[window].min() - b,
                    0.0,
                )
                wanted[y, x] += (outside / line.noise[band]) ** 2 if np.isfinite(b) else np.nan
    np.testing.assert_allclose(ours, np.sqrt(wanted), rtol=2e-4, atol=1e-3)


def test_cap_displaced_caps_a_moved_edge_and_no_new_object():
    before = np.full((2, 40, 60), 50, np.float32) + np.random.default_rng(0).normal(0, 1, (2, 40, 60)).astype("f4")
    before[:, :, :20] += 60
    after = before.copy()
    after[:, :, 20] += 60  # the edge by one pixel
    after[:, 15:20, 40:45] += 60  # five by five pixels
    line = tolerance.BandLine([1.0, 1.0], [0.0, 0.0], [1.4, 1.4])
    score = tolerance.change_vector_magnitude(before, after, line, 0)
    capped = tolerance.cap_displaced(score, before, after, line, 10.0, 1, smoothing.gaussian_weights(0.6), 0.4)
    assert (score[:, 20] > 10).all()
    assert not (capped[:, 20] > 10).any()
    np.testing.assert_array_equal(capped[15:20, 40:45], score[15:20, 40:45])
    np.testing.assert_array_equal(capped[score <= 10], score[score <= 10])
