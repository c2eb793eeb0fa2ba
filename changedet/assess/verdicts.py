"""A reviewer's verdicts in ``review.gpkg``, checked: every mistake at once, with its row and column."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypedDict

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.assess.drawn import day_fault, day_of, kind_fault, kind_of
from changedet.errors import InputError, Problem, did_you_mean
from changedet.grid import Grid
from changedet.kernels.containers import CONTAINER_KINDS, LENGTH_OF_KIND_M

VERDICTS: Final = ("accept", "reject")
LONGEST_M: Final = 30.0
"""Of an outline that may be one container."""
NARROWEST_M: Final = 0.5
SAME_BOX: Final = 0.3
"""Intersection over union from which a drawn box is one that is there already."""


@dataclass(frozen=True)
class Verdicts:
    """A reviewer's verdicts and added boxes.

    Attributes
    ----------
    accepted, rejected : frozenset of int
        Object ids.
    added : GeoDataFrame
        Drawn boxes: ``date`` (datetime.date), ``kind``, their rectangles and sizes.
    """

    accepted: frozenset[int]
    rejected: frozenset[int]
    added: gpd.GeoDataFrame

    @property
    def is_empty(self) -> bool:
        """Whether there is no verdict and no drawn box."""
        return not self.accepted and not self.rejected and not len(self.added)


def _verdict_texts(judged: gpd.GeoDataFrame) -> pd.Series[str]:
    texts: pd.Series[str] = judged["verdict"].astype("string").fillna("").str.strip().str.lower()
    return texts


def belongs(judged: gpd.GeoDataFrame, containers: gpd.GeoDataFrame, drawn: gpd.GeoDataFrame, path: Path) -> bool:
    """Whether the review is of this count.

    Parameters
    ----------
    judged : GeoDataFrame
        The review's layer of boxes.
    containers : GeoDataFrame
        The run's.
    drawn : GeoDataFrame
        The review's layer of drawn boxes.
    path : pathlib.Path
        Of the review, for the error line.

    Returns
    -------
    bool
        False where it is of another count, but nobody has judged anything.

    Raises
    ------
    InputError
        It is of another count and was judged.
    """
    own = set(zip(containers["object_id"].astype(int), containers["date"].dt.date, strict=True))
    known = judged[judged["object_id"].notna()]
    dates = [day_of(value) for value in known["date"]]
    seen = set(zip(known["object_id"].astype(int), dates, strict=True))
    if seen <= own and (seen == own or len(known) < len(own)):
        at = containers.set_index("object_id")["confidence"]
        close = np.isclose(known["confidence"], at.loc[known["object_id"].astype(int)], atol=1e-6)
        if close.all():
            return True
    if (_verdict_texts(judged) == "").all() and not len(drawn):
        return False
    raise InputError(
        Problem("judges another count than the run's present one; move it away, then review anew", file=str(path))
    )


def checked_verdicts(
    judged: gpd.GeoDataFrame,
    drawn: gpd.GeoDataFrame,
    containers: gpd.GeoDataFrame,
    grid: Grid,
    days: Sequence[dt.date],
    path: Path,
) -> Verdicts:
    """The verdicts of a review, checked.

    Parameters
    ----------
    judged, drawn : GeoDataFrame
        Its two layers, by feature id.
    containers : GeoDataFrame
        The run's.
    grid : Grid
        The run's.
    days : sequence of datetime.date
        On which boxes were counted.
    path : path
        Of the review, for error lines.

    Returns
    -------
    Verdicts
        Drawn boxes without a kind get that of the nearest length.

    Raises
    ------
    InputError
        With every mistake.
    """
    problems: list[Problem] = []
    texts = _verdict_texts(judged)
    for fid in judged.index[judged["object_id"].isna()]:
        text = "has no object_id; draw new boxes into the layer 'added'"
        problems.append(Problem(text, f"containers[{fid}]", str(path)))
    lost = sorted(set(containers["object_id"].astype(int)) - set(judged["object_id"].dropna().astype(int)))
    if lost:
        text = f"{len(lost)} rows were deleted, the first with object_id {lost[0]}; set 'verdict' to reject instead"
        problems.append(Problem(text, "containers", str(path)))
    for fid in judged.index[~texts.isin(["", *VERDICTS])]:
        text = f"no such verdict '{judged['verdict'][fid]}', expected accept, reject or nothing"
        hint = did_you_mean(texts[fid], VERDICTS)
        problems.append(Problem(text + hint, f"containers[{fid}].verdict", str(path)))
    chosen = {name: frozenset(judged["object_id"][(texts == name)].dropna().astype(int)) for name in VERDICTS}
    remaining = containers[~containers["object_id"].isin(chosen["reject"])]
    added, wrong = _added(drawn.to_crs(containers.crs) if len(drawn) else drawn, remaining, grid, days)
    problems += [Problem(text, key, str(path)) for key, text in wrong]
    if problems:
        raise InputError(problems)
    return Verdicts(chosen["accept"], chosen["reject"], added)


class _Box(TypedDict):
    """A drawn box as a row."""

    date: dt.date | None
    kind: str
    length_m: float
    width_m: float
    angle_deg: float
    geometry: BaseGeometry


def _added(
    drawn: gpd.GeoDataFrame, remaining: gpd.GeoDataFrame, grid: Grid, days: Sequence[dt.date]
) -> tuple[gpd.GeoDataFrame, list[tuple[str, str]]]:
    """The drawn boxes as rectangles with their sizes, and what is wrong with the others."""
    rows: list[_Box] = []
    wrong: list[tuple[str, str]] = []
    for fid, row in drawn.iterrows():
        day, shape = day_of(row["date"]), row.geometry
        problem = _shape_fault(shape, grid) or _duplicate(shape, remaining[remaining["date"].dt.date == day])
        faults = {"date": day_fault(row["date"], days), "kind": kind_fault(row["kind"]), "geometry": problem}
        wrong += [(f"added[{fid}].{key}", text) for key, text in faults.items() if text]
        if not any(faults.values()):
            rows.append(_measured(shape, grid, kind_of(row["kind"]), day))
    columns = list(_Box.__annotations__)
    return gpd.GeoDataFrame(rows, columns=columns, geometry="geometry", crs=grid.crs), wrong


def _shape_fault(shape: BaseGeometry | float | None, grid: Grid) -> str:
    # A missing geometry comes as NaN.
    if not isinstance(shape, BaseGeometry) or shape.is_empty or not shape.is_valid or shape.area <= 0:
        return "no valid polygon; draw the outline of the box"
    if not grid.area.intersects(shape.centroid):
        return "its centre lies outside the area of interest"
    length, width = (side / grid.ground_metre for side in _sides(shape)[:2])
    if length > LONGEST_M or width < NARROWEST_M:
        return f"{length:.1f} by {width:.1f} m is no box; draw one outline for each container"
    return ""


def _duplicate(shape: BaseGeometry, boxes: gpd.GeoDataFrame) -> str:
    for number, box in zip(boxes["object_id"], boxes.geometry, strict=True):
        if box.intersects(shape) and box.intersection(shape).area > SAME_BOX * box.union(shape).area:
            return f"lies on container {number} of that date; reject that one, or leave this out"
    return ""


def _sides(shape: BaseGeometry) -> tuple[float, float, float]:
    """Long and short side of the least rectangle around a shape, and the long side's angle clockwise from north."""
    corners = shapely.get_coordinates(shapely.oriented_envelope(shape))
    first, second = corners[1] - corners[0], corners[2] - corners[1]
    long, short = (first, second) if np.hypot(*first) >= np.hypot(*second) else (second, first)
    # Rounded first, so that a side a hair west of north is at 0 and not at 180.
    angle = round(float(np.degrees(np.arctan2(long[0], long[1]))), 3) % 180.0
    return float(np.hypot(*long)), float(np.hypot(*short)), angle


def _measured(shape: BaseGeometry, grid: Grid, kind: str, day: dt.date | None) -> _Box:
    length, width, angle = _sides(shape)
    ground = grid.ground_resolution_m / grid.resolution_m
    length, width = length * ground, width * ground
    nearest = min(CONTAINER_KINDS, key=lambda name: abs(LENGTH_OF_KIND_M[name] - length))
    return {
        "date": day,
        "kind": kind or nearest,
        "length_m": length,
        "width_m": width,
        "angle_deg": angle,
        "geometry": shapely.oriented_envelope(shape),
    }
