"""The tracks stage: the same box on several dates, read from the whole series."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from changedet.errors import MethodError
from changedet.kernels.doubts import NO_DOUBTS
from changedet.kernels.intervals import Calibration
from changedet.stages.registry import AUTO, Choice, Factor, Facts, Fraction, Metres, Stage
from changedet.stages.tracks.bases import on_their_bases
from changedet.stages.tracks.by_frame import follow_frames
from changedet.stages.tracks.by_place import follow_places
from changedet.stages.tracks.confirmed import with_confirmed
from changedet.stages.tracks.detections import Detections, check_columns
from changedet.stages.tracks.faces import without_doubles, without_faces
from changedet.stages.tracks.kernels.detector_tables import HARD_TABLES, TABLES, calibration
from changedet.stages.tracks.kernels.emissions import DetectorTables
from changedet.stages.tracks.kernels.site_model import Rates
from changedet.stages.tracks.result import TrackMethod, Tracks
from changedet.stages.tracks.visibility import ClearAt, GivenVisibility, SeriesVisibility

if TYPE_CHECKING:
    import geopandas as gpd


def choose(facts: Facts) -> Choice:
    """`hmm` always: with one or two dates it degenerates to matching them. Its precision is the detector's own.

    Parameters
    ----------
    facts : Facts
        What is known before any pixel is read.

    Returns
    -------
    Choice
        Always of `hmm`, with the precision of the detector.
    """
    tables = _tables(facts)
    return Choice(
        "hmm",
        {"precision": round(tables.precision, 3)},
        f"a hidden Markov model for each place reads {facts.dates} dates together"
        if facts.dates > 1
        else "a hidden Markov model for each place reads its one date",
    )


def _tables(facts: Facts) -> DetectorTables:
    """A detector's tables; one that was not calibrated counts as the classical one."""
    return TABLES.get(facts.detector, TABLES["classical"])


STAGE: Final[Stage[TrackMethod]] = Stage("tracks", choose)
BIRTH, DEATH, CAUTION = 0.08, 0.03, 0.5
LEAST_OFFSET_M: Final = 0.1
MOST_OFFSET_M: Final = 20.0
"""A container and a half: what stands farther off is another box. Memory grows with the square."""


@STAGE.method(
    "hmm",
    reference="Rabiner 1989, doi:10.1109/5.18626; places from all dates: SpaceNet 7, doi:10.48550/arXiv.2102.04420",
    version=36,
)
def hmm(
    facts: Facts,
    *,
    max_offset_m: Metres = 2.0,
    precision: Fraction = 0.9,
    birth_fraction: Fraction = BIRTH,
    death_fraction: Fraction = DEATH,
    caution: Fraction = CAUTION,
    count_scale: Factor | None = None,
    count_half_width: Factor | None = None,
) -> TrackMethod:
    """Places from the whole series, each read by a hidden Markov model of presence.

    A look that is not clear is no observation; rows below the count threshold are evidence; a box of another size or,
    where the evidence is strong, of another colour ends one track and begins another, unless its roof looks as that of
    the first would in shade; a box set on top hides a track.
    Rows below the threshold that all dates together show to be boxes are confirmed, and count as detected. How often a
    box is missed differs from site to site: of two tables of the detector, that which a site's rows fit is taken.

    Parameters
    ----------
    facts : Facts
        Of which the detector and the resolution decide the tables and the intervals.
    max_offset_m : float
        Farthest that a box may lie from its place's centre along its long side; 0.6 of it across. Beyond, it
        has moved.
    precision : float
        The detector's share of true boxes among counted rows. From three dates on, the share of rows at places that
        read as clutter is learnt from the series, up to one minus it.
    birth_fraction : float
        Prior share of empty places that fill between two looks.
    death_fraction : float
        Prior share of boxes that leave between two looks.
    caution : fraction
        Times both rates where the likeliest history is found: the lower, the more evidence an arrival or a departure
        needs. Expected counts and their intervals do not depend on it.
    count_scale : float, optional
        Boxes that stand there for one that is expected; by default the detector's own on simulated sites. What
        `changedet calibrate` finds on labelled tiles.
    count_half_width : float, optional
        Half width of a count's 95 % interval in the spreads of `intervals.count_spread`; as above.

    Returns
    -------
    TrackMethod
        Follows the rows of a series.
    """
    radius_m = _radius_m(max_offset_m)

    def _follow(detections: gpd.GeoDataFrame, looks: SeriesVisibility) -> Tracks:
        rows = Detections.of(detections, looks)
        birth, death = (min(max(rate, 1e-4), 0.9) for rate in (birth_fraction, death_fraction))
        false_share = 1.0 - precision if len(rows.dates) > 2 else 0.0
        rates = Rates(birth, death, false_share, max(caution, 1e-3))
        tables = _tables(facts), HARD_TABLES.get(facts.detector)
        tracks = on_their_bases(follow_places(rows, looks, radius_m, rates, *tables), rows.views)
        tracks = replace(tracks, calibration=_calibrated(facts, count_scale, count_half_width))
        return without_doubles(without_faces(with_confirmed(tracks, facts.detector), rows, radius_m))

    return _follow


