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
