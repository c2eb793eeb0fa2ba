"""Normalisation: lines that are known by construction, the fall-backs, and the IR-MAD kernel beneath."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy.stats import chi2, f, t

from changedet.errors import MethodError
from changedet.kernels import irmad
from changedet.stages.normalise.kernels import band_lines as kernel
from changedet.stages.normalise.stage import STAGE, normalise
from changedet.stages.registry import Facts

BANDS = ["blue", "green", "red", "nir"]
GAIN = np.array([0.8, 1.1, 1.3, 0.7], np.float32)
OFFSET = np.array([120, -60, 10, 300], np.float32)


def image(values, bands=BANDS):
    return xr.DataArray(values, dims=("band", "y", "x"), coords={"band": bands[: len(values)]})


def scene(seed=0, shape=(300, 310)):
    rng = np.random.default_rng(seed)
    base = rng.normal(size=(3, *shape)).astype(np.float32)
    mix = rng.normal(size=(4, 3)).astype(np.float32)
    return (np.einsum("bc,cyx->byx", mix, base) * 200 + 1500).astype(np.float32)


def pair(noise=5.0, changed=0.0, seed=0):
    """A reference, and a darker, hazier look at it; `changed` is the share of rows with other content."""
    reference = scene(seed)
    rng = np.random.default_rng(seed + 100)
    moving = (reference - OFFSET[:, None, None]) / GAIN[:, None, None] + rng.normal(size=reference.shape) * noise
    rows = int(changed * reference.shape[1])
    if rows:
        moving[:, :rows] = scene(seed + 7)[:, :rows] * 1.8 + 900
    return image(moving.astype(np.float32)), image(reference)


@pytest.mark.parametrize("method", ["invariant", "quantile", "mean_std"])
def test_known_line_is_found(method):
    moving, reference = pair()
    result = normalise(moving, reference, method=method)
    assert result.dtype == np.float32
    assert float(abs(result - reference).mean()) < 8.0


def test_changed_pixels_do_not_bend_the_line():
    moving, reference = pair(changed=0.3)
    facts = Facts(1.0, tuple(BANDS))
    samples = [one.values[None] for one in (moving, reference)]
    model = STAGE.get("invariant").function(facts).fit(*samples)
    assert model["method"] == "invariant"
    np.testing.assert_allclose(model["gain"], GAIN, atol=0.01)
    np.testing.assert_allclose(model["offset"], OFFSET, atol=12)
    plain = STAGE.get("mean_std").function(facts).fit(*samples)
    assert np.abs(np.subtract(plain["gain"], GAIN)).max() > 0.1
    assert json.loads(json.dumps(model)) == model


def test_same_image_is_left_to_the_last_bit():
    picture = image(scene())
    for method in STAGE.methods:
        np.testing.assert_array_equal(normalise(picture, picture, method=method), picture)


def test_the_null_series_is_left_to_the_last_bit():
    folder = Path(os.environ.get("CHANGEDET_DATA", Path(__file__).parents[2] / "shared/data")) / "null"
    if not folder.is_dir():
        pytest.skip("the null series is not there: set CHANGEDET_DATA")
    rasterio = pytest.importorskip("rasterio")
    dates = []
    for path in sorted(folder.glob("*.tif"))[:2]:
        with rasterio.open(path) as source:
            dates.append(image(source.read().astype(np.float32), ["red", "green", "blue", "nir"]))
    np.testing.assert_array_equal(normalise(dates[0], dates[1], dtype="uint8"), dates[1])


def test_unrelated_images_fall_back_and_say_so():
    rng = np.random.default_rng(4)
    samples = [rng.normal(1000, 200, (1, 4, 200, 200)).astype(np.float32) for _ in range(2)]
    model = STAGE.get("invariant").function(Facts(1.0, tuple(BANDS))).fit(*samples)
    assert model["method"] == "quantile"
    assert "in common" in model["reason"]
    np.testing.assert_allclose(model["gain"], 1.0, atol=0.05)


def test_too_few_pixels_change_nothing():
    moving, reference = pair()
    moving[:, :, 5:] = np.nan
    moving[:, 5:] = np.nan
    np.testing.assert_array_equal(normalise(moving, reference), moving)


def test_constant_and_twin_bands():
    moving, reference = pair()
    for one in (moving, reference):
        one[1] = 7.0
        one[2] = one[0] * 2
    result = normalise(moving, reference)
    assert np.isfinite(result).all()
    np.testing.assert_allclose(result[1], 7.0, atol=1e-3)


def test_chunks_names_nan_and_inputs():
    moving, reference = pair()
    moving[:, 10:20, 30:40] = np.nan
    before = moving.copy(deep=True)
    moving.values.flags.writeable = reference.values.flags.writeable = False
    whole = normalise(moving, reference)
    assert np.array_equal(np.isnan(whole), np.isnan(moving))
    for chunks in ({"y": 101, "x": 64}, {"y": 300, "x": 1}):
        lazy = normalise(moving.chunk(chunks), reference.chunk({"y": 50}))
        again = normalise(moving.chunk(chunks), reference.chunk({"y": 50}))
        assert lazy.chunks is not None
        assert lazy.data.name == again.data.name
        if chunks["x"] > 1:
            np.testing.assert_array_equal(lazy.compute(), whole)
    np.testing.assert_array_equal(moving, before)


def test_clouds_left_out_of_the_fit_are_normalised_all_the_same():
    moving, reference = pair(changed=0.4)
    valid = xr.DataArray(np.broadcast_to(np.arange(300)[:, None] >= 120, (300, 310)), dims=("y", "x"))
    result = normalise(moving, reference, method="mean_std", valid=valid)
    assert np.isfinite(result).all()
    assert float(abs(result - reference)[:, 120:].mean()) < 8.0


def test_eight_bit_pictures_stay_within_their_range():
    rng = np.random.default_rng(1)
    reference = np.clip(scene() / 12, 0, 255).round().astype(np.float32)
    moving = np.clip(reference * 0.5 + rng.normal(size=reference.shape), 0, 255).round().astype(np.float32)
    result = normalise(image(moving), image(reference), dtype="uint8")
    assert float(result.min()) >= 0
    assert float(result.max()) <= 255
    assert float(abs(result - reference).mean()) < 4


def test_sar_is_not_touched():
    picture = image(scene()[:2], ["vv", "vh"])
    assert STAGE.choose(Facts(10.0, ("vv", "vh"))).method == "none"
    np.testing.assert_array_equal(normalise(picture, picture * 2), picture)


def test_wrong_input():
    moving, reference = pair()
    with pytest.raises(MethodError, match="shape"):
        normalise(moving[:, 1:], reference)
    with pytest.raises(MethodError, match="bands"):
        normalise(moving.assign_coords(band=["nir", "red", "blue", "green"]), reference)
    with pytest.raises(MethodError, match="did you mean 'invariant'"):
        normalise(moving, reference, method="invarant")


def test_orthogonal_line_is_the_principal_axis():
    rng = np.random.default_rng(2)
    x = rng.normal(size=2000)
    y = 1.7 * x + 3 + rng.normal(size=2000)
    gain, offset = kernel.orthogonal_line(x, y)
    axis = np.linalg.eigh(np.cov(x, y))[1][:, -1]
    assert gain == pytest.approx(axis[1] / axis[0])
    assert offset == pytest.approx(y.mean() - gain * x.mean())
    back, _ = kernel.orthogonal_line(y, x)
    assert back == pytest.approx(1 / gain)


def test_held_out_p_values_are_those_of_the_textbook():
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=60), rng.normal(0.2, 1.3, size=60)
    p_t, p_f = kernel.held_out_tests(a, b)
    d = a - b
    assert p_t == pytest.approx(2 * t.sf(abs(d.mean()) / (d.std(ddof=1) / 60**0.5), 59))
    assert p_f == pytest.approx(2 * f.sf(max(a.var(), b.var()) / min(a.var(), b.var()), 59, 59))
    assert kernel.held_out_tests(a, a) == pytest.approx((1.0, 1.0))


@pytest.mark.parametrize("degrees", range(1, 8))
def test_no_change_probability_is_the_chi_square_tail(degrees):
    chi = np.linspace(0, 80, 300).astype(np.float32)
    np.testing.assert_allclose(irmad.no_change_probability(chi, degrees), chi2.sf(chi, degrees), atol=2e-6)


def test_mad_matches_canonical_correlation_by_generalised_eigenvalues():
    from scipy.linalg import eigh

    rng = np.random.default_rng(5)
    x = (rng.normal(size=(5000, 3)) @ rng.normal(size=(3, 3))).astype(np.float32)
    y = (x @ rng.normal(size=(3, 3)) + rng.normal(size=(5000, 3))).astype(np.float32)
    model = irmad.irmad_fit(x, y, 1, 1e-6, 0.0)
    s = np.cov(np.hstack([x, y]).astype(float).T, bias=True)
    s11, s12, s22 = s[:3, :3], s[:3, 3:], s[3:, 3:]
    squared = eigh(s12 @ np.linalg.inv(s22) @ s12.T, s11, eigvals_only=True)[::-1]
    np.testing.assert_allclose(model["rho"], np.sqrt(squared), rtol=1e-5)
    variates = (x - model["before_mean"]) @ np.array(model["a"]).T - (y - model["after_mean"]) @ np.array(model["b"]).T
    np.testing.assert_allclose(variates.var(axis=0), model["variance"], rtol=1e-4)
    np.testing.assert_allclose(model["variance"], 2 * (1 - np.array(model["rho"])), rtol=1e-4)
    expected = (variates**2 / np.array(model["variance"])).sum(axis=1)
    np.testing.assert_allclose(irmad.chi_square(x, y, model), expected, rtol=1e-3)
    cube = [np.ascontiguousarray(one.T).reshape(3, 50, 100) for one in (x, y)]
    np.testing.assert_allclose(irmad.chi_square_image(*cube, model).ravel(), expected, rtol=1e-3)


def test_irmad_ignores_gain_offset_and_nan_rows():
    rng = np.random.default_rng(6)
    x = (rng.normal(size=(4000, 3)) * [1, 5, 50]).astype(np.float32)
    y = (x + rng.normal(size=x.shape)).astype(np.float32)
    y[:400] = rng.normal(size=(400, 3)) * 60
    model = irmad.irmad_fit(x, y, 30, 1e-4, 0.0)
    other = irmad.irmad_fit(x * 3 + 10, y * np.float32(0.2) - 4, 30, 1e-4, 0.0)
    np.testing.assert_allclose(model["rho"], other["rho"], rtol=1e-3)
    chi = irmad.chi_square(x, y, model)
    assert np.median(chi[:400]) > 10 * np.median(chi[400:])
    holed = np.vstack([x, np.full((3, 3), np.nan, np.float32)])
    same = irmad.irmad_fit(holed, np.vstack([y, y[:3]]), 30, 1e-4, 0.0)
    assert same == model
    assert np.isnan(irmad.chi_square(holed[-1:], y[:1], model)).all()


def test_irmad_of_almost_nothing():
    few = irmad.irmad_fit(np.ones((3, 4), np.float32), np.ones((3, 4), np.float32), 10, 1e-3, 0.0)
    assert few["degrees"] == 0
    assert irmad.chi_square(np.ones((2, 4)), np.zeros((2, 4)), few).tolist() == [0.0, 0.0]
