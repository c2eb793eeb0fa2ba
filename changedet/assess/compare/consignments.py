"""Consignments between sites: lots of like containers that left one and reached another, against chance.

The unit is the lot, not the box: boxes of one kind and colour are everywhere, and a test that permutes single boxes
finds matches between sites that have nothing to do with each other.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from changedet.arrays import Ints
from changedet.assess.compare.rows import Consignment, TrainMatch
from changedet.assess.compare.sites import Site, open_sites
from changedet.assess.compare.trains import match_trains
from changedet.assess.kernels.lot_matches import Match, lags, matched, redrawn

KIND_LIKENESS: Final = 0.8
"""Similarity of a 40-foot lot and a 45-foot one. Chosen by hand."""
MOST_DAYS: Final = 180.0
"""Longest lag between leaving and arriving."""
REDRAWS: Final = 999
STOCK_SHARE: Final = 0.6
"""Probability that a redrawn lot is of the site's own stock and busy dates. Chosen by hand."""


def compare_runs(run_dirs: Sequence[str | Path]) -> list[Consignment]:
    """Match consignments between the sites of finished runs.

    A lot is at least three containers of one size class and colour that arrived, or left, within one date, more of them
    than the site's stock and the world's fleet let expect (binomial, p < .03). For each ordered pair of sites the lots
    that left the first and those that reached the second are matched at the common lag, up to 180 days, that fits the
    most boxes. Colours are compared in CIELAB after each site's stock was brought to one brightness and most of its
    cast removed; the cast that is left between two sites is estimated by the match itself.

    Parameters
    ----------
    run_dirs : sequence of path
        Two or more run folders, of different sites.

    Returns
    -------
    list of Consignment
        One a matched consignment: ``from``, ``to`` (site ids), ``lag_days`` (of the pair's common lag, within the
        bounds that follow), ``lag_low``, ``lag_high`` (from the consignment's own looks), ``containers`` (of the
        smaller lot), ``similarity`` (colour, size and number, 0 to 1), ``p_value``; ``kind``, ``color``,
        ``containers_from``, ``containers_to``, ``last_seen`` and ``gone_by`` at the first site, ``not_yet`` and
        ``first_seen`` at the second, ``track_ids_from``, ``track_ids_to``. Sorted by p, sites and dates; empty where
        nothing matches.

    Raises
    ------
    InputError
        As `open_sites`.

    Notes
    -----
    ``p_value`` is that of the ordered pair of sites: the share of 999 redraws in which as many boxes match at any one
    lag and cast, ``(1 + as many) / 1000``. A redraw gives each lot another colour, size and date, .6 from the rest of
    its site's stock and busy dates and .4 from a fleet prior and any date. The draws are seeded by the sites' ids. Of
    many pairs some fall under .05 by chance: divide that level by the number of ordered pairs.
    """
    pairs = permutations(open_sites(run_dirs), 2)
    matches = [match for one, other in pairs for match in match_sites(one, other)]
    return sorted(matches, key=_order)


def compare_trains(run_dirs: Sequence[str | Path]) -> list[TrainMatch]:
    """Trains of finished runs that were found again at another site by the order of their boxes.

    Parameters
    ----------
    run_dirs : sequence of path
        As for `compare_runs`. Trains stand in the layer ``trains`` of runs whose zones hold a siding.

    Returns
    -------
    list of TrainMatch
        As `changedet.assess.compare.trains.match_trains` gives; of all ordered pairs of sites, the surest first.

    Raises
    ------
    InputError
        As `open_sites`.
    """
    sites = open_sites(run_dirs)
    pairs = permutations([(site.name, site.trains) for site in sites], 2)
    found = [row for one, other in pairs for row in match_trains(one, other)]
    return sorted(found, key=lambda row: (row["p_value"], row["from"], row["to"], row["left"]))


def _order(match: Consignment) -> tuple[float, str, str, str, str, str]:
    return match["p_value"], match["from"], match["to"], match["gone_by"], match["first_seen"], match["color"]


def match_sites(one: Site, other: Site) -> list[Consignment]:
    """Consignments from one site to another.

    Parameters
    ----------
    one, other : Site
        Where the lots left, and where they came.

    Returns
    -------
    list of Consignment
        All with the p value of the pair of sites; see `compare_runs`.
    """
    left, reached = one.left, other.reached
    if not len(left.members) or not len(reached.members):
        return []
    kinds = [
        [_majority(site.boxes["kind"], group) for group in side.members]
        for site, side in ((one, left), (other, reached))
    ]
    same = np.array([[KIND_LIKENESS if a != b else 1.0 for b in kinds[1]] for a in kinds[0]])
    found = matched(left.lots, reached.lots, *lags(left.windows, reached.windows), same, MOST_DAYS)
    if found.boxes <= 0:
        return []
    p_value = _p_value(one, other, found.boxes)
    return [_row(one, other, (int(i), int(j)), found, p_value) for i, j in zip(*found.pairs, strict=True)]


def _p_value(one: Site, other: Site, boxes: float) -> float:
    """The share of redraws in which as many boxes match at any common lag and cast."""
    # Seeded by the names, so that the figure depends neither on the order of the runs nor on what else is compared.
    rng = np.random.default_rng([zlib.crc32(one.name.encode()), zlib.crc32(other.name.encode())])
    same = np.ones((len(one.left.members), len(other.reached.members)))
    as_many = 0
    for _ in range(REDRAWS):
        left, gone = redrawn(one.left.lots, one.left.stock, STOCK_SHARE, rng)
        reached, came = redrawn(other.reached.lots, other.reached.stock, STOCK_SHARE, rng)
        best = matched(left, reached, *lags(gone, came), same, MOST_DAYS)
        as_many += best.boxes >= boxes - 1e-9
    return (1 + as_many) / (1 + REDRAWS)


def _row(one: Site, other: Site, pair: tuple[int, int], found: Match, p_value: float) -> Consignment:
    i, j = pair
    left, reached = one.boxes.iloc[one.left.members[i]], other.boxes.iloc[other.reached.members[j]]
    gone, came = one.left.windows[i], other.reached.windows[j]
    low, high = lags(gone[None], came[None])
    lag = min(max((found.begin + found.end) / 2, low[0, 0]), high[0, 0])
    return {
        "from": one.name,
        "to": other.name,
        "containers": min(len(left), len(reached)),
        "containers_from": len(left),
        "containers_to": len(reached),
        "kind": _majority(one.boxes["kind"], one.left.members[i]),
        "color": _median_color(left["color"]),
        "last_seen": _iso(gone[0]),
        "gone_by": _iso(gone[1]),
        "not_yet": _iso(came[0]),
        "first_seen": _iso(came[1]),
        "track_ids_from": sorted(int(number) for number in left["track_id"]),
        "track_ids_to": sorted(int(number) for number in reached["track_id"]),
        "lag_days": round(lag),
        "lag_low": int(low[0, 0]),
        "lag_high": int(high[0, 0]),
        "similarity": round(float(found.similarity[pair]), 3),
        "p_value": p_value,
    }


def _majority(kinds: pd.Series[str], group: Ints) -> str:
    return str(kinds.iloc[group].mode().iloc[0])


def _median_color(colors: pd.Series[str]) -> str:
    channels = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in colors])
    red, green, blue = np.rint(np.median(channels, 0)).astype(int)
    return f"#{red:02x}{green:02x}{blue:02x}"


def _iso(day: float) -> str:
    return str(np.datetime64(int(np.floor(day)), "D"))
