"""Sidings turned along their tracks: places are kept, light is the siding's own."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.pipeline.things.kernels.siding_pictures import (
    MARGIN_M,
    STEP_M,
    continued,
    frame_of,
    in_one_light,
    turned,
)


def test_turned_picture_shows_each_place_where_its_frame_says() -> None:
    gsd, at = 0.4, np.array([120, 100])
    image = np.random.default_rng(3).normal(0, 0.1, (3, 200, 250)).astype(np.float32)
    image[:, at[1] - 1 : at[1] + 2, at[0] - 1 : at[0] + 2] = 9.0
    way = np.array([[1 / gsd, 0, 0], [0, -1 / gsd, 0]])
    angle = np.radians(25.0)
    along, side = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    middle = np.array([50.0, -40.0])
    corners = np.array([middle + a * 20 * along + b * 5 * side for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))])
    picture = turned(image, way, corners)
    assert picture.along == pytest.approx(along)
    assert picture.image.shape == (3, round(2 * (10 + 2 * MARGIN_M)), 80)
    v, u = (where.mean() + 0.5 for where in np.nonzero(picture.image[0] > 4.99))
    place = picture.origin + (u * picture.along + v * picture.across) * STEP_M
    assert place == pytest.approx((at + 0.5) * gsd * [1, -1], abs=0.3)


def test_frame_of_runs_east_or_north() -> None:
    square = np.array([[0, 0], [0, 30], [-8, 30], [-8, 0]], float)
    _, along, across, shape = frame_of(square)
    assert along.tolist() == [0.0, 1.0]
    assert across.tolist() == [1.0, 0.0]
    assert shape == (28, 60)
    _, along, _, _ = frame_of(square[::-1, ::-1])
    assert along.tolist() == [1.0, 0.0]


def test_in_one_light_takes_out_gain_and_offset() -> None:
    image = np.random.default_rng(1).normal(0, 1, (3, 20, 30)).astype(np.float32)
    image[:, 0, 0] = np.nan
    assert np.allclose(in_one_light(image * 7 + 100), in_one_light(image), atol=1e-4, equal_nan=True)
    assert np.nanmedian(in_one_light(image)[1]) == pytest.approx(0, abs=1e-6)
    blank = np.full((3, 4, 4), np.nan, np.float32)
    assert np.isnan(in_one_light(blank)).all()


def test_a_picture_goes_on_beyond_its_ends_as_its_mirror_image() -> None:
    image = np.full((1, 3, 6), np.nan, np.float32)
    image[0, 0] = range(6)
    image[0, 1, 2:5] = (7, 8, 9)
    found = continued(image, 3)
    assert found.shape == (1, 3, 12)
    assert found[0, 0].tolist() == [2, 1, 0, 0, 1, 2, 3, 4, 5, 5, 4, 3]
    assert found[0, 1].tolist() == [8, 9, 9, 8, 7, 7, 8, 9, 9, 8, 7, 7]
    assert np.isnan(found[0, 2]).all()


def test_holes_within_a_picture_stay_holes() -> None:
    image = np.ones((3, 1, 8), np.float32)
    image[:, 0, 4] = np.nan
    found = continued(image, 2)
    assert np.isnan(found[:, 0, 6]).all()
    assert np.isfinite(found[:, 0, 2:6]).all()
