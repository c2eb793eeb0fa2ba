"""Onset of growth: growing sites, and quiet, seasonal and single-delivery ones.

    python benchmarks/onset.py [--seeds 9000-9099]
    python benchmarks/onset.py --detector learned --folder DIR --seeds 670-672

Without a folder the series are those of scenarios/box_series.py: boxes as a detector would give them. Each seed makes
one site without lasting growth, its kind by turns, and every second one a growing site; with `--cloud .8`, of six to
eight dates of which so many have a cloud that hides a third of the site and more, in place of .2 of seven to fifteen.

With a folder they are the real detector's boxes on simulated sites (scenarios/track_sites.py), from few of each site's
looks, drawn at random: `LOOKS` of them, two at least on each side of the growth. Sites that do not grow give the quiet
series; looks of growing sites in another order give stock that comes and leaves again once, or twice. Take seeds that
training/fit_tracks.py did not fit on: 620 and on.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.stages.series.growth import Onset  # noqa: E402
from changedet.stages.series.onsets import find_onsets  # noqa: E402
from changedet.stages.series.stage import STAGE  # noqa: E402
from changedet.stages.series.table import DateMeasurements, timeseries  # noqa: E402
from changedet.stages.tracks.stage import track  # noqa: E402
from changedet.stages.tracks.visibility import GivenVisibility, SeriesVisibility  # noqa: E402
from scenarios import box_series  # noqa: E402
from scenarios.track_sites import TrackSite, sites  # noqa: E402

Floats = NDArray[np.float64]
GROWING, STILL = ("growth", "clouds"), ("quiet", "dense", "port", "trains")
USUAL_CLOUD = 0.2
FEW = (6, 9)
LOOKS = (5, 8)
DRAWS = 4


@dataclass
class Onsets:
    """Onsets detected on series with and without growth.

    Attributes
    ----------
    false : dict of str to list of bool
        By kind of series without growth: whether one was detected.
    growing : list of tuple
        Of growing series: whether one was detected, whether its date is the first look at or after the growth, whether
        its bounds hold that, and how many looks and days they span.
    """

    false: dict[str, list[bool]] = field(default_factory=lambda: {"quiet": [], "seasonal": [], "delivery": []})
    growing: list[tuple[bool, bool, bool, float, float]] = field(default_factory=list)

    def grew(self, found: Onset, dates: Sequence[dt.date], first: int) -> None:
        """Add a growing series; `first` is the index of the date that first shows the growth."""
        if found.date is None or found.low is None or found.high is None:
            self.growing.append((False, False, False, np.nan, np.nan))
            return
        # The bounds span from the look before the lower one.
        low, high = found.low, found.high
        before = max(day for day in dates if day < low)
        looks = sum(before < day <= high for day in dates)
        holds = low <= dates[first] <= high
        self.growing.append((True, found.date == dates[first], holds, looks, (high - before).days))

    def report(self) -> str:
        """Lines of figures."""
        lines = [f"{kind}: {sum(found)} false onsets on {len(found)} series" for kind, found in self.false.items()]
        own = np.array(self.growing, float).reshape(-1, 5)
        detected, exact, holds = own[:, :3].sum(0).astype(int)
        lines.append(f"growing: the bounds hold the true date on {holds} of {len(own)} series; {detected} are told")
        if detected:
            looks, days = np.nanmean(own[:, 3:], axis=0)
            lines.append(
                f"of those told the date itself is right on {exact}; the bounds hold it on {holds / detected:.2f}"
            )
            lines.append(f"they span {looks:.2f} looks, {days:.0f} days, on average")
        return "\n".join(lines)


@dataclass(frozen=True)
class Reordered(SeriesVisibility):
    """Visibility of a site's looks in another order: the ``i``-th is its ``order[i]``-th, dated ``dates[i]``."""

    whole: SeriesVisibility
    order: Sequence[int]
    dates: Sequence[dt.date]

    def clear(self, i: int, points: Floats) -> NDArray[np.bool_]:
        """Which points nothing hides."""
        return self.whole.clear(self.order[i], points)

    def covered(self, i: int, points: Floats) -> NDArray[np.bool_]:
        """Which points the scene covers."""
        return self.whole.covered(self.order[i], points)

    def light(self, i: int, xy: Floats, length: Floats, angle: Floats) -> Floats | None:
        """Light on boxes, where it is known."""
        return self.whole.light(self.order[i], xy, length, angle)


def onset_of(detections: gpd.GeoDataFrame, looks: Reordered | GivenVisibility, detector: str) -> Onset:
    """The onset of containers in detected boxes."""
    tracks = track(detections, looks, detector=detector)
    table = timeseries([DateMeasurements(day) for day in looks.dates], tracks)
    return find_onsets(table, STAGE.get("staircase").function(None), looks.dates[0], tracks)["containers"]


