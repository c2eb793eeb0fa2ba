"""Probability, cell by cell, that the ground is built upon, bears a building, an earthwork: trees, and a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypedDict

import numpy as np

from changedet.arrays import Bools, Singles
from changedet.kernels.boosted_trees import Forest, staged_margins
from changedet.stages.footprint.kernels.cell_codes import KINDS_FROM

TARGETS: Final = ("built", "building", "earthwork")
"""What the forests classify, one each: built ground of any kind, and two of the kinds."""
LEAST: Final = 0.001
"""Trees are taken to be no surer than that: their steps end there."""


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


def together(trees: Mapping[str, Singles], network: Mapping[str, Singles]) -> dict[str, Singles]:
    """Probabilities by the mean of the log odds of trees and network.

    Parameters
    ----------
    trees : mapping of str to float32 (y, x)
        Of `probabilities`; NaN where the trees say nothing.
    network : mapping of str to float32 (y, x)
        Log odds of `ground_network.log_odds`.

    Returns
    -------
    dict of str to float32 (y, x)
        0 to 1, of each of `TARGETS`; the network's own where the trees say nothing.
    """
    found = {}
    for name, said in network.items():
        own = np.clip(trees[name].astype(np.float64), LEAST, 1.0 - LEAST)
        odds = np.where(np.isnan(own), said, (np.log(own / (1.0 - own)) + said) / 2)
        found[name] = np.asarray(1.0 / (1.0 + np.exp(-odds)), np.float32)
    return found