def _radius_m(max_offset_m: float) -> float:
    if max_offset_m > MOST_OFFSET_M:
        raise MethodError(f"tracks.max_offset_m: {max_offset_m:g} m, expected at most {MOST_OFFSET_M:g}")
    return max(max_offset_m, LEAST_OFFSET_M)


def _calibrated(facts: Facts, scale: float | None, half_width: float | None) -> Calibration:
    """The detector's own calibration of counts at that resolution, or in its place what the user's labels say."""
    own = calibration(facts.detector, facts.resolution_m)
    own = own._replace(scale=own.scale if scale is None else scale)
    if half_width is None:
        return own
    # Labels of the site itself stand in the place of what its boxes show of how far they can be trusted.
    return own._replace(boxes=(half_width, half_width), doubts=own.doubts._replace(boxes=NO_DOUBTS.boxes))


@STAGE.method("nearest", reference="Kuhn 1955, doi:10.1002/nav.3800020109", version=4)
def nearest(_facts: Facts, *, max_offset_m: Metres = 2.0) -> TrackMethod:
    """Frame to frame: each date's counted boxes go to the tracks still open at the least total cost.

    Plain and quick to explain; a missed box ends its track, a false one begins one, so arrivals and departures are too
    many.

    Parameters
    ----------
    _facts : Facts
        Decide nothing here.
    max_offset_m : float
        Farthest that a box may lie from where it was seen last.

    Returns
    -------
    TrackMethod
        Follows the rows of a series.
    """
    radius_m = _radius_m(max_offset_m)

    def _follow(detections: gpd.GeoDataFrame, looks: SeriesVisibility) -> Tracks:
        rows = Detections.of(detections, looks)
        return on_their_bases(follow_frames(rows, looks, radius_m), rows.views)

    return _follow


def track(
    detections: gpd.GeoDataFrame,
    looks: SeriesVisibility | Sequence[dt.date] | None = None,
    *,
    clear: ClearAt | None = None,
    detector: str = "classical",
    method: str = AUTO,
    **parameters: object,
) -> Tracks:
    """Follow boxes over the dates of a series.

    Parameters
    ----------
    detections : GeoDataFrame
        Rotated rectangles in a CRS projected in metres, at whatever scale, with `date`, `length_m`, `width_m`,
        `angle_deg`, `confidence`, `kind`, `color`; optionally `tiers` and `counted` (False for rows below the count
        threshold, used as evidence).
    looks : SeriesVisibility or sequence of datetime.date, optional
        The dates and what each saw clearly; by default the dates of the rows. A date without any box must be given
        here.
    clear : callable, optional
        ``clear(i, points) -> bool (n,)``: whether date ``i`` saw the points clearly; by default all are clear.
    detector : str
        The objects method that found the rows; how its confidences depend on presence was fitted for each.
    method : str
        `hmm`, `nearest` or `auto`.
    **parameters : object
        The method's own.

    Returns
    -------
    Tracks
        Tracks, the rows with their ids, and presence at every place and date.

    Raises
    ------
    TypeError
        The detections are no GeoDataFrame.
    MethodError
        For an unknown method, missing columns, a CRS that is not in metres, rows of a date that is no look.
    """
    # Imported here for a quick start.
    import pandas as pd

    if looks is None or isinstance(looks, Sequence):
        check_columns(detections)
        given = sorted(set(pd.to_datetime(detections["date"], utc=True).dt.date)) if looks is None else sorted(looks)
        looks = GivenVisibility(given, clear)
    facts = Facts(resolution_m=float("nan"), dates=len(looks.dates), detector=detector)
    _, follow = STAGE.made(facts, method, parameters)
    return follow(detections, looks)
