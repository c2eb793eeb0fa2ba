"""Fit the trees of change on simulated pairs and write changedet/model/change_trees.npz.

    python training/fit_change.py                  # seeds 40000 and on, some 45 CPU minutes
    python training/fit_change.py --sites 20 -o small.npz

Nothing but simulation is used. Sites 40000 and on are fitted on; 45000 and on choose stages and calibration, 46000 and
on the thresholds; benchmarks/change.py reports on 950 and on. A small forest on the features of a pixel guesses; a
large one judges that also knows what was guessed around it, beside one of `plain_trees` that does not. For what the
judge is fitted on, the guess comes from a forest that has not seen the site: even and odd sites guess for each other.
"""

from __future__ import annotations

import argparse
import hashlib
import pickle
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.change import counts, f1, marked  # noqa: E402
from changedet.kernels import features as kernel  # noqa: E402
from changedet.kernels import forest, trees  # noqa: E402
from training import plain_trees  # noqa: E402
from training.boosting import Pixels, boosted, chosen, gates, isotonic, joined, say, table  # noqa: E402
from training.simulated_pairs import GSDS_M, KINDS, Pair, pairs  # noqa: E402

FIRST_SEED, FIRST_CHECK_SEED, FIRST_THRESHOLD_SEED = 40_000, 45_000, 46_000
GUESSED_PX, CHANGED_PX, UNCHANGED_PX = 1200, 2500, 5000
"""At most so many pixels of a pair, of each sort for the first guess; they weigh what they stand for."""
FIRST_TREES, SECOND_TREES = 50, 260
FIRST_STAGES = (12,)
STAGES = (30, 90)
LEAST_GUESS = -4.5
"""Log odds of the first guess from which on a pixel is judged by the second."""
THRESHOLDS = np.round(np.arange(0.1, 0.96, 0.05), 2)
THRESHOLD_GSDS_M = (0.3, 0.5, 1.0)
CHECKED = ("growth", "trains", "port", "earthworks", "dense", "mixed")
CHOSEN = ((0.3, 0.55), (0.5, 0.65), (1.0, 0.6))
"""Resolution and threshold, by `best_threshold` but for 0.5 m, where it asks for .45 from 10 quiet sites: of 12 others
(seeds 49000, 49001 and 49100 to 49109) a few are far worse, and of all 22 at most .05 % are marked only from .65 on."""
QUIET_SITES = 10
QUIET_SHARE = 0.00015
"""At most so much of the quiet calibration sites may be marked falsely: sites differ, and .0005 is aimed at."""

Guess = Callable[[int], forest.Forest]


