"""Fit how far the trees may dismiss a roof that came or went (`roof_odds.EVIDENCE`), and print what each choice gives.

    python training/fit_roofs.py --pairs DIR [--sites 48] [--painted DIR2 ..]

On simulated sites with houses, halls, yards, ports and fields, and on painted ones that teach (seeds from 1000 on), all
in colours alone and mostly as pictures from the web. The least mean log loss wins, each pair weighing as much as the
others. DIR keeps the pairs. Run it whenever the trees or either network change.
"""

from __future__ import annotations

import argparse
import itertools
import os
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple
from unittest import mock

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.blocks.windows import SAMPLE_CELL_PX  # noqa: E402
from changedet.stages.change import learned  # noqa: E402
from changedet.stages.change.kernels import wide_ground  # noqa: E402
from changedet.stages.change.kernels.network_odds import LEAST_ODDS  # noqa: E402
from changedet.stages.change.kernels.roof_odds import RoofEvidence, least_by_roofs, roof_evidence  # noqa: E402
from changedet.stages.change.stage import STAGE  # noqa: E402
from changedet.stages.registry import Facts  # noqa: E402
from scenarios import painted  # noqa: E402
from scenarios.pairs import Bare, Pair, bare_pairs  # noqa: E402
from training.fit_change import as_seen  # noqa: E402
from training.progress import say  # noqa: E402

FIRST_SEED: Final = 44_000
KINDS: Final = (
    "settlement", "works", "settlement", "quiet", "growth", "settlement", "works", "port", "settlement", "earthworks",
    "dense", "decoys", "trains", "winter", "works", "settlement",
)  # fmt: skip
"""Half of the sites have houses or halls that come; the others what must not become one."""
GSD_M: Final = 0.5
DATES: Final = 3
NOT_KNOWN: Final = 255
SMALLEST: Final = 1e-4
"""Probabilities nearer to 0 and 1 count as that far from them: one pixel must not outweigh a site."""
CHOICES: Final = tuple(
    RoofEvidence(differs, sees, (LEAST_ODDS, top))
    for differs, sees, top in itertools.product(
        ((0.1, 0.6), (0.1, 0.8), (0.2, 0.8)),
        ((-9.0, -8.0), (-2.5, -0.5), (-1.5, -0.5), (-1.0, 0.0), (-0.5, 0.5)),
        (-5.0, 2.0, 3.0, 4.0, 5.0),
    )
)
"""The second gates let everything through first; -5 as the most is as if nobody knew roofs."""


class Said(NamedTuple):
    """What is said of a pair (y, x): log odds of the trees, and of the network; roofs; the truth."""

    trees: NDArray[np.float32]
    network: NDArray[np.float32]
    differs: NDArray[np.float32]
    truth: NDArray[np.uint8]
    gsd_m: float


def simulated(folder: Path, sites: int) -> Iterator[Pair]:
    """First and last pair of each site, simulated once and kept in a folder."""
    for k in range(sites):
        path = folder / f"{FIRST_SEED + k}.pickle"
        if not path.exists():
            kind = KINDS[k % len(KINDS)]
            found = list(bare_pairs(FIRST_SEED + k, kind, GSD_M, DATES, seasons=k % 3 != 0, various=k % 2 == 0))
            part = path.with_suffix(f".{os.getpid()}")
            part.write_bytes(pickle.dumps(found, 4))
            part.replace(path)
        found = pickle.loads(path.read_bytes())  # noqa: S301 - written above
        yield from as_seen(found, True, 0)
        yield from as_seen(found, True, -1)


def painted_pairs(folders: list[Path]) -> Iterator[Pair]:
    """The first date of each painted site with its last one."""
    for folder in folders:
        seeds = sorted({int(path.name.rpartition("-")[2]) for path in folder.iterdir() if path.is_dir()})
        for site in painted.painted_sites(folder, seeds):
            found: list[Bare] = list(painted.bare_pairs(site))
            yield from as_seen(found, True, -1)


