"""Ships of runs: those that can be met again, found at another site, and tested against ships of the world."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from changedet.assess.compare.ships import carried, carriers, compare_ships, fleet_of, match_ships
from scenarios.made_up_ships import Ship, port, row, ship

FIRST, SECOND = dt.date(2024, 5, 1), dt.date(2024, 5, 21)
FAR = Ship(228.0, 32.0, np.array([[200, 40, 30], [30, 60, 180], [220, 200, 60], [40, 120, 60], [150, 60, 160]], float))


def lot(left: dt.date = FIRST, came: dt.date = SECOND) -> dict[str, object]:
    """A lot that left by a date and came by another."""
    earlier, later = (str(day - dt.timedelta(days=10)) for day in (left, came))
    return {
        "from": "a",
        "to": "b",
        "last_seen": earlier,
        "gone_by": str(left),
        "not_yet": later,
        "first_seen": str(came),
    }


def test_fleet_of_leaves_out_boats_and_what_is_cut() -> None:
    rng = np.random.default_rng(1)
    layer = pd.DataFrame([row(FAR, FIRST, k, rng) for k in range(1, 5)])
    layer.loc[1, "kind"], layer.loc[2, "is_whole"], layer.loc[3, "deck"] = "boat", False, None
    found = fleet_of(layer)
    assert found.ids == [1]
    assert found.dates == [FIRST]
    assert found.vessels.deck.shape == (1, 5, 3)
    assert fleet_of(layer.iloc[1:]).ids == []


def test_match_ships_finds_a_ship_again_and_no_other() -> None:
    hits = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        here, there = (port([], [(FAR, day), (ship(rng), day)], rng) for day in (FIRST, SECOND))
        rows = match_ships(("a", fleet_of(here)), ("b", fleet_of(there)))
        hits += [(one["ship_from"], one["ship_to"]) for one in rows] == [(1, 1)]
        assert all(one["p_value"] < 0.05 and one["likelihood_ratio"] > 1 for one in rows)
        assert match_ships(("b", fleet_of(there)), ("a", fleet_of(here))) == []
    assert hits >= 6


def test_compare_ships_looks_at_one_site_too() -> None:
    rng = np.random.default_rng(3)
    both = port([], [(FAR, FIRST), (FAR, SECOND)], rng)
    rows = compare_ships({"a": fleet_of(both)})
    assert [(one["from"], one["to"], one["left"], one["reached"]) for one in rows] == [
        ("a", "a", str(FIRST), str(SECOND))
    ]


def test_carried_tests_the_ships_in_the_windows_of_lots() -> None:
    rng = np.random.default_rng(5)
    here, there = (fleet_of(port([], [(FAR, day)], rng)) for day in (FIRST, SECOND))
    found = carried(("a", here), ("b", there), [lot()])  # type: ignore[list-item]
    assert found.p_value < 0.05
    assert found.ships[0] is not None
    late = carried(("a", here), ("b", there), [lot(came=SECOND + dt.timedelta(days=40))])  # type: ignore[list-item]
    assert late.p_value == 1.0
    assert late.ships == [None]
    pairs = carriers({"a": here, "b": there}, [lot()])  # type: ignore[list-item]
    assert set(pairs) == {("a", "b")}


def test_carried_is_right_about_chance() -> None:
    values = []
    for seed in range(60):
        rng = np.random.default_rng([9, seed])
        here, there = (fleet_of(port([], [(ship(rng), day) for _ in range(2)], rng)) for day in (FIRST, SECOND))
        values.append(carried((f"a{seed}", here), ("b", there), [lot()]).p_value)  # type: ignore[list-item]
    assert np.mean(np.array(values) < 0.05) < 0.13
