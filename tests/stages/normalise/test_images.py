"""Normalisation: lines that are known by construction, and the fall-backs."""

import json
from dataclasses import asdict

import numpy as np
import pytest
import rasterio
import xarray as xr
from real import DATA, needs_data

from changedet.errors import MethodError
from changedet.stages.normalise.images import normalise
from changedet.stages.normalise.kernels.band_fits import BandLines
from changedet.stages.normalise.stage import STAGE
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
def test_normalise_finds_a_known_line(method):
    moving, reference = pair()
    result = normalise(moving, reference, method=method)
    assert result.dtype == np.float32
    assert float(abs(result - reference).mean()) < 8.0


def test_invariant_changed_pixels_do_not_bend_the_line():
    moving, reference = pair(changed=0.3)
    facts = Facts(1.0, tuple(BANDS))
    samples = [one.values[None] for one in (moving, reference)]
    model = STAGE.get("invariant").function(facts).fit(*samples)
    assert model.method == "invariant"
    np.testing.assert_allclose(model.gain, GAIN, atol=0.01)
    np.testing.assert_allclose(model.offset, OFFSET, atol=12)
    plain = STAGE.get("mean_std").function(facts).fit(*samples)
    assert np.abs(np.subtract(plain.gain, GAIN)).max() > 0.1
    assert BandLines(**json.loads(json.dumps(asdict(model)))) == model


def test_normalise_same_image_is_left_to_the_last_bit():
    picture = image(scene())
    for method in STAGE.methods:
        np.testing.assert_array_equal(normalise(picture, picture, method=method), picture)


@needs_data
def test_normalise_the_null_series_is_left_to_the_last_bit():
    folder = DATA / "null"
    dates = []
    for path in sorted(folder.glob("*.tif"))[:2]:
        with rasterio.open(path) as source:
            dates.append(image(source.read().astype(np.float32), ["red", "green", "blue", "nir"]))
    np.testing.assert_array_equal(normalise(dates[0], dates[1], dtype="uint8"), dates[1])


def test_invariant_of_unrelated_images_falls_back_and_says_so():
    rng = np.random.default_rng(4)
    samples = [rng.normal(1000, 200, (1, 4, 200, 200)).astype(np.float32) for _ in range(2)]
    model = STAGE.get("invariant").function(Facts(1.0, tuple(BANDS))).fit(*samples)
    assert model.method == "quantile"
    assert "in common" in model.reason
    np.testing.assert_allclose(model.gain, 1.0, atol=0.05)


def test_normalise_too_few_pixels_change_nothing():
    moving, reference = pair()
    moving[:, :, 5:] = np.nan
    moving[:, 5:] = np.nan
    np.testing.assert_array_equal(normalise(moving, reference), moving)


def test_normalise_constant_and_twin_bands():
    moving, reference = pair()
    for one in (moving, reference):
        one[1] = 7.0
        one[2] = one[0] * 2
    result = normalise(moving, reference)
    assert np.isfinite(result).all()
    np.testing.assert_allclose(result[1], 7.0, atol=1e-3)


def test_normalise_chunks_names_nan_and_inputs():
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


def test_normalise_clouds_left_out_of_the_fit_are_normalised_all_the_same():
    moving, reference = pair(changed=0.4)
    valid = xr.DataArray(np.broadcast_to(np.arange(300)[:, None] >= 120, (300, 310)), dims=("y", "x"))
    result = normalise(moving, reference, method="mean_std", valid=valid)
    assert np.isfinite(result).all()
    assert float(abs(result - reference)[:, 120:].mean()) < 8.0


def test_normalise_eight_bit_pictures_stay_within_their_range():
    rng = np.random.default_rng(1)
    reference = np.clip(scene() / 12, 0, 255).round().astype(np.float32)
    moving = np.clip(reference * 0.5 + rng.normal(size=reference.shape), 0, 255).round().astype(np.float32)
    result = normalise(image(moving), image(reference), dtype="uint8")
    assert float(result.min()) >= 0
    assert float(result.max()) <= 255
    assert float(abs(result - reference).mean()) < 4


def test_normalise_sar_is_not_touched():
    picture = image(scene()[:2], ["vv", "vh"])
    assert STAGE.choose(Facts(10.0, ("vv", "vh"))).method == "none"
    np.testing.assert_array_equal(normalise(picture, picture * 2), picture)


def test_normalise_refuses_wrong_input():
    moving, reference = pair()
    with pytest.raises(MethodError, match="shape"):
        normalise(moving[:, 1:], reference)
    with pytest.raises(MethodError, match="bands"):
        normalise(moving.assign_coords(band=["nir", "red", "blue", "green"]), reference)
    with pytest.raises(MethodError, match="did you mean 'invariant'"):
        normalise(moving, reference, method="invarant")
