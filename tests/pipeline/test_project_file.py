"""The QGIS project of a run, written again once there is a review, and never over a person's own."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import rasterio
from small_runs import DATES
from small_scenes import write_workflow

from changedet.outputs.gpkg.review import write_review
from changedet.pipeline.project_file import project_again
from changedet.pipeline.run import run
from changedet.store import RunFolder


def test_project_again_takes_in_the_review_and_leaves_an_edited_project(own: Path, tmp_path: Path) -> None:
    formats = {"formats": ["objects", "qgis", "masks"]}
    finished = run(write_workflow(own, DATES[:2], outputs=formats), out=str(tmp_path / "out"))
    folder = RunFolder(finished.path)
    before = folder.project.read_bytes()
    assert project_again(folder)
    assert folder.project.read_bytes() == before
    write_review(folder.review, finished.containers, list(DATES[:2]), finished.containers.crs)
    assert project_again(folder)
    with zipfile.ZipFile(folder.project) as archive:
        text = archive.read("project.qgs").decode()
    assert "review.gpkg|layername=containers" in text
    assert f"{DATES[0]}.tif, SHA-256" in text
    # it counts as the run's own work still: the next run may replace it
    folder.guard([folder.project])
    folder.project.write_bytes(before[:-1])
    assert not project_again(folder)
    assert folder.project.read_bytes() == before[:-1]


@pytest.mark.parametrize(("blank", "shown"), [((), 2), ((2,), 1), ((0, 1, 2), 2)])
def test_write_run_project_opens_on_the_last_look_that_shows_the_site(
    own: Path, tmp_path: Path, blank: tuple[int, ...], shown: int
) -> None:
    for k in blank:
        with rasterio.open(own / f"{DATES[k]}.tif", "r+") as scene:
            pixels = scene.read()
            pixels[:, :, : int(0.7 * scene.width)] = 0
            scene.write(pixels)
    formats = {"formats": ["objects", "qgis", "masks"]}
    finished = run(write_workflow(own, DATES[:3], outputs=formats), out=str(tmp_path / "out"))
    with zipfile.ZipFile(RunFolder(finished.path).project) as archive:
        text = archive.read("project.qgs").decode()
    assert f'temporalRangeBegin="{DATES[shown]}T00:00:00Z"' in text
