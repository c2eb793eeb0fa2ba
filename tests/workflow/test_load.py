"""`load_workflow`: every mistake named with its line, all at once, and nothing else ever raised."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from workflow_cases import (
    CONTRACT,
    GOOD,
    REGISTRY,
    VALUES,
    attempt,
    bad_workflows,
    load,
    problems,
)

from changedet.errors import InputError
from changedet.imagery.attribution import Attribution
from changedet.workflow import (
    FORMATS,
    STAGE_NAMES,
    load_workflow,
)


def test_bad_workflows_are_many() -> None:
    assert len(bad_workflows()) >= 180


@pytest.mark.parametrize(("text", "expected"), bad_workflows())
def test_load_workflow_names_each_mistake_with_its_line(folder: Path, text: str, expected: list[str]) -> None:
    assert problems(text) == expected


def test_load_workflow_names_all_mistakes_at_once_in_order_of_lines(folder: Path) -> None:
    text = (
        "site: {id: depot north, aoi: {bbox: [3, 2, 1, 4]}}\n"
        "scene: []\n"
        "scenes:\n"
        "  - {date: 2023-02-30, path: missing.tif, bands: {nri: 1, red: 0}}\n"
        "  - {glob: 'nix*', date_format: '%m'}\n"
        "grid: {crs: EPSG:4326, resolution: -1}\n"
        "change: {method: irmad, min_area: 3, probability: 2}\n"
        "compute: {chunk: 3}\n"
    )
    assert [line.split(": ")[:2] for line in problems(text)] == [
        ["w.yaml:1", "site.aoi.bbox"],
        ["w.yaml:1", "site.id"],
        ["w.yaml:2", "scene"],
        ["w.yaml:4", "scenes[0].bands.nri"],
        ["w.yaml:4", "scenes[0].bands.red"],
        ["w.yaml:4", "scenes[0].date"],
        ["w.yaml:4", "scenes[0].path"],
        ["w.yaml:5", "scenes[1].date_format"],
        ["w.yaml:5", "scenes[1].glob"],
        ["w.yaml:6", "grid.crs"],
        ["w.yaml:6", "grid.resolution"],
        ["w.yaml:7", "change.min_area"],
        ["w.yaml:7", "change.probability"],
        ["w.yaml:8", "compute.chunk"],
    ]


def test_load_workflow_gives_the_documented_example_of_an_error(folder: Path) -> None:
    Path("depot.yaml").write_text(f"{'#' * 20}\n" * 8 + GOOD + "change:\n  method: irmad\n  min_area: 4\n")
    with pytest.raises(InputError) as caught:
        load_workflow("depot.yaml", REGISTRY)
    assert str(caught.value) == "depot.yaml:14: change.min_area: no such parameter; did you mean 'min_area_m2'?"


def test_load_workflow_lets_no_control_characters_reach_the_terminal(folder: Path) -> None:
    assert problems("site: {id: depot}\nscenes: \x01\n") == [
        "w.yaml:2: not valid YAML: control characters are not allowed"
    ]
    found = problems(GOOD + '"\\e[31mx": 1\nbefore: "\\e[2J"\n')
    assert "\x1b" not in "".join(found)
    assert found[0].startswith("w.yaml:4: \\x1b[31mx: no such key")
    assert found[1].startswith("w.yaml:5: before: got '\\x1b[2J'")


def test_load_workflow_stays_fast_with_two_hundred_wrong_keys(folder: Path) -> None:
    text = (
        GOOD
        + "".join(f"kee{i}: {i}\n" for i in range(200))
        + "change: {"
        + ", ".join(f"p{i}: 1" for i in range(200))
        + "}\n"
    )
    start = time.process_time()
    assert len(problems(text)) == 400
    assert time.process_time() - start < 1.0


def test_load_workflow_reads_the_documented_example(folder: Path) -> None:
    Path("zones.geojson").touch()
    workflow = load(CONTRACT)
    assert workflow.site.id == "depot-north"
    assert workflow.site.aoi.bbox == (24.9, 60.1, 25.0, 60.2)
    assert workflow.site.zones == str(folder / "zones.geojson")
    assert [(entry.kind, entry.date, entry.line) for entry in workflow.scenes] == [
        ("path", dt.date(2023, 6, 4), 12),
        ("glob", dt.date(2023, 6, 4), 13),
        ("glob", dt.date(2023, 7, 4), 13),
        ("stac", None, 14),
    ]
    assert [Path(path).name for entry in workflow.scenes for _, path in entry.paths] == [
        "a.tif",
        "20230604_msi.tif",
        "20230704_msi.tif",
    ]
    assert workflow.site.place == "Alexandria, Egypt"
    assert workflow.scenes[0].attribution == Attribution("GeoEye-1", "© ACME", "EULA", show_pixels=False)
    assert workflow.scenes[1].attribution == Attribution(licence="CC-BY-4.0")
    assert workflow.scenes[3].stac.assets == ("red", "green", "blue", "nir")
    assert workflow.bands == (("blue", 1), ("green", 2), ("red", 3), ("nir", 4))
    assert workflow.before == dt.date(2023, 6, 4)
    assert {request.method for request in workflow.stages.values()} == {"auto"}
    assert tuple(workflow.stages) == STAGE_NAMES
    assert workflow.compute.chunk is None
    assert workflow.outputs.dir == str(folder / "out")


@pytest.mark.parametrize("written", ["no", "yes", "on", "007", "1e3", "0x10", "2023", "true", "null_", "12-3", "-"])
def test_load_workflow_takes_the_id_as_it_is_written(folder: Path, written: str) -> None:
    assert load(GOOD.replace("depot", written)).site.id == written


def test_load_workflow_finds_files_from_another_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(GOOD)
    (folder / "far").mkdir()
    monkeypatch.chdir(folder / "far")
    workflow = load_workflow("../w.yaml", REGISTRY)
    assert Path(workflow.scenes[0].paths[0][1]).samefile(folder / "a.tif")
    assert str(workflow.problem("scenes[0].path", "x")) == "../w.yaml:3: scenes[0].path: x"


LETTERS = st.text(st.sampled_from("site:cnpah{}[],-&*!|>'\"#%@`~ \n\t\\0123.<=?\x85\u2028é\x00\ufeff"), max_size=80)


@settings(max_examples=200, deadline=None)
@given(text=LETTERS | st.text(max_size=60))
def test_load_workflow_raises_nothing_else_for_random_text(arena: Path, text: str) -> None:
    attempt(arena, text)
    attempt(arena, GOOD + text)


TOP = st.sampled_from(["site", "grid", "scenes", "bands", "before", "read", *STAGE_NAMES, "outputs", "compute"])


@settings(max_examples=200, deadline=None)
@given(data=st.dictionaries(TOP, VALUES, max_size=6))
def test_load_workflow_raises_nothing_else_for_random_values_at_known_keys(arena: Path, data: dict[str, Any]) -> None:
    attempt(arena, yaml.safe_dump(data, allow_unicode=True))
    attempt(arena, yaml.safe_dump({**yaml.safe_load(GOOD.replace("2023-06-04", "'2023-06-04'")), **data}))


def test_geoparquet_is_written_only_where_it_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("changedet.workflow.load.find_spec", lambda name: object())
    assert "geoparquet" not in load(GOOD + "outputs: {formats: all}\n").outputs.formats
    assert load(GOOD + "outputs: {formats: [all, geoparquet]}\n").outputs.formats == (*FORMATS, "geoparquet")
    assert load(GOOD + "outputs: {formats: [geoparquet, tables]}\n").outputs.formats == ("tables", "geoparquet")
    monkeypatch.setattr("changedet.workflow.load.find_spec", lambda name: None)
    said = problems(GOOD + "outputs: {formats: [all, geoparquet]}\n")
    assert len(said) == 1
    assert "outputs.formats[1]: geoparquet needs pyarrow, which is not installed; run pip install" in said[0]
    assert load(GOOD + "outputs: {formats: [all]}\n").outputs.formats == FORMATS
