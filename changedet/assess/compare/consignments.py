"""Consignments between sites: lots of like containers that left one and reached another, against chance.

The unit is the lot, not the box: boxes of one kind and colour are everywhere, and a test that permutes single boxes
finds matches between sites that have nothing to do with each other.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from changedet.assess.compare.sites import Site, open_sites
from changedet.assess.compare.trains import match_trains
from changedet.assess.kernels import lot_matches

KIND_LIKENESS: Final = 0.8
"""Of a 40-foot lot and a 45-foot one."""
MOST_DAYS: Final = 180.0
REDRAWS: Final = 999
STOCK_SHARE: Final = 0.6


def compare_runs(run_dirs: Sequence[str | Path]) -> list[dict[str, Any]]:
    """Match consignments between the sites of finished runs.

    A lot is at least three containers of one size class and colour that arrived, or left, within one date, more of them
    than the site's stock and the world's fleet let expect (binomial, p < .03). For each ordered pair of sites the lots
    that left the first and those that reached the second are matched at the common lag, up to 180 days, that fits the
    most boxes. Colours are compared in CIELAB after each site's stock was brought to one brightness and most of its
    cast taken away; what cast is left between two sites is told by the match itself.

    Parameters
    ----------
    run_dirs : sequence of path
        Two or more run folders, of different sites.

    Returns
    -------
    list of dict
        One a matched consignment: ``from``, ``to`` (site ids), ``lag_days`` (of the pair's common lag, within the
        bounds that follow), ``lag_low``, ``lag_high`` (from the consignment's own looks), ``containers`` (of the
        smaller lot), ``similarity`` (colour, size and number, 0 to 1), ``p_value``; ``kind``, ``color``,
        ``containers_from``, ``containers_to``, ``last_seen`` and ``gone_by`` at the first site, ``not_yet`` and
        ``first_seen`` at the second, ``track_ids_from``, ``track_ids_to``. Sorted by p, sites and dates; empty where
        nothing matches.

    Raises
    ------
    InputError
        Fewer than two runs, no run, the same site twice, or a run without followed containers.

    Notes
    -----
    ``p_value`` is that of the ordered pair of sites: the share of 999 redraws in which as many boxes match at any one
    lag and cast, ``(1 + as many) / 1000``. A redraw gives each lot another colour, size and date, .6 from its site's
    own stock and busy dates and .4 from a fleet prior and any date. The draws are seeded by the sites' ids. Of many
    pairs some fall under .05 by chance: divide that level by the number of ordered pairs.
    """
    return _all_matches(open_sites(run_dirs))


def compare_trains(run_dirs: Sequence[str | Path]) -> list[dict[str, Any]]:
    """Trains of finished runs that were met again at another site, told by the order of their boxes.

    Parameters
    ----------
    run_dirs : sequence of path
        As for `compare_runs`. Trains stand in the layer ``trains`` of runs whose zones hold a siding.

    Returns
    -------
    list of dict
        As `changedet.train_matches.match_trains` gives; of all ordered pairs of sites, the surest first.

    Raises
    ------
    InputError
        As `compare_runs`.
    """
    sites = open_sites(run_dirs)
    pairs = permutations([(site.name, site.trains) for site in sites], 2)
    found = [row for one, other in pairs for row in match_trains(one, other)]
    return sorted(found, key=lambda row: (row["p_value"], row["from"], row["to"], row["left"]))


def _all_matches(sites: Sequence[Site]) -> list[dict[str, Any]]:
    matches = [match for one, other in permutations(sites, 2) for match in match_sites(one, other)]
    order = ("p_value", "from", "to", "gone_by", "first_seen", "color")
    return sorted(matches, key=lambda match: tuple(match[key] for key in order))


def match_sites(one: Site, other: Site) -> list[dict[str, Any]]:
    left, reached = one.left, other.reached
    if not len(left.members) or not len(reached.members):
        return []
    kinds = [
        [_majority(site.boxes["kind"], group) for group in side.members]
        for site, side in ((one, left), (other, reached))
    ]
    same = np.array([[KIND_LIKENESS if a != b else 1.0 for b in kinds[1]] for a in kinds[0]])
    low, high = lot_matches.lags(left.windows, reached.windows)
    found = lot_matches.matched(left.lots, reached.lots, low, high, same, MOST_DAYS)
    if found.boxes <= 0:
        return []
    p_value = _p_value(one, other, found.boxes)
    rows = []
    for i, j in zip(*found.pairs, strict=True):
        row = _row(one, other, int(i), int(j))
        lag = min(max((found.begin + found.end) / 2, low[i, j]), high[i, j])
        bounds = {"lag_days": round(lag), "lag_low": int(low[i, j]), "lag_high": int(high[i, j])}
        similarity = round(float(found.similarity[i, j]), 3)
        rows.append(row | bounds | {"similarity": similarity, "p_value": p_value})
    return rows


def _p_value(one: Site, other: Site, boxes: float) -> float:
    """The share of redraws in which as many boxes match at any common lag and cast."""
    # Seeded by the names, so that the figure depends neither on the order of the runs nor on what else is compared.
    rng = np.random.default_rng([zlib.crc32(one.name.encode()), zlib.crc32(other.name.encode())])
    same = np.ones((len(one.left.members), len(other.reached.members)))
    as_many = 0
    for _ in range(REDRAWS):
        left, gone = lot_matches.redrawn(one.left.lots, one.left.stock, STOCK_SHARE, rng)
        reached, came = lot_matches.redrawn(other.reached.lots, other.reached.stock, STOCK_SHARE, rng)
        best = lot_matches.matched(left, reached, *lot_matches.lags(gone, came), same, MOST_DAYS)
        as_many += best.boxes >= boxes - 1e-9
    return (1 + as_many) / (1 + REDRAWS)


def _row(one: Site, other: Site, i: int, j: int) -> dict[str, Any]:
    left, reached = one.boxes.iloc[one.left.members[i]], other.boxes.iloc[other.reached.members[j]]
    gone, came = one.left.windows[i], other.reached.windows[j]
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
    }


def _majority(kinds: pd.Series[Any], group: NDArray[np.int64]) -> str:
    return str(kinds.iloc[group].mode().iloc[0])


def _median_color(colors: pd.Series[Any]) -> str:
    channels = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in colors])
    red, green, blue = np.rint(np.median(channels, 0)).astype(int)
    return f"#{red:02x}{green:02x}{blue:02x}"


def _iso(day: float) -> str:
    return str(np.datetime64(int(np.floor(day)), "D"))
