"""Means and total variation of a score: against scipy and scikit-image, and around what is missing."""

from __future__ import annotations

import numpy as np
import pytest
from change_pairs import images
from scipy import ndimage
from skimage.restoration import denoise_tv_chambolle

from changedet.stages.change.kernels import smoothing


def test_weighted_means_of_images_that_miss_the_same_pixels_are_those_of_each():
    rng = np.random.default_rng(3)
    images, weights = rng.normal(size=(3, 40, 90)).astype(np.float32), smoothing.gaussian_weights(2.0)
    images[:, rng.random((40, 90)) < 0.1] = np.nan
    alone = np.stack([smoothing.weighted_mean(image, weights) for image in images])
    np.testing.assert_array_equal(smoothing.weighted_means(images, weights), alone)
    wanted = rng.random((40, 90)) < 0.01
    wanted[10, 20:60] = wanted[-1, -1] = True
    found = smoothing.weighted_means(images, weights, wanted)
    np.testing.assert_array_equal(found[:, wanted], alone[:, wanted])


def test_weighted_mean_amid_full_rows_is_that_of_a_cut_with_gaps_beyond():
    rng = np.random.default_rng(5)
    image, weights = rng.normal(size=(60, 50)).astype(np.float32), smoothing.gaussian_weights(1.0)
    image[30, 10:20] = np.nan
    found = smoothing.weighted_mean(image, weights)
    for top in (0, 13, 24, 31, 52):
        # with another row below or above, the weights of the middle row are summed anew
        cut = image[max(0, top - 3) : top + 4]
        np.testing.assert_array_equal(smoothing.weighted_mean(cut, weights)[min(top, 3)], found[top])


def test_gaussian_is_scipy_s_where_all_pixels_are_there():
    image = images()[0][0]
    ours = smoothing.gaussian(image, 1.0)
    reference = ndimage.gaussian_filter(image.astype(float), 1.0, truncate=3.0)
    np.testing.assert_allclose(ours[3:-3, 3:-3], reference[3:-3, 3:-3], rtol=1e-5)


def test_gaussian_and_box_leave_out_what_is_missing():
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
