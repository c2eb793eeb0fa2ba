"""F1, precision, recall and count error of the container detector by resolution, on simulated scenes it was not
fitted on.

    python benchmarks/detector.py [--method auto] [--seeds 900-919] [--yards ../shared/data/yards] [--overlays DIR]

A hit is a box with a rotated intersection over union of at least 0.3 with one true box: the top of each stack, where
the
picture shows it (leaning roofs are moved with the view). Seeds of the fit (100 to 139) are never among those reported.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import shapely
import xarray as xr
from affine import Affine
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from changedet.grid import Grid
from changedet.kernels import rectangles
from changedet.objects import detect_containers
from changedet.simulate.command import render
from changedet.simulate.kinds import make_world
from changedet.simulate.world import World

GSDS_M = (0.3, 0.5, 0.75, 1.0)
KINDS = ("growth", "dense", "trains", "port", "decoys", "quiet", "winter", "earthworks", "clouds", "growth")
STOREY_M = 2.59
HIT = 0.3


@dataclass(frozen=True)
class Yard:
    """One picture (band, y, x) float32 with NaN for no data, its roles, and true boxes (n, 5) in metres from
    its corner.
    """

    name: str
    gsd_m: float
    image: NDArray[np.float32]
    roles: tuple[str, ...]
    boxes: NDArray[np.float64]
    dtype: str


def seen_boxes(world: World, index: int) -> NDArray[np.float64]:
    """Top boxes as a date shows them: (n, 5) in metres, x right and y down from the scene's corner."""
    look = world.looks[index]
    a, b, c, d, e, f = look.to_ground
    back = np.linalg.inv(np.array([[a, b], [d, e]]))
    found = []
    for stack in world.stacks(index).values():
        height = world.slots[stack[-1].slot].base_m + STOREY_M * len(stack)
        outline = world.box_outline(stack[-1]) + height * look.lean
        points = (outline - [c, f]) @ back.T * look.gsd_m
        along = points[1] - points[0]
        length, width = float(np.hypot(*along)), float(np.hypot(*(points[3] - points[0])))
        found.append([*points.mean(axis=0), length, width, np.arctan2(along[0], -along[1]) % np.pi])
    boxes = np.array(found).reshape(-1, 5)
    edge = np.array(look.shape[::-1]) * look.gsd_m
    return boxes[((boxes[:, :2] > 0) & (boxes[:, :2] < edge)).all(axis=1)]


def simulated(seed: int, gsd_m: float, size_m: float = 200.0, dates: int = 2, kind: str | None = None) -> Yard:
    """The last date of a simulated site; the kind goes round with the seed; hidden boxes are left out."""
    kind = kind or KINDS[seed % len(KINDS)]
    bands = ("red", "green", "blue") if seed % 4 == 3 else ("blue", "green", "red", "nir")
    dtype = "uint8" if seed % 4 == 3 else "uint16"
    world = make_world(kind, dates, seed, gsd_m, size_m, bands, dtype)
    drawn = render(world, dates - 1)
    image = drawn.image.astype(np.float32)
    image[:, (drawn.image == 0).all(axis=0)] = np.nan
    boxes = seen_boxes(world, dates - 1)
    pixel = np.floor(boxes[:, :2] / gsd_m).astype(int)
    boxes = boxes[~drawn.hidden[pixel[:, 1], pixel[:, 0]]]
    return Yard(f"{kind}-{seed}", gsd_m, image, bands, boxes, dtype)


