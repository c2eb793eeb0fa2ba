"""What a roof says against the boxes on it: true and false boxes by the log odds of the roof beneath them.

    python training/count_roofs.py --painted DIR      # ROOFED of training/painted_sites.py; about six CPU minutes

For `LEAST_ODDS` of changedet/stages/objects/kernels/roof_evidence.py: the least log odds above which no true box lies,
of the released detector's boxes in own scenes (`fit_looks.own_yards`) and in painted sites that the
network of halls was not taught on. Run it whenever either network changes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.kernels.containers import OTHER  # noqa: E402
from changedet.stages.objects import rescoring  # noqa: E402
from changedet.stages.objects.kernels.box_looks import DOUBTFUL  # noqa: E402
from scenarios.yards import Yard  # noqa: E402
from training import fit_looks, painted_sites  # noqa: E402

GSDS_M = (0.5, 0.75, 1.0)
"""Of the painted pictures."""
EDGES = (-np.inf, -3.0, -1.0, 0.0, 0.5, 1.0, 3.0, np.inf)
Floats = NDArray[np.float64]


def boxes_on_roofs(yard: Yard) -> tuple[Floats, NDArray[np.bool_]]:
    """Log odds of the roofs beneath a picture's containers, where there are any, and whether each is true."""
    table = fit_looks.found(yard)
    if rescoring.ROOF not in table:
        return np.empty(0), np.empty(0, bool)
    judged = rescoring.rescored(table.drop(columns=[rescoring.LOOK, rescoring.ROOF, rescoring.GROUND]), yard.gsd_m)
    roof = table[rescoring.ROOF].to_numpy(float)
    rows = (judged["confidence"].to_numpy() > DOUBTFUL[0]) & (judged["kind"] != OTHER).to_numpy() & np.isfinite(roof)
    return roof[rows], fit_looks.truly(judged, yard)[rows]


def lines(name: str, yards: Iterator[Yard]) -> Iterator[str]:
    """True and false boxes by their roof, and the greatest log odds beneath a true one."""
    parts = [boxes_on_roofs(yard) for yard in yards]
    roof, right = (np.concatenate(column) for column in zip(*parts, strict=True))
    for word, own in (("true", roof[right]), ("false", roof[~right])):
        counts = "  ".join(f"{n:5d}" for n in np.histogram(own, EDGES)[0])
        most = own.max(initial=-np.inf)
        yield f"{name:8} {word:6} {len(own):6d} boxes; between {EDGES}: {counts}; at most {most:.2f}"


def main() -> None:
    """Print both hands' counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--painted", type=Path, required=True, help="folder of training/painted_sites.py")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    sites = [given.painted / site.name for site in painted_sites.ROOFED]
    hands = (
        ("painted", painted_sites.yards(sites, GSDS_M)),
        ("own", fit_looks.own_yards()),
    )
    for name, yards in hands:
        for line in lines(name, yards):
            print(line, flush=True)


if __name__ == "__main__":
    main()
