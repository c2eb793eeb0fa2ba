"""Vehicles in rows: counted on drawn sites of trailers and buses, and on two real pictures of them.

    python benchmarks/vehicles.py [--seeds 8811-8813] [--data DATA]

A site of kind decoys, or a picture, is taken as one zone. `found` is what the zone's count would be, `hit` how many of
the true ones are among them (overlap .3). Seeds 8801 to 8810 teach the bounds
(`changedet/pipeline/things/vehicles.py`).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet import detect_containers  # noqa: E402
from changedet.pipeline.things.kernels.found_bounds import found_bounds  # noqa: E402
from changedet.pipeline.things.kernels.queues import longest_queue_m, merged  # noqa: E402
from changedet.pipeline.things.vehicles import FOUND, TRUE  # noqa: E402
from scenarios.track_sites import seeds_of  # noqa: E402
from scenarios.yards import Yard, as_array, found_boxes, hits, real, simulated  # noqa: E402

PICTURES = (("P0004", 0.1325), ("P0005", 0.12), ("P0003_buses", 0.1157))
SIZE_M, GSD_M = 160.0, 0.5


def yards(seeds: list[int], data: Path | None) -> Iterator[tuple[Yard, int]]:
    """Pictures, and how many vehicles stand there."""
    for seed in seeds:
        yard = simulated(seed, GSD_M, SIZE_M, 1, "decoys")
        yield yard, len(yard.others)
    for name, gsd_m in PICTURES if data is not None else ():
        yard = real(data / "yards", name, gsd_m)
        yield yard, len(yard.boxes)


def main() -> None:
    """Print a line a picture."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seeds", default="8811-8813")
    parser.add_argument("--data", type=Path)
    given = parser.parse_args()
    for yard, true in yards(list(seeds_of(given.seeds)), given.data):
        found = merged(found_boxes(detect_containers(as_array(yard), method="auto")))
        labels = yard.others if len(yard.others) else yard.boxes
        low, high = found_bounds(len(found), FOUND, TRUE)
        right, queue_m = len(np.unique(hits(found, labels)[1])), longest_queue_m(found)
        bounds = f"{low:.0f} to {high:.0f}"
        print(f"{yard.name}: {len(found)} ({bounds}) of {true}, hit {right}, queue {queue_m:.0f} m", flush=True)


if __name__ == "__main__":
    main()
