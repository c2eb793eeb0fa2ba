"""Fit the trees of change on simulated pairs and write changedet/models/change_trees.npz.

    python training/fit_change.py                  # both worlds, some 15 CPU minutes each
    python training/fit_change.py --worlds rgbn    # this one alone; the other's forests stay as they are
    python training/fit_change.py --worlds rgb --keep-first   # only its second pair of judges, of all seasons
    python training/fit_change.py --worlds rgbn --keep-guess --painted DIR   # its judges anew, with painted sites too
    python training/fit_change.py --sites 24 --check-sites 24 -o small.npz

Nothing but simulation is used, by one hand or by both. Sites of `WORLDS` are fitted on, others choose stages and
calibration; benchmarks/change.py shows what thresholds do. Scenes with near infrared and scenes without have forests
of their own. A small forest on the features of a pixel, the guess, dismisses most of them; two larger ones, the
judges, classify the rest: one also takes the guesses around the pixel as features, the other does not, and weighs
ground by its area. The first judge is fitted on guesses of a forest that has not seen the site: even and odd sites
guess for each other. Without near infrared there are two more judges, fitted on further sites, half of them with
dates of all seasons.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import pickle
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, cast

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.kernels import boosted_trees, forest_files  # noqa: E402
from changedet.stages.change.kernels import feature_names  # noqa: E402
from changedet.stages.change.kernels.guess_context import context as context_around  # noqa: E402
from changedet.stages.change.kernels.guess_context import likely  # noqa: E402
from scenarios import painted  # noqa: E402
from scenarios.pairs import GSDS_M, KINDS, NIR_KINDS, Bare, Pair, bare_pairs, seen  # noqa: E402
from training.boosting import Pixels, boosted, chosen, gates, isotonic, joined, rarer, table  # noqa: E402
from training.progress import say  # noqa: E402


@dataclass(frozen=True)
class Sites:
    """What judges are fitted on.

    Attributes
    ----------
    first, first_check : int
        First seed of the sites that are fitted on, and of those that calibrate.
    count : int
        Number of sites.
    kinds : tuple of str
        Of the sites, in turn.
    varied : int
        On how many of each two sites dates lie in all seasons and may be coarser than the first.
    various : int
        Of so many of the first sites two in three vary in what is no change, as `scenarios.variety` has it.
    """

    first: int
    first_check: int
    count: int
    kinds: tuple[str, ...]
    varied: int
    various: int = 0


WORLDS = {"rgb": Sites(40_000, 45_000, 216, KINDS, 0), "rgbn": Sites(42_000, 45_100, 264, NIR_KINDS, 2)}
WITH_PAINTED = {**WORLDS, "rgbn": Sites(42_000, 45_100, 168, NIR_KINDS, 2, various=72)}
"""Beside painted sites."""
SEASONS = Sites(41_000, 45_200, 240, KINDS, 1)
"""Of the second pair of judges without near infrared."""
PAINTED_FIT, PAINTED_CHECK = (1001, 1002, 1004), (1003,)
"""Seeds of the painted sites."""
PAINTED_PX = (1, 2)
"""Pixels of a painted scene along a pixel that is fitted on."""
PAINTED_SHARE = 1.0
"""What painted pixels weigh together, changed and unchanged ones apart, of what simulated ones do."""
GUESSED_PX, CHANGED_PX, UNCHANGED_PX = 1200, 1500, 2500
"""At most so many pixels of a pair, of each sort for the first guess; they weigh what they stand for."""
FIRST_TREES, TREES, RATE = 50, 200, 0.1
FIRST_STAGES = (12,)
STAGES = (30, 90)
LEAST_GUESS = -4.0
"""Log odds of the first guess from which on the judges classify a pixel."""
LEFT_OUT = ("unmatched", "least_saturation", "greatest_saturation")
"""Features that the judge of ground does not use."""
CAUTION = {"rgbn": 0.0, "rgb": -0.77}
"""Added to the log odds of both judges: change is rarer than where they are calibrated, and unchanged pictures from the
web get too high probabilities. With it one threshold serves both worlds (chosen as `CHOSEN` is)."""
CHOSEN = {"rgbn": ((0.3, 0.7), (0.5, 0.75), (1.0, 0.65)), "rgb": ((0.3, 0.65), (0.5, 0.65), (1.0, 0.65))}
"""Thresholds by resolution, from benchmarks/change.py with sites that are neither fitted on nor reported."""

MODEL = ROOT / "changedet/models/change_trees.npz"
Guess = Callable[[int], boosted_trees.Forest]
World = tuple[tuple[boosted_trees.Forest, ...], "WorldRecord"]
Judge = tuple[boosted_trees.Forest, "JudgeRecord"]


class JudgeRecord(TypedDict):
    """Early stages of a judge, and how its margins become probabilities."""

    stages: list[list[float]]
    margin: list[float]
    probability: list[float]


class WorldRecord(TypedDict, total=False):
    """What is kept with the forests of a world; thresholds and numbers of forests are added when it is written."""

    first_stages: list[list[float]]
    judges: list[JudgeRecord]
    thresholds: tuple[tuple[float, float], ...]
    forests: list[int]


def kept_pairs(folder: Path, first: int, sites: int, dates: int, of: Sites) -> Iterator[tuple[int, list[Bare]]]:
    """Sites and their pairs, simulated once and kept in a folder."""
    for k in range(sites):
        various = k < of.various and (k + k // len(of.kinds)) % 3 != 0
        path = folder / f"{first + k}{'-various' if various else ''}.pickle"
        if not path.exists():
            # in rounds of the kinds, so that each kind has both sorts of site
            varied = (k // len(of.kinds) + k) % 2 < of.varied
            gsd_m, kind = GSDS_M[(k + k // len(of.kinds)) % len(GSDS_M)], of.kinds[k % len(of.kinds)]
            # the third and the fifth camera of a mixed series know near infrared and are coarser
            count = 5 if kind == "mixed" and varied else dates
            found = list(bare_pairs(first + k, kind, gsd_m, count, seasons=varied, coarser=varied, various=various))
            part = path.with_suffix(f".{os.getpid()}")
            part.write_bytes(pickle.dumps(found, 4))
            part.replace(path)
        print(f"\r{first + k}", end="", file=sys.stderr, flush=True)
        yield first + k, pickle.loads(path.read_bytes())  # noqa: S301 - written above


def world_of(args: argparse.Namespace, colours: bool) -> Sites:
    """What is simulated for one of both worlds."""
    return (WITH_PAINTED if args.painted else WORLDS)["rgb" if colours else "rgbn"]


def painted_pairs(folder: Path | None, seeds: tuple[int, ...], colours: bool) -> Iterator[tuple[int, list[Pair]]]:
    """Seeds and pairs of painted sites, the first date of each with the others; none without a folder."""
    for site in painted.painted_sites(folder, seeds) if folder else ():
        for size in PAINTED_PX:
            for bare in painted.bare_pairs(site, size):
                yield site.seed, as_seen([bare], colours, 0)


def beside(own: list[Pixels], other: list[Pixels]) -> Pixels:
    """All pixels in one table, the other hand's weighing `PAINTED_SHARE` of the own ones."""
    mine = joined(own)
    if not other:
        return mine
    theirs = joined(other)
    weights = theirs[2].copy()
    for label in (0, 1):
        factor = PAINTED_SHARE * mine[2][mine[1] == label].sum() / max(weights[theirs[1] == label].sum(), 1.0)
        weights[theirs[1] == label] *= factor
    return joined([mine, (theirs[0], theirs[1], weights)])


