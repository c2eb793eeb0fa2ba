"""Rows that a comparison of sites gives, and the level below which chance does not explain one."""

from __future__ import annotations

from typing import Final, TypedDict

CHANCE: Final = 0.05
"""Level of significance, for one ordered pair of sites."""

Consignment = TypedDict(
    "Consignment",
    {
        "from": str,
        "to": str,
        "containers": int,
        "containers_from": int,
        "containers_to": int,
        "kind": str,
        "color": str,
        "last_seen": str,
        "gone_by": str,
        "not_yet": str,
        "first_seen": str,
        "track_ids_from": list[int],
        "track_ids_to": list[int],
        "lag_days": int,
        "lag_low": int,
        "lag_high": int,
        "similarity": float,
        "p_value": float,
    },
)
"""A lot of containers that left one site and reached another; see `changedet.assess.compare.consignments`."""

TrainMatch = TypedDict(
    "TrainMatch",
    {
        "from": str,
        "to": str,
        "left": str,
        "reached": str,
        "zone_from": str,
        "zone_to": str,
        "train_from": int,
        "train_to": int,
        "boxes": int,
        "similarity": float,
        "turned": bool,
        "p_value": float,
    },
)
"""A train of one site found again at another; see `changedet.assess.compare.trains`."""


ShipMatch = TypedDict(
    "ShipMatch",
    {
        "from": str,
        "to": str,
        "left": str,
        "reached": str,
        "zone_from": str,
        "zone_to": str,
        "ship_from": int,
        "ship_to": int,
        "length_from_m": float,
        "length_to_m": float,
        "likelihood_ratio": float,
        "p_value": float,
    },
)
"""A ship of one site met again at another; see `changedet.assess.compare.ships`."""

Leg = TypedDict(
    "Leg",
    {
        "from": str,
        "to": str,
        "last_seen": str,
        "left": str,
        "not_yet": str,
        "reached": str,
        "containers": int,
        "color": str,
        "by": str,
        "ratio": float,
        "p_value": float,
        "track_ids_from": list[int],
        "track_ids_to": list[int],
    },
)
"""A lot's way from one site to the next, with what carried it; see `changedet.assess.compare.voyages`."""


class Voyage(TypedDict):
    """A lot's way over two sites or more, with what carried it."""

    sites: str
    by: str
    containers: int
    color: str
    left: str
    reached: str
    lag_low: int
    lag_high: int
    likelihood_ratio: float
    p_value: float


class Chain(TypedDict):
    """A consignment that reached a second site from a first and left it for a third."""

    first: str
    second: str
    third: str
    kind: str
    color: str
    containers: int
    left: str
    between: str
    reached: str
    lag_low: int
    lag_high: int
    p_value: float


CONSIGNMENT_COLUMNS: Final = (
    *("from", "to", "kind", "color", "containers", "containers_from", "containers_to", "last_seen", "gone_by"),
    *("not_yet", "first_seen", "lag_days", "lag_low", "lag_high", "similarity", "p_value"),
)
TRAIN_COLUMNS: Final = tuple(TrainMatch.__annotations__)
CHAIN_COLUMNS: Final = tuple(Chain.__annotations__)
SHIP_COLUMNS: Final = tuple(ShipMatch.__annotations__)
VOYAGE_COLUMNS: Final = tuple(Voyage.__annotations__)
