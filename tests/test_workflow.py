"""The workflow file: every mistake named with its line, nothing else ever raised, and a schema that agrees."""

from __future__ import annotations

import datetime as dt
import glob
import json
import math
import pickle
import time
import zipfile
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from changedet.errors import InputError
from changedet.stages.registry import Choice, Count, Facts, Fraction, Number, Pixels, SquareMetres, Stage
from changedet.workflow import (
    STAGE_NAMES,
    dates_in_name,
    globs,
    json_schema,
    load_workflow,
    methods_table,
    resolve_stage,
    yaml_parser,
)
from changedet.workflow.resolved import resolved
from changedet.workflow.yaml_parser import read_yaml
from changedet.workflow.yaml_tree import MapNode, plain_value

HERE = Path(__file__).parent
GOOD = "site: {id: depot}\nscenes:\n  - {date: 2023-06-04, path: a.tif}\n"


def choose(facts: Facts) -> Choice:
    return Choice("irmad" if len(facts.roles) > 2 else "cva", {"min_area_m2": 30.0}, f"{len(facts.roles)} bands")


def registry() -> dict[str, Stage]:
    """Stages that do not change when the package's methods do."""
    table = {name: Stage(name, choose) for name in STAGE_NAMES}
    change = table["change"]

    @change.method("cva", reference="Malila 1980")
    def cva(*, min_area_m2: SquareMetres = 20.0, threshold: Literal["otsu", "kapur"] = "otsu") -> None:
        """Length of the change vector.

        Parameters
        ----------
        min_area_m2 : float
            Smaller regions are
            dropped.
        """

    @change.method("irmad", reference="Nielsen 2007")
    def irmad(
        *, min_area_m2: SquareMetres = 20.0, probability: Fraction = 0.95, iterations: Count = 30, window_px: Pixels = 3
    ) -> None:
        """Alteration detection."""

    @change.method("needy", reference="nobody")
    def needy(*, level: Number) -> None:
        """A method with a parameter that has no default."""

    return table


REGISTRY = registry()


