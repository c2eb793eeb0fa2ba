"""Pictures of a run against its truth: the mask, and the boxes, on the scene."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import cv2
import geopandas as gpd
import numpy as np
import rasterio
import shapely
from affine import Affine
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.change_runs import read  # noqa: E402
from changedet import Run  # noqa: E402
from changedet.assess.score.boxes import match_boxes  # noqa: E402
from changedet.assess.score.truth import truth_layer  # noqa: E402
from changedet.kernels.containers import CONTAINER_KINDS  # noqa: E402
from changedet.store import RunFolder  # noqa: E402

HIT = 0.3
ZOOM = 2
GREEN, RED, YELLOW, GREY = (0, 255, 0), (0, 0, 255), (0, 255, 255), (110, 110, 110)
"""Right, missed, false, not judged; blue, green, red."""


def draw(done: Run, truth: Path, out: Path) -> None:
    """The date with most boxes missed and false: reference scene, scene with its mask judged, scene with its boxes."""
    day = max(done.dates, key=lambda date: _wrong(judged_boxes(done, truth, date)))
    out.parent.mkdir(parents=True, exist_ok=True)
    before, transform = scene(done, dt.date.fromisoformat(done.summary["reference_date"]))
    after, _ = scene(done, day)
    masked, boxed = after.copy(), after.copy()
    path = RunFolder(done.path).mask(day)
    if path.exists() and (truth / f"{day}_mask.tif").exists():
        _mask_on(masked, path, truth / f"{day}_mask.tif")
    for shape, colour in judged_boxes(done, truth, day):
        _outline(boxed, shape, colour, transform)
    cv2.imwrite(str(out), np.hstack([before, masked, boxed]))


def scene(done: Run, day: dt.date) -> tuple[NDArray[np.uint8], Affine]:
    """The original scene, stretched and enlarged, and its transform; without alignment, a pixel or so off the grid."""
    with rasterio.open(done.path.parents[1] / "scenes" / f"{day}.tif") as source:
        names = [str(name) for name in source.descriptions]
        order = [names.index(role) + 1 for role in ("blue", "green", "red")] if "red" in names else [1, 2, 3]
        image, transform = source.read(order).astype(float), source.transform
    low, high = np.percentile(image, [0.5, 99.5])
    shown = np.clip((image.transpose(1, 2, 0) - low) / (high - low), 0, 1) ** (1 / 1.5) * 255
    return cv2.resize(shown.astype(np.uint8), None, fx=ZOOM, fy=ZOOM), transform


def _mask_on(image: NDArray[np.uint8], mask_path: Path, truth_path: Path) -> None:
    truth, mask = read(truth_path, truth_path), read(mask_path, truth_path)
    parts = (
        ((mask == 1) & (truth == 1), GREEN),
        ((mask == 0) & (truth == 1), RED),
        ((mask == 1) & (truth == 0), YELLOW),
        ((mask > 1) | (truth > 1), GREY),
    )
    for part, colour in parts:
        big = cv2.resize(part.astype(np.uint8), image.shape[1::-1], interpolation=cv2.INTER_NEAREST) == 1
        image[big] = (0.55 * image[big] + 0.45 * np.array(colour)).astype(np.uint8)


def judged_boxes(done: Run, truth: Path, day: dt.date) -> list[tuple[shapely.Polygon, tuple[int, int, int]]]:
    """Outlines of a date's boxes, found ones green or yellow, missed ones red."""
    mine = _of_day(done.containers, day)
    mine = mine[mine["kind"].isin(CONTAINER_KINDS)]
    theirs = _of_day(truth_layer(truth / "truth.gpkg", "containers", mine.crs), day)
    theirs = theirs[theirs["visible"].astype(bool)]
    pairs = match_boxes(mine.geometry.to_numpy(), theirs.geometry.to_numpy(), mine["confidence"].to_numpy(), HIT)
    hit, met = ({pair[i] for pair in pairs} for i in (0, 1))
    found = [(shape, GREEN if i in hit else YELLOW) for i, shape in enumerate(mine.geometry)]
    return found + [(shape, RED) for j, shape in enumerate(theirs.geometry) if j not in met]


def _wrong(boxes: list[tuple[shapely.Polygon, tuple[int, int, int]]]) -> int:
    return sum(colour != GREEN for _, colour in boxes)


def _of_day(frame: gpd.GeoDataFrame, day: dt.date) -> gpd.GeoDataFrame:
    return frame[(frame["date"].dt.date == day).to_numpy()]


def _outline(image: NDArray[np.uint8], shape: shapely.Polygon, colour: tuple[int, int, int], transform: Affine) -> None:
    points = shapely.get_coordinates(shape)
    x, y = (~transform) * (points[:, 0], points[:, 1])
    cv2.polylines(image, [np.round(ZOOM * np.column_stack([x, y])).astype(np.int32)], True, colour, 1, cv2.LINE_AA)
