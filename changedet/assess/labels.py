"""Labelled tiles: checked row by row, and compared with found boxes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Bools, Floats
from changedet.assess.drawn import day_fault, day_of, kind_fault
from changedet.assess.score.boxes import iou, match_boxes
from changedet.errors import InputError, Problem
from changedet.grid import Grid
from changedet.kernels.containers import OTHER

Shapes: TypeAlias = NDArray[np.object_]
"""Geometries."""
SLIVER: Final = 0.01
"""Part of a tile that another one of its date may overlap."""
SAME_BOX: Final = 0.3
"""Intersection over union from which a found box is the labelled one."""


@dataclass(frozen=True)
class Labels:
    """Tiles and what a person saw in them.

    Attributes
    ----------
    tiles : GeoDataFrame
        ``date`` (datetime.date), ``weight``, geometry; by feature id.
    containers : tuple of arrays
        For each tile the geometries of its containers: rectangles or points.
    warnings : tuple of str
        What was left out.
    """

    tiles: gpd.GeoDataFrame
    containers: tuple[Shapes, ...]
    warnings: tuple[str, ...] = ()

    @property
    def counts(self) -> Floats:
        """Containers in each tile, float64 (tile,) of whole numbers."""
        return np.array([len(own) for own in self.containers], np.float64)

    @property
    def weights(self) -> Floats:
        """How many tiles of the site each stands for, float64 (tile,) of mean 1."""
        weight = self.tiles["weight"].to_numpy(np.float64)
        return np.asarray(weight / weight.mean()) if len(weight) else weight

    def only(self, kept: Bools) -> Labels:
        """Some of the tiles.

        Parameters
        ----------
        kept : bool (tile,)
            Which to keep.

        Returns
        -------
        Labels
            With the same warnings.
        """
        own = tuple(part for part, is_kept in zip(self.containers, kept, strict=True) if is_kept)
        return Labels(self.tiles[kept], own, self.warnings)


def checked_labels(
    tiles: gpd.GeoDataFrame, labels: gpd.GeoDataFrame, grid: Grid, days: Sequence[dt.date], path: Path
) -> Labels:
    """What was labelled, checked row by row.

    Parameters
    ----------
    tiles, labels : GeoDataFrame
        As `changedet.outputs.gpkg.labels.read_labels` gives.
    grid : Grid
        The run's.
    days : sequence of datetime.date
        On which boxes were counted.
    path : path
        Of the labels, for error lines.

    Returns
    -------
    Labels
        The tiles that are labelled, with their containers; the kind `other` is none.

    Raises
    ------
    InputError
        With every mistake.
    """
    done = tiles[tiles["labelled"]]
    problems = [
        Problem(text, key, str(path)) for key, text in (*_tile_faults(done, grid, days), *_label_faults(labels, days))
    ]
    if problems:
        raise InputError(problems)
    done = done.assign(date=[day_of(value) for value in done["date"]])
    containers = labels[labels["kind"].fillna("").astype(str).str.strip() != OTHER]
    centres = shapely.get_coordinates(containers.geometry.centroid.to_numpy())
    when = np.array([day_of(value) for value in containers["date"]], object)
    owner = np.full(len(containers), -1)
    for k, (shape, day) in enumerate(zip(done.geometry, done["date"], strict=True)):
        owner[(when == day) & shapely.contains_xy(shape, centres)] = k
    own = tuple(containers.geometry.to_numpy()[owner == k] for k in range(len(done)))
    lost = int((owner < 0).sum())
    warnings = (f"{lost} labelled containers lie in no labelled tile of their date; they are left out",) if lost else ()
    return Labels(done, own, warnings)


def _tile_faults(tiles: gpd.GeoDataFrame, grid: Grid, days: Sequence[dt.date]) -> list[tuple[str, str]]:
    found = []
    for fid, row in tiles.iterrows():
        shape, wrong_day = row.geometry, day_fault(row["date"], days)
        if wrong_day:
            found.append((f"tiles[{fid}].date", wrong_day))
        if not isinstance(shape, BaseGeometry) or shape.is_empty or not shape.is_valid or shape.area <= 0:
            found.append((f"tiles[{fid}].geometry", "no valid polygon; draw the outline of the labelled ground"))
        elif not grid.area.contains(shape.centroid):
            found.append((f"tiles[{fid}].geometry", "lies outside the area of interest"))
        if not (np.isfinite(row["weight"]) and row["weight"] > 0):
            found.append((f"tiles[{fid}].weight", f"is {row['weight']}, expected a number above 0"))
    return found or _overlaps(tiles)


def _overlaps(tiles: gpd.GeoDataFrame) -> list[tuple[str, str]]:
    found = []
    shapes, days = tiles.geometry.to_numpy(), [day_of(value) for value in tiles["date"]]
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects") if len(shapes) else ([], [])
    for i, j in zip(first, second, strict=True):
        if i < j and days[i] == days[j] and shapes[i].intersection(shapes[j]).area > SLIVER * shapes[j].area:
            found.append((f"tiles[{tiles.index[j]}]", f"overlaps tile {tiles.index[i]} of the same date"))
    return found


def _label_faults(labels: gpd.GeoDataFrame, days: Sequence[dt.date]) -> list[tuple[str, str]]:
    found = []
    for fid, row in labels.iterrows():
        faults = {"date": day_fault(row["date"], days), "kind": kind_fault(row["kind"])}
        found += [(f"containers[{fid}].{key}", text) for key, text in faults.items() if text]
        shape = row.geometry
        if (
            not isinstance(shape, BaseGeometry)
            or shape.is_empty
            or not shape.is_valid
            or shape.geom_type not in {"Point", "Polygon", "MultiPolygon"}
        ):
            found.append((f"containers[{fid}].geometry", "no rectangle or point"))
    return found


def match_labels(found: Shapes, labels: Shapes, confidence: Floats) -> list[tuple[int, int]]:
    """Pairs of a found box and a label, each used once, the most confident first.

    A labelled rectangle is matched at an overlap of .3 (intersection over union), a point by the box that holds it.

    Parameters
    ----------
    found : array of polygons (n,)
        Found boxes.
    labels : array of polygons or points (m,)
        Labels in the same CRS.
    confidence : float64 (n,)
        Of each found box.

    Returns
    -------
    list of (int, int)
        Indices of the box and of the label of each pair.

    Examples
    --------
    >>> boxes = np.array([shapely.box(0, 0, 6, 2), shapely.box(9, 0, 15, 2)])
    >>> match_labels(boxes, np.array([shapely.Point(10, 1)]), np.array([0.9, 0.5]))
    [(1, 0)]
    """
    return match_boxes(found, labels, confidence, SAME_BOX, _overlap)


def _overlap(box: BaseGeometry, label: BaseGeometry) -> float:
    if label.geom_type == "Point":
        # The nearer to the middle the better, so that of two boxes in a row each gets its own.
        return 1.0 - min(0.5, float(box.centroid.distance(label)) / max(float(box.length), 1e-9))
    return iou(box, label)
