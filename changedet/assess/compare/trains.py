"""Trains that stood at one site and were found again at another by the order of their boxes."""

from __future__ import annotations

import datetime as dt
import re
import zlib
from collections.abc import Sequence
from typing import Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from changedet.arrays import Floats
from changedet.assess.compare.rows import CHANCE, TrainMatch
from changedet.assess.kernels import sequences
from changedet.assess.kernels.lots import balance
from changedet.grid.geodesy import metre_in
from changedet.kernels import colour

LEAST_BOXES: Final = 8
"""Of one order in both: shorter trains are alike by chance."""
MOST_DAYS: Final = 180
"""Longest time between two looks at one train."""
REDRAWS: Final = 99
"""Other orders of the boxes that a chain is compared with."""
SIZE_CLASS: Final = {"20ft": 0, "40ft": 1, "45ft": 1}
"""40 and 45 feet are one class: a metre and a half is within what detectors mistake at half a metre a pixel."""
WORD: Final = re.compile("(20ft|40ft|45ft) (#[0-9a-fA-F]{6})")


class Train(NamedTuple):
    """Boxes in order along a siding on one date.

    Attributes
    ----------
    date : datetime.date
        Of the look.
    zone : str
        The siding.
    train_id : int
        Its number on that date.
    row : Row
        Its boxes, their colours under common light.
    """

    date: dt.date
    zone: str
    train_id: int
    row: sequences.Row


def trains_of(layer: gpd.GeoDataFrame, containers: gpd.GeoDataFrame) -> list[Train]:
    """The trains of a run that are long enough to be found again.

    Parameters
    ----------
    layer : GeoDataFrame
        The run's layer ``trains``.
    containers : GeoDataFrame
        Its layer ``containers``: all boxes of a date give the date's light.

    Returns
    -------
    list of Train
        Of `LEAST_BOXES` boxes of known colour or more.
    """
    unit, found = metre_in(layer), list[Train]()
    for row in layer.itertuples():
        boxes = [word for word in str(row.sequence).split(", ") if not word.startswith("(")]
        known = [(k, match) for k, word in enumerate(boxes) if (match := WORD.fullmatch(word))]
        if len(known) < LEAST_BOXES:
            continue
        places = shapely.get_coordinates(row.geometry)
        along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(places, axis=0).T))]) / unit
        size = np.array([SIZE_CLASS[match[1]] for _, match in known], np.int64)
        own = _linear([match[2] for _, match in known])
        day = pd.Timestamp(row.date).date()
        lab = colour.scaled_lab(own * balance(_of_date(containers, day, own)))
        at = along[[k for k, _ in known]]
        found.append(Train(day, str(row.zone), int(row.train_id), sequences.Row(lab, size, at)))
    return found


def _of_date(containers: gpd.GeoDataFrame, day: dt.date, own: Floats) -> Floats:
    """Linear colours of a date's boxes; those of the train where there are no others."""
    colours = containers.loc[pd.to_datetime(containers["date"]).dt.date == day, "color"].astype("string")
    known = colours[colours.str.match("^#[0-9a-fA-F]{6}$").fillna(value=False)]
    return _linear(list(known)) if len(known) >= len(own) else own


def _linear(colours: Sequence[str]) -> Floats:
    srgb = np.array([[int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)] for color in colours])
    return colour.linear_rgb(srgb)


def match_trains(one: tuple[str, Sequence[Train]], other: tuple[str, Sequence[Train]]) -> list[TrainMatch]:
    """Trains of the first site found again at the second one, up to 180 days later.

    Parameters
    ----------
    one, other : (str, sequence of Train)
        The sites' ids and trains.

    Returns
    -------
    list of TrainMatch
        ``from``, ``to``, ``left`` and ``reached`` (dates of the looks that show the train), ``zone_from``, ``zone_to``,
        ``train_from``, ``train_to``, ``boxes`` (that stand in one order and spacing in both), ``similarity`` (0 to 1,
        of colours and sizes), ``turned`` (the order runs the other way), ``p_value``: of so good a chain of
        the same boxes in other orders, times the pairs of trains that were compared between the two sites. Those of
        p < .05, the best first; a train is found again once.
    """
    pairs = [(a, b) for a in one[1] for b in other[1] if 0 <= (b.date - a.date).days <= MOST_DAYS]
    rng = np.random.default_rng([zlib.crc32(one[0].encode()), zlib.crc32(other[0].encode())])
    rows: list[TrainMatch] = []
    for a, b in pairs:
        best = sequences.chain(a.row, b.row)
        if len(best.first) < LEAST_BOXES:
            continue
        p_value = min(1.0, len(pairs) * sequences.chance(a.row, b.row, best.score, REDRAWS, rng))
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
                    "boxes": len(best.first),
                    "similarity": _similarity(a.row, b.row, best),
                    "turned": best.turned,
                    "p_value": p_value,
                }
            )
    return _once(sorted(rows, key=lambda row: (row["p_value"], row["left"], row["reached"])))


def _similarity(one: sequences.Row, other: sequences.Row, found: sequences.Chain) -> float:
    difference = one.lab[found.first] - other.lab[found.second]
    distance = ((difference - np.median(difference, axis=0)) ** 2).sum(1)
    same = one.size[found.first] == other.size[found.second]
    return round(float((np.exp(-0.5 * distance / sequences.SCALES[0] ** 2) * same).mean()), 3)


def _once(rows: list[TrainMatch]) -> list[TrainMatch]:
    kept: list[TrainMatch] = []
    taken: set[tuple[str, str, int]] = set()
    for row in rows:
        ends = {("from", row["left"], row["train_from"]), ("to", row["reached"], row["train_to"])}
        if not ends & taken:
            taken |= ends
            kept.append(row)
    return kept
