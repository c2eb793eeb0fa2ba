"""Probability, cell by cell, that the ground is built upon, bears a building, an earthwork, by boosted trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypedDict

import numpy as np

from changedet.arrays import Bools, Singles
from changedet.kernels.boosted_trees import Forest, staged_margins
from changedet.stages.footprint.kernels.cell_codes import KINDS_FROM

TARGETS: Final = ("built", "building", "earthwork")
"""What the forests classify, one each: built ground of any kind, and two of the kinds."""


class MarginScale(TypedDict):
    """How a forest's margins become probabilities, as the file of the trees keeps it."""

    at: list[float]
    value: list[float]
    stages: list[tuple[int, float]]


class TreesRecord(TypedDict):
    """What is kept with forests, by the names of `TARGETS`."""

    forests: Mapping[str, MarginScale]


def probabilities(
    table: Singles, valid: Bools, forests: Sequence[Forest], record: TreesRecord, kinds_from: float = KINDS_FROM
) -> dict[str, Singles]:
    """Probability of each of `TARGETS`.

    Parameters
    ----------
    table : float32 (feature, y, x)
        Of `features`.
    valid : bool (y, x)
        Elsewhere nothing is computed.
    forests : sequence of Forest
        Of `TARGETS`.
    record : TreesRecord
        What is kept with them.
    kinds_from : float
        Probability of built ground from which that of its kinds is computed.

    Returns
    -------
    dict of str to float32 (y, x)
        0 to 1; NaN where not valid, of kinds also where built ground has less than `kinds_from`.
    """
    found = {}
    where = valid
    for name, forest in zip(TARGETS, forests, strict=True):
        kept = record["forests"][name]
        margin = staged_margins(forest, table, where, kept["stages"])
        at, value = np.array(kept["at"]), np.array(kept["value"])
        found[name] = np.full(where.shape, np.nan, np.float32)
        found[name][where] = np.interp(margin[where], at, value)
        if name == "built":
            where = valid & (found[name] >= np.float32(kinds_from))
    return found