def bad_workflows() -> list[Any]:
    blocks = (HERE / "bad_workflows.txt").read_text(encoding="utf-8").split("==== ")[1:]
    rows = []
    for block in blocks:
        name, rest = block.split("\n", 1)
        text, expected = rest.rsplit("----\n", 1)
        rows.append(pytest.param(text, expected.splitlines(), id=name))
    return rows


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    fill(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fill(folder: Path) -> None:
    (folder / "scenes").mkdir()
    for name in ("a.tif", "b.tif", "scenes/20230604_msi.tif", "scenes/20230704_msi.tif", "catalog.json", "false.zip"):
        (folder / name).touch()
    with zipfile.ZipFile(folder / "archive.zip", "w") as archive:
        archive.writestr("inner/a.tif", "x")


def load(text: str | bytes) -> Any:
    Path("w.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_workflow("w.yaml", REGISTRY)


def problems(text: str | bytes) -> list[str]:
    with pytest.raises(InputError) as caught:
        load(text)
    return str(caught.value).splitlines()


# ---------------------------------------------------------------- mistakes


def test_the_table_of_mistakes_is_a_large_one() -> None:
    assert len(bad_workflows()) >= 180


@pytest.mark.parametrize(("text", "expected"), bad_workflows())
def test_each_mistake_is_named_with_its_line(folder: Path, text: str, expected: list[str]) -> None:
    assert problems(text) == expected


@pytest.mark.parametrize(("text", "expected"), bad_workflows())
def test_the_parser_in_python_finds_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch, text: str, expected: list[str]
) -> None:
    monkeypatch.setattr(yaml_parser, "_LOADER", yaml.SafeLoader)
    found = problems(text)
    # libyaml and PyYAML word syntax errors differently, but agree on the line.
    marker = "not valid YAML"
    assert [line.split(marker)[0] for line in found] == [line.split(marker)[0] for line in expected]
    assert [line for line in found if marker not in line] == [line for line in expected if marker not in line]


def test_mistakes_of_a_file_come_all_at_once_in_order_of_lines(folder: Path) -> None:
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


def test_the_contract_s_own_example_of_an_error(folder: Path) -> None:
    Path("depot.yaml").write_text(f"{'#' * 20}\n" * 8 + GOOD + "change:\n  method: irmad\n  min_area: 4\n")
    with pytest.raises(InputError) as caught:
        load_workflow("depot.yaml", REGISTRY)
    assert str(caught.value) == "depot.yaml:14: change.min_area: no such parameter; did you mean 'min_area_m2'?"


def test_files_that_are_none(folder: Path) -> None:
    for path, message in (
        ("no.yaml", "no.yaml: no such file"),
        ("scenes", "scenes: is a folder, expected a YAML file"),
    ):
        with pytest.raises(InputError) as caught:
            load_workflow(path, REGISTRY)
        assert str(caught.value) == message


def test_bytes_that_are_no_text(folder: Path) -> None:
    assert problems(b"site:\n  id: dep\xf4t\n") == ["w.yaml:2: is not UTF-8 (byte 0xf4); save it as UTF-8"]
    assert problems("site: x\n".encode("utf-16")) == ["w.yaml:1: is not UTF-8 (byte 0xff); save it as UTF-8"]
    assert problems(b"\xef\xbb\xbfsite:\n  id: \xff\n") == ["w.yaml:2: is not UTF-8 (byte 0xff); save it as UTF-8"]
    assert load(b"\xef\xbb\xbf" + GOOD.encode()).site.id == "depot"


def test_control_characters_do_not_reach_the_terminal(folder: Path) -> None:
    assert problems("site: {id: depot}\nscenes: \x01\n") == [
        "w.yaml:2: not valid YAML: control characters are not allowed"
    ]
    found = problems(GOOD + '"\\e[31mx": 1\nbefore: "\\e[2J"\n')
    assert "\x1b" not in "".join(found)
    assert found[0].startswith("w.yaml:4: \\x1b[31mx: no such key")
    assert found[1].startswith("w.yaml:5: before: got '\\x1b[2J'")


def test_a_file_of_more_than_a_megabyte_is_refused(folder: Path) -> None:
    assert problems(GOOD + "#" * 1_000_000)[0].startswith("w.yaml: is larger than 1 MB")


def test_scenes_of_a_glob_without_a_date_are_named_up_to_twenty(folder: Path) -> None:
    for i in range(30):
        Path(f"scenes/scene_{i:02}.tif").touch()
    found = problems("site: {id: depot}\nscenes: [{glob: 'scenes/*.tif', date_format: '%Y%m%d'}]\n")
    assert len(found) == 21
    assert "w.yaml:2: scenes[0].date_format: no date '%Y%m%d' in the file name 'scene_07.tif'" in found
    assert "w.yaml:2: scenes[0].date_format: no date '%Y%m%d' in 10 more files" in found


# ---------------------------------------------------------------- hostile files


def bomb(width: int, levels: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * width)}]" for i in range(1, levels)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(bomb(9, 10), "more than 50000 values, aliases written out", id="billion laughs"),
        pytest.param("a: " + "[" * 900, "is nested more than 40 deep", id="open brackets"),
        pytest.param("a: " + "[" * 20_000, "nest", id="very many open brackets"),
        pytest.param("a: " + "{a: " * 900, "is nested more than 40 deep", id="open braces"),
        pytest.param("- " * 50_000 + "\n", "is nested more than 40 deep", id="dashes"),
        pytest.param("a: [" + "1," * 300_000 + "]", "more than 50000 values", id="a long list"),
        pytest.param("".join(f"k{i}: 1\n" for i in range(60_000)), "more than 50000 values", id="many keys"),
    ],
)
@pytest.mark.parametrize("loader", [yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)])
def test_bombs_are_refused_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str, loader: Any
) -> None:
    monkeypatch.setattr(yaml_parser, "_LOADER", loader)
    start = time.process_time()
    found = problems(text)
    spent = time.process_time() - start
    assert message in found[-1]
    # The parser in Python, a fallback, needs some seconds to get through the first 50,000 values.
    assert spent < (30.0 if loader is yaml.SafeLoader and len(text) > 100_000 else 1.0)


def test_a_file_of_two_hundred_wrong_keys_stays_fast(folder: Path) -> None:
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


def test_aliases_are_plain_copies(folder: Path) -> None:
    workflow = load(
        "site: {id: depot}\nscenes:\n"
        "  - {date: 2023-06-04, path: a.tif, sun: &s {azimuth_deg: 1, elevation_deg: 2}}\n"
        "  - {date: 2023-06-05, path: b.tif, sun: *s}\n"
    )
    assert workflow.scenes[0].sun == workflow.scenes[1].sun
    assert workflow.scenes[1].sun.elevation_deg == 2


# ---------------------------------------------------------------- what is read


