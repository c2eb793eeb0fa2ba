"""Fit how a detector's scores depend on presence, on simulated sites, and write tracks/kernels/detector_tables.py.

    python training/fit_tracks.py --detector learned [--folder DIR] [--seeds 600-603,670-671] [--twins 610,642-643]
    python training/fit_tracks.py --detector learned --gsd 1 --seeds 620-620 --kinds growth,quiet,port,dense
    python training/fit_tracks.py --detector learned --hard DIR2   # sites on which boxes are often missed

Run it with --again whenever a detector changes. Only that detector's part of the file is written anew. Tables of hard
sites are of both hands: the same simulated sites, and the painted ones `FOLLOWED` of training/painted_sites.py in DIR2;
their share of true rows among those of containers is of training/fit_precision.py.
benchmarks/tracks.py reports on other seeds.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.stages.series.counts import EventCount  # noqa: E402
from changedet.stages.series.site_boxes import tracked_boxes  # noqa: E402
from changedet.stages.tracks.assemble import medians  # noqa: E402
from changedet.stages.tracks.by_place import follow_places  # noqa: E402
from changedet.stages.tracks.detections import Detections  # noqa: E402
from changedet.stages.tracks.kernels import detector_tables  # noqa: E402
from changedet.stages.tracks.kernels.appearance import (  # noqa: E402
    APPEARANCE_BINS,
    FEATURES,
    LOOK_GROUPS,
    appearance_bins,
    look_groups,
)
from changedet.stages.tracks.kernels.boxes import local_offset, mean_boxes  # noqa: E402
from changedet.stages.tracks.kernels.emissions import (  # noqa: E402
    SCORE_EDGES,
    DetectorTables,
    emissions,
    tilted,
)
from changedet.stages.tracks.kernels.presence_hmm import BRIEF_DATES  # noqa: E402
from changedet.stages.tracks.kernels.site_model import Rates  # noqa: E402
from changedet.stages.tracks.kernels.stretches import presence_runs  # noqa: E402
from changedet.stages.tracks.observations import PlaceObservations, observe_places  # noqa: E402
from changedet.stages.tracks.stage import BIRTH, CAUTION, DEATH  # noqa: E402
from scenarios.track_sites import GSD_M, KINDS, TrackSite, seeds_of, sites, true_events  # noqa: E402
from training import painted_tracks  # noqa: E402

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

OUT = Path(detector_tables.__file__)
RADIUS_M = 2.0
ALONG_M, ACROSS_M = 3.0, 1.2
"""How far a place may lie from the true spot whose boxes it follows."""
COVERED = 0.5
"""Share of a place from which a painted roof is its own."""
ROUNDS, LOOK_ROUNDS = 60, 12
OUTSIDE = 0.05
"""Share of a further site's dates that may lie outside the intervals."""
LEAST_OUTSIDE = 0.01
RATES = ("start", "birth", "death", "mobile_birth", "mobile_death")
"""How often boxes come and go is no matter of how well they are seen: hard sites have the usual tables' rates."""
STILL = 3
"""The first three real classes, which differ only by their scores."""
BINS = len(SCORE_EDGES) + 1
STEPS = np.linspace(0.0, 1.0, BINS)


@dataclass(frozen=True)
class Labelled:
    """Places of one site with their truth.

    Attributes
    ----------
    observations : PlaceObservations
    real : bool (place,)
    mobile : bool (place,)
        Real, and boxes stay for a look or two.
    full : bool (place, date)
        A box truly stands there; meaningful for real places.
    """

    observations: PlaceObservations
    real: Bools
    mobile: Bools
    full: Bools


