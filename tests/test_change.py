"""The change kernels against brute force and other implementations; the public functions; real pairs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import dask
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import linalg, ndimage
from skimage.restoration import denoise_tv_chambolle

from changedet.errors import MethodError
from changedet.kernels.variates import chi_square
from changedet.stages.change.kernels import isfa, smoothing, structure, tolerance
from changedet.stages.change.method import choose
from changedet.stages.change.scoring import change_mask, change_score
from changedet.stages.change.stage import STAGE as CHANGE
from changedet.stages.registry import Facts

DATA = Path(os.environ.get("CHANGEDET_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


def images(seed=0, shape=(3, 40, 50)):
    rng = np.random.default_rng(seed)
    before = rng.normal(100, 20, shape).astype(np.float32)
    after = (before * 0.8 + 30 + rng.normal(0, 3, shape)).astype(np.float32)
    return before, after


def as_arrays(*pictures, chunks=None, step=1.0):
    height, width = pictures[0].shape[1:]
    coords = {"y": -step * np.arange(height), "x": step * np.arange(width), "band": ["blue", "green", "red"]}
    found = [xr.DataArray(p, dims=("band", "y", "x"), coords=coords) for p in pictures]
    return found if chunks is None else [image.chunk({"y": chunks, "x": chunks}) for image in found]


# smoothing ------------------------------------------------------------------------------------------------------------


def test_images_that_miss_the_same_pixels_are_averaged_as_each_by_itself_where_it_is_wanted():
    rng = np.random.default_rng(3)
    images, weights = rng.normal(size=(3, 40, 90)).astype(np.float32), smoothing.gaussian_weights(2.0)
    images[:, rng.random((40, 90)) < 0.1] = np.nan
    alone = np.stack([smoothing.weighted_mean(image, weights) for image in images])
    np.testing.assert_array_equal(smoothing.weighted_means(images, weights), alone)
    wanted = rng.random((40, 90)) < 0.01
    wanted[10, 20:60] = wanted[-1, -1] = True
    found = smoothing.weighted_means(images, weights, wanted)
    np.testing.assert_array_equal(found[:, wanted], alone[:, wanted])


def test_gaussian_is_scipy_s_where_all_pixels_are_there():
    image = images()[0][0]
    ours = smoothing.gaussian(image, 1.0)
    reference = ndimage.gaussian_filter(image.astype(float), 1.0, truncate=3.0)
    np.testing.assert_allclose(ours[3:-3, 3:-3], reference[3:-3, 3:-3], rtol=1e-5)


def test_means_leave_out_what_is_missing():
    image = images()[0][0]
    image[5:9, 7:12] = np.nan
    there = np.isfinite(image)
    for ours, sums in (
        (smoothing.gaussian(image, 1.5), lambda a: ndimage.gaussian_filter(a, 1.5, truncate=10 / 3, mode="constant")),
        (smoothing.box(image, 1), lambda a: ndimage.uniform_filter(a, 3, mode="constant")),
    ):
        wanted = sums(np.where(there, image, 0).astype(float)) / np.maximum(sums(there.astype(float)), 1e-9)
        np.testing.assert_allclose(ours[there], wanted[there], rtol=1e-5)
        np.testing.assert_array_equal(np.isnan(ours), ~there)


def test_total_variation_goes_where_chambolle_s_iteration_goes():
    rng = np.random.default_rng(2)
    image = rng.normal(3, 0.5, (50, 60)).astype(np.float32)
    image[10:30, 20:40] += 4
    reference = denoise_tv_chambolle(image.astype(float), weight=0.5, eps=1e-10, max_num_iter=5000)
    np.testing.assert_allclose(smoothing.total_variation(image, 0.5, 300), reference, atol=0.01)
    near = np.sqrt(np.mean((smoothing.total_variation(image, 0.5, 20) - reference) ** 2))
    assert near < 0.05 * np.sqrt(np.mean((image - reference) ** 2))


@pytest.mark.parametrize("iterations", [1, 5, 20])
def test_total_variation_reaches_one_pixel_more_than_its_steps(iterations):
    image = images()[0][0].repeat(2, 0).repeat(2, 1)
    whole = smoothing.total_variation(image, 5.0, iterations)
    halo = iterations + 1
    part = smoothing.total_variation(np.ascontiguousarray(image[4 : 40 + 2 * halo - 4, 7:60]), 5.0, iterations)
    bottom = min(part.shape[0] - halo, whole.shape[0] - 4)
    np.testing.assert_array_equal(part[halo:bottom, halo:-halo], whole[4 + halo : 4 + bottom, 7 + halo : 60 - halo])


def test_total_variation_does_not_cross_what_is_missing():
    image = np.zeros((9, 21), np.float32)
    image[:, 11:] = 100
    image[:, 10] = np.nan
    np.testing.assert_array_equal(smoothing.total_variation(image, 50.0, 20), image)


# differences ----------------------------------------------------------------------------------------------------------


def test_the_line_is_found_beside_a_fifth_of_change():
    before, after = images(shape=(3, 200, 200))
    after[:, :40] += 150
    line = tolerance.fit_line(before.reshape(3, -1).T, after.reshape(3, -1).T)
    np.testing.assert_allclose(line.gain, 1 / 0.8, rtol=0.03)
    residual = np.asarray(line.gain) * 110 + line.offset - 100
    np.testing.assert_allclose(residual, 0, atol=1.0)
    # a median over all pixels, changed ones too, errs on the safe side
    assert (np.asarray(line.noise) > 0.95 * 3 / 0.8).all()
    assert (np.asarray(line.noise) < 1.4 * 3 / 0.8).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 2))
def test_the_change_vector_is_its_definition(seed, radius):
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


def test_a_moved_edge_is_capped_and_a_new_object_is_not():
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


# slow features and structure ------------------------------------------------------------------------------------------


def test_slow_features_solve_the_generalised_eigenproblem():
    rng = np.random.default_rng(3)
    x = rng.normal(0, 1, (4000, 3)) @ rng.normal(0, 1, (3, 3)) + 50
    y = 1.7 * x + 8 + rng.normal(0, 0.3, x.shape)
    model = isfa.isfa_fit(x, y, 1, 1e-6)
    standard = [(v - v.mean(0)) / v.std(0) for v in (x.astype(np.float32).astype(float), y.astype(np.float32))]
    first = np.cov((standard[0] - standard[1]).T, bias=True)
    second = 0.5 * (np.cov(standard[0].T, bias=True) + np.cov(standard[1].T, bias=True))
    values, vectors = linalg.eigh(first, second)
    np.testing.assert_allclose(model.variance, values, rtol=1e-4)
    chi = chi_square(x, y, model)
    wanted = ((((standard[0] - standard[1]) @ vectors) ** 2) / values).sum(1)
    np.testing.assert_allclose(chi, wanted, rtol=2e-3, atol=1e-2)


def test_slow_features_settle_on_the_pixels_that_did_not_change():
    rng = np.random.default_rng(4)
    x = rng.normal(0, 10, (6000, 3)) + 100
    y = 0.5 * x + 30 + rng.normal(0, 0.5, x.shape)
    y[:900] += rng.normal(0, 30, (900, 3))
    found = {}
    for iterations in (1, 50):
        model = isfa.isfa_fit(x, y, iterations, 1e-4)
        chi = chi_square(x, y, model)
        found[iterations] = np.median(chi[:900]) / np.median(chi[900:])
    assert model.converged
    # the changed pixels' own variance hides them from a single pass
    assert found[50] > 10 * found[1]


def test_structure_is_the_brute_force_histogram_of_orientated_gradients():
    image, valid = images(2, (2, 14, 17))[0], np.ones((14, 17), bool)
    valid[3, 4] = valid[9:11, 0] = False
    found = structure.structure(image, valid, 4, 1.0)
    channels = np.full((4, *valid.shape), np.nan, np.float32)
    for y, x in zip(*np.nonzero(valid), strict=True):
        steps = []
        for band in image.astype(float):
            ends = [
                band[v, u] if 0 <= v < 14 and 0 <= u < 17 and valid[v, u] else band[y, x]
                for v, u in ((y, x + 1), (y, x - 1), (y + 1, x), (y - 1, x))
            ]
            steps.append((ends[0] - ends[1], ends[2] - ends[3]))
        dx, dy = max(steps, key=lambda step: np.hypot(*step))
        channels[:, y, x] = [abs(dx * np.cos(a) + dy * np.sin(a)) for a in np.pi * np.arange(4) / 4]
    for k in range(4):
        np.testing.assert_allclose(found[k], smoothing.gaussian(channels[k], 1.0), rtol=1e-4, atol=1e-4)


def test_structure_sees_an_edge_and_neither_light_nor_a_small_shift():
    rng = np.random.default_rng(5)
    ground = ndimage.gaussian_filter(rng.normal(0, 1, (120, 140)), 1.5) * 200 + 500
    valid = np.ones(ground.shape, bool)
    brighter = ndimage.shift(ground, (0.5, -0.5), order=1, mode="nearest") * 1.6 + 40
    built = brighter.copy()
    built[50:70, 60:90] = np.where(np.arange(30) // 5 % 2, 1500, 300)
    described = [structure.structure(p[None].astype(np.float32), valid, 8, 4.0) for p in (ground, brighter, built)]
    floors = [1.5 * float(np.median(structure.strength(one))) for one in described]
    quiet = structure.structure_difference(described[0], described[1], (floors[0], floors[1]))
    loud = structure.structure_difference(described[0], described[2], (floors[0], floors[2]))
    assert quiet.max() < 0.15
    assert loud[55:65, 65:85].min() > 0.4
    assert loud.max() <= structure.GREATEST


# the stage ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "method"),
    [
        (Facts(10.0, ("vv", "vh")), "log_ratio"),
        (Facts(10.0, ("vv", "vh"), dates=3), "omnibus"),
        (Facts(30.0, ("blue", "green", "red", "nir")), "cva"),
        (Facts(10.0, ("pan",)), "cva"),
        (Facts(0.5, ("pan",)), "cva"),
        (Facts(0.3, ("blue", "green", "red")), "trees"),
        (Facts(1.8, ("blue", "green", "red")), "irmad"),
    ],
)
def test_auto_chooses_and_says_why(facts, method):
    choice = choose(facts)
    assert choice.method == method
    assert len(choice.reason) > 20
    assert CHANGE.get(method).resolve(choice.parameters)


@pytest.mark.parametrize("name", ["cva", "irmad", "isfa", "pca_kmeans", "structure", "log_ratio", "omnibus"])
def test_every_parameter_is_documented_and_the_least_area_follows_the_resolution(name):
    method = CHANGE.get(name)
    assert all(field.description for field in method.parameters.model_fields.values())
    for resolution, least in ((0.3, 8.0), (0.5, 8.0), (10.0, 300.0)):
        made = method.function(Facts(resolution, ("vv",)), **method.resolve({}))
        before, after = images(shape=(1, 64, 64))
        assert made.fit(before[None], after[None]).min_area_m2 == least


@pytest.mark.parametrize(("key", "value"), [("window_px", 4), ("min_ratio", 1.0)])
def test_parameters_that_make_no_sense_are_refused(key, value):
    before, after = as_arrays(*images())
    with pytest.raises(MethodError, match=key):
        change_score(before, after, method="log_ratio", **{key: value})
    with pytest.raises(ValidationError):
        change_score(before, after, method="cva", window=3)
    with pytest.raises(MethodError, match="did you mean 'irmad'"):
        change_score(before, after, method="irmda")


def test_images_that_do_not_match_are_refused():
    before, after = as_arrays(*images())
    with pytest.raises(MethodError, match="one shape"):
        change_score(before, after[:, :-1])
    with pytest.raises(MethodError, match="dims"):
        change_score(before[0], after[0])
    with pytest.raises(MethodError, match="threshold"):
        change_mask(before[0])


def test_two_grids_or_two_orders_of_bands_are_not_compared() -> None:
    x = np.arange(40) * 10.0
    image = xr.DataArray(
        np.random.default_rng(1).normal(100, 2, (2, 40, 40)).astype(np.float32),
        dims=("band", "y", "x"),
        coords={"band": ["red", "nir"], "y": -x, "x": x},
    )
    assert change_score(image, image.assign_coords(x=x + 0.01), method="cva").shape == (40, 40)
    for other in (image.assign_coords(x=x + 10.0), image.assign_coords(band=["nir", "red"])):
        with pytest.raises(MethodError, match="other coordinates along"):
            change_score(image, other, method="cva")
    with pytest.raises(MethodError, match="a pixel at least"):
        change_score(image[:, :0], image[:, :0], method="cva")


def planted():
    before, after = images(shape=(3, 90, 110))
    after[:, 30:45, 50:70] += 80
    after[:, 70:72, 20:22] += 80
    before[:, 80:, :20] = np.nan
    return before, after


def test_score_and_mask_are_lazy_and_like_the_eager_ones():
    eager = change_score(*as_arrays(*planted(), step=2.0))
    lazy = change_score(*as_arrays(*planted(), chunks=37, step=2.0))
    masks = [change_mask(score) for score in (eager, lazy)]
    assert dask.is_dask_collection(lazy.data)
    assert dask.is_dask_collection(lazy.threshold.data)
    assert dask.is_dask_collection(masks[1].data)
    assert isinstance(masks[0].data, np.ndarray)
    with dask.config.set(scheduler="synchronous"):
        xr.testing.assert_identical(lazy.compute(), eager)
        xr.testing.assert_identical(masks[1].compute(), masks[0])
    assert masks[0].dtype == np.uint8
    assert set(np.unique(masks[0])) == {0, 1, 255}
    assert (masks[0].values[31:44, 51:69] == 1).all()
    np.testing.assert_array_equal(masks[0] == 255, np.isnan(planted()[0][0]))


@pytest.mark.parametrize("method", ["cva", "irmad"])
@pytest.mark.parametrize("contrast", [25, 80])
@pytest.mark.parametrize("size", [3, 5, 10])
def test_a_change_is_marked_in_its_size_however_strong_it_is(method, contrast, size):
    rng = np.random.default_rng(0)
    before = rng.normal(100, 20, (4, 200, 200)).astype(np.float32)
    after = before + rng.normal(0, 1, before.shape).astype(np.float32)
    corners = range(20, 180, 40)
    for y in corners:
        for x in corners:
            after[:, y : y + size, x : x + size] += contrast * np.array([1, -1, 1, 1])[:, None, None]
    registered = CHANGE.get(method)
    made = registered.function(Facts(1.0, ("blue", "green", "red", "nir")), **registered.resolve({}))
    model = made.fit(before[None], after[None])
    marked = made.apply(before, after, model=model) > model.threshold
    assert marked.sum() / (len(corners) ** 2 * size**2) == pytest.approx(1.0, abs=0.3)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 30), st.integers(8, 40))
def test_cleaning_by_area_is_exact_over_block_edges(seed, least, chunk):
    rng = np.random.default_rng(seed)
    values = rng.random((25, 31)).astype(np.float32)
    values[rng.random(values.shape) < 0.05] = np.nan
    score = xr.DataArray(values, dims=("y", "x"))
    truth, _ = ndimage.label(values > 0.6, np.ones((3, 3)))
    small = np.bincount(truth.ravel()) < least
    wanted = np.where(np.isnan(values), 255, (truth > 0) & ~small[truth])
    lazy = change_mask(score.chunk({"y": chunk, "x": chunk}), 0.6, min_area_m2=least)
    np.testing.assert_array_equal(lazy.compute(scheduler="synchronous"), wanted)


def test_area_is_in_square_metres():
    score = xr.DataArray(np.zeros((9, 9), np.float32), dims=("y", "x"), coords={"y": np.arange(9) * 0.5})
    score = score.assign_coords(x=np.arange(9) * 0.5)
    score[4, 2:6] = 5
    assert int(change_mask(score, 1.0, min_area_m2=1.0).sum()) == 4
    assert int(change_mask(score, 1.0, min_area_m2=1.01).sum()) == 0


# real pairs -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real():
    if not (DATA / "taizhou").is_dir():
        pytest.skip(f"no real pairs in {DATA}; set CHANGEDET_DATA")
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))
    try:
        import real_pairs
    finally:
        sys.path.pop(0)
    return real_pairs, {pair.name: pair for pair in real_pairs.pairs(DATA)}


def kappa(real, pair_name, method):
    module, pairs = real
    return float(module.run(pairs[pair_name], method).split("kappa")[1].split()[0])


@pytest.mark.parametrize(
    ("pair", "method", "least"),
    [
        ("taizhou", "irmad", 0.935),
        ("taizhou", "cva", 0.95),
        ("taizhou", "pca_kmeans", 0.89),
        ("taizhou", "isfa", 0.935),
        ("beijing_a", "irmad", 0.60),
        ("beijing_a", "structure", 0.74),
        ("ottawa", "log_ratio", 0.90),
        ("bern", "log_ratio", 0.75),
        ("ottawa", "omnibus", 0.92),
        ("bern", "omnibus", 0.8),
    ],
)
def test_real_pairs_reach_the_published_figures(real, pair, method, least):
    assert kappa(real, pair, method) >= least


@pytest.mark.parametrize("pair", ["null_1", "null_2"])
@pytest.mark.parametrize("method", ["cva", "irmad", "isfa", "pca_kmeans", "structure"])
def test_copies_of_one_picture_show_no_change(real, pair, method):
    module, pairs = real
    assert "marked  0.000%" in module.run(pairs[pair], method)
