"""Files among paths, folders and patterns."""

from __future__ import annotations

from pathlib import Path

from starter_scenes import refused, scene, start


def test_find_files_takes_folders_patterns_and_doubles() -> None:
    scene("scenes/a_2023-06-04.tif")
    scene("scenes/b_2023-06-05.tif")
    Path("scenes/notes.txt").touch()
    texts = {start(*given)[0] for given in (["scenes"], ["scenes/*.tif"], ["scenes/a_2023-06-04.tif", "scenes"])}
    assert len(texts) == 1


def test_find_files_takes_a_pattern_in_a_folder_s_name_literally() -> None:
    for day in ("2023-06-04", "2023-07-04"):
        scene(f"site [1]/{day}.tif")
    _, workflow = start("site [1]")
    assert len(workflow.scenes) == 2


def test_find_files_names_all_missing_files() -> None:
    Path("empty").mkdir()
    assert refused("x.tif", "empty", "y*.tif") == [
        "x.tif: no such file", "empty: no raster in this folder", "y*.tif: no such file",
    ]  # fmt: skip
    assert refused() == ["no scenes given, expected files, folders, patterns or URLs"]
