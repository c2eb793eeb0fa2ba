"""F1, precision, recall and count error of the container detector by resolution, on scenes of unseen seeds.

    python benchmarks/detector.py [--method auto] [--seeds 900-919] [--yards FOLDER]

A hit is a box with a rotated intersection over union of at least 0.3 with one true box: the top of each stack, where
the picture shows it (off-nadir views move roofs). Seeds of the fit (100 to 139) are never among those reported.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.kernels.containers import CONTAINER_KINDS, LENGTHS_M  # noqa: E402
from changedet.stages.objects.kernels import rectangles  # noqa: E402
from changedet.stages.objects.whole import detect_containers  # noqa: E402
from changedet.stages.registry import Facts  # noqa: E402
from changedet.stages.series.table import DateMeasurements, timeseries  # noqa: E402
from changedet.stages.tracks.stage import choose, hmm  # noqa: E402
from changedet.stages.tracks.visibility import GivenVisibility  # noqa: E402
from scenarios.yards import GSDS_M, Yard, as_array, found_boxes, hits, real, simulated  # noqa: E402

TOUCHING_M = 0.25
RELIABILITY_BINS = (0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95)


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


def touching(boxes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Boxes that another one stands beside, at most `TOUCHING_M` away along at least half its side."""
    wider = boxes + np.array([0.0, 0.0, -0.5, 2 * TOUCHING_M, 0.0])
    overlap = rectangles.iou_matrix(wider, boxes)
    np.fill_diagonal(overlap, 0.0)
    return np.asarray(overlap.max(axis=1, initial=0.0) > 0.01)


@dataclass
class Score:
    """Sums over pictures."""

    hit: int = 0
    strict: int = 0
    found: int = 0
    true: int = 0
    miscount: int = 0
    touching: int = 0
    touching_hit: int = 0
    sized: int = 0
    others: int = 0
    others_found: int = 0
    area_10ha: float = 0.0
    cpu_s: float = 0.0
    confidences: list[NDArray[np.float64]] = field(default_factory=list)
    estimates: list[tuple[float, float, float, int]] = field(default_factory=list)

    def add(self, yard: Yard, table: pd.DataFrame) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Add a picture's boxes; of kind `other` they count only where the labels are trailers and buses."""
        other = (table["kind"] == "other").to_numpy()
        counted = ~other | yard.name.startswith("P0")
        found, kinds = found_boxes(table)[counted], table["kind"].to_numpy()[counted]
        pairs = hits(found, yard.boxes)
        self.hit += len(pairs[0])
        self.strict += len(hits(found, yard.boxes, 0.5)[0])
        self.found += len(found)
        self.true += len(yard.boxes)
        self.miscount += abs(len(found) - len(yard.boxes))
        beside = touching(yard.boxes) if len(yard.boxes) else np.zeros(0, bool)
        self.touching += int(beside.sum())
        self.touching_hit += int(beside[pairs[1]].sum())
        lengths = yard.boxes[pairs[1], 2]
        wanted = np.array(CONTAINER_KINDS)[np.abs(lengths[:, None] - LENGTHS_M).argmin(axis=1)]
        self.sized += int((kinds[pairs[0]] == wanted).sum())
        self.others += len(yard.others)
        self.others_found += len(hits(found_boxes(table)[other], yard.others)[0])
        self.area_10ha += yard.image[0].size * yard.gsd_m**2 / 1e5
        return pairs

    def add_confidences(self, yard: Yard, table: pd.DataFrame) -> None:
        """Keep the confidence of each box, weak ones too, and 1 where it is one of its class, else 0."""
        good = np.zeros(len(table))
        other = (table["kind"] == "other").to_numpy()
        for which, truth in ((other, yard.others), (~other, yard.boxes)):
            good[np.flatnonzero(which)[hits(found_boxes(table)[which], truth)[0]]] = 1.0
        self.confidences.append(np.column_stack([table["confidence"], good]))

    def reliability(self) -> str:
        """By bins of confidence: boxes, their mean confidence, the share of them that is right."""
        rows = np.concatenate([*self.confidences, np.empty((0, 2))])
        place = np.digitize(rows[:, 0], RELIABILITY_BINS)
        bins = [rows[place == k] for k in range(1, len(RELIABILITY_BINS) + 1)]
        return "  ".join(f"{b[:, 0].mean():.2f}:{b[:, 1].mean():.2f} ({len(b)})" for b in bins if len(b))

    def __str__(self) -> str:
        f1, strict = (2 * n / max(self.found + self.true, 1) for n in (self.hit, self.strict))
        return (
            f"F1 {f1:.3f} (IoU .5 {strict:.3f})  precision {self.hit / max(self.found, 1):.3f}  "
            f"recall {self.hit / max(self.true, 1):.3f} (touching {self.touching_hit / max(self.touching, 1):.3f})  "
            f"count {self.found}/{self.true}  mean abs count error {self.miscount / max(self.true, 1):.3f}  "
            f"size class {self.sized / max(self.hit, 1):.3f}  others {self.others_found}/{self.others}  "
            f"false per 10 ha {(self.found - self.hit) / max(self.area_10ha, 1e-9):.2f}  "
            f"CPU s/km2 {self.cpu_s / max(self.area_10ha, 1e-9) * 10:.1f}"
        )