def labelled(site: TrackSite) -> Labelled:
    """The tracker's own places, each with the true spot that it follows; a second place at one spot is clutter."""
    rows = Detections.of(site.detections, site.looks)
    observations = observe_places(rows, site.looks, RADIUS_M)
    count = len(observations.counted_rows)
    own = observations.place >= 0
    moved = (rows.boxes.xy + observations.shift[rows.date])[own]
    centre = medians(moved, observations.place[own], count)
    shape = mean_boxes(rows.boxes.take(own), observations.place[own], count)
    tree = cKDTree(site.slot_xy)
    distance, slot = tree.query(centre)
    # Roofs lean: places lie off the true spots by what most of them share.
    offset = np.median((site.slot_xy[slot] - centre)[distance < RADIUS_M], axis=0)
    _, slot = tree.query(centre + offset)
    along, across = local_offset(site.slot_xy[slot], centre + offset, shape.angle)
    real = (np.abs(along) < ALONG_M) & (np.abs(across) < ACROSS_M)
    order = np.lexsort((-observations.counted_rows, slot))
    first = np.ones(count, bool)
    first[order[1:]] = slot[order[1:]] != slot[order[:-1]]
    for k in np.flatnonzero(real & ~first):
        real[k] = not (real & first & (slot == slot[k])).any()
    full = site.occupied[slot]
    return Labelled(observations, real & full.any(1), real & is_mobile(full), full)


def is_mobile(full: Bools) -> Bools:
    """Which places (place,) held boxes for a look or two each."""
    stays = np.array([len(presence_runs(row[None])[0]) for row in full])
    return np.asarray((full.sum(1) <= 1.5 * stays) & (stays > 0))


def painted(folder: Path, detector: str, again: bool) -> list[Labelled]:
    """Places of the painted sites: full where a roof covers most of one."""
    found = []
    for observations, share in painted_tracks.observed(folder, detector, RADIUS_M, again):
        full = share > COVERED
        found.append(Labelled(observations, full.any(1), is_mobile(full), full))
    return found


def histogram(bins: Ints, weight: Floats | Bools) -> Floats:
    """Sums (date, bin) of the weights (place, date) in each bin."""
    return np.stack([(weight * (bins == b)).sum(0) for b in range(BINS)], 1)


def smoothed(counts: Floats) -> Floats:
    """Shares of counts, with half a count added to each."""
    return np.asarray((counts + 0.5) / (counts + 0.5).sum(-1, keepdims=True))


def fit_still(data: list[Labelled]) -> tuple[Floats, Floats, float]:
    """Tables of the still classes, their weights, and the spread of detectability, by expectation-maximisation."""
    table = np.array(
        [[0.02, 0.03, 0.1, 0.15, 0.3, 0.4], [0.2, 0.25, 0.3, 0.15, 0.08, 0.02], [0.35, 0.05, 0.1, 0.1, 0.2, 0.2]]
    )
    weight, spread = np.array([0.6, 0.25, 0.15]), 0.8
    groups = [
        (d.observations.bins[d.real & ~d.mobile], (d.observations.lit & d.full)[d.real & ~d.mobile]) for d in data
    ]
    eases = [np.zeros(bins.shape[1]) for bins, _ in groups]
    doubts = [np.zeros(bins.shape[1]) for bins, _ in groups]
    for _ in range(ROUNDS):
        wanted, given = np.full((STILL, BINS), 0.5), np.full((STILL, BINS), 1e-9)
        held = np.zeros(STILL)
        for g, (bins, used) in enumerate(groups):
            tilts = [tilted(row, eases[g]) for row in table]
            log_l = np.stack([np.log(emissions(bins, used, tilt)).sum(1) for tilt in tilts], 1) + np.log(weight)
            share = np.exp(log_l - log_l.max(1, keepdims=True))
            share /= share.sum(1, keepdims=True)
            held += share.sum(0)
            slope, bend = -eases[g] / spread**2, np.full(len(eases[g]), 1 / spread**2)
            for k in range(STILL):
                counts = histogram(bins, used * share[:, k, None])
                total = counts.sum(1)
                mean = tilts[k] @ STEPS
                slope += counts @ STEPS - total * mean
                bend += total * (tilts[k] @ STEPS**2 - mean**2)
                wanted[k] += counts.sum(0)
                given[k] += (total[:, None] * tilts[k] / table[k]).sum(0)
            eases[g], doubts[g] = eases[g] + np.clip(slope / bend, -1, 1), 1 / bend
        table = wanted / given
        table /= table.sum(1, keepdims=True)
        weight = held / held.sum()
        spread = float(np.clip(np.sqrt(np.mean(np.concatenate(eases) ** 2 + np.concatenate(doubts))), 0.2, 4.0))
    order = np.argsort(-(table @ STEPS))
    return table[order], weight[order], spread


