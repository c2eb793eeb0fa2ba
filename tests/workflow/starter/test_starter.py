"""``init``: what scenes say is written down, what they do not say is asked or refused, and the result always loads."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.enums import ColorInterp

from changedet.errors import InputError
from changedet.workflow import STAGE_NAMES, Workflow, load_workflow, stages
from changedet.workflow.starter.acquisition_dates import dates_from_names
from changedet.workflow.starter.starter import starter_workflow

# rasterio 1.4 multiplies transforms in a way that affine 3 will drop.
PLACED = pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")
ROLES = ("blue", "green", "red", "nir")
UTM = Affine(0.5, 0, 400_000, 0, -0.5, 6_700_000)


def scene(
    path: str,
    *,
    descriptions: Sequence[str] = ROLES,
    colors: Sequence[ColorInterp] = (),
    count: int = 4,
    crs: str | None = "EPSG:32633",
    transform: Any = UTM,
    tags: dict[str, str] | None = None,
    imagery: dict[str, str] | None = None,
    nodata: float | None = None,
) -> str:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    profile = {"driver": "GTiff", "width": 8, "height": 6, "count": count, "dtype": "uint16", "nodata": nodata}
    if transform is not None:
        profile["transform"] = transform
    with rasterio.open(path, "w", crs=crs, **profile) as out:
        out.write(np.ones((count, 6, 8), np.uint16))
        if colors:
            out.colorinterp = colors
        if descriptions:
            out.descriptions = descriptions
        out.update_tags(**(tags or {}))
        if imagery:
            out.update_tags(ns="IMAGERY", **imagery)
    return path


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "depot north").mkdir()
    monkeypatch.chdir(tmp_path / "depot north")
    return tmp_path / "depot north"


def answering(**answers: str) -> tuple[Callable[[str], str], list[str]]:
    """Answers by a word of the question; a question that nobody expected fails the test."""
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        found = [answer for word, answer in answers.items() if word.replace("_", " ") in question]
        assert len(found) == 1, f"unexpected question: {question}"
        return found[0]

    return ask, asked


def start(*scenes: str, ask: Callable[[str], str] | None = None, name: str = "w.yaml") -> tuple[str, Workflow]:
    text = starter_workflow(scenes, ask=ask, folder=Path(name).parent)
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text, encoding="utf-8")
    return text, load_workflow(name)


def refused(*scenes: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        starter_workflow(scenes, ask=None)
    return str(caught.value).splitlines()


def test_scenes_that_say_everything_become_one_glob() -> None:
    paths = [scene(f"scenes/msi_{day}.tif", nodata=0) for day in ("20230604", "20230704", "20231101")]
    text, workflow = start(*paths)
    assert '  - {glob: "scenes/msi_*.tif", date_format: "%Y%m%d"}' in text
    assert "# msi_20230604.tif: 2023-06-04, EPSG:32633, 0.5 m, 4 bands uint16, nodata 0, 8 x 6 px" in text
    assert "# bands: {blue: 1, green: 2, red: 3, nir: 4}" in text
    assert workflow.bands is None
    assert workflow.site.id == "scenes"
    assert [entry.date for entry in workflow.scenes] == [dt.date(2023, 6, 4), dt.date(2023, 7, 4), dt.date(2023, 11, 1)]
    assert [entry.paths[0][1] for entry in workflow.scenes] == [str(Path.cwd() / path) for path in paths]


def test_a_glob_is_not_used_where_it_would_match_another_file() -> None:
    paths = [scene(f"scenes/msi_{day}.tif") for day in ("20230604", "20230704")]
    scene("scenes/msi_20220101.tif")
    text, workflow = start(*paths)
    assert "glob" not in text
    assert [entry.date for entry in workflow.scenes] == [dt.date(2023, 6, 4), dt.date(2023, 7, 4)]


def test_paths_are_relative_to_the_workflow_not_to_the_shell(folder: Path) -> None:
    path = scene("a b/msi_2023-06-04.tif")
    text, workflow = start(path, name="plans/deep/w.yaml")
    assert "path: ../../a b/msi_2023-06-04.tif" in text
    assert Path(workflow.scenes[0].paths[0][1]) == folder / path


def test_folders_patterns_and_doubles() -> None:
    scene("scenes/a_2023-06-04.tif")
    scene("scenes/b_2023-06-05.tif")
    Path("scenes/notes.txt").touch()
    texts = {start(*given)[0] for given in (["scenes"], ["scenes/*.tif"], ["scenes/a_2023-06-04.tif", "scenes"])}
    assert len(texts) == 1


def test_a_pattern_in_a_folder_s_name_is_taken_literally() -> None:
    for day in ("2023-06-04", "2023-07-04"):
        scene(f"site [1]/{day}.tif")
    _, workflow = start("site [1]")
    assert len(workflow.scenes) == 2


def test_every_method_can_be_uncommented_into_a_workflow_that_loads() -> None:
    text, _ = start(scene("2023-06-04.tif"))
    for name, stage in stages().items():
        block = re.search(rf"^{name}:.*\n(?:  .*\n)+", text, re.MULTILINE)
        assert block is not None
        for method, registered in stage.methods.items():
            part = block[0].split(f"  # -- {method}: ")[1].split("  # -- ")[0].split("\n", 1)[1]
            lines = re.sub(r"^  # ", "  ", part, flags=re.MULTILINE).replace("null  #", "  #")
            lines = "".join(line for line in lines.splitlines(keepends=True) if not re.search(r": +#|: null", line))
            Path("m.yaml").write_text(text.replace(block[0], f"{name}:\n  method: {method}\n{lines}"))
            given = load_workflow("m.yaml").stages[name].parameters
            written = set(re.findall(r"^  # (\w+):", part, re.MULTILINE))
            assert written == set(registered.parameters.model_fields)
            defaults = registered.resolve({})
            assert {key: defaults[key] for key in given} == given


def test_every_key_of_the_contract_is_there_with_a_comment() -> None:
    text, _ = start(scene("2023-06-04.tif"))
    for key in (
        "id",
        "name",
        "aoi",
        "zones",
        "crs",
        "resolution",
        "on_error",
        "allow_hosts",
        "dir",
        "formats",
        "workers",
    ):
        assert re.search(rf"^  (# )?{key}: .*#", text, re.MULTILINE), key
    for key in ("site", "grid", "scenes", "bands", "before", "read", *STAGE_NAMES, "outputs", "compute"):
        assert re.search(rf"^(# )?{key}:", text, re.MULTILINE), key


# ---------------------------------------------------------------- dates


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a_20230604.tif"], ["2023-06-04"]),
        (["a_2023-06-04.tif"], ["2023-06-04"]),
        (["S2A_20230604T101530.tif"], ["2023-06-04"]),
        (["S2A_MSIL2A_20230604T101530_N0509_20230605T120000.tif"], ["2023-06-04"]),
        (["LC08_L2SP_007066_20150604_20200909_02_T1.tif"], ["2015-06-04"]),
        (["a_04Jun2023.tif"], ["2023-06-04"]),
        (["a_25042023.tif"], ["2023-04-25"]),
        (["a_04252023.tif"], ["2023-04-25"]),
        (["a_2023155.tif"], ["2023-06-04"]),
        # Days and months change places freely: no guess.
        (["a_03042023.tif"], ["2023-03-04 or 2023-04-03"]),
        (["a_03-04-2023.tif"], ["2023-03-04 or 2023-04-03"]),
        (["a_110612.tif"], ["2011-06-12 or 2012-06-11 or 2012-11-06"]),
        # A name of the same rule settles it.
        (["a_03042023.tif", "a_25042023.tif"], ["2023-04-03", "2023-04-25"]),
        (["a_03042023.tif", "b_25042023.tif"], ["2023-03-04 or 2023-04-03", "2023-04-25"]),
        # The same day either way needs no settling.
        (["a_05052023.tif"], ["2023-05-05"]),
        (["a_20230604_20230710.tif"], ["2023-06-04 or 2023-07-10"]),
        (["1985.tif"], ["tells only the year 1985"]),
        (["a_2023-06.tif"], ["tells only the month 2023-06"]),
        (["a_99999999.tif"], ["no date"]),
        (["depot.tif"], ["no date"]),
    ],
)
def test_dates_of_names(names: list[str], expected: list[str]) -> None:
    found = dates_from_names(names)
    assert all(want in (str(one.date) if one.date else one.doubt) for one, want in zip(found, expected, strict=True))
    assert [one.date is not None for one in found] == [bool(re.fullmatch(r"[0-9-]+", want)) for want in expected]


@pytest.mark.parametrize(
    ("tags", "imagery"),
    [
        ({"ACQUISITION_DATE": "2023-06-04"}, None),
        ({"datetime": "2023-06-04T10:15:30.123Z"}, None),
        ({"NITF_IDATIM": "20230604101530"}, None),
        ({"TIFFTAG_DATETIME": "2023:06:04 10:15:30"}, None),
        ({}, {"ACQUISITIONDATETIME": "2023-06-04 10:15:30"}),
        ({"TIFFTAG_DATETIME": "2024:01:01 00:00:00"}, {"ACQUISITIONDATETIME": "2023-06-04 10:15:30"}),
    ],
)
def test_dates_of_tags(tags: dict[str, str], imagery: dict[str, str] | None) -> None:
    _, workflow = start(scene("depot.tif", tags=tags, imagery=imagery))
    assert workflow.scenes[0].date == dt.date(2023, 6, 4)


def test_a_stamp_that_two_files_share_is_that_of_writing() -> None:
    stamp = {"TIFFTAG_DATETIME": "2024:01:01 00:00:00"}
    lines = refused(scene("a.tif", tags=stamp), scene("b.tif", tags=stamp))
    assert [line.split(": no date")[0] for line in lines] == ["a.tif: date", "b.tif: date"]


def test_a_name_and_a_tag_that_disagree_are_not_decided() -> None:
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


def test_years_alone_are_asked_for_once() -> None:
    paths = [scene(f"{year}.tif") for year in (1985, 1990, 1995)]
    assert len(refused(*paths)) == 3
    ask, asked = answering(first_of_January="yes")
    text, workflow = start(*paths, ask=ask)
    assert len(asked) == 1
    assert 'date_format: "%Y"' in text
    assert [entry.date for entry in workflow.scenes] == [dt.date(year, 1, 1) for year in (1985, 1990, 1995)]


def test_whoever_declines_the_first_of_january_is_asked_for_the_date() -> None:
    ask, _ = answering(Take_the_first="no", When_was_it="1985-08-09")
    assert start(scene("1985.tif"), ask=ask)[1].scenes[0].date == dt.date(1985, 8, 9)


# ---------------------------------------------------------------- bands


def test_four_bands_without_names_are_never_guessed() -> None:
    rgb = (ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.undefined)
    lines = refused(scene("2023-06-04.tif", descriptions=(), colors=rgb))
    assert len(lines) == 1
    assert lines[0].startswith("2023-06-04.tif: bands: 4 bands (1 red, 2 green, 3 blue, 4 undefined)")
    assert "blue green red nir as often as red green blue nir" in lines[0]


def test_one_layout_is_one_question() -> None:
    paths = [scene(f"2023-06-0{day}.tif", descriptions=()) for day in (4, 5, 6)]
    ask, asked = answering(Name_the_role="blue green red nir")
    text, workflow = start(*paths, ask=ask)
    assert len(asked) == 1
    assert "(and 2 more)" in asked[0]
    assert workflow.bands == (("blue", 1), ("green", 2), ("red", 3), ("nir", 4))
    assert "glob" in text


def test_two_layouts_are_two_questions_and_bands_a_scene() -> None:
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


def test_three_bands_with_colours_are_what_they_say() -> None:
    rgb = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
    _, workflow = start(scene("2023-06-04.tif", count=3, descriptions=(), colors=rgb))
    assert workflow.scenes[0].bands is None


def test_one_grey_band_may_be_radar_and_is_asked() -> None:
    ask, _ = answering(Name_the_role="amplitude")
    path = scene("2023-06-04.tif", count=1, descriptions=())
    assert "bands" in refused(path)[0]
    assert start(path, ask=ask)[1].bands == (("amplitude", 1),)


def test_wrong_answers_are_asked_again_and_then_refused() -> None:
    path = scene("2023-06-04.tif", count=3, descriptions=())
    given = iter(["red green", "red green blau", "red green blue"])
    assert start(path, ask=lambda question: next(given))[1].bands == (("red", 1), ("green", 2), ("blue", 3))
    with pytest.raises(InputError, match=r"2023-06-04\.tif: bands: no usable answer: got 'red'"):
        starter_workflow([path], ask=lambda question: "red")


def test_one_band_a_file_becomes_one_scene_a_date() -> None:
    for day in ("20230604", "20230704"):
        for band in ("B02", "B04", "B08"):
            scene(f"S2/S2A_{day}T101530_T34VEM_{band}_10m.tif", count=1, descriptions=())
    _, workflow = start("S2")
    assert [str(entry.date) for entry in workflow.scenes] == ["2023-06-04", "2023-07-04"]
    assert [[role for role, _ in entry.paths] for entry in workflow.scenes] == [["blue", "red", "nir"]] * 2
    assert all(
        f"_B{number}_" in dict(workflow.scenes[0].paths)[role] for role, number in (("blue", "02"), ("nir", "08"))
    )


def test_tiles_and_pixel_sizes_of_one_date_stay_apart() -> None:
    names = ["a_T1_20230604_red.tif", "a_T2_20230604_red.tif", "a_T1_20230604_nir.tif", "a_T1_20230604_red_20m.tif"]
    _, workflow = start(*[scene(name, count=1, descriptions=()) for name in names])
    written = sorted(Path(path).name for entry in workflow.scenes for _, path in entry.paths)
    assert written == sorted(names)
    assert len(workflow.scenes) == 3


# ---------------------------------------------------------------- place


@PLACED
def test_a_picture_without_a_place_needs_crs_and_bounds() -> None:
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
def test_a_position_without_a_crs_needs_only_that() -> None:
    path = scene("2023-06-04.tif", crs=None)
    assert refused(path) == [
        "2023-06-04.tif: crs: no georeference: its crs is not known; georeference the file; or run this in a terminal, "
        "which asks"
    ]
    ask, _ = answering(Which="32633")
    _, workflow = start(path, ask=ask)
    assert workflow.scenes[0].bounds == (400000, 6699997, 400004, 6700000)


def test_pixel_sizes_are_those_on_the_ground() -> None:
    # At 60 degrees north a metre of Web Mercator is half a metre, and a degree of longitude half of one at the equator.
    mercator = scene("2023-06-04.tif", crs="EPSG:3857", transform=Affine(10, 0, 0, 0, -10, 8_399_738))
    degrees = scene("2023-06-05.tif", crs="EPSG:4326", transform=Affine(1e-4, 0, 0, 0, -1e-4, 60))
    text, _ = start(mercator, degrees)
    found = [float(size) for size in re.findall(r"EPSG:\d+, ([\d.]+) m,", text)]
    assert found == pytest.approx([5.0, np.sqrt(111_412 * 55_800) * 1e-4], rel=0.01)


# ---------------------------------------------------------------- refusals


@PLACED
def test_everything_that_is_not_known_comes_at_once() -> None:
    scene("a.tif")
    scene("2023-06-04.tif", descriptions=(), crs=None)
    Path("b.tif").write_bytes(b"no raster")
    lines = refused("a.tif", "2023-06-04.tif", "b.tif")
    assert sorted(line.split(": ")[0] for line in lines) == ["2023-06-04.tif", "2023-06-04.tif", "a.tif", "b.tif"]


def test_missing_files_are_all_named() -> None:
    Path("empty").mkdir()
    assert refused("x.tif", "empty", "y*.tif") == [
        "x.tif: no such file", "empty: no raster in this folder", "y*.tif: no such file",
    ]  # fmt: skip
    assert refused() == ["no scenes given, expected files, folders, patterns or URLs"]


def test_nobody_is_asked_for_what_cannot_be_written() -> None:
    Path("b.tif").write_bytes(b"no raster")
    with pytest.raises(InputError, match=r"b\.tif"):
        starter_workflow([scene("a.tif"), "b.tif"], ask=lambda question: pytest.fail("asked"))


def test_catalogs_and_strange_names() -> None:
    Path("catalog.json").write_text('{"type": "Catalog", "stac_version": "1.0.0", "id": "x", "links": []}')
    path = scene('no/it\'s #1: "x" {y} 2023-06-04.tif')
    _, workflow = start("catalog.json", path)
    assert [entry.kind for entry in workflow.scenes] == ["path", "stac"]
    assert workflow.scenes[0].paths[0][1] == str(Path.cwd() / path)


def test_real_scenes() -> None:
    data = Path(os.environ.get("CHANGEDET_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not (data / "null").is_dir():
        pytest.skip(f"the measuring data are not in {data}; set CHANGEDET_DATA")
    ask, asked = answering(first_of_January="yes", rgbn="red green blue nir", gray="green red nir swir1")
    assert len(start(str(data / "null"), ask=ask)[1].scenes) == 3
    ask, asked = answering(first_of_January="yes", Name_the_role="green red nir swir1")
    _, workflow = start(str(data / "pucallpa"), ask=ask)
    assert [entry.date.year for entry in workflow.scenes if entry.date] == list(range(1985, 2021, 5))
    assert len(asked) == 2


def test_what_to_do_is_said_once_for_each_thing_that_is_not_known() -> None:
    lines = refused(scene("before.tif", descriptions=()), scene("after.tif", descriptions=()))
    dates = [line for line in lines if ": date: " in line]
    assert [line.count("put it into the file's name") for line in dates] == [1, 0]
    assert sum("write 'bands: {red: 1, nir: 4}' into a workflow" in line for line in lines) == 1


def test_masks_beside_scenes_are_found_again_by_the_glob_or_named(tmp_path: Path) -> None:
    for day in ("20230604", "20230704"):
        scene(f"{day}_3B_AnalyticMS.tif")
        scene(f"{day}_3B_udm2.tif")
    text = starter_workflow(["."], ask=None, folder=".")
    assert 'glob: "*.tif"' in text
    Path("w.yaml").write_text(text)
    assert [len(entry.paths) for entry in load_workflow("w.yaml").scenes] == [2, 2]
    one = starter_workflow(["20230604_3B_AnalyticMS.tif", "20230604_3B_udm2.tif"], ask=None, folder=".")
    assert 'path: "20230604_3B_AnalyticMS.tif", mask: "20230604_3B_udm2.tif"' in one
