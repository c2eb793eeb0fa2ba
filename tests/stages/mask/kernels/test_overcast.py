"""Pictures that show no ground, known by the structure that they lack."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio
from real import DATA, needs_data
from small_scenes import ground, overcast_sky

from changedet.stages.mask.kernels.overcast import (
    hides_ground,
    is_doubtful,
    is_featureless,
    shows_nothing_of,
    wide_clouds,
)

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


def _coast(seed: int, *, cloudy: bool) -> np.ndarray:
    """Fields beside a smooth sea; or broken clouds over most of both."""
    land = ground(SIZE, SIZE).mean(axis=0)
    noise = np.random.default_rng(seed).normal(0, 4, (SIZE, SIZE))
    clear = np.where(np.arange(SIZE) < SIZE // 3, land, 900.0) + noise
    if not cloudy:
        return clear.astype(np.float32)
    sky = 3500.0 + np.random.default_rng(seed).normal(0, 500, (SIZE // 6, SIZE // 6))
    return np.kron(sky, np.ones((6, 6))).astype(np.float32)


def test_shows_nothing_of_is_decided_by_one_date_that_shows_the_same_ground() -> None:
    clear, other, cloudy = _coast(1, cloudy=False), _coast(2, cloudy=False), _coast(3, cloudy=True)
    assert hides_ground(clear, cloudy)
    assert shows_nothing_of(clear, [cloudy])
    assert not shows_nothing_of(clear, [cloudy, other])
    assert not shows_nothing_of(clear, [])
    over = overcast_sky((SIZE, SIZE)).mean(axis=0).astype(np.float32)
    assert shows_nothing_of(over, [ground(SIZE, SIZE).mean(axis=0).astype(np.float32), over[::-1]])


@pytest.mark.parametrize(("share", "found"), [(0.7, 0.7), (0.2, 0.0)])
def test_wide_clouds_are_most_of_a_picture_twice_as_bright_as_before(share: float, found: float) -> None:
    before = np.tile(np.array([700.0, 900.0, 1000.0], np.float32)[:, None, None], (1, 50, 50))
    image = before * 1.6
    rows = round(share * 50)
    image[:, :rows] = np.array([4000.0, 4000.0, 4050.0])[:, None, None]
    assert wide_clouds(image, before, 2200.0).mean() == pytest.approx(found)
    assert wide_clouds(image, np.where(np.arange(50) < 25, np.nan, before), 2200.0).mean() == pytest.approx(found / 2)
    assert not wide_clouds(image, image * 0.7, 2200.0).any()
    coloured = image * np.array([0.4, 1.0, 1.6], np.float32)[:, None, None]
    assert not wide_clouds(coloured, before, 2200.0).any()


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
