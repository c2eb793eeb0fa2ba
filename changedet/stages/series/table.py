"""The time series: one row a date, and one a date and zone. What cannot be had is NA, never 0."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypedDict

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Floats
from changedet.kernels.containers import TEU_OF_KIND
from changedet.kernels.doubts import (
    FAR_DISTANCE,
    NO_DOUBTS,
    SLANT_BELOW,
    USUAL_DISTANCE,
    Signs,
    unseen_of_pairs,
    unusual_doubt,
    widened,
)
from changedet.kernels.intervals import Calibration, volume_interval
from changedet.stages.series.counts import TrackedBoxes
from changedet.stages.series.date_signs import date_signs
from changedet.stages.series.estimates import Estimate
from changedet.stages.series.event_estimates import Standing, event_estimate, standing_on
from changedet.stages.series.followed import FollowedBoxes, slants_of
from changedet.stages.series.site_boxes import boxes_of_areas
from changedet.stages.series.zone_bounds import within_site


class SeriesRow(TypedDict, total=False):
    """One row of the time series; a key that is missing is NA.

    Attributes
    ----------
    date : datetime.date
        Of the look.
    zone : str
        Its name; ``""`` for the whole site.
    scene : str
        The scene's name.
    gsd_m : float
        Ground sampling distance.
    valid_fraction : float or None
        Share that was usable, 0 to 1.
    containers, other_boxes, teu : int
        Counted rows on the date.
    containers_expected : float
        Sum of the probabilities of all places.
    teu_expected : float
        The same sum in TEU.
    containers_low, containers_high, teu_low, teu_high : float
        95 % intervals of the expected figures, which lie inside.
    arrivals, departures : int
        Tracks that began, or ended, and that the date shows first.
    arrivals_expected, departures_expected : float
        By the probabilities of all places.
    arrivals_low, arrivals_high, departures_low, departures_high : float
        95 % intervals; the expected figures lie inside.
    changed_area_m2, changed_area_low_m2, changed_area_high_m2 : float
        Since the reference date, and its 95 % interval.
    footprint_area_m2, footprint_low_m2, footprint_high_m2 : float
        Built and filled ground, and its 95 % interval.
    shift_east_m, shift_north_m : float
        How far the content lay from the reference's.
    """

    date: dt.date
    zone: str
    scene: str
    gsd_m: float
    valid_fraction: float | None
    containers: int
    containers_expected: float
    containers_low: float
    containers_high: float
    other_boxes: int
    teu: int
    teu_expected: float
    teu_low: float
    teu_high: float
    arrivals: int
    arrivals_expected: float
    arrivals_low: float
    arrivals_high: float
    departures: int
    departures_expected: float
    departures_low: float
    departures_high: float
    changed_area_m2: float
    changed_area_low_m2: float
    changed_area_high_m2: float
    footprint_area_m2: float
    footprint_low_m2: float
    footprint_high_m2: float
    shift_east_m: float
    shift_north_m: float


COLUMNS: Final = tuple(SeriesRow.__annotations__)
"""Of the time series, in order."""
TEXTS: Final = 3
"""The first columns, which are no figures."""
COUNTS: Final = ("containers", "other_boxes", "teu", "arrivals", "departures")
"""Columns of whole numbers."""


@dataclass(frozen=True)
class DateMeasurements:
    """What is known of a date beside its boxes. Mappings go by zone, ``""`` for the whole site; a missing key is NA.

    Attributes
    ----------
    date : datetime.date
        Of the look.
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
    unfamiliarity : float
        How far the scene lies from what the models were fitted on, 1 at its edge; NaN where that is not known.
    slant : float
        As of `changedet.kernels.doubts.slants`.
    is_refused : bool
        True where it lies too far for any estimate of counts: they are NA, and what was detected stays.
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
    unfamiliarity: float = float("nan")
    slant: float = 0.0
    is_refused: bool = False


