"""Figures of one run against its truth, as sums that add up over sites, and the agreement of its mask and its boxes."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from numpy.typing import NDArray
from rasterio.features import geometry_mask, geometry_window
from rasterio.io import DatasetReader
from shapely.geometry.base import BaseGeometry

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.change import f1  # noqa: E402
from benchmarks.change_runs import counts, read  # noqa: E402
from changedet import Run  # noqa: E402
from changedet.assess.score.boxes import match_boxes  # noqa: E402
from changedet.assess.score.run import Scores, score_run  # noqa: E402
from changedet.assess.score.truth import truth_layer  # noqa: E402
from changedet.grid import Grid  # noqa: E402
from changedet.kernels.containers import CONTAINER_KINDS  # noqa: E402
from changedet.store import RunFolder  # noqa: E402
from scenarios import leaning  # noqa: E402

MANY = 20
"""Boxes on a date from which the width of its interval is reported."""
UNSEEN = 255
HALF = 0.5
"""Share of a box's seen pixels from which its base counts as marked; and of its pixels that must be seen."""
M2_OF_10HA = 1e5
HIT = 0.3
INTERVALS = {
    "arrivals": "events",
    "departures": "events",
    "changed_area_m2": "changed",
    "footprint_area_m2": "built",
    "net_containers": "net",
    "net_footprint_area_m2": "net",
}
"""Where the dates of a figure's intervals, other than those of containers, are summed."""


@dataclass
class Figures:
    """Sums over runs; what a share is taken of lies beside its part."""

    sites: int = 0
    dates: int = 0
    area_10ha: float = 0.0
    hits: int = 0
    roof_hits: int = 0
    found: int = 0
    true: int = 0
    miscount: float = 0.0
    counted: float = 0.0
    held: int = 0
    intervals: int = 0
    sites_held: int = 0
    events_held: int = 0
    events: int = 0
    changed_held: int = 0
    changed: int = 0
    built_held: int = 0
    built: int = 0
    net_held: int = 0
    net: int = 0
    widths: list[float] = field(default_factory=list)
    mask: NDArray[np.float64] = field(default_factory=lambda: np.zeros(6))
    seen: list[float] = field(default_factory=list)
    footprint_both: float = 0.0
    footprint_either: float = 0.0
    onsets_right: int = 0
    onsets: int = 0
    moved_marked: int = 0
    moved: int = 0
    stayed_marked: int = 0
    stayed: int = 0
    cpu_s: float = 0.0
    mpix_dates: float = 0.0

    def __add__(self, other: Figures) -> Figures:
        """Both together."""
        return Figures(**{part.name: getattr(self, part.name) + getattr(other, part.name) for part in fields(self)})

    def shares(self) -> dict[str, float | None]:
        """What the table shows; None for a share of nothing."""
        marked, right, changed, _, judged, _ = self.mask
        return {
            "box F1": share(2 * self.hits, self.found + self.true) if self.true else None,
            "roof F1": share(2 * self.roof_hits, self.found + self.true) if self.true else None,
            "false/date": share(self.found - self.hits, self.dates),
            "false/10ha": share(self.found - self.hits, self.area_10ha),
            "count err": share(self.miscount, self.counted),
            "held": share(self.held, self.intervals),
            "width": float(np.median(self.widths)) if self.widths else None,
            "events": share(self.events_held, self.events),
            "changed": share(self.changed_held, self.changed),
            "built": share(self.built_held, self.built),
            "net": share(self.net_held, self.net),
            "mask F1": f1(self.mask) if changed else None,
            "false %": share(100 * float(marked - right), float(judged)),
            "seen %": 100 * float(np.mean(self.seen)) if self.seen else None,
            "foot IoU": share(self.footprint_both, self.footprint_either),
            "onset": share(self.onsets_right, self.onsets),
            "moved": share(self.moved_marked, self.moved),
            "stayed": share(self.stayed_marked, self.stayed),
            "CPU s": share(self.cpu_s, self.mpix_dates),
        }


def share(part: float, whole: float) -> float | None:
    """A share, None of nothing."""
    return part / whole if whole else None


def figures(done: Run, truth: Path, cost_s: float) -> Figures:
    """All figures of a run whose truth is in a folder."""
    scores = score_run(done.path, truth)
    grid = Grid.from_json(done.provenance["grid"])
    table = pd.read_csv(truth / "truth.csv")
    dates = len(done.dates)
    made = Figures(sites=1, dates=dates, area_10ha=grid.area.area / M2_OF_10HA * dates, cpu_s=cost_s)
    made.mpix_dates = grid.shape[0] * grid.shape[1] / 1e6 * dates
    _boxes(made, scores)
    made.roof_hits = roof_hits(done, truth, table)
    _counts(made, done, table)
    _intervals(made, scores)
    masks = RunFolder(done.path)
    for path in sorted(truth.glob("*_mask.tif")):
        mask = masks.mask(dt.date.fromisoformat(path.name[:10]))
        made.mask = made.mask + counts(read(mask, path), read(path, path))
    _onsets(made, scores)
    clear = [dt.date.fromisoformat(day) for day in table["date"][table["cloud_fraction"] == 0]]
    _footprints(made, done, truth, clear)
    whole = done.series[done.series["zone"] == ""]
    made.seen = whole["valid_fraction"][whole["date"].dt.date.isin(clear)].astype(float).tolist()
    agree(made, done)
    return made


def _boxes(made: Figures, scores: Scores) -> None:
    told = scores["objects"]["iou_0.3"]
    made.found, made.true = told["found"], told["true"]
    made.hits = round((told["precision"] or 0.0) * told["found"])


