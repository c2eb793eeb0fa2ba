"""Detections of all dates as sorted columns."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.errors import MethodError
from changedet.grid.geodesy import metre_in
from changedet.kernels.colour import hex_rgb
from changedet.kernels.containers import KINDS, LONGEST_M
from changedet.stages.tracks.kernels.boxes import Boxes
from changedet.stages.tracks.kernels.views import SeriesViews, views_of
from changedet.stages.tracks.visibility import SeriesVisibility, relief_displacements

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

COLUMNS: Final = ("date", "length_m", "width_m", "angle_deg", "confidence", "kind", "color")
"""That detections must have."""
NUMBERS: Final = ("confidence", "angle_deg", "width_m", "length_m")
"""Columns by which rows of one date at one position are sorted, the last first."""
SNOW_AT: Final = (-0.8, 0.0, 0.8)
"""Where along a box, of half its length, snow is looked for."""
BEYOND_M: Final = 1.0
"""How far beyond its ends a box is searched for what hides it."""
LEAST_CONFIDENCE: Final = 1e-3
"""Of a row: its weight is above 0."""


def check_columns(detections: gpd.GeoDataFrame) -> None:
    """Check that detections can be followed.

    Parameters
    ----------
    detections : GeoDataFrame
        With the columns of `COLUMNS`, in a projected CRS or none.

    Raises
    ------
    TypeError
        They are no GeoDataFrame.
    MethodError
        A column is missing, or the CRS is not projected.
    """
    # By what is used of it: geopandas is loaded by whoever made one.
    if not (hasattr(detections, "columns") and hasattr(detections, "crs")):
        given = type(detections).__name__
        raise TypeError(f"track: detections: a {given}, expected a GeoDataFrame as detect_containers returns")
    missing = [name for name in COLUMNS if name not in detections.columns]
    if missing:
        raise MethodError(f"tracks: detections lack the columns {', '.join(missing)}")
    if detections.crs is not None and not detections.crs.is_projected:
        raise MethodError("tracks: detections must be in a projected CRS in metres; reproject them with to_crs()")


@dataclass(frozen=True)
class Detections:
    """Detections as sorted columns: what follows depends on their values alone, not on their order.

    Attributes
    ----------
    given : GeoDataFrame
        The rows as they were given.
    order : int64 (row,)
        Index among those given of each sorted row.
    dates : tuple of datetime.date
        The looks, sorted.
    date : int64 (row,)
        Index of its date.
    boxes : Boxes
        With the confidence as weight; centres in metres on the ground, which are the CRS's coordinates over `unit`.
    width : float64 (row,)
        In metres.
    kind : int64 (row,)
        Index in `KINDS`.
    tiers : float64 (row,)
        Levels of the stack; NaN for unknown.
    counted : bool (row,)
        False below the count threshold.
    unit : float
        A metre on the ground in units of the CRS.
    views : SeriesViews
        How far each date's view displaces roofs, as given or as the boxes show it.
    """

    given: gpd.GeoDataFrame
    order: Ints
    dates: tuple[dt.date, ...]
    date: Ints
    boxes: Boxes
    width: Floats
    kind: Ints
    tiers: Floats
    counted: Bools
    unit: float
    views: SeriesViews

    @classmethod
    def of(cls, detections: gpd.GeoDataFrame, looks: SeriesVisibility) -> Detections:
        """Sorted columns of a table of detections.

        Parameters
        ----------
        detections : GeoDataFrame
            With the columns of `COLUMNS`, optionally ``tiers`` and ``counted``.
        looks : SeriesVisibility
            What each date shows of the ground.

        Returns
        -------
        Detections
            By date, position, length, width, direction and confidence.

        Raises
        ------
        MethodError
            There is no look, a row is of a date that is none, a column is missing, or the CRS is not projected.
        """
        # Imported here for a quick start.
        import pandas as pd

        check_columns(detections)
        dates = tuple(looks.dates)
        if not dates:
            raise MethodError("tracks: no looks; give at least one date")
        index = date_index(detections["date"], dates)
        number = {name: pd.to_numeric(detections[name]).to_numpy(np.float64) for name in NUMBERS}
        unit = _ground_metre(detections, looks)
        boxes = _boxes(detections, number, unit)
        boxes = boxes._replace(cut=_cut(boxes, index, looks, unit), rgb=_without_snow(boxes, index, looks, unit))
        order = np.lexsort((*(number[name] for name in NUMBERS), boxes.xy[:, 1], boxes.xy[:, 0], index)).astype(
            np.int64
        )
        counted = detections["counted"].to_numpy(bool) if "counted" in detections else np.ones(len(index), bool)
        kind = np.array([KINDS.index(k) if k in KINDS else len(KINDS) - 1 for k in detections["kind"]], np.int64)
        width, tiers, boxes = number["width_m"][order], tiers_of(detections)[order], boxes.take(order)
        views = views_of(boxes, index[order], relief_displacements(looks, len(dates)))
        return cls(
            detections,
            order,
            dates,
            index[order],
            boxes,
            width,
            kind[order],
            tiers,
            counted[order],
            unit,
            views,
        )


def _ground_metre(detections: gpd.GeoDataFrame, looks: SeriesVisibility) -> float:
    """A metre on the ground in units of the CRS: the grid's own, else that in the middle of the boxes."""
    return looks.ground_metre or metre_in(detections)


