"""STAC sources: what is found, what becomes of its assets, and what is refused."""

from __future__ import annotations

import datetime as dt
import http.server
import json
import math
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pystac
import pytest
import rasterio
import shapely
from affine import Affine

from changedet.blocks import Window
from changedet.errors import InputError
from changedet.grid import make_grid
from changedet.imagery.attribution import Attribution
from changedet.imagery.grouping import group_looks
from changedet.imagery.opening import open_scene
from changedet.imagery.stac.items import LeftOut, items
from changedet.imagery.stac.walking import resolved
from changedet.kernels.pixel_classes import CLOUD
from changedet.plan import make_plan

BOX = shapely.box(15.0, 48.7, 15.01, 48.71)
ROLES = ("red", "nir")


def write(path: Path, value: int, bands: int = 1, dtype: str = "uint16") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    transform = Affine(10.0, 0, 500_000, 0, -10.0, 5_400_000)
    with rasterio.open(path, "w", "GTiff", 8, 6, bands, "EPSG:32633", transform, dtype) as out:
        for k in range(bands):
            out.write(np.full((6, 8), value + k, dtype), k + 1)


def item_of(name: str, when: str, assets: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": name,
        "collection": "s2",
        "geometry": shapely.geometry.mapping(BOX),
        "bbox": list(BOX.bounds),
        "properties": {"datetime": when, **properties},
        "links": [],
        "assets": assets,
    }


def asset(href: str, **more: Any) -> dict[str, Any]:
    return {"href": href, "type": "image/tiff; application=geotiff", **more}


def saved(path: Path, document: Any) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
    return str(path)


@pytest.fixture
def catalog(tmp_path: Path) -> str:
    """A static catalog written by pystac: a collection with three items of one band a file, as archives have them."""
    top = pystac.Catalog("top", "A catalog")
    extent = pystac.Extent(pystac.SpatialExtent([[15, 48, 16, 49]]), pystac.TemporalExtent([[None, None]]))
    collection = pystac.Collection("s2", "Scenes", extent)
    top.add_child(collection)
    top.add_child(pystac.Collection("other", "Others", extent))
    for k, (day, cover) in enumerate([("2023-05-31", 10.0), ("2023-06-30", 80.0), ("2023-07-04", 20.0)]):
        properties = {
            "eo:cloud_cover": cover,
            "view:sun_azimuth": 150.5,
            "view:sun_elevation": 50.0 + k,
            "view:off_nadir": 3.0,
            "view:azimuth": 100.0,
            "platform": "sentinel-2a",
            "license": "CC-BY-4.0",
        }
        when = dt.datetime.fromisoformat(f"{day}T10:20:30+00:00")
        item = pystac.Item(f"S2A_{day}", shapely.geometry.mapping(BOX), list(BOX.bounds), when, properties)
        folder = tmp_path / "pixels" / day
        for key, value, name in [("B04", 100 + k, "red"), ("B08", 200 + k, "nir")]:
            write(folder / f"{key}.tif", value)
            extra = {"eo:bands": [{"name": key, "common_name": name}]}
            item.add_asset(
                key, pystac.Asset(str(folder / f"{key}.tif"), media_type=pystac.MediaType.COG, extra_fields=extra)
            )
        write(folder / "SCL.tif", 9 if k == 2 else 4, dtype="uint8")
        item.add_asset("SCL", pystac.Asset(str(folder / "SCL.tif"), media_type=pystac.MediaType.COG))
        item.add_asset(
            "thumbnail", pystac.Asset("https://pictures.example/x.jpg", media_type="image/jpeg", roles=["thumbnail"])
        )
        item.add_asset("meta", pystac.Asset("https://meta.example/x.xml", media_type="application/xml"))
        collection.add_item(item)
    top.normalize_hrefs(str(tmp_path / "catalog"))
    top.make_all_asset_hrefs_relative()
    top.save(pystac.CatalogType.SELF_CONTAINED)
    return str(tmp_path / "catalog" / "catalog.json")