def timeseries(
    looks: Sequence[DateMeasurements], tracks: FollowedBoxes | None, zones: gpd.GeoDataFrame | None = None
) -> pd.DataFrame:
    """The time series of a site and of its zones.

    Parameters
    ----------
    looks : sequence of DateMeasurements
        One a date, in any order.
    tracks : FollowedBoxes or None
        As `changedet.track` returns; None where boxes were not followed: all counts are NA then. A date that tracks do
        not know has no counts.
    zones : GeoDataFrame, optional
        Polygons with a `name`. A box belongs to the zone that holds its centre.

    Returns
    -------
    DataFrame
        The columns of `COLUMNS`, sorted by date, the whole site (zone ``""``) before the zones. Counts are Int64,
        `date` is datetime64[ms], other figures float64; NA what cannot be had.

    Notes
    -----
    `containers_expected` is the sum of the places' probabilities to hold a box times the detector's own share of boxes
    that are never found, `teu_expected` the same sum in TEU. `arrivals_expected` less `departures_expected` are what
    `containers_expected` rose by at places that were seen before.

    Intervals are conformal: their half widths are so many of the spreads of `intervals.count_spread` and
    `event_spread` that they held 95 % of the dates of the calibration sites of training/fit_tracks.py. A date's signs
    of doubt widen them, by weights fitted on sites as other hands show them (training/fit_intervals.py), and so does
    the scene's distance from what was learned. A date that shows the ground of the boxes and next to none of them is
    taken as not seen: its count comes from the others, and it has no events. Where all of these are refused, nothing is
    estimated. Where no look shows most boxes for sure,
    all may be something else, and lower bounds are 0; else these leave out what stands among houses.
    """
    areas: dict[str, BaseGeometry | None] = {"": None}
    if zones is not None:
        crs = tracks.detections.crs if tracks is not None else None
        zones = zones.to_crs(crs) if crs is not None and zones.crs is not None else zones
        areas |= {str(name): part.union_all() for name, part in zones.groupby("name", sort=False).geometry}
    ordered = sorted(looks, key=lambda look: look.date)
    tracked = set(tracks.dates) if tracks is not None else set()
    possible = [look.date for look in ordered if look.counts_possible and look.date in tracked]
    # What came since looks that are all refused is not known.
    first = next((look.date for look in ordered if look.date in possible and not look.is_refused), dt.date.max)
    rows = []
    counted = {} if tracks is None or not possible else boxes_of_areas(tracks, areas)
    signs = {} if tracks is None else {name: date_signs(own, tracks.calibration.scale) for name, own in counted.items()}
    shown = {name for name in areas if _is_shown(name, ordered, possible, _blind(tracks, counted))}
    steep = np.zeros(0) if tracks is None else slants_of(tracks)
    stood: dict[str, Standing] = {}
    for look in ordered:
        for name in areas:
            row = _measurements_row(look, name)
            if tracks is not None and look.date in possible:
                t = tracks.dates.index(look.date)
                own = replace(look, slant=float(steep[t]), is_refused=look.is_refused or name not in shown)
                _add_counts(row, counted[name], t, own, tracks.calibration, signs[name].counts[t])
                seen = look.valid_fraction.get(name, 1.0) > 0 and not counted[name].blind[t]
                standing = standing_on(row, counted[name], t, tracks.calibration)
                if seen and look.date > first:
                    both = stood.get(name, standing), standing
                    _add_events(row, counted[name], t, own, tracks.calibration, signs[name].own[t], both)
                if seen and not own.is_refused:
                    stood[name] = standing
            rows.append(row)
    return within_site(_typed(rows))


def _is_shown(
    zone: str, looks: Sequence[DateMeasurements], counted: Collection[dt.date], blind: Collection[dt.date]
) -> bool:
    """Whether any look from which counts are estimated shows some of a zone: else nothing is known of its boxes.

    A look that is taken as not seen has its count from the others, which is none where all of them are refused.
    """
    told = (look for look in looks if look.date in counted and look.date not in blind and not look.is_refused)
    return any(look.valid_fraction.get(zone, 1.0) > 0 for look in told)


def _blind(tracks: FollowedBoxes | None, counted: Mapping[str, TrackedBoxes]) -> set[dt.date]:
    """Looks that show the ground of the boxes and next to none of them, the same in all zones."""
    if tracks is None or not counted:
        return set()
    blind = next(iter(counted.values())).blind
    return {day for day, is_blind in zip(tracks.dates, blind, strict=True) if is_blind}


def _measurements_row(look: DateMeasurements, zone: str) -> SeriesRow:
    row: SeriesRow = {"date": look.date, "zone": zone, "scene": look.scene, "gsd_m": look.gsd_m}
    row["shift_east_m"], row["shift_north_m"] = look.shift_east_m, look.shift_north_m
    row["valid_fraction"] = look.valid_fraction.get(zone)
    if zone in look.changed_area_m2:
        area = look.changed_area_m2[zone]
        row["changed_area_m2"], row["changed_area_low_m2"], row["changed_area_high_m2"] = area
    if zone in look.footprint_m2:
        area = look.footprint_m2[zone]
        row["footprint_area_m2"], row["footprint_low_m2"], row["footprint_high_m2"] = area
    return row