CONTRACT = """
site:
  id: depot-north              # letters, digits, - and _ ; names the output folder
  name: Depot North            # free text
  aoi: {bbox: [24.9, 60.1, 25.0, 60.2], crs: EPSG:4326}
  zones: zones.geojson         # optional
grid:
  crs: auto
  resolution: auto
scenes:
  - {date: 2023-06-04, path: a.tif}
  - {glob: "scenes/*_msi.tif", date_format: "%Y%m%d"}
  - {stac: "catalog.json", collections: [s2], datetime: 2023-05/2023-11, assets: [red, green, blue, nir],
     max_cloud_cover: 40}
bands: {blue: 1, green: 2, red: 3, nir: 4}
before: 2023-06-04
read:      {on_error: stop, allow_hosts: []}
mask:      {method: auto}
align:     {method: auto}
normalise: {method: auto}
change:    {method: auto}
objects:   {method: auto}
tracks:    {method: auto}
series:    {method: auto}
outputs:   {dir: out, formats: all}
compute:   {scheduler: threads, workers: auto, memory: auto, chunk: auto}
"""


def test_the_contract_s_example(folder: Path) -> None:
    Path("zones.geojson").touch()
    workflow = load(CONTRACT)
    assert workflow.site.id == "depot-north"
    assert workflow.site.aoi.bbox == (24.9, 60.1, 25.0, 60.2)
    assert workflow.site.zones == str(folder / "zones.geojson")
    assert [(entry.kind, entry.date, entry.line) for entry in workflow.scenes] == [
        ("path", dt.date(2023, 6, 4), 11),
        ("glob", dt.date(2023, 6, 4), 12),
        ("glob", dt.date(2023, 7, 4), 12),
        ("stac", None, 13),
    ]
    assert [Path(path).name for entry in workflow.scenes for _, path in entry.paths] == [
        "a.tif",
        "20230604_msi.tif",
        "20230704_msi.tif",
    ]
    assert workflow.scenes[3].stac.assets == ("red", "green", "blue", "nir")
    assert workflow.bands == (("blue", 1), ("green", 2), ("red", 3), ("nir", 4))
    assert workflow.before == dt.date(2023, 6, 4)
    assert {request.method for request in workflow.stages.values()} == {"auto"}
    assert tuple(workflow.stages) == STAGE_NAMES
    assert workflow.compute.chunk is None
    assert workflow.outputs.dir == str(folder / "out")


def test_a_workflow_is_frozen_hashable_picklable_and_resolves_to_json(folder: Path) -> None:
    workflow = load(GOOD + "change: {method: irmad, probability: 0.9}\nbands: {red: 1}\n")
    assert pickle.loads(pickle.dumps(workflow)) == workflow
    assert hash(workflow) == hash(load_workflow("w.yaml", REGISTRY))
    with pytest.raises(AttributeError):
        workflow.before = None
    plain = resolved(workflow)
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["change"] == {"method": "irmad", "probability": 0.9}
    assert plain["scenes"] == [{"path": "a.tif", "date": "2023-06-04"}]
    assert plain["outputs"]["dir"] == "out"


def test_a_resolved_workflow_loads_again_to_itself(folder: Path) -> None:
    first = load(
        "site: {id: '007', aoi: {type: Polygon, coordinates: [[[1, 1], [2, 1], [2, 2], [1, 1]]]}}\nscenes:\n"
        "  - {date: 2023-06-04, time: 10:30, path: {red: a.tif, nir: b.tif}, nodata: nan, mask: b.tif,\n"
        "     sun: {azimuth_deg: 150, elevation_deg: 40}, view: {off_nadir_deg: 0}}\n"
        "  - {glob: 'scenes/*.tif', date_format: '%Y%m%d', crs: 32633, bounds: [1, 2, 3, 4],\n"
        "     bands: {red: B04, nir: 2}}\n"
        "  - {stac: 'https://x.org/stac', datetime: 2023-05-01/.., max_cloud_cover: 10}\n"
        "grid: {crs: 32633, resolution: 0.5}\ncompute: {memory: 2GB, workers: 2, chunk: 512}\nchange: none\n"
    )
    plain = resolved(first)
    # A section that says nothing is left out of a file, and bytes are written with their unit.
    plain = {key: value for key, value in plain.items() if value is not None}
    plain["site"] = {key: value for key, value in plain["site"].items() if value is not None}
    plain["compute"]["memory"] = "2GB"
    again = load(yaml.safe_dump(json.loads(json.dumps(plain)), sort_keys=False))
    assert resolved(again) == resolved(first)
    assert again.scenes[0].paths == first.scenes[0].paths
    assert math.isnan(again.scenes[0].nodata)


