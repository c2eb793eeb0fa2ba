"""Onset of growth on series of detected boxes: growing sites, and quiet, seasonal and single-delivery ones.

    python benchmarks/onset.py [--seeds 9000-9099]

The series are those of tests/box_series.py: boxes as a detector would give them, followed by `changedet.track`, counted
by the series stage. Each seed makes one site without lasting growth, its kind by turns, and every second one a growing
site. Nothing was fitted on them.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.series import STAGE, LookFacts, Onset, onsets, timeseries  # noqa: E402
from changedet.tracks import track  # noqa: E402


def box_series() -> Any:
    spec = importlib.util.spec_from_file_location("box_series", ROOT / "tests" / "box_series.py")
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    sys.modules["box_series"] = module
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    return module


def onset_of(series: Any) -> Onset:
    tracks = track(series.detections, series.dates, clear=series.clear, detector="imitated")
    table = timeseries([LookFacts(day) for day in series.dates], tracks)
    return onsets(table, STAGE.get("staircase").function(None), series.dates[0])["containers"]


def pattern(kind: str, rng: np.random.Generator, dates: int) -> dict[str, Any]:
    """What fills half of the slots: nothing but turnover, a summer's stock twice, or one delivery that leaves again."""
    if kind == "quiet":
        return {"change": 0.05}
    if kind == "seasonal":
        first = int(rng.integers(1, 4))
        return {"change": 0.03, "visits": ((first, first + 3), (first + 7, first + 10))}
    begin = int(rng.integers(1, dates - 4))
    return {"change": 0.03, "visits": ((begin, begin + int(rng.integers(1, 4))),)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="9000-9099")
    first, last = (int(part) for part in parser.parse_args().seeds.split("-"))
    boxes = box_series()
    false: dict[str, list[bool]] = {"quiet": [], "seasonal": [], "delivery": []}
    right = []
    for seed in range(first, last + 1):
        rng = np.random.default_rng(seed)
        kind = tuple(false)[seed % 3]
        dates = 15 if kind == "seasonal" else int(rng.integers(7, 14))
        series = boxes.simulate(seed, dates=dates, blocks=4, cloud=0.2, **pattern(kind, rng, dates))
        false[kind].append(onset_of(series).date is not None)
        if seed % 2:
            continue
        begin = int(rng.integers(2, dates - 2))
        grown = boxes.simulate(seed, dates=dates, blocks=4, cloud=0.2, growth_from=begin)
        found = onset_of(grown)
        right.append(found.date is not None and found.low <= grown.dates[begin] <= found.high)
    for kind, values in false.items():
        print(f"{kind}: {sum(values)} false onsets on {len(values)} sites")
    print(f"growing: the interval holds the true date on {sum(right)} of {len(right)} sites")


if __name__ == "__main__":
    main()
