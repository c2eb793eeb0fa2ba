"""No data of images, against the same in whole arrays."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.kernels.missing import blank_unseen, copy_without_nodata, unite_missing


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
@pytest.mark.parametrize("has_nodata", [True, False])
def test_copy_without_nodata_fills_its_part_alone(dtype: str, *, has_nodata: bool) -> None:
    rng = np.random.default_rng(1)
    values = rng.integers(0, 2, (3, 20, 30)).astype(dtype)
    nodata = np.zeros(3 if has_nodata else 0, dtype)
    expected = np.full((3, 25, 35), 7, np.float32)
    part = values[:, 4:17, 6:28].astype(np.float32)
    if has_nodata:
        part[:, (part == 0).all(axis=0)] = np.nan
    expected[:, 2:15, 9:31] = part
    out = np.full(expected.shape, 7, np.float32)
    copy_without_nodata(values, nodata, (4, 6), out, (2, 9), (13, 22))
    assert np.array_equal(out, expected, equal_nan=True)
    assert np.isnan(out).any() == has_nodata


def test_unite_missing_and_blank_unseen_say_what_whole_arrays_say() -> None:
    rng = np.random.default_rng(4)
    image = rng.normal(size=(3, 20, 30)).astype(np.float32)
    image[1, 5:9, 3:20] = np.nan
    classes = rng.choice([0, 0, 0, 7], (20, 30)).astype(np.uint8)
    classes[10:] = 0
    missing = np.isnan(image).any(axis=0) | (classes == 7)
    seen = rng.random((20, 30)) < np.linspace(0, 2, 20)[:, None]
    expected = np.where(missing, np.nan, image)
    unite_missing(image, classes, 7, 2)
    assert np.array_equal(image, expected, equal_nan=True)
    assert np.array_equal(classes == 7, missing)
    blank_unseen(image, seen)
    assert np.array_equal(image, np.where(seen, expected, np.nan), equal_nan=True)