class Pattern(TypedDict, total=False):
    """Arguments of `box_series.simulate`."""

    change: float
    visits: tuple[tuple[int, int], ...]


def pattern(kind: str, rng: np.random.Generator, dates: int) -> Pattern:
    """What fills half of the slots: nothing but turnover, a summer's stock twice, or one delivery that leaves again."""
    if kind == "quiet":
        return {"change": 0.05}
    if kind == "seasonal":
        first = int(rng.integers(1, 4))
        return {"change": 0.03, "visits": ((first, first + 3), (first + 7, first + 10))}
    begin = int(rng.integers(1, dates - 4))
    return {"change": 0.03, "visits": ((begin, begin + int(rng.integers(1, 4))),)}


def made_up(seeds: Sequence[int], cloud: float) -> Onsets:
    """Of series of imitated detections."""
    onsets = Onsets()
    few = cloud > USUAL_CLOUD
    for seed in seeds:
        rng = np.random.default_rng(seed)
        kind = tuple(onsets.false)[seed % 3]
        dates = int(rng.integers(*FEW)) if few else 15 if kind == "seasonal" else int(rng.integers(7, 14))
        # A second summer needs more dates than the few.
        kind = "delivery" if few and kind == "seasonal" else kind
        series = box_series.simulate(seed, dates=dates, blocks=4, cloud=cloud, **pattern(kind, rng, dates))
        looks = GivenVisibility(series.dates, series.clear)
        onsets.false[kind].append(onset_of(series.detections, looks, "imitated").date is not None)
        if seed % 2:
            continue
        begin = int(rng.integers(2, dates - 2))
        grown = box_series.simulate(seed, dates=dates, blocks=4, cloud=cloud, growth_from=begin)
        found = onset_of(grown.detections, GivenVisibility(grown.dates, grown.clear), "imitated")
        onsets.grew(found, grown.dates, begin)
    return onsets


def reordered(site: TrackSite, order: Sequence[int]) -> tuple[gpd.GeoDataFrame, Reordered]:
    """Boxes and looks of a site's looks in an order, called by the first dates of the site."""
    days = pd.to_datetime([site.dates[i] for i in sorted(set(order))], utc=True)
    parts = []
    day = site.detections["date"].dt.date
    for new, old in zip(days, order, strict=True):
        parts.append(site.detections[day == site.dates[old]].assign(date=new.as_unit("ms")))
    return pd.concat(parts, ignore_index=True), Reordered(site.looks, list(order), [stamp.date() for stamp in days])


def visits(rng: np.random.Generator, empty: Sequence[int], full: Sequence[int], twice: bool) -> list[int]:
    """Looks from before the growth with one of those after it, or two, not next to each other, among them."""
    order = [int(i) for i in rng.permutation(empty)[: 4 if twice else 3]]
    stays = [int(i) for i in rng.permutation(full)[: 2 if twice else 1]]
    for k, look in enumerate(stays):
        order.insert(1 + 2 * k, look)
    return order


def on_sites(folder: Path, detector: str, seeds: Sequence[int]) -> Onsets:
    """Of parts of the series of simulated sites."""
    onsets = Onsets()
    for site in sites(folder, detector, (*GROWING, *STILL), seeds):
        rng, n = np.random.default_rng(site.seed), len(site.dates)
        for _ in range(DRAWS):
            drawn = int(rng.integers(LOOKS[0], LOOKS[1] + 1))
            if site.kind in STILL:
                order = sorted(int(i) for i in rng.permutation(n)[:drawn])
                onsets.false["quiet"].append(onset_of(*reordered(site, order), detector).date is not None)
                continue
            truth = pd.read_csv(site.run.path.parent.parent / "truth" / "truth.csv")["onset_containers"].dropna()
            begin = site.dates.index(pd.Timestamp(truth.iloc[0]).date())
            order = [*rng.permutation(begin)[:2], *(begin + rng.permutation(n - begin)[:2])]
            rest = [i for i in rng.permutation(n) if i not in order]
            order = sorted(int(i) for i in [*order, *rest[: drawn - 4]])
            boxes, looks = reordered(site, order)
            first = next(k for k, i in enumerate(order) if i >= begin)
            onsets.grew(onset_of(boxes, looks, detector), looks.dates, first)
            for kind in ("delivery", "seasonal"):
                parts = visits(rng, range(begin), range(begin, n), kind == "seasonal")
                onsets.false[kind].append(onset_of(*reordered(site, parts), detector).date is not None)
    return onsets


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="9000-9099")
    parser.add_argument("--detector", default="learned")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--cloud", type=float, default=USUAL_CLOUD, help="share of made-up dates with a cloud")
    given = parser.parse_args()
    first, last = (int(part) for part in given.seeds.split("-"))
    seeds = range(first, last + 1)
    onsets = on_sites(given.folder, given.detector, seeds) if given.folder else made_up(seeds, given.cloud)
    print(onsets.report())


if __name__ == "__main__":
    main()