def test_a_static_catalog_to_pixels(catalog: str) -> None:
    found = items(catalog)
    assert [scene["date"].isoformat() for scene in found] == ["2023-05-31", "2023-06-30", "2023-07-04"]
    scenes = [open_scene(**arguments) for arguments in found]
    scene = scenes[2]
    assert scene.name == "S2A_2023-07-04"
    assert (scene.roles, scene.time, scene.collection) == (ROLES, dt.time(10, 20, 30), "s2")
    assert scene.sun is not None
    assert scene.view is not None
    assert (scene.sun.azimuth_deg, scene.sun.elevation_deg) == (150.5, 52.0)
    assert (scene.view.azimuth_deg, scene.view.off_nadir_deg) == (100.0, 3.0)
    assert scene.attribution == Attribution("sentinel-2a", licence="CC-BY-4.0")
    grid = make_grid(scene.frame)
    image, quality = scene.read(grid, Window(0, 0, 6, 8), ROLES)
    assert (image[0] == 102).all()
    assert (image[1] == 202).all()
    assert (quality == CLOUD).all()
    assert not scenes[0].read(grid, Window(0, 0, 6, 8), ROLES)[1].any()
    assert len(group_looks(scenes)) == 3


@pytest.mark.parametrize(
    ("search", "days"),
    [
        ({"datetime": "2023-05/2023-06"}, ["05-31", "06-30"]),
        ({"datetime": "2023-06-30"}, ["06-30"]),
        ({"datetime": "2023-06-30/.."}, ["06-30", "07-04"]),
        ({"datetime": "../2023-06-29T00:00:00Z"}, ["05-31"]),
        ({"datetime": "2022"}, []),
        ({"max_cloud_cover": 40}, ["05-31", "07-04"]),
        ({"collections": ["s2"]}, ["05-31", "06-30", "07-04"]),
        ({"collections": ["other"]}, []),
        ({"aoi": BOX}, ["05-31", "06-30", "07-04"]),
        ({"aoi": shapely.box(20, 20, 21, 21)}, []),
    ],
)
def test_searches(catalog: str, search: dict[str, Any], days: list[str]) -> None:
    assert [scene["date"].isoformat()[5:] for scene in items(catalog, **search)] == days


def test_items_name_what_a_search_leaves_out_and_why(catalog: str) -> None:
    def reasons(**search: Any) -> dict[str, str]:
        found: list[LeftOut] = []
        items(catalog, left_out=found, **search)
        return {one.date.isoformat()[5:]: one.reason for one in found}

    assert reasons() == {}
    assert reasons(collections=["other"]) == {}, "other collections are not what was looked for"
    assert reasons(max_cloud_cover=40) == {"06-30": "cloud cover 80 %, max_cloud_cover 40"}
    assert reasons(datetime="2023-06-30/..") == {"05-31": "datetime 2023-06-30/.."}
    assert set(reasons(aoi=shapely.box(20, 20, 21, 21)).values()) == {"misses the area of interest"}


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ({"datetime": "2023-13"}, "is no interval"),
        ({"datetime": "2024/2023"}, "ends before it starts"),
        ({"datetime": "a/b/c"}, "is no interval"),
        ({"datetime": "0001-01-01T00:00:00+10:00/.."}, "is no interval"),
        ({"datetime": "../9999-12-31T23:00:00-10:00"}, "is no interval"),
        ({"collections": ["s2x"]}, r"no collection 's2x', only other, s2; did you mean 's2'"),
        ({"assets": ["red", "blu"]}, r"asset 'blu' is not there; its assets are B04, B08"),
    ],
)
def test_impossible_searches(catalog: str, search: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said) as error:
        items(catalog, **search)
    assert len(error.value.problems) == 1


def test_assets_by_key_or_common_name_with_masks_in_any_case(catalog: str) -> None:
    assert set(items(catalog, assets=["red"])[0]["path"]) == {"red", "scl"}
    assert set(items(catalog, assets=["B08"])[0]["path"]) == {"nir", "scl"}


