"""Trains that stood at one site and were met again at another, told by the order of their boxes' colours."""

from __future__ import annotations

import datetime as dt
import re
import zlib
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from changedet.compared import CHANCE
from changedet.kernels import compare as kernel
from changedet.kernels import sequences

LEAST_BOXES: Final = 8
"""Of one order in both: shorter trains are alike by chance."""
MOST_DAYS: Final = 180
REDRAWS: Final = 99
SIZE_CLASS: Final = {"20ft": 0, "40ft": 1, "45ft": 1}
"""40 and 45 feet are one class: a metre and a half is within what detectors mistake at half a metre a pixel."""
WORD: Final = re.compile("(20ft|40ft|45ft) (#[0-9a-f]{6})")


class Train(NamedTuple):
    """Boxes in order along a siding on one date: colours (box, 3) under common light, size classes (box,)."""

    date: dt.date
    zone: str
    train_id: int
    lab: NDArray[np.float64]
    size: NDArray[np.int64]


def trains_of(layer: gpd.GeoDataFrame | None, gains: NDArray[np.float64]) -> list[Train]:
    """The trains of a run that are long enough.

    Parameters
    ----------
    layer : GeoDataFrame or None
        The run's layer ``trains``.
    gains : float64 (3,)
        What brings the site under common light, see `changedet.kernels.compare.balance`.
    """
    found: list[Train] = []
    for row in [] if layer is None else layer.itertuples():
        words = WORD.findall(str(row.sequence))
        if len(words) < LEAST_BOXES:
            continue
        srgb = np.array([[int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)] for _, color in words])
        size = np.array([SIZE_CLASS[kind] for kind, _ in words], np.int64)
        day = pd.Timestamp(row.date).date()
        lab = kernel.scaled_lab(kernel.linear_rgb(srgb) * gains)
        found.append(Train(day, str(row.zone), int(row.train_id), lab, size))
    return found


def match_trains(one: tuple[str, Sequence[Train]], other: tuple[str, Sequence[Train]]) -> list[dict[str, Any]]:
    """Trains of the first site met again at the second one, up to 180 days later.

    Returns
    -------
    list of dict
        ``from``, ``to``, ``left`` and ``reached`` (dates of the looks that show the train), ``zone_from``, ``zone_to``,
        ``train_from``, ``train_to``, ``boxes`` (that stand in one order in both), ``similarity`` (0 to 1), ``turned``
        (the order runs the other way), ``p_value``: of so good an alignment of the same boxes in other orders, times
        the pairs of trains that were compared between the two sites. Those of p < .05, the best first; a train is met
        once.
    """
    pairs = [(a, b) for a in one[1] for b in other[1] if 0 <= (b.date - a.date).days <= MOST_DAYS]
    rng = np.random.default_rng([zlib.crc32(one[0].encode()), zlib.crc32(other[0].encode())])
    rows = []
    for a, b in pairs:
        score = sequences.likeness(a.lab, a.size, b.lab, b.size)
        best = sequences.align(score)
        if best.boxes < LEAST_BOXES:
            continue
        p_value = min(1.0, len(pairs) * sequences.chance(score, best.score, REDRAWS, rng))
        if p_value < CHANCE:
            rows.append(
                {
                    "from": one[0],
                    "to": other[0],
                    "left": a.date.isoformat(),
                    "reached": b.date.isoformat(),
                    "zone_from": a.zone,
                    "zone_to": b.zone,
                    "train_from": a.train_id,
                    "train_to": b.train_id,
                    "boxes": best.boxes,
                    "similarity": round(best.score / best.boxes, 3),
                    "turned": best.turned,
                    "p_value": p_value,
                }
            )
    return _once(sorted(rows, key=lambda row: (row["p_value"], row["left"], row["reached"])))


def _once(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = []
    taken: set[tuple[str, Any, Any]] = set()
    for row in rows:
        ends = {("from", row["left"], row["train_from"]), ("to", row["reached"], row["train_to"])}
        if not ends & taken:
            taken |= ends
            kept.append(row)
    return kept
