"""Fit the share of true rows among those of containers on hard sites, from finished whole runs with a known truth.

    python training/fit_precision.py SITE..

Each SITE is a folder as benchmarks/judge_sites.py or training/painted_sites.py makes it, with its run in `out`, of at
least three dates. A row is true at a place that holds a container on any date. Places of which most rows are of another
kind (trailers, buses, wagons) are left out: counts leave them out by their kind, and taken for clutter they would cost
the containers beside them once more. `container_precision` of the hard tables in tracks/kernels/detector_tables.py is
written anew. Run it after training/fit_tracks.py --hard.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.kernels.containers import OTHER  # noqa: E402
from changedet.pipeline.boxes import detections_of  # noqa: E402
from changedet.pipeline.date_model import read_date_model  # noqa: E402
from changedet.pipeline.familiarity import counted_dates  # noqa: E402
from changedet.pipeline.looks import looks_of  # noqa: E402
from changedet.plan import make_plan  # noqa: E402
from changedet.stages.tracks.detections import Detections  # noqa: E402
from changedet.stages.tracks.kernels.detector_tables import HARD_TABLES  # noqa: E402
from changedet.stages.tracks.observations import PlaceObservations, observe_places  # noqa: E402
from training.fit_tracks import COVERED, plain_tables, put  # noqa: E402
from training.painted_tracks import covered  # noqa: E402

Bools = NDArray[np.bool_]

DETECTOR = "learned"
RADIUS_M = 2.0
LEAST_DATES = 3
"""Tables of hard sites are for series from so many dates on."""
MOSTLY = 0.5
"""Share of a place's confidence in rows of another kind from which it is a place of that."""


class Places(NamedTuple):
    """Places of a site with their truth.

    Attributes
    ----------
    observations : PlaceObservations
    full : bool (place, date)
        A container truly stands there.
    other : bool (place,)
        Most rows are of another kind.
    """

    observations: PlaceObservations
    full: Bools
    other: Bools


def places_of(site: Path) -> Places | None:
    """Places of a finished run; None without boxes, or of too few dates."""
    plan = make_plan(next(site.glob("*.yaml")), out=str(site / "out"))
    models = {look.date: read_date_model(plan.folder.model(look.date)) for look in plan.looks}
    looks, found = looks_of(plan, models, counted_dates(plan)), detections_of(plan)
    if found is None or len(looks.dates) < LEAST_DATES:
        return None
    rows = Detections.of(found, looks)
    seen = observe_places(rows, looks, RADIUS_M)
    count, own = len(seen.counted_rows), (seen.place >= 0) & rows.counted
    place, weight = seen.place[own], rows.boxes.weight[own]
    of_other = (rows.given["kind"].to_numpy(object)[rows.order] == OTHER)[own]
    share = np.bincount(place, weight * of_other, count) / np.bincount(place, weight, count)
    return Places(seen, covered(site, rows, seen, str(found.crs)) > COVERED, share > MOSTLY)


def counted_rows(own: Places) -> tuple[float, float, float]:
    """Counted rows at places of containers, at clutter, and at places of another kind."""
    real, rows = own.full.any(1), own.observations.counted_rows
    return float(rows[real].sum()), float(rows[~real & ~own.other].sum()), float(rows[~real & own.other].sum())


def main() -> None:
    """Fit, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sites", type=Path, nargs="+")
    sites = [own for own in map(places_of, parser.parse_args().sites) if own is not None]
    true, clutter, others = np.sum([counted_rows(own) for own in sites], axis=0)
    precision = float(true / (true + clutter))
    print(f"{len(sites)} sites; rows of containers {true:.0f}, of clutter {clutter:.0f}, of other kinds {others:.0f}")
    print(f"container_precision {precision:.4f}, with others {true / (true + clutter + others):.4f}")
    new = HARD_TABLES[DETECTOR]._replace(container_precision=precision)
    put({"_HARD": plain_tables(HARD_TABLES, DETECTOR, new)})


if __name__ == "__main__":
    main()
