"""The same pixels on a grid that is true to scale and in Web Mercator: the same results."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from mercator import NORTH, UNIT, WEST
from small_scenes import series, write_workflow

from changedet.pipeline.finished import Run
from changedet.pipeline.run import run
from changedet.plan import make_plan

DATES = ("2023-01-01", "2023-03-01")
EAST_PX = 3
"""By which the second scene lies off."""
FORMATS = ["masks", "scenes", "objects", "tables", "stac", "qgis"]


@pytest.fixture(scope="module")
def workflows(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    made = []
    for name in ("utm", "mercator"):
        folder = tmp_path_factory.mktemp(name)
        series(folder, 240, 300, DATES)
        for date in DATES:
            with rasterio.open(folder / f"{date}.tif", "r+") as scene:
                if date == DATES[1]:
                    scene.write(np.roll(scene.read(), EAST_PX, axis=2))
                if name == "mercator":
                    scene.crs = "EPSG:3857"
                    scene.transform = Affine(10 * UNIT, 0, WEST, 0, -10 * UNIT, NORTH)
        made.append(write_workflow(folder, DATES, outputs={"formats": FORMATS}))
    return made


@pytest.fixture(scope="module")
def runs(workflows: list[Path]) -> list[Run]:
    return [run(workflow, out=str(workflow.parent / "out")) for workflow in workflows]


def test_a_run_in_web_mercator_tells_lengths_and_areas_on_the_ground(runs: list[Run]) -> None:
    plain, found = (one.series for one in runs)
    for name in ("shift_east_m", "shift_north_m", "changed_area_m2", "changed_area_high_m2", "footprint_area_m2"):
        np.testing.assert_allclose(found[name], plain[name], rtol=0.02, atol=0.1, err_msg=name)
    assert found["shift_east_m"].iloc[1] == pytest.approx(10 * EAST_PX, abs=0.5)
    plain_m, found_m = (one.provenance["dates"][DATES[1]]["alignment"]["sigma_m"] for one in runs)
    assert found_m == pytest.approx(plain_m, rel=0.02)
    assert runs[1].summary["grid"]["resolution_m"] == pytest.approx(10, rel=0.01)


def test_a_catalogue_and_a_scale_bar_of_web_mercator_are_in_metres_on_the_ground(runs: list[Run]) -> None:
    bars = []
    for one in runs:
        item = json.loads((one.path / "stac" / DATES[0] / f"{DATES[0]}.json").read_text())
        for band in item["assets"]["scene"]["raster:bands"]:
            assert band["spatial_resolution"] == pytest.approx(10, rel=0.01)
        project = zipfile.ZipFile(one.path / "project.qgz").read("project.qgs").decode()
        bars.append(set(re.findall(r'numUnitsPerSegment="([^"]*)"', project)))
    assert bars[0] == bars[1] != set()


def test_a_plan_in_web_mercator_tells_the_pixel_on_the_ground(workflows: list[Path]) -> None:
    assert "300 x 240 px of 10 m" in make_plan(workflows[1])._repr_html_()
