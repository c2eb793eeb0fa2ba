"""Onset of growth: growing sites, and quiet, seasonal and single-delivery ones.

    python benchmarks/onset.py [--seeds 9000-9099]
    python benchmarks/onset.py --detector learned --folder DIR --seeds 670-672

Without a folder the series are those of tests/box_series.py: boxes as a detector would give them. Each seed makes one
site without lasting growth, its kind by turns, and every second one a growing site.

With a folder they are the real detector's boxes on simulated sites (training/track_sites.py), from few of each site's
looks, drawn at random: `LOOKS` of them, two at least on each side of the growth. Sites that do not grow give the quiet
series; looks of growing sites in another order give stock that comes and leaves again once, or twice. Take seeds that
training/fit_tracks.py did not fit on: 620 and on.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.series import STAGE, LookFacts, Onset, onsets, timeseries  # noqa: E402
from changedet.tracks import track  # noqa: E402
from changedet.tracks.rows import Looks  # noqa: E402
from training.track_sites import TrackSite, sites  # noqa: E402

GROWING, STILL = ("growth", "clouds"), ("quiet", "dense", "port", "trains")
LOOKS = (5, 8)
DRAWS = 4


@dataclass(frozen=True)
class Reordered:
    """Looks of a site in another order: the ``i``-th is its ``order[i]``-th, called by the date ``dates[i]``."""

    whole: Looks
    order: Sequence[int]
    dates: Sequence[dt.date]

    def clear(self, i: int, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        return self.whole.clear(self.order[i], points)

    def covered(self, i: int, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        return self.whole.covered(self.order[i], points)


def box_series() -> Any:
    spec = importlib.util.spec_from_file_location("box_series", ROOT / "tests" / "box_series.py")
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    sys.modules["box_series"] = module
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    return module


def onset_of(detections: Any, looks: Any, detector: str) -> Onset:
    tracks = track(detections, looks, detector=detector)
    table = timeseries([LookFacts(day) for day in looks.dates], tracks)
    return onsets(table, STAGE.get("staircase").function(None), looks.dates[0])["containers"]


def pattern(kind: str, rng: np.random.Generator, dates: int) -> dict[str, Any]:
    """What fills half of the slots: nothing but turnover, a summer's stock twice, or one delivery that leaves again."""
    if kind == "quiet":
        return {"change": 0.05}
    if kind == "seasonal":
        first = int(rng.integers(1, 4))
        return {"change": 0.03, "visits": ((first, first + 3), (first + 7, first + 10))}
    begin = int(rng.integers(1, dates - 4))
    return {"change": 0.03, "visits": ((begin, begin + int(rng.integers(1, 4))),)}


def made_up(seeds: Sequence[int]) -> tuple[dict[str, list[bool]], list[bool]]:
    """False onsets by kind, and right ones."""
    from changedet.tracks import AllLooks

    boxes = box_series()
    false: dict[str, list[bool]] = {"quiet": [], "seasonal": [], "delivery": []}
    right = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        kind = tuple(false)[seed % 3]
        dates = 15 if kind == "seasonal" else int(rng.integers(7, 14))
        series = boxes.simulate(seed, dates=dates, blocks=4, cloud=0.2, **pattern(kind, rng, dates))
        looks = AllLooks(series.dates, series.clear)
        false[kind].append(onset_of(series.detections, looks, "imitated").date is not None)
        if seed % 2:
            continue
        begin = int(rng.integers(2, dates - 2))
        grown = boxes.simulate(seed, dates=dates, blocks=4, cloud=0.2, growth_from=begin)
        found = onset_of(grown.detections, AllLooks(grown.dates, grown.clear), "imitated")
        right.append(found.date is not None and found.low <= grown.dates[begin] <= found.high)
    return false, right


def reordered(site: TrackSite, order: Sequence[int]) -> tuple[Any, Reordered]:
    """Boxes and looks of a site's looks in an order, called by the first dates of the site."""
    days = pd.to_datetime([site.dates[i] for i in sorted(set(order))], utc=True)
    parts = []
    day = site.detections["date"].dt.date
    for new, old in zip(days, order, strict=True):
        parts.append(site.detections[day == site.dates[old]].assign(date=new.as_unit("ms")))
    return pd.concat(parts, ignore_index=True), Reordered(site.looks, list(order), [stamp.date() for stamp in days])


def visits(rng: np.random.Generator, empty: Sequence[int], full: Sequence[int], twice: bool) -> list[int]:
    """Looks before the growth with one of those after it, or two, not next to each other, among them."""
    order = [int(i) for i in rng.permutation(empty)[: 4 if twice else 3]]
    stays = [int(i) for i in rng.permutation(full)[: 2 if twice else 1]]
    for k, look in enumerate(stays):
        order.insert(1 + 2 * k, look)
    return order


def on_sites(folder: Path, detector: str, seeds: Sequence[int]) -> tuple[dict[str, list[bool]], list[bool]]:
    """False onsets by kind, and right ones, of parts of simulated sites' series."""
    false: dict[str, list[bool]] = {"quiet": [], "seasonal": [], "delivery": []}
    right = []
    for site in sites(folder, detector, (*GROWING, *STILL), seeds):
        rng, n = np.random.default_rng(site.seed), len(site.dates)
        for _ in range(DRAWS):
            drawn = int(rng.integers(LOOKS[0], LOOKS[1] + 1))
            if site.kind in STILL:
                order = sorted(int(i) for i in rng.permutation(n)[:drawn])
                false["quiet"].append(onset_of(*reordered(site, order), detector).date is not None)
                continue
            truth = pd.read_csv(site.run.path.parent.parent / "truth" / "truth.csv")["onset_containers"].dropna()
            begin = site.dates.index(pd.Timestamp(truth.iloc[0]).date())
            order = [*rng.permutation(begin)[:2], *(begin + rng.permutation(n - begin)[:2])]
            rest = [i for i in rng.permutation(n) if i not in order]
            order = sorted(int(i) for i in [*order, *rest[: drawn - 4]])
            boxes, looks = reordered(site, order)
            found = onset_of(boxes, looks, detector)
            first = next(k for k, i in enumerate(order) if i >= begin)
            right.append(found.date is not None and found.low <= looks.dates[first] <= found.high)
            for kind in ("delivery", "seasonal"):
                parts = visits(rng, range(begin), range(begin, n), kind == "seasonal")
                false[kind].append(onset_of(*reordered(site, parts), detector).date is not None)
    return false, right


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="9000-9099")
    parser.add_argument("--detector", default="learned")
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    first, last = (int(part) for part in given.seeds.split("-"))
    seeds = range(first, last + 1)
    false, right = on_sites(given.folder, given.detector, seeds) if given.folder else made_up(seeds)
    for kind, values in false.items():
        print(f"{kind}: {sum(values)} false onsets on {len(values)} series")
    print(f"growing: the interval holds the true date on {sum(right)} of {len(right)} series")


if __name__ == "__main__":
    main()
