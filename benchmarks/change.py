"""Change methods on simulated pairs that nothing was fitted on: F1, false alarms, CPU seconds.

    python benchmarks/change.py [--methods trees irmad] [--gsd 0.5] [--seeds 990 1010] [--rgb] [--web] [--thresholds]
    python benchmarks/change.py --methods trees --painted DIR --seeds 31 33 [--coarser 2]   # painted sites, all dates

Each site's first date against two others, aligned but for a residual of up to 0.7 px, clouds masked nearly as the truth
has them, snow as the mask stage finds it. `--rgb` leaves the near infrared out, `--web` makes most of these pairs
pictures as they are on the web: stretched, other gammas, JPEG. F1 forgives one pixel: a marked pixel is right where the
truth is within one pixel, and the other way round. False alarms are the share of a quiet site that is marked.
`--thresholds` prints F1 over thresholds of the trees.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.kernels.components import drop_small_components  # noqa: E402
from changedet.stages.change.stage import STAGE as CHANGE  # noqa: E402
from changedet.stages.registry import Facts  # noqa: E402
from scenarios import painted  # noqa: E402
from scenarios.pairs import Bare, Pair, bare_pairs, seen  # noqa: E402

KINDS = ("quiet", "growth", "trains", "port", "earthworks", "clouds", "winter", "dense", "decoys", "mixed")
GRID = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
Counts = NDArray[np.float64]


def counts(mask: NDArray[np.bool_], pair: Pair) -> Counts:
    """Marked, marked right, changed, changed and found, valid: pixels, with one pixel of slack."""
    valid, truth = pair.truth != 255, pair.truth == 1
    near = cv2.dilate(truth.astype(np.uint8), np.ones((3, 3), np.uint8)) == 1
    found = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) == 1
    mask = mask & valid
    return np.array([mask.sum(), (mask & near).sum(), truth.sum(), (truth & found).sum(), valid.sum()], float)


def f1(total: Counts) -> float:
    """F1 of sums of `counts`."""
    precision, recall = total[1] / max(total[0], 1), total[3] / max(total[2], 1)
    return float(2 * precision * recall / max(precision + recall, 1e-9))


def score(name: str, pair: Pair, dtype: str = "uint16") -> tuple[NDArray[np.float32], float, int, float]:
    """Score, threshold, least pixels and CPU seconds for a million pixels of applying."""
    roles = ("blue", "green", "red", "nir")[: len(pair.before)]
    facts = Facts(pair.gsd_m, roles, gsd_m=(pair.gsd_m,) * 2, dtype=dtype)
    method = CHANGE.get(name)
    choice = CHANGE.choose(facts)
    made = method.function(facts, **method.resolve(choice.parameters if choice.method == name else {}))
    model = made.fit(pair.before[None], pair.after[None])
    begin = time.process_time()
    found = made.apply(pair.before, pair.after, model=model)
    speed = (time.process_time() - begin) / found.size * 1e6
    return found, model.threshold, int(np.ceil(model.min_area_m2 / pair.gsd_m**2)), speed


def marked(found: NDArray[np.float32], threshold: float, least_px: int) -> NDArray[np.bool_]:
    """The change mask: above the threshold, in components of enough pixels."""
    return np.asarray(drop_small_components((found > threshold).astype(np.uint8), least_px) == 1)


def pairs_of(args: argparse.Namespace) -> Iterator[Bare]:
    """Two pairs of each simulated site, or all of the painted ones."""
    seeds = range(*args.seeds)
    if args.painted:
        for site in painted.painted_sites(args.painted, seeds):
            yield from painted.bare_pairs(site, args.coarser)
        return
    for number, kind in enumerate(args.kinds):
        for k in range(args.each):
            yield from bare_pairs(seeds[(args.each * number + k) % len(seeds)], kind, args.gsd, 3)


def main() -> None:
    """Print F1 and false alarms of each method and kind."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--methods", nargs="+", default=["trees", "irmad"])
    parser.add_argument("--kinds", nargs="+", default=list(KINDS))
    parser.add_argument("--gsd", type=float, default=0.5)
    parser.add_argument("--seeds", type=int, nargs=2, default=(990, 1010))
    parser.add_argument("--each", type=int, default=2, help="sites of each kind")
    parser.add_argument("--rgb", action="store_true")
    parser.add_argument("--web", action="store_true")
    parser.add_argument("--thresholds", action="store_true")
    parser.add_argument("--painted", type=Path, help="folder of painted sites to take instead")
    parser.add_argument("--coarser", type=int, default=1, help="painted pixels along one that is compared")
    args = parser.parse_args()
    totals: dict[tuple[str, str, float], Counts] = defaultdict(lambda: np.zeros(5))
    speeds: dict[str, list[float]] = defaultdict(list)
    for bare in pairs_of(args):
        pair = seen(bare, colours=args.rgb or args.web, varied=args.web)
        for name in args.methods:
            dtype = "uint8" if args.web or bare.dtype == "uint8" else "uint16"
            found, threshold, least_px, speed = score(name, pair, dtype)
            speeds[name].append(speed)
            totals[name, pair.kind, 0.0] += counts(marked(found, threshold, least_px), pair)
            for value in GRID if args.thresholds and name == "trees" else ():
                totals[name, pair.kind, value] += counts(marked(found, value, least_px), pair)
    for name, value in sorted({(n, v) for n, _, v in totals}):
        print(f"{name} {value or ''} at {args.gsd} m, {np.median(speeds[name]):.2f} CPU s/MPix")
        own = {kind: total for (one, kind, at), total in totals.items() if (one, at) == (name, value)}
        print("  " + "  ".join(f"{kind} {f1(t):.3f} ({(t[0] - t[1]) / t[4]:.3%})" for kind, t in own.items()))
        print(f"  mean F1 but quiet {np.mean([f1(t) for kind, t in own.items() if kind != 'quiet']):.3f}", flush=True)


if __name__ == "__main__":
    main()