def test_an_item_collection_of_many_bands_a_file(tmp_path: Path) -> None:
    write(tmp_path / "a.tif", 10, bands=4)
    bands = [{"name": n, "common_name": n} for n in ("blue", "green", "red", "nir")]
    one = item_of(
        "one", "2023-06-04T10:00:00Z", {"visual": asset("v.tif"), "analytic": asset("a.tif", **{"eo:bands": bands})}
    )
    # Version 1.1 of STAC has its bands elsewhere.
    newer = [{"name": n, "eo:common_name": n, "nodata": 0} for n in ("blue", "green", "red", "nir")]
    two = item_of("two", "2023-06-05T10:00:00+02:00", {"data": asset("a.tif", bands=newer)})
    path = saved(tmp_path / "found.json", {"type": "FeatureCollection", "features": [two, one]})
    first, second = items(path)
    assert (first["name"], second["name"], second["time"]) == ("one", "two", dt.time(8, 0))
    scene = open_scene(**first)
    assert {role: source.index for role, source in scene.bands.items()} == {"blue": 1, "green": 2, "red": 3, "nir": 4}
    assert (scene.read(make_grid(scene.frame), Window(0, 0, 6, 8), ["nir"])[0] == 13).all()
    assert open_scene(**second).nodata["red"] == 0


def test_of_an_asset_whose_bands_no_item_tells_the_file_does(tmp_path: Path) -> None:
    write(tmp_path / "four.tif", 7, bands=4)
    path = saved(tmp_path / "item.json", item_of("a", "2023-06-04T10:00:00Z", {"data": asset("four.tif")}))
    (found,) = items(path, assets=["data"])
    assert found["path"] == str(tmp_path / "four.tif")
    assert found["bands"] is None
    two = {"data": asset("four.tif"), "more": asset("four.tif")}
    path = saved(tmp_path / "item.json", item_of("a", "2023-06-04T10:00:00Z", two))
    with pytest.raises(InputError, match=r"of asset 'data' no band is known \(eo:bands\); its assets are data, more$"):
        items(path, assets=["data", "more"])


def test_a_single_item_with_scales_and_udm2(tmp_path: Path) -> None:
    write(tmp_path / "a.tif", 10, bands=2)
    write(tmp_path / "u.tif", 0, bands=8, dtype="uint8")
    bands = [{"common_name": "red"}, {"common_name": "nir"}]
    assets = {
        "sr": asset("./a.tif", **{"eo:bands": bands}),
        "udm2": asset("u.tif", **{"eo:bands": [{"name": str(k)} for k in range(8)]}),
    }
    scene = open_scene(**items(saved(tmp_path / "item.json", item_of("x", "2023-06-04T10:00:00Z", assets)))[0])
    assert scene.roles == ROLES
    assert [(mask.kind, len(mask.indexes)) for mask in scene.masks] == [("udm2", 8)]
    write(tmp_path / "r.tif", 10)
    scaled = {"red": asset("r.tif", **{"raster:bands": [{"scale": 1e-4, "offset": -0.1, "nodata": "nan"}]})}
    found = items(saved(tmp_path / "item.json", item_of("x", "2023-06-04T10:00:00Z", scaled)))[0]
    assert math.isnan(found["nodata"])
    source = open_scene(**{**found, "nodata": None}).bands["red"]
    assert (source.scale, source.offset) == (1e-4, -0.1)
    for odd in ({"scale": math.nan}, {"scale": 1, "offset": "inf"}, {"scale": 10**400}):
        endless = {"red": asset("r.tif", **{"raster:bands": [odd]})}
        with pytest.raises(InputError, match=r"raster:bands: .*expected"):
            items(saved(tmp_path / "item.json", item_of("x", "2023-06-04T10:00:00Z", endless)))


