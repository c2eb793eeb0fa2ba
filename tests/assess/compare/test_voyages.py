"""Voyages: legs chained by their boxes, carriers in the lots' windows, likelihood ratios against the fleet."""

from __future__ import annotations

import pytest

from changedet.assess.compare.rows import Consignment, ShipMatch, TrainMatch
from changedet.assess.compare.ships import Carried
from changedet.assess.compare.voyages import combined, largest_ratio, share_of, voyages

FLEET = {"#b23a30": 10.0, "#33588c": 60.0, "#8d9294": 30.0}


def lot(one: str, other: str, day: int, boxes: tuple[list[int], list[int]], p_value: float = 0.01) -> Consignment:
    """Red boxes that left by a day of May and came a week later."""
    return {
        "from": one, "to": other, "containers": 6, "containers_from": 6, "containers_to": 7, "kind": "40ft",
        "color": "#b23a30", "last_seen": f"2024-05-{day - 2:02}", "gone_by": f"2024-05-{day:02}",
        "not_yet": f"2024-05-{day + 4:02}", "first_seen": f"2024-05-{day + 7:02}", "track_ids_from": boxes[0],
        "track_ids_to": boxes[1], "lag_days": 6, "lag_low": 4, "lag_high": 9, "similarity": 0.8, "p_value": p_value,
    }  # fmt: skip


def met(ratio: float) -> ShipMatch:
    """A ship that lay at both."""
    return {
        "from": "a", "to": "b", "left": "2024-05-04", "reached": "2024-05-11", "zone_from": "quay", "zone_to": "quay",
        "ship_from": 1, "ship_to": 2, "length_from_m": 100.0, "length_to_m": 101.0, "likelihood_ratio": ratio,
        "p_value": 0.02,
    }  # fmt: skip


def train(left: str, reached: str) -> TrainMatch:
    """A train between the second and the third site."""
    return {
        "from": "b", "to": "c", "left": left, "reached": reached, "zone_from": "s", "zone_to": "s", "train_from": 1,
        "train_to": 1, "boxes": 9, "similarity": 0.9, "turned": False, "p_value": 0.01,
    }  # fmt: skip


LEGS = [lot("a", "b", 4, ([1, 2, 3], [11, 12, 13])), lot("b", "c", 15, ([12, 13, 14], [21, 22]))]


def test_voyages_chain_a_ship_and_a_train() -> None:
    carried = {("a", "b"): Carried(0.02, [met(40.0)])}
    found = voyages(LEGS, carried, [train("2024-05-14", "2024-05-20")], FLEET)
    assert {one["sites"] for one in found} == {"a > b", "b > c", "a > b > c"}
    whole = next(one for one in found if one["sites"] == "a > b > c")
    assert whole["by"] == "ship, train"
    assert (whole["left"], whole["reached"]) == ("2024-05-04", "2024-05-22")
    assert (whole["lag_low"], whole["lag_high"]) == (15, 20)
    assert whole["p_value"] == 0.01
    rarity = 0.8 / share_of("#b23a30", FLEET)
    assert whole["likelihood_ratio"] == pytest.approx(rarity * 40 * rarity * largest_ratio(0.01), rel=1e-3)


def test_voyages_need_their_boxes_and_their_windows() -> None:
    apart = [LEGS[0], lot("b", "c", 15, ([41, 42], [51]))]
    assert voyages(apart, {}, [], FLEET) == []
    assert voyages(LEGS, {}, [train("2024-05-02", "2024-05-20")], FLEET)[0]["by"] == "-, -"
    weak = {("a", "b"): Carried(0.5, [met(2.0)])}
    assert [one["by"] for one in voyages(LEGS, weak, [], FLEET)] == ["-, -"]


def test_voyages_count_ships_that_are_missing_where_they_were_looked_for() -> None:
    doubtful = [lot("a", "b", 4, ([1], [2]), 0.04)]
    assert voyages(doubtful, {("a", "b"): Carried(1.0, [None])}, [], FLEET) == []
    assert voyages(doubtful, {("a", "b"): Carried(0.01, [met(40.0)])}, [], FLEET)[0]["p_value"] < 0.01


def test_share_of_knows_near_colours() -> None:
    assert share_of("#b23a30", FLEET) == pytest.approx(0.1, abs=0.02)
    assert share_of("#34598d", FLEET) == pytest.approx(0.6, abs=0.05)
    assert share_of("#34598d", {}) == 1.0


def test_combined_and_largest_ratio() -> None:
    assert combined(1.0, 1.0) == 1.0
    assert combined(0.04, 1.0) > 0.04
    assert largest_ratio(0.5) == 1.0
    assert largest_ratio(0.01) == pytest.approx(7.99, abs=0.01)