def said_of(pair: Pair) -> Said:
    """What the released models say of a pair, its trees bounded as a run bounds them."""
    facts = Facts(pair.gsd_m, ("blue", "green", "red"), gsd_m=(pair.gsd_m,) * 2)
    chosen = STAGE.get("trees")
    method = chosen.function(facts, **chosen.resolve({}))
    if method.apply_apart is None or method.roofs is None:
        raise RuntimeError("trees without a network")
    before, after = (_padded(image, method.halo_px) for image in (pair.before, pair.after))
    model = method.fit(_cells(pair.before), _cells(pair.after))
    score, odds = method.apply_apart(before, after, model=model)
    network = wide_ground.kept_odds(odds)
    with mock.patch.object(learned, "roof_evidence", lambda differs, *_: differs):
        differs = method.roofs(before, after, network, model=model)
    halo, wide = method.halo_px, wide_ground.wide_halo_px(pair.gsd_m)
    reach, core = slice(halo - wide, wide - halo), slice(halo, -halo)
    own, steps = score[reach, reach], wide_ground.whole_steps(network)[reach, reach]
    nothing = np.zeros(pair.truth.shape, np.float32)
    around = wide_ground.marks_around(own, steps, pair.gsd_m)
    least = np.full_like(nothing, wide_ground.LEAST_TREES[0])
    bounded = wide_ground.bounded_by_network(own, steps, nothing, around, least, nothing, pair.gsd_m)
    likely = np.clip(bounded, SMALLEST, 1 - SMALLEST)
    said = network[core, core]
    trees = np.log(likely / (1 - likely)) - said
    truth = np.where(np.isfinite(trees), pair.truth, NOT_KNOWN).astype(np.uint8)
    return Said(trees, said, differs[core, core], truth, pair.gsd_m)


def losses(said: Said) -> list[float]:
    """Mean log loss of a pair by each of the choices."""
    known = said.truth != NOT_KNOWN
    changed, trees, network = said.truth[known] == 1, said.trees[known], said.network[known]
    found = []
    for choice in CHOICES:
        evidence = roof_evidence(said.differs, said.network, said.gsd_m, choice)[known]
        odds = np.maximum(trees, least_by_roofs(evidence, choice.least)) + network
        likely = np.clip(1 / (1 + np.exp(-odds)), SMALLEST, 1 - SMALLEST)
        found.append(float(-np.log(np.where(changed, likely, 1 - likely)).mean()))
    return found


def main() -> None:
    """Print the choices, the best ones first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=Path, required=True, help="keeps the simulated pairs here")
    parser.add_argument("--sites", type=int, default=48)
    parser.add_argument("--painted", type=Path, nargs="*", default=[], help="folders of painted sites that teach")
    given = parser.parse_args()
    given.pairs.mkdir(parents=True, exist_ok=True)
    rows = []
    for pair in itertools.chain(simulated(given.pairs, given.sites), painted_pairs(given.painted)):
        rows.append(losses(said_of(pair)))
        say(f"{pair.kind} {pair.seed}")
    means = np.mean(rows, axis=0)
    for k in np.argsort(means):
        print(f"{means[k]:.5f}  {CHOICES[k]}")


def _padded(image: NDArray[np.float32], halo_px: int) -> NDArray[np.float32]:
    return np.pad(image, ((0, 0), (halo_px, halo_px), (halo_px, halo_px)), constant_values=np.nan)


def _cells(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cells of a run's sample that cover the picture; NaN beyond it."""
    rows, columns = (-(-size // SAMPLE_CELL_PX) for size in image.shape[1:])
    spare = [(0, n * SAMPLE_CELL_PX - size) for n, size in zip((rows, columns), image.shape[1:], strict=True)]
    full = np.pad(image, ((0, 0), *spare), constant_values=np.nan)
    split = full.reshape(len(image), rows, SAMPLE_CELL_PX, columns, SAMPLE_CELL_PX)
    return split.transpose(1, 3, 0, 2, 4).reshape(-1, len(image), SAMPLE_CELL_PX, SAMPLE_CELL_PX)


if __name__ == "__main__":
    main()
