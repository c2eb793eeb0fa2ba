"""Co-registration: shifts known from Fourier's theorem, refusals, the resampling, and what holds for any chunks."""

import json

import numpy as np
import pytest
import xarray as xr
from scipy.ndimage import fourier_shift, gaussian_filter, map_coordinates

from changedet.errors import MethodError
from changedet.stages.align.alignment import Alignment
from changedet.stages.align.images import align, estimate_shift, overview_factor
from changedet.stages.align.kernels import chip_shifts as kernel
from changedet.stages.align.stage import STAGE, choose
from changedet.stages.registry import Facts

RES_M = 0.5
METHODS = ["orientation_correlation", "phase_correlation"]


def image(values, bands=("blue", "green", "red", "nir")):
    y, x = (np.arange(n) * RES_M for n in values.shape[1:])
    values = values.astype(np.float32)
    return xr.DataArray(values, dims=("band", "y", "x"), coords={"band": list(bands[: len(values)]), "y": -y, "x": x})


def scene(seed=0, n=384, bands=2):
    """Blocks and grain, band-limited so that a Fourier shift is exact."""
    rng = np.random.default_rng(seed)
    out = np.zeros((bands, n, n))
    for _ in range(n * n // 300):
        y, x = rng.integers(0, n, 2)
        h, w = rng.integers(3, 20, 2)
        out[:, y : y + h, x : x + w] = rng.uniform(0, 1, (bands, 1, 1))
    out = np.stack([gaussian_filter(band, 1.0, mode="wrap") for band in out])
    return 800 + 1500 * out


def shifted(values, dy, dx):
    return np.stack([np.fft.ifft2(fourier_shift(np.fft.fft2(band), (dy, dx))).real for band in values])


def found_px(found):
    return np.array([-found.shift.north_m, found.shift.east_m]) / RES_M


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.1, -0.3), (-2.75, 1.4), (7.2, -8.6), (-19.3, 3.1)])
def test_known_shift(method, shift):
    reference = scene()
    rng = np.random.default_rng(1)
    other = shifted(reference, *shift) * np.array([0.7, 1.2])[:, None, None] + 150
    found = estimate_shift(image(other + 8 * rng.normal(size=other.shape)), image(reference), method=method)
    assert found.confident, found.reason
    np.testing.assert_allclose(found_px(found), shift, atol=0.06)
    assert found.sigma_m < 0.1 * RES_M


def test_east_and_north_are_where_the_content_lies():
    reference = scene()
    moving = np.roll(reference, (2, 3), (1, 2))  # content two rows down and three columns right: south and east
    found = estimate_shift(image(moving), image(reference))
    assert found.shift.east_m == pytest.approx(3 * RES_M, abs=0.02)
    assert found.shift.north_m == pytest.approx(-2 * RES_M, abs=0.02)


def test_a_third_of_changed_ground_does_not_matter():
    reference = scene()
    moving = shifted(reference, 1.3, -0.6)
    moving[:, :128] = scene(9)[:, 20:148]
    found = estimate_shift(image(moving), image(reference))
    assert found.confident
    np.testing.assert_allclose(found_px(found), (1.3, -0.6), atol=0.05)


@pytest.mark.parametrize("method", METHODS)
def test_refuses_where_nothing_is_shared(method):
    flat = np.full((2, 384, 384), 900.0)
    unrelated = scene(0), scene(77)
    for moving, reference in ((flat, flat), unrelated, (np.full_like(flat, np.nan), scene())):
        found = estimate_shift(image(moving), image(reference), method=method)
        assert not found.confident
        assert found.reason.startswith("not moved: ")
        assert found_px(found).tolist() == [0, 0]
        assert np.isinf(found.sigma_m)
    moving, reference = (image(one) for one in unrelated)
    np.testing.assert_array_equal(align(moving, reference, method=method), moving)


