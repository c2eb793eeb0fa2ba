"""Planet's items: products, usable data masks, JSON."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from starter_scenes import scene, start
from vendor_orders import draft, order

from changedet.imagery.angles import SunAngles, ViewAngles

ITEM = "20220405_012345_12_2442"


def test_planet_scenes_takes_the_best_product_with_its_mask_and_json() -> None:
    text, workflow = order("planet")
    first = workflow.scenes[0]
    assert Path(first.paths[0][1]).name == "20220405_012345_ssc1_u0001_pansharpened.tif"
    assert dict(first.paths)["udm2"].endswith("20220405_012345_ssc1_u0001_udm2.tif")
    assert (first.date, first.time) == (dt.date(2022, 4, 5), dt.time(1, 23, 45))
    assert first.bands == (("blue", 1), ("green", 2), ("red", 3), ("nir", 4))
    assert (first.sun, first.view) == (SunAngles(151.25, 48.5), ViewAngles(14.5, 260.0))
    assert "8-bit visual; the pansharpened of the same look is taken" in text


@pytest.mark.parametrize(
    ("product", "count", "nir"),
    [("3B_AnalyticMS_SR", 4, 4), ("3B_AnalyticMS_SR_8b_harmonized_clip", 8, 8), ("3B_Visual", 3, None)],
)
def test_planet_scenes_know_the_bands_of_a_product(product: str, count: int, nir: int | None) -> None:
    scene(f"{ITEM}_{product}.tif", count=count, descriptions=())
    bands = dict(start(".")[1].scenes[0].bands or ())
    assert bands.get("nir") == nir
    assert {"red", "green", "blue"} <= set(bands)


def test_planet_scenes_masks_go_to_their_own_item() -> None:
    for item in (ITEM, "20220405_012346_34_2442"):
        scene(f"{item}_3B_AnalyticMS.tif", descriptions=())
        scene(f"{item}_3B_udm2.tif", count=1, descriptions=())
    found = {entry.paths[0][1][-40:-20]: dict(entry.paths)["udm2"] for entry in start(".")[1].scenes}
    assert all(item.split("_3B")[0][:15] in mask for item, mask in found.items())
    assert len(set(found.values())) == 2


def test_planet_scenes_read_the_xml_where_there_is_no_json() -> None:
    scene(f"{ITEM}_3B_AnalyticMS.tif", descriptions=())
    Path(f"{ITEM}_3B_AnalyticMS_metadata.xml").write_text(
        '<ps:EarthObservation xmlns:ps="p" xmlns:opt="o">'
        "<opt:illuminationAzimuthAngle>120.5</opt:illuminationAzimuthAngle>"
        "<opt:illuminationElevationAngle>33</opt:illuminationElevationAngle></ps:EarthObservation>"
    )
    assert start(".")[1].scenes[0].sun == SunAngles(120.5, 33.0)


def test_planet_scenes_say_what_is_wrong_with_their_metadata() -> None:
    scene(f"{ITEM}_3B_AnalyticMS.tif", descriptions=())
    Path(f"{ITEM}_metadata.json").write_text('{"properties": ')
    text, problems = draft(".")
    assert not problems
    assert f"# {ITEM}_metadata.json cannot be read" in text


def test_planet_scenes_do_not_believe_a_sun_below_the_horizon() -> None:
    scene(f"{ITEM}_3B_AnalyticMS.tif", descriptions=())
    properties = {"sun_azimuth": 10, "sun_elevation": -5, "view_angle": "NaN"}
    Path(f"{ITEM}_metadata.json").write_text(json.dumps({"properties": properties}))
    first = start(".")[1].scenes[0]
    assert (first.sun, first.view) == (None, None)


def test_planet_scenes_know_a_skysat_scene_and_the_mask_of_its_product() -> None:
    item = "20200814_162132_ssc4d3_0021"
    for product in ("analytic", "pansharpened"):
        scene(f"{item}_{product}.tif", descriptions=())
        scene(f"{item}_{product}_udm2.tif", count=8, descriptions=())
    text, workflow = start(".")
    assert [dict(one.paths)["udm2"][-21:] for one in workflow.scenes] == ["pansharpened_udm2.tif"]
    assert workflow.scenes[0].bands == (("blue", 1), ("green", 2), ("red", 3), ("nir", 4))
    assert "#   20200814_162132_ssc4d3_0021_analytic_udm2.tif" in text


def test_planet_scenes_know_tiles_of_planetscope() -> None:
    tile = "3138470_1854102_2020-02-08_1069"
    for name, count in (("BGRN_SR", 4), ("BGRN_Analytic", 4), ("BGRN_DN_udm", 1), ("udm2", 8), ("RGB_Visual", 4)):
        scene(f"{tile}_{name}.tif", count=count, descriptions=())
    text, workflow = start(".")
    (entry,) = workflow.scenes
    assert (entry.date, entry.bands) == (dt.date(2020, 2, 8), (("blue", 1), ("green", 2), ("red", 3), ("nir", 4)))
    assert Path(entry.paths[0][1]).name == f"{tile}_BGRN_SR.tif"
    assert dict(entry.paths)["udm2"].endswith(f"{tile}_udm2.tif")
    assert "a mask of the first kind" in text


@pytest.mark.parametrize(("product", "count", "nir"), [("Analytic_SR_clip", 5, 5), ("Visual", 3, None)])
def test_planet_scenes_know_tiles_of_rapideye(product: str, count: int, nir: int | None) -> None:
    scene(f"1645310_2012-02-14_RE4_3A_{product}.tif", count=count, descriptions=())
    scene("1645310_2012-02-14_RE4_3A_udm_clip.tif", count=1, descriptions=())
    (entry,) = start(".")[1].scenes
    assert (entry.date, entry.attribution.sensor) == (dt.date(2012, 2, 14), "RapidEye")
    assert dict(entry.bands or ()).get("nir") == nir
