"""Panchromatic scenes as grey pictures, green for blue."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_rasters import T, grid_like, noise, whole, write

from changedet.imagery.grouping import group_looks
from changedet.imagery.look import Look
from changedet.imagery.opening import open_scene
from changedet.imagery.stand_ins import COLOURS, in_grey, is_grey, is_panchromatic, may_be_grey, shows_grey, with_blue


def _look(folder: Path, day: str, bands: dict[str, int] | None, count: int = 1) -> Look:
    path = write(folder / f"{day}.tif", noise(len(day) + count, count, 30, 40), T)
    (look,) = group_looks([open_scene(path, date=day, bands=bands)])
    return look


def test_in_grey_reads_the_one_band_for_each_colour(tmp_path: Path) -> None:
    plain = [_look(tmp_path, "2023-01-01", {"pan": 1}), _look(tmp_path, "2023-02-01", None)]
    shown = in_grey(plain)
    grid = grid_like(30, 40)
    for one, look in zip(plain, shown, strict=True):
        assert (look.roles, is_grey(look), is_grey(one)) == (COLOURS, True, False)
        image, quality = look.read(grid, whole(grid), COLOURS)
        band, own = one.read(grid, whole(grid), one.roles)
        assert (image == band).all()
        assert (quality == own).all()
        means, _ = look.overview(grid, 5, COLOURS)
        assert np.array_equal(means, np.repeat(one.overview(grid, 5, one.roles)[0], 3, axis=0), equal_nan=True)
    assert in_grey(shown) == shown


def test_in_grey_compares_colours_by_their_green_band(tmp_path: Path) -> None:
    mixed = [_look(tmp_path, "2023-01-01", {"pan": 1}), _look(tmp_path, "2023-02-01", {"green": 1, "nir": 2}, count=2)]
    assert [is_panchromatic(look) for look in mixed] == [True, False]
    assert all(may_be_grey(look) for look in mixed)
    grid = grid_like(30, 40)
    for one, look, role in zip(mixed, in_grey(mixed), ("pan", "green"), strict=True):
        assert (look.read(grid, whole(grid), COLOURS)[0] == one.read(grid, whole(grid), (role,))[0]).all()
    assert not may_be_grey(_look(tmp_path, "2023-03-01", {"vv": 1}))
    assert not may_be_grey(_look(tmp_path, "2023-04-01", {"blue": 1, "red": 2}, count=2))


@pytest.mark.parametrize(
    ("dtype", "picture"), [("uint8", True), ("uint16", True), ("int16", False), ("float32", False)]
)
def test_a_band_that_nothing_names_is_a_picture_by_the_type_of_its_numbers(
    tmp_path: Path, dtype: str, picture: bool
) -> None:
    path = write(tmp_path / "a.tif", noise(1, 1, 30, 40).astype(dtype), T)
    (unnamed,) = group_looks([open_scene(path, date="2023-01-01")])
    (named,) = group_looks([open_scene(path, date="2023-01-01", bands={"pan": 1})])
    assert (is_panchromatic(unnamed), may_be_grey(unnamed)) == (picture, picture)
    assert (is_panchromatic(named), may_be_grey(named)) == (True, True)


@pytest.mark.parametrize(
    ("rounding", "drawn_px", "grey"), [(0, 0, True), (2, 0, True), (0, 4, True), (8, 0, False), (0, 400, False)]
)
def test_shows_grey_by_what_the_bands_have_in_common(tmp_path: Path, rounding: int, drawn_px: int, grey: bool) -> None:
    rng = np.random.default_rng(3)
    values = np.repeat(rng.integers(1, 250, (1, 30, 40)), 3, axis=0)
    values[1] += rng.integers(0, rounding + 1, (30, 40))
    values[0].ravel()[:drawn_px] = 255 - values[0].ravel()[:drawn_px]
    path = write(tmp_path / "a.tif", values.astype(np.uint8), T)
    (look,) = group_looks([open_scene(path, date="2023-01-01", bands={"red": 1, "green": 2, "blue": 3})])
    assert shows_grey(look, grid_like(30, 40)) is grey


def test_shows_grey_says_nothing_of_one_value_or_other_bands(tmp_path: Path) -> None:
    grid = grid_like(30, 40)
    even = write(tmp_path / "even.tif", np.full((3, 30, 40), 9, np.uint8), T)
    (look,) = group_looks([open_scene(even, date="2023-01-01", bands={"red": 1, "green": 2, "blue": 3})])
    assert not shows_grey(look, grid)
    assert not shows_grey(in_grey([_look(tmp_path, "2023-02-01", {"pan": 1})])[0], grid)
    assert not shows_grey(_look(tmp_path, "2023-03-01", {"blue": 1, "green": 2, "red": 3, "nir": 4}, count=4), grid)


def test_with_blue_reads_green_in_its_place_on_all_looks(tmp_path: Path) -> None:
    infrared = _look(tmp_path, "2023-01-01", {"nir": 1, "red": 2, "green": 3}, count=3)
    full = _look(tmp_path, "2023-02-01", {"blue": 1, "green": 2, "red": 3, "nir": 4}, count=4)
    grid = grid_like(30, 40)
    for look in with_blue([infrared, full]):
        assert look.roles == ("blue", "green", "red", "nir")
        image, _ = look.read(grid, whole(grid), look.roles)
        assert (image[0] == image[1]).all()
        assert not is_grey(look)
    assert with_blue([full]) == (full,)
    panchromatic = _look(tmp_path, "2023-03-01", {"pan": 1})
    assert with_blue([infrared, panchromatic]) == (infrared, panchromatic)
