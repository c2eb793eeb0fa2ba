"""A workflow's scenes when they are opened: their names, their bands, and whether they cover the area."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
import yaml
from affine import Affine
from small_scenes import BANDS, ground, series, write_scene, write_workflow

from changedet.errors import InputError
from changedet.imagery.attribution import UNSAID, Attribution
from changedet.plan import make_plan

DATES = ("2023-01-01", "2023-03-01", "2023-05-01")


def problems(workflow: Path, out: str | None = None) -> list[str]:
    with pytest.raises(InputError) as caught:
        make_plan(workflow, out=out)
    return str(caught.value).splitlines()


def test_compared_roles_names_the_entry_of_radar_among_optical(scenes: Path) -> None:
    entries = [{"date": day, "path": f"{day}.tif"} for day in DATES]
    entries[1] |= {"bands": {"vv": 1}}
    workflow = write_workflow(scenes, DATES, scenes=entries)
    (line,) = problems(workflow)
    number = next(i for i, text in enumerate(workflow.read_text().splitlines(), 1) if "2023-03-01" in text)
    assert line.startswith(f"{workflow}:{number}: scenes[1]: 2023-03-01.tif of 2023-03-01 is radar")


def test_opened_scenes_of_one_file_name_are_named_with_their_folders(tmp_path: Path) -> None:
    entries = []
    for day in DATES:
        for role in ("red", "nir"):
            write_scene(tmp_path / day / f"{role}.tif", np.full((1, 40, 50), 700))
        entries.append({"date": day, "path": {role: f"{day}/{role}.tif" for role in ("red", "nir")}})
    content = {"site": {"id": "site"}, "scenes": entries}
    (tmp_path / "site.yaml").write_text(yaml.safe_dump(content))
    plan = make_plan(tmp_path / "site.yaml")
    assert [look.name for look in plan.looks] == [f"{day}/{{red,nir}}.tif" for day in DATES]


def test_opened_scenes_are_named_by_their_files(scenes: Path) -> None:
    workflow = write_workflow(scenes, DATES, scenes=[{"glob": "*.tif", "date_format": "%Y-%m-%d"}], bands=BANDS)
    assert [look.name for look in make_plan(workflow).looks] == [f"{day}.tif" for day in DATES]


def test_opened_scenes_keep_what_the_workflow_says_of_their_origin(scenes: Path) -> None:
    said = {"sensor": "GeoEye-1", "credit": "© ACME", "licence": {"name": "EULA", "show_pixels": False}}
    entries = [{"date": day, "path": f"{day}.tif"} for day in DATES]
    before = make_plan(write_workflow(scenes, DATES, scenes=entries))
    entries[1] |= said
    after = make_plan(write_workflow(scenes, DATES, scenes=entries))
    assert [look.attribution for look in after.looks] == [
        UNSAID,
        Attribution("GeoEye-1", "© ACME", "EULA", show_pixels=False),
        UNSAID,
    ]
    assert [look.identity for look in before.looks] == [look.identity for look in after.looks]


def test_covering_says_where_an_area_and_its_scenes_lie_that_do_not_meet(scenes: Path) -> None:
    workflow = write_workflow(scenes, DATES, site={"id": "site", "aoi": {"bbox": [10.0, 50.0, 10.01, 50.01]}})
    (line,) = problems(workflow)
    assert "site.aoi: no scene meets it: it spans 10 to 10.01 east, 50 to 50.01 north" in line
    assert f"{DATES[0]}.tif" in line
    assert line.endswith("correct it")


def test_covering_says_where_an_area_has_its_latitudes_first(scenes: Path) -> None:
    (first, *_) = make_plan(write_workflow(scenes, DATES[:1])).looks
    west, south, east, north = first.outline().bounds
    box = {"bbox": [south, west, north, east]}
    (line,) = problems(write_workflow(scenes, DATES, site={"id": "site", "aoi": box}))
    assert line.endswith("; it would with longitudes and latitudes exchanged")


def test_covering_says_what_share_of_a_much_larger_area_is_covered(scenes: Path) -> None:
    (whole,) = make_plan(write_workflow(scenes, DATES[:1])).looks
    west, south, east, north = whole.outline().bounds
    wide = [west - 0.5, south - 0.5, east + 0.5, north + 0.5]
    (line,) = problems(
        write_workflow(scenes, DATES, site={"id": "site", "aoi": {"bbox": wide}}, grid={"resolution": 50})
    )
    assert "site.aoi: no scene covers more than " in line
    assert "meets" not in line


def test_covering_says_what_to_do_of_a_scene_that_shows_other_ground(scenes: Path) -> None:
    path = scenes / f"{DATES[1]}.tif"
    with rasterio.open(path, "r+") as out:
        out.transform = Affine.translation(1e5, 0) @ out.transform
    (line,) = problems(write_workflow(scenes, DATES))
    words = "covers 0.0% of the area of interest (the reference scene's extent), expected at least 1 %"
    assert f"{path.name} of {DATES[1]} {words}; give a site.aoi that all scenes show, or leave the scene out" in line
    box = list(make_plan(write_workflow(scenes, DATES[:1])).looks[0].outline().bounds)
    (line,) = problems(write_workflow(scenes, DATES, site={"id": "site", "aoi": {"bbox": box}}))
    assert "of the area of interest, expected at least 1 %; correct site.aoi, or leave the scene out" in line


def test_check_bands_refuses_a_band_that_no_scene_has_and_warns_of_one_that_some_lack(scenes: Path) -> None:
    (line,) = problems(write_workflow(scenes, DATES, bands={**BANDS, "swir1": 9}))
    assert "bands.swir1: no scene has band 9; correct or remove it" in line
    write_scene(scenes / f"{DATES[1]}.tif", ground(40, 50)[:3])
    plan = make_plan(write_workflow(scenes, DATES))
    assert plan.roles == ("blue", "green", "red")
    assert any("has no band for" in warning for warning in plan.warnings)
    assert [plan.extra_roles(i) for i in range(len(DATES))] == [("nir",), (), *[("nir",)] * (len(DATES) - 2)]


@pytest.mark.parametrize("name", ["two\nlines.tif", "\x1b[31m.tif", "\udcff.tif"])
def test_opened_scenes_refuses_control_characters_in_names(tmp_path: Path, name: str) -> None:
    series(tmp_path, 40, 50, DATES[:1])
    (tmp_path / f"{DATES[0]}.tif").rename(tmp_path / name)
    with pytest.raises(InputError, match="control characters") as caught:
        make_plan(write_workflow(tmp_path, DATES, scenes=[{"glob": "*.tif", "date": DATES[0]}]))
    assert str(caught.value).isprintable()


def test_opened_scenes_warn_of_a_search_that_finds_nothing(scenes: Path) -> None:
    (scenes / "none.json").write_text('{"type": "FeatureCollection", "features": []}')
    entries: list[dict[str, object]] = [{"date": day, "path": f"{day}.tif"} for day in DATES]
    plan = make_plan(write_workflow(scenes, DATES, scenes=[*entries, {"stac": "none.json"}]))
    assert f"scenes[3]: the search of {scenes / 'none.json'} found no scene" in plan.warnings


def test_make_plan_refuses_an_area_under_a_pixel(scenes: Path) -> None:
    (line,) = problems(
        write_workflow(scenes, DATES, site={"id": "s", "aoi": {"bbox": [15.001, 48.75, 15.00101, 48.75001]}})
    )
    assert "site.aoi" in line
    assert "less than a pixel of 10 m" in line
