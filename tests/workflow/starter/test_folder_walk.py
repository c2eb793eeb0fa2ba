"""Folders are looked through, with bounds, and no link is followed out of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from changedet.errors import InputError
from changedet.workflow.starter import folder_walk
from changedet.workflow.starter.folder_walk import walk_folder


def touch(path: str) -> str:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).touch()
    return path


def test_walk_folder_finds_rasters_in_folders_within_it() -> None:
    touch("order/a/b/c/1.TIF")
    touch("order/2.jp2")
    touch("order/notes.txt")
    assert walk_folder("order").rasters == ["order/2.jp2", "order/a/b/c/1.TIF"]


def test_walk_folder_takes_tiles_of_a_web_map() -> None:
    touch("order/2023-04-23.mbtiles")
    assert walk_folder("order").rasters == ["order/2023-04-23.mbtiles"]


@pytest.mark.parametrize(("name", "said"), [("more.zip", "unpack it"), ("view.ecw", "convert it to GeoTIFF")])
def test_walk_folder_names_what_may_hold_scenes_and_cannot_be_taken(name: str, said: str) -> None:
    touch("order/in.tif")
    touch(f"order/{name}")
    found = walk_folder("order")
    assert found.rasters == ["order/in.tif"]
    assert said in found.left_out[f"order/{name}"]


def test_walk_folder_stops_at_a_depth() -> None:
    touch(f"order/{'d/' * folder_walk.DEEPEST}in.tif")
    touch(f"order/{'d/' * (folder_walk.DEEPEST + 1)}below.tif")
    assert [Path(path).name for path in walk_folder("order").rasters] == ["in.tif"]


def test_walk_folder_follows_no_link_out_of_it_and_none_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.tif").touch()
    touch("order/own.tif")
    Path("order/out").symlink_to(tmp_path / "elsewhere")
    Path("order/out.tif").symlink_to(tmp_path / "elsewhere" / "x.tif")
    Path("order/circle").symlink_to("..")
    Path("order/in.tif").symlink_to("own.tif")
    found = walk_folder("order")
    assert found.rasters == ["order/in.tif", "order/own.tif"]
    assert found.left_out == {"order/out.tif": "a link that leads out of the folder"}


def test_walk_folder_leaves_out_pictures_for_the_eye_and_results() -> None:
    touch("order/depot_BROWSE.jpg")
    touch("order/PREVIEW_PHR1A.JPG")
    touch("order/012345678010_01_LAYOUT.JPG")
    touch("order/brows.tif")
    touch("order/out/depot/.changedet/state.json")
    touch("order/out/depot/scenes/2022-04-05.tif")
    touch("order/.hidden/1.tif")
    found = walk_folder("order")
    assert found.rasters == ["order/brows.tif"]
    assert sorted(found.left_out) == [
        "order/012345678010_01_LAYOUT.JPG",
        "order/PREVIEW_PHR1A.JPG",
        "order/depot_BROWSE.jpg",
    ]


def test_walk_folder_leaves_out_names_that_no_workflow_can_hold() -> None:
    touch("order/a\nscenes: [].tif")
    assert list(walk_folder("order").left_out.values()) == ["its name holds control characters"]


def test_walk_folder_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(5):
        touch(f"order/{i}.tif")
    monkeypatch.setattr(folder_walk, "MOST_RASTERS", 3)
    with pytest.raises(InputError, match="order: holds over 3 rasters"):
        walk_folder("order")
    monkeypatch.setattr(folder_walk, "MOST_WALKED", 2)
    with pytest.raises(InputError, match="holds more than 2 files and folders"):
        walk_folder("order")


def test_walk_folder_counts_archives() -> None:
    touch("order/LC08.tar")
    touch("order/S2A.zip")
    assert walk_folder("order").archives == 2


def test_walk_folder_passes_over_a_truth() -> None:
    touch("order/1.tif")
    touch("order/truth/truth.csv")
    touch("order/truth/1_mask.tif")
    assert walk_folder("order").rasters == ["order/1.tif"]