@pytest.mark.parametrize("written", ["no", "yes", "on", "007", "1e3", "0x10", "2023", "true", "null_", "12-3", "-"])
def test_a_site_s_id_is_what_was_written(folder: Path, written: str) -> None:
    assert load(GOOD.replace("depot", written)).site.id == written


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("2023-06-04", "2023-06-04"),
        ("10:30", "10:30"),
        ("3", 3),
        ("-3", -3),
        ("0o17", 15),
        ("0x1F", 31),
        ("017", 17),
        ("1_000", "1_000"),
        ("3.", 3.0),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("True", True),
        ("~", None),
        ("", None),
        ("'3'", "3"),
        ('"~"', "~"),
        ("-.inf", -math.inf),
        ("9" * 50, float("9" * 50)),
        ("1e999", math.inf),
    ],
)
def test_scalars_by_the_rules_of_yaml_1_2(folder: Path, written: str, expected: Any) -> None:
    Path("s.yaml").write_text(f"a: {written}\n")
    value = plain_value(read_yaml("s.yaml").root.items["a"])
    assert value == expected
    assert type(value) is type(expected)


def test_shorthand_sections_without_content_and_switched_off_stages(folder: Path) -> None:
    workflow = load(GOOD + "change: irmad\nobjects: none\ntracks:\ngrid:\nread:\noutputs:\ncompute:\nbands:\n")
    assert workflow.stages["change"].method == "irmad"
    assert workflow.stages["change"].line == 4
    assert workflow.stages["objects"].method == "none"
    assert workflow.stages["tracks"].method == "auto"
    assert workflow.bands is None


@pytest.mark.parametrize(
    ("scene", "path"),
    [
        ("path: https://x.org/a.tif?sig=1%2F2", "https://x.org/a.tif?sig=1%2F2"),
        ("path: s3://bucket/a.tif", "s3://bucket/a.tif"),
        ("path: ./scenes/../a.tif", "{folder}/a.tif"),
        ("path: '{folder}/a.tif'", "{folder}/a.tif"),
        ("path: /vsizip/archive.zip/inner/a.tif", "/vsizip/{folder}/archive.zip/inner/a.tif"),
        ("path: '/vsizip/{{{folder}/archive.zip}}/inner/a.tif'", "/vsizip/{folder}/archive.zip/inner/a.tif"),
    ],
)
def test_paths_and_addresses(folder: Path, scene: str, path: str) -> None:
    workflow = load(f"site: {{id: depot}}\nscenes: [{{date: 2023-06-04, {scene.format(folder=folder)}}}]\n")
    assert workflow.scenes[0].paths == (("", path.format(folder=folder)),)


def test_a_workflow_read_from_elsewhere_finds_its_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(GOOD)
    (folder / "far").mkdir()
    monkeypatch.chdir(folder / "far")
    workflow = load_workflow("../w.yaml", REGISTRY)
    assert Path(workflow.scenes[0].paths[0][1]).samefile(folder / "a.tif")
    assert str(workflow.problem("scenes[0].path", "x")) == "../w.yaml:3: scenes[0].path: x"


def test_a_glob_leaves_out_sidecars_and_folders_and_is_sorted(folder: Path) -> None:
    for name in ("20230101.tif.aux.xml", "20230102.tif.ovr", "20230103.tif.msk", "20220101.tif"):
        Path("scenes", name).touch()
    Path("scenes/20230105").mkdir()
    workflow = load("site: {id: d}\nscenes: [{glob: 'scenes/*', date_format: '%Y%m%d'}]\n")
    assert [str(entry.date) for entry in workflow.scenes] == ["2022-01-01", "2023-06-04", "2023-07-04"]


def test_tiles_of_one_date_by_glob(folder: Path) -> None:
    workflow = load("site: {id: d}\nscenes: [{glob: 'scenes/*.tif', date: 2020-02-29, time: '10:30:01'}]\n")
    assert [(entry.date, entry.time) for entry in workflow.scenes] == [(dt.date(2020, 2, 29), dt.time(10, 30, 1))] * 2