def real(folder: Path, name: str, gsd_m: float) -> Yard:
    """A labelled picture of `folder`, averaged to a resolution; boxes of class large-vehicle."""
    lines = (folder / f"{name}.txt").read_text().splitlines()
    own_m = float(lines[1].split(":")[1])
    picture = cv2.imread(str(folder / f"{name}.png"), cv2.IMREAD_COLOR)
    gsd_m = max(gsd_m, own_m)
    height, width = (round(n * own_m / gsd_m) for n in picture.shape[:2])
    small = cv2.resize(picture.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    boxes = []
    for line in lines[2:]:
        values = line.split()
        if values[8] == "large-vehicle":
            points = (np.array(values[:8], float).reshape(4, 2)) * own_m
            (x, y), (w, h), turn = cv2.minAreaRect(points.astype(np.float32))
            angle = np.radians(turn + 90.0) if w >= h else np.radians(turn)
            boxes.append([x, y, max(w, h), min(w, h), angle % np.pi])
    image = np.ascontiguousarray(np.moveaxis(small, 2, 0))
    return Yard(f"{name} (real)", gsd_m, image, ("blue", "green", "red"), np.array(boxes).reshape(-1, 5), "uint8")


def as_array(yard: Yard) -> xr.DataArray:
    """The picture on a made-up grid whose corner is 500000 east, 5000000 north."""
    transform = Affine(yard.gsd_m, 0.0, 500000.0, 0.0, -yard.gsd_m, 5000000.0)
    grid = Grid("EPSG:32633", transform, (yard.image.shape[1], yard.image.shape[2]))
    array = xr.DataArray(yard.image, dims=("band", "y", "x"), coords=grid.coords())
    return array.assign_coords(band=list(yard.roles))


def found_boxes(table: object) -> NDArray[np.float64]:
    """Rectangles (n, 5) in metres from the picture's corner."""
    centre = shapely.get_coordinates(shapely.centroid(np.asarray(table.geometry.array)))  # type: ignore[attr-defined]
    x, y = centre[:, 0] - 500000, 5000000 - centre[:, 1]
    return np.column_stack([x, y, table["length_m"], table["width_m"], np.radians(table["angle_deg"].to_numpy())])  # type: ignore[index]


def hits(
    found: NDArray[np.float64], truth: NDArray[np.float64], least: float = HIT
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs of found and true boxes, each used once, that overlap by at least `least`."""
    overlap = rectangles.iou_matrix(found, truth)
    if not overlap.size:
        return np.empty(0, np.intp), np.empty(0, np.intp)
    rows, columns = linear_sum_assignment(-np.where(overlap >= least, overlap, 0.0))
    good = overlap[rows, columns] >= least
    return rows[good], columns[good]


def draw(yard: Yard, found: NDArray[np.float64], pairs: tuple[NDArray[np.intp], NDArray[np.intp]], path: Path) -> None:
    """Hits green, misses red, false boxes yellow, on the stretched picture at about 0.15 m."""
    bands = [yard.roles.index(role) for role in ("blue", "green", "red")]
    low, high = (np.nanpercentile(yard.image[bands], p, axis=(1, 2)) for p in (1, 99))
    shown = np.clip((np.moveaxis(yard.image[bands], 0, 2) - low) / (high - low), 0, 1) ** (
        1.0 if yard.dtype == "uint8" else 0.6
    )
    zoom = max(1, round(yard.gsd_m / 0.15))
    picture = cv2.resize(np.uint8(np.nan_to_num(shown) * 255), None, fx=zoom, fy=zoom, interpolation=cv2.INTER_NEAREST)
    colours = [(found[i], (0, 255, 255)) for i in range(len(found)) if i not in pairs[0]]
    colours += [(yard.boxes[i], (0, 0, 255)) for i in range(len(yard.boxes)) if i not in pairs[1]]
    colours += [(found[i], (0, 255, 0)) for i in pairs[0]]
    for box, colour in colours:
        points = rectangles.corners(box[None])[0] / yard.gsd_m * zoom
        cv2.polylines(picture, [np.round(points).astype(np.int32)], True, colour, 1, cv2.LINE_AA)
    cv2.imwrite(str(path), picture)


def scored(
    yards: Iterator[Yard], method: str, least: float, overlays: Path | None
) -> tuple[NDArray[np.float64], float, float]:
    """Sums over pictures: hits, hits at 0.5, found, true, absolute count error, false boxes; 10 ha; CPU s.

    Boxes of kind `other` count only where the labels are trailers and buses.
    """
    total, spent, area = np.zeros(6), 0.0, 0.0
    for yard in yards:
        array = as_array(yard)
        start = time.process_time()
        table = detect_containers(array, method=method, min_confidence=least)
        spent += time.process_time() - start
        area += yard.image[0].size * yard.gsd_m**2 / 1e5
        found = found_boxes(table if yard.name.startswith("P0") else table[table["kind"] != "other"])
        pairs = hits(found, yard.boxes)
        near = len(hits(found, yard.boxes, 0.5)[0])
        count, true = len(found), len(yard.boxes)
        total += [len(pairs[0]), near, count, true, abs(count - true), count - len(pairs[0])]
        if overlays is not None:
            draw(yard, found, pairs, overlays / f"{yard.name}-{yard.gsd_m:.2f}-{method}.png")
    return total, area, spent


def line(name: str, total: NDArray[np.float64], area: float, spent: float) -> str:
    hit, near, found, true, error, false = total
    precision, recall = hit / max(found, 1), hit / max(true, 1)
    f1, strict = 2 * hit / max(found + true, 1), 2 * near / max(found + true, 1)
    return (
        f"{name:34s} F1 {f1:.3f} (IoU .5 {strict:.3f})  precision {precision:.3f}  recall {recall:.3f}  "
        f"count {found:.0f}/{true:.0f}  mean abs count error {error / max(true, 1):.3f}  "
        f"false per 10 ha {false / max(area, 1e-9):.2f}  CPU s/km2 {spent / max(area, 1e-9) * 10:.1f}"
    )


REAL = (("rail", (0.66,)), ("P0004", (0.13, 0.3, 0.5, 0.75)), ("P0005", (0.12, 0.3, 0.5, 0.75)))
REAL += (("P0003_buses", (0.12, 0.3, 0.5, 0.75)),)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="900-919")
    parser.add_argument("--method", default="auto")
    parser.add_argument("--least", type=float, default=0.5, help="min_confidence")
    parser.add_argument("--yards", type=Path, default=None)
    parser.add_argument("--overlays", type=Path, default=None)
    given = parser.parse_args()
    first, last = (int(part) for part in given.seeds.split("-"))
    if given.overlays:
        given.overlays.mkdir(parents=True, exist_ok=True)

    def shown(name: str, yards: Iterator[Yard]) -> None:
        print(line(name, *scored(yards, given.method, given.least, given.overlays)), flush=True)

    if given.yards:
        for name, gsds in REAL:
            for gsd_m in gsds:
                yard = real(given.yards, name, gsd_m)
                shown(f"{yard.name} {yard.gsd_m:.2f} m", iter([yard]))
    for gsd_m in GSDS_M:
        shown(f"simulated {gsd_m} m", (simulated(seed, gsd_m) for seed in range(first, last + 1)))
    for kind in ("decoys", "wide"):
        few = range(first, min(last + 1, first + 5))
        shown(f"{kind} 0.5 m", (simulated(seed, 0.5, 250.0, kind=kind) for seed in few))


if __name__ == "__main__":
    main()
