"""Scenes as lines of YAML."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from starter_scenes import scene, start


def test_scene_lines_has_one_glob_for_scenes_that_say_everything() -> None:
    paths = [scene(f"scenes/msi_{day}.tif", nodata=0) for day in ("20230604", "20230704", "20231101")]
    text, workflow = start(*paths)
    assert '  - {glob: "scenes/msi_*.tif", date_format: "%Y%m%d"}' in text
    assert "# msi_20230604.tif: 2023-06-04, EPSG:32633, 0.5 m, 4 bands uint16, nodata 0, 8 x 6 px" in text
    assert "# bands: {blue: 1, green: 2, red: 3, nir: 4}" in text
    assert workflow.bands is None
    assert workflow.site.id == "depot-north"
    assert [entry.date for entry in workflow.scenes] == [dt.date(2023, 6, 4), dt.date(2023, 7, 4), dt.date(2023, 11, 1)]
    assert [entry.paths[0][1] for entry in workflow.scenes] == [str(Path.cwd() / path) for path in paths]


def test_scene_lines_has_no_glob_that_would_match_another_file() -> None:
    paths = [scene(f"scenes/msi_{day}.tif") for day in ("20230604", "20230704")]
    scene("scenes/msi_20220101.tif")
    text, workflow = start(*paths)
    assert "glob" not in text
    assert [entry.date for entry in workflow.scenes] == [dt.date(2023, 6, 4), dt.date(2023, 7, 4)]


def test_scene_lines_has_paths_relative_to_the_workflow(folder: Path) -> None:
    path = scene("a b/msi_2023-06-04.tif")
    text, workflow = start(path, name="plans/deep/w.yaml")
    assert "path: ../../a b/msi_2023-06-04.tif" in text
    assert Path(workflow.scenes[0].paths[0][1]) == folder / path


def test_scene_lines_has_one_scene_a_date_of_files_of_one_band() -> None:
    for day in ("20230604", "20230704"):
        for band in ("B02", "B04", "B08"):
            scene(f"S2/S2A_{day}T101530_T34VEM_{band}_10m.tif", count=1, descriptions=())
    _, workflow = start("S2")
    assert [str(entry.date) for entry in workflow.scenes] == ["2023-06-04", "2023-07-04"]
    assert [[role for role, _ in entry.paths] for entry in workflow.scenes] == [["blue", "red", "nir"]] * 2
    assert all(
        f"_B{number}_" in dict(workflow.scenes[0].paths)[role] for role, number in (("blue", "02"), ("nir", "08"))
    )


def test_scene_lines_keeps_tiles_and_pixel_sizes_of_one_date_apart() -> None:
    names = ["a_T1_20230604_red.tif", "a_T2_20230604_red.tif", "a_T1_20230604_nir.tif", "a_T1_20230604_red_20m.tif"]
    _, workflow = start(*[scene(name, count=1, descriptions=()) for name in names])
    written = sorted(Path(path).name for entry in workflow.scenes for _, path in entry.paths)
    assert written == sorted(names)
    assert len(workflow.scenes) == 3