@pytest.mark.parametrize(
    ("name", "form", "expected"),
    [
        ("S2A_20230604T101530_B04.tif", "%Y%m%dT%H%M%S", "2023-06-04 10:15:30"),
        ("S2A_20230604T101530_B04.tif", "%Y%m%d", "2023-06-04"),
        ("20230604101530.tif", "%Y%m%d", "2023-06-04"),
        ("12345678_20230604_20240101.tif", "%Y%m%d", "2023-06-04"),
        ("20231301_20230604.tif", "%Y%m%d", "2023-06-04"),
        ("20230230_20230604.tif", "%Y%m%d", "2023-06-04"),
        ("LC08_007066_2023155_01.tif", "%Y%j", "2023-06-04"),
        ("2023366.tif", "%Y%j", None),
        ("depot_4Jun2023.tif", "%d%b%Y", None),
        ("depot_04Jun2023.tif", "%d%b%Y", "2023-06-04"),
        ("depot_04_JUNE_23.tif", "%d_%B_%y", "2023-06-04"),
        ("1985.tif", "%Y", "1985-01-01"),
        ("scene_1985_1990.tif", "%Y", "1985-01-01"),
        ("a.b_2023.06.tif", "b_%Y.%m", "2023-06-01"),
        ("a%2023.tif", "a%%%Y", "2023-01-01"),
        ("x3023.tif", "%Y", None),
    ],
)
def test_dates_in_names(name: str, form: str, expected: str | None) -> None:
    found = next(dates_in_name(name, form), None)
    shown = None if found is None else f"{found[0]}{f' {found[1]}' if found[1] else ''}"
    assert shown == expected


@given(
    st.dates(dt.date(1969, 1, 1), dt.date(2068, 12, 31)),
    st.sampled_from(["%Y%m%d", "%Y-%m-%d", "%d%b%Y", "%y%m%d", "%Y%j", "%d %B %Y"]),
)
def test_dates_in_names_agree_with_strftime(date: dt.date, form: str) -> None:
    assert next(dates_in_name(f"site_{date.strftime(form)}_x.tif", form))[0] == date


# ---------------------------------------------------------------- stages


def test_a_named_method_gets_its_defaults(folder: Path) -> None:
    choice = resolve_stage(load(GOOD + "change: {method: cva, min_area_m2: 5}\n"), "change", Facts(10.0), REGISTRY)
    assert choice == Choice("cva", {"min_area_m2": 5.0, "threshold": "otsu"}, "named in the workflow")


def test_auto_chooses_and_takes_over_the_parameters_given(folder: Path) -> None:
    workflow = load(GOOD + "change: {min_area_m2: 7}\n")
    three = resolve_stage(workflow, "change", Facts(10.0, roles=("red", "green", "nir")), REGISTRY)
    assert (three.method, three.reason, three.parameters["min_area_m2"]) == ("irmad", "3 bands", 7)
    assert resolve_stage(load(GOOD), "change", Facts(10.0), REGISTRY).parameters["min_area_m2"] == 30


def test_a_parameter_that_the_chosen_method_lacks_is_an_error_with_its_line(folder: Path) -> None:
    workflow = load(GOOD + "change:\n  min_area_m2: 7\n  window_px: 5\n")
    with pytest.raises(InputError) as caught:
        resolve_stage(workflow, "change", Facts(10.0, roles=("red",)), REGISTRY)
    assert str(caught.value) == (
        "w.yaml:6: change.window_px: auto chose 'cva' (1 bands), which has no such parameter; "
        "name the method or leave it out"
    )


def test_a_stage_switched_off(folder: Path) -> None:
    assert resolve_stage(load(GOOD + "change: none\n"), "change", Facts(10.0), REGISTRY).method == "none"


def test_the_table_of_methods() -> None:
    rows = methods_table("change", REGISTRY)
    assert [row.method for row in rows if not row.parameter] == ["cva", "irmad", "needy"]
    area = next(row for row in rows if row.parameter == "min_area_m2")
    assert (area.unit, area.default, area.description) == ("m2", "20.0", "Smaller regions are dropped.")
    assert rows[0].description == "Length of the change vector."
    assert rows[0].reference == "Malila 1980"
    assert len(methods_table(None, REGISTRY)) == len(rows)
    with pytest.raises(InputError, match=r"no such stage 'chnage'; did you mean 'change'\?"):
        methods_table("chnage", REGISTRY)


# ---------------------------------------------------------------- the schema


