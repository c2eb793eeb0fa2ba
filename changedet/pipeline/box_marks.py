"""What the tracks decide about the change masks: boxes that came, left or were replaced, and boxes that stayed."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from changedet.arrays import Bools, Floats, Ints
from changedet.blocks import Window
from changedet.grid import Grid
from changedet.kernels.containers import CONTAINER_KINDS, LENGTH_OF_KIND_M, WIDTH_M
from changedet.pipeline.kernels.box_decisions import ARRIVED, LEFT, MOVER, NONE, STAYED, BoxPixels
from changedet.pipeline.kernels.box_doubts import BoxDoubts, BoxLooks, box_doubts, without_doubts
from changedet.stages.tracks.detections import date_index
from changedet.stages.tracks.result import Tracks

SURROUND_M: Final = 2.5
"""Width of the ground around a box that shows whether the ground itself changed; chosen by hand: an aisle's half."""
REACH_M: Final = 30.0
"""Farthest that a pixel which decides about a box lies from another of it: the longest box and stack with its lean, and
`SURROUND_M` on both sides."""
STANDS: Final = 0.3
"""Confidence from which a detection, counted or not, shows that a box stands somewhere: below it most are true on
painted sites and few on our own. Chosen by hand with one port of either in view."""
UNDER: Final = 0.2
"""Share of a box's base from which what stands there stands in its place; neighbours overlap by less."""

DOUBTED_DATES: Final = 3
"""On fewer dates most boxes that came or left are seen once, and that is no sign of doubt."""

Shapes = NDArray[np.object_]


@dataclass(frozen=True)
class BoxMarks:
    """The boxes of one date as its mask has them.

    Attributes
    ----------
    bases : array of polygons (n,)
        On the ground, in the grid's CRS.
    swept : array of polygons (n,)
        Base, roof and walls as either date shows them.
    decision : int64 (n,)
        Of `changedet.pipeline.kernels.box_decisions`, by the tracks alone.
    probability : float64 (n,)
        That the box stood there on one of both dates alone.
    exchanged : bool (n,)
        Boxes that came or left in whose place another was detected on the other date: only the height of the stack
        could show whether something came or is gone, and it is not known.
    doubts : BoxDoubts
        Of the boxes about which the pixels decide.
    track : int64 (n,)
        Rows of the tracks' table.
    """

    bases: Shapes
    swept: Shapes
    decision: Ints
    probability: Floats
    exchanged: Bools
    doubts: BoxDoubts
    track: Ints

    @property
    def in_doubt(self) -> Bools:
        """Boxes (n,) that the tracks say came or left, and about which the pixels decide."""
        return np.isin(self.decision, (ARRIVED, LEFT)) & (self.doubts.asked >= 0)

    def within(self, bounds: tuple[float, float, float, float], unit: float) -> BoxMarks:
        """Take the boxes near a part of the grid.

        Parameters
        ----------
        bounds : (float, float, float, float)
            West, south, east, north, in the grid's CRS.
        unit : float
            A metre on the ground in units of the CRS.

        Returns
        -------
        BoxMarks
            Of boxes whose surroundings may meet it.
        """
        reach = shapely.buffer(shapely.envelope(self.swept), unit * SURROUND_M)
        near = shapely.intersects(reach, shapely.box(*bounds))
        return self.chosen(near)

    def chosen(self, kept: Bools) -> BoxMarks:
        """Take some of the boxes.

        Parameters
        ----------
        kept : bool (n,)

        Returns
        -------
        BoxMarks
            In the order of before.
        """
        doubts = BoxDoubts(self.doubts.moved[kept], self.doubts.asked[kept])
        parts = self.decision[kept], self.probability[kept], self.exchanged[kept]
        return BoxMarks(self.bases[kept], self.swept[kept], *parts, doubts, self.track[kept])

    def on_pixels(self, grid: Grid, window: Window) -> BoxPixels:
        """Draw the boxes on the pixels of a window.

        Parameters
        ----------
        grid : Grid
        window : Window
            May reach beyond the grid.

        Returns
        -------
        BoxPixels
            Numbers of boxes from 1; of those that overlap, one that came or left lies on top.
        """
        order = np.argsort(np.isin(self.decision, (ARRIVED, LEFT)), kind="stable")

        def _burnt(shapes: Shapes, chosen: Bools) -> NDArray[np.int32]:
            pairs = [(shapes[k], int(k) + 1) for k in order if chosen[k]]
            return grid.burn(pairs, window) if pairs else np.zeros(window.shape, np.int32)

        every = np.ones(len(self.bases), bool)
        around = shapely.difference(shapely.buffer(self.swept, grid.ground_metre * SURROUND_M), self.swept)
        arrived, left = (_burnt(self.bases, self.decision == what) for what in (ARRIVED, LEFT))
        still = _burnt(self.bases, (self.decision == STAYED) | (self.decision == MOVER))
        exchanged = _burnt(self.bases, self.exchanged)
        return BoxPixels(arrived, left, still, _burnt(self.swept, every), _burnt(around, every), exchanged)


