"""Detected boxes scored against true ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from changedet.assess.score.shares import share
from changedet.assess.score.truth import truth_layer
from changedet.kernels.containers import CONTAINER_KINDS
from changedet.pipeline.finished import Run

IOU_LEVELS: Final = (0.3, 0.5)


def _of_day(frame: gpd.GeoDataFrame, day: dt.date) -> gpd.GeoDataFrame:
    return frame[pd.to_datetime(frame["date"], utc=True).dt.date == day]


def score_boxes(finished: Run, vectors: Path, days: Sequence[dt.date]) -> dict[str, Any]:
    found = finished.containers
    found = found[found["kind"].isin(CONTAINER_KINDS)]
    truth = truth_layer(vectors, "containers", found.crs)
    if "visible" in truth:
        truth = truth[truth["visible"].astype(bool)]
    figures: dict[str, Any] = {}
    for level in IOU_LEVELS:
        hits = boxes = true = sized = 0
        for day in days:
            mine, theirs = _of_day(found, day), _of_day(truth, day)
            pairs = match_boxes(
                mine.geometry.to_numpy(), theirs.geometry.to_numpy(), mine["confidence"].to_numpy(), level
            )
            hits, boxes, true = hits + len(pairs), boxes + len(mine), true + len(theirs)
            sized += sum(mine["kind"].iloc[i] == theirs["kind"].iloc[j] for i, j in pairs)
        figures[f"iou_{level}"] = {
            "precision": share(hits, boxes),
            "recall": share(hits, true),
            "f1": share(2 * hits, boxes + true),
            "found": boxes,
            "true": true,
            "size_class_right": share(sized, hits),
        }
    return figures


def iou(one: Any, other: Any) -> float:
    """Intersection over union of two polygons, 0 to 1."""
    both = float(shapely.area(shapely.intersection(one, other)))
    return both / (float(shapely.area(one)) + float(shapely.area(other)) - both)


def match_boxes(
    found: NDArray[Any],
    true: NDArray[Any],
    confidence: NDArray[Any],
    least: float,
    likeness: Callable[[Any, Any], float] = iou,
) -> list[tuple[int, int]]:
    """Pairs of a found and a true polygon, each used once, the most confident first, at least so much alike.

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
