"""What is asked for of each scene: date, bands, place."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import numpy as np
import pyproj
import pytest
from affine import Affine
from rasterio.enums import ColorInterp
from starter_scenes import PLACED, answering, refused, scene, start

from changedet.workflow.starter.starter import starter_workflow


def test_drafts_of_asks_where_name_and_tag_disagree() -> None:
    path = scene("a_20230604.tif", tags={"ACQUISITION_DATE": "2023-07-04"})
    said = "the name says 2023-06-04, the tag ACQUISITION_DATE says 2023-07-04"
    assert refused(path) == [
        f"a_20230604.tif: date: {said}; expected one date; put it into the file's name, such as "
        "2023-06-04_a_20230604.tif; or run this in a terminal, which asks"
    ]
    ask, asked = answering(When="2023-07-04")
    _, workflow = start(path, ask=ask)
    assert workflow.scenes[0].date == dt.date(2023, 7, 4)
    assert said in asked[0]


def test_drafts_of_asks_once_for_names_with_a_year_alone() -> None:
    paths = [scene(f"{year}.tif") for year in (1985, 1990, 1995)]
    assert len(refused(*paths)) == 3
    ask, asked = answering(first_of_January="yes")
    text, workflow = start(*paths, ask=ask)
    assert len(asked) == 1
    assert 'date_format: "%Y"' in text
    assert [entry.date for entry in workflow.scenes] == [dt.date(year, 1, 1) for year in (1985, 1990, 1995)]


def test_drafts_of_asks_for_the_date_where_the_first_of_january_is_declined() -> None:
    ask, _ = answering(Take_the_first="no", When_was_it="1985-08-09")
    assert start(scene("1985.tif"), ask=ask)[1].scenes[0].date == dt.date(1985, 8, 9)


def test_drafts_of_never_guesses_four_bands_without_names() -> None:
    rgb = (ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.undefined)
    lines = refused(scene("2023-06-04.tif", descriptions=(), colors=rgb))
    assert len(lines) == 1
    assert lines[0].startswith("2023-06-04.tif: bands: 4 bands (1: red, 2: green, 3: blue, 4: undefined)")
    assert "blue green red nir as often as red green blue nir" in lines[0]


def test_drafts_of_asks_once_for_one_layout() -> None:
    paths = [scene(f"2023-06-0{day}.tif", descriptions=()) for day in (4, 5, 6)]
    ask, asked = answering(Name_the_role="blue green red nir")
    text, workflow = start(*paths, ask=ask)
    assert len(asked) == 1
    assert "(and 2 more)" in asked[0]
    assert workflow.bands == (("blue", 1), ("green", 2), ("red", 3), ("nir", 4))
    assert "glob" in text


def test_drafts_of_asks_twice_for_two_layouts() -> None:
    scene("2023-06-04.tif", descriptions=())
    scene("2023-06-05.tif", descriptions=(), count=3)
    scene("2023-06-06.tif")
    ask, _ = answering(**{"4_bands": "blue green red nir", "3_bands": "red - nir"})
    _, workflow = start("2023-06-04.tif", "2023-06-05.tif", "2023-06-06.tif", ask=ask)
    assert workflow.bands is None
    assert [entry.bands for entry in workflow.scenes] == [
        (("blue", 1), ("green", 2), ("red", 3), ("nir", 4)),
        (("red", 1), ("nir", 3)),
        None,
    ]


def test_drafts_of_takes_three_bands_with_colours_for_what_they_say() -> None:
    rgb = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
    _, workflow = start(scene("2023-06-04.tif", count=3, descriptions=(), colors=rgb))
    assert workflow.scenes[0].bands is None


def test_drafts_of_asks_what_one_grey_band_is() -> None:
    ask, _ = answering(Name_the_role="amplitude")
    path = scene("2023-06-04.tif", count=1, descriptions=())
    assert "bands" in refused(path)[0]
    assert start(path, ask=ask)[1].bands == (("amplitude", 1),)


@PLACED
def test_drafts_of_asks_for_crs_and_bounds_of_a_picture() -> None:
    path = scene("2023-06-04.tif", crs=None, transform=None)
    assert refused(path) == [
        "2023-06-04.tif: crs: no georeference: its crs and bounds are not known; georeference the file; or run this in "
        "a terminal, which asks"
    ]
    ask, _ = answering(no_georeference="EPSG:32633 500000 6700000 500004 6700003")
    _, workflow = start(path, ask=ask)
    assert workflow.scenes[0].crs == "EPSG:32633"
    assert workflow.scenes[0].bounds == (500000, 6700000, 500004, 6700003)


@PLACED
def test_drafts_of_asks_for_the_crs_of_a_position() -> None:
    path = scene("2023-06-04.tif", crs=None)
    assert refused(path) == [
        "2023-06-04.tif: crs: a position and no coordinate system; degrees are mostly EPSG:4326, metres of a web map "
        "EPSG:3857; georeference the file; or run this in a terminal, which asks"
    ]
    ask, _ = answering(Which="32633")
    _, workflow = start(path, ask=ask)
    assert (workflow.scenes[0].crs, workflow.scenes[0].bounds) == ("EPSG:32633", None)


@PLACED
def test_drafts_of_offers_the_place_before() -> None:
    paths = [scene(f"2023-06-0{day}.tif", crs=None) for day in (4, 5)]
    answers = iter(["32633", "", "32634", "EPSG:32633 0 0 4 3", ""])
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return next(answers)

    assert [entry.crs for entry in start(*paths, ask=ask)[1].scenes] == ["EPSG:32633"] * 2
    assert ["as before (EPSG:32633)" in question for question in asked] == [False, True]
    pictures = [scene(f"2023-07-0{day}.tif", crs=None, transform=None) for day in (4, 5)]
    places = [(entry.crs, entry.bounds) for entry in start(paths[0], *pictures, ask=ask)[1].scenes]
    assert places == [("EPSG:32634", None), *[("EPSG:32633", (0, 0, 4, 3))] * 2]


@PLACED
def test_drafts_of_takes_the_crs_of_a_prj_file_beside_a_position() -> None:
    for day in ("2023-06-04", "2023-07-04"):
        scene(f"{day}.tif", crs=None)
        Path(f"{day}.prj").write_text(pyproj.CRS(32633).to_wkt("WKT1_ESRI"))
    text, workflow = start("2023-06-04.tif", "2023-07-04.tif")
    assert [entry.crs for entry in workflow.scenes] == ["EPSG:32633"] * 2
    assert "glob:" in text
    Path("2023-07-04.prj").write_text("no WKT")
    assert refused("2023-07-04.tif")[0].startswith("2023-07-04.tif: crs: a position and no coordinate system")


@PLACED
def test_drafts_of_leave_a_gap_for_the_crs_alone_where_the_position_is_known() -> None:
    text = starter_workflow([scene("2023-06-04.tif", crs=None)], ask=None).text
    assert "crs: TODO}" in text
    assert "bounds" not in text.split("scenes:")[1].split("# bands")[0]


def test_drafts_of_take_a_date_from_the_folder_where_no_name_tells() -> None:
    paths = [scene(f"{day}/{name}") for day in ("2023-06-04", "20230704") for name in ("depot.tif", "x_2023-08-01.tif")]
    _, workflow = start(*paths)
    assert sorted(str(entry.date) for entry in workflow.scenes) == [
        "2023-06-04", "2023-07-04", "2023-08-01", "2023-08-01",
    ]  # fmt: skip


def test_drafts_of_put_the_bands_of_a_folder_together() -> None:
    for day in ("2023-06-04", "2023-07-04"):
        for band in ("red", "nir"):
            scene(f"order/{day}/{band}.tif", count=1, descriptions=())
    _, workflow = start("order")
    assert [sorted(role for role, _ in entry.paths) for entry in workflow.scenes] == [["nir", "red"]] * 2


def test_drafts_of_leave_out_bands_that_are_named_and_have_no_role() -> None:
    names = ("B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B9", "B11", "B12", "QA60")
    text, workflow = start(scene("2023-06-04.tif", count=len(names), descriptions=names))
    assert dict(workflow.bands or ()) == {
        "coastal": 1, "blue": 2, "green": 3, "red": 4, "rededge": 5, "nir": 8, "swir1": 11, "swir2": 12,
    }  # fmt: skip
    assert "not used: 6 (B6), 7 (B7), 9 (B8A), 10 (B9), 13 (QA60)" in text
    # Numbers of an unknown satellite are no names: its fourth band may be near infrared.
    assert "bands" in refused(scene("2023-06-05.tif", descriptions=("blue", "green", "red", "Band 4")))[0]


def test_gsd_m_is_that_on_the_ground() -> None:
    # At 60 degrees north a metre of Web Mercator is half a metre, and a degree of longitude half of one at the equator.
    mercator = scene("2023-06-04.tif", crs="EPSG:3857", transform=Affine(10, 0, 0, 0, -10, 8_399_738))
    degrees = scene("2023-06-05.tif", crs="EPSG:4326", transform=Affine(1e-4, 0, 0, 0, -1e-4, 60))
    text, _ = start(mercator, degrees)
    found = [float(size) for size in re.findall(r"EPSG:\d+, ([\d.]+) m,", text)]
    assert found == pytest.approx([5.0, np.sqrt(111_412 * 55_800) * 1e-4], rel=0.01)
