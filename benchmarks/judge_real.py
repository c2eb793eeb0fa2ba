"""Real pictures as judges: airports, harbour tiles, labelled windows, a train in frames, pairs, whole runs, towns.

Nothing is fitted on them. The airports' terms and those of the harbour and the train allow measuring only.
"""

from __future__ import annotations

import csv
import datetime as dt
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
import rasterio
import shapely
import yaml
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.airport_outlines import APRON, APRON_DAY, REPAVED, REPAVED_DAY, drawn  # noqa: E402
from benchmarks.airport_pairs import airport_pairs  # noqa: E402
from benchmarks.harbour_windows import harbour_windows  # noqa: E402
from benchmarks.judge_collage import collage  # noqa: E402
from benchmarks.judge_empty import empty  # noqa: E402
from benchmarks.judge_sites import finished  # noqa: E402
from benchmarks.real_pairs import chosen_method, measured, pairs  # noqa: E402
from benchmarks.whole_pairs import whole_pairs  # noqa: E402
from changedet import Run, detect_containers  # noqa: E402
from changedet.kernels.containers import CONTAINER_KINDS  # noqa: E402
from changedet.store import RunFolder  # noqa: E402
from scenarios.yards import Yard, as_array, found_boxes, hits, real  # noqa: E402

Row: TypeAlias = tuple[str, dict[str, object]]
"""Name and figures."""

HARBOUR_GSD_M = 0.5
FRAMES_PX = (600, 1200)
UNSEEN = 255


def airport(folder: Path, data: Path, place: str, reuse: bool) -> Run:
    """The run of one airport on `auto`."""
    site = folder / f"real-airport-{place}"
    site.mkdir(parents=True, exist_ok=True)
    scenes = [{"date": path.stem[2:], "path": str(path.resolve())} for path in sorted(data.glob(f"airports/{place}_*"))]
    content = {
        "site": {"id": f"airport-{place}"},
        "scenes": [row | {"date": dt.date.fromisoformat(row["date"])} for row in scenes],
        "bands": {"red": 1, "green": 2, "blue": 3},
        "outputs": {"dir": "out"},
    }
    path = site / "workflow.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return finished(path, reuse=reuse)[0]


def airports(folder: Path, data: Path, reuse: bool) -> Iterator[Row]:
    """Marked share and boxes by date, the apron's IoU, onsets; but for the apron on its day nothing of it is true.

    The share beside the apron is given for all dates of its place, and again without what was paved anew beside it
    (asphalt with a painted hatch where pale concrete was): marks there are true, and have a share of their own.
    """
    for place in ("a", "b"):
        done = airport(folder, data, place, reuse)
        boxes = done.containers[done.containers["kind"].isin(CONTAINER_KINDS)]
        for day in done.dates:
            told: dict[str, object] = {"boxes": int((boxes["date"].dt.date == day).sum())}
            path = RunFolder(done.path).mask(day)
            if path.exists():
                told |= _marked(path, day if place == "a" else None)
            yield f"airport {place} {day}", told
        yield f"airport {place} onsets", {name: own["date"] for name, own in done.summary["onset"].items()}


def _marked(path: Path, day: dt.date | None) -> dict[str, object]:
    """What a mask marks; `day` is that of a look of the place with the apron."""
    with rasterio.open(path) as source:
        mask = source.read(1)
        # The pictures' own corner, 500000 east and 5400000 north, on the run's grid.
        corner = ~source.transform @ (500000.0, 5400000.0)
    seen = mask != UNSEEN
    told: dict[str, object] = {"seen %": 100 * float(seen.mean())}
    if day is not None:
        apron, paved = (drawn(outline, corner, mask.shape) for outline in (APRON, REPAVED))
        # Where outlines were drawn by hand, two metres of them are nobody's.
        beside, apart = (seen & (cv2.dilate(one, np.ones((9, 9), np.uint8)) == 0) for one in (apron, apron | paved))
        told["beside the apron %"] = 100 * float((mask[beside] == 1).mean())
        if day >= REPAVED_DAY:
            told["and beside new paving %"] = 100 * float((mask[apart] == 1).mean())
            told["new paving recall"] = float((mask[(paved == 1) & seen] == 1).mean())
    if day == APRON_DAY:
        inside = apron == 1
        parts = cv2.connectedComponents((mask == 1).astype(np.uint8), connectivity=8)[1]
        # What is marked elsewhere has a figure of its own.
        touching = (mask == 1) & np.isin(parts, np.unique(parts[inside & (mask == 1)]))
        told["apron IoU"] = float((touching & inside).sum() / (touching | inside).sum())
        told["apron recall"] = float((mask[inside] == 1).mean())
        seen = beside
    told["marked %"] = 100 * float((mask[seen] == 1).mean())
    return told


