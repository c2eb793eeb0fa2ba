"""Ships found: on drawn harbours of fresh seeds, and on the harbour tiles with their labels.

    python benchmarks/ships.py [--seeds 8] [--tiles DIR] [--pictures DIR] [--painted SITE [SITE ..]]

A vessel of 25 m and more is found where a rectangle's upright box overlaps its own by .3 and more (intersection over
union), each taken once. Recall is of the labels, precision of the found. Lengths are compared where both agree, and of
drawn harbours how many pictures have as many vessels as the bounds of `ships` say. At the quays of two tiles berths
were drawn by hand along the quay's edge, as users draw them. A painted SITE is of training/painter, kind port: its
ships are the longest outlines of the layer `ignore`, as far as the frame shows them, its berth the strip of 32 m before
the terminal; clouds are not masked here, so that what they hide fails. It is read by all its bands, as a run does, and
by its colours alone. Two CPU minutes.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import geopandas as gpd
import numpy as np
import shapely

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from affine import Affine
from shapely.geometry import LineString, Polygon, box
from shapely.geometry.base import BaseGeometry

from changedet.blocks import Window
from changedet.grid import Grid
from changedet.pipeline.things.berths import FOUND, TRUE
from changedet.pipeline.things.kernels import vessels
from changedet.pipeline.things.kernels.found_bounds import found_bounds
from changedet.pipeline.things.kernels.water import water
from changedet.pipeline.things.open_water import Seen
from changedet.pipeline.things.ships import NEAR_M, outlines_of
from scenarios.harbours import harbour
from scenarios.sidings import scenes

LARGE_M: Final = 25.0
LEAST_IOU: Final = 0.3
TILE_M: Final = 0.5
SHIP_M: Final = 90.0, 16.0
"""Length and width from which an outline of a painted port is a ship: its cranes are shorter."""
SKIPPED_M: Final = 0.8
"""By which the painter's outlines are longer than the ships."""
BERTH_M: Final = 32.0
"""Width of a berth along a painted quay."""
BERTHS: Final = {
    "01_05400_09600": [(194, 131), (492, 600), (442, 632), (144, 163)],
    "01_06600_07200": [(50, 0), (408, 600), (472, 562), (112, -38)],
}
"""Strips along quays in pixels of the tile, some 30 m to 37 m wide."""


class Found(NamedTuple):
    """Hits among labels and among the found, relative errors of lengths, and of each picture whether bounds hold."""

    hit: int
    labels: int
    right: int
    found: int
    lengths: list[float]
    held: list[bool]


def _upright(corners: np.ndarray) -> np.ndarray:
    return np.r_[corners.min(axis=0), corners.max(axis=0)]


def _iou(one: np.ndarray, other: np.ndarray) -> float:
    shared = np.clip(np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2]), 0, None).prod()
    return float(shared / ((one[2:] - one[:2]).prod() + (other[2:] - other[:2]).prod() - shared))


def compared(found: list[tuple[np.ndarray, float]], labels: list[tuple[np.ndarray, float]]) -> Found:
    """Match what was found to labels, given upright boxes in metres and lengths; the best overlaps first."""
    pairs = [(_iou(one, other), i, j) for i, (one, _) in enumerate(found) for j, (other, _) in enumerate(labels)]
    of_found: dict[int, int] = {}
    for overlap, i, j in sorted(pairs, reverse=True):
        if overlap >= LEAST_IOU and i not in of_found and j not in of_found.values():
            of_found[i] = j
    large = [j for j, (_, length) in enumerate(labels) if length >= LARGE_M]
    long = [i for i, (_, length) in enumerate(found) if length >= LARGE_M]
    errors = [found[i][1] / labels[j][1] - 1 for i, j in of_found.items() if labels[j][1] >= LARGE_M]
    hits = set(of_found.values())
    low, high = found_bounds(len(long), FOUND, TRUE)
    held = [low <= len(large) <= high]
    return Found(sum(j in hits for j in large), len(large), sum(i in of_found for i in long), len(long), errors, held)


def vessels_of(image: np.ndarray, gsd_m: float, berth: Polygon | None) -> list[tuple[np.ndarray, vessels.Outline]]:
    """Upright box in metres and outline of each vessel; the berth in metres from the upper left corner, y down."""
    shown = np.isfinite(image).all(axis=0)
    height, width = shown.shape
    grid = Grid("EPSG:32654", Affine(gsd_m, 0, 500_000, 0, -gsd_m, 3_900_000), (height, width))
    berths, near = [], None
    if berth is not None:
        ring = np.asarray(berth.exterior.coords)
        berths = [Polygon(np.column_stack([500_000 + ring[:, 0], 3_900_000 - ring[:, 1]]))]
        near = grid.burn([(berths[0].buffer(NEAR_M), 1)], Window(0, 0, height, width)) > 0
    seen = Seen(water(image, gsd_m, near), shown)
    return [(_upright(one.corners * gsd_m), one) for one in outlines_of(image, seen, grid, berths)]


def drawn(seeds: range) -> Found:
    """All vessels of drawn harbours that lie wholly in the picture, with a berth along a quay."""
    total = Found(0, 0, 0, 0, [], [])
    for seed in seeds:
        one = harbour(seed)
        size = one.image.shape[1] * one.gsd_m
        berth = None if one.quay_m is None else box(0, one.quay_m + 0.3, size, one.quay_m + 30)
        found = [(at, ship.length_m) for at, ship in vessels_of(one.image, one.gsd_m, berth)]
        labels = []
        for vessel in one.vessels:
            sides = (vessel.length_m, vessel.width_m)
            corners = cv2.boxPoints(((vessel.x_m, vessel.y_m), sides, float(np.degrees(vessel.angle_rad))))
            labels.append((_upright(corners), vessel.length_m))
        whole = [(at, length) for at, length in found if at.min() > 1.5 and at.max() < size - 1.5]
        inside = [(at, length) for at, length in labels if at.min() > 0 and at.max() < size]
        total = _sum(total, compared(whole, inside))
    return total