def test_near_duplicates_of_bands_are_left_out(tmp_path: Path) -> None:
    assets = {}
    for key, common in [
        ("nir", "nir"),
        ("nir08", "nir08"),
        ("nir09", "nir09"),
        ("rededge1", "rededge"),
        ("rededge2", "rededge"),
        ("swir16", "swir16"),
    ]:
        assets[key] = asset(f"{key}.tif", **{"eo:bands": [{"common_name": common}]})
    found = items(saved(tmp_path / "item.json", item_of("x", "2023-06-04T10:00:00Z", assets)))[0]
    assert {role: Path(path).stem for role, path in found["path"].items()} == {
        "nir": "nir",
        "rededge": "rededge1",
        "swir1": "swir16",
    }


def _bad(change: dict[str, Any]) -> dict[str, Any]:
    return {**item_of("x", "2023-06-04T10:00:00Z", {"red": asset("a.tif")}), **change}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("text", "is no STAC object but str"),
        ([], "is no STAC object but list"),
        ({"type": "Point"}, "is no STAC catalog"),
        ({"type": "Catalog", "links": 5}, "links: expected a list, got int"),
        ({"type": "Catalog", "links": [{"rel": "child", "href": 7}]}, "href: expected text, got int"),
        ({"type": "Catalog", "links": [{"rel": "item", "href": "gone.json"}]}, "gone.json: no such file"),
        ({"type": "FeatureCollection", "features": [4]}, "expected STAC items"),
        ({"type": "FeatureCollection"}, "features: expected a list, got nothing"),
        (_bad({"properties": None}), "x: properties: expected an object"),
        (_bad({"properties": {"datetime": 5}}), "properties.datetime: expected a time"),
        (_bad({"properties": {"datetime": "yesterday"}}), "'yesterday' is no time"),
        (_bad({"properties": {"datetime": "0001-01-01T00:00:00+14:00"}}), "is no time"),
        (
            _bad({"properties": {"datetime": "2023-06-04T10:00:00Z", "view:sun_azimuth": "south"}}),
            "view:sun_azimuth: expected degrees",
        ),
        (_bad({"assets": []}), "assets: expected an object, got list"),
        (_bad({"assets": {"red": "a.tif"}}), "assets.red: expected an object"),
        (_bad({"assets": {"red": {"type": "image/tiff"}}}), "assets.red: href: expected text"),
        (_bad({"assets": {"x": asset("a.tif")}}), "no asset with a known band, only x"),
        (_bad({"assets": {"red": asset("https://evil.example/a.tif")}}), "leads to evil.example, which is not allowed"),
        (_bad({"assets": {"red": asset("s3://bucket/a.tif")}}), "leads to bucket, which is not allowed"),
        (_bad({"assets": {"red": asset("/vsicurl/http://evil.example/a.tif")}}), "is no file and no URL"),
        (_bad({"assets": {"red": asset("<VRTDataset/>")}}), "is no file and no URL"),
        (_bad({"assets": {"red": asset("http://[::1")}}), "is no file and no URL"),
        (_bad({"assets": {"red": asset("a\0.tif")}}), "is no file and no URL"),
        (_bad({"assets": {"red": asset("a" * 9000)}}), "is no file and no URL"),
        (_bad({"assets": {"red": asset("ftp://evil.example/a.tif")}}), "of a kind that is not read"),
        (
            {"type": "Catalog", "links": [{"rel": "child", "href": "https://evil.example/c.json"}]},
            "leads to evil.example",
        ),
        ({"type": "Catalog", "links": [{"rel": "child", "href": "source.json"}]}, "leads back to a catalog above"),
    ],
)
def test_hostile_and_broken_sources_are_one_clear_line(tmp_path: Path, document: Any, said: str) -> None:
    path = saved(tmp_path / "source.json", document)
    with pytest.raises(InputError, match=said) as error:
        items(path)
    assert len(error.value.problems) == 1
    assert "\n" not in str(error.value)
    assert str(tmp_path) in str(error.value)