def halo_px(grid: Grid) -> int:
    """How far around a window pixels decide about its boxes.

    Parameters
    ----------
    grid : Grid

    Returns
    -------
    int
        Pixels on each side.
    """
    return int(np.ceil(REACH_M / grid.ground_resolution_m))


def box_marks(
    tracks: Tracks,
    roofs: Shapes,
    reference: dt.date,
    days: Sequence[dt.date] = (),
    *,
    unit: float,
    asks_pixels: bool = False,
) -> dict[dt.date, BoxMarks]:
    """Decide about the boxes of each date against the reference.

    Parameters
    ----------
    tracks : Tracks
        Of all counted dates.
    roofs : array of polygons (row,)
        Of ``tracks.detections`` as the pictures show them.
    reference : date
    days : sequence of date
        More dates of the series, too coarse to show boxes: what stood before and after such a date stood on it.
    unit : float
        A metre on the ground in units of the CRS.
    asks_pixels : bool
        Whether pixels decide about the boxes in doubt, on counted dates, of which there are three at least.

    Returns
    -------
    dict of date to BoxMarks
        Of each date but the reference that is counted or lies between two that are; empty where the reference is not
        counted.
    """
    table = tracks.tracks
    if reference not in tracks.dates or not len(table):
        return {}
    bases, rows = _bases(tracks, unit)
    known = _known(tracks)
    at = list(tracks.dates).index(reference)
    found: dict[dt.date, BoxMarks] = {}
    movers = ~table["kind"].isin(CONTAINER_KINDS).to_numpy(bool)
    before, shown = tracks.presence[:, at], _shown(tracks)
    looked = _Looked.of(tracks, rows) if asks_pixels and len(tracks.dates) >= DOUBTED_DATES else None
    for day in sorted({*tracks.dates, *days} - {reference}):
        looks = _counted_around(tracks.dates, day)
        if looks is None:
            continue
        decision = _decision(known[:, at], _agreed(known[:, looks[0]], known[:, looks[1]]))
        decision[movers & (decision != NONE)] = MOVER
        after = tracks.presence[:, list(looks)].mean(axis=1)
        differs = before * (1 - after) + after * (1 - before)
        doubts = without_doubts(decision)
        if looked is not None and looks[0] == looks[1]:
            pair = looked.counted[:, at], looked.counted[:, looks[0]]
            doubts = box_doubts(BoxLooks(decision, differs, *pair, looked.only_confidence))
        swept = _swept(bases, roofs, rows, (at, *looks))
        other = _exchanged(shown, bases, doubts.moved, at, looks)
        every = BoxMarks(bases, swept, decision, differs, other, doubts, np.arange(len(bases)))
        found[day] = every.chosen(doubts.moved != NONE)
    return found


@dataclass(frozen=True)
class _Looked:
    """What the dates show of each track: counted rows (track, date); the confidence (track,) of one's only row."""

    counted: Bools
    only_confidence: Floats

    @classmethod
    def of(cls, tracks: Tracks, rows: Mapping[int, dict[int, int]]) -> _Looked:
        table = tracks.detections
        confidence = table["confidence"].to_numpy(np.float64)
        counts = table["counted"].to_numpy(bool) if "counted" in table else np.ones(len(table), bool)
        counted = np.zeros(tracks.presence.shape, bool)
        only = np.full(len(counted), np.nan)
        for track, by_date in rows.items():
            for date, row in by_date.items():
                counted[track, date] = counts[row]
            if len(by_date) == 1:
                only[track] = confidence[next(iter(by_date.values()))]
        return cls(counted, only)


def _exchanged(
    shown: Sequence[shapely.STRtree], bases: Shapes, decision: Ints, reference: int, looks: tuple[int, int]
) -> Bools:
    """Which boxes came where one stood on the reference, or left where one stands on the looks of a date."""
    out = np.zeros(len(bases), bool)
    for what, dates in ((ARRIVED, {reference}), (LEFT, set(looks))):
        own = np.flatnonzero(decision == what)
        for i in dates:
            out[own] |= _stands_on(bases[own], shown[i])
    return out


def _shown(tracks: Tracks) -> list[shapely.STRtree]:
    """Boxes that each look shows, counted or not."""
    rows = tracks.detections
    boxes, date = rows.geometry.to_numpy(), date_index(rows["date"], tracks.dates)
    sure = rows["confidence"].to_numpy(np.float64) >= STANDS
    return [shapely.STRtree(boxes[sure & (date == i)]) for i in range(len(tracks.dates))]


