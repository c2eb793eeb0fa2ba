"""A made-up run folder: project, report and catalogue open and say what was put in."""

from __future__ import annotations

import hashlib
import os
import subprocess
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd
import pystac
import pytest
import rasterio
import shapely
from affine import Affine

from changedet.blocks import tiles
from changedet.outputs import stac
from changedet.outputs.gpkg import vector_layers
from changedet.outputs.qgis.animation import frame_step
from changedet.outputs.qgis.project import write_project
from changedet.outputs.rasters.classes import RasterLayer, date_classes, days_since_1970
from changedet.outputs.rasters.display import scene_stretch
from changedet.outputs.rasters.writing import RasterWriter
from changedet.outputs.report.data import ReportData
from changedet.outputs.report.page import write_report
from changedet.outputs.report.pictures import overlay, quicklook

ROOT = Path(__file__).resolve().parents[1]
CRS = "EPSG:32651"
DATES = ["2023-06-04", "2023-07-04", "2023-08-04", "2023-10-04"]
SHAPE = (620, 700)
TRANSFORM = Affine(0.5, 0, 500_000, 0, -0.5, 3_000_000)
BANDS = ["blue", "green", "red", "nir"]
COLORS = ["#b5402f", "#2f5fb5", "#d0d0d0", "#2f8f4e", "#c98a2b"]


