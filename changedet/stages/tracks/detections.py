"""What goes into the tracks stage and what comes out: looks, rows as sorted columns, tracks."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from changedet.arrays import Bools, Floats, Ints
from changedet.errors import MethodError
from changedet.kernels.containers import KINDS, LONGEST_M
from changedet.stages.tracks.kernels.boxes import Boxes
from changedet.stages.tracks.visibility import SeriesVisibility

COLUMNS = ("date", "length_m", "width_m", "angle_deg", "confidence", "kind", "color")
BEYOND_M = 1.0
"""How far beyond its ends a box is looked for what hides it; the longest box."""


def check_columns(detections: gpd.GeoDataFrame) -> None:
    missing = [name for name in COLUMNS if name not in detections.columns]
    if missing:
        raise MethodError(f"tracks: detections lack the columns {', '.join(missing)}")
    if detections.crs is not None and not detections.crs.is_projected:
        raise MethodError("tracks: detections must be in a projected CRS in metres; reproject them with to_crs()")


@dataclass(frozen=True)
class Detections:
    """Detections as sorted columns: what follows depends on their values alone, not on their order."""

    given: gpd.GeoDataFrame
    order: Ints
    dates: tuple[dt.date, ...]
    date: Ints
    boxes: Boxes
    width: Floats
    kind: Ints
    tiers: Floats
    counted: Bools

    @classmethod
    def of(cls, detections: gpd.GeoDataFrame, looks: SeriesVisibility) -> Detections:
        check_columns(detections)
        dates = tuple(looks.dates)
        if not dates:
            raise MethodError("tracks: no looks; give at least one date")
        index = _date_index(detections["date"], dates)
        centre = detections.geometry.centroid
        number = {
            name: pd.to_numeric(detections[name]).to_numpy(np.float64)
            for name in ("length_m", "width_m", "angle_deg", "confidence")
        }
        xy = np.column_stack([centre.x.to_numpy(), centre.y.to_numpy()]).reshape(-1, 2)
        order = np.lexsort(
            (
                number["confidence"],
                number["angle_deg"],
                number["width_m"],
                number["length_m"],
                xy[:, 1],
                xy[:, 0],
                index,
            )
        ).astype(np.int64)
        boxes = Boxes(
            xy,
            number["length_m"],
            number["angle_deg"],
            rgb_of(detections["color"]),
            np.maximum(number["confidence"], 1e-3),
            np.zeros(len(xy)),
        )
        boxes = boxes._replace(cut=_cut(boxes, index, looks))
        tiers = pd.to_numeric(detections["tiers"]) if "tiers" in detections else pd.Series(np.nan, detections.index)
        counted = detections["counted"].to_numpy(bool) if "counted" in detections else np.ones(len(index), bool)
        kind = np.array([KINDS.index(k) if k in KINDS else len(KINDS) - 1 for k in detections["kind"]], np.int64)
        tier = np.asarray(tiers.astype("Float64").to_numpy(np.float64, na_value=np.nan), np.float64)
        width = number["width_m"][order]
        sorted_boxes = boxes.take(order)
        return cls(
            detections, order, dates, index[order], sorted_boxes, width, kind[order], tier[order], counted[order]
        )


def _cut(boxes: Boxes, date: Ints, looks: SeriesVisibility) -> Floats:
    """By how much (n,) the boxes may be longer than they look: an end lies at what the date does not show."""
    turn = np.deg2rad(boxes.angle)
    half = np.column_stack([np.sin(turn), np.cos(turn)]) * (boxes.length / 2 + BEYOND_M)[:, None]
    at_edge = np.zeros(len(date), bool)
    for i in range(len(looks.dates)):
        mine = np.flatnonzero(date == i)
        for end in (half[mine], -half[mine]):
            at_edge[mine] |= looks.covered(i, boxes.xy[mine] + end)
    return np.where(at_edge, np.maximum(LONGEST_M - boxes.length, 0.0), 0.0)


def _date_index(column: pd.Series[Any], dates: tuple[dt.date, ...]) -> Ints:
    """Index (n,) of each row's UTC day among the looks."""
    stamps = pd.to_datetime(column, utc=True).dt.tz_localize(None).to_numpy("datetime64[D]")
    days = np.array(dates, "datetime64[D]")
    order = np.argsort(days, kind="stable")
    at = order[np.searchsorted(days[order], stamps).clip(0, len(days) - 1)]
    strange = np.unique(stamps[days[at] != stamps])
    if len(strange):
        raise MethodError(f"tracks: detections of {', '.join(map(str, strange))}, which is no look")
    return np.asarray(at, np.int64)


def rgb_of(colors: pd.Series[Any]) -> Floats:
    """RGB (n, 3), 0 to 255, of ``#rrggbb`` strings; NaN where a colour is missing or is none."""
    # One character beyond a colour's seven tells those that are longer.
    text = np.array(colors.astype("string").fillna("").to_numpy(object), "U8")
    codes = text.view(np.uint32).reshape(-1, 8)
    digits = _HEX[np.minimum(codes[:, 1:7], len(_HEX) - 1)]
    known = (codes[:, 0] == ord("#")) & (codes[:, 7] == 0) & (digits >= 0).all(1)
    return np.where(known[:, None], 16.0 * digits[:, ::2] + digits[:, 1::2], np.nan)


_HEX = np.full(128, -1, np.int64)
_HEX[[ord(c) for c in "0123456789abcdefABCDEF"]] = [*range(16), *range(10, 16)]