def roof_hits(done: Run, truth: Path, table: pd.DataFrame) -> int:
    """Hits where the true boxes lie as the picture shows their roofs: a stack leans away from below the sensor."""
    theirs = truth_layer(truth / "truth.gpkg", "containers", done.containers.crs)
    theirs = theirs[theirs["visible"].astype(bool)]
    mine = done.containers[done.containers["kind"].isin(CONTAINER_KINDS)]
    hits = 0
    for row in table.itertuples():
        day = dt.date.fromisoformat(row.date)
        found, true = (frame[(frame["date"].dt.date == day).to_numpy()] for frame in (mine, theirs))
        confidence = found["confidence"].to_numpy()
        hits += len(match_boxes(found.geometry.to_numpy(), leaning.roofs(true, row), confidence, HIT))
    return hits


def _counts(made: Figures, done: Run, table: pd.DataFrame) -> None:
    series = done.series[done.series["zone"] == ""]
    true = dict(zip(table["date"], table["containers"], strict=True))
    misses = 0
    row: Any
    for row in series.itertuples():
        number = true.get(f"{row.date:%Y-%m-%d}")
        if number is None or pd.isna(row.containers_expected):
            continue
        made.miscount += abs(row.containers_expected - number)
        made.counted += number
        holds = bool(row.containers_low <= number <= row.containers_high)
        made.intervals, made.held, misses = made.intervals + 1, made.held + holds, misses + (not holds)
        if number >= MANY:
            made.widths.append(float((row.containers_high - row.containers_low) / max(row.containers_expected, 1.0)))
    made.sites_held = int(misses == 0)


def _intervals(made: Figures, scores: Scores) -> None:
    for name, told in scores["intervals"].items():
        part = INTERVALS.get(name)
        if part is not None:
            setattr(made, part, getattr(made, part) + told["dates"])
            setattr(made, f"{part}_held", getattr(made, f"{part}_held") + told["held"])


def _onsets(made: Figures, scores: Scores) -> None:
    for told in scores["onset"].values():
        made.onsets += 1
        made.onsets_right += told["right"]


def _footprints(made: Figures, done: Run, truth: Path, days: list[dt.date]) -> None:
    mine = done.footprint
    area = Grid.from_json(done.provenance["grid"]).area
    theirs = gpd.read_file(truth / "truth.gpkg", layer="footprint").to_crs(mine.crs)
    theirs["date"] = pd.to_datetime(theirs["date"], utc=True)
    for day in days:
        one, other = (_outline(frame, day, area) for frame in (mine, theirs))
        if one is not None and other is not None:
            made.footprint_both += one.intersection(other).area
            made.footprint_either += one.union(other).area


def _outline(frame: gpd.GeoDataFrame, day: dt.date, area: BaseGeometry) -> BaseGeometry | None:
    shapes = frame.geometry[(frame["date"].dt.date == day).to_numpy()].dropna()
    return shapely.union_all(shapely.make_valid(shapes.to_numpy())).intersection(area) if len(shapes) else None


def agree(made: Figures, done: Run) -> None:
    """How many boxes of the run's own tracks came or left since the reference, or stayed, and have a marked base."""
    bases = _bases(done)
    reference = dt.date.fromisoformat(done.summary["reference_date"])
    for day in done.dates:
        path = RunFolder(done.path).mask(day)
        if day <= reference or not path.exists():
            continue
        with rasterio.open(path) as mask:
            boxes = list(told_moves(done.tracks, bases, reference, day))
            came_or_left = shapely.STRtree([base for moved, base in boxes if moved])
            for moved, base in boxes:
                if not moved and _is_below(base, came_or_left):
                    continue
                marked = base_marked(mask, base)
                if marked is None:
                    continue
                if moved:
                    made.moved, made.moved_marked = made.moved + 1, made.moved_marked + marked
                else:
                    made.stayed, made.stayed_marked = made.stayed + 1, made.stayed_marked + marked


def _is_below(base: BaseGeometry, others: shapely.STRtree) -> bool:
    """Whether another box that came or left covers most of a box that stayed: the top of the stack is another."""
    shapes = others.geometries.take(others.query(base, predicate="intersects"))
    return bool(len(shapes)) and base.intersection(shapely.union_all(shapes)).area >= HALF * base.area


def _bases(done: Run) -> dict[int, BaseGeometry]:
    """Each track's outline, of its most confident detection."""
    boxes = done.containers
    boxes = boxes[boxes["track_id"].notna()].sort_values("confidence")
    return {int(track): shape for track, shape in zip(boxes["track_id"], boxes.geometry, strict=True)}


def told_moves(
    tracks: gpd.GeoDataFrame, bases: dict[int, BaseGeometry], reference: dt.date, day: dt.date
) -> Iterator[tuple[bool, BaseGeometry]]:
    """Whether each box came or left since the reference, as the tracks tell it; what they leave open is left out."""
    for row in tracks[tracks["kind"].isin(CONTAINER_KINDS)].itertuples():
        first = row.first_seen.date()
        gone = None if pd.isna(row.not_after) else row.not_after.date()
        base = bases.get(int(row.track_id))
        if base is None:
            continue
        there = first <= day and (gone is None or gone > day)
        if first <= reference:
            yield not there, base
        elif there and not pd.isna(row.not_before):
            yield True, base


def base_marked(mask: DatasetReader, base: BaseGeometry) -> bool | None:
    """Whether at least half of the seen pixels of a base are marked; None where less than half of it was seen."""
    try:
        window = geometry_window(mask, [base])
    except rasterio.errors.WindowError:
        return None
    values = mask.read(1, window=window)
    inside = geometry_mask([base], values.shape, mask.window_transform(window), invert=True)
    own = values[inside]
    seen = own[own != UNSEEN]
    if not len(own) or len(seen) < HALF * len(own):
        return None
    return bool(np.mean(seen == 1) >= HALF)