def paint(date: int, seed: int = 5) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """A yard with `3 + 6 * date` boxes in rows and a pad that grows; the last date has a corner without data."""
    rng = np.random.default_rng(seed)
    ground = 600 + 60 * rng.standard_normal(SHAPE)
    image = np.stack([ground * gain for gain in (0.8, 1.0, 1.1, 1.5)])
    image[:, 300 : 340 + 60 * date, 80:300] = np.array([1100, 1200, 1250, 1300])[:, None, None]
    boxes = []
    for i in range(3 + 6 * date):
        row, column = 60 + 30 * (i // 6), 320 + 40 * (i % 6)
        color = COLORS[i % len(COLORS)]
        red, green, blue = (6 * int(color[j : j + 2], 16) for j in (1, 3, 5))
        length = 12 if i % 3 else 24
        image[:, row : row + 5, column : column + length] = np.array([blue, green, red, 700])[:, None, None]
        corner = TRANSFORM @ (column, row)
        place = shapely.box(corner[0], corner[1] - 2.5, corner[0] + length / 2, corner[1])
        boxes.append({"object_id": 100 * date + i, "track_id": i, "color": color,
                      "kind": "40ft" if length == 24 else "20ft",
                      "length_m": length / 2, "width_m": 2.5, "angle_deg": 90.0, "confidence": 0.8,
                      "inferred": i % 7 == 6,
                      "geometry": place})  # fmt: skip
    if date == len(DATES) - 1:
        image[:, :60, :90] = np.nan
    return image.astype(np.float32), boxes


def write(path: Path, kind: Any, array: np.ndarray, dtype: str, nodata: float, date: str, **more: Any) -> None:
    bands = more.pop("bands", [more.pop("meaning", kind)])
    tags = {"DATE": date, **more.pop("tags", {})}
    with RasterWriter(path, crs=CRS, transform=TRANSFORM, shape=SHAPE, kind=kind, bands=bands, dtype=dtype,
                              nodata=nodata, tags=tags, description=f"{kind} of {date}", **more) as out:  # fmt: skip
        for window in tiles(SHAPE, 256):
            out.write(window, array[(..., *window.slices)])


def build_run(folder: Path) -> dict[str, Any]:
    """Fabricate a run: rasters, objects.gpkg, timeseries.csv and project.qgz."""
    first = paint(0)[0]
    earliest = np.zeros(SHAPE, np.int32)
    detections, changes, footprints, layers = [], [], [], []
    for i, date in enumerate(DATES):
        image, boxes = paint(i)
        write(folder / f"scenes/{date}.tif", "scene", image, "uint16", 0, date, bands=BANDS)
        layers.append(RasterLayer(folder / f"scenes/{date}.tif", "scene", date))
        detections += [{"date": date, "zone": "north", **box} for box in boxes]
        pad = shapely.box(500_040, 2_999_850 - 20 - 30 * i, 500_150, 2_999_850)
        footprints.append({"date": date, "area_m2": pad.area, "geometry": pad})
        if not i:
            continue
        score = np.abs(image - first).max(axis=0) / 60
        mask = np.where(np.isnan(score), 255, score > 3).astype(np.uint8)
        earliest[(mask == 1) & (earliest == 0)] = days_since_1970(date)
        write(folder / f"change/{date}_mask.tif", "mask", mask, "uint8", 255, date)
        tags = {"THRESHOLD": "3"}
        write(
            folder / f"change/{date}_score.tif",
            "score",
            score,
            "float32",
            np.nan,
            date,
            tags=tags,
            meaning="largest difference",
        )
        layers += [RasterLayer(folder / f"change/{date}_{kind}.tif", kind, date) for kind in ("mask", "score")]
        grown = shapely.box(500_040, 2_999_850 - 20 - 30 * i, 500_150, 2_999_830)
        changes.append({"date": date, "change_id": i, "area_m2": grown.area, "direction": "gain", "probability": 0.9,
                        "first_seen": DATES[1], "zone": "south", "geometry": grown})  # fmt: skip
    write(
        folder / "change/first_change.tif",
        "first_change",
        earliest,
        "int32",
        -1,
        "",
        classes=date_classes(DATES[1:]),
    )
    layers.append(RasterLayer(folder / "change/first_change.tif", "first_change", dates=tuple(DATES[1:])))
    found = gpd.GeoDataFrame(detections, crs=CRS)
    by_track = found.sort_values("date").groupby("track_id", as_index=False)
    ends = {"first_seen": ("date", "first"), "last_seen": ("date", "last")}
    tracks = by_track.agg(**ends, **{name: (name, "first") for name in ("kind", "color", "geometry")})
    tracks = gpd.GeoDataFrame(tracks, geometry=gpd.GeoSeries(tracks["geometry"]).centroid, crs=CRS)
    west, east = 500_000, 500_350
    halves = [shapely.box(west, 2_999_860, east, 3_000_000), shapely.box(west, 2_999_690, east, 2_999_860)]
    zones = gpd.GeoDataFrame({"name": ["north", "south"]}, geometry=halves, crs=CRS)
    made = {"containers": found, "tracks": tracks, "changes": gpd.GeoDataFrame(changes, crs=CRS),
            "footprint": gpd.GeoDataFrame(footprints, crs=CRS), "zones": zones}  # fmt: skip
    vector_layers.write_objects(folder / "objects.gpkg", made, CRS)
    extent = (west, 2_999_690, east, 3_000_000)
    write_project(
        folder / "project.qgz",
        title="Depot <North> & co",
        crs=CRS,
        extent=extent,
        dates=DATES,
        layers=layers,
        objects=folder / "objects.gpkg",
    )
    return {"layers": layers, "extent": extent, "objects": made}


def series() -> pd.DataFrame:
    """`timeseries.csv` of the made-up run: the third date without a count."""
    rows = []
    for i, date in enumerate(DATES):
        count, missing = 3 + 6 * i, i == 2
        row: dict[str, Any] = {
            "date": date,
            "zone": "",
            "scene": f"{date}.tif",
            "gsd_m": 0.5,
            "valid_fraction": 1 - 0.1 * i,
        }
        row |= {"containers": pd.NA if missing else count, "containers_expected": pd.NA if missing else count + 1.4}
        row |= {"containers_low": pd.NA if missing else count - 1, "containers_high": pd.NA if missing else count + 4}
        if i:
            row |= {"arrivals": 6, "arrivals_low": 4, "arrivals_high": 9, "departures": 1, "departures_low": 0}
            row |= {"departures_high": 3, "changed_area_m2": 3300.0 * i, "changed_area_low_m2": 2800.0 * i}
            row |= {"changed_area_high_m2": 4100.0 * i}
        row |= {"shift_east_m": 0.12 * i, "shift_north_m": -0.2 * i}
        rows += [row, {**row, "zone": "north"}]
    return pd.DataFrame(rows)


def summary() -> dict[str, Any]:
    def figure(value: float | None, low: float | None, high: float | None, date: str | None) -> dict[str, Any]:
        return {"value": value, "low": low, "high": high, "date": date}

    counts = {"first": figure(4.4, 2, 7, DATES[0]), "last": figure(22.4, 20, 25, DATES[-1])}
    counts |= {"peak": figure(22.4, 20, 25, DATES[-1]), "net_change": figure(18, 14, 22, None)}
    nothing = dict.fromkeys(("first", "last", "peak", "net_change"), figure(None, None, None, None))
    area = {"first": figure(3300, 2800, 4100, DATES[1]), "last": figure(9900, 8400, 12300, DATES[-1])}
    area |= {"peak": figure(9900, 8400, 12300, DATES[-1]), "net_change": figure(6600, -100, 9500, None)}
    moves = figure(18, 12, 27, None)
    totals = {"containers": counts, "teu": nothing, "changed_area_m2": area, "footprint_area_m2": nothing}
    none = {
        "date": None,
        "low": None,
        "high": None,
        "probability": 0.2,
        "reason": "the last two dates lie within the error",
    }
    found = {"date": DATES[1], "low": "2023-06-05", "high": DATES[1], "probability": 0.97, "reason": ""}
    return {
        "schema_version": 1,
        "site": {"id": "depot-north", "name": "Depot North"},
        "grid": {"crs": CRS, "resolution_m": 0.5, "shape": list(SHAPE)},
        "dates": DATES,
        "reference_date": DATES[0],
        "totals": {**totals, "arrivals": moves, "departures": figure(3, 0, 9, None)},
        "onset": {"containers": found, "changed_area": none, "footprint": none},
        "warnings": [],
    }


def report_data(folder: Path, name: str = "Depot North") -> ReportData:
    paths = [folder / f"scenes/{date}.tif" for date in DATES]
    stretch = scene_stretch(paths)
    return ReportData(
        site_id="depot-north",
        site_name=name,
        summary=summary(),
        timeseries=series(),
        scenes=[
            {"date": d, "file": f"{d}_{name}.tif", "gsd_m": 0.5, "sun_elevation_deg": 41.2, "checksum": "sha256:ab12"}
            for d in DATES
        ],
        methods=[
            {
                "stage": "change",
                "method": "irmad",
                "reason": f"four bands {name}",
                "parameters": {"a_m": 2.0},
                "reference": "doi:1",
            }
        ],
        quicklooks={d: quicklook(p, 700, stretch) for d, p in zip(DATES, paths, strict=True)},
        overlays={d: overlay(folder / f"change/{d}_mask.tif", 700) for d in DATES[1:]},
        warnings=[f"scene 2023-08-04: clouds {name}"],
        provenance={"version": "0.1.0", "name": name},
        unavailable={"footprint_area_m2": f"objects: none {name}", "teu": "no size class"},
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("depot-north")
    return folder, build_run(folder)


def project(folder: Path) -> Any:
    with zipfile.ZipFile(folder / "project.qgz") as archive:
        assert archive.namelist() == ["project.qgs"]
        return ET.fromstring(archive.read("project.qgs"))


def test_project_names_every_layer_once_by_a_relative_path(run: Any) -> None:
    folder, made = run
    root = project(folder)
    layers = root.findall(".//maplayer")
    assert len(layers) == len(made["layers"]) + len(made["objects"])
    identifiers = [layer.findtext("id") or "" for layer in layers]
    assert len(set(identifiers)) == len(identifiers)
    assert min(map(len, identifiers)) >= 11, "QGIS hides layers of shorter ids"
    assert sorted(node.get("id") for node in root.findall(".//layer-tree-layer")) == sorted(identifiers)
    for layer in layers:
        source = (layer.findtext("datasource") or "").split("|")[0]
        assert source.startswith("./")
        assert (folder / source).is_file()
        assert "Transverse Mercator" in (layer.findtext("srs/spatialrefsys/wkt") or "")
    assert [group.get("name") for group in root.findall("layer-tree-group/layer-tree-group")] == [
        "Objects",
        "Change",
        "Scenes",
    ]
    scenes = root.findall("layer-tree-group/layer-tree-group[@name='Scenes']/layer-tree-layer")
    assert [scene.get("name") for scene in scenes] == [f"Scene {date}" for date in reversed(DATES)]


def test_project_time_runs_from_each_date_to_the_day_before_the_next(run: Any) -> None:
    root = project(run[0])
    assert root.findtext("ProjectTimeSettings/TemporalRange/end") == "2023-10-04T23:59:59Z"
    spans = {layer.findtext("layername"): layer.find("temporal/fixedRange") for layer in root.findall(".//maplayer")}
    july = spans["Mask 2023-07-04"]
    assert july is not None
    assert (july.findtext("start"), july.findtext("end")) == ("2023-07-04T00:00:00Z", "2023-08-03T23:59:59Z")


def test_project_styles_are_those_of_the_sidecars(run: Any) -> None:
    folder = run[0]
    layers = {layer.findtext("datasource"): layer for layer in project(folder).findall(".//maplayer")}
    for place in ("change/2023-07-04_mask", "change/2023-10-04_score", "change/first_change"):
        sidecar = ET.parse(folder / f"{place}.qml").getroot().find("pipe/rasterrenderer")
        inline = layers[f"./{place}.tif"].find("pipe/rasterrenderer")
        assert ET.tostring(sidecar) == ET.tostring(inline)


def test_project_bytes_are_repeatable(run: Any, tmp_path: Path) -> None:
    build_run(tmp_path)
    for name in ("project.qgz", "objects.gpkg", "change/2023-10-04_mask.tif", "scenes/2023-06-04.tif"):
        assert (tmp_path / name).read_bytes() == (run[0] / name).read_bytes(), name


@pytest.mark.parametrize(("dates", "step"), [
    (["2023-06-04"], (1, "d")),
    (["2023-01-31", "2023-02-28"], (28, "d")),
    (["2020-03-01", "2021-03-01", "2023-03-01"], (12, "mon")),
    (["2010-01-01", "2010-01-08", "2020-05-05"], (26, "d")),
])  # fmt: skip
def test_frames_meet_the_dates_and_stay_few(dates: list[str], step: tuple[int, str]) -> None:
    assert frame_step(dates) == step


@pytest.mark.slow
def test_qgis_opens_everything(run: Any, tmp_path: Path) -> None:
    checker = Path(os.environ.get("CHANGEDET_QGIS_CHECK", ROOT.parent / "shared/tools/check_qgis.py"))
    if (
        not checker.is_file()
        or subprocess.run(["/usr/bin/python3", "-c", "import qgis"], capture_output=True).returncode
    ):
        pytest.skip("needs QGIS with its Python and the checker named by CHANGEDET_QGIS_CHECK")
    words = [
        "--png",
        str(tmp_path),
        "--strict",
        "--require-project",
        "--require-temporal",
        "--expect-crs",
        CRS,
        "--frames",
        "9",
    ]
    done = subprocess.run(["/usr/bin/python3", checker, run[0], *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "distinct_frames=4" in done.stdout, "each date should look different"


class Page(HTMLParser):
    """Tags, addresses and text of a report."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.scripts, self.addresses, self.words = 0, [], []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        assert not [name for name, _ in attrs if name.startswith("on")], "no inline handlers"
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href", "srcset", "action", "data"}]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


ATTACK = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&{{ 7 * 7 }}</style>"


def test_report_is_offline_small_and_escapes_what_a_stranger_wrote(run: Any) -> None:
    folder = run[0]
    write_report(folder / "report.html", report_data(folder, ATTACK))
    text = (folder / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.scripts == 1
    assert all(address.startswith("data:") for address in page.addresses)
    assert len(page.addresses) == 1 + 4 + 3
    assert "".join(page.words).count(ATTACK) >= 10, "it is shown, as text"
    assert len(text) < 6_000_000
    assert "http://" not in text
    assert "https://" not in text
    assert "default-src 'none'" in text


def test_report_gives_each_figure_its_interval_and_says_what_is_not_to_be_had(run: Any) -> None:
    folder = run[0]
    write_report(folder / "report.html", report_data(folder))
    words = " ".join("".join(Page((folder / "report.html").read_text(encoding="utf-8")).words).split())
    assert "22 (20 to 25)" in words
    assert "not available: objects: none Depot North" in words
    assert "not available: no size class" in words
    assert (
        "Growth of the number of containers began on 2023-07-04 (between 2023-06-05 and 2023-07-04, probability 97 %)."
        in words
    )
    assert "No onset of growth in the footprint, because the last two dates lie within the error." in words
    assert "net change +18 (14 to 22), more than its error" in words
    assert "nan" not in words.lower().replace("provenance", "")


def test_stac_is_self_contained_and_true(run: Any) -> None:
    folder, made = run
    box = {"type": "Polygon", "coordinates": [[[123, 27.1], [123.1, 27.1], [123.1, 27.2], [123, 27.2], [123, 27.1]]]}
    more = {"objects": folder / "objects.gpkg"}
    written = stac.write_stac(
        folder / "stac", site_id="depot-north", title="D", rasters=made["layers"], geometry=box, assets=more
    )
    assert written[-1].name == "collection.json"
    collection = pystac.Collection.from_file(str(written[-1]))
    items = list(collection.get_items(recursive=True))
    assert [item.id for item in items] == [f"depot-north-{date}" for date in DATES]
    assert set(collection.assets) == {"first_change", "objects"}
    assert collection.extent.spatial.bboxes == [[123, 27.1, 123.1, 27.2]]
    for item in items:
        assert item.get_collection() is not None
        for asset in item.assets.values():
            path = Path(asset.get_absolute_href() or "")
            assert not asset.href.startswith("/")
            assert asset.extra_fields["file:checksum"] == "1220" + hashlib.sha256(path.read_bytes()).hexdigest()
            with rasterio.open(path) as source:
                assert asset.extra_fields["proj:shape"] == list(source.shape)
    last = items[-1].assets
    assert set(last) == {"scene", "mask", "score"}
    assert last["score"].extra_fields["changedet:threshold"] == 3
    assert last["score"].extra_fields["bands"][0]["nodata"] == "nan"
    assert [band["name"] for band in last["scene"].extra_fields["bands"]] == BANDS
