"""Whether every row of whole runs holds its expected figures, and how far these lie from the truth.

    python benchmarks/run_rows.py --folder DIR [--kinds growth,port] [--seeds 7601-7602] [--again]

Ten kinds of simulated sites by two seeds: twenty runs of pixels, of four dates, sites of 100 m (200 px) by the first
seed and of 140 m by the second. Boxes come from the detector; the stage change is switched off, as no count needs it.
Scenes and runs are kept in DIR; `--again` runs them once more. The columns are those of benchmarks/series_rows.py, and
the means of the expected and of the listed figures.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from benchmarks.series_rows import report, row_of  # noqa: E402
from changedet.simulate import simulate  # noqa: E402
from scenarios.track_sites import TrackSite, read_site, runs, seeds_of, true_events  # noqa: E402

KINDS = ("growth", "clouds", "trains", "port", "earthworks", "quiet", "dense", "decoys", "winter", "mixed")
SIZES_M, DATES, GSD_M = (100.0, 140.0), 4, 0.5
DETECTOR = "learned"


def truth(site: TrackSite) -> dict[str, np.ndarray]:
    """True containers, TEU, arrivals and departures by date; events are those that clear looks can show."""
    table = pd.read_csv(site.run.path.parent.parent / "truth" / "truth.csv")
    found = {name: table[name].to_numpy(float) for name in ("containers", "teu")}
    for name in ("arrivals", "departures"):
        when = true_events(site, name == "arrivals")[:, 2]
        found[name] = np.array([(when == i).sum() for i in range(len(site.dates))], float)
    return found


def rows(folder: Path, kinds: Sequence[str], seeds: Sequence[int], again: bool) -> Iterator[dict[str, object]]:
    """One row a figure and date of all runs."""
    for kind in kinds:
        for k, seed in enumerate(seeds):
            place = folder / f"{kind}-{seed}"
            if not (place / "truth" / "truth.gpkg").exists():
                size_m = SIZES_M[k % len(SIZES_M)]
                simulate(place, kind=kind, seed=seed, gsd_m=GSD_M, size_m=size_m, dates=DATES)  # type: ignore[arg-type]
            for path in runs(folder, DETECTOR, kind, seed, again):
                yield from of_site(read_site(path, kind, seed))


def of_site(site: TrackSite) -> Iterator[dict[str, object]]:
    """One row a figure and date of one run."""
    table = site.run.series
    table = table[table["zone"] == ""].reset_index(drop=True)
    for name, true in truth(site).items():
        columns = [table[f"{name}{part}"].astype(float) for part in ("_expected", "_low", "_high", "")]
        for value, low, high, listed, number in zip(*columns, true, strict=True):
            if not np.isnan(value):
                yield {
                    **row_of(site.kind, name, (value, low, high), number),
                    "expected": value,
                    "listed": listed,
                }


def main() -> None:
    """Print the rows by figure and by kind of site."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--folder", type=Path, required=True, help="keeps scenes, truth and runs")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--seeds", default="7601-7602")
    parser.add_argument("--again", action="store_true", help="run the sites once more")
    given = parser.parse_args()
    kinds, seeds = given.kinds.split(","), seeds_of(given.seeds)
    table = pd.DataFrame(rows(given.folder, kinds, seeds, given.again))
    print(f"{len(kinds) * len(seeds)} runs")
    report(table)


if __name__ == "__main__":
    main()
