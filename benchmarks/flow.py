"""Whether bounds of arrivals and departures between looks hold what really passed, seen or not.

    python benchmarks/flow.py [--sites 200]

Boxes arrive at a site at random, in lots, or with a trend, and stay for random or fixed times; looks are 5 to 60 days
apart and show every box. Figures are those of `changedet/pipeline/flow.py` from a table whose own bounds are exact, so
that the turnover that no look shows is measured, and nothing else.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.pipeline.flow import flow  # noqa: E402

WAYS = ("random", "lots", "trend", "fixed stay")
LOOKS, DAYS_BEFORE = 8, 200


def boxes(way: str, rng: np.random.Generator, days: int) -> tuple[np.ndarray, np.ndarray]:
    """Days on which boxes come and go."""
    rate, stay = rng.uniform(0.2, 3.0), rng.uniform(10, 90)
    number = rng.poisson(rate * (days + DAYS_BEFORE))
    came = rng.uniform(-DAYS_BEFORE, days, number)
    if way == "lots":
        came = np.repeat(rng.uniform(-DAYS_BEFORE, days, max(number // 8, 1)), 8)
    if way == "trend":
        came = -DAYS_BEFORE + (days + DAYS_BEFORE) * np.sqrt(rng.uniform(0, 1, number))
    length = (
        np.full(len(came), stay) * rng.normal(1, 0.1, len(came))
        if way == "fixed stay"
        else rng.exponential(stay, len(came))
    )
    return came, came + length


def intervals(way: str, seed: int) -> Iterator[dict[str, object]]:
    """One row an interval: whether its bounds hold, how wide they are, and the truth."""
    rng = np.random.default_rng([WAYS.index(way), seed])
    looks = np.cumsum(rng.integers(5, 61, LOOKS))
    came, went = boxes(way, rng, int(looks[-1]))
    rows = []
    for k, day in enumerate(looks):
        there = (came <= day) & (went > day)
        row: dict[str, object] = {"date": pd.Timestamp("2024-01-01") + pd.Timedelta(days=int(day)), "zone": ""}
        row |= {f"containers_{part}": float(there.sum()) for part in ("expected", "low", "high")}
        if k:
            before = (came <= looks[k - 1]) & (went > looks[k - 1])
            for name, seen in (("arrivals", there & ~before), ("departures", before & ~there)):
                row |= {f"{name}_{part}": float(seen.sum()) for part in ("expected", "low", "high")}
        rows.append(row)
    columns = [f"{name}_{part}" for name in ("arrivals", "departures") for part in ("expected", "low", "high")]
    table = pd.DataFrame(rows).reindex(
        columns=["date", "zone", *(f"containers_{p}" for p in ("expected", "low")), *columns]
    )
    start = pd.Timestamp("2024-01-01")
    for one in flow(table):
        first, last = ((pd.Timestamp(one[key]) - start).days for key in ("from", "to"))
        for name, when in (("arrivals", came), ("departures", went)):
            true, told = int(((when > first) & (when <= last)).sum()), one[name]
            bounded = told["most"] is not None
            yield {
                "way": way, "bounded": bounded, "true": true, "likely": told["likely"],
                "seen": told["least"], "holds": told["least"] <= true and (not bounded or true <= told["most"]),
                "width": (told["most"] - told["least"]) / max(true, 1) if bounded else np.nan,
            }  # fmt: skip


def main() -> None:
    """Print a line for each way of arriving and staying."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sites", type=int, default=200)
    given = parser.parse_args()
    table = pd.DataFrame([row for way in WAYS for seed in range(given.sites) for row in intervals(way, seed)])
    for way, rows in table.groupby("way", sort=False):
        bounded = rows[rows["bounded"]]
        error, plain = ((bounded[name] - bounded["true"]).abs().mean() for name in ("likely", "seen"))
        print(
            f"{way}: {len(rows)} intervals, bounded {rows['bounded'].mean():.2f}, of these hold "
            f"{bounded['holds'].mean():.3f}, "
            f"mean {bounded['true'].mean():.1f}, error {error:.1f} ({plain:.1f} without the unseen), "
            f"width {bounded['width'].median():.2f}"
        )


if __name__ == "__main__":
    main()
