"""IR-MAD against canonical correlation by another way, and what it must not depend on."""

import numpy as np
import pytest
from scipy.linalg import eigh

from changedet.kernels.irmad import STRIP_PX, _weighted_moments, irmad_fit
from changedet.kernels.variates import chi_square, chi_square_image, pixel_chi_square, survival


def test_mad_matches_canonical_correlation_by_generalised_eigenvalues():
    rng = np.random.default_rng(5)
    x = (rng.normal(size=(5000, 3)) @ rng.normal(size=(3, 3))).astype(np.float32)
    y = (x @ rng.normal(size=(3, 3)) + rng.normal(size=(5000, 3))).astype(np.float32)
    model = irmad_fit(x, y, 1, 1e-6, 0.0)
    s = np.cov(np.hstack([x, y]).astype(float).T, bias=True)
    s11, s12, s22 = s[:3, :3], s[:3, 3:], s[3:, 3:]
    squared = eigh(s12 @ np.linalg.inv(s22) @ s12.T, s11, eigvals_only=True)[::-1]
    np.testing.assert_allclose(model.rho, np.sqrt(squared), rtol=1e-5)
    variates = (x - model.before_mean) @ np.array(model.a).T - (y - model.after_mean) @ np.array(model.b).T
    np.testing.assert_allclose(variates.var(axis=0), model.variance, rtol=1e-4)
    np.testing.assert_allclose(model.variance, 2 * (1 - np.array(model.rho)), rtol=1e-4)
    expected = (variates**2 / np.array(model.variance)).sum(axis=1)
    np.testing.assert_allclose(chi_square(x, y, model), expected, rtol=1e-3)
    cube = [np.ascontiguousarray(one.T).reshape(3, 50, 100) for one in (x, y)]
    np.testing.assert_allclose(chi_square_image(*cube, model).ravel(), expected, rtol=1e-3)


def test_irmad_ignores_gain_offset_and_nan_rows():
    rng = np.random.default_rng(6)
    x = (rng.normal(size=(4000, 3)) * [1, 5, 50]).astype(np.float32)
    y = (x + rng.normal(size=x.shape)).astype(np.float32)
    y[:400] = rng.normal(size=(400, 3)) * 60
    model = irmad_fit(x, y, 30, 1e-4, 0.0)
    other = irmad_fit(x * 3 + 10, y * np.float32(0.2) - 4, 30, 1e-4, 0.0)
    np.testing.assert_allclose(model.rho, other.rho, rtol=1e-3)
    chi = chi_square(x, y, model)
    assert np.median(chi[:400]) > 10 * np.median(chi[400:])
    holed = np.vstack([x, np.full((3, 3), np.nan, np.float32)])
    same = irmad_fit(holed, np.vstack([y, y[:3]]), 30, 1e-4, 0.0)
    assert same == model
    assert np.isnan(chi_square(holed[-1:], y[:1], model)).all()


def test_irmad_of_almost_nothing():
    few = irmad_fit(np.ones((3, 4), np.float32), np.ones((3, 4), np.float32), 10, 1e-3, 0.0)
    assert few.degrees == 0
    assert chi_square(np.ones((2, 4)), np.zeros((2, 4)), few).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("bands", [1, 2, 3, 4, 5])
def test_weighted_moments_add_pixel_after_pixel(bands: int):
    rng = np.random.default_rng(bands)
    x, y = (rng.normal(0, 20, (2 * STRIP_PX + 7, bands)).astype(np.float32) for _ in range(2))
    left, right, offset = (
        rng.normal(0, 0.03, (bands, bands)),
        rng.normal(0, 0.03, (bands, bands)),
        rng.normal(size=bands),
    )
    origin = rng.normal(0, 1, 2 * bands)
    weight, first, second = 0.0, np.zeros(2 * bands), np.zeros((2 * bands, 2 * bands))
    for before, after in zip(x, y, strict=True):
        w = survival(pixel_chi_square(before, after, left, right, offset), bands)
        v = np.concatenate([before, after]).astype(np.float64) - origin
        weight += w
        first += w * v
        second += (w * v)[:, None] * v
    mean = first / weight
    lower = np.tril(second / weight - mean[:, None] * mean)
    found = _weighted_moments(*(np.ascontiguousarray(one.T) for one in (x, y)), origin, left, right, offset, bands)
    assert found[0] == weight
    np.testing.assert_array_equal(found[1], mean + origin)
    np.testing.assert_array_equal(np.tril(found[2]), lower)
    np.testing.assert_array_equal(found[2], found[2].T)


def test_irmad_goes_on_from_an_earlier_fit_to_the_same_bits():
    rng = np.random.default_rng(9)
    x = rng.normal(size=(3000, 4)).astype(np.float32)
    y = (x + rng.normal(size=x.shape)).astype(np.float32)
    y[:300] = rng.normal(size=(300, 4)) * 20
    first = irmad_fit(x, y, 1, 1e-3, 0.0)
    assert irmad_fit(x, y, 30, 1e-3, 0.0, first) == irmad_fit(x, y, 30, 1e-3, 0.0)
    assert irmad_fit(x, y, 1, 1e-3, 0.0, first) == first
