"""Voyages: lots that left a site, the ship or train that was met at both, and where they arrived, as chains of legs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from changedet.arrays import Floats
from changedet.assess.compare.figure import date_of
from changedet.assess.compare.rows import CHANCE, Consignment, Leg, ShipMatch, TrainMatch, Voyage
from changedet.assess.compare.ships import Carried
from changedet.assess.compare.tables import SHARED
from changedet.kernels import colour

RARE: Final = 0.02
"""Least share of the fleet that a colour is taken to have: rarer ones were not counted well."""
NEAR: Final = 10.0
"""Distance of like colours, as lots are made (`changedet.assess.compare.sites.LOT_RADIUS`)."""
MOST_LEGS: Final = 4
LEAST_RATIO: Final = 3.0
"""Of a ship that is named as a lot's carrier: below, it is hardly evidence."""


def voyages(
    matches: Sequence[Consignment],
    carried: Mapping[tuple[str, str], Carried],
    trains: Sequence[TrainMatch],
    fleet: Mapping[str, float],
) -> list[Voyage]:
    """Chain lots, ships and trains to voyages.

    Parameters
    ----------
    matches : sequence of Consignment
        Of all pairs of sites, also those that chance explains.
    carried : mapping of (str, str) to Carried
        Ships for the lots of each pair of sites that both have ships, in the order of `matches`.
    trains : sequence of TrainMatch
    fleet : mapping of str to float
        Colour ``#rrggbb`` -> its share of the world's boxes.

    Returns
    -------
    list of Voyage
        ``sites`` and ``by`` (``ship``, ``train`` or ``-`` of each leg), ``containers`` of the smallest lot, ``left``,
        ``reached``, ``lag_low``, ``lag_high`` (days), ``likelihood_ratio`` (of the legs' lots and carriers against the
        fleet's colours and the world's ships), ``p_value`` (of the weakest leg). Those of p < .05 that have two legs or
        a carrier, the surest first.

    Notes
    -----
    The p value of a leg is that of its pair of sites; where ships were looked for at both it is Fisher's combination
    with that of the ships in the windows of all its lots. Likelihood ratios of trains are the
    largest that their p values bear (Sellke et al. 2001, doi:10.1198/000313001300339950).
    """
    legs = []
    taken: Counter[tuple[str, str]] = Counter()
    for match in matches:
        pair = match["from"], match["to"]
        own = carried.get(pair)
        ship = None if own is None else own.ships[taken[pair]]
        taken[pair] += 1
        p_value = match["p_value"] if own is None else combined(match["p_value"], own.p_value)
        if p_value < CHANCE:
            legs.append(_leg(match, ship, trains, fleet, p_value))
    found = [chain for first in legs for chain in _chains([first], legs)]
    rows = [_voyage(chain) for chain in found if len(chain) > 1 or chain[0]["by"] != "-"]
    return sorted(rows, key=lambda row: (row["p_value"], -row["likelihood_ratio"], row["left"], row["sites"]))


def _leg(
    match: Consignment, ship: ShipMatch | None, trains: Sequence[TrainMatch], fleet: Mapping[str, float], p_value: float
) -> Leg:
    ratio, by = match["similarity"] / max(share_of(match["color"], fleet), RARE), "-"
    if ship is not None and ship["likelihood_ratio"] >= LEAST_RATIO:
        ratio, by = ratio * ship["likelihood_ratio"], "ship"
    else:
        train = next((one for one in trains if _same_way(match, one) and _fits(match, one)), None)
        if train is not None:
            ratio, by = ratio * largest_ratio(train["p_value"]), "train"
    return {
        "from": match["from"],
        "to": match["to"],
        "last_seen": match["last_seen"],
        "left": match["gone_by"],
        "not_yet": match["not_yet"],
        "reached": match["first_seen"],
        "containers": match["containers"],
        "color": match["color"],
        "by": by,
        "ratio": ratio,
        "p_value": p_value,
        "track_ids_from": match["track_ids_from"],
        "track_ids_to": match["track_ids_to"],
    }


def _same_way(match: Consignment, train: TrainMatch) -> bool:
    return (match["from"], match["to"]) == (train["from"], train["to"])


def _fits(match: Consignment, carrier: TrainMatch) -> bool:
    """Whether a carrier stood at both sites when the lot may have left and come."""
    return (
        match["last_seen"] <= carrier["left"] <= match["gone_by"]
        and match["not_yet"] <= carrier["reached"] <= match["first_seen"]
    )


def share_of(color: str, fleet: Mapping[str, float]) -> float:
    """The share of the fleet's boxes that look like a colour.

    Parameters
    ----------
    color : str
        ``#rrggbb``.
    fleet : mapping of str to float
        Colour -> share.

    Returns
    -------
    float
        0 to 1.
    """
    if not fleet:
        return 1.0
    own, others = _lab([color]), _lab(list(fleet))
    distance = ((others - own) ** 2).sum(axis=1)
    near = np.exp(-0.5 * distance / NEAR**2)
    shares = np.array(list(fleet.values()), np.float64)
    return float((near * shares).sum() / shares.sum())


def _lab(colours: Sequence[str]) -> Floats:
    srgb = np.array([[int(one[k : k + 2], 16) / 255 for k in (1, 3, 5)] for one in colours])
    return colour.scaled_lab(colour.linear_rgb(srgb))


def combined(one: float, other: float) -> float:
    """Combine two independent p values (Fisher).

    Parameters
    ----------
    one, other : float
        Above 0, to 1.

    Returns
    -------
    float
        Of both.

    Examples
    --------
    >>> round(combined(0.05, 0.05), 4)
    0.0175
    """
    product = min(1.0, one) * min(1.0, other)
    return min(1.0, product * (1.0 - math.log(product)))


def largest_ratio(p_value: float) -> float:
    """The largest likelihood ratio that a p value bears.

    Parameters
    ----------
    p_value : float
        Above 0.

    Returns
    -------
    float
        1 from a p of 1 / e on.
    """
    return 1.0 if p_value >= math.exp(-1) else 1.0 / (-math.e * p_value * math.log(p_value))


def _chains(chain: list[Leg], legs: Sequence[Leg]) -> list[list[Leg]]:
    """A chain and all that go on from it to sites that it has not been to."""
    found = [chain]
    if len(chain) == MOST_LEGS:
        return found
    been = {chain[0]["from"], *(leg["to"] for leg in chain)}
    for leg in legs:
        if leg["from"] == chain[-1]["to"] and leg["to"] not in been and _goes_on(chain[-1], leg):
            found += _chains([*chain, leg], legs)
    return found


def _goes_on(one: Leg, other: Leg) -> bool:
    came, went = set(one["track_ids_to"]), set(other["track_ids_from"])
    return bool(came & went) and len(came & went) >= SHARED * min(len(came), len(went))


def _voyage(chain: list[Leg]) -> Voyage:
    first, last = chain[0], chain[-1]
    return {
        "sites": " > ".join([first["from"], *(leg["to"] for leg in chain)]),
        "by": ", ".join(leg["by"] for leg in chain),
        "containers": min(leg["containers"] for leg in chain),
        "color": first["color"],
        "left": first["left"],
        "reached": last["reached"],
        "lag_low": max(0, (date_of(last["not_yet"]) - date_of(first["left"])).days),
        "lag_high": (date_of(last["reached"]) - date_of(first["last_seen"])).days,
        "likelihood_ratio": round(math.prod(leg["ratio"] for leg in chain), 2),
        "p_value": max(leg["p_value"] for leg in chain),
    }