def as_seen(found: list[Bare], colours: bool, place: int) -> list[Pair]:
    """A site's first (0) or last (-1) pair for one of both worlds, unless it is hidden as a whole."""
    known = [bare for bare in found if colours or len(bare.before) > 3]
    pairs = [seen(bare, colours, varied=True) for bare in known[place : place + 1 or None]]
    return [pair for pair in pairs if (pair.truth != 255).mean() > 0.02]


def near_change(pair: Pair) -> NDArray[np.bool_]:
    """Changed pixels and those next to them, which are not fitted on as unchanged."""
    return np.asarray(ndimage.binary_dilation(pair.truth == 1, np.ones((3, 3), bool)))


def for_first(pair: Pair) -> Pixels:
    """Pixels that the first guess is fitted on."""
    found, _, counts = table(pair)
    loud = np.abs(found[feature_names.names().index("both_outside_5")]) > 60
    unchanged = counts & ~near_change(pair)
    sorts = [(1, counts & (pair.truth == 1)), (0, unchanged & loud), (0, unchanged & ~loud)]
    rng = np.random.default_rng([pair.seed, 79])
    return chosen(found, [(label, where, GUESSED_PX) for label, where in sorts], rng)


def for_second(pair: Pair, guess: boosted_trees.Forest, stages: list[list[float]]) -> Pixels:
    """Pixels that the first guess does not dismiss, with its guesses around them."""
    found, valid, counts = table(pair)
    margin = boosted_trees.staged_margins(guess, found, valid, stages)
    passed = margin >= stages[-1][1]
    around = np.zeros((1 + len(feature_names.CONTEXT_PX), *valid.shape), np.float32)
    around[0] = margin
    around[1:, passed] = context_around(likely(margin, stages[-1][1]), valid, passed)
    sorts = [
        (1, passed & counts & (pair.truth == 1), CHANGED_PX),
        (0, passed & counts & ~near_change(pair), UNCHANGED_PX),
    ]
    return chosen(np.concatenate([found, around]), sorts, np.random.default_rng([pair.seed, 80]))