# What a schema cannot know: the files, PROJ's database, the calendar, geometry, and relations between values.
BEYOND_A_SCHEMA = {
    "name with a control character",
    *("missing zones", "zones by URL", "aoi missing file", "missing file", "near file", "missing folder", "folder"),
    *("path with a null byte", "vsicurl", "vsis3", "connection string", "driver form", "inline VRT", "ftp", "file URL"),
    *("password", "URL without host", "zip missing", "zip member missing", "not a zip", "role file missing"),
    *("mask missing", "glob without match", "glob with no date in a name", "glob URL", "stac missing", "dir is a file"),
    *(
        "dir URL",
        "bbox turned",
        "bbox upside down",
        "bbox infinite",
        "bbox nan",
        "bbox not degrees",
        "bbox unknown crs",
    ),
    *("ring not closed", "ring crosses itself", "geojson in metres", "geojson shallow", "geojson words", "no features"),
    *("feature crs", "feature without geometry", "geojson in another crs", "no coordinates"),
    *("impossible date", "before impossible", "before no scene", "stac interval", "stac turned", "band twice"),
    *("crs degrees", "crs feet", "crs unknown", "resolution nan", "parameter infinite", "memory small"),
    *("format unknown", "format twice", "scheduler port"),
    # In the regular expressions of JSON Schema $ is the end alone, in Python's also before a last line break.
    "id ends with a line",
    # Mistakes of YAML itself, of which plain data show nothing.
    *("duplicate top key", "duplicate inner key", "duplicate key in a flow", "merge key"),
}


def validating(schema: dict[str, Any]) -> Any:
    jsonschema = pytest.importorskip("jsonschema", reason="the schema is checked with jsonschema, of the test extra")
    jsonschema.Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema
    return jsonschema.Draft202012Validator(schema)


@pytest.fixture(scope="module")
def validator() -> Any:
    return validating(json_schema(REGISTRY))


@pytest.mark.parametrize(("text", "expected"), bad_workflows())
def test_the_schema_refuses_what_loading_refuses(
    folder: Path, validator: Any, request: pytest.FixtureRequest, text: str, expected: list[str]
) -> None:
    Path("w.yaml").write_text(text)
    try:
        data = plain_value(read_yaml("w.yaml").root)
    except InputError:
        return
    accepted = validator.is_valid(data)
    assert accepted == (request.node.callspec.id in BEYOND_A_SCHEMA)


def test_the_schema_accepts_what_loads(folder: Path, validator: Any) -> None:
    Path("zones.geojson").touch()
    extras = (
        "change: irmad",
        "change: {method: irmad, iterations: 3.0}",
        "change: {min_area_m2: 1, window_px: 3}",
        "objects: none",
        "tracks: {method: none}",
        "grid: {crs: EPSG:32633, resolution: 10}",
        "read:",
        "bands: {red: B04}",
        "outputs: {formats: [masks, report]}",
        "compute: {scheduler: 'tcp://127.0.0.1:8786', workers: 2.0, memory: 1.5 GiB}",
        "read: {allow_hosts: [x.org, '127.0.0.1:9000']}",
        "change: {method: needy, level: -3}",
    )
    for text in (CONTRACT, GOOD, *(GOOD + extra + "\n" for extra in extras)):
        load(text)
        validator.validate(plain_value(read_yaml("w.yaml").root))


def test_parameters_in_the_schema_carry_unit_default_and_description() -> None:
    forms = json_schema(REGISTRY)["properties"]["change"]["anyOf"]
    cva = next(form for form in forms if form.get("title") == "change: cva")
    area = cva["properties"]["min_area_m2"]
    assert (area["unit"], area["default"], area["minimum"]) == ("m2", 20.0, 0)
    assert area["description"] == "Smaller regions are dropped."


# ---------------------------------------------------------------- nothing but InputError


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("arena")
    fill(folder)
    return folder


def attempt(arena: Path, text: str) -> Any:
    path = arena / "w.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        return load_workflow(path, REGISTRY)
    except InputError as error:
        problems = error.problems
    assert problems
    assert all("\n" not in str(problem) for problem in problems)
    return None


LETTERS = st.text(st.sampled_from("site:cnpah{}[],-&*!|>'\"#%@`~ \n\t\\0123.<=?\x85\u2028é\x00\ufeff"), max_size=80)


