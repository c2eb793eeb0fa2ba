"""All vendors at once, and metadata that are anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starter_scenes import ROLES, scene, start
from vendor_orders import shots

from changedet.workflow import load_workflow
from changedet.workflow.starter.starter import starter_workflow
from changedet.workflow.starter.vendors.find import sort_files
from scenarios.vendor_folders import VENDORS

ANYTHING = st.one_of(st.text(max_size=30), st.floats(), st.integers(), st.none(), st.lists(st.integers(), max_size=3))
KEYS = st.sampled_from(["acquired", "sun_azimuth", "sun_elevation", "view_angle", "satellite_azimuth", "instrument"])
WORDS = st.text(alphabet="ABIMGPHRS0123456789_-.TLC", min_size=1, max_size=25)


def test_sort_files_leaves_no_file_out_and_none_twice() -> None:
    for vendor, deliver in VENDORS.items():
        deliver(Path(vendor), shots(1))
    scene("2022-04-05.tif")
    paths = [str(path) for path in Path().rglob("*") if path.suffix.lower() in {".tif", ".jp2"}]
    found = sort_files(paths)
    masks = [one.mask for one in found.deliveries if one.mask]
    scenes = [path for one in found.deliveries for path in (*dict(one.paths).values(), one.pan) if path]
    assert sorted([*scenes, *masks, *found.left_out, *found.rest]) == sorted(paths)
    assert found.rest == ["2022-04-05.tif"]
    assert len(found.deliveries) == 5


@pytest.mark.parametrize(
    "names",
    [
        ("22APR05012345-M2AS-014567890010_01_P001.TIF",),
        ("20220405_012345_12_2442_3B_AnalyticMS.tif",),
        tuple(f"T33UVT_20220405T012345_{band}_10m.tif" for band in ("B02", "B03", "B04", "B08")),
        tuple(f"LC08_L1TP_195025_20220405_20220415_02_T1_B{band}.TIF" for band in (2, 3, 4, 5)),
    ],
)
def test_what_vendors_fill_with_shows_nothing_where_the_file_does_not_say_so(names: tuple[str, ...]) -> None:
    for name in names:
        scene(name, count=4 if len(names) == 1 else 1, descriptions=ROLES if len(names) == 1 else ())
    text, workflow = start(".")
    assert workflow.scenes[0].nodata == 0
    assert "    nodata: 0\n" in text
    for name in names:
        scene(name, count=4 if len(names) == 1 else 1, descriptions=ROLES if len(names) == 1 else (), nodata=9)
    assert start(".")[1].scenes[0].nodata is None


@given(st.dictionaries(KEYS, ANYTHING))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
def test_starter_workflow_loads_whatever_the_json_says(properties: dict[str, object]) -> None:
    item = "20220405_012345_12_2442"
    scene(f"{item}_3B_AnalyticMS.tif", descriptions=())
    Path(f"{item}_metadata.json").write_text(json.dumps({"properties": properties}))
    text, problems = starter_workflow([f"{item}_3B_AnalyticMS.tif"], ask=None)
    Path("w.yaml").write_text(text, encoding="utf-8")
    if not problems:
        assert len(load_workflow("w.yaml").scenes) == 1


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
def test_starter_workflow_loads_whatever_the_imd_says(sensor: str, moment: str, sun: str) -> None:
    scene("22APR05012345-M2AS-014567890010_01_P001.TIF")
    imd = f'satId = "{sensor}";\nfirstLineTime = {moment};\nmeanSunAz = {sun};\nmeanSunEl = {sun};\nbandId = "BGRN";\n'
    Path("22APR05012345-M2AS-014567890010_01_P001.IMD").write_text(imd, encoding="utf-8")
    text, problems = starter_workflow(["22APR05012345-M2AS-014567890010_01_P001.TIF"], ask=None)
    Path("w.yaml").write_text(text, encoding="utf-8")
    if not problems:
        assert len(load_workflow("w.yaml").scenes) == 1


@given(st.lists(WORDS, max_size=5))
@settings(deadline=None, max_examples=60)
def test_sort_files_takes_any_names(words: list[str]) -> None:
    paths = list(dict.fromkeys(f"nowhere/{word}.tif" for word in words))
    found = sort_files(paths)
    scenes = [path for one in found.deliveries for _, path in one.paths]
    masks = [one.mask for one in found.deliveries if one.mask]
    assert sorted([*scenes, *masks, *found.left_out, *found.rest]) == sorted(paths)
