"""Score and mask of a pair as public functions."""

from __future__ import annotations

import dask
import numpy as np
import pytest
import xarray as xr
from change_pairs import as_arrays, images
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from changedet.errors import MethodError
from changedet.stages.change.scoring import change_mask, change_score
from changedet.stages.change.stage import STAGE as CHANGE
from changedet.stages.registry import Facts


def test_change_score_refuses_images_that_do_not_match():
    before, after = as_arrays(*images())
    with pytest.raises(MethodError, match="one shape"):
        change_score(before, after[:, :-1])
    with pytest.raises(MethodError, match="dims"):
        change_score(before[0], after[0])
    with pytest.raises(MethodError, match="threshold"):
        change_mask(before[0])


def test_change_score_refuses_two_grids_or_two_orders_of_bands() -> None:
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


def test_change_score_and_change_mask_are_lazy_and_like_the_eager_ones():
    eager = change_score(*as_arrays(*planted(), step=4.0))
    lazy = change_score(*as_arrays(*planted(), chunks=37, step=4.0))
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
def test_change_mask_cleans_by_area_exactly_over_block_edges(seed, least, chunk):
    rng = np.random.default_rng(seed)
    values = rng.random((25, 31)).astype(np.float32)
    values[rng.random(values.shape) < 0.05] = np.nan
    score = xr.DataArray(values, dims=("y", "x"))
    truth, _ = ndimage.label(values > 0.6, np.ones((3, 3)))
    small = np.bincount(truth.ravel()) < least
    wanted = np.where(np.isnan(values), 255, (truth > 0) & ~small[truth])
    lazy = change_mask(score.chunk({"y": chunk, "x": chunk}), 0.6, min_area_m2=least)
    np.testing.assert_array_equal(lazy.compute(scheduler="synchronous"), wanted)


def test_change_mask_takes_areas_in_square_metres():
    score = xr.DataArray(np.zeros((9, 9), np.float32), dims=("y", "x"), coords={"y": np.arange(9) * 0.5})
    score = score.assign_coords(x=np.arange(9) * 0.5)
    score[4, 2:6] = 5
    assert int(change_mask(score, 1.0, min_area_m2=1.0).sum()) == 4
    assert int(change_mask(score, 1.0, min_area_m2=1.01).sum()) == 0
