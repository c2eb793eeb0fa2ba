"""Scenes of one date as one look, and what looks must share."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine
from small_rasters import grid_like, noise, write

from changedet.blocks import Window
from changedet.errors import InputError
from changedet.imagery.grouping import group_looks, match_scales, shared_roles
from changedet.imagery.opening import open_scene
from changedet.imagery.scene import Scene


def _placed(folder: Path, name: str, east: float, *, size: int = 50, **about: Any) -> Scene:
    path = write(
        folder / f"{name}.tif",
        np.full((size, size), len(name), np.uint16),
        Affine(2.0, 0, 500_000 + east, 0, -2.0, 5_400_000),
    )
    return open_scene(path, date="2023-06-04", bands={"pan": 1}, **about)


def test_group_looks_neighbours_of_a_date_are_one_look_the_first_on_top(tmp_path: Path) -> None:
    one, other = _placed(tmp_path, "a", 0), _placed(tmp_path, "bb", 80)
    (look,) = group_looks([one, other])
    image, quality = look.read(grid_like(50, 90), Window(0, 0, 50, 90), ("pan",))
    assert not quality.any()
    assert (image[0, :, :50] == 1).all()
    assert (image[0, :, 50:] == 2).all()
    (turned,) = group_looks([other, one])
    assert (turned.read(grid_like(50, 90), Window(0, 0, 50, 90), ("pan",))[0][0, :, 40:] == 2).all()
    assert look.identity != turned.identity


def test_group_looks_touching_neighbours_leave_no_seam(tmp_path: Path) -> None:
    (look,) = group_looks([_placed(tmp_path, "a", 0), _placed(tmp_path, "bb", 100)])
    grid = grid_like(48, 90, Affine(2.0, 0, 500_000.9, 0, -2.0, 5_399_999.3))
    assert not look.read(grid, Window(0, 0, 48, 90), ("pan",))[1].any()


def test_group_looks_any_other_second_scene_names_both(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"first.tif and second.tif are both of 2023-06-04 and overlap by 80%"):
        group_looks([_placed(tmp_path, "first", 0), _placed(tmp_path, "second", 20)])
    fine = open_scene(
        write(tmp_path / "fine.tif", noise(1, 1, 9, 9), Affine(1.0, 0, 600_000, 0, -1.0, 5_400_000)),
        date="2023-06-04",
        bands={"pan": 1},
    )
    with pytest.raises(InputError, match="differ in GSD"):
        group_looks([_placed(tmp_path, "third", 0), fine])
    at = {"collection": "s2", "time": dt.time(10, 0)}
    one, other = _placed(tmp_path, "x", 0, **at), _placed(tmp_path, "y", 20, collection="s2", time="10:09:59")
    assert len(group_looks([one, other])) == 1
    with pytest.raises(InputError, match="both of"):
        group_looks([one, _placed(tmp_path, "z", 20, collection="s2", time="10:10:01")])


def test_shared_roles_looks_are_sorted_and_must_share_bands(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise(1, 3, 9, 9))
    late = open_scene(path, date="2024-01-01", bands={"red": 1, "nir": 2, "green": 3})
    early = open_scene(path, date="2023-01-01", bands={"nir": 1, "red": 2})
    looks = group_looks([late, early])
    assert [look.date.year for look in looks] == [2023, 2024]
    assert shared_roles(looks) == ["red", "nir"]
    with pytest.raises(InputError, match="no band is shared"):
        shared_roles([late, open_scene(path, date="2023-01-01", bands={"pan": 1})])
    with pytest.raises(InputError, match="radar"):
        shared_roles([late, open_scene(path, date="2023-01-01", bands={"vv": 1})])
    with pytest.raises(InputError, match="mixes radar and optical"):
        open_scene(path, date="2023-01-01", bands={"vv": 1, "red": 2})


def test_shared_roles_names_the_one_look_without_which_the_others_share_bands(tmp_path: Path) -> None:
    colours, grey = write(tmp_path / "a.tif", noise(1, 3, 9, 9)), write(tmp_path / "b.tif", noise(1, 1, 9, 9))
    pan = open_scene(grey, date="2023-01-01", bands={"pan": 1})
    others = [open_scene(colours, date=f"2023-0{k}-01", bands={"red": 1, "nir": 2, "green": 3}) for k in (2, 3, 4)]
    for looks in ([pan, *others], [*others, pan]):
        with pytest.raises(InputError, match="has the bands pan, and all other scenes share green, red, nir"):
            shared_roles(looks)


def test_shared_roles_names_all_looks_that_lack_what_most_share(tmp_path: Path) -> None:
    colours, grey = write(tmp_path / "a.tif", noise(1, 3, 9, 9)), write(tmp_path / "b.tif", noise(1, 1, 9, 9))
    pan = [open_scene(grey, date=f"2023-0{k}-01", bands={"pan": 1}) for k in (3, 6)]
    others = [open_scene(colours, date=f"2023-0{k}-01", bands={"red": 1, "nir": 2, "green": 3}) for k in (2, 4, 5)]
    said = "3 of 5 scenes share green, red, nir, which b.tif of 2023-03-01, b.tif of 2023-06-01 have not"
    with pytest.raises(InputError, match=said):
        shared_roles([others[0], pan[0], *others[1:], pan[1]])


def test_match_scales_scales_that_differ_are_brought_to_the_references(tmp_path: Path) -> None:
    before = write(tmp_path / "a.tif", np.full((4, 4), 2000, np.uint16), scales=((1e-4,), (0.0,)))
    after = write(tmp_path / "b.tif", np.full((4, 4), 3000, np.uint16), scales=((1e-4,), (-0.1,)))
    looks = group_looks(
        [open_scene(p, date=d, bands={"red": 1}) for p, d in ((before, "2021-01-01"), (after, "2023-01-01"))]
    )
    matched = match_scales(looks, 0)
    values = [look.read(grid_like(4, 4), Window(0, 0, 4, 4), ("red",))[0][0, 0, 0] for look in matched]
    assert values == pytest.approx([2000, 2000])
    assert looks[0].identity == matched[0].identity
    assert looks[1].identity != matched[1].identity


def test_match_scales_values_begin_at_zero_where_all_have_an_offset(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{k}.tif", np.full((4, 4), 3000, np.uint16), scales=((1e-4,), (-0.1,))) for k in "ab"]
    looks = group_looks([open_scene(p, date=f"202{k}-01-01", bands={"red": 1}) for k, p in enumerate(paths)])
    for look in match_scales(looks, 0):
        assert look.read(grid_like(4, 4), Window(0, 0, 4, 4), ("red",))[0][0, 0, 0] == pytest.approx(2000)


def test_match_scales_decibels_are_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", np.full((4, 4), 3000, np.uint16), scales=((1e-2,), (-50.0,)))
    (look,) = match_scales(group_looks([open_scene(path, date="2021-01-01", bands={"vv": 1})]), 0)
    assert look.read(grid_like(4, 4), Window(0, 0, 4, 4), ("vv",))[0][0, 0, 0] == pytest.approx(3000)


def test_group_looks_bands_given_as_scenes_are_told_how_to_be_given(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"2023-08-01_{role}.tif", noise(1, 1, 30, 30)) for role in ("red", "nir")]
    with pytest.raises(InputError, match=r"bands of one scene\? give path: \{red: FILE, nir: FILE\}"):
        group_looks([open_scene(path, date="2023-08-01") for path in paths])
