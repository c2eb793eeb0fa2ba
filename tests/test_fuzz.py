"""A quick sample of the fuzzer's cases, and those that once ended with a traceback."""

from __future__ import annotations

import json
import random
import struct
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
import yaml
from affine import Affine
from small_rasters import CRS, T, write

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))

from benchmarks.fuzz import CORPUS, KINDS, Site, case_maker  # noqa: E402
from benchmarks.fuzz_numbers import number_cases  # noqa: E402
from benchmarks.fuzz_tables import Tables  # noqa: E402
from benchmarks.outcomes import DONE, REFUSED, judged  # noqa: E402
from changedet.workflow import stages  # noqa: E402


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(tmp_path_factory.mktemp("fuzz"))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_files_changed_at_random_are_taken_or_refused(kind: str, site: Site) -> None:
    make = case_maker(kind, site)
    found = {k: judged(make(random.Random(f"{kind}/test/{k}"))) for k in range(5)}
    assert set(found.values()) <= {DONE, REFUSED}, found


@pytest.mark.filterwarnings("ignore")
def test_numbers_of_every_stage_and_section_are_walked(site: Site) -> None:
    cases = [yaml.safe_load(case) for case in number_cases(site.workflow) if ".nan" in case]
    assert {key for case in cases for key in case} >= {*stages(), "site", "grid", "scenes", "bands", "compute"}
    for case in random.Random(7).sample(number_cases(site.workflow), 20):
        assert judged(lambda case=case: site.planned(case)) in {DONE, REFUSED}, case


@pytest.mark.parametrize(
    ("case", "outcome"),
    [
        ("stac/0/131", REFUSED),
        ("stac/0/216", REFUSED),
        ("geojson/0/273", REFUSED),
        # Columns of an area of interest are not read.
        ("geojson/77/885", DONE),
        ("labels/78/272", REFUSED),
        ("verdicts/78/161", REFUSED),
    ],
)
def test_cases_that_once_ended_with_a_traceback(case: str, outcome: str, site: Site) -> None:
    make = case_maker(case.partition("/")[0], site)
    assert judged(make(random.Random(case))) == outcome


def test_seeds_of_the_corpus_are_right_themselves(site: Site) -> None:
    for path in sorted(CORPUS.glob("*.yaml")):
        assert judged(lambda path=path: site.planned(path.read_text())) == DONE, path


@pytest.mark.parametrize("kind", [["Catalog"], {"a": "Catalog"}, 5, None])
def test_a_type_of_a_stac_document_that_is_no_text(kind: object, site: Site) -> None:
    document = {"type": kind, "stac_version": "1.0.0", "links": [{"rel": ["item"], "href": "x"}]}
    content, workflow = json.dumps(document).encode(), "site: {id: a}\nscenes:\n  - {stac: item.json}\n"
    assert judged(lambda: site.put("item.json", content, workflow)) == REFUSED


def test_a_scene_whose_pixels_have_no_size(site: Site) -> None:
    values = np.full((3, 24, 24), 100, np.uint8)
    path = write(site.folder / "e.tif", values, Affine(np.nan, 0, 500_000, 0, -2.0, 5_400_000))
    said = judged(lambda: site.planned(site.workflow.replace("a.tif", Path(path).name)))
    assert said in {DONE, REFUSED}


def test_the_command_prints_one_line_where_rasterio_cannot_decode_what_gdal_quotes(site: Site) -> None:
    name, content, workflow = case_maker("tiff", site)(random.Random("tiff/2901/16")).args  # type: ignore[attr-defined]
    (site.folder / name).write_bytes(content)
    (site.folder / "quoted.yaml").write_text(workflow)
    command = [sys.executable, "-m", "changedet", "check", str(site.folder / "quoted.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert "c.tif" in line


def test_a_name_of_a_band_that_is_no_utf_8(site: Site) -> None:
    path = Path(write(site.folder / "d.tif", np.full((3, 24, 24), 100, np.uint8), descriptions=("qqqq", "red", "nir")))
    path.write_bytes(path.read_bytes().replace(b"qqqq", b"q\xe8q\xff"))
    assert judged(lambda: site.planned(site.workflow.replace("a.tif", "d.tif"))) == REFUSED


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("entry", "pointer", "to"),
    [("child", 0, "child"), ("child", 3, "root"), ("child", 3, "child"), ("root", 3, "root"), ("root", 0, "root")],
)
def test_an_imagine_file_whose_tree_leads_back_into_itself(entry: str, pointer: int, to: str, site: Site) -> None:
    path = site.folder / "whole.img"
    with rasterio.open(
        path, "w", driver="HFA", width=24, height=24, count=3, dtype="uint8", crs=CRS, transform=T
    ) as out:
        out.write(np.ones((3, 24, 24), np.uint8))
    content = bytearray(path.read_bytes())
    (header,) = struct.unpack_from("<I", content, 16)
    (root,) = struct.unpack_from("<I", content, header + 8)
    # An entry begins with the places of the next, previous, parent and first child entry.
    places = {"root": root, "child": struct.unpack_from("<4I", content, root)[3]}
    struct.pack_into("<I", content, places[entry] + 4 * pointer, places[to])
    workflow = site.workflow.replace("a.tif", "c.img")
    assert judged(lambda: site.put("c.img", bytes(content), workflow)) in {DONE, REFUSED}


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    return Tables(tmp_path)


def frames_of(path: Path) -> dict[str, gpd.GeoDataFrame]:
    return {str(name): pyogrio.read_dataframe(path, layer=name) for name, _ in pyogrio.list_layers(path)}


def test_labels_whose_tiles_were_all_deleted(tables: Tables) -> None:
    frames = frames_of(tables.labels())
    frames["tiles"] = frames["tiles"].iloc[:0]
    assert judged(lambda: tables.written(frames, tables.read_labels)) == DONE


@pytest.mark.parametrize("column", ["confidence", "date"])
@pytest.mark.parametrize("words", [None, "https://[::1"])
def test_a_review_whose_cells_are_gone_or_words(column: str, words: str | None, tables: Tables) -> None:
    frames = frames_of(tables.review())
    rows = frames["containers"]
    frames["containers"] = (
        rows.drop(columns=column) if words is None else rows.assign(**{column: words}, verdict="accept")
    )
    assert judged(lambda: tables.written(frames, tables.read_review)) == REFUSED


def test_a_shape_that_cannot_be_read(tables: Tables) -> None:
    path = tables.review()
    shape = shapely.to_wkb(shapely.box(400100, 5600100, 400102.44, 5600106.06))
    # The last corner of the ring is no longer the first.
    broken = shape[:-8] + struct.pack("<d", 1.0)
    content = path.read_bytes()
    assert shape in content
    path.write_bytes(content.replace(shape, broken))
    assert judged(lambda: tables.read_review(path)) == REFUSED


def test_a_verdict_on_a_box_whose_number_is_infinite(tmp_path: Path) -> None:
    case = case_maker("verdicts", Site(tmp_path / "verdicts"))(random.Random("verdicts/615/49"))
    assert judged(case) == REFUSED
