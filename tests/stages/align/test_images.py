"""Co-registration: shifts known from Fourier's theorem, refusals, the resampling, and what holds for any chunks."""

import json
import pickle

import numpy as np
import pytest
import xarray as xr
from mercator import UNIT, image_in_mercator
from scipy.ndimage import fourier_shift, gaussian_filter, map_coordinates
from small_scenes import blocks_and_grain

from changedet.errors import MethodError
from changedet.stages.align.alignment import Alignment
from changedet.stages.align.images import align, estimate_shift
from changedet.stages.align.stage import STAGE, choose
from changedet.stages.registry import Facts

RES_M = 0.5
METHODS = ["orientation_correlation", "phase_correlation"]


def image(values, bands=("blue", "green", "red", "nir")):
    y, x = (np.arange(n) * RES_M for n in values.shape[1:])
    values = values.astype(np.float32)
    return xr.DataArray(values, dims=("band", "y", "x"), coords={"band": list(bands[: len(values)]), "y": -y, "x": x})


def shifted(values, dy, dx):
    return np.stack([np.fft.ifft2(fourier_shift(np.fft.fft2(band), (dy, dx))).real for band in values])


def found_px(found):
    return np.array([-found.shift.north_m, found.shift.east_m]) / RES_M


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.1, -0.3), (-2.75, 1.4), (7.2, -8.6), (-19.3, 3.1)])
def test_estimate_shift_finds_a_known_shift(method, shift):
    reference = blocks_and_grain()
    rng = np.random.default_rng(1)
    other = shifted(reference, *shift) * np.array([0.7, 1.2])[:, None, None] + 150
    found = estimate_shift(image(other + 8 * rng.normal(size=other.shape)), image(reference), method=method)
    assert found.confident, found.reason
    np.testing.assert_allclose(found_px(found), shift, atol=0.06)
    assert found.sigma_m < 0.1 * RES_M


def test_estimate_shift_east_and_north_are_where_the_content_lies():
    reference = blocks_and_grain()
    moving = np.roll(reference, (2, 3), (1, 2))  # content two rows down and three columns right: south and east
    found = estimate_shift(image(moving), image(reference))
    assert found.shift.east_m == pytest.approx(3 * RES_M, abs=0.02)
    assert found.shift.north_m == pytest.approx(-2 * RES_M, abs=0.02)


def test_align_searches_as_far_on_the_ground_in_web_mercator_and_tells_metres():
    reference = blocks_and_grain()
    same = image(np.roll(reference, (4, 6), (1, 2))), image(reference)
    images = [image_in_mercator(one) for one in same]
    found, plain = estimate_shift(*images), estimate_shift(*same)
    assert found.shift.east_m == pytest.approx(plain.shift.east_m * UNIT, rel=0.01)
    assert found.sigma_m == pytest.approx(plain.sigma_m, rel=0.01)
    assert float(align(*images)["shift_east_m"]) == pytest.approx(plain.shift.east_m, rel=0.01)
    for reach_m in (1.0, 2.0, 4.0):
        assert len({estimate_shift(*pair, max_shift_m=reach_m).reason for pair in (images, same)}) == 1


def test_estimate_shift_a_third_of_changed_ground_does_not_matter():
    reference = blocks_and_grain()
    moving = shifted(reference, 1.3, -0.6)
    moving[:, :128] = blocks_and_grain(9)[:, 20:148]
    found = estimate_shift(image(moving), image(reference))
    assert found.confident
    np.testing.assert_allclose(found_px(found), (1.3, -0.6), atol=0.05)


@pytest.mark.parametrize("method", METHODS)
def test_estimate_shift_refuses_where_nothing_is_shared(method):
    flat = np.full((2, 384, 384), 900.0)
    unrelated = blocks_and_grain(0), blocks_and_grain(77)
    for moving, reference in ((flat, flat), unrelated, (np.full_like(flat, np.nan), blocks_and_grain())):
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
def test_estimate_shift_finds_none_without_texture(kind, seed):
    rng = np.random.default_rng(seed)
    moving, reference = (image(textureless(kind, rng)) for _ in range(2))
    found = estimate_shift(moving, reference)
    assert not found.confident, found.reason
    assert found_px(found).tolist() == [0, 0]


