"""Pictures that show no ground, known by the structure that they lack."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio
from real import DATA, needs_data
from small_scenes import ground, overcast_sky

from changedet.stages.mask.kernels.overcast import hides_ground, is_doubtful, is_featureless

SIZE = 300


def test_hides_ground_is_false_of_two_seas() -> None:
    seas = [300 + np.random.default_rng(seed).normal(0, 12, (SIZE, SIZE)).astype(np.float32) for seed in (0, 1)]
    assert not hides_ground(*seas)


def test_hides_ground_is_false_of_a_coarse_date() -> None:
    before = ground(SIZE, SIZE).mean(axis=0).astype(np.float32)
    coarse = before.reshape(SIZE // 10, 10, SIZE // 10, 10).mean(axis=(1, 3))
    assert not hides_ground(np.kron(coarse, np.ones((10, 10))).astype(np.float32), before)


def test_hides_ground_by_what_no_data_leaves() -> None:
    before, over = ground(SIZE, SIZE).mean(axis=0), overcast_sky((SIZE, SIZE)).mean(axis=0)
    half = np.where(np.arange(SIZE) < SIZE // 2, np.nan, over).astype(np.float32)
    assert hides_ground(half, before.astype(np.float32))
    assert is_doubtful(half)
    rough = before * (1 + 0.1 * np.random.default_rng(2).normal(size=before.shape))
    assert not is_doubtful(np.where(np.arange(SIZE) < SIZE // 2, np.nan, rough).astype(np.float32))
    nothing = np.full((SIZE, SIZE), np.nan, np.float32)
    assert not hides_ground(nothing, before.astype(np.float32))
    assert not is_doubtful(nothing)
    assert not is_featureless(np.stack([nothing] * 3), 2200.0)


@needs_data
@pytest.mark.parametrize("folder", ["null", "pucallpa", "taizhou", "beijing_a"])
def test_hides_ground_and_is_doubtful_are_false_of_real_clear_pairs(folder: str) -> None:
    place = DATA / folder
    names = {"taizhou": ["2000TM", "2003TM"], "beijing_a": ["beijing_A_1.jpg", "beijing_A_2.jpg"]}
    bright = []
    for path in [place / name for name in names[folder]] if folder in names else sorted(place.glob("*.tif")):
        with rasterio.open(path) as source:
            bright.append(source.read([1, 2, 3]).mean(axis=0, dtype=np.float32))
    assert not [k for k, one in enumerate(bright) if is_doubtful(one)]
    assert not [(i, j) for i, one in enumerate(bright) for j, other in enumerate(bright) if hides_ground(one, other)]
