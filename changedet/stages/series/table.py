"""The time series: one row a date, and one a date and zone. What cannot be had is NA, never 0."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from changedet.kernels import intervals

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]

COLUMNS = (
    *("date", "zone", "scene", "gsd_m", "valid_fraction"),
    *("containers", "containers_expected", "containers_low", "containers_high", "other_boxes"),
    *("teu", "teu_low", "teu_high"),
    *("arrivals", "arrivals_low", "arrivals_high", "departures", "departures_low", "departures_high"),
    *("changed_area_m2", "changed_area_low_m2", "changed_area_high_m2"),
    *("footprint_area_m2", "footprint_low_m2", "footprint_high_m2", "shift_east_m", "shift_north_m"),
)
COUNTS = ("containers", "other_boxes", "teu", "arrivals", "departures")
TEU = {"20ft": 1, "40ft": 2, "45ft": 2}
"""The kinds that are containers, with their weights."""


class Estimate(NamedTuple):
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


def changed_area_interval(area_m2: float, seen_area_m2: float, false_share: float = intervals.FALSE_SHARE) -> Estimate:
    """A mask's changed area with the 95 % interval of the truly changed area, within what both dates show.

    Provisional, until it is calibrated on labelled sites: on simulated ones the mask held .52 to 1.40 times the changed
    area; besides, four boxes may go unmarked and .05 % of a quiet site be marked.

    Parameters
    ----------
    area_m2 : float
        Of the pixels marked 1.
    seen_area_m2 : float
        Of the pixels that both dates show clearly.
    false_share : float
        Share of a quiet site that the method marks falsely: the change may be all false up to there.
    """
    return Estimate(area_m2, *intervals.area_interval(area_m2, seen_area_m2, false_share))


@dataclass(frozen=True)
class LookFacts:
    """What is known of a date beside its boxes. Mappings go by zone, ``""`` for the whole site; a missing key is NA.

    Attributes
    ----------
    date : datetime.date
    scene : str
        The scene's name.
    gsd_m : float
        Ground sampling distance; NaN where unknown.
    shift_east_m, shift_north_m : float
        How far the content lay from the reference's; NaN where it was not measured.
    valid_fraction : mapping of str to float
        Share that was usable, 0 to 1. Where it is 0, nothing was seen and nothing is counted.
    changed_area_m2, footprint_m2 : mapping of str to Estimate
        Without an entry for the reference date.
    counts_possible : bool
        False where the scene is too coarse to count boxes.
    """

    date: dt.date
    scene: str = ""
    gsd_m: float = float("nan")
    shift_east_m: float = float("nan")
    shift_north_m: float = float("nan")
    valid_fraction: Mapping[str, float] = field(default_factory=dict)
    changed_area_m2: Mapping[str, Estimate] = field(default_factory=dict)
    footprint_m2: Mapping[str, Estimate] = field(default_factory=dict)
    counts_possible: bool = True


COVERED_SHARE, COVERED_ABOVE = 0.05, 1.5
"""Where a date hides more of the ground about the boxes than that, more may stand there than all looks tell: the
interval reaches so many times as far up. From the calibration sites of training/fit_tracks.py."""


class Standing(NamedTuple):
    """Boxes that are expected on a date, by the tracks alone, and the units of their interval below and above."""

    expected: float
    spread: float
    above: float


class Events(NamedTuple):
    """Arrivals or departures: those that the likeliest histories show, those expected, the unit of their interval."""

    found: int
    expected: float
    spread: float


@dataclass(frozen=True)
class Counted:
    """Boxes of a series as columns, of a zone or of all; dates as indices into the tracked dates.

    Believed is a row that a container's track owns: the series tells no clutter or other box of it.
    """

    row_date: NDArray[np.int64]
    row_kind: NDArray[np.object_]
    row_believed: Bools
    arrived: NDArray[np.int64]
    left: NDArray[np.int64]
    present: Floats
    clear: Bools
    weight: Floats
    ground_shown: Bools

    def standing(self, t: int, weight: Floats) -> Standing:
        """What stands on a date, each place with its weight."""
        present, hidden = self.present[:, t], ~self.clear[:, t]
        between = self.clear[:, :t].any(1) & self.clear[:, t + 1 :].any(1)
        expected, unseen = float((weight * present).sum()), float((weight * present)[hidden & ~between].sum())
        variance = weight**2 * present * (1.0 - present)
        batches = float(np.sqrt(variance[hidden & between]).sum())
        now, gone = self._hidden_ground(t)
        # On ground that no look shows any more boxes may have come; there are none to have left it.
        below, above = (
            intervals.count_spread(expected, float(variance.sum()), unseen, batches, g) for g in (0.0, gone)
        )
        return Standing(expected, below, above * (COVERED_ABOVE if now > COVERED_SHARE else 1.0))

    def _hidden_ground(self, t: int) -> tuple[float, float]:
        """Shares of the ground about the boxes that a date hides, and that neither it nor any later one shows."""
        if not len(self.ground_shown):
            return 0.0, 0.0
        return 1.0 - float(self.ground_shown[:, t].mean()), 1.0 - float(self.ground_shown[:, t:].any(1).mean())

    def events(self, t: int) -> tuple[Events, Events]:
        """Arrivals and departures that a date shows first.

        A place filled, or emptied, since its last clear look at least as probably as its states' probabilities differ.
        """
        earlier = self.clear[:, :t]
        known = earlier.any(1) & self.clear[:, t]
        before = t - 1 - earlier[:, ::-1].argmax(1) if t else np.zeros(len(earlier), np.int64)
        step = self.present[:, t] - self.present[np.arange(len(earlier)), np.maximum(before, 0)]
        return _events(int((self.arrived == t).sum()), step[known]), _events(int((self.left == t).sum()), -step[known])


def _events(found: int, step: Floats) -> Events:
    probability = np.maximum(step, 0.0)
    variance = float((probability * (1.0 - probability)).sum())
    return Events(found, float(probability.sum()), intervals.event_spread(found, variance))


def timeseries(looks: Sequence[LookFacts], tracks: Any, zones: gpd.GeoDataFrame | None = None) -> pd.DataFrame:
    """The time series of a site and of its zones.

    Parameters
    ----------
    looks : sequence of LookFacts
        One a date, in any order.
    tracks : Tracks or None
        As `changedet.track` returns; None where boxes were not followed: all counts are NA then. A date that tracks do
        not know has no counts.
    zones : GeoDataFrame, optional
        Polygons with a `name`. A box belongs to the zone that holds its centre.

    Returns
    -------
    DataFrame
        The columns of `COLUMNS`, sorted by date, the whole site (zone ``""``) before the zones. Counts are Int64,
        `date` is
        datetime64[ms], other figures float64; NA what cannot be had.

    Notes
    -----
    `containers_expected` is the sum of the places' probabilities to hold a box times the detector's own share of boxes
    that are never found. Intervals are conformal: their half widths are so many of the spreads of
    `changedet.kernels.series.count_spread` and `event_spread` that they held 95 % of the dates of the calibration sites
    of training/fit_tracks.py. An interval of containers reaches up to the boxes that were seen and that the series
    believes; what was seen beyond it are rows that it judges false.
    """
    areas: dict[str, Any] = {"": None}
    if zones is not None:
        crs = tracks.detections.crs if tracks is not None else None
        zones = zones.to_crs(crs) if crs is not None and zones.crs is not None else zones
        areas |= {str(name): part.union_all() for name, part in zones.groupby("name", sort=False).geometry}
    ordered = sorted(looks, key=lambda look: look.date)
    tracked = set(tracks.dates) if tracks is not None else set()
    possible = [look.date for look in ordered if look.counts_possible and look.date in tracked]
    counted = {name: counted_boxes(tracks, area) for name, area in areas.items()} if possible else {}
    calibration = tracks.calibration if tracks is not None else intervals.PLAIN
    rows = []
    for look in ordered:
        for name in areas:
            row = _facts_row(look, name)
            if look.date in possible:
                t = tracks.dates.index(look.date)
                seen = look.valid_fraction.get(name, 1.0) > 0
                row |= _counts_row(counted[name], t, seen, look.date == possible[0], calibration)
            rows.append(row)
    return _typed(rows)


def _facts_row(look: LookFacts, zone: str) -> dict[str, Any]:
    row: dict[str, Any] = {"date": look.date, "zone": zone, "scene": look.scene, "gsd_m": look.gsd_m}
    row |= {"shift_east_m": look.shift_east_m, "shift_north_m": look.shift_north_m}
    row["valid_fraction"] = look.valid_fraction.get(zone)
    for name, stem, source in (
        ("changed_area_m2", "changed_area", look.changed_area_m2),
        ("footprint_area_m2", "footprint", look.footprint_m2),
    ):
        if zone in source:
            row[name], row[f"{stem}_low_m2"], row[f"{stem}_high_m2"] = source[zone]
    return row


def counted_boxes(tracks: Any, area: Any = None) -> Counted:
    """The boxes of tracks within a polygon, or all."""

    def inside(xy: Floats) -> Bools:
        if area is None:
            return np.ones(len(xy), bool)
        return np.asarray(shapely.intersects_xy(area, xy[:, 0], xy[:, 1]), bool)

    def within(frame: gpd.GeoDataFrame) -> Bools:
        return inside(shapely.get_coordinates(frame.geometry.centroid))

    index = {pd.Timestamp(date): i for i, date in enumerate(tracks.dates)}

    def dates(values: pd.Series[Any]) -> NDArray[np.int64]:
        naive = pd.to_datetime(values, utc=True).dt.tz_localize(None)
        return np.array([index.get(value, -1) for value in naive], np.int64)

    rows = tracks.detections[within(tracks.detections)]
    rows = rows[rows["counted"].to_numpy(bool)] if "counted" in rows else rows
    boxes = tracks.tracks[within(tracks.tracks) & tracks.tracks["kind"].isin(TEU).to_numpy(bool)]
    containers = tracks.tracks["track_id"][tracks.tracks["kind"].isin(TEU)]
    kept = within(tracks.places) & tracks.places["kind"].isin(TEU).to_numpy(bool)
    return Counted(
        row_date=dates(rows["date"]),
        row_kind=rows["kind"].to_numpy(object),
        row_believed=(rows["track_id"].isin(containers) & rows["kind"].isin(TEU)).to_numpy(bool),
        arrived=dates(boxes["first_seen"][boxes["not_before"].notna()]),
        left=dates(boxes["not_after"]),
        present=tracks.place_presence[kept],
        clear=tracks.place_clear[kept],
        weight=np.array([TEU[kind] for kind in tracks.places["kind"][kept]], np.float64),
        ground_shown=tracks.ground.shown[inside(tracks.ground.xy)],
    )


def count_bounds(tracks: Any, dates: Sequence[dt.date]) -> tuple[Floats, Floats]:
    """What each date shows of the containers, and what may have stood there with what it hides, (date,) each.

    NaN on dates that the tracks do not know.
    """
    boxes, scale = counted_boxes(tracks), tracks.calibration.scale
    known = {date: i for i, date in enumerate(tracks.dates)}
    index = np.array([known.get(date, -1) for date in dates], np.int64)
    least, most = (
        np.append(scale * bound, np.nan)[index] for bound in intervals.bounds_of_hidden(boxes.present, boxes.clear)
    )
    return least, most


def _counts_row(
    counted: Counted, t: int, seen: bool, first: bool, calibration: intervals.Calibration
) -> dict[str, Any]:
    boxes = counted.standing(t, np.ones(len(counted.weight)))
    row: dict[str, Any] = {"containers_expected": calibration.scale * boxes.expected}
    row["containers_low"], row["containers_high"] = _count_interval(boxes, calibration)
    if not seen:
        return row
    kinds = counted.row_kind[counted.row_date == t]
    weights = [TEU[kind] for kind in kinds if kind in TEU]
    row |= {"containers": len(weights), "other_boxes": len(kinds) - len(weights), "teu": sum(weights)}
    # What is seen and believed stands there, whatever the interval of the expectation says.
    believed = float((counted.row_believed & (counted.row_date == t)).sum())
    row["containers_high"] = max(row["containers_high"], believed)
    teu_low, teu_high = _count_interval(counted.standing(t, counted.weight), calibration)
    row |= {"teu_low": min(teu_low, row["teu"]), "teu_high": max(teu_high, row["teu"])}
    if not first:
        for name, events, halves in zip(
            ("arrivals", "departures"), counted.events(t), (calibration.arrivals, calibration.departures), strict=True
        ):
            low, high = intervals.interval(events.found, events.expected, events.spread, halves)
            row |= {name: events.found, f"{name}_low": low, f"{name}_high": high}
    return row


def _count_interval(boxes: Standing, calibration: intervals.Calibration) -> tuple[float, float]:
    value = calibration.scale * boxes.expected
    low, _ = intervals.interval(value, value, boxes.spread, calibration.boxes)
    return low, intervals.interval(value, value, boxes.above, calibration.boxes)[1]


def _typed(rows: list[dict[str, Any]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table["date"] = pd.to_datetime(table["date"]).astype("datetime64[ms]")
    for name in COLUMNS[3:]:
        number = pd.to_numeric(table[name])
        table[name] = number.astype("Int64") if name in COUNTS else number.astype("float64")
    return table
