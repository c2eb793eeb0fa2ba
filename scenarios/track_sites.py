"""Runs of simulated sites with boxes from the real detector, and the truth of what stood and moved there.

Sites and runs are kept in a folder and made only where they are missing; `again` runs them once more, which redoes what
depends on what has changed since, such as a detector.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import rasterio
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

import changedet
from changedet.grid import Grid
from changedet.pipeline.boxes import kept_boxes
from changedet.pipeline.date_model import read_date_model
from changedet.pipeline.finished import Run, open_run
from changedet.pipeline.looks import RunLooks, looks_of
from changedet.plan import make_plan
from changedet.simulate import simulate
from changedet.store import RunFolder

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

KINDS = ("growth", "clouds", "trains", "port", "quiet", "dense")
SIZE_M, DATES, GSD_M = 176.0, 8, 0.5
SMALL_M, FINE_M = 128.0, 0.4
"""Width of sites of finer pixels than that: detection takes its time by pixels."""
SAME_SLOT_M = 0.9


@dataclass(frozen=True)
class TrackSite:
    """A run with its truth. Boxes are the tops of stacks; slots the spots that ever held one.

    Attributes
    ----------
    kind, seed : of the simulation.
    run : Run
    detections : GeoDataFrame
        Rows of all dates, weak ones too.
    looks : RunLooks
    xy : float64 (box, 2), on the ground
    top, visible : bool (box, date)
        True where the box is on top of its stack; and where no cloud, shadow or missing data hides it, too.
    clear : bool (box, date)
        True where nothing truly hides its spot.
    arrived, departed : int64 (box,)
        The first look at or after the day, the number of dates for none.
    slot : int64 (box,)
    occupied : bool (slot, date)
    slot_xy : float64 (slot, 2)
    containers : int64 (date,)
        Boxes visible from above, were nothing hidden.
    """

    kind: str
    seed: int
    run: Run
    detections: gpd.GeoDataFrame
    looks: RunLooks
    xy: Floats
    top: Bools
    visible: Bools
    clear: Bools
    arrived: Ints
    departed: Ints
    slot: Ints
    occupied: Bools
    slot_xy: Floats
    containers: Ints

    @property
    def dates(self) -> list[dt.date]:
        """Of the run."""
        return list(self.run.dates)


def seeds_of(text: str) -> list[int]:
    """``690-691,694`` as numbers; none of an empty text."""
    ends = [part.split("-") for part in text.split(",") if part]
    return [seed for pair in ends for seed in range(int(pair[0]), int(pair[-1]) + 1)]


def sites(
    folder: Path,
    detector: str,
    kinds: Sequence[str],
    seeds: Sequence[int],
    again: bool = False,
    gsd_m: float = GSD_M,
) -> Iterator[TrackSite]:
    """The sites of all kinds and seeds, simulated and run where they are not there yet."""
    for seed in seeds:
        for kind in kinds:
            yield from (read_site(path, kind, seed) for path in runs(folder, detector, kind, seed, again, gsd_m))


def runs(folder: Path, detector: str, kind: str, seed: int, again: bool = False, gsd_m: float = GSD_M) -> list[Path]:
    """Run folders of a simulated site, or of both `twin_sites`."""
    place = folder / (f"{kind}-{seed}" if gsd_m == GSD_M else f"{kind}-{seed}-{gsd_m:g}m")
    size_m = SMALL_M if gsd_m < FINE_M else SIZE_M
    names = [place / f"{kind.replace('_', '-')}-{seed}-{n}" for n in "ab"] if kind == "twin_sites" else [place]
    if not all((name / "truth" / "truth.gpkg").exists() for name in names):
        simulate(place, kind=kind, seed=seed, gsd_m=gsd_m, size_m=size_m, dates=DATES)  # type: ignore[arg-type]
    return [run_site(name, detector, again) for name in names]


def run_site(place: Path, detector: str, again: bool = False) -> Path:
    """The run folder of a site, with boxes and tracks alone; run where it is not there yet, or once more."""
    workflow = next(path for path in sorted(place.glob("*.yaml")) if not path.name.startswith("run_"))
    finished = list((place / f"out_{detector}").glob("*/summary.json"))
    if again or not finished:
        plain = workflow.read_text().splitlines()
        lines = [line for line in plain if not line.startswith("outputs:")]
        lines += ["change: {method: none}", f"objects: {{method: {detector}}}"]
        lines += [f"outputs: {{dir: out_{detector}, formats: [tables, objects]}}", "compute: {workers: 1}"]
        (place / f"run_{detector}.yaml").write_text("\n".join(lines))
        return changedet.run(place / f"run_{detector}.yaml").path
    return finished[0].parent


def rows_and_looks(path: Path) -> tuple[gpd.GeoDataFrame, RunLooks]:
    """What the tracks of a finished run of `run_site` were made of."""
    run = open_run(path)
    dates, folder = list(run.dates), RunFolder(path)
    plan = make_plan(path.parent.parent / f"run_{path.parent.name.removeprefix('out_')}.yaml")
    looks = looks_of(plan, {day: read_date_model(folder.model(day)) for day in dates}, dates)
    return kept_boxes(folder, Grid.from_json(run.provenance["grid"]), dates), looks


def read_site(path: Path, kind: str, seed: int) -> TrackSite:
    """A finished run of a simulated site, with its truth."""
    run = open_run(path)
    dates = list(run.dates)
    grid = Grid.from_json(run.provenance["grid"])
    truth = path.parent.parent / "truth"
    boxes = pyogrio.read_dataframe(truth / "truth.gpkg", layer="containers").to_crs(grid.crs)
    stays = pyogrio.read_dataframe(truth / "truth.gpkg", layer="tracks").set_index("object_id")
    ids, box = np.unique(boxes["object_id"], return_inverse=True)
    index = {day: i for i, day in enumerate(dates)}
    date = np.array([index[day] for day in pd.to_datetime(boxes["date"], utc=True).dt.date], np.int64)
    seen = boxes["visible"].to_numpy(bool)
    top, visible = np.zeros((len(ids), len(dates)), bool), np.zeros((len(ids), len(dates)), bool)
    top[box, date], visible[box[seen], date[seen]] = True, True
    xy = np.zeros((len(ids), 2))
    xy[box] = shapely.get_coordinates(boxes.geometry.centroid)
    slot = _slots(xy)
    slots = int(slot.max()) + 1 if len(slot) else 0
    occupied = np.zeros((slots, len(dates)), bool)
    np.logical_or.at(occupied, slot, top)
    slot_xy = np.column_stack([np.bincount(slot, c, slots) for c in xy.T]) / np.bincount(slot, minlength=slots)[:, None]
    clear = np.stack([~_hidden(truth, day, xy) for day in dates], 1)
    stays = stays.reindex(ids)
    return TrackSite(
        kind, seed, run, *rows_and_looks(path), xy, top, visible,
        clear, _looks_of(stays["arrived"], dates), _looks_of(stays["departed"], dates), slot, occupied, slot_xy,
        pd.read_csv(truth / "truth.csv")["containers"].to_numpy(np.int64),
    )  # fmt: skip


def _slots(xy: Floats) -> Ints:
    pairs = cKDTree(xy).query_pairs(SAME_SLOT_M, output_type="ndarray")
    graph = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(xy), len(xy)))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


def _looks_of(when: pd.Series, dates: Sequence[dt.date]) -> Ints:
    days = pd.to_datetime(when, utc=True).dt.date
    return np.array(
        [len(dates) if pd.isna(d) else next((i for i, day in enumerate(dates) if day >= d), len(dates)) for d in days],
        np.int64,
    )


def _hidden(truth: Path, day: dt.date, xy: Floats) -> Bools:
    """Where the date's true mask is not valid; the first date, which has none, is clear by construction."""
    path = truth / f"{day}_mask.tif"
    if not path.exists():
        return np.zeros(len(xy), bool)
    with rasterio.open(path) as source:
        values, to_pixel = source.read(1), ~source.transform
    column, row = to_pixel * (xy[:, 0], xy[:, 1])
    row = np.floor(row).astype(int).clip(0, values.shape[0] - 1)
    column = np.floor(column).astype(int).clip(0, values.shape[1] - 1)
    return np.asarray(values[row, column] == 255, bool)


def true_events(site: TrackSite, arrivals: bool) -> Floats:
    """Events (n, 5) that clear looks can show.

    x, y, the first look that shows it, 1 where the spot held another box before (after, for departures), which makes it
    a change of the top box, and the first look at or after its day, on which it may show through thin cloud.
    """
    n, found = len(site.dates), []
    for k in range(len(site.xy)):
        seen = np.flatnonzero(site.visible[k])
        at = site.arrived[k] if arrivals else site.departed[k]
        if not len(seen) or not (0 < at < n):
            continue
        if arrivals:
            if site.clear[k, :at].any():
                found.append((*site.xy[k], seen[0], site.occupied[site.slot[k], seen[0] - 1], at))
        elif site.clear[k, at:].any():
            shown = at + int(site.clear[k, at:].argmax())
            found.append((*site.xy[k], shown, site.occupied[site.slot[k], shown], at))
    return np.array(found, float).reshape(-1, 5)
