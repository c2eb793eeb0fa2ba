"""White and black corners that stand for nothing seen: known by their place, their size and how they end."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from changedet.kernels.pixel_classes import CLEAR, CLOUD, SATURATED
from changedet.stages.mask.kernels.frame_fill import black_fill, white_fill
from changedet.stages.mask.stage import STAGE
from changedet.stages.registry import Facts

ROLES = ("blue", "green", "red")


def picture(size: int = 120) -> np.ndarray:
    rough = np.random.default_rng(4).uniform(40, 150, (1, size // 4, size // 4))
    return np.repeat(np.repeat(rough * [[[0.9]], [[1.0]], [[1.1]]], 4, 1), 4, 2).astype(np.float32)


def corner(size: int = 120, reach: float = 0.4) -> np.ndarray:
    rows, columns = np.mgrid[:size, :size]
    return columns + 0.4 * rows < reach * size


def test_white_fill_is_a_corner_of_a_turned_picture_with_its_mixed_rim() -> None:
    image, fill = picture(), corner()
    image[:, fill] = 255
    found = white_fill(image)
    assert found[fill].all()
    assert found.sum() < fill.sum() + 3 * 120


def test_white_fill_lies_beside_what_has_no_data() -> None:
    image = picture()
    image[:, :, :20] = np.nan
    image[:, :40, 20:26] = 255
    assert white_fill(image)[:40, 20:26].all()


@pytest.mark.parametrize(
    ("rows", "columns"), [(slice(40, 70), slice(40, 70)), (slice(0, 20), slice(40, 65)), (slice(0, 6), slice(0, 6))]
)
def test_white_fill_is_no_hall(rows: slice, columns: slice) -> None:
    """In the middle; at the edge, along less than a quarter of it; in a corner, too small."""
    image = picture()
    image[:, rows, columns] = 255
    assert not white_fill(image).any()


def test_white_fill_is_no_cloud_clipped_to_white() -> None:
    image = picture()
    thick = gaussian_filter(corner(reach=0.5).astype(float), 6)
    image = np.minimum(image + 400 * thick, 255).astype(np.float32)
    assert (image == 255).all(axis=0)[0, 0]
    assert not white_fill(image).any()


def test_white_fill_is_no_cloud_that_ends_as_sharply() -> None:
    image = picture(240)
    rough = gaussian_filter(np.random.default_rng(2).normal(size=(240, 240)), 8)
    image[:, corner(240, 0.6) & (rough > -0.6 * rough.std())] = 255
    assert (image == 255).all(axis=0).mean() > 0.2
    assert not white_fill(image).any()


def test_white_fill_of_one_number_throughout_is_none() -> None:
    assert not white_fill(np.full((3, 50, 50), 255, np.float32)).any()


def test_black_fill_is_a_corner_of_a_turned_picture_and_no_shade() -> None:
    image, fill = picture(), corner()
    image[:, fill] = 0
    found = black_fill(image)
    assert found[fill].all()
    assert found.sum() < fill.sum() + 3 * 120
    assert not white_fill(image).any()
    shade = np.maximum(picture() - 400 * gaussian_filter(corner(reach=0.5).astype(float), 6), 0).astype(np.float32)
    assert (shade == 0).all(axis=0)[0, 0]
    assert not black_fill(shade).any()


def test_the_mask_stage_hides_a_black_frame() -> None:
    image, fill = picture(), np.ones((120, 120), bool)
    fill[10:-10, 10:-10] = False
    image[:, fill] = 0
    _, masker = STAGE.made(Facts(2.0, ROLES, dtype="uint8"), "spectral", {})
    assert masker.classify is not None
    classes = masker.classify(image, picture(), 2.0, None)
    assert (classes[fill] == SATURATED).all()
    assert (classes[~black_fill(image)] == CLEAR).mean() > 0.95


@pytest.mark.parametrize("method", ["spectral", "nodata_only"])
def test_the_mask_stage_sees_no_cloud_in_it(method: str) -> None:
    image, fill = picture(), corner()
    image[:, fill] = 255
    _, masker = STAGE.made(Facts(2.0, ROLES, dtype="uint8"), method, {})
    classify = masker.classify
    assert classify is not None
    classes = classify(image, picture(), 2.0, None)
    assert (classes[fill] == SATURATED).all()
    assert not (classes == CLOUD).any()
    assert (classes[~white_fill(image)] == CLEAR).mean() > 0.95


def test_the_mask_stage_looks_for_white_in_eight_bits_alone() -> None:
    _, masker = STAGE.made(Facts(2.0, ROLES, dtype="uint16"), "spectral", {})
    image = picture()
    image[:, corner()] = 255
    assert masker.fill is not None
    assert not masker.fill(image).any()
    assert STAGE.made(Facts(2.0, ROLES, dtype="uint16"), "nodata_only", {})[1].classify is None
