"""Time and memory of tracking boxes, on the simulated series of scenarios/box_series.py.

    python benchmarks/tracks_speed.py [--boxes 100000] [--dates 12]

`boxes` is the number of true ones; rows are some seven times as many at twelve dates. CPU seconds of `changedet.track`
alone, after a small series has compiled what is compiled; memory is what the process grew by at its peak.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.stages.tracks.stage import track  # noqa: E402
from scenarios import box_series  # noqa: E402

SLOTS, FILLED = 24, 0.6


def peak_mb() -> float:
    """The most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print the time and memory of following one series."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--boxes", type=int, default=100_000)
    parser.add_argument("--dates", type=int, default=12)
    given = parser.parse_args()
    small = box_series.simulate(1, dates=given.dates, blocks=2)
    track(small.detections, small.dates, clear=small.clear, detector="imitated")
    # Every change of a slot's state is half a further box.
    boxes_a_slot = FILLED + (given.dates - 1) * 0.08 / 2
    blocks = max(1, round(given.boxes / SLOTS / boxes_a_slot))
    series = box_series.simulate(1, dates=given.dates, blocks=blocks, fill=FILLED)
    before, began = peak_mb(), time.process_time()
    tracks = track(series.detections, series.dates, clear=series.clear, detector="imitated")
    spent, grown = time.process_time() - began, peak_mb() - before
    print(f"{len(series.truth)} boxes, {given.dates} dates, {len(series.detections)} rows: {len(tracks.tracks)} tracks")
    print(f"{spent:.1f} CPU s, {grown:.0f} MB more at the peak")


if __name__ == "__main__":
    main()