@settings(max_examples=400, deadline=None)
@given(text=LETTERS | st.text(max_size=60))
def test_random_text_raises_nothing_else(arena: Path, text: str) -> None:
    attempt(arena, text)
    attempt(arena, GOOD + text)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.dates().map(str)
    | st.sampled_from(
        [
            "auto",
            "none",
            "a.tif",
            "*.tif",
            "%Y%m%d",
            "EPSG:32633",
            "EPSG:4326",
            "all",
            "4GB",
            "cva",
            "irmad",
            "2023-06-04",
            "catalog.json",
            "Polygon",
            "https://x.org/a",
            "/vsizip/archive.zip/inner/a.tif",
        ]
    )
)
WORDS = st.sampled_from(
    [
        "id",
        "name",
        "aoi",
        "bbox",
        "crs",
        "type",
        "coordinates",
        "features",
        "geometry",
        "path",
        "glob",
        "stac",
        "date",
        "time",
        "date_format",
        "bands",
        "nodata",
        "mask",
        "sun",
        "view",
        "azimuth_deg",
        "elevation_deg",
        "off_nadir_deg",
        "bounds",
        "red",
        "nir",
        "method",
        "min_area_m2",
        "window_px",
        "on_error",
        "allow_hosts",
        "dir",
        "formats",
        "scheduler",
        "workers",
        "memory",
        "chunk",
        "resolution",
        "assets",
        "collections",
        "datetime",
        "max_cloud_cover",
    ]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(WORDS | st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
TOP = st.sampled_from(["site", "grid", "scenes", "bands", "before", "read", *STAGE_NAMES, "outputs", "compute"])


@settings(max_examples=400, deadline=None)
@given(data=st.dictionaries(TOP, VALUES, max_size=6))
def test_random_values_at_known_keys_raise_nothing_else(arena: Path, data: dict[str, Any]) -> None:
    attempt(arena, yaml.safe_dump(data, allow_unicode=True))
    attempt(arena, yaml.safe_dump({**yaml.safe_load(GOOD.replace("2023-06-04", "'2023-06-04'")), **data}))


@settings(max_examples=300, deadline=None)
@given(key=st.sampled_from(["grid", "bands", "read", "change", "objects", "outputs", "compute"]), value=VALUES)
def test_what_the_schema_accepts_loads(arena: Path, validator: Any, key: str, value: Any) -> None:
    text = GOOD + yaml.safe_dump({key: value})
    if attempt(arena, text) is None:
        try:
            root = read_yaml(arena / "w.yaml").root
        except InputError:
            return
        assert isinstance(root, MapNode)
        data = plain_value(root)
        beyond = (data[key] or {}).get("crs") if isinstance(data[key], dict) else None
        special = "inf" in text or "nan" in text or "dir" in text
        if beyond is None and not special:
            assert not validator.is_valid(data)


# ---------------------------------------------------------------- the package's own methods


def test_the_package_s_own_stages_make_a_schema_and_a_table(folder: Path) -> None:
    validating(json_schema())
    rows = methods_table()
    assert {"cva", "irmad", "pca_kmeans", "log_ratio"} <= {row.method for row in rows if row.stage == "change"}
    assert {row.stage for row in rows} == set(STAGE_NAMES)
    # What a user cannot look up is a parameter without a word on it.
    assert [(row.method, row.parameter) for row in rows if not row.description] == []
    assert all(row.reference for row in rows)
    # A unit in a name is the unit in the table, also of a parameter that may be left to 'auto'.
    units = {"_m": "m", "_m2": "m2", "_px": "px", "_deg": "deg", "_days": "days"}
    for row in rows:
        for ending, unit in units.items():
            if row.parameter.endswith(ending) and row.unit != "count":
                assert row.unit == unit, row


def test_every_default_of_every_method_is_accepted_when_written_out(folder: Path) -> None:
    validator = validating(json_schema())
    for stage in methods_table():
        if stage.parameter and stage.default not in {"", "null"}:
            text = GOOD + f"{stage.stage}: {{method: {stage.method}, {stage.parameter}: {stage.default}}}\n"
            Path("w.yaml").write_text(text)
            workflow = load_workflow("w.yaml")
            assert workflow.stages[stage.stage].parameters == {stage.parameter: json.loads(stage.default)}
            validator.validate(plain_value(read_yaml("w.yaml").root))
            resolve_stage(workflow, stage.stage, Facts(0.5, roles=("red", "green", "blue", "nir")))


@pytest.mark.parametrize("roles", [("red",), ("red", "green", "blue", "nir"), ("vv", "vh")])
@pytest.mark.parametrize("resolution", [0.3, 1.0, 30.0])
def test_auto_resolves_in_every_stage(folder: Path, roles: tuple[str, ...], resolution: float) -> None:
    Path("w.yaml").write_text(GOOD)
    workflow = load_workflow("w.yaml")
    for name in STAGE_NAMES:
        choice = resolve_stage(workflow, name, Facts(resolution, roles=roles))
        assert choice.reason
        json.dumps(dict(choice.parameters), allow_nan=False)


def test_what_is_no_plain_file_is_named_as_what_it_is(folder: Path) -> None:
    (folder / "link.tif").symlink_to("gone.tif")
    for name, what in {"/dev/null": "a pipe or a device", "link.tif": "a link that leads nowhere"}.items():
        written = f"site: {{id: depot}}\nscenes:\n  - {{date: 2023-06-04, path: {name}}}\n"
        assert problems(written) == [f"w.yaml:3: scenes[0].path: '{name}' is {what}, expected a file"]


def test_a_glob_takes_masks_for_masks(folder: Path) -> None:
    """Providers lay them beside the scenes; a mask of another date, or of no scene, stays what it is."""
    names = [
        "2023_0604_10_3B_AnalyticMS_SR.tif",
        "2023_0604_10_3B_udm2.tif",
        "2023_0605_x.tif",
        "2023_0605_x_DN_udm.tif",
    ]
    names += ["2023_0604_1_SCL.tif", "site_scl_2023_0607.tif", "site_2023_0606.tif"]
    (folder / "planet").mkdir()
    for name in names:
        (folder / "planet" / name).touch()
    workflow = load("site: {id: d}\nscenes: [{glob: 'planet/*.tif', date_format: '%Y_%m%d'}]\n")
    found = {Path(dict(entry.paths)[""]).name: entry for entry in workflow.scenes}
    assert sorted(found) == sorted([names[0], names[2], names[4], names[5], names[6]])
    assert found[names[0]].paths[1:] == (("udm2", str(folder / "planet" / names[1])),)
    assert found[names[2]].paths[1:] == ()
    assert found[names[2]].unread == (str(folder / "planet" / names[3]),)
    assert resolved(workflow)["scenes"][0]["masks"] == {"udm2": f"planet/{names[1]}"}


def test_a_glob_without_bounds_is_refused_soon(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(globs, "MAX_WALKED", 30)
    for k in range(4):
        for j in range(10):
            (folder / f"deep{k}" / f"f{j}").mkdir(parents=True)
    (found,) = problems("site: {id: d}\nscenes: [{glob: '**/*.tif', date: 2020-02-29}]\n")
    assert "leads through more than 30 files and folders; begin it nearer" in found
    # A link that leads back above itself ends the walk there.
    (folder / "ring" / "in").mkdir(parents=True)
    (folder / "ring" / "in" / "a.tif").touch()
    (folder / "ring" / "in" / "back").symlink_to(folder / "ring")
    workflow = load("site: {id: d}\nscenes: [{glob: 'ring/**/*.tif', date: 2020-02-29}]\n")
    assert [entry.paths[0][1] for entry in workflow.scenes] == [str(folder / "ring" / "in" / "a.tif")]


def test_a_link_to_itself_is_no_folder(folder: Path) -> None:
    (folder / "in").mkdir()
    (folder / "in" / "loop").symlink_to(folder / "in" / "loop")
    (folder / "in" / "a.tif").touch()
    workflow = load("site: {id: d}\nscenes: [{glob: 'in/**/*.tif', date: 2020-02-29}]\n")
    assert [entry.paths[0][1] for entry in workflow.scenes] == [str(folder / "in" / "a.tif")]


@pytest.mark.parametrize(
    "pattern", ["*.tif", "**/*.tif", "**", "a/**/b*.tif", "a/[bc]/*", "**/b/**/*.tif", ".h/*", "*/.i"]
)
def test_a_pattern_matches_what_glob_matches(tmp_path: Path, pattern: str) -> None:
    for name in ("1.tif", "a/2.tif", "a/b/3.tif", "a/b/b4.tif", "a/c/d/b5.tif", "a/c/x.txt", ".h/6.tif", "a/.i"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    matched = glob.glob(str(tmp_path / pattern), recursive=True)  # noqa: PTH207
    expected = sorted(path for path in matched if Path(path).is_file())
    assert globs.glob_files(str(tmp_path / pattern)) == expected != []


def test_a_neighbourhood_beyond_all_memory_is_refused(folder: Path) -> None:
    (found,) = problems(GOOD + "change: {method: irmad, window_px: 1000000}\n")
    assert found.startswith("w.yaml:4: change.window_px: got '1000000', expected")
