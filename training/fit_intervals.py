"""Fit by how much signs of doubt widen intervals, on sites that other hands show, and write doubt_weights.py.

    python training/fit_intervals.py [--folder DIR] [--hands 'mixed a,things,..'] [--level .88] [--check]
        [--only boxes-above] [--painted DIR --painted-seeds 1007 1008]

Sites of scenarios/hands.py are searched by the detector as it is now and followed over their dates; pictures are kept
in DIR. Painted sites count as a further hand; take none that the detector was fitted on. Below and above apart,
weights of the signs of doubt (`kernels.doubts`) are tried, scaled so that they hold all dates of a further *site*
with 1/2 + level / 2 on either side (split-conformal over sites, Vovk et al. 2005, as dates of one site err
alike), and those with the least widths are taken. Scenes that lie far are left out. `--check` leaves each hand out in
turn, fits on the others, and prints what its sites' intervals hold. Run it whenever the network or the tracks change
(some 3 CPU minutes once the pictures are there).
"""

from __future__ import annotations

import argparse
import hashlib
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.kernels.doubts import NO_DOUBTS, USUAL_DISTANCE, Doubts, Signs, Weights, doubt  # noqa: E402
from changedet.models.loader import RELEASED  # noqa: E402
from changedet.stages.objects import detector  # noqa: E402
from changedet.stages.objects.familiarity import familiarity_of  # noqa: E402
from changedet.stages.series.counts import TrackedBoxes  # noqa: E402
from changedet.stages.series.date_signs import date_signs  # noqa: E402
from changedet.stages.series.site_boxes import tracked_boxes  # noqa: E402
from changedet.stages.tracks.kernels import detector_tables, doubt_weights  # noqa: E402
from scenarios import hands, painted  # noqa: E402

Floats = NDArray[np.float64]
OUT = Path(doubt_weights.__file__)
DETECTOR = "learned"
STEPS = (0.0, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6, 1.0, 2.0)
"""Weights that are tried of each sign, before all are scaled."""
SWEEPS = 3
MOST = {"boxes": (5.0, 0.0, 2.0, 2.0, 2.0, 2.0), "events": (5.0, 0.5, 2.0, 2.0, 2.0, 2.0)}
"""Of each weight. A share of all counts alike would hold as many, at home for nothing and abroad too few."""
SIDES = ("below", "above")
PARTS = tuple(f"{name}-{side}" for name in Doubts._fields for side in SIDES)
PAINTED = "painted"
PENALTY = 1.0
TINY = 1e-6
FEW = 20.0
"""Boxes from which widths are reported."""


class Row(NamedTuple):
    """One figure of one date: its estimates, what is known of its error at home, the signs, and the truth."""

    site: str
    hand: str
    low: float
    high: float
    below: float
    above: float
    signs: Signs
    true: float


def box_rows(site: hands.HandSite, counted: TrackedBoxes, scale: float, halves: tuple[float, float]) -> list[Row]:
    """Counts of a site's dates."""
    rows = []
    signs = [above for _, above in date_signs(counted, scale).counts]
    for t in range(len(site.dates)):
        standing = counted.standing(t, np.ones(len(counted.weight)))
        value = scale * standing.expected
        own = (halves[0] * standing.spread, halves[1] * standing.above)
        true = float(site.true["containers"].iloc[t])
        rows.append(Row(site.name, site.hand, value, value, *own, signs[t], true))
    return rows


def event_rows(
    site: hands.HandSite, counted: TrackedBoxes, scale: float, halves: Sequence[tuple[float, float]]
) -> list[Row]:
    """Arrivals and departures of a site's dates."""
    rows = []
    signs = date_signs(counted, scale).own
    for t in range(1, len(site.dates)):
        if counted.blind[t] or counted.blind[:t].any():
            continue
        for name, count, half in zip(("arrivals", "departures"), counted.events(t), halves, strict=True):
            both = (float(count.found), scale * count.expected)
            own = (half[0] * count.spread, half[1] * count.spread)
            true = float(site.true[name].iloc[t])
            rows.append(
                Row(site.name, site.hand, min(both), max(both), *own, signs[t]._replace(expected=max(both)), true)
            )
    return rows