def test_estimate_shift_refuses_beyond_the_search_range():
    reference = blocks_and_grain()
    found = estimate_shift(image(shifted(reference, 9, 0)), image(reference), max_shift_m=2.0)
    assert not found.confident


def test_align_a_search_far_beyond_the_picture_reads_no_more_than_the_picture():
    reference = blocks_and_grain(5, 128)
    moved, still = image(shifted(reference, 1, 0)), image(reference)
    wide = align(moved, still, method="phase_correlation", chip_px=32, max_shift_m=1e5)
    near = align(moved, still, method="phase_correlation", chip_px=32)
    np.testing.assert_array_equal(wide.values, near.values)


def test_estimate_shift_standard_error_covers_the_error():
    ratios = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        shift = rng.uniform(-3, 3, 2)
        reference = blocks_and_grain(seed)
        moving = shifted(reference, *shift) + 200 * rng.normal(size=reference.shape)
        found = estimate_shift(image(moving), image(reference))
        ratios.append((found_px(found) - shift) / (found.sigma_m / RES_M))
    assert np.sqrt(np.mean(np.square(ratios))) < 1.5


def warped(values, field):
    """out(y, x) = values(y - fy, x - fx): the content lies `field` farther."""
    rows, columns = np.mgrid[: values.shape[1], : values.shape[2]].astype(float)
    place = rows - field[0], columns - field[1]
    return np.stack([map_coordinates(band, place, order=3, mode="reflect") for band in values])


def test_align_local_distortion_is_found_and_taken_out():
    n = 768
    reference = blocks_and_grain(3, n)
    rows, columns = np.mgrid[:n, :n] / n
    field = np.stack([1.0 + 1.2 * (columns - 0.5), -0.5 + 1.2 * (rows - 0.5)])
    moving = warped(reference, field)
    found = estimate_shift(image(moving), image(reference))
    assert found.confident
    assert found.displacement.local_east_m is not None
    inner = slice(100, 668)
    place = np.mgrid[:n, :n].astype(float) + 0.5
    east, north = found.displacement.at(place[0], place[1])
    error = np.hypot(-north / RES_M - field[0], east / RES_M - field[1])[inner, inner]
    assert np.median(error) < 0.12
    back = align(image(moving), image(reference))[:, inner, inner]
    before = abs(moving - reference)[:, inner, inner].mean()
    assert float(abs(back - reference[:, inner, inner]).mean()) < 0.25 * before
    lazy = align(image(moving).chunk(y=400, x=300), image(reference).chunk(y=512))
    np.testing.assert_array_equal(lazy.compute()[:, inner, inner], back)


def test_estimate_shift_no_local_field_where_there_is_none():
    reference = blocks_and_grain(4, 768)
    rng = np.random.default_rng(0)
    found = estimate_shift(
        image(shifted(reference, 0.4, 0.2) + 80 * rng.normal(size=reference.shape)), image(reference)
    )
    assert found.displacement.local_east_m is None


def test_align_chunks_names_nan_and_inputs():
    reference, moving = image(blocks_and_grain()), image(shifted(blocks_and_grain(), 2.3, -1.7))
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


def test_alignment_from_json_is_the_inverse_of_to_json():
    for pair in ((blocks_and_grain(3, 768), blocks_and_grain(3, 768)), (blocks_and_grain(0), blocks_and_grain(77))):
        found = estimate_shift(*(image(one) for one in pair))
        assert Alignment.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_align_methods_pickle_and_wrong_input():
    method = STAGE.get(choose(Facts(0.5, ("red",))).method).function(Facts(0.5, ("red",)))
    assert pickle.loads(pickle.dumps(method)).max_shift_m == 15.0
    assert STAGE.get("phase_correlation").function(Facts(30.0)).max_shift_m == 600.0
    with pytest.raises(MethodError, match="shape"):
        estimate_shift(image(blocks_and_grain()), image(blocks_and_grain()[:, 1:]))
    with pytest.raises(MethodError, match="chip_px"):
        estimate_shift(image(blocks_and_grain()), image(blocks_and_grain()), chip_px=8)
    with pytest.raises(MethodError, match="did you mean"):
        align(image(blocks_and_grain()), image(blocks_and_grain()), method="orientation_corelation")
