"""Places of painted sites with their truth, as training/fit_tracks.py needs them: the other hand."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from changedet.kernels.containers import WIDTH_M
from changedet.stages.tracks.assemble import medians
from changedet.stages.tracks.detections import Detections
from changedet.stages.tracks.kernels.boxes import mean_boxes
from changedet.stages.tracks.observations import PlaceObservations, observe_places
from scenarios import leaning
from scenarios.track_sites import rows_and_looks, run_site
from training.painted_sites import FOLLOWED

Floats = NDArray[np.float64]
Shapes = NDArray[np.object_]


def observed(
    folder: Path, detector: str, radius_m: float, again: bool
) -> list[tuple[PlaceObservations, NDArray[np.float64]]]:
    """Places of each painted site of `FOLLOWED`, and the share of each that a true roof covers on each date."""
    found = []
    for painting in FOLLOWED:
        site = folder / painting.name
        detections, looks = rows_and_looks(run_site(site, detector, again))
        rows = Detections.of(detections, looks)
        observations = observe_places(rows, looks, radius_m)
        found.append((observations, covered(site, rows, observations, str(detections.crs))))
    return found


def covered(site: Path, rows: Detections, seen: PlaceObservations, crs: str) -> Floats:
    """Share (place, date) of each place that a true roof covers where the date shows it."""
    count, own = len(seen.counted_rows), seen.place >= 0
    centre = medians((rows.boxes.xy + seen.shift[rows.date])[own], seen.place[own], count)
    boxes = mean_boxes(rows.boxes.take(own), seen.place[own], count)
    share = np.zeros(seen.bins.shape)
    for i, roofs in enumerate(_roofs(site, [str(day) for day in rows.dates], crs)):
        places = _outlines(centre - seen.shift[i], boxes.length, boxes.angle)
        place, roof = shapely.STRtree(roofs).query(places, predicate="intersects")
        shared = shapely.area(shapely.intersection(places[place], roofs[roof])) / shapely.area(places[place])
        np.maximum.at(share[:, i], place, shared)
    return share


def _roofs(site: Path, days: list[str], crs: str) -> list[Shapes]:
    """Of each date the roofs of its tops, moved to where its view shows them."""
    table = gpd.read_file(site / "truth" / "truth.gpkg", layer="containers").to_crs(crs)
    table = table[table["visible"].astype(bool)]
    date = pd.to_datetime(table["date"], utc=True).dt.strftime("%Y-%m-%d")
    views = pd.read_csv(site / "truth" / "truth.csv").set_index("date")
    return [leaning.roofs(table[date == day], views.loc[day]) for day in days]


def _outlines(centre: Floats, length: Floats, angle: Floats) -> Shapes:
    """Rectangles of a box's width."""
    turn = np.deg2rad(angle)
    along = np.column_stack([np.sin(turn), np.cos(turn)]) * length[:, None] / 2
    across = np.column_stack([np.cos(turn), -np.sin(turn)]) * WIDTH_M / 2
    corners = np.stack([centre + a * along + b * across for a, b in ((1, 1), (1, -1), (-1, -1), (-1, 1))], axis=1)
    return np.asarray(shapely.polygons(corners), object)