def test_geometry_that_is_none(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.json", _bad({"geometry": {"type": "Polygon", "coordinates": 5}}))
    with pytest.raises(InputError, match="no GeoJSON geometry"):
        items(path, aoi=BOX)
    path = saved(tmp_path / "b.json", _bad({"geometry": None}))
    assert len(items(path, aoi=BOX)) == 1


def test_a_geometry_that_would_take_hours_is_refused(tmp_path: Path) -> None:
    knot = shapely.Polygon(np.random.default_rng(1).uniform(0, 1, (2000, 2)))
    path = saved(tmp_path / "a.json", _bad({"geometry": shapely.geometry.mapping(knot)}))
    with pytest.raises(InputError, match=r"x: geometry crosses itself more than 1000 times"):
        items(path, aoi=BOX)


def test_no_json(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("{")
    with pytest.raises(InputError, match="is not JSON"):
        items(str(path))
    path.write_text("[" * 100_000)
    with pytest.raises(InputError, match="is nested too deep"):
        items(str(path))
    with pytest.raises(InputError, match="no such file"):
        items(str(tmp_path / "b.json"))


def test_a_catalog_too_deep_for_python_is_called_so(tmp_path: Path) -> None:
    for k in range(480):
        link = {"rel": "child", "href": f"{k + 1}.json"}
        saved(tmp_path / f"{k}.json", {"type": "Catalog", "id": str(k), "stac_version": "1.0.0", "links": [link]})
    saved(tmp_path / "480.json", item_of("x", "2023-06-04T10:00:00Z", {"red": asset("a.tif")}))
    with pytest.raises(InputError, match="lies more than 100 catalogs deep; name a part of the catalog"):
        items(str(tmp_path / "0.json"))


def test_longer_circles_end_and_shared_items_count_once(tmp_path: Path) -> None:
    def to(rel: str, *names: str) -> list[dict[str, str]]:
        return [{"rel": rel, "href": f"{name}.json"} for name in names]

    saved(tmp_path / "x.json", item_of("x", "2023-06-04T10:00:00Z", {"red": asset("a.tif")}))
    saved(tmp_path / "a.json", {"type": "Catalog", "links": to("child", "b", "c")})
    saved(tmp_path / "b.json", {"type": "Catalog", "links": to("item", "x")})
    saved(tmp_path / "c.json", {"type": "Catalog", "links": to("item", "x")})
    assert len(items(str(tmp_path / "a.json"))) == 1
    saved(tmp_path / "c.json", {"type": "Catalog", "links": to("child", "a")})
    with pytest.raises(InputError, match=r"c.json: its child 'a.json' leads back"):
        items(str(tmp_path / "a.json"))


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_a_child_that_never_ends_is_refused(tmp_path: Path, kind: str) -> None:
    if kind == "pipe":
        os.mkfifo(tmp_path / "child.json")
    else:
        (tmp_path / "child.json").symlink_to("/dev/zero")
    path = saved(tmp_path / "a.json", {"type": "Catalog", "links": [{"rel": "child", "href": "child.json"}]})
    with pytest.raises(InputError, match="no regular file"):
        items(path)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    # The server binds port 0 and says which it got: a port looked for beforehand may be taken by then.
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    with process.stdout as lines:
        yield lines.readline().split("(")[1].split("/)")[0]
    process.terminate()
    process.wait()


def test_over_the_network(tmp_path: Path, server: str) -> None:
    write(tmp_path / "data" / "a.tif", 42)
    saved(tmp_path / "item.json", item_of("x", "2023-06-04T10:00:00Z", {"red": asset("data/a.tif")}))
    saved(tmp_path / "catalog.json", {"type": "Catalog", "links": [{"rel": "item", "href": "./item.json"}]})
    (found,) = items(f"{server}/catalog.json")
    assert found["path"] == {"red": f"{server}/data/a.tif"}
    scene = open_scene(**found)
    assert (scene.read(make_grid(scene.frame), Window(0, 0, 6, 8), ["red"])[0] == 42).all()
    with pytest.raises(InputError, match=r"gone.json: cannot be read .*404"):
        items(f"{server}/gone.json")
    (tmp_path / "a.vrt").write_text(
        '<VRTDataset rasterXSize="2" rasterYSize="2"><VRTRasterBand dataType="Byte" band="1"/></VRTDataset>'
    )
    with pytest.raises(InputError, match=r"a.vrt: is none of the kinds that are read over the network"):
        open_scene(f"{server}/a.vrt", date="2023-06-04")
    with pytest.raises(InputError, match=r"gone.tif: cannot be read, check the address"):
        open_scene(f"{server}/gone.tif", date="2023-06-04")
    saved(tmp_path / "item.json", item_of("x", "2023-06-04T10:00:00Z", {"red": asset("file:///etc/passwd")}))
    with pytest.raises(InputError, match="a file of this machine"):
        items(f"{server}/catalog.json")


class _Hostile(http.server.BaseHTTPRequestHandler):
    """An API that sends its callers to another host: by redirect, or by the link to the next page."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(str(self.headers["Host"]).split(":")[0])
        here, there = (f"http://{name}:{self.server.server_address[1]}" for name in ("127.0.0.1", "localhost"))
        two_faced = self.path == "/two-faced.tif" and self.command == "GET"
        if self.path in {"/redirect.json", "/scene.tif"} or two_faced:
            self.send_response(302)
            self.send_header("Location", f"{there}/item.json")
            self.end_headers()
            return
        page = {
            "type": "FeatureCollection",
            "features": [{"type": "Feature"}],
            "links": [{"rel": "next", "href": f"{there}/more"}],
        }
        classes = [f"https://api.stacspec.org/v1.0.0/{name}" for name in ("core", "item-search")]
        root = {"type": "Catalog", "id": "x", "description": "x", "stac_version": "1.0.0", "conformsTo": classes}
        links = [
            {"rel": "self", "href": f"{here}/"},
            {"rel": "search", "href": f"{here}/search", "type": "application/geo+json", "method": "POST"},
        ]
        body = json.dumps(page if "search" in self.path else {**root, "links": links}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", ["redirect.json", ""])
def test_no_host_is_asked_that_was_not_allowed(path: str) -> None:
    _Hostile.asked.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Hostile) as hostile:
        threading.Thread(target=hostile.serve_forever, daemon=True).start()
        with pytest.raises(InputError, match="leads to localhost"):
            items(f"http://127.0.0.1:{hostile.server_address[1]}/{path}")
        hostile.shutdown()
    assert set(_Hostile.asked) == {"127.0.0.1"}


@pytest.mark.parametrize("name", ["scene", "two-faced"])
@pytest.mark.parametrize("by", ["path", "catalog"])
def test_no_scene_is_read_from_where_its_host_redirects_to(tmp_path: Path, by: str, name: str) -> None:
    _Hostile.asked.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Hostile) as hostile:
        threading.Thread(target=hostile.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{hostile.server_address[1]}/{name}.tif"
        saved(tmp_path / "a.json", item_of("x", "2023-06-04T10:00:00Z", {"red": asset(address)}))
        scene = {"stac": "a.json"} if by == "catalog" else {"path": address, "date": "2023-06-04"}
        content = {
            "site": {"id": "a"},
            "scenes": [scene],
            "bands": {"red": 1},
            "read": {"allow_hosts": [address.split("/")[2]]},
        }
        (tmp_path / "w.yaml").write_text(json.dumps(content))
        with pytest.raises(InputError, match=r"leads to localhost:[0-9]+, which is not allowed"):
            make_plan(tmp_path / "w.yaml")
        hostile.shutdown()
    assert set(_Hostile.asked) == {"127.0.0.1"}


def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.tif").symlink_to("a.tif")
    with pytest.raises(InputError, match="leads to no file"):
        resolved("a.tif", str(tmp_path / "catalog.json"))