def textureless(kind, rng, n=384):
    """One look at a scene that shows no ground that could be told again."""
    y, x = np.mgrid[:n, :n]
    noise = rng.normal(size=(2, n, n))
    if kind == "noise":
        return 500 + 20 * noise
    if kind == "blurred noise":
        return 500 + 60 * np.stack([gaussian_filter(band, 1.5) for band in noise])
    if kind == "flat, whole numbers":
        return 120.0 + (noise > 0.5)
    if kind == "saturated":
        return np.minimum(255.0, 262 + 6 * noise)
    if kind == "slope":
        return 300 + 200 * x / n + 5 * noise
    angle, phase = rng.normal(0.5, 0.05), 60 * gaussian_filter(rng.normal(size=(n, n)), 20)
    waves = np.sin(2 * np.pi / 12 * (x * np.cos(angle) + y * np.sin(angle)) + phase + rng.uniform(0, 6))
    return 200 + 15 * waves + 4 * noise


@pytest.mark.parametrize("kind", ["noise", "blurred noise", "flat, whole numbers", "saturated", "slope", "water"])
@pytest.mark.parametrize("seed", [0, 1])
def test_no_false_shift_without_texture(kind, seed):
    rng = np.random.default_rng(seed)
    moving, reference = (image(textureless(kind, rng)) for _ in range(2))
    found = estimate_shift(moving, reference)
    assert not found.confident, found.reason
    assert found_px(found).tolist() == [0, 0]


def test_refuses_beyond_the_search_range():
    reference = scene()
    found = estimate_shift(image(shifted(reference, 9, 0)), image(reference), max_shift_m=2.0)
    assert not found.confident


def test_a_search_far_beyond_the_picture_reads_no_more_than_the_picture():
    reference = scene(5, 128)
    moved, still = image(shifted(reference, 1, 0)), image(reference)
    wide = align(moved, still, method="phase_correlation", chip_px=32, max_shift_m=1e7)
    near = align(moved, still, method="phase_correlation", chip_px=32)
    np.testing.assert_array_equal(wide.values, near.values)


def test_standard_error_covers_the_error():
    ratios = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        shift = rng.uniform(-3, 3, 2)
        reference = scene(seed)
        moving = shifted(reference, *shift) + 200 * rng.normal(size=reference.shape)
        found = estimate_shift(image(moving), image(reference))
        ratios.append((found_px(found) - shift) / (found.sigma_m / RES_M))
    assert np.sqrt(np.mean(np.square(ratios))) < 1.5


def warped(values, field):
    """out(y, x) = values(y - fy, x - fx): the content lies `field` farther."""
    rows, columns = np.mgrid[: values.shape[1], : values.shape[2]].astype(float)
    place = rows - field[0], columns - field[1]
    return np.stack([map_coordinates(band, place, order=3, mode="reflect") for band in values])


def test_local_distortion_is_found_and_taken_out():
    n = 1024
    reference = scene(3, n)
    rows, columns = np.mgrid[:n, :n] / n
    field = np.stack([1.0 + 1.2 * (columns - 0.5), -0.5 + 1.2 * (rows - 0.5)])
    moving = warped(reference, field)
    found = estimate_shift(image(moving), image(reference))
    assert found.confident
    assert found.displacement.local_east_m is not None
    inner = slice(100, 924)
    place = np.mgrid[:n, :n].astype(float) + 0.5
    east, north = found.displacement.at(place[0], place[1])
    error = np.hypot(-north / RES_M - field[0], east / RES_M - field[1])[inner, inner]
    assert np.median(error) < 0.12
    back = align(image(moving), image(reference))[:, inner, inner]
    before = abs(moving - reference)[:, inner, inner].mean()
    assert float(abs(back - reference[:, inner, inner]).mean()) < 0.25 * before
    lazy = align(image(moving).chunk(y=400, x=300), image(reference).chunk(y=512))
    np.testing.assert_array_equal(lazy.compute()[:, inner, inner], back)


def test_no_local_field_where_there_is_none():
    reference = scene(4, 1024)
    rng = np.random.default_rng(0)
    found = estimate_shift(
        image(shifted(reference, 0.4, 0.2) + 80 * rng.normal(size=reference.shape)), image(reference)
    )
    assert found.displacement.local_east_m is None