def _stands_on(bases: Shapes, shown: shapely.STRtree) -> Bools:
    """Whether one of the boxes covers much of each base."""
    base, box = shown.query(bases, predicate="intersects")
    shared = shapely.area(shapely.intersection(bases[base], shown.geometries.take(box)))
    out = np.zeros(len(bases), bool)
    out[base[shared >= UNDER * shapely.area(bases[base])]] = True
    return out


def _counted_around(dates: Sequence[dt.date], day: dt.date) -> tuple[int, int] | None:
    """Nearest counted looks before and after a date, or twice its own; None beyond the first and the last."""
    after = bisect_left(dates, day)
    if after == len(dates):
        return None
    if dates[after] == day:
        return after, after
    return (after - 1, after) if after else None


def _agreed(one: NDArray[np.int8], other: NDArray[np.int8]) -> NDArray[np.int8]:
    return np.where(one == other, one, -1).astype(np.int8)


def _known(tracks: Tracks) -> NDArray[np.int8]:
    """1 (track, date) from a track's first look until it is gone, 0 where it is surely not there, -1 not known.

    A box that another hid until that left was not there to be seen: its base is marked with that of the other.
    """
    days = np.array(tracks.dates, "datetime64[D]")

    def _days(name: str) -> NDArray[np.datetime64]:
        column: pd.Series[pd.Timestamp] = pd.to_datetime(tracks.tracks[name], utc=True)
        return column.dt.tz_localize(None).to_numpy("datetime64[D]")[:, None]

    first, gone, absent = _days("first_seen"), _days("not_after"), _days("not_before")
    # Comparisons with a missing date are False.
    is_gone = days >= gone
    there = (days >= first) & ~is_gone
    hidden = (days < first) & (tracks.presence == 0.0)
    return np.where(there, 1, np.where(is_gone | (days <= absent) | hidden, 0, -1)).astype(np.int8)


def _decision(before: NDArray[np.int8], after: NDArray[np.int8]) -> Ints:
    sure = (before >= 0) & (after >= 0)
    found = np.full(len(before), NONE, np.int64)
    found[sure & (before == 1) & (after == 1)] = STAYED
    found[sure & (before < after)] = ARRIVED
    found[sure & (before > after)] = LEFT
    return found


def _bases(tracks: Tracks, unit: float) -> tuple[Shapes, Mapping[int, dict[int, int]]]:
    """Outline of each track on the ground, of its kind's size; row of each track by date."""
    rows, table = tracks.detections, tracks.tracks
    own = np.flatnonzero(rows["track_id"].notna().to_numpy(bool))
    track = pd.Index(table["track_id"]).get_indexer(rows["track_id"].iloc[own].astype(np.int64))
    confidence = rows["confidence"].to_numpy(np.float64)[own]
    best = np.full(len(table), -1, np.int64)
    order = np.argsort(confidence, kind="stable")
    best[track[order]] = own[order]
    by_date: dict[int, dict[int, int]] = {}
    date = pd.to_datetime(rows["date"], utc=True).dt.date.to_numpy(object)
    index = {day: i for i, day in enumerate(tracks.dates)}
    for row, number in zip(own, track, strict=True):
        by_date.setdefault(int(number), {})[index[date[row]]] = int(row)
    lengths, widths, angles = (rows[name].to_numpy(np.float64)[best] for name in ("length_m", "width_m", "angle_deg"))
    nominal = table["kind"].map(LENGTH_OF_KIND_M).to_numpy(np.float64)
    boxes = np.isfinite(nominal)
    sizes = unit * np.where(boxes, nominal, lengths), unit * np.where(boxes, WIDTH_M, widths)
    return _rectangles(shapely.get_coordinates(table.geometry.to_numpy()), *sizes, angles), by_date


def _rectangles(centre: Floats, length: Floats, width: Floats, angle: Floats) -> Shapes:
    turn = np.deg2rad(angle)
    along = np.column_stack([np.sin(turn), np.cos(turn)]) * length[:, None] / 2
    across = np.column_stack([np.cos(turn), -np.sin(turn)]) * width[:, None] / 2
    corners = np.stack([centre + a * along + b * across for a, b in ((1, 1), (1, -1), (-1, -1), (-1, 1))], axis=1)
    return np.asarray(shapely.polygons(corners), object)


def _swept(bases: Shapes, roofs: Shapes, rows: Mapping[int, dict[int, int]], dates: tuple[int, ...]) -> Shapes:
    """Hulls of bases and the roofs that some dates show."""
    shown = [
        [roofs[row] for row in (rows.get(k, {}).get(i) for i in dates) if row is not None] for k in range(len(bases))
    ]
    together = [shapely.multipolygons([base, *tops]) for base, tops in zip(bases, shown, strict=True)]
    return np.asarray(shapely.convex_hull(np.array(together, object)), object)