def _add_counts(
    row: SeriesRow,
    counted: TrackedBoxes,
    t: int,
    look: DateMeasurements,
    calibration: Calibration,
    signs: tuple[Signs, Signs],
) -> None:
    boxes, teu = (
        _standing(counted, t, weight, look, calibration, signs)
        for weight in (np.ones(len(counted.weight)), counted.weight)
    )
    if look.valid_fraction.get(row["zone"], 1.0) > 0:
        kinds = counted.kinds(t)
        weights = [TEU_OF_KIND[kind] for kind in kinds if kind in TEU_OF_KIND]
        row["containers"], row["other_boxes"], row["teu"] = len(weights), len(kinds) - len(weights), sum(weights)
        # What is detected and accepted stands there, whatever the interval of the expectation says.
        accepted = counted.row_believed & (counted.row_date == t)
        each = 1.0 - counted.row_others[accepted]
        boxes = boxes.reaching(high=float(each.sum()))
        teu = teu.reaching(high=float(each @ [TEU_OF_KIND[kind] for kind in counted.row_kind[accepted]]))
        # What other dates alone show may not stand there: no more is sure than the date lists, and what it hides.
        hidden = [
            calibration.scale * counted.hidden(t, each) for each in (np.ones(len(counted.weight)), counted.weight)
        ]
        sure = [TEU_OF_KIND[kind] for kind in counted.kinds(t, homely=False) if kind in TEU_OF_KIND]
        boxes = boxes.reaching(low=len(sure) + hidden[0])
        teu = teu.reaching(low=sum(sure) + hidden[1])
    if look.is_refused:
        return
    row["containers_expected"], row["containers_low"], row["containers_high"] = boxes
    row["teu_expected"] = teu.value
    row["teu_low"], row["teu_high"] = volume_interval(boxes, teu)


def _add_events(
    row: SeriesRow,
    counted: TrackedBoxes,
    t: int,
    look: DateMeasurements,
    calibration: Calibration,
    signs: Signs,
    stood: tuple[Standing, Standing],
) -> None:
    """Arrivals and departures, by what stands on the look before and on this one."""
    came, left = counted.events(t)
    row["arrivals"], row["departures"] = came.found, left.found
    if look.is_refused:
        return
    far = float(np.fmax(look.unfamiliarity - USUAL_DISTANCE, look.slant))
    row["arrivals_expected"], row["arrivals_low"], row["arrivals_high"] = event_estimate(
        came, calibration, calibration.arrivals, signs, far, stood[::-1], unsure=counted.none_is_sure
    )
    row["departures_expected"], row["departures_low"], row["departures_high"] = event_estimate(
        left, calibration, calibration.departures, signs, far, stood, unsure=counted.none_is_sure
    )


def _standing(
    counted: TrackedBoxes,
    t: int,
    weight: Floats,
    look: DateMeasurements,
    calibration: Calibration,
    signs: tuple[Signs, Signs],
) -> Estimate:
    """Boxes, or their weights, that are expected on a date, with their interval, by its signs below and above."""
    boxes = counted.standing(t, weight)
    value, others = calibration.scale * boxes.expected, calibration.scale * boxes.others
    # Signs are in boxes, and a box weighs what those that are expected weigh on average.
    each = value / signs[1].expected if signs[1].expected > 0 else 1.0
    # How far a scene is from what was learned says nothing of what it hides. In scenes that lie far boxes are missed,
    # and none are invented (docs/calibration.md).
    unusual = unusual_doubt(signs[1], calibration.doubts.boxes[1])
    beyond = (SLANT_BELOW * look.slant, float(np.nanmax((look.unfamiliarity - FAR_DISTANCE, unusual, look.slant))))
    sides = zip(calibration.boxes, boxes.hidden, signs, calibration.doubts.boxes, beyond, strict=True)
    below, above = (
        float(np.hypot(widened(half * boxes.shown / each, own, weights, far) * each, half * hidden))
        for half, hidden, own, weights, far in sides
    )
    # Where a person's labels of the site say what is missed, pairs say no more.
    pairs = 0.0 if calibration.doubts.boxes == NO_DOUBTS.boxes else counted.touching(t)
    above = float(np.hypot(above, unseen_of_pairs(pairs) * each))
    least = 0.0 if counted.none_is_sure else max(0.0, value - calibration.scale * boxes.homely - below)
    return Estimate(value, least, value + above + boxes.missed + others)


def _typed(rows: Sequence[SeriesRow]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table["date"] = pd.to_datetime(table["date"]).astype("datetime64[ms]")
    for name in COLUMNS[TEXTS:]:
        number = pd.to_numeric(table[name])
        table[name] = number.astype("Int64") if name in COUNTS else number.astype("float64")
    return table
