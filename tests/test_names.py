"""Names that users give: shown as they are, and never obeyed by a spreadsheet, a browser, a parser or a terminal."""

from __future__ import annotations

import csv
import json
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely
from small_scenes import series, write_workflow

from changedet.outputs.tables import TIMESERIES_COLUMNS, read_timeseries, write_timeseries
from changedet.pipeline.finished import open_run
from changedet.pipeline.run import run

DATES = ("2023-01-01", "2023-03-01")
NAMES = [
    '=HYPERLINK("http://x","y")',
    "+1",
    "-2+3",
    "@SUM(A1)",
    "<b>&amp;\"'</b>",
    "'=quoted",
    "\uff1d1",
    "plain, comma",
]


def zones_file(path: Path, names: list[str]) -> Path:
    boxes = [shapely.box(500_100 + 300 * k, 5_398_000, 500_350 + 300 * k, 5_399_900) for k in range(len(names))]
    gpd.GeoDataFrame({"name": names}, geometry=boxes, crs="EPSG:32633").to_file(path, driver="GPKG")
    return path


def test_write_timeseries_guards_what_a_spreadsheet_would_compute(tmp_path: Path) -> None:
    rows = [dict.fromkeys(TIMESERIES_COLUMNS) | {"date": DATES[0], "zone": name, "scene": name} for name in NAMES]
    write_timeseries(tmp_path / "t.csv", pd.DataFrame(rows).assign(shift_east_m=-1.5))
    with (tmp_path / "t.csv").open(newline="") as stream:
        written = list(csv.DictReader(stream))
    assert [row["zone"][0] in "=+-@\uff1d" for row in written] == [False] * len(NAMES)
    assert {row["shift_east_m"] for row in written} == {"-1.5"}
    assert written[4]["zone"] == NAMES[4]
    back = read_timeseries(tmp_path / "t.csv")
    assert back["zone"].tolist() == back["scene"].tolist() == NAMES


def test_run_shows_names_as_they_are_in_every_output(tmp_path: Path) -> None:
    series(tmp_path, 240, 300, DATES)
    scene = (tmp_path / f"{DATES[1]}.tif").rename(tmp_path / "@<i>&.tif")
    workflow = write_workflow(
        tmp_path,
        DATES,
        site={"id": "site", "name": "=1+1 <script>alert(1)</script> & co", "zones": "zones.gpkg"},
        scenes=[{"date": DATES[0], "path": f"{DATES[0]}.tif"}, {"date": DATES[1], "path": scene.name}],
        outputs={"formats": "all"},
    )
    zones_file(tmp_path / "zones.gpkg", NAMES)
    path = run(workflow, out=str(tmp_path / "out")).path
    finished = open_run(path)
    assert set(finished.series["zone"]) == {"", *NAMES}
    assert "@<i>&.tif" in finished.series["scene"].tolist()
    assert not any(
        line.split(",")[1][:1] in {"=", "+", "-", "@"} for line in (path / "timeseries.csv").read_text().splitlines()
    )
    page = (path / "report.html").read_text()
    assert "<script>alert" not in page
    assert "<i>&" not in page
    with zipfile.ZipFile(path / "project.qgz") as project:
        for name in project.namelist():
            ET.fromstring(project.read(name))
    for item in (path / "stac").rglob("*.json"):
        json.loads(item.read_text())
    assert gpd.read_file(path / "objects.gpkg", layer="zones")["name"].tolist() == NAMES