def test_chunks_names_nan_and_inputs():
    reference, moving = image(scene()), image(shifted(scene(), 2.3, -1.7))
    moving[:, 100:110, 50:90] = np.nan
    for one in (reference, moving):
        one.values.flags.writeable = False
    whole = align(moving, reference)
    assert whole.dtype == np.float32
    assert list(whole["band"].values) == ["blue", "green"]
    assert np.isnan(whole[:, 100:106, 55:90]).all()
    assert np.isnan(whole[:, -2:]).all()  # nothing to show beyond the moving image
    inner = (slice(None), slice(120, 340), slice(20, 340))
    assert float(abs(whole - reference)[inner].mean()) < 0.2 * float(abs(moving - reference)[inner].mean())
    chunks = {"y": 101, "x": 150}
    lazy, again = (align(moving.chunk(chunks), reference.chunk({"y": 64})) for _ in range(2))
    assert lazy.chunks is not None
    assert lazy.data.name == again.data.name
    np.testing.assert_array_equal(lazy.compute(), whole)


def test_json_round_trip():
    for pair in ((scene(3, 1024), scene(3, 1024)), (scene(0), scene(77))):
        found = estimate_shift(*(image(one) for one in pair))
        assert Alignment.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_methods_pickle_and_wrong_input():
    import pickle

    method = STAGE.get(choose(Facts(0.5, ("red",))).method).function(Facts(0.5, ("red",)))
    assert pickle.loads(pickle.dumps(method)).max_shift_m == 15.0
    assert STAGE.get("phase_correlation").function(Facts(30.0)).max_shift_m == 600.0
    with pytest.raises(MethodError, match="shape"):
        estimate_shift(image(scene()), image(scene()[:, 1:]))
    with pytest.raises(MethodError, match="chip_px"):
        estimate_shift(image(scene()), image(scene()), chip_px=8)
    with pytest.raises(MethodError, match="did you mean"):
        align(image(scene()), image(scene()), method="orientation_corelation")


@pytest.mark.parametrize("shift", [(0.0, 0.0), (2.0, -1.0), (0.25, 0.5), (-3.4, 1.7)])
def test_resampling_matches_scipy(shift):
    values = scene(1, 64)[:, :50].astype(np.float32)
    result = kernel.resample_shifted(values, np.asarray(shift[0]), np.asarray(shift[1]))
    rows, columns = np.mgrid[:50, :64].astype(float)
    place = rows + shift[0], columns + shift[1]
    expected = np.stack([map_coordinates(band.astype(float), place, order=1, cval=np.nan) for band in values])
    outside = (place[0] < 0) | (place[0] > 49) | (place[1] < 0) | (place[1] > 63)
    assert np.isnan(result[:, outside]).all()
    np.testing.assert_allclose(result[:, ~outside], expected[:, ~outside], rtol=1e-5)


def test_whole_pixel_shift_is_a_copy_beside_no_data():
    values = scene(1, 40).astype(np.float32)
    values[:, 10, 10] = np.nan
    result = kernel.resample_shifted(values, np.asarray(3.0), np.asarray(0.0))
    np.testing.assert_array_equal(result[:, :-3], values[:, 3:])


def test_consensus_ignores_strays():
    rng = np.random.default_rng(2)
    shifts = np.concatenate([rng.normal((1.5, -0.7), 0.05, (30, 2)), rng.uniform(-10, 10, (20, 2))])
    agreed = kernel.consensus(shifts, np.ones(50), 1.5)
    np.testing.assert_allclose(agreed["shift"], (1.5, -0.7), atol=0.03)
    assert agreed["agree"][:30].mean() > 0.8
    assert 0.03 < agreed["residual_px"] < 0.08


def test_orientation_ignores_gain_and_leaves_no_data_out():
    values = scene(5, 128).astype(np.float32)
    field = kernel.orientation_field(values, 1.0)
    np.testing.assert_allclose(kernel.orientation_field(values * 3, 1.0), field, atol=1e-3)
    values[:, 40:60, 40:60] = np.nan
    holed = kernel.orientation_field(values, 1.0)
    assert (holed[:, 38:62, 38:62] == 0).all()
    np.testing.assert_allclose(holed[:, :30], field[:, :30], atol=0.05)


def test_overviews_are_small():
    for shape in ((100, 90), (400, 400), (9000, 200), (30_000, 30_000)):
        assert shape[0] * shape[1] / overview_factor(shape) ** 2 <= 1.1e6


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 1, 200), (1, 2, 3)])
def test_scenes_of_a_row_or_a_pixel(shape):
    picture = np.random.default_rng(0).random(shape, np.float32)
    assert kernel.correlation_spectrum(picture, picture, 0.5).shape == shape[1:]