def kept_pairs(folder: Path, first: int, sites: int, dates: int) -> Iterator[tuple[int, list[Pair]]]:
    """Sites and their pairs, simulated once and kept in a folder."""
    for k in range(sites):
        path = folder / f"{first + k}.pickle"
        if not path.exists():
            gsd_m = GSDS_M[(k + k // len(KINDS)) % len(GSDS_M)]
            found = list(pairs(first + k, KINDS[k % len(KINDS)], gsd_m, dates))
            path.write_bytes(pickle.dumps(found, 4))
        print(f"\r{first + k}", end="", file=sys.stderr, flush=True)
        yield first + k, pickle.loads(path.read_bytes())  # noqa: S301 - written above


def near_change(pair: Pair) -> NDArray[np.bool_]:
    """The pixel around a change is of neither sort."""
    return np.asarray(ndimage.binary_dilation(pair.truth == 1, np.ones((3, 3), bool)))


def for_first(pair: Pair, rng: np.random.Generator) -> Pixels:
    found, _, judged = table(pair)
    loud = np.abs(found[kernel.names().index("both_outside_5")]) > 60
    unchanged = judged & ~near_change(pair)
    sorts = [(1, judged & (pair.truth == 1)), (0, unchanged & loud), (0, unchanged & ~loud)]
    return chosen(found, [(label, where, GUESSED_PX) for label, where in sorts], rng)


def for_second(pair: Pair, guess: forest.Forest, stages: list[list[float]], rng: np.random.Generator) -> Pixels:
    """Pixels that the first guess passes on, with what it guessed around them."""
    found, valid, judged = table(pair)
    margin = forest.staged_margins(guess, found, valid, stages)
    passed = margin >= stages[-1][1]
    around = np.zeros((1 + len(kernel.CONTEXT_PX), *valid.shape), np.float32)
    around[0] = margin
    around[1:, passed] = kernel.context(kernel.likely(margin, stages[-1][1]), valid, passed)
    sorts = [
        (1, passed & judged & (pair.truth == 1), CHANGED_PX),
        (0, passed & judged & ~near_change(pair), UNCHANGED_PX),
    ]
    return chosen(np.concatenate([found, around]), sorts, rng)


def threshold_counts(forests: tuple[forest.Forest, ...], about: dict[str, Any], gsd_m: float, sites: int) -> Any:
    """For each kind and threshold what `benchmarks.change.counts` gives, on sites of the threshold seeds."""
    about = about | {"thresholds": [[gsd_m, 0.5]]}
    kinds = ("quiet",) * QUIET_SITES + CHECKED * sites
    totals = {kind: np.zeros((len(THRESHOLDS), 5)) for kind in kinds}
    for k, kind in enumerate(kinds):
        for pair in pairs(FIRST_THRESHOLD_SEED + k, kind, gsd_m, 2, plain=True):
            settings = {"threshold": "auto", "min_area_m2": 8.0}
            model = trees.fit_trees(pair.before[None], pair.after[None], pair.bands, gsd_m, about, settings)
            found = trees.apply_trees(pair.before, pair.after, model, forests)
            least_px = int(np.ceil(8.0 / gsd_m**2))
            totals[kind] += [counts(marked(found, value, least_px), pair) for value in THRESHOLDS]
    return totals


def best_threshold(forests: tuple[forest.Forest, ...], about: dict[str, Any], gsd_m: float, sites: int) -> float:
    """The threshold of the greatest mean F1 among those that are silent enough on the quiet sites."""
    totals = threshold_counts(forests, about, gsd_m, sites)
    worth = np.mean([[f1(row) for row in totals[kind]] for kind in CHECKED], axis=0)
    quiet = totals["quiet"]
    false = (quiet[:, 0] - quiet[:, 1]) / quiet[:, 4]  # boxes come and go on a quiet site too
    for value, good, bad in zip(THRESHOLDS, worth, false, strict=True):
        print(f"{gsd_m} m, threshold {value:.2f}: mean F1 {good:.3f}, quiet sites {bad:.4%}", file=sys.stderr)
    return float(THRESHOLDS[np.argmax(np.where(false <= QUIET_SHARE, worth, worth - 1 - false))])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sites", type=int, default=300)
    parser.add_argument("--second-sites", type=int, default=176, help="of these, what the second guess is fitted on")
    parser.add_argument("--check-sites", type=int, default=44)
    parser.add_argument("--threshold-sites", type=int, default=1, help="of each kind but quiet; 0 keeps 0.5")
    parser.add_argument("--dates", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path, default=Path("change_pairs"), help="keeps the simulated pairs here")
    parser.add_argument("-o", "--out", type=Path, default=ROOT / "changedet/model/change_trees.npz")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    guess, early, halves = _first(args)
    # while the second guess is fitted nothing is let go early
    first_stages = [*([count, LEAST_GUESS] for count, _ in early), [FIRST_TREES, LEAST_GUESS]]
    fit = _second_pixels(
        args, FIRST_SEED, min(args.sites, args.second_sites), lambda seed: halves[seed % 2], first_stages
    )
    check = _second_pixels(args, FIRST_CHECK_SEED, args.check_sites, lambda _: guess, first_stages)
    say(f"\nsecond guess: {len(fit[1])} pixels, {fit[1].mean():.3f} changed")
    judge, model = boosted(fit, SECOND_TREES, 0.09, args.seed)
    x, y, w = check
    margin = forest.margins(judge, x, SECOND_TREES)
    say(f"largest difference from scikit-learn: {np.max(np.abs(margin - model.decision_function(x))):.2g}")
    at, value = isotonic(margin, y, w)
    first_judge = {"stages": gates(judge, check, STAGES), "margin": at, "probability": value}
    plain, second_judge = plain_trees.fitted(FIRST_SEED, FIRST_CHECK_SEED, args.seed)
    about = {"first_stages": [*early, first_stages[-1]], "judges": [first_judge, second_judge]}
    about |= {"features": [*kernel.names(), *kernel.context_names()]}
    about |= {"thresholds": CHOSEN, "least_gsd_m": min(GSDS_M), "greatest_gsd_m": max(GSDS_M)}
    sizes = THRESHOLD_GSDS_M if args.threshold_sites else ()
    for gsd_m in sizes:
        say(f"{gsd_m} m: {best_threshold((guess, judge, plain), about, gsd_m, args.threshold_sites)}")
    forest.save(args.out, (guess, judge, plain), about)
    print(f"{args.out}: {args.out.stat().st_size} bytes, SHA-256 {hashlib.sha256(args.out.read_bytes()).hexdigest()}")


def _first(args: argparse.Namespace) -> tuple[forest.Forest, list[list[float]], list[forest.Forest]]:
    """The first guess fitted on all sites, its early stages, and those for even and for odd sites."""
    parts: list[list[Pixels]] = [[], []]
    for seed, found in kept_pairs(args.work, FIRST_SEED, args.sites, args.dates):
        # what a site's other dates would add is little
        parts[seed % 2] += [for_first(pair, np.random.default_rng([seed, 79])) for pair in found[:1]]
    checks = [
        for_first(pair, np.random.default_rng([seed, 79]))
        for seed, found in kept_pairs(args.work, FIRST_CHECK_SEED, args.check_sites, args.dates)
        for pair in found[:1]
    ]
    say(f"\nfirst guess: {sum(len(part[1]) for half in parts for part in half)} pixels")
    halves = [boosted(joined(parts[1 - k]), FIRST_TREES, 0.15, args.seed)[0] for k in range(2)]
    whole = boosted(joined(parts[0] + parts[1]), FIRST_TREES, 0.15, args.seed)[0]
    check = joined(checks)
    margin = forest.margins(whole, check[0], FIRST_TREES)
    for least in (LEAST_GUESS - 1, LEAST_GUESS, LEAST_GUESS + 1):
        lost, share = np.mean(margin[check[1] == 1] < least), np.average(margin >= least, weights=check[2])
        say(f"from a guess of {least}: {share:.4f} are judged, {lost:.4f} of the change lost")
    return whole, [[count, round(least, 2)] for count, least in gates(whole, check, FIRST_STAGES)], halves


def _second_pixels(args: argparse.Namespace, first: int, sites: int, guess: Guess, stages: list[list[float]]) -> Pixels:
    parts = []
    for seed, found in kept_pairs(args.work, first, sites, args.dates):
        rng = np.random.default_rng([seed, 80])
        parts += [for_second(pair, guess(seed), stages, rng) for pair in found]
    return joined(parts)


if __name__ == "__main__":
    main()