def estimated(yard: Yard, weak: pd.DataFrame, least: float, detector: str) -> tuple[float, float, float, int]:
    """Containers of one date by a run of that date alone: expected, low and high; and the true number."""
    day = dt.date(2024, 1, 1)
    rows = weak.assign(date=pd.Timestamp(day), counted=weak["confidence"] >= least)
    facts = Facts(yard.gsd_m, dates=1, detector=detector)
    followed = hmm(facts, precision=choose(facts).parameters["precision"])(rows, GivenVisibility([day]))
    row = timeseries([DateMeasurements(day)], followed).iloc[0]
    expected, low, high = (float(row[f"containers_{name}"]) for name in ("expected", "low", "high"))
    return expected, low, high, len(yard.boxes)


def intervals(estimates: list[tuple[float, float, float, int]]) -> str:
    """Error of the expected counts, coverage of their 95 % intervals, and their width where 20 boxes and more stand."""
    expected, low, high, true = np.array(estimates, float).T
    error = np.abs(expected - true).sum() / max(true.sum(), 1.0)
    held, many = (low <= true) & (true <= high), true >= 20
    width = ((high - low) / np.maximum(expected, 1.0))[many]
    wide = f"{np.median(width):.2f} ({true[many].mean():.0f} boxes)" if many.any() else "-"
    return f"expected counts err by {error:.3f}, intervals hold {held.sum()} of {len(held)}, relative width {wide}"


def scored(yards: Iterable[Yard], method: str, least: float, overlays: Path | None) -> Score:
    """Detect in each picture and compare."""
    score = Score()
    for yard in yards:
        array = as_array(yard)
        start = time.process_time()
        weak = detect_containers(array, method=method, min_confidence=min(least, RELIABILITY_BINS[0]))
        score.cpu_s += time.process_time() - start
        score.add_confidences(yard, weak)
        # The truth hides boxes under thin cloud and its shadow, though the picture shows them: a run masks these.
        if not yard.name.startswith("clouds"):
            score.estimates.append(estimated(yard, weak, least, "classical" if method == "classical" else "learned"))
        table = weak[weak["confidence"] >= least].reset_index(drop=True)
        pairs = score.add(yard, table)
        if overlays is not None:
            counted = table if yard.name.startswith("P0") else table[table["kind"] != "other"]
            path = overlays / f"{yard.name}-{yard.gsd_m:.2f}-{method}.png"
            draw(yard, found_boxes(counted), pairs, path)
    return score


REAL = (
    ("rail", (0.66,)),
    ("P0004", (0.13, 0.3, 0.5, 0.75)),
    ("P0005", (0.12, 0.3, 0.5, 0.75)),
    ("P0003_buses", (0.12, 0.3, 0.5, 0.75)),
)
"""Labelled pictures of the folder, and the resolutions that they are averaged to."""


def span(words: str) -> range:
    """Seeds given as first-last."""
    first, last = (int(part) for part in words.split("-"))
    return range(first, last + 1)


def main() -> None:
    """Print figures of the labelled pictures and of each resolution."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="900-919")
    parser.add_argument("--method", default="auto")
    parser.add_argument("--least", type=float, default=0.5, help="min_confidence")
    parser.add_argument("--yards", type=Path, default=None)
    parser.add_argument("--overlays", type=Path, default=None)
    given = parser.parse_args()
    seeds = span(given.seeds)
    if given.overlays:
        given.overlays.mkdir(parents=True, exist_ok=True)

    def shown(name: str, yards: Iterable[Yard]) -> Score:
        score = scored(yards, given.method, given.least, given.overlays)
        print(f"{name:24s} {score}", flush=True)
        return score

    if given.yards:
        for name, gsds in REAL:
            for gsd_m in gsds:
                yard = real(given.yards, name, gsd_m)
                shown(f"{yard.name} {yard.gsd_m:.2f} m", iter([yard]))
    for gsd_m in GSDS_M:
        score = shown(f"simulated {gsd_m} m", (simulated(seed, gsd_m) for seed in seeds))
        print(f"{'':24s} confidence: share right (boxes)  {score.reliability()}")
        print(f"{'':24s} {intervals(score.estimates)}")
    for kind in ("decoys", "wide"):
        shown(f"{kind} 0.5 m", (simulated(seed, 0.5, 250.0, kind=kind) for seed in seeds[:6]))


if __name__ == "__main__":
    main()
