"""Print how evenly the dates of one site show their boxes, near what the detector was fitted on and far from it.

    python training/recall_by_distance.py [--folder DIR]

The sites of fit_intervals.py, searched by the detector as it is now. Of each date ``k`` of ``n`` true boxes are found
(accepted rows, at most ``n``), with log odds of the site's mean and a deviation; both are normal, and their spreads are
those of the greatest likelihood. `site_model.FAMILIAR_SD` is that of the nearest dates. Two minutes once the sites are
searched.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_expit, logsumexp

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.stages.objects.familiarity import familiarity_of  # noqa: E402
from changedet.stages.series.site_boxes import tracked_boxes  # noqa: E402
from scenarios import hands  # noqa: E402
from training.fit_intervals import searched_sites  # noqa: E402

FEW = 5
"""True boxes without which a date is left out."""
LIMITS = (0.6, 0.7, 0.8)
"""Distances that are tried as the border between near and far."""
NODES = 41
"""Of the quadrature over a date's deviation."""
MEANS = np.linspace(-4.0, 9.0, 80)
"""Log odds of a site over which its mean is integrated."""
FIRST = (2.5, 0.3, -0.7, 0.7)
"""Where the search begins: mean, and logarithms of the spreads of sites, of near and of far dates."""
Floats = NDArray[np.float64]


class Date(NamedTuple):
    """Of one date: its site, its distance, the boxes found and the true ones."""

    site: str
    distance: float
    found: int
    true: int


def dates_of(sites: Iterable[hands.HandSite]) -> list[Date]:
    """All dates with boxes enough."""
    dates = []
    for site in sites:
        boxes = tracked_boxes(site.tracks())
        for t, true in enumerate(site.true["containers"].astype(int)):
            found = int((boxes.row_believed & (boxes.row_date == t)).sum())
            if true >= FEW:
                distance = familiarity_of(site.descriptions[t], hands.GSD_M).distance
                dates.append(Date(site.name, distance, min(found, true), true))
    return dates


def log_likelihood(dates: list[Date], limit: float, mean: float, spreads: Floats) -> float:
    """Of all counts; spreads of sites' means, of near dates and of far ones."""
    nodes, weight = np.polynomial.hermite_e.hermegauss(NODES)
    log_weight = np.log(weight / weight.sum())
    prior = -0.5 * ((MEANS - mean) / spreads[0]) ** 2 - np.log(spreads[0])
    sites = {date.site: prior.copy() for date in dates}
    for date in dates:
        odds = MEANS[:, None] + spreads[1 if date.distance < limit else 2] * nodes
        of_nodes = date.found * log_expit(odds) + (date.true - date.found) * log_expit(-odds)
        sites[date.site] += logsumexp(of_nodes + log_weight, axis=1)
    return float(sum(logsumexp(one) for one in sites.values()))


def main() -> None:
    """Search, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("hand_sites"))
    given = parser.parse_args()
    names = argparse.Namespace(folder=given.folder, hands=",".join(hands.FIRST_SEED), painted=None, painted_seeds=[])
    dates = dates_of(searched_sites(names))
    print(f"{len(dates)} dates of {len({date.site for date in dates})} sites")
    for limit in LIMITS:
        near = sum(date.distance < limit for date in dates)
        best = minimize(
            lambda p, limit=limit: -log_likelihood(dates, limit, p[0], np.exp(p[1:])),
            FIRST,
            method="Nelder-Mead",
            options={"maxiter": 300, "xatol": 0.02, "fatol": 0.1},
        )
        sites, one, other = np.exp(best.x[1:])
        print(f"to {limit} ({near} dates): {one:.2f}, beyond {other:.2f}, between sites {sites:.2f} ({-best.fun:.1f})")


if __name__ == "__main__":
    main()
