"""Arrivals, departures, identities, counts and onset from the real detector's boxes, on simulated sites.

    python benchmarks/tracks.py [--detector classical] [--folder DIR] [--seeds 660-662] [--kinds twin_sites]

Sites are simulated at 0.5 m (176 m wide, eight dates) and run up to the tracks; nothing was fitted on these seeds
(training/fit_tracks.py takes 600 and on). An event is found where a track begins, or ends, on the very date within 3 m
of it; only events that clear looks can show count. `by then` also takes those that are detected earlier, through thin
cloud, since the day of the true one. `ground` leaves out those true events at which another box stands at
the spot before or after: a top set upon a stack, taken off it, or swapped.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.kernels.containers import CONTAINER_KINDS, OTHER  # noqa: E402
from changedet.stages.series.onsets import find_onsets  # noqa: E402
from changedet.stages.series.stage import STAGE as SERIES  # noqa: E402
from changedet.stages.series.table import (  # noqa: E402
    DateMeasurements,
    timeseries,
)
from changedet.stages.tracks.result import Tracks  # noqa: E402
from changedet.stages.tracks.stage import track  # noqa: E402
from scenarios.track_sites import KINDS, TrackSite, seeds_of, sites, true_events  # noqa: E402

Floats = NDArray[np.float64]
NEAR_M = 3.0
SCOT_BETA = 2.0


@dataclass
class Sums:
    """What is added up over the sites of a kind: hits, found, true of events; SCOT's parts; counts by date."""

    events: dict[str, Floats] = field(default_factory=lambda: defaultdict(lambda: np.zeros(3)))
    scot: list[float] = field(default_factory=list)
    switches: list[int] = field(default_factory=list)
    false_arrivals: list[tuple[float, float]] = field(default_factory=list)
    counts: list[tuple[float, float, float, float]] = field(default_factory=list)
    differences: list[float] = field(default_factory=list)
    covered: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    onsets: list[tuple[int | None, int | None]] = field(default_factory=list)


def found_events(tracks: Tracks, arrivals: bool) -> Floats:
    """Events (n, 3) of the tracks: x, y, the date that first shows them."""
    index = {pd.Timestamp(day, tz="UTC"): i for i, day in enumerate(tracks.dates)}
    table = tracks.tracks[tracks.tracks["kind"].isin(CONTAINER_KINDS)]
    table = table[table["not_before" if arrivals else "not_after"].notna()]
    when = table["first_seen" if arrivals else "not_after"]
    return np.column_stack([table.geometry.x, table.geometry.y, [index[t] for t in when]]).reshape(-1, 3).astype(float)


def matched(true: Floats, found: Floats, early: bool = False) -> int:
    """Pairs of a true and a found event of one date within `NEAR_M`, each used once.

    With `early`, a look through thin cloud may show it before the clear one, since the day of the true event.
    """
    if not len(true) or not len(found):
        return 0
    apart = np.hypot(true[:, None, 0] - found[None, :, 0], true[:, None, 1] - found[None, :, 1])
    earliest = true[:, None, 4 if early else 2]
    good = (apart <= NEAR_M) & (earliest <= found[None, :, 2]) & (found[None, :, 2] <= true[:, None, 2])
    rows, columns = linear_sum_assignment(-good.astype(float))
    return int(good[rows, columns].sum())


def scot(site: TrackSite, tracks: Tracks) -> tuple[float, int]:
    """SCOT, the metric of SpaceNet 7, with boxes matched by their centres, and the number of identity switches.

    See Van Etten et al. 2021, doi:10.1109/CVPR46437.2021.00633.
    """
    own = tracks.detections.dropna(subset="track_id")
    own = own[own["kind"].isin([*CONTAINER_KINDS, OTHER])]
    xy = np.column_stack([own.geometry.centroid.x, own.geometry.centroid.y])
    ids, day = own["track_id"].to_numpy(int), own["date"].dt.date.to_numpy()
    last: dict[int, int] = {}
    seen: set[int] = set()
    hits = mismatches = found = true = new_hits = new_found = new_true = 0
    for t, date in enumerate(site.dates):
        mine, theirs = np.flatnonzero(day == date), np.flatnonzero(site.visible[:, t])
        new_mine = {k for k in mine if ids[k] not in seen} if t else set()
        new_theirs = {k for k in theirs if k not in last and not site.visible[k, :t].any()} if t else set()
        seen |= set(ids[mine].tolist())
        apart = np.hypot(*(np.subtract.outer(site.xy[theirs, c], xy[mine, c]) for c in (0, 1)))
        good = apart <= NEAR_M
        rows, columns = linear_sum_assignment(np.where(good, apart - 100.0, 0.0))
        found, true = found + len(mine), true + len(theirs)
        new_found, new_true = new_found + len(new_mine), new_true + len(new_theirs)
        for i, j in zip(rows, columns, strict=True):
            if good[i, j]:
                box, name = int(theirs[i]), int(ids[mine[j]])
                hits += 1
                mismatches += last.get(box, name) != name
                last[box] = name
                new_hits += box in new_theirs and mine[j] in new_mine
    follow = 2 * (hits - mismatches) / max(found + true, 1)
    change = 2 * new_hits / max(new_found + new_true, 1) if new_found + new_true else 1.0
    both = (1 + SCOT_BETA**2) * change * follow / max(SCOT_BETA**2 * change + follow, 1e-9)
    return both, mismatches


