"""Ships that lay at one site and were met again at another, or on another look, by size and colours of the deck."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations, product
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from changedet.arrays import Floats, Ints
from changedet.assess.compare.rows import CHANCE, Consignment, ShipMatch
from changedet.assess.kernels import vessels_met
from changedet.assess.kernels.vessels_met import Vessels
from changedet.kernels import colour
from changedet.pipeline.finished import open_run

MOST_DAYS: Final = 180
"""Longest time between two looks at one ship."""
REDRAWS: Final = 4999
SWAPS: Final = 499
"""Redraws of a site's ships for the lots that they may have carried."""
EQUAL: Final = 1e-9
"""Sums that differ by less are equal."""
LEAST_M: Final = 25.0
"""Shorter ones are boats."""


@dataclass(frozen=True)
class Fleet:
    """The ships of a site.

    Attributes
    ----------
    dates : list of date
        Of the looks, one a ship.
    ids : list of int
        ``ship_id`` on that date.
    zones : list of str
        Berths; empty afloat.
    vessels : Vessels
    """

    dates: list[dt.date]
    ids: list[int]
    zones: list[str]
    vessels: Vessels


def fleet_of(layer: pd.DataFrame) -> Fleet:
    """Take the ships that can be met again.

    Parameters
    ----------
    layer : DataFrame
        The layer ``ships`` of a run.

    Returns
    -------
    Fleet
        Those that lie wholly in the picture, of 25 m and more, with a deck of known colours.
    """
    known = layer["deck"].astype("string").str.match(r"^(#[0-9a-fA-F]{6}( |$))+$").fillna(value=False)
    own = layer[known & (layer["length_m"] >= LEAST_M) & layer["is_whole"].fillna(value=False).astype(bool)]
    own = own[own["kind"] != "boat"]
    decks = [[_linear(word) for word in str(deck).split()] for deck in own["deck"]]
    slices = max((len(deck) for deck in decks), default=1)
    linear = np.array([deck for deck in decks if len(deck) == slices], np.float64).reshape(-1, slices, 3)
    own = own[np.array([len(deck) == slices for deck in decks], bool)]
    lab = colour.scaled_lab(linear.reshape(-1, 3)).reshape(linear.shape)
    sizes = [own[name].to_numpy(np.float64) for name in ("length_m", "length_error_m", "width_m", "width_error_m")]
    return Fleet(
        [pd.Timestamp(day).date() for day in own["date"]],
        [int(number) for number in own["ship_id"]],
        ["" if pd.isna(zone) else str(zone) for zone in own["zone"]],
        Vessels(sizes[0], sizes[1], sizes[2], sizes[3], lab),
    )


class Carried(NamedTuple):
    """Ships that may have carried the lots between two sites.

    Attributes
    ----------
    p_value : float
        Of ships of the world that fit the lots' windows as well, all lots together.
    ships : list of ShipMatch or None
        Of each lot the ship that fits best; None where none speaks for it.
    """

    p_value: float
    ships: list[ShipMatch | None]


def open_fleets(run_dirs: Sequence[str | Path]) -> dict[str, Fleet]:
    """Open the ships of finished runs.

    Parameters
    ----------
    run_dirs : sequence of path
        Run folders of different sites.

    Returns
    -------
    dict of str to Fleet
        By site; those without a zone of kind ``berth`` are left out.
    """
    runs = [open_run(path) for path in run_dirs]
    layers = {str(run.summary["site"]): run.ships for run in runs}
    return {name: fleet_of(layer) for name, layer in layers.items() if layer is not None}


def compare_ships(fleets: Mapping[str, Fleet]) -> list[ShipMatch]:
    """Find ships again at other sites, and on other looks at the same one.

    Parameters
    ----------
    fleets : mapping of str to Fleet
        Of `open_fleets`.

    Returns
    -------
    list of ShipMatch
        As `match_ships` gives; of all ordered pairs of sites and of each with itself, the surest first.
    """
    found: list[ShipMatch] = []
    for one, other in product(fleets, repeat=2):
        known = [float(size) for name, own in fleets.items() if name not in (one, other) for size in own.vessels.length]
        found += match_ships((one, fleets[one]), (other, fleets[other]), known)
    return sorted(found, key=lambda row: (row["p_value"], row["from"], row["to"], row["left"]))


def carriers(fleets: Mapping[str, Fleet], matches: Sequence[Consignment]) -> dict[tuple[str, str], Carried]:
    """Find the ships that may have carried the lots of each pair of sites.

    Parameters
    ----------
    fleets : mapping of str to Fleet
        Of `open_fleets`.
    matches : sequence of Consignment
        Of all pairs.

    Returns
    -------
    dict of (str, str) to Carried
        Of pairs of sites that both have ships.
    """
    found = {}
    for one, other in permutations(fleets, 2):
        lots = [match for match in matches if (match["from"], match["to"]) == (one, other)]
        if lots:
            far = [name for name in fleets if name not in (one, other)]
            known = [size for name in far for size in fleets[name].vessels.length.tolist()]
            found[one, other] = carried((one, fleets[one]), (other, fleets[other]), lots, known)
    return found


