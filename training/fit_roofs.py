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

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.blocks.windows import SAMPLE_CELL_PX  # noqa: E402
from changedet.stages.change.kernels import wide_ground  # noqa: E402
from changedet.stages.change.kernels.box_sums import box_sum  # noqa: E402
from changedet.stages.change.kernels.roof_odds import RoofEvidence, least_by_roofs  # noqa: E402
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
    RoofEvidence(differs, sees, (-5.0, top))
    for differs, sees, top in itertools.product(
        ((0.1, 0.6), (0.1, 0.8), (0.2, 0.8), (0.3, 0.9)),
        ((-9.0, -8.0), (-2.5, -0.5), (-1.5, 0.5), (-0.5, 1.0)),
        (-5.0, 0.0, 1.0, 2.0, 3.0, 4.0),
    )
)
"""The second gates let everything through first; -5 as the most is as if nobody knew roofs."""


class Said(NamedTuple):
    """What is said of the known pixels of a pair: log odds of all but the trees, and of these; roofs; the truth."""

    network: NDArray[np.float32]
    trees: NDArray[np.float32]
    differs: NDArray[np.float32]
    sees: NDArray[np.float32]
    changed: NDArray[np.bool_]


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
    score, network = method.apply_apart(before, after, model=model)
    differs = method.roofs(before, after, model=model)
    halo, core = method.halo_px, slice(method.halo_px, -method.halo_px)
    wide = wide_ground.wide_halo_px(pair.gsd_m)
    reach = slice(halo - wide, wide - halo)
    own, steps = score[reach, reach], wide_ground.whole_steps(wide_ground.kept_odds(network))[reach, reach]
    nothing = np.zeros(pair.truth.shape, np.float32)
    around = wide_ground.marks_around(own, steps, pair.gsd_m)
    bounded = wide_ground.bounded_by_network(own, steps, nothing, around, nothing - 5, nothing, pair.gsd_m)
    half = wide_ground.half_px(wide_ground.NEAR_M, pair.gsd_m)
    counts = ((steps != wide_ground.UNSAID) & np.isfinite(own)).astype(np.int32)
    near = box_sum((steps.astype(np.int32) - wide_ground.EVEN) * counts, half) / np.maximum(box_sum(counts, half), 1)
    inner = slice(wide, -wide)
    known = (pair.truth != NOT_KNOWN) & np.isfinite(bounded)
    said = (steps[inner, inner].astype(np.float32) - wide_ground.EVEN) / np.float32(wide_ground.STEP)
    likely = np.clip(bounded[known], SMALLEST, 1 - SMALLEST)
    trees = np.log(likely / (1 - likely)) - said[known]
    sees = (near[inner, inner][known] / wide_ground.STEP).astype(np.float32)
    return Said(said[known], trees, differs[core, core][known], sees, pair.truth[known] == 1)


def loss(said: Said, evidence: RoofEvidence) -> float:
    """Mean log loss of a pair."""
    odds = np.maximum(said.trees, least_by_roofs(said.differs, said.sees, evidence)) + said.network
    likely = np.clip(1 / (1 + np.exp(-odds)), SMALLEST, 1 - SMALLEST)
    return float(-np.log(np.where(said.changed, likely, 1 - likely)).mean())


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
        said = said_of(pair)
        rows.append([loss(said, evidence) for evidence in CHOICES])
        say(f"{pair.kind} {pair.seed}")
    losses = np.mean(rows, axis=0)
    for k in np.argsort(losses):
        print(f"{losses[k]:.5f}  {CHOICES[k]}")


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