def fitted(args: argparse.Namespace, colours: bool, kept: World | None) -> World:
    """The forests of one world and their record; of `kept` the guess stays, and its first two judges unless asked."""
    if kept is None:
        guess, early, halves = _first(args, colours)
    else:
        (guess, *grown), own = kept
        early, halves = own["first_stages"][:-1], [guess, guess]
    # while the judges are fitted no pixel is dropped early
    stages = [*([count, LEAST_GUESS] for count, _ in early), [FIRST_TREES, LEAST_GUESS]]
    if kept is None or args.keep_guess:
        of = world_of(args, colours)
        judges = _judges(args, of, guess, lambda seed: halves[seed % 2], stages, colours)
    else:
        judges = list(zip(grown[:2], own["judges"][:2], strict=True))
    if colours:
        # no guess has seen these sites
        judges += _judges(args, SEASONS, guess, lambda _: guess, stages, colours)
    forests = (guess, *(grown for grown, _ in judges))
    return forests, {"first_stages": [*early, stages[-1]], "judges": [judge for _, judge in judges]}


def _judges(
    args: argparse.Namespace,
    of: Sites,
    guess: boosted_trees.Forest,
    guess_of: Guess,
    stages: list[list[float]],
    colours: bool,
) -> list[Judge]:
    """A judge that takes the guesses around a pixel and one that weighs ground by its area, both calibrated."""
    known = np.array(feature_names.known_columns(not colours))
    fit = _second_pixels(args, of, False, guess_of, stages, colours)
    check = _second_pixels(args, of, True, lambda _: guess, stages, colours)
    say(f"\njudges: {len(fit[1])} pixels, {fit[1].mean():.3f} changed")
    context = np.arange(len(feature_names.context_names())) + len(feature_names.names())
    ground = np.array([k for k in known if not feature_names.names()[k].startswith(LEFT_OUT)])
    judges: list[Judge] = []
    for columns, by_area in ((np.concatenate([known, context]), False), (ground, True)):
        grown = boosted(fit, columns, TREES, RATE, args.seed, by_area=by_area)
        at, value = isotonic(boosted_trees.margins(grown, check[0], TREES), *check[1:])
        value = rarer(value, CAUTION["rgb" if colours else "rgbn"])
        judges.append((grown, {"stages": gates(grown, check, STAGES), "margin": at, "probability": value}))
        say("one judge")
    return judges