def carried(
    one: tuple[str, Fleet], other: tuple[str, Fleet], lots: Sequence[Consignment], known: Sequence[float] = ()
) -> Carried:
    """Find the ships that may have carried some lots.

    For each lot the best of the ships that lay at the first site when it may have left and at the second when it may
    have come counts by its log likelihood ratio; the sum is compared with that of ships of the world in place of those
    at the second site, on the same dates.

    Parameters
    ----------
    one, other : (str, Fleet)
        The sites' ids and ships.
    lots : sequence of Consignment
        From the first to the second.
    known : sequence of float
        Lengths of ships elsewhere.

    Returns
    -------
    Carried
        With a p value of 1 where no ship lay there in time.
    """
    (name, here), (far, there) = one, other
    at = [
        (_within(here.dates, lot["last_seen"], lot["gone_by"]), _within(there.dates, lot["not_yet"], lot["first_seen"]))
        for lot in lots
    ]
    if not any(len(i) and len(j) for i, j in at):
        return Carried(1.0, [None] * len(lots))
    fleet = np.array([*known, *here.vessels.length, *there.vessels.length], np.float64)
    ratios = vessels_met.log_ratios(here.vessels, there.vessels, fleet)
    rng = np.random.default_rng([zlib.crc32(name.encode()), zlib.crc32(far.encode()), len(lots)])
    drawn = vessels_met.drawn(SWAPS * len(there.ids), fleet, there.vessels, rng)
    chance = vessels_met.log_ratios(here.vessels, drawn, fleet).reshape(len(here.ids), SWAPS, len(there.ids))
    best = [float(ratios[np.ix_(i, j)].max(initial=0.0)) for i, j in at]
    draws = np.sum([chance[i][:, :, j].max(axis=(0, 2), initial=0.0) for i, j in at], axis=0)
    p_value = float(1 + (draws >= sum(best) - EQUAL).sum()) / (1 + SWAPS) if sum(best) > 0 else 1.0
    shown: list[ShipMatch | None] = []
    for (i, j), value in zip(at, best, strict=True):
        if value <= 0:
            shown.append(None)
            continue
        k, m = np.argwhere(ratios[np.ix_(i, j)] == value)[0]
        shown.append(_row((name, here, int(i[k])), (far, there, int(j[m])), value, p_value))
    return Carried(p_value, shown)


def _within(dates: Sequence[dt.date], first: str, last: str) -> Ints:
    return np.array([k for k, day in enumerate(dates) if first <= day.isoformat() <= last], np.int64)


def _linear(word: str) -> list[float]:
    srgb = np.array([[int(word[k : k + 2], 16) / 255 for k in (1, 3, 5)]])
    return [float(value) for value in colour.linear_rgb(srgb)[0]]


def match_ships(one: tuple[str, Fleet], other: tuple[str, Fleet], known: Sequence[float] = ()) -> list[ShipMatch]:
    """Ships of the first site that were met again at the second one, up to 180 days later.

    Parameters
    ----------
    one, other : (str, Fleet)
        The sites' ids and ships.
    known : sequence of float
        Lengths of ships elsewhere, which say how usual a length is.

    Returns
    -------
    list of ShipMatch
        ``from``, ``to``, ``left`` and ``reached`` (dates of the looks), ``zone_from``, ``zone_to``, ``ship_from``,
        ``ship_to``, ``length_from_m``, ``length_to_m``, ``likelihood_ratio`` (of one ship against two of the world's),
        ``p_value`` (of so high a ratio for another ship, times the pairs that were compared). Those of p < .05, the
        best first; a ship is met again once.
    """
    (name, here), (far, there) = one, other
    if not here.ids or not there.ids:
        return []
    days = np.array([[(b - a).days for b in there.dates] for a in here.dates])
    allowed = (days > 0) & (days <= MOST_DAYS)
    if not allowed.any():
        return []
    fleet = np.array([*known, *here.vessels.length, *there.vessels.length], np.float64)
    ratios = vessels_met.log_ratios(here.vessels, there.vessels, fleet)
    rng = np.random.default_rng([zlib.crc32(name.encode()), zlib.crc32(far.encode())])
    chance = vessels_met.log_ratios(here.vessels, vessels_met.drawn(REDRAWS, fleet, there.vessels, rng), fleet)
    rows: list[ShipMatch] = []
    for i, j in zip(*np.nonzero(allowed), strict=True):
        p_value = _chance(chance[i], float(ratios[i, j])) * int(allowed.sum())
        if p_value < CHANCE:
            rows.append(_row((name, here, int(i)), (far, there, int(j)), float(ratios[i, j]), p_value))
    return _once(sorted(rows, key=lambda row: (-row["likelihood_ratio"], row["left"], row["reached"])))


def _chance(draws: Floats, ratio: float) -> float:
    return float(1 + (draws >= ratio).sum()) / (1 + len(draws))


def _row(one: tuple[str, Fleet, int], other: tuple[str, Fleet, int], ratio: float, p_value: float) -> ShipMatch:
    (name, here, i), (far, there, j) = one, other
    return {
        "from": name,
        "to": far,
        "left": here.dates[i].isoformat(),
        "reached": there.dates[j].isoformat(),
        "zone_from": here.zones[i],
        "zone_to": there.zones[j],
        "ship_from": here.ids[i],
        "ship_to": there.ids[j],
        "length_from_m": round(float(here.vessels.length[i]), 1),
        "length_to_m": round(float(there.vessels.length[j]), 1),
        "likelihood_ratio": round(float(np.exp(min(ratio, 20.0))), 2),
        "p_value": p_value,
    }


def _once(rows: list[ShipMatch]) -> list[ShipMatch]:
    kept: list[ShipMatch] = []
    taken: set[tuple[str, str, int]] = set()
    for row in rows:
        ends = {("from", row["left"], row["ship_from"]), ("to", row["reached"], row["ship_to"])}
        if not ends & taken:
            taken |= ends
            kept.append(row)
    return kept