def errors(rows: Sequence[Row], below: bool) -> Floats:
    """How far the truth lies below, or above, the estimates; 0 where it lies on the other side."""
    wrong = [row.low - row.true if below else row.true - row.high for row in rows]
    return np.maximum(np.array(wrong), 0.0)


def halves(rows: Sequence[Row], weights: Weights, below: bool, factor: float) -> Floats:
    """Half widths with the weights times a factor."""
    scaled = Weights(*(factor * np.array(weights)))
    return np.array([np.hypot(row.below if below else row.above, doubt(row.signs, scaled)) for row in rows])


def fitted(rows: Sequence[Row], below: bool, level: float, most: Sequence[float]) -> Weights:
    """Weights of one side: of all shapes on a coarse lattice the one whose widths, scaled to hold, are the least."""
    signs = np.array([(1.0, *row.signs) for row in rows]) ** 2
    home = np.array([row.below if below else row.above for row in rows])
    beyond = np.maximum(errors(rows, below) ** 2 - home**2, 0.0)
    size = np.maximum([row.high for row in rows], FEW)
    _, site = np.unique([row.site for row in rows], return_inverse=True)

    def _scaled(shape: Floats) -> tuple[float, Floats]:
        spread = signs @ shape**2 + TINY
        factor = site_quantile(np.sqrt(beyond / spread), site, level)
        wide = float((np.hypot(home, factor * np.sqrt(spread)) / size).mean())
        # A sign that is blown up beyond what it sums tells of the few sites that need it, and not of a further one.
        blown = max(0.0, *(factor * shape - np.array(most)).tolist())
        return wide + PENALTY * blown, factor * shape

    best = np.array([1.0, 0.05, 0.5, 0.5, 0.5, 0.05])
    for _ in range(SWEEPS):
        for k in range(len(best)):
            tried = [np.where(np.arange(len(best)) == k, step, best) for step in STEPS]
            best = min(tried, key=lambda shape: _scaled(shape)[0])
    return Weights(*np.round(_scaled(best)[1], 3).tolist())


def site_quantile(ratio: Floats, site: NDArray[np.int64], level: float) -> float:
    """The least factor that a share `level` of further sites needs on all of its dates."""
    worst = np.zeros(site.max() + 1)
    np.maximum.at(worst, site, ratio)
    rank = int(np.ceil(level * (len(worst) + 1)))
    return float(np.sort(worst)[min(rank, len(worst)) - 1])


def balanced(rows: Sequence[Row]) -> list[Row]:
    """All rows, those of painted sites so often that both hands have about as many sites."""
    theirs = [row for row in rows if row.hand == PAINTED]
    own, other = (len({row.site for row in part}) for part in ([r for r in rows if r.hand != PAINTED], theirs))
    times = max(1, round(own / other)) if other else 1
    return [*rows, *(row._replace(site=f"{row.site} {k}") for k in range(1, times) for row in theirs)]


def doubts(boxes: Sequence[Row], events: Sequence[Row], level: float) -> Doubts:
    """All weights of a detector; `level` of the sites are to lie within, half of the others on either side."""
    both = zip((balanced(boxes), balanced(events)), MOST.values(), strict=True)
    return Doubts(*(tuple(fitted(rows, low, 0.5 + level / 2, most) for low in (True, False)) for rows, most in both))  # type: ignore[arg-type]


def report(rows: Sequence[Row], weights: tuple[Weights, Weights]) -> str:
    """Shares of dates and sites held, and the median relative width."""
    if not rows:
        return "-"
    below, above = (halves(rows, w, k == 0, 1.0) for k, w in enumerate(weights))
    held = (errors(rows, True) <= below + 1e-9) & (errors(rows, False) <= above + 1e-9)
    sites = np.array([row.site for row in rows])
    whole = np.mean([held[sites == site].all() for site in np.unique(sites)])
    value = np.array([row.high for row in rows])
    low = np.maximum(np.array([row.low for row in rows]) - below, 0.0)
    wide = (value + above - low)[value >= FEW] / value[value >= FEW]
    median = f"{np.median(wide):.2f}" if len(wide) else "-"
    wrong = np.abs(value - [row.true for row in rows]).sum() / max(1.0, sum(row.true for row in rows))
    return f"dates {held.mean():.2f}  sites {whole:.2f}  width {median}  error {wrong:.2f}"