def _boxes(detections: gpd.GeoDataFrame, number: dict[str, Floats], unit: float) -> Boxes:
    centre = detections.geometry.centroid
    xy = np.column_stack([centre.x.to_numpy(), centre.y.to_numpy()]).reshape(-1, 2) / unit
    weight = np.maximum(number["confidence"], LEAST_CONFIDENCE)
    rgb = hex_rgb(detections["color"].to_numpy(object))
    return Boxes(xy, number["length_m"], number["angle_deg"], rgb, weight, np.zeros(len(xy)))


def tiers_of(detections: gpd.GeoDataFrame) -> Floats:
    """Levels of each row's stack.

    Parameters
    ----------
    detections : GeoDataFrame
        Optionally with ``tiers``.

    Returns
    -------
    float64 (n,)
        NaN for unknown.
    """
    # Imported here for a quick start.
    import pandas as pd

    tiers = pd.to_numeric(detections["tiers"]) if "tiers" in detections else pd.Series(np.nan, detections.index)
    return np.asarray(tiers.astype("Float64").to_numpy(np.float64, na_value=np.nan), np.float64)


def _cut(boxes: Boxes, date: Ints, looks: SeriesVisibility, unit: float) -> Floats:
    """By how much (n,) the boxes may be longer than they look: an end lies at what the date does not show."""
    turn = np.deg2rad(boxes.angle)
    half = np.column_stack([np.sin(turn), np.cos(turn)]) * (boxes.length / 2 + BEYOND_M)[:, None]
    at_edge = np.zeros(len(date), bool)
    for i in range(len(looks.dates)):
        mine = np.flatnonzero(date == i)
        for end in (half[mine], -half[mine]):
            at_edge[mine] |= looks.covered(i, unit * (boxes.xy[mine] + end))
    return np.where(at_edge, np.maximum(LONGEST_M - boxes.length, 0.0), 0.0)


def _without_snow(boxes: Boxes, date: Ints, looks: SeriesVisibility, unit: float) -> Floats:
    """Colours (n, 3), NaN where snow lies on the middle or on an end: it comes and goes, and the box stays."""
    turn = np.deg2rad(boxes.angle)
    half = np.column_stack([np.sin(turn), np.cos(turn)]) * (boxes.length / 2)[:, None]
    snowed = np.zeros(len(date), bool)
    for i in range(len(looks.dates)):
        mine = np.flatnonzero(date == i)
        for along in SNOW_AT:
            snowed[mine] |= looks.snowed(i, unit * (boxes.xy[mine] + along * half[mine]))
    return np.where(snowed[:, None], np.nan, boxes.rgb)


def date_index(column: pd.Series[pd.Timestamp], dates: tuple[dt.date, ...]) -> Ints:
    """Index of each row's UTC day among the looks.

    Parameters
    ----------
    column : Series of Timestamp (n,)
    dates : tuple of datetime.date
        The looks, none twice.

    Returns
    -------
    int64 (n,)
        Index among the looks.

    Raises
    ------
    MethodError
        A row is of a date that is no look.
    """
    # Imported here for a quick start.
    import pandas as pd

    stamps = pd.to_datetime(column, utc=True).dt.tz_localize(None).to_numpy("datetime64[D]")
    days = np.array(dates, "datetime64[D]")
    order = np.argsort(days, kind="stable")
    at = order[np.searchsorted(days[order], stamps).clip(0, len(days) - 1)]
    strange = np.unique(stamps[days[at] != stamps])
    if len(strange):
        raise MethodError(f"tracks: detections of {', '.join(map(str, strange))}, which is no look")
    return np.asarray(at, np.int64)