def _first(
    args: argparse.Namespace, colours: bool
) -> tuple[boosted_trees.Forest, list[list[float]], list[boosted_trees.Forest]]:
    """The first guess fitted on all sites, its early stages, and those for even and for odd sites."""
    known = np.array(feature_names.known_columns(not colours))
    of = world_of(args, colours)
    parts: list[list[Pixels]] = [[], []]
    others: list[list[Pixels]] = [[], []]
    for seed, found in kept_pairs(args.work, of.first, args.sites or of.count, args.dates, of):
        # the guess sees a site's first pair, the judges its last: more of one site would add little
        parts[seed % 2] += [for_first(pair) for pair in as_seen(found, colours, 0)]
    for seed, pairs in painted_pairs(args.painted, PAINTED_FIT, colours):
        others[seed % 2] += [for_first(pair) for pair in pairs]
    kept = kept_pairs(args.work, of.first_check, args.check_sites, args.dates, of)
    checks = [for_first(pair) for _, found in kept for pair in as_seen(found, colours, 0)]
    other_checks = [
        for_first(pair) for _, pairs in painted_pairs(args.painted, PAINTED_CHECK, colours) for pair in pairs
    ]
    halves = [boosted(beside(parts[1 - k], others[1 - k]), known, FIRST_TREES, 0.15, args.seed) for k in range(2)]
    whole = boosted(beside(parts[0] + parts[1], others[0] + others[1]), known, FIRST_TREES, 0.15, args.seed)
    check = beside(checks, other_checks)
    margin = boosted_trees.margins(whole, check[0], FIRST_TREES)
    for least in (LEAST_GUESS - 0.5, LEAST_GUESS, LEAST_GUESS + 0.5):
        lost, share = np.mean(margin[check[1] == 1] < least), np.average(margin >= least, weights=check[2])
        say(f"from a guess of {least}: {share:.4f} are classified again, {lost:.4f} of the change lost")
    return whole, [[count, round(least, 2)] for count, least in gates(whole, check, FIRST_STAGES)], halves


def _second_pixels(
    args: argparse.Namespace, of: Sites, checks: bool, guess: Guess, stages: list[list[float]], colours: bool
) -> Pixels:
    first, sites = (of.first_check, args.check_sites) if checks else (of.first, args.sites or of.count)
    own, other = [], []
    for seed, found in kept_pairs(args.work, first, sites, args.dates, of):
        own += [for_second(pair, guess(seed), stages) for pair in as_seen(found, colours, -1)]
    for seed, pairs in painted_pairs(args.painted, PAINTED_CHECK if checks else PAINTED_FIT, colours):
        other += [for_second(pair, guess(seed), stages) for pair in pairs]
    return beside(own, other)


def kept_worlds(path: Path) -> dict[str, World]:
    """Forests of both worlds from a file, with their records."""
    forests, about, _ = forest_files.load(path.read_bytes())
    worlds = cast("dict[str, WorldRecord]", about["worlds"])
    return {name: (tuple(forests[k] for k in own["forests"]), own) for name, own in worlds.items()}


def main() -> None:
    """Fit the forests of the chosen worlds and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--worlds", nargs="+", choices=list(WORLDS), default=list(WORLDS))
    parser.add_argument("--kept", type=Path, default=MODEL, help="where the forests of the other world are taken from")
    parser.add_argument(
        "--keep-first", action="store_true", help="without near infrared only the judges of all seasons"
    )
    parser.add_argument("--keep-guess", action="store_true", help="only the judges; the first guess stays as it is")
    parser.add_argument("--painted", type=Path, help="folder of painted sites that teach too")
    parser.add_argument("--sites", type=int, help="by default 216 and 240 without near infrared, 264 with it")
    parser.add_argument("--check-sites", type=int, default=24)
    parser.add_argument("--dates", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path, default=Path("change_pairs"), help="keeps the simulated pairs here")
    parser.add_argument("-o", "--out", type=Path, default=MODEL)
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    forests: list[boosted_trees.Forest] = []
    worlds: dict[str, WorldRecord] = {}
    keeps = args.keep_first or args.keep_guess
    whole = len(args.worlds) == len(WORLDS) and not keeps
    known = {} if whole else kept_worlds(args.kept)
    for name in WORLDS:
        before = known.get(name)
        if name in args.worlds:
            stays = args.keep_guess or (args.keep_first and name == "rgb")
            grown, own = fitted(args, name == "rgb", before if stays else None)
        elif before is not None:
            grown, own = before
        worlds[name] = {
            **own,
            "thresholds": CHOSEN[name],
            "forests": [len(forests) + k for k in range(len(grown))],
        }
        forests += grown
    about = {
        "features": [*feature_names.names(), *feature_names.context_names()],
        "least_gsd_m": min(GSDS_M),
        "greatest_gsd_m": max(GSDS_M),
        "worlds": worlds,
    }
    args.out.write_bytes(forest_files.dump(forests, about))
    print(f"{args.out}: {args.out.stat().st_size} bytes, SHA-256 {hashlib.sha256(args.out.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
