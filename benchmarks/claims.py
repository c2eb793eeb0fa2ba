"""Whether what a series lets one claim is true: lower bounds that hold, records that are the greatest.

    python benchmarks/claims.py [--seeds 4100-4119]

The kinds of sites of `series_rows.py`, each by all seeds; boxes are detected by an imitation of the network, so that
the series and nothing else is measured. A run is wrong where any of its claims is. A record is true where no other look
truly had more.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from box_rows import followed  # noqa: E402

from benchmarks.series_rows import KINDS, truth  # noqa: E402
from changedet.stages.series.claims import RECORD, find_claims  # noqa: E402
from changedet.stages.series.table import DateMeasurements, timeseries  # noqa: E402
from scenarios import box_series  # noqa: E402


def judged(seeds: range) -> Iterator[dict[str, object]]:
    """A row for each claim of all sites, and one for each site."""
    for kind, given in KINDS.items():
        for seed in seeds:
            series = box_series.simulate(seed, **given)  # type: ignore[arg-type]
            table = timeseries([DateMeasurements(day) for day in series.dates], followed(series))
            true = truth(series)
            days = [str(day) for day in series.dates]
            held = []
            for claim in find_claims(table, None):
                if claim.kind == RECORD:
                    standing = true[claim.about]
                    is_true = bool(standing[days.index(claim.date)] >= standing.max())
                else:
                    numbers = true[claim.about]
                    is_sum = claim.about in {"arrivals", "departures"}
                    is_true = bool((numbers.sum() if is_sum else numbers[days.index(claim.date)]) >= claim.value)
                held.append(is_true)
                what = "record" if claim.kind == RECORD else f"at least, {claim.about}"
                yield {"kind": kind, "what": what, "claims": 1, "true": is_true}
            yield {"kind": kind, "what": "run: all of its claims", "claims": 1, "true": bool(np.all(held))}


def main() -> None:
    """Print how many claims were made and what share of them is true."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seeds", default="4100-4119")
    first, last = map(int, parser.parse_args().seeds.split("-"))
    table = pd.DataFrame(judged(range(first, last + 1)))
    for by in (["what"], ["kind", "what"]):
        print(table.groupby(by, sort=False).agg({"claims": "sum", "true": "mean"}).round(3).to_string())


if __name__ == "__main__":
    main()
