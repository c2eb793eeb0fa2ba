"""Detected boxes compared with true ones, by their intersection over union."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Floats
from changedet.assess.score.shares import DetectionFigures, detection_figures, share
from changedet.assess.score.truth import truth_layer
from changedet.kernels.containers import CONTAINER_KINDS
from changedet.pipeline.finished import Run

IOU_LEVELS: Final = (0.3, 0.5)

Shapes: TypeAlias = NDArray[np.object_]
"""Geometries."""


class BoxFigures(DetectionFigures):
    """Scores of boxes at one intersection over union.

    Attributes
    ----------
    size_class_right : float or None
        Share of the hits whose kind is the true one.
    """

    size_class_right: float | None


def score_boxes(finished: Run, vectors: Path, days: Sequence[dt.date]) -> dict[str, BoxFigures]:
    """Scores of a run's containers.

    Parameters
    ----------
    finished : Run
        With containers.
    vectors : pathlib.Path
        ``truth.gpkg`` with the layer ``containers``; rows whose `visible` is false are left out.
    days : sequence of datetime.date
        Which dates to score.

    Returns
    -------
    dict of str to BoxFigures
        Under ``iou_<level>`` for each of `IOU_LEVELS`, over all dates.

    Raises
    ------
    InputError
        The truth cannot be read.
    """
    found = finished.containers
    found = found[found["kind"].isin(CONTAINER_KINDS)]
    truth = truth_layer(vectors, "containers", found.crs)
    if "visible" in truth:
        truth = truth[truth["visible"].astype(bool)]
    dates = [(_of_day(found, day), _of_day(truth, day)) for day in days]
    return {f"iou_{level}": _box_figures(dates, level) for level in IOU_LEVELS}


def _box_figures(dates: Sequence[tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]], level: float) -> BoxFigures:
    hits = sized = 0
    for mine, theirs in dates:
        confidence = mine["confidence"].to_numpy()
        pairs = match_boxes(mine.geometry.to_numpy(), theirs.geometry.to_numpy(), confidence, level)
        hits += len(pairs)
        sized += sum(mine["kind"].iloc[i] == theirs["kind"].iloc[j] for i, j in pairs)
    numbers = [sum(map(len, frames)) for frames in zip(*dates, strict=True)]
    return {**detection_figures(hits, *numbers), "size_class_right": share(sized, hits)}


def iou(one: BaseGeometry, other: BaseGeometry) -> float:
    """Intersection over union of two polygons.

    Parameters
    ----------
    one, other : shapely geometry
        Valid, of an area above 0, in one CRS.

    Returns
    -------
    float
        0 to 1.
    """
    both = float(shapely.area(shapely.intersection(one, other)))
    return both / (float(shapely.area(one)) + float(shapely.area(other)) - both)


def match_boxes(
    found: Shapes,
    true: Shapes,
    confidence: Floats,
    least: float,
    likeness: Callable[[BaseGeometry, BaseGeometry], float] = iou,
) -> list[tuple[int, int]]:
    """Pairs of a found and a true polygon, each used once, the most confident first.

    Parameters
    ----------
    found, true : array of shapely geometry (n,), (m,)
        In one CRS.
    confidence : float64 (n,)
        Of each found polygon.
    least : float
        Least similarity of a pair.
    likeness : callable
        Similarity of two geometries; by default `iou`.

    Returns
    -------
    list of (int, int)
        Indices of the found and of the true polygon of each pair.

    Examples
    --------
    >>> import numpy as np, shapely
    >>> boxes = np.array([shapely.box(0, 0, 6, 2), shapely.box(9, 0, 15, 2)])
    >>> match_boxes(boxes, boxes[:1], np.array([0.5, 0.9]), 0.3)
    [(0, 0)]
    """
    if not len(found) or not len(true):
        return []
    tree = shapely.STRtree(true)
    taken: set[int] = set()
    pairs = []
    for i in np.argsort(-confidence.astype(float), kind="stable"):
        best, best_likeness = -1, least
        for j in np.sort(tree.query(found[i], predicate="intersects")):
            alike = likeness(found[i], true[j])
            if int(j) not in taken and alike >= best_likeness:
                best, best_likeness = int(j), alike
        if best >= 0:
            taken.add(best)
            pairs.append((int(i), best))
    return pairs


def _of_day(frame: gpd.GeoDataFrame, day: dt.date) -> gpd.GeoDataFrame:
    return frame[pd.to_datetime(frame["date"], utc=True).dt.date == day]
