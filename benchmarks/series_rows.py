"""Whether every row of a time series holds its expected figures, and how far these lie from the truth.

    python benchmarks/series_rows.py [--seeds 4000-4003]

Five kinds of sites (steady, cloudy, of four dates, growing, with looks that show next to nothing), each by all seeds:
twenty series by default, of ten dates where nothing else is said. Boxes are detected by an imitation of the network
(`scenarios/box_series.py`), so that the series and nothing else is measured. `inside` are rows whose expected figure
lies in its own interval, `holds` those whose interval has the true number, `error` is the mean distance of the expected
figure from it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from box_rows import followed, true_events  # noqa: E402

from changedet.kernels.containers import TEU_OF_KIND  # noqa: E402
from changedet.stages.series.table import DateMeasurements, timeseries  # noqa: E402
from scenarios import box_series  # noqa: E402

KINDS: Mapping[str, Mapping[str, object]] = {
    "steady": {},
    "cloudy": {"cloud": 0.6},
    "short": {"dates": 4},
    "growing": {"growth_from": 5},
    "blind looks": {"blind": 0.1},
}


def truth(series: box_series.Series) -> dict[str, np.ndarray]:
    """True containers, TEU, arrivals and departures by date; events are those that clear looks can show."""
    days = range(len(series.dates))
    standing = [series.truth[series.standing(i)] for i in days]
    found = {
        "containers": np.array([len(one) for one in standing]),
        "teu": np.array([int(one["kind"].map(TEU_OF_KIND).sum()) for one in standing]),
    }
    for name in ("arrivals", "departures"):
        when = true_events(series, name == "arrivals")[:, 2]
        found[name] = np.array([(when == i).sum() for i in days])
    return found


def rows(seeds: range) -> Iterator[dict[str, object]]:
    """One row a figure and date of all sites."""
    for kind, given in KINDS.items():
        for seed in seeds:
            series = box_series.simulate(seed, **given)  # type: ignore[arg-type]
            table = timeseries([DateMeasurements(day) for day in series.dates], followed(series))
            for name, true in truth(series).items():
                for value, low, high, number in zip(
                    *(table[f"{name}_{part}"] for part in ("expected", "low", "high")), true, strict=True
                ):
                    if not np.isnan(value):
                        yield row_of(kind, name, (value, low, high), number)


def row_of(kind: str, figure: str, said: tuple[float, float, float], true: float) -> dict[str, object]:
    """A row of a figure on a date: what is said (expected, low, high) against what is true, as `report` reads it."""
    value, low, high = said
    return {
        "kind": kind,
        "figure": figure,
        "rows": 1,
        "inside": low <= value <= high,
        "holds": low <= true <= high,
        "error": abs(value - true),
        "true": true,
    }


def report(table: pd.DataFrame) -> None:
    """Print rows by figure and by kind of site; exit with status 1 where an expected figure leaves its interval."""
    sums = [name for name in ("expected", "listed") if name in table]
    how = {"rows": "sum", "inside": "mean", "holds": "mean", "error": "mean", "true": "mean"}
    how |= dict.fromkeys(sums, "mean")
    for by in (["figure"], ["kind", "figure"]):
        print(table.groupby(by, sort=False).agg(how).round(3).to_string())
    if not table["inside"].all():
        sys.exit("an expected figure lies outside its own interval")


def main() -> None:
    """Print the rows by figure and by kind of site."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seeds", default="4000-4003")
    first, last = map(int, parser.parse_args().seeds.split("-"))
    print(f"{len(KINDS) * (last + 1 - first)} series")
    report(pd.DataFrame(rows(range(first, last + 1))))


if __name__ == "__main__":
    main()