def fit_clutter(data: list[Labelled]) -> tuple[Floats, Floats]:
    """Tables of random and of standing clutter, and their weights."""
    table, weight = (
        np.array([[0.88, 0.04, 0.03, 0.03, 0.01, 0.01], [0.4, 0.2, 0.2, 0.1, 0.05, 0.05]]),
        np.array([0.5, 0.5]),
    )
    for _ in range(ROUNDS):
        counts, held = np.zeros((2, BINS)), np.zeros(2)
        for d in data:
            bins, used = d.observations.bins[~d.real], d.observations.lit[~d.real]
            log_l = np.stack([np.log(emissions(bins, used, row)).sum(1) for row in table], 1) + np.log(weight)
            share = np.exp(log_l - log_l.max(1, keepdims=True))
            share /= share.sum(1, keepdims=True)
            held += share.sum(0)
            counts += np.stack([histogram(bins, used * share[:, k, None]).sum(0) for k in range(2)])
        table, weight = smoothed(counts), held / held.sum()
    return table, weight


def fit_appearance_weights(data: list[Labelled]) -> Floats:
    """Weights of the features of appearance in the log odds of a full place, by logistic regression."""
    rows, full = [], []
    for d in data:
        if d.observations.appearance is not None:
            used = d.real[:, None] & d.observations.observed & np.isfinite(d.observations.appearance).all(2)
            rows.append(d.observations.appearance[used])
            full.append(d.full[used])
    if not rows:
        return np.zeros(len(FEATURES) + 1)
    x, y = np.column_stack([np.concatenate(rows), np.ones(sum(map(len, rows)))]), np.concatenate(full)
    weight = np.zeros(x.shape[1])
    for _ in range(LOOK_ROUNDS):
        p = 1 / (1 + np.exp(-np.clip(x @ weight, -30, 30)))
        bend = (x.T * (p * (1 - p))) @ x + np.eye(x.shape[1])
        weight += np.linalg.solve(bend, x.T @ (y - p) - weight)
    return np.asarray(np.round(weight, 4))


def fit_appearance(data: list[Labelled], look: Floats) -> Floats:
    """Table (group, 3, bin) of the bins of appearance on weak looks at empty and full real places and at clutter."""
    counts = np.full((LOOK_GROUPS, 3, APPEARANCE_BINS), 0.5)
    for d in data:
        if d.observations.appearance is None:
            continue
        shown = appearance_bins(d.observations.appearance, look)
        group = look_groups(d.observations.bins, d.observations.lit)
        state = np.where(d.real[:, None], d.full, 2)
        used = d.observations.observed & (shown > 0) & (group >= 0)
        np.add.at(counts, (group[used], state[used], shown[used] - 1), 1)
    return np.asarray(counts / counts.sum(2, keepdims=True))


def rates(data: list[Labelled], mobile: bool) -> tuple[float, float]:
    """Births of empty and deaths of full places, an interval."""
    came = empty = went = full = 0
    for d in data:
        state = d.full[d.real & (d.mobile == mobile)]
        before, after = state[:, :-1], state[:, 1:]
        came, empty = came + int((~before & after).sum()), empty + int((~before).sum())
        went, full = went + int((before & ~after).sum()), full + int(before.sum())
    return (came + 0.5) / (empty + 1), (went + 0.5) / (full + 1)


def neighbour_shares(data: list[Labelled]) -> Floats:
    """Shares (2, 3) of each class of neighbours, of real and of clutter places that show a row on one or two dates."""
    found = np.full((2, 3), 0.5)
    for d in data:
        brief = (d.observations.bins > 0).sum(1) <= BRIEF_DATES
        np.add.at(found, (d.real[brief].astype(int), d.observations.neighbours[brief].max(axis=1)), 1)
    return np.asarray((found / found.sum(1, keepdims=True))[::-1])


