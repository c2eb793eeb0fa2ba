"""Voyages and ships met again: found where they were planted, and by chance between ports that share nothing.

    python benchmarks/voyages.py [--seeds 20] [--redraws 199]

Made-up tables (`scenarios/made_up_yards.py`, `made_up_ships.py`): two ports with their own stock, lots and ships. In
related ones six lots travel from the first to the second, each with a ship that is seen at both; errors of sizes and
decks are those of the layer. Counted are pairs with a voyage by ship from the first to the second, and lots in one; of
unrelated pairs those with any voyage, in either direction. Of chains the lots go on to a third site without a quay,
where neither ships nor trains are looked for.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.assess.compare import consignments  # noqa: E402
from changedet.assess.compare.rows import Voyage  # noqa: E402
from changedet.assess.compare.ships import Fleet, carriers, fleet_of, match_ships  # noqa: E402
from changedet.assess.compare.sites import Site  # noqa: E402
from changedet.assess.compare.voyages import voyages  # noqa: E402
from scenarios.made_up_ships import Ship, port, ship  # noqa: E402
from scenarios.made_up_yards import PAINTS, Yard, looks, related, site, unrelated  # noqa: E402

LOTS, FIRST_LOOK, LAG = 6, 2, 2


def sailed(one: Site, other: Site, here: Fleet, there: Fleet) -> list[Voyage]:
    """Voyages from one site to another, against the colours of both."""
    fleet: dict[str, float] = {}
    for color in [*one.boxes["color"], *other.boxes["color"]]:
        fleet[str(color)] = fleet.get(str(color), 0.0) + 1.0
    matches = consignments.match_sites(one, other)
    return voyages(matches, carriers({one.name: here, other.name: there}, matches), [], fleet)


def chained(seed: int) -> tuple[bool, bool]:
    """Whether a voyage over three sites is found where lots make it, and where the second site passes none on."""
    rng = np.random.default_rng([13, seed])
    days = [looks(14, phase) for phase in (0, 9, 4)]
    yards = [Yard(rng, own).busy(70, 0, 25) for own in days]
    own = [ship(rng) for _ in range(LOTS)]
    seen: list[list[tuple[Ship, date]]] = [[], []]
    for k, gone in enumerate(range(FIRST_LOOK, FIRST_LOOK + LOTS)):
        paint, boxes = str(rng.choice(PAINTS)), int(rng.integers(4, 10))
        stops = (max(gone - 2, 0), gone), (gone + LAG, gone + 2 * LAG), (gone + 3 * LAG, gone + 30)
        for yard, (came, left) in zip(yards, stops, strict=True):
            yard.add(boxes, came, left, paint, "40ft")
        for port_at, look in ((0, gone), (1, gone + LAG)):
            seen[port_at].append((own[k], days[port_at][look - int(rng.integers(0, 2))]))
    one, two, three = (site(name, yard) for name, yard in zip(("one", "two", "three"), yards, strict=True))
    fleets = {name: fleet_of(port(days[k], seen[k], rng)) for k, name in enumerate(("one", "two"))}
    stranger = site("three", Yard(rng, days[2]).busy(80, 6, 30))
    found = []
    for last in (three, stranger):
        matches = [*consignments.match_sites(one, two), *consignments.match_sites(two, last)]
        rows = voyages(matches, carriers(fleets, matches), [], {})
        found.append(any(row["sites"] == "one > two > three" for row in rows))
    return found[0], found[1]


def main() -> None:
    """Print the shares."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--redraws", type=int, default=199)
    given = parser.parse_args()
    consignments.REDRAWS = given.redraws  # type: ignore[misc]
    found, lots, met, false, false_ships, pairs = 0, 0, 0, 0, 0, 0
    for seed in range(given.seeds):
        rng = np.random.default_rng([11, seed])
        one, other, _ = related(seed, LAG)
        days = looks(10), looks(10, 9)
        own = [ship(rng) for _ in range(LOTS)]
        gone = [FIRST_LOOK + k for k in range(LOTS)]
        here = port(days[0], [(own[k], days[0][gone[k] - int(rng.integers(0, 2))]) for k in range(LOTS)], rng)
        there = port(days[1], [(own[k], days[1][gone[k] + LAG - int(rng.integers(0, 2))]) for k in range(LOTS)], rng)
        fleets = fleet_of(here), fleet_of(there)
        ships = match_ships((one.name, fleets[0]), (other.name, fleets[1]))
        true = {(len(here) - LOTS + k + 1, len(there) - LOTS + k + 1) for k in range(LOTS)}
        hits = [(row["ship_from"], row["ship_to"]) in true for row in ships]
        met, false_ships = met + sum(hits), false_ships + len(hits) - sum(hits)
        rows = [row for row in sailed(one, other, *fleets) if row["by"] == "ship"]
        found, lots = found + bool(rows), lots + len(rows)
        for a, b in (unrelated(seed), unrelated(seed)[::-1]):
            tables = [port(looks(9, 11 * k), [], rng) for k in range(2)]
            false, pairs = false + bool(sailed(a, b, *(fleet_of(table) for table in tables))), pairs + 1
    n = given.seeds
    print(f"related: voyages by ship in {found} of {n} pairs, {lots} lots of {LOTS * n}")
    print(f"ships met again: {met} of {LOTS * n}, {false_ships} wrong")
    print(f"unrelated: {false} of {pairs} ordered pairs with a voyage of p < .05")
    right, wrong = (sum(column) for column in zip(*(chained(seed) for seed in range(n)), strict=True))
    print(f"chains over three sites: {right} of {n}; {wrong} of {n} where the third site shares nothing")


if __name__ == "__main__":
    main()
