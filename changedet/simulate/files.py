"""Writes a world to disk: GeoTIFF scenes, zones, the workflow file, the truth."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import pyogrio
import rasterio
from rasterio.enums import ColorInterp
from rasterio.transform import Affine
from rasterio.windows import Window
from shapely import Polygon

from changedet.simulate.looks import Look
from changedet.simulate.render import BLOCK_PX, Renderer
from changedet.simulate.truth import Truth
from changedet.simulate.world import World

PARTS = ("scenes", "truth", "zones.geojson", "aoi.geojson")
_COLOURS = {"red": ColorInterp.red, "green": ColorInterp.green, "blue": ColorInterp.blue, "pan": ColorInterp.gray}

_ATTRIBUTION = "sensor: simulated, credit: changedet simulate"


def write_scene(world: World, index: int, path: Path) -> None:
    """Write one date as a tiled, compressed GeoTIFF, block by block; bands are named by their roles, 0 is no data.

    Parameters
    ----------
    world : World
        The site.
    index : int
        Number of the date.
    path : pathlib.Path
        Of the file.
    """
    look = world.looks[index]
    profile = {
        "driver": "GTiff",
        "width": look.shape[1],
        "height": look.shape[0],
        "count": len(look.bands),
        "dtype": look.dtype,
        "nodata": 0,
        "crs": f"EPSG:{look.epsg}",
        "transform": Affine(*look.transform),
        "tiled": True,
        "blockxsize": BLOCK_PX,
        "blockysize": BLOCK_PX,
        "compress": "deflate",
        "zlevel": 9,
        "predictor": 2,
        "interleave": "band",
        "BIGTIFF": "IF_SAFER",
    }
    renderer = Renderer(world, index)
    with rasterio.open(path, "w", **profile) as target:
        target.colorinterp = [_COLOURS.get(band, ColorInterp.undefined) for band in look.bands]
        target.descriptions = look.bands
        target.update_tags(**scene_tags(world, look))
        for row, column, rows, columns in renderer.blocks():
            target.write(renderer.block((row, column, rows, columns)), window=Window(column, row, columns, rows))


def scene_tags(world: World, look: Look) -> dict[str, str]:
    """Date, time, sun and view as GeoTIFF tags that `open_scene` and other readers know.

    Parameters
    ----------
    world : World
        The site.
    look : Look
        The acquisition.

    Returns
    -------
    dict of str to str
        Value by tag; angles in degrees.
    """
    minutes = round(look.hour * 60)
    return {
        "TIFFTAG_DATETIME": f"{look.date:%Y:%m:%d} {minutes // 60:02d}:{minutes % 60:02d}:00",
        "AREA_OR_POINT": "Area",
        "datetime": f"{look.date.isoformat()}T{minutes // 60:02d}:{minutes % 60:02d}:00Z",
        "gsd": f"{look.gsd_m:g}",
        # A colon ends a tag's name in GDAL: STAC's own names would all become 'view'.
        "sun_azimuth": f"{look.sun_azimuth_deg:.2f}",
        "sun_elevation": f"{look.sun_elevation_deg:.2f}",
        "view_azimuth": f"{look.view_azimuth_deg:.2f}",
        "off_nadir": f"{look.off_nadir_deg:.2f}",
        "software": "changedet simulate",
        "kind": world.kind,
        "seed": str(world.seed),
    }


@contextmanager
def _fixed_clock() -> Iterator[None]:
    """GeoPackages note when they were written; the same series must give the same bytes."""
    kept = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2000-01-01T00:00:00.000Z"})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": kept})


def write_truth(world: World, folder: Path) -> None:
    """Write truth.gpkg, truth.csv and a change mask for each date but the first.

    Parameters
    ----------
    world : World
        The site.
    folder : pathlib.Path
        Made where missing; an existing truth.gpkg is replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    truth = Truth(world)
    package = folder / "truth.gpkg"
    package.unlink(missing_ok=True)
    layers = {
        "containers": (truth.containers(), "Polygon"),
        "tracks": (truth.tracks(), "Point"),
        "changed": (truth.changes(), "Polygon"),
        "footprint": (truth.footprints(), "MultiPolygon"),
    }
    if world.railcars:
        layers["railcars"] = (truth.railcars(), "Polygon")
    with _fixed_clock():
        for name, (table, geometry) in layers.items():
            table.to_file(package, layer=name, driver="GPKG", engine="pyogrio", geometry_type=geometry, use_arrow=False)
    truth.series().to_csv(folder / "truth.csv", index=False, lineterminator="\n")
    for index in range(1, len(world.looks)):
        write_mask(truth, index, folder / f"{world.dates[index].isoformat()}_mask.tif")