def fit(data: list[Labelled]) -> dict[str, Any]:
    """All tables of one detector."""
    absent = sum(histogram(d.observations.bins[d.real], (d.observations.lit & ~d.full)[d.real]).sum(0) for d in data)
    brief = sum(histogram(d.observations.bins[d.mobile], (d.observations.lit & d.full)[d.mobile]).sum(0) for d in data)
    dim = [d.observations.observed & ~d.observations.lit for d in data]
    states = [
        (d.real[:, None] & ~d.full, d.real[:, None] & d.full, np.repeat(~d.real[:, None], d.full.shape[1], 1))
        for d in data
    ]
    shade = [
        sum(histogram(d.observations.bins, s[k] & m).sum(0) for d, m, s in zip(data, dim, states, strict=True))
        for k in range(3)
    ]
    weights = fit_appearance_weights(data)
    still, still_weight, detectability_sd = fit_still(data)
    clutter, clutter_weight = fit_clutter(data)
    brief_share = sum(d.mobile.sum() for d in data) / sum(d.real.sum() for d in data)
    real = [d.full[d.real & ~d.mobile] for d in data]
    birth, death = rates(data, False)
    mobile_birth, mobile_death = rates(data, True)
    rows = sum(d.observations.counted_rows.sum() for d in data)
    return {
        "absent": smoothed(np.asarray(absent)),
        "emission": np.vstack([still, smoothed(np.asarray(brief)), clutter]),
        "shade": smoothed(np.array(shade)),
        "weight": np.concatenate([still_weight * (1 - brief_share), [brief_share], clutter_weight]),
        "neighbours": neighbour_shares(data),
        "detectability_sd": detectability_sd,
        "start": sum(state[:, 0].sum() for state in real) / sum(len(state) for state in real),
        "mobile_birth": mobile_birth,
        "mobile_death": mobile_death,
        "birth": birth,
        "death": death,
        "precision": sum(d.observations.counted_rows[d.real].sum() for d in data) / rows,
        "appearance_weights": weights,
        "appearance": fit_appearance(data, weights),
    }


def calibrate(data: Sequence[tuple[TrackSite, DetectorTables]]) -> dict[str, Any]:
    """The scale of counts, and the half widths that contain 95 % of the dates of a further site.

    Each site is tracked by tables that were fitted without it.
    """
    boxes: list[tuple[float, float, float, float]] = []
    events: dict[str, list[tuple[EventCount, int]]] = {"arrivals": [], "departures": []}
    ratios = []
    for site, tables in data:
        rates = Rates(BIRTH, DEATH, 1.0 - tables.precision, CAUTION)
        tracks = follow_places(Detections.of(site.detections, site.looks), site.looks, RADIUS_M, rates, tables)
        counted = tracked_boxes(tracks)
        truth = [true_events(site, arrivals)[:, 2] for arrivals in (True, False)]
        own = [counted.standing(t, np.ones(len(counted.weight))) for t in range(len(site.dates))]
        boxes += [(s.expected, s.spread, s.above, float(n)) for s, n in zip(own, site.containers, strict=True)]
        ratios.append(np.median([true / max(s.expected, 1.0) for s, true in zip(own, site.containers, strict=True)]))
        for t in range(1, len(site.dates)):
            for name, found, when in zip(events, counted.events(t), truth, strict=True):
                events[name].append((found, int((when == t).sum())))
    expected, spread, above, true = np.array(boxes).T
    scale = float(np.median(ratios))
    halves = {"boxes": conformal((scale * expected - true) / spread, (true - scale * expected) / above, len(data))}
    for name, pairs in events.items():
        below = [(min(e.found, e.expected) - n) / e.spread for e, n in pairs]
        above = [(n - max(e.found, e.expected)) / e.spread for e, n in pairs]
        halves[name] = conformal(np.array(below), np.array(above), len(data))
    return {"scale": scale, **halves}


def conformal(below: Floats, above: Floats, sites: int) -> tuple[float, float]:
    """The least sum of half widths that leaves as many dates outside as hold 95 % of those of a further site.

    Dates of one site err alike, so that sites and not dates are exchangeable: each weighs the same, and one more, all
    outside, stands for the further one (Dunn, Wasserman, Ramdas 2023, doi:10.1080/01621459.2022.2060112, pooling). With
    some 24 sites or fewer that would leave next to none: `LEAST_OUTSIDE` are left then, without the guarantee.
    """
    outside = max(LEAST_OUTSIDE, OUTSIDE - (1.0 - OUTSIDE) / sites)
    found = []
    for part in np.linspace(0.1, 0.9, 17):
        low = float(max(np.quantile(below, 1 - part * outside), 0.0))
        high = float(max(np.quantile(above, 1 - (1 - part) * outside), 0.0))
        found.append((low + high, round(low, 3), round(high, 3)))
    return min(found)[1:]