def boxes_of(image: NDArray[np.float32], gsd_m: float, name: str) -> NDArray[np.float64]:
    """Boxes (n, 5) found in a picture in blue, green, red, in metres from its corner."""
    empty = np.empty((0, 5))
    table = detect_containers(
        as_array(Yard(name, gsd_m, image, ("blue", "green", "red"), empty, "uint8", empty)), method="auto"
    )
    return found_boxes(table[table["kind"].isin(CONTAINER_KINDS)])


def picture(path: Path) -> NDArray[np.float32]:
    """A picture (band, y, x), blue first."""
    return np.moveaxis(cv2.imread(str(path), cv2.IMREAD_COLOR).astype(np.float32), 2, 0)


def harbour(_folder: Path, data: Path, _reuse: bool) -> Iterator[Row]:
    """Boxes found in each tile, and how many lie in a ship's label, an upright rectangle that may take in some quay."""
    for path in sorted(data.glob("harbour/*.jpg")):
        found = boxes_of(picture(path), HARBOUR_GSD_M, path.stem)
        with path.with_suffix(".csv").open() as source:
            ships = [
                shapely.box(*(float(row[key]) * HARBOUR_GSD_M for key in ("x1", "y1", "x2", "y2")))
                for row in csv.DictReader(source)
            ]
        afloat = shapely.contains_xy(shapely.union_all(ships), found[:, 0], found[:, 1]) if len(found) else np.zeros(0)
        yield f"harbour {path.stem}", {"boxes": len(found), "on ships' outlines": int(np.sum(afloat))}


def frames(data: Path) -> Iterator[tuple[str, Yard]]:
    """The train alone, in the middle of harbour tiles of two sizes, and of blank."""
    alone = real(data / "yards", "rail", 0.0)
    yield "alone", alone
    tiles = [picture(path) for path in sorted(data.glob("harbour/*.jpg"))]
    scale = HARBOUR_GSD_M / alone.gsd_m
    small = [
        np.moveaxis(cv2.resize(np.moveaxis(tile, 0, 2), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), 2, 0)
        for tile in tiles
    ]
    block = np.concatenate([np.concatenate(small[:2], axis=2), np.concatenate(small[2:], axis=2)], axis=1)
    for side in FRAMES_PX:
        times = -(-side // block.shape[1])
        yield f"in harbour, {side} px", framed(alone, np.tile(block, (1, times, times))[:, :side, :side])
    yield f"in blank, {FRAMES_PX[0]} px", framed(alone, np.full((3, FRAMES_PX[0], FRAMES_PX[0]), np.nan, np.float32))


def framed(yard: Yard, ground: NDArray[np.float32]) -> Yard:
    """A yard in the middle of another picture."""
    high, wide = yard.image.shape[1:]
    row, column = (ground.shape[1] - high) // 2, (ground.shape[2] - wide) // 2
    image = ground.copy()
    image[:, row : row + high, column : column + wide] = yard.image
    moved = yard.boxes + np.array([column * yard.gsd_m, row * yard.gsd_m, 0.0, 0.0, 0.0])
    return replace(yard, image=image, boxes=moved)


def train(_folder: Path, data: Path, _reuse: bool) -> Iterator[Row]:
    """The train's boxes, found in each frame within the train's own picture."""
    for name, yard in frames(data):
        found = boxes_of(yard.image, yard.gsd_m, yard.name)
        middle = np.array(yard.image.shape[:0:-1]) * yard.gsd_m / 2
        half = np.array([64, 241]) * yard.gsd_m / 2
        inside = found[(np.abs(found[:, :2] - middle) <= half).all(axis=1)]
        right = len(hits(inside, yard.boxes)[0])
        figures: dict[str, object] = {
            "boxes": len(inside),
            "true": len(yard.boxes),
            "F1": 2 * right / (len(inside) + len(yard.boxes)),
        }
        yield f"train {name}", figures


def two_dates(_folder: Path, data: Path, _reuse: bool) -> Iterator[Row]:
    """The method that `auto` takes on each real pair."""
    for pair in pairs(data):
        name = chosen_method(pair)
        told = measured(pair, name)
        figures: dict[str, object] = {"method": name, "marked %": 100 * told.marked}
        if pair.truth is not None:
            figures |= {"kappa": told.kappa, "F1": told.f1, "AUC": told.auc}
        yield f"pair {pair.name}", figures


def runs_of_pairs(folder: Path, data: Path, reuse: bool) -> Iterator[Row]:
    """Whole runs on the real pairs in colours."""
    for name, told in whole_pairs(folder, data, reuse=reuse):
        yield name, {**told}


JUDGES: dict[str, Callable[[Path, Path, bool], Iterator[Row]]] = {
    "airports": airports,
    "airport_pairs": airport_pairs,
    "harbour": harbour,
    "windows": harbour_windows,
    "train": train,
    "pairs": two_dates,
    "whole": runs_of_pairs,
    "collage": collage,
    "empty": empty,
}