def write_mask(truth: Truth, index: int, path: Path) -> None:
    """Write a date's change mask on the first scene's grid.

    Parameters
    ----------
    truth : Truth
        Of the site.
    index : int
        Number of the date.
    path : pathlib.Path
        Of the GeoTIFF, uint8: 1 changed, 0 not, 255 not observed.
    """
    first = truth.world.looks[0]
    profile = {
        "driver": "GTiff",
        "width": first.shape[1],
        "height": first.shape[0],
        "count": 1,
        "dtype": "uint8",
        "nodata": 255,
        "crs": f"EPSG:{first.epsg}",
        "transform": Affine(*first.transform),
        "compress": "deflate",
        "zlevel": 9,
        "tiled": True,
        "blockxsize": BLOCK_PX,
        "blockysize": BLOCK_PX,
    }
    with rasterio.open(path, "w", **profile) as target:
        target.write(truth.mask(index), 1)
        target.set_band_description(1, "1 changed since the first date, 0 not, 255 not judged")


def write_zones(world: World, folder: Path) -> None:
    """Write aoi.geojson (the first scene's extent) and, where there are yards, zones.geojson, in EPSG:4326.

    Parameters
    ----------
    world : World
        The site.
    folder : pathlib.Path
        Exists.
    """
    half = world.size_m / 2
    aoi = Polygon([(-half, -half), (half, -half), (half, half), (-half, half)])
    names = list(world.zones)
    layers = [("aoi.geojson", [aoi], [world.kind])]
    if names:
        layers.append(("zones.geojson", [Polygon(world.zones[name]) for name in names], names))
    for path, shapes, labels in layers:
        table = gpd.GeoDataFrame({"name": labels}, geometry=gpd.GeoSeries(shapes, crs=world.epsg), crs=world.epsg)
        if world.sidings and labels is names:
            table["kind"] = ["siding" if name in world.sidings else None for name in names]
        table.geometry = table.geometry.translate(world.centre_east_m, world.centre_north_m)
        collection = json.loads(table.to_crs(4326).to_json(drop_id=True))
        (folder / path).write_text(json.dumps(_rounded(collection), indent=1) + "\n", encoding="utf-8")


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, 8)
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return {k: _rounded(v) for k, v in value.items()} if isinstance(value, dict) else value


def scene_line(look: Look, path: str) -> str:
    """A scene's entry in the workflow file.

    Parameters
    ----------
    look : Look
        The acquisition.
    path : str
        Of the GeoTIFF, from the workflow file's folder.

    Returns
    -------
    str
        One line of YAML with date, path, sun, view and what a figure says of its origin.
    """
    sun = f"sun: {{azimuth_deg: {look.sun_azimuth_deg:.2f}, elevation_deg: {look.sun_elevation_deg:.2f}}}"
    view = f"view: {{azimuth_deg: {look.view_azimuth_deg:.2f}, off_nadir_deg: {look.off_nadir_deg:.2f}}}"
    return f"  - {{date: {look.date.isoformat()}, path: {path}, {sun}, {view}, {_ATTRIBUTION}}}"


def written_by(kind: str, seed: int) -> str:
    """How the first line of a series' workflow file begins.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    seed : int
        Of the series.

    Returns
    -------
    str
        A YAML comment that names both.
    """
    return f"# Written by changedet simulate: kind {kind}, seed {seed}."


def write_workflow(world: World, folder: Path, name: str) -> Path:
    """Write the workflow file that runs the series.

    Parameters
    ----------
    world : World
        The site.
    folder : pathlib.Path
        That holds scenes/, aoi.geojson and zones.geojson.
    name : str
        Site id, and the file's name without .yaml.

    Returns
    -------
    pathlib.Path
        The file.
    """
    scenes = "\n".join(scene_line(look, f"scenes/{look.date.isoformat()}.tif") for look in world.looks)
    zones = "  zones: zones.geojson         # the series is also given for each yard\n" if world.zones else ""
    bands = dict.fromkeys(look.bands for look in world.looks)
    roles = (
        ""
        if len(bands) > 1
        else "bands: {" + ", ".join(f"{role}: {k}" for k, role in enumerate(next(iter(bands)), 1)) + "}\n"
    )
    text = (
        f"{written_by(world.kind, world.seed)} Its truth is in truth/.\n"
        f"site:\n  id: {name}\n  name: Simulated depot ({world.kind}, seed {world.seed})\n  aoi: aoi.geojson\n{zones}"
        f"scenes:\n{scenes}\n{roles}before: {world.dates[0].isoformat()}           # the first date is the reference\n"
        "outputs: {dir: out}\n"
    )
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def write_series(world: World, folder: Path, name: str) -> Path:
    """Write scenes, truth, zones and the workflow file of a world.

    Parameters
    ----------
    world : World
        The site.
    folder : pathlib.Path
        Made where missing.
    name : str
        Site id.

    Returns
    -------
    pathlib.Path
        The workflow file.
    """
    (folder / "scenes").mkdir(parents=True, exist_ok=True)
    for index, date in enumerate(world.dates):
        write_scene(world, index, folder / "scenes" / f"{date.isoformat()}.tif")
    write_truth(world, folder / "truth")
    write_zones(world, folder)
    return write_workflow(world, folder, name)
