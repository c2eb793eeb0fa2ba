"""Defects of scenes, catalogs, areas and words of the command line, each with a check: see defects.py."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import struct
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyproj
import rasterio
import shapely
from affine import Affine
from small_rasters import T, write

from benchmarks.defect_site import DATES, NAMES, SIDE, Site, part, serving, text_of

AREA = shapely.box(T.c + 20, T.f - 100, T.c + 100, T.f - 20)
CORNER = gpd.GeoSeries([AREA], crs="EPSG:32633").to_crs("EPSG:4326").iloc[0]


def _asks(site: Site, name: str, text: str) -> str:
    with serving() as (host, asked):
        (site.folder / name).write_text(text.replace("HOST", host))
        site.call("check", site.workflow(site={"id": "tiny", "aoi": name}))
    return f"{len(asked)} requests" if asked else ""


LINK = {"type": "link", "properties": {"href": "http://HOST/crs", "type": "proj4"}}
SHAPE = {**shapely.geometry.mapping(CORNER), "crs": LINK}
FEATURE = {"type": "Feature", "properties": {}, "geometry": SHAPE}
ALL = {"type": "FeatureCollection", "features": [FEATURE]}
part(5, "a CRS link in a geometry")(lambda site: _asks(site, "a.geojson", json.dumps(ALL)))
part(5, "a CRS link in a line of GeoJSON")(lambda site: _asks(site, "a.geojsonl", json.dumps(FEATURE) + "\n"))
part(5, "a CRS link in a script")(
    lambda site: _asks(site, "a.geojson", f"loadGeoJSON({json.dumps({**ALL, 'crs': LINK})})")
)


@part(5, "a redirect of the third request")
def _redirected(site: Site) -> str:
    large = np.random.default_rng(2).integers(1, 60_000, (4, 900, 900)).astype(np.uint16)
    options = {"tiled": True, "blockxsize": 256, "blockysize": 256, "descriptions": NAMES}
    content = Path(write(site.folder / "large.tif", large, **options)).read_bytes()
    with (
        serving(content) as (other, never),
        serving(content, f"http://{other}/large.tif") as (host, asked),
    ):
        scenes = [{"date": DATES[0], "path": "large.tif"}, {"date": DATES[1], "path": f"http://{host}/large.tif"}]
        said = site.run(scenes=scenes)
    if len(asked) < 3:
        return f"no third request ({said})"
    return f"{len(never)} requests to another host" if never else ("" if said else "done")


def _item(href: str) -> dict[str, object]:
    assets = {"all": {"href": href, "type": "image/tiff", "eo:bands": [{"name": n, "common_name": n} for n in NAMES]}}
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": "x",
        "links": [],
        "collection": "s",
        "geometry": shapely.geometry.mapping(CORNER),
        "bbox": list(CORNER.bounds),
        "assets": assets,
        "properties": {"datetime": f"{DATES[1]}T10:00:00Z"},
    }


@part(5, "another port of an allowed host")
def _port(site: Site) -> str:
    with serving((site.folder / f"{DATES[1]}.tif").read_bytes()) as (host, asked):
        (site.folder / "item.json").write_text(json.dumps(_item(f"http://{host}/a.tif")))
        scenes = [{"date": DATES[0], "path": f"{DATES[0]}.tif"}, {"stac": "item.json", "assets": ["all"]}]
        site.call("check", site.workflow(scenes=scenes, read={"allow_hosts": ["127.0.0.1"]}))
    return f"{len(asked)} requests" if asked else ""


@part(6, "an ENVI header beside a link to any file")
def _linked(site: Site) -> str:
    (site.folder / "secret.txt").write_bytes(b"private!" * SIDE * SIDE)
    header = f"ENVI\nsamples = {SIDE}\nlines = {SIDE}\nbands = 4\nheader offset = 0\ndata type = 12\ninterleave = bsq\n"
    names = "map info = {UTM, 1, 1, 500000, 5400000, 2, 2, 33, North, WGS-84}\nband names = {blue, green, red, nir}\n"
    (site.folder / "sent.hdr").write_text(header + names)
    (site.folder / "sent.img").symlink_to("secret.txt")
    scenes = [{"date": DATES[0], "path": f"{DATES[0]}.tif"}, {"date": DATES[1], "path": "sent.img"}]
    return site.refused("run", site.workflow(scenes=scenes), "--out", site.out)


def _with_vrt(site: Site, name: str, *words: object) -> str:
    said = site.run(outputs={"formats": "all"})
    with serving((site.folder / f"{DATES[1]}.tif").read_bytes()) as (host, asked):
        band = (
            '<VRTRasterBand dataType="UInt16" band="{}"><SimpleSource><SourceFilename>/vsicurl/http://{}/a.tif'
            "</SourceFilename><SourceBand>{}</SourceBand></SimpleSource></VRTRasterBand>"
        )
        place = f"<SRS>EPSG:32633</SRS><GeoTransform>{T.c},{T.a},0,{T.f},0,{T.e}</GeoTransform>"
        bands = "".join(band.format(k, host, k) for k in (1, 2, 3, 4))
        text = f'<VRTDataset rasterXSize="{SIDE}" rasterYSize="{SIDE}">{place}{bands}</VRTDataset>'
        (site.run_folder / name).write_text(text)
        site.call(*words)
    return said or (f"{len(asked)} requests" if asked else "")


part(6, "a VRT as a scene of a foreign run: report")(
    lambda site: _with_vrt(site, f"scenes/{DATES[1]}.tif", "report", site.run_folder)
)


@part(6, "a VRT as a mask of a foreign run: score")
def _scored(site: Site) -> str:
    write(site.folder / "truth.tif", np.zeros((SIDE, SIDE), np.uint8))
    words = ["score", site.run_folder, "--truth", site.folder / "truth.tif", "--date", DATES[1]]
    return _with_vrt(site, f"change/{DATES[1]}_mask.tif", *words)


def _placed(site: Site, crs: str, transform: Affine, *, refused: bool = False, driver: str = "GTiff") -> str:
    profile = {"driver": driver, "dtype": "uint16", "count": 4, "height": 40, "width": 40, "transform": transform}
    for day in DATES[:2]:
        with rasterio.open(site.folder / f"{day}.tif", "w", crs=pyproj.CRS(crs).to_wkt(), **profile) as out:
            out.write(np.random.default_rng(3).integers(900, 1000, (4, 40, 40)).astype(np.uint16))
            out.descriptions = NAMES
    workflow = site.workflow(DATES[:2])
    if refused:
        return site.refused("check", workflow)
    done = site.call("check", workflow)
    return f"status {done.returncode}: {done.stderr[-160:]}" if done.returncode else ""


GEOS = "+proj=geos +h=35786023 +sweep=y +ellps=GRS80 +units=m +lon_0=0"
MOON = "+proj=longlat +R=1737400 +no_defs"
part(8, "another planet's CRS")(lambda site: _placed(site, MOON, Affine(1e-4, 0, 10, 0, -1e-4, 20), refused=True))
part(8, "a full disk")(lambda site: _placed(site, GEOS, Affine(278_400, 0, -5_568_000, 0, -278_400, 5_568_000)))
part(8, "an extent without end")(
    lambda site: _placed(site, "EPSG:32633", Affine(10, 0, 1e15, 0, -10, 1e15), refused=True)
)


@part(8, "a CRS with heights")
def _heights(site: Site) -> str:
    said = _placed(site, pyproj.CRS("EPSG:32633").to_3d().to_wkt(), Affine(10, 0, 500_000, 0, -10, 5_400_000))
    return said or site.run(dates=DATES[:2], outputs={"formats": "all"})


@part(8, "an Imagine file whose tree leads back into itself")
def _hfa(site: Site) -> str:
    profile = {"driver": "HFA", "width": SIDE, "height": SIDE, "count": 3, "dtype": "uint8", "crs": "EPSG:32633"}
    with rasterio.open(site.folder / "whole.img", "w", transform=T, **profile) as out:
        out.write(np.ones((3, SIDE, SIDE), np.uint8))
    whole = (site.folder / "whole.img").read_bytes()
    (root,) = struct.unpack_from("<I", whole, struct.unpack_from("<I", whole, 16)[0] + 8)
    # An entry begins with the places of the next, previous, parent and first child entry.
    child = struct.unpack_from("<4I", whole, root)[3]
    names = ("whole.img", "a.img")
    scenes = [{"date": day, "path": name, "bands": {"red": 1}} for day, name in zip(DATES[:2], names, strict=True)]
    workflow, wrong = site.workflow(scenes=scenes), []
    for entry, pointer, to in (
        (child, 0, child),
        (child, 3, root),
        (child, 3, child),
        (root, 3, root),
        (root, 0, root),
    ):
        content = bytearray(whole)
        struct.pack_into("<I", content, entry + 4 * pointer, to)
        (site.folder / "a.img").write_bytes(content)
        done = site.call("check", workflow)
        if done.returncode not in (0, 2) or "Traceback" in done.stderr:
            wrong.append(f"status {done.returncode}: {done.stderr[-100:]}")
    return " ".join(wrong)


@part(9, "a STAC entry that yields nothing")
def _nothing(site: Site) -> str:
    (site.folder / "item.json").write_text(json.dumps(_item(f"{DATES[1]}.tif")))
    scenes = [{"date": day, "path": f"{day}.tif"} for day in DATES[::2]]
    search = {"stac": "item.json", "assets": ["all"], "datetime": "2019-01/2019-02"}
    done = site.call("check", site.workflow(scenes=[*scenes, search]))
    return "" if done.returncode or "item.json" in done.stdout + done.stderr else "not a word"


@part(9, "an area under a pixel")
def _tiny(site: Site) -> str:
    west, north = T.c + 50.2, T.f - 50.2
    area = {"bbox": [west, north - 0.3, west + 0.3, north], "crs": "EPSG:32633"}
    return site.refused("check", site.workflow(site={"id": "tiny", "aoi": area}))


@part(9, "a figure's reason is empty")
def _reason(site: Site) -> str:
    flat = np.full((4, 300, 300), 900, np.uint16)
    write(site.folder / f"{DATES[0]}.tif", flat, Affine(1, 0, T.c, 0, -1, T.f), descriptions=NAMES)
    said = site.run(dates=DATES[:1], mask={"method": "auto"}, objects={"method": "auto"}, tracks={"method": "auto"})
    if said:
        return said
    empty = [name for name, why in json.loads(text_of(site, "summary.json"))["unavailable"].items() if not why]
    row = dict(zip(*(line.split(",") for line in text_of(site, "timeseries.csv").splitlines()[:2]), strict=True))
    return (
        f"no reason for {empty}"
        if empty
        else f"0 for what is not seen: {row['containers_expected']}" * bool(row["containers_expected"])
    )


def _catalog(site: Site) -> Path:
    catalog = {"type": "Catalog", "id": "c", "stac_version": "1.0.0", "links": [{"rel": "child", "href": "child.json"}]}
    (site.folder / "catalog.json").write_text(json.dumps(catalog))
    return site.workflow(scenes=[{"stac": "catalog.json"}])


@part(10, "a STAC child that is a pipe")
def _pipe(site: Site) -> str:
    os.mkfifo(site.folder / "child.json")
    return site.refused("check", _catalog(site), timeout=30)


@part(10, "a STAC child that is /dev/zero")
def _zero(site: Site) -> str:
    (site.folder / "child.json").symlink_to("/dev/zero")
    return site.refused("check", _catalog(site), timeout=30, shell="ulimit -v 8000000")


@part(10, "an area by an endless view")
def _view(site: Site) -> str:
    path = site.folder / "a.gpkg"
    gpd.GeoDataFrame({"name": ["a"]}, geometry=[AREA], crs="EPSG:32633").to_file(path, layer="site")
    endless = "WITH RECURSIVE n(fid) AS (SELECT 1 UNION ALL SELECT fid + 1 FROM n) SELECT fid, NULL AS geom FROM n"
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"CREATE VIEW endless AS {endless}")
        database.execute("PRAGMA foreign_keys = OFF")
        for table in ("gpkg_contents", "gpkg_geometry_columns"):
            database.execute(f"UPDATE {table} SET table_name = 'endless'")
        database.commit()
    return site.refused("check", site.workflow(site={"id": "tiny", "aoi": "a.gpkg"}), timeout=40)


@part(10, "Ctrl-C waits for blocks in flight")
def _interrupted(site: Site) -> str:
    site.call("simulate", site.folder / "sim", "--dates", 1, "--size", 400, "--gsd", 0.3, "--name", "wide")
    words = ["-m", "changedet", "run", str(site.folder / "sim" / "wide.yaml"), "--out", str(site.out)]
    env = {**os.environ, "PYTHONPATH": str(site.package)}
    running = subprocess.Popen([sys.executable, *words], env=env, stderr=subprocess.PIPE)
    slowest = 0.0
    steps = site.out / "wide" / ".changedet" / "steps"
    begun = time.monotonic()
    while running.poll() is None and time.monotonic() - begun < SECONDS_TO_BEGIN:
        if len(list(steps.glob("*"))) > 0:
            break
        time.sleep(0.2)
    time.sleep(3)
    sent = time.monotonic()
    running.send_signal(signal.SIGINT)
    running.wait(timeout=120)
    slowest = time.monotonic() - sent
    return f"took {slowest:.0f} s" if slowest > MOST_SECONDS or running.returncode != 130 else ""


SECONDS_TO_BEGIN, MOST_SECONDS = 90, 5


part(13, "degrees across 180 degrees")(lambda site: _placed(site, "EPSG:4326", Affine(1e-4, 0, 179.998, 0, -1e-4, -17)))


@part(13, "new content of the same size and time")
def _forged(site: Site) -> str:
    said = site.run()
    before = site.contents()
    path = site.folder / f"{DATES[1]}.tif"
    status, values = path.stat(), rasterio.open(path).read()
    write(path, values[:, ::-1], descriptions=NAMES)
    if path.stat().st_size != status.st_size:
        return "not the same size"
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    return said or site.run() or ("not seen" if site.contents() == before else "")


part(13, "sample --seed -1")(lambda site: site.run() or site.refused("sample", site.run_folder, "--seed", -1))
part(13, "--scheduler tls://")(
    lambda site: site.refused("run", site.workflow(), "--scheduler", "tls://127.0.0.1:1", "--out", site.out)
)


@part(13, "init -o by a link into nowhere")
def _init(site: Site) -> str:
    (site.folder / "a.yaml").symlink_to("no/where/a.yaml")
    return site.refused("init", f"{DATES[0]}.tif", f"{DATES[1]}.tif", "-o", "a.yaml")


@part(13, "report where nothing can be written")
def _read_only(site: Site) -> str:
    said = site.run(outputs={"formats": "all"})
    # Permissions do not bind root: a report that is a folder cannot be replaced by anybody.
    subprocess.run(["mount", "--bind", str(site.run_folder), str(site.run_folder)], check=False, capture_output=True)
    done = subprocess.run(
        ["mount", "-o", "remount,ro,bind", str(site.run_folder)], check=False, capture_output=True, text=True
    )
    try:
        return said or f"no mount: {done.stderr}" * bool(done.returncode) or site.refused("report", site.run_folder)
    finally:
        subprocess.run(["umount", str(site.run_folder)], check=False, capture_output=True)


@part(13, "score blames the truth for a broken mask")
def _blamed(site: Site) -> str:
    said = site.run()
    write(site.folder / "truth.tif", np.zeros((SIDE, SIDE), np.uint8))
    mask = site.run_folder / "change" / f"{DATES[1]}_mask.tif"
    mask.write_bytes(mask.read_bytes()[:20])
    words = ["score", site.run_folder, "--truth", "truth.tif", "--date", DATES[1]]
    return said or site.refused(*words, said=mask.name)


@part(13, "a catalog 480 deep")
def _deep(site: Site) -> str:
    for k in range(480):
        link = {"rel": "child", "href": "catalog.json" if k == 480 else f"{k + 1}.json"}
        catalog = {"type": "Catalog", "id": str(k), "stac_version": "1.0.0", "links": [link]}
        (site.folder / f"{k}.json").write_text(json.dumps(catalog))
    (site.folder / "480.json").write_text(json.dumps(_item(f"{DATES[1]}.tif")))
    return site.refused("check", site.workflow(scenes=[{"stac": "0.json"}]), said="deep")