def add(total: Sums, site: TrackSite, tracks: Tracks) -> None:
    """One site's part."""
    table = timeseries([DateMeasurements(day) for day in site.dates], tracks)
    for name in ("arrivals", "departures"):
        true, found = true_events(site, name == "arrivals"), found_events(tracks, name == "arrivals")
        hits = matched(true, found)
        total.events[name] += (hits, len(found), len(true))
        total.events[f"{name} by then"] += (matched(true, found, early=True), len(found), len(true))
        ground = true[true[:, 3] == 0]
        total.events[f"{name} ground"] += (matched(ground, found), len(found) - hits, len(ground))
        if name == "arrivals":
            total.false_arrivals.append((len(found) - hits, float(site.top[:, 1:].sum())))
        for t in range(1, len(site.dates)):
            number = int((true[:, 2] == t).sum())
            total.covered[name].append(bool(table[f"{name}_low"][t] <= number <= table[f"{name}_high"][t]))
    value, switches = scot(site, tracks)
    total.scot.append(value)
    total.switches.append(switches)
    own = table[["containers_expected", "containers_low", "containers_high"]].to_numpy(float)
    total.counts += [(*row, float(n)) for row, n in zip(own, site.containers, strict=True)]
    total.differences += list(np.abs(np.diff(own[:, 0]) - np.diff(site.containers)))
    onset = find_onsets(table, SERIES.get("staircase").function(None), site.dates[0], tracks)["containers"]
    truth = pd.read_csv(site.run.path.parent.parent / "truth" / "truth.csv")["onset_containers"].dropna()
    when = None if truth.empty else site.dates.index(pd.Timestamp(truth.iloc[0]).date())
    total.onsets.append((None if onset.date is None else site.dates.index(onset.date), when))


def report(name: str, total: Sums) -> str:
    """One line of figures."""
    parts = []
    for key, (hits, found, true) in total.events.items():
        if key.endswith("ground"):
            parts.append(f"{key} recall {hits / max(true, 1):.2f} of {int(true)}")
        else:
            parts.append(f"{key} F1 {2 * hits / max(found + true, 1):.2f} ({int(hits)}/{int(found)}/{int(true)})")
    value, low, high, true = np.array(total.counts).T
    false, boxes = np.array(total.false_arrivals).sum(0)
    parts += [
        f"SCOT {np.mean(total.scot):.2f}",
        f"switches {np.mean(total.switches):.1f}",
        f"false arrivals per 100 boxes and interval {100 * false / boxes:.1f}",
        f"count error {np.abs(value - true).sum() / true.sum():.3f}",
        f"of a difference {np.mean(total.differences):.1f}",
        f"coverage {np.mean((low <= true) & (true <= high)):.2f}",
        f"width {np.median((high - low) / np.maximum(value, 1)):.2f}",
        *(f"{key} coverage {np.mean(inside):.2f}" for key, inside in total.covered.items()),
        f"onset right {sum(a == b for a, b in total.onsets)} of {len(total.onsets)}",
    ]
    return f"{name:8s} " + "; ".join(parts)


def main() -> None:
    """Print a line for each kind and one for all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--detector", default="classical")
    parser.add_argument("--folder", type=Path, default=Path("track_sites"))
    parser.add_argument("--seeds", default="660-662")
    parser.add_argument("--kinds", default=",".join(KINDS), help="twin_sites, too: those that consignments leave")
    parser.add_argument("--method", default="auto", help="of the tracks")
    parser.add_argument("--again", action="store_true", help="run the sites once more: a detector has changed")
    given = parser.parse_args()
    kinds = given.kinds.split(",")
    totals: dict[str, Sums] = defaultdict(Sums)
    for site in sites(given.folder, given.detector, kinds, seeds_of(given.seeds), given.again):
        tracks = track(site.detections, site.looks, detector=given.detector, method=given.method)
        add(totals[site.kind], site, tracks)
        add(totals["all"], site, tracks)
    for name in (*kinds, "all"):
        print(report(name, totals[name]))


if __name__ == "__main__":
    main()