def write(detector: str, fitted: DetectorTables, resolution_m: float, calibrated: dict[str, Any]) -> None:
    """Put a detector's tables, and its calibration at a resolution, into the file; the rest stays."""
    calibration = {
        name: {size: {k: v for k, v in own._asdict().items() if k != "doubts"} for size, own in parts.items()}
        for name, parts in detector_tables.CALIBRATION.items()
    }
    calibration[detector] = dict(sorted((calibration.get(detector, {}) | {resolution_m: calibrated}).items()))
    put({"_TABLES": plain_tables(detector_tables.TABLES, detector, fitted), "_CALIBRATION": calibration})


def plain_tables(
    kept: Mapping[str, DetectorTables], detector: str, fitted: DetectorTables
) -> dict[str, dict[str, Any]]:
    """All tables as numbers and lists, those of a detector new."""
    tables = {**kept, detector: DetectorTables(*(np.round(np.asarray(part, float), 4) for part in fitted))}
    return {
        name: {k: np.asarray(v, float).tolist() for k, v in part._asdict().items()} for name, part in tables.items()
    }


def put(values: Mapping[str, object]) -> None:
    """Write values in the place of those of their names."""
    text = OUT.read_text()
    for name, value in values.items():
        begin = text.index(f"{name}: Final")
        begin = text.index(" = ", begin) + 3
        end = text.index("\n}\n", begin) + 2
        text = text[:begin] + repr(value) + text[end:]
    OUT.write_text(text)
    subprocess.run([sys.executable, "-m", "ruff", "format", "-q", str(OUT)], check=False)


def fitted_tables(
    data: Sequence[TrackSite], given: DetectorTables | None
) -> tuple[DetectorTables, list[tuple[TrackSite, DetectorTables]]]:
    """Tables fitted on all sites, and each site with tables fitted on those of other seeds; or those that are given."""
    if given is not None:
        return given, [(site, given) for site in data]
    known = [labelled(site) for site in data]
    pairs = []
    for seed in sorted({site.seed for site in data}):
        others = DetectorTables.of(fit([own for own, site in zip(known, data, strict=True) if site.seed != seed]))
        pairs += [(site, others) for site in data if site.seed == seed]
    return DetectorTables.of(fit(known)), pairs


def main() -> None:
    """Fit and calibrate a detector and write its tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--detector", default="classical")
    parser.add_argument("--folder", type=Path, default=Path("track_sites"))
    parser.add_argument("--seeds", default="600-604")
    parser.add_argument("--twins", default="", help="seeds of pairs of sites that share consignments")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument(
        "--gsd", type=float, default=GSD_M, help="of other than half a metre only the counts are fitted"
    )
    parser.add_argument("--again", action="store_true", help="run the sites once more: a detector has changed")
    parser.add_argument("--hard", type=Path, help="folder of painted sites: fit the tables of hard sites alone")
    given = parser.parse_args()
    wanted = ((given.kinds.split(","), seeds_of(given.seeds)), (["twin_sites"], seeds_of(given.twins)))
    data = [
        site
        for kinds, seeds in wanted
        for site in sites(given.folder, given.detector, kinds, seeds, given.again, given.gsd)
    ]
    if given.hard:
        both = [labelled(site) for site in data] + painted(given.hard, given.detector, given.again)
        usual = detector_tables.TABLES[given.detector]
        hard = DetectorTables.of(fit(both))._replace(**{name: getattr(usual, name) for name in RATES})
        own = detector_tables.HARD_TABLES.get(given.detector, usual).container_precision
        hard = hard._replace(container_precision=own)
        put({"_HARD": plain_tables(detector_tables.HARD_TABLES, given.detector, hard)})
        return
    tables, pairs = fitted_tables(data, None if given.gsd == GSD_M else detector_tables.TABLES.get(given.detector))
    calibrated = calibrate(pairs)
    if given.gsd != GSD_M:
        # Too few sites to narrow what the many at half a metre gave.
        usual = detector_tables.calibration(given.detector, GSD_M)._asdict()
        for name in ("boxes", "arrivals", "departures"):
            calibrated[name] = tuple(max(pair) for pair in zip(calibrated[name], usual[name], strict=True))
    for name, value in (tables._asdict() | calibrated).items():
        print(name, np.round(value, 3).tolist())
    write(given.detector, tables, given.gsd, calibrated)


if __name__ == "__main__":
    main()
