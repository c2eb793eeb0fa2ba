"""Three windows of real harbour tiles, whose containers were labelled by hand: count, places and interval.

`labels/README.md` says how the labels were made. The true count is a range, from the sure tops to all of them.
"""

from __future__ import annotations

import csv
import datetime as dt
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import geopandas as gpd
import numpy as np
import rasterio
import shapely
import yaml
from affine import Affine
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.judge_sites import finished  # noqa: E402
from changedet import Run  # noqa: E402
from changedet.kernels.containers import CONTAINER_KINDS  # noqa: E402
from scenarios.yards import found_boxes, hits  # noqa: E402

LABELS = ROOT / "benchmarks" / "labels"
GSD_M = 0.5
EAST_M, NORTH_M = 500000.0, 5000000.0
"""Corner of a tile on its made-up grid, the one that `scenarios.yards.found_boxes` takes off."""
CRS = "EPSG:32654"
DAY = dt.date(2020, 1, 1)


@dataclass(frozen=True)
class Window:
    """One labelled window; boxes are x, y, length, width (m, from the tile's corner), angle (radians)."""

    name: str
    tile: str
    outline: shapely.Geometry
    boxes: NDArray[np.float64]
    sure: NDArray[np.bool_]


def rows_of(name: str) -> list[dict[str, str]]:
    """The rows of a table of labels."""
    with (LABELS / name).open() as source:
        return list(csv.DictReader(source))


def outlines(tile: str, what: str, window: str = "") -> shapely.Geometry:
    """What is drawn of one kind on a tile, in metres from its corner."""
    rings = (
        np.array(row["outline"].split(), float).reshape(-1, 2) * GSD_M
        for row in rows_of("harbour_outlines.csv")
        if (row["tile"], row["what"], row["window"]) == (tile, what, window)
    )
    return shapely.union_all([shapely.Polygon(ring) for ring in rings])


def windows() -> Iterator[Window]:
    """The labelled windows."""
    rows = rows_of("harbour_windows.csv")
    for name in sorted({row["window"] for row in rows}):
        own = [row for row in rows if row["window"] == name]
        boxes = np.array([[float(row[key]) for key in ("x", "y", "length", "width", "angle")] for row in own])
        boxes *= [GSD_M, GSD_M, GSD_M, GSD_M, np.pi / 180]
        tile = own[0]["tile"]
        yield Window(name, tile, outlines(tile, "window", name), boxes, np.array([row["sure"] == "1" for row in own]))


def tile_run(site: Path, path: Path, parts: list[Window], reuse: bool) -> Run:
    """One date of a whole tile on `auto`, with its windows as zones."""
    site.mkdir(parents=True, exist_ok=True)
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise FileNotFoundError(path)
    profile = {"driver": "GTiff", "height": image.shape[0], "width": image.shape[1], "count": 3, "dtype": "uint8"}
    profile |= {"crs": CRS, "transform": Affine(GSD_M, 0.0, EAST_M, 0.0, -GSD_M, NORTH_M)}
    with rasterio.open(site / "scene.tif", "w", **profile) as target:
        target.write(np.moveaxis(image, 2, 0))
    on_ground = [shapely.transform(own.outline, lambda xy: xy * [1, -1] + [EAST_M, NORTH_M]) for own in parts]
    zones = gpd.GeoDataFrame({"name": [own.name for own in parts]}, geometry=on_ground, crs=CRS)
    zones.to_file(site / "zones.gpkg", driver="GPKG")
    content = {
        "site": {"id": path.stem, "zones": "zones.gpkg"},
        "scenes": [{"date": DAY, "path": "scene.tif"}],
        "bands": {"blue": 1, "green": 2, "red": 3},
        "outputs": {"dir": "out"},
    }
    (site / "workflow.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    return finished(site / "workflow.yaml", reuse=reuse)[0]


def harbour_windows(folder: Path, data: Path, reuse: bool) -> Iterator[tuple[str, dict[str, object]]]:
    """Figures of each window, and the boxes that each tile has on cranes and on bare parts of ships."""
    known = list(windows())
    for tile in sorted({own.tile for own in known}):
        path = data / "harbour" / f"{tile}.jpg"
        if not path.exists():
            continue
        parts = [own for own in known if own.tile == tile]
        done = tile_run(folder / f"real-harbour-{tile}", path, parts, reuse)
        found = found_boxes(done.containers[done.containers["kind"].isin(CONTAINER_KINDS)])
        for own in parts:
            yield f"harbour window {own.name}", window_figures(own, found) | interval(done, own)
        told: dict[str, object] = {}
        for what in ("crane", "ship"):
            drawn = outlines(tile, what)
            told[f"on a {what}"] = int(shapely.contains_xy(drawn, found[:, 0], found[:, 1]).sum()) if len(found) else 0
        yield f"harbour things {tile}", told


def window_figures(own: Window, found: NDArray[np.float64]) -> dict[str, object]:
    """Count and F1; a box found where a doubtful one is labelled counts neither way in F1."""
    inside = found[shapely.contains_xy(own.outline, found[:, 0], found[:, 1])] if len(found) else found
    told, true = hits(inside, own.boxes)
    right = int(own.sure[true].sum())
    sure, all_of_them = int(own.sure.sum()), len(own.boxes)
    middle = (sure + all_of_them) / 2
    counted = len(inside) - (len(told) - right)
    return {
        "true": f"{sure} to {all_of_them}",
        "found": len(inside),
        "error %": 100 * (len(inside) - middle) / middle,
        "F1": 2 * right / max(counted + sure, 1),
    }


def interval(done: Run, own: Window) -> dict[str, object]:
    """What the run says of the window as a zone, and whether the middle of the true range lies within."""
    row = done.series[done.series["zone"] == own.name].iloc[0]
    low, high = float(row["containers_low"]), float(row["containers_high"])
    middle = (int(own.sure.sum()) + len(own.boxes)) / 2
    return {
        "expected": float(row["containers_expected"]),
        "low": low,
        "high": high,
        "holds": bool(low <= middle <= high),
    }