def with_part(kept: Doubts, found: Doubts, part: str) -> Doubts:
    """The weights as they are, but for one side of one part, as `PARTS` names it."""
    name, side = part.split("-")
    pair = list(getattr(kept, name))
    pair[SIDES.index(side)] = getattr(found, name)[SIDES.index(side)]
    return kept._replace(**{name: tuple(pair)})


def write(found: Doubts) -> None:
    """Put the weights into the file."""
    text = OUT.read_text()
    begin, end = text.index(f'"{DETECTOR}": Doubts('), text.index('}\n"""By detector')
    parts = [f"{name}=({', '.join(map(repr, pair))},)," for name, pair in found._asdict().items()]
    body = f'"{DETECTOR}": Doubts(\n        ' + "\n        ".join(parts) + "\n    ),\n"
    OUT.write_text(text[:begin] + body + text[end:])
    subprocess.run([sys.executable, "-m", "ruff", "format", "-q", str(OUT)], check=False)


def searched_sites(given: argparse.Namespace) -> Iterator[hands.HandSite]:
    """Sites of the hands, and painted ones; what this detector found is kept in the folder."""
    given.folder.mkdir(parents=True, exist_ok=True)
    kept = [
        (f"{hand.replace(' ', '_')}-{kind}-{seed}", partial(_by_hand, given.folder, hand, kind, seed))
        for hand, kind, seed in hands.worlds(given.hands.split(","), hands.KINDS)
    ]
    sites = painted.painted_sites(given.painted, given.painted_seeds) if given.painted else []
    kept += [(f"painted-{site.kind}-{site.seed}", partial(painted.searched, site)) for site in sites]
    judged_by = "".join(RELEASED[name] for name in ("company.npz", "box_looks.npz", "ground_colours.npz"))
    network = hashlib.sha256(detector.model_bytes() + judged_by.encode()).hexdigest()[:8]
    for name, search in kept:
        path = given.folder / f"{name}-{network}.pickle"
        if not path.exists():
            part = path.with_suffix(f".{os.getpid()}")
            part.write_bytes(pickle.dumps(search(), 4))
            part.replace(path)
        yield pickle.loads(path.read_bytes())  # noqa: S301 - written above


def _by_hand(folder: Path, hand: str, kind: str, seed: int) -> hands.HandSite:
    return hands.searched(*hands.pictured(folder, hand, kind, seed), hand)


def main() -> None:
    """Search, fit, report, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("hand_sites"))
    parser.add_argument("--hands", default=",".join(hands.FIRST_SEED))
    parser.add_argument("--painted", type=Path, help="folder of painted sites")
    parser.add_argument("--painted-seeds", type=int, nargs="+", default=[])
    parser.add_argument("--level", type=float, default=0.88)
    parser.add_argument("--only", choices=PARTS, help="write this side alone, and keep the others as they are")
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    calibration = detector_tables.calibration(DETECTOR, hands.GSD_M)._replace(doubts=NO_DOUBTS)
    boxes: list[Row] = []
    events: list[Row] = []
    for site in searched_sites(given):
        counted = tracked_boxes(site.tracks())
        own = box_rows(site, counted, calibration.scale, calibration.boxes)
        far = [familiarity_of(one, hands.GSD_M).distance > USUAL_DISTANCE for one in site.descriptions]
        boxes += [row for row, out in zip(own, far, strict=True) if not out]
        if not any(far):
            events += event_rows(site, counted, calibration.scale, (calibration.arrivals, calibration.departures))
    if given.check:
        for hand in sorted({row.hand for row in boxes}):
            others = [row for row in boxes if row.hand != hand], [row for row in events if row.hand != hand]
            found = doubts(*others, given.level)
            for name, rows, weights in (("boxes", boxes, found.boxes), ("events", events, found.events)):
                print(f"{hand:10s} {name:7s} {report([row for row in rows if row.hand == hand], weights)}", flush=True)
    found = doubts(boxes, events, given.level)
    for name, rows, weights in (("boxes", boxes, found.boxes), ("events", events, found.events)):
        print(f"all        {name:7s} {report(rows, weights)}\n  below {weights[0]}\n  above {weights[1]}")
    write(with_part(doubt_weights.WEIGHTS[DETECTOR], found, given.only) if given.only else found)


if __name__ == "__main__":
    main()