def _sum(one: Found, other: Found) -> Found:
    return Found(
        one.hit + other.hit,
        one.labels + other.labels,
        one.right + other.right,
        one.found + other.found,
        one.lengths + other.lengths,
        one.held + other.held,
    )


def tile(path: Path, picture: Path | None) -> Found:
    """A harbour tile against its labels."""
    pixels = cv2.imread(str(path))
    image = np.moveaxis(pixels[..., ::-1], 2, 0).astype(np.float32)
    side = pixels.shape[0] * TILE_M
    corners = BERTHS.get(path.stem)
    berth = None if corners is None else Polygon(np.array(corners) * TILE_M).intersection(box(0, 0, side, side))
    found = vessels_of(image, TILE_M, berth)
    labels = []
    with path.with_suffix(".csv").open() as lines:
        for row in csv.DictReader(lines):
            at = np.array([float(row[key]) for key in ("x1", "y1", "x2", "y2")]).clip(0, pixels.shape[0]) * TILE_M
            labels.append((at, float(max(at[2:] - at[:2]))))
    if picture is not None:
        for _, one in found:
            cv2.polylines(pixels, [np.round(one.corners).astype(np.int32)], True, (0, 255, 0), 1)
        cv2.imwrite(str(picture / f"{path.stem}.png"), pixels)
    return compared([(at, one.length_m) for at, one in found], labels)


def painted(site: Path, *, infrared: bool) -> Iterator[Found]:
    """Each date of a painted port against its truth, by its colours alone or by all its bands, as a run reads it."""
    others = gpd.read_file(site / "truth" / "truth.gpkg", layer="ignore")
    sides = np.array([_sides(shape) for shape in others.geometry])
    is_ship = (sides[:, 1] >= SHIP_M[0]) & (sides[:, 0] >= SHIP_M[1])
    ships = others[is_ship]
    terminal = gpd.read_file(site / "zones.geojson").to_crs(others.crs).geometry.iloc[0]
    strip = _strip_before(terminal, ships.geometry.union_all()) if len(ships) else None
    for day, image, matrix in scenes(site, infrared=infrared):
        gsd_m = float(np.hypot(matrix[0, 0], matrix[1, 0])) ** -1
        frame = box(0, 0, image.shape[2] * gsd_m, image.shape[1] * gsd_m)

        own = ships["date"].astype(str).str[:10].to_numpy() == day
        shown = [_placed(shape, matrix * gsd_m).intersection(frame) for shape in ships.geometry[own]]
        whole = [_sides(shape)[1] - SKIPPED_M for shape in shown]
        labels = [(np.array(shape.bounds), length) for shape, length in zip(shown, whole, strict=True)]
        found = vessels_of(image, gsd_m, None if strip is None else _placed(strip, matrix * gsd_m).intersection(frame))
        yield compared([(at, one.length_m) for at, one in found], labels)


def _placed(shape: BaseGeometry, matrix: np.ndarray) -> BaseGeometry:
    return shapely.transform(shape, lambda at: at @ matrix[:, :2].T + matrix[:, 2])


def _sides(shape: BaseGeometry) -> tuple[float, float]:
    ring = shapely.get_coordinates(shapely.oriented_envelope(shape))[:3]
    short, long = sorted(np.hypot(*np.diff(ring, axis=0).T).tolist())
    return short, long


def _strip_before(terminal: BaseGeometry, ships: BaseGeometry) -> Polygon:
    """The strip of water along the terminal's side that is nearest to its ships."""
    ring = shapely.get_coordinates(shapely.oriented_envelope(terminal))
    first, last = min(pairwise(ring), key=lambda side: LineString(side).distance(ships))
    out = np.array([first[1] - last[1], last[0] - first[0]]) / np.hypot(*(last - first))
    out *= np.sign(np.array(ships.centroid.coords[0]) @ out - first @ out)
    return Polygon([first + 0.5 * out, last + 0.5 * out, last + BERTH_M * out, first + BERTH_M * out])


def _line(name: str, one: Found) -> str:
    errors = np.abs(one.lengths) if one.lengths else np.array([np.nan])
    return (
        f"{name}: recall {one.hit}/{one.labels}, precision {one.right}/{one.found}, length error mean "
        f"{errors.mean():.3f}, median {np.median(errors):.3f}, 90 % {np.quantile(errors, 0.9):.3f}; bounds hold "
        f"{sum(one.held)} of {len(one.held)}"
    )


def main() -> None:
    """Print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--tiles", type=Path)
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--painted", type=Path, nargs="+", default=())
    wanted = parser.parse_args()
    for name, infrared in (("all bands", True), ("red, green, blue", False)) if wanted.painted else ():
        total = Found(0, 0, 0, 0, [], [])
        for site in wanted.painted:
            whole = Found(0, 0, 0, 0, [], [])
            for one in painted(site, infrared=infrared):
                whole = _sum(whole, one)
            print(_line(f"{site}, {name}", whole))
            total = _sum(total, whole)
        print(_line(f"all painted, {name}", total))
    print(_line("drawn", drawn(range(wanted.seeds))))
    if wanted.tiles is not None:
        tiles = {path.stem: tile(path, wanted.pictures) for path in sorted(wanted.tiles.glob("*.jpg"))}
        total = Found(0, 0, 0, 0, [], [])
        for name, one in tiles.items():
            print(_line(name, one))
            total = _sum(total, one)
        print(_line("all tiles", total))


if __name__ == "__main__":
    main()
