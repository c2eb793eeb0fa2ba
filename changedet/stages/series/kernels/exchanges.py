"""Exchanges that no look shows: a box left, and another like it came to its very spot before the next look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from changedet.arrays import Floats
from changedet.stages.series.kernels.turnover import lost_share_upper, poisson_upper

ALIKE_COLOR: Final = 25.0
"""Distance in RGB up to which two boxes of one spot are taken for one: that of unlike boxes in the tracks' matching."""
PRIOR_ALIKE, PRIOR_PAIRS = 1.0, 3.0
"""Pairs alike, of pairs in all, that a site with few boxes is taken to have shown: lots of one owner are common."""

MOST_HIDDEN: Final = 0.9
"""Share of what left beyond which what is seen says nothing of what is not; the stock is the bound then."""


def alike_share(kinds: Sequence[str], rgb: Floats) -> float:
    """The probability that two boxes of a site cannot be told apart.

    Parameters
    ----------
    kinds : sequence of str
        Of n containers.
    rgb : float64 (n, 3)
        Their colours, 0 to 255; NaN for none, which is like all.

    Returns
    -------
    float
        Between 0 and 1.
    """
    # Imported here, as it takes a while to load and not every run needs it.
    from scipy.spatial import cKDTree

    kind, alike = np.asarray(kinds, str), 0
    for one in np.unique(kind):
        own = rgb[kind == one]
        known = own[np.isfinite(own).all(1)]
        any_color = len(own) - len(known)
        alike += any_color * (any_color - 1) // 2 + any_color * len(known)
        # Counted by a tree: the pairs of ten thousand boxes are fifty million. Each comes twice, and each box once.
        tree = cKDTree(known)
        alike += (int(tree.count_neighbors(tree, ALIKE_COLOR)) - len(known)) // 2
    return float((alike + PRIOR_ALIKE) / (len(kind) * (len(kind) - 1) // 2 + PRIOR_PAIRS))


def most_unseen_exchanges(left: float, came: float, stock: float, empty: float, alike: float) -> float:
    """Bound the exchanges between two looks that neither shows.

    Of the boxes that stood there at most a share q left, by those seen to leave (`lost_share_upper`); a spot that a
    box left was taken again as often as any free spot was; and the new box cannot be told from the old one with the
    probability `alike`. So a share ``u = alike came / (came + empty)`` of what left is unseen, and their number is a
    Poisson number of mean ``q stock u / (1 - u)``, as those that are seen are the rest.

    Parameters
    ----------
    left, came : float
        Boxes seen to leave and to come.
    stock : float
        Boxes that stood there on the first look.
    empty : float
        Spots that are still empty on the second.
    alike : float
        As `alike_share` gives.

    Returns
    -------
    float
        The upper bound of 95 %; 0 where nothing came or nothing stood there.
    """
    if came <= 0 or stock <= 0:
        return 0.0
    hidden = min(alike * came / (came + max(empty, 0.0)), MOST_HIDDEN)
    return min(stock, poisson_upper(lost_share_upper(min(left, stock), stock) * stock * hidden / (1.0 - hidden)))


def most_untold(tops: Floats, told: Floats) -> float:
    """Upper bound of arrivals, or of departures, on stacks that the tracks do not report.

    Tracks report each new box on top by its likeliest cause (set on top, uncovered, replaced), and boxes alike as one
    box. In the worst case all unreported changes are arrivals, or all are departures: as many as boxes on top changed,
    less those reported.

    Parameters
    ----------
    tops : float64 (place,)
        Probability of another top than on the look before.
    told : float64 (place,)
        Of these events, as the tracks have them.

    Returns
    -------
    float
        The upper bound of 95 % of a Poisson number of that mean; 0 where no more tops changed than are told.
    """
    rest = float(tops.sum() - told.sum())
    return poisson_upper(rest) if rest > 0 else 0.0
