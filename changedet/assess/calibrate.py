"""A detector fitted to the user's own scenes: its threshold, the bias of its counts and their interval."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypedDict

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from changedet.arrays import Bools, Floats, Ints
from changedet.assess import reopen
from changedet.assess.calibration_file import FILE_NAME, Calibration, Fit, LabelFile, TileRow
from changedet.assess.labels import Labels, checked_labels, match_labels
from changedet.assess.tiles_to_label import LEAST_CLEAR_FRACTION, clear_fraction
from changedet.errors import InputError
from changedet.grid import Grid
from changedet.kernels import calibration
from changedet.kernels.containers import CONTAINER_KINDS
from changedet.kernels.intervals import QUANTILE
from changedet.outputs.gpkg.labels import read_labels
from changedet.outputs.json_files import write_json
from changedet.pipeline.finished import Run
from changedet.stages.objects.stage import STAGE as OBJECTS
from changedet.stages.registry import Facts, Method
from changedet.stages.series.site_boxes import tracked_boxes
from changedet.stages.tracks.kernels import detector_tables
from changedet.stages.tracks.result import TrackMethod, Tracks
from changedet.stages.tracks.stage import STAGE as TRACKS
from changedet.stages.tracks.visibility import SeriesVisibility

LEAST_TILES: Final = 8
LEAST_LABELS: Final = 30
PRIOR_ROWS: Final = 10.0
"""Weight of the detector's own precision, in boxes."""
MOST_PRECISION: Final = 0.999
MOST_SCATTER: Final = 1.25
"""Times the half width that comes with the detector: as far as two dozen tiles scatter by chance."""


@dataclass(frozen=True)
class Detector:
    """A run's detector and how its boxes are tracked, by the run's workflow.

    Attributes
    ----------
    name : str
        The objects method.
    threshold : float
        Confidence from which a box counts, 0 to 1.
    scale : calibration.Confidence
        What the detector's own confidences were put through.
    precision : float
        Share of counted boxes that are true, as the tracks take it.
    count_scale : float
        Boxes that stand there for one that is expected, as the series takes it.
    tracks : Method
        The tracks method.
    parameters : mapping
        Its parameters.
    """

    name: str
    threshold: float
    scale: calibration.Confidence
    precision: float
    count_scale: float
    tracks: Method[TrackMethod]
    parameters: Mapping[str, object]

    def track(self, rows: gpd.GeoDataFrame, looks: SeriesVisibility, precision: float) -> Tracks:
        """Track boxes as the run does.

        Parameters
        ----------
        rows : geopandas.GeoDataFrame
            Boxes and candidates below the threshold, as `changedet.assess.reopen.boxes` gives.
        looks : SeriesVisibility
            What each date saw.
        precision : float
            Share of counted boxes that are true.

        Returns
        -------
        Tracks
            Of the run's tracks method.
        """
        facts = Facts(math.nan, dates=len(looks.dates), detector=self.name)
        return self.tracks.function(facts, **{**self.parameters, "precision": precision})(rows, looks)


def calibrate(finished: Run, labels: str | Path) -> Calibration:
    """Fit the detector's confidences and the series' counts to tiles that a person labelled.

    The boxes of the labelled tiles, weak ones too, give a logistic regression of truth on confidence. With confidences
    rescaled by it, the site is tracked again, and what is then expected in each tile is compared with what was labelled
    there: their ratio corrects the bias, their scatter gives the interval. Everything is kept in ``calibration.json``.

    Parameters
    ----------
    finished : Run
        A finished run of the workflow, with containers counted and tracked by `hmm`.
    labels : path
        Layers ``tiles`` (polygons with `date`; those with `labelled` false are left out) and ``containers`` (rectangles
        or points with `date` and, optionally, `kind`).

    Returns
    -------
    Calibration
        The parameters to put into the workflow, and how they fit.

    Raises
    ------
    InputError
        The labels cannot be read, do not fit the run, or are too few; all mistakes at once.
    """
    days = reopen.counted_days(finished)
    folder, grid = finished.folder, finished.grid
    path = Path(labels)
    looks, no_looks = reopen.looks(finished, folder, grid, days)
    labelled, hidden = _visible(_read(path, grid, days), looks)
    _enough(labelled, path)
    detector = _detector(finished, grid.ground_resolution_m)
    rows, no_candidates = reopen.boxes(finished, folder, grid, days)
    before = _expected(detector.track(rows, looks, detector.precision), labelled)
    scale = _scale(rows, labelled, detector)
    rows = _rescaled(rows, scale, detector)
    precision = _precision(rows, labelled, detector)
    after = _expected(detector.track(rows, looks, precision), labelled)
    own = detector_tables.calibration(detector.name, grid.ground_resolution_m)
    half_width = float(np.mean(own.boxes))
    counts = _fit_counts(after, labelled, own.scale, half_width)
    result: Calibration = {
        "detector": detector.name,
        "objects": {"confidence_slope": round(scale.slope, 4), "confidence_offset": round(scale.offset, 4)},
        "tracks": {
            "precision": round(precision, 4),
            "count_scale": round(counts.scale, 4),
            "count_half_width": round(counts.half_width, 4),
        },
        "threshold": round(float(calibration.original(np.array([detector.threshold]), *scale)[0]), 4),
        "scale_error": round(counts.scale_error, 4),
        "labels": _label_file(path, labelled),
        "before": _fit(before[:, 0] * detector.count_scale, labelled),
        "after": _fit(counts.scale * after[:, 0], labelled),
        "tiles": _tile_rows(before[:, 0] * detector.count_scale, after, counts, labelled),
        **_bias(_fit_counts(before, labelled, detector.count_scale, half_width), detector.count_scale, half_width),
        "warnings": [*no_candidates, *no_looks, *hidden, *labelled.warnings],
    }
    write_json(finished.path / FILE_NAME, result)
    return result


class _Bias(TypedDict):
    borne_out: bool
    bias: float
    bias_error: float


def _bias(found: calibration.Counts, scale: float, half_width: float) -> _Bias:
    """Whether the labels agree with the counts as they are: no bias beyond its error, no more scatter than is usual.

    Two dozen tiles give a bias to some per cent: where none is to be seen, putting the fit in its place adds noise.
    """
    bias, error = found.scale / scale - 1.0, QUANTILE * found.scale_error / scale
    borne_out = abs(bias) <= error and found.scatter <= MOST_SCATTER * half_width
    return {"borne_out": borne_out, "bias": round(bias, 4), "bias_error": round(error, 4)}


def _fit_counts(expected: Floats, labelled: Labels, scale: float, half_width: float) -> calibration.Counts:
    return calibration.fit_counts(expected[:, 0], expected[:, 1], labelled.counts, labelled.weights, scale, half_width)


def _read(path: Path, grid: Grid, days: Sequence[dt.date]) -> Labels:
    try:
        tiles, containers = read_labels(path, grid.crs)
    except ValueError as error:
        raise InputError(
            f"{path}: {error}; `changedet calibrate WORKFLOW --labels FILE --draw 24` begins one"
        ) from None
    return checked_labels(tiles, containers, grid, days, path)


def _visible(labelled: Labels, looks: SeriesVisibility) -> tuple[Labels, list[str]]:
    """Without the tiles that their date does not show."""
    index = {day: i for i, day in enumerate(looks.dates)}
    kept, warnings = [], []
    for k, (shape, day) in enumerate(zip(labelled.tiles.geometry, labelled.tiles["date"], strict=True)):
        clear = clear_fraction(looks, index[day], shape)
        kept.append(clear >= LEAST_CLEAR_FRACTION)
        if not kept[-1]:
            warnings.append(f"tiles[{labelled.tiles.index[k]}]: {day} shows {clear:.0%} of it; it is left out")
    return labelled.only(np.array(kept, bool)), warnings


def _enough(labelled: Labels, path: Path) -> None:
    count = int(labelled.counts.sum())
    if len(labelled.tiles) < LEAST_TILES or count < LEAST_LABELS:
        raise InputError(
            f"{path}: {len(labelled.tiles)} labelled tiles with {count} containers; a calibration needs "
            f"{LEAST_TILES} tiles and {LEAST_LABELS} containers, better 20 and 100"
        )


def _detector(finished: Run, resolution_m: float) -> Detector:
    detection, tracking = reopen.method(finished, OBJECTS), reopen.method(finished, TRACKS)
    if detection is None or tracking is None or "count_scale" not in tracking[1]:
        raise InputError(f"{finished.path}: no counts to calibrate; it needs 'tracks: {{method: hmm}}'")
    name, parameters = detection[0].name, detection[1]
    return Detector(
        name=name,
        threshold=parameters["min_confidence"],
        scale=calibration.Confidence(parameters["confidence_slope"], parameters["confidence_offset"]),
        precision=tracking[1]["precision"],
        count_scale=tracking[1]["count_scale"] or detector_tables.calibration(name, resolution_m).scale,
        tracks=tracking[0],
        parameters=tracking[1],
    )


def _expected(tracks: Tracks, labelled: Labels) -> Floats:
    """Boxes expected in each tile before any scale, and the unit of their interval: (tile, 2)."""
    found = []
    for shape, day in zip(labelled.tiles.geometry, labelled.tiles["date"], strict=True):
        counted = tracked_boxes(tracks, shape)
        found.append(counted.standing(tracks.dates.index(day), np.ones(len(counted.weight)))[:2])
    return np.array(found, np.float64)


def _in_tiles(rows: gpd.GeoDataFrame, labelled: Labels) -> list[Ints]:
    """Rows of container kinds whose centre lies in each tile, on its date."""
    centres = shapely.get_coordinates(rows.geometry.centroid.to_numpy())
    days = rows["date"].dt.date.to_numpy()
    eligible = rows["kind"].isin(CONTAINER_KINDS).to_numpy(bool)
    return [
        np.flatnonzero(eligible & (days == day) & shapely.contains_xy(shape, centres))
        for shape, day in zip(labelled.tiles.geometry, labelled.tiles["date"], strict=True)
    ]


def _rows_with_truth(rows: gpd.GeoDataFrame, labelled: Labels) -> pd.DataFrame:
    """The rows in the tiles: `confidence`, `counted`, `true`, `weight`."""
    parts = []
    for k, index in enumerate(_in_tiles(rows, labelled)):
        part = rows.iloc[index]
        confidence = part["confidence"].to_numpy(np.float64)
        pairs = match_labels(part.geometry.to_numpy(), labelled.containers[k], confidence)
        true: Bools = np.zeros(len(part), bool)
        true[[i for i, _ in pairs]] = True
        columns = {"confidence": confidence, "counted": part["counted"].to_numpy(bool)}
        parts.append(pd.DataFrame({**columns, "true": true, "weight": labelled.weights[k]}))
    return pd.concat(parts, ignore_index=True)


def _scale(rows: gpd.GeoDataFrame, labelled: Labels, detector: Detector) -> calibration.Confidence:
    known = _rows_with_truth(rows, labelled)
    own = calibration.original(known["confidence"].to_numpy(), *detector.scale)
    return calibration.fit_confidence(own, known["true"].to_numpy(bool), known["weight"].to_numpy())


def _rescaled(rows: gpd.GeoDataFrame, scale: calibration.Confidence, detector: Detector) -> gpd.GeoDataFrame:
    own = calibration.original(rows["confidence"].to_numpy(np.float64), *detector.scale)
    confidence = calibration.recalibrated(own, *scale)
    return rows.assign(confidence=confidence, counted=confidence >= detector.threshold)


def _precision(rows: gpd.GeoDataFrame, labelled: Labels, detector: Detector) -> float:
    known = _rows_with_truth(rows, labelled)
    counted = known[known["counted"]]
    right = float((counted["weight"] * counted["true"]).sum())
    share = (right + PRIOR_ROWS * detector.precision) / (float(counted["weight"].sum()) + PRIOR_ROWS)
    return min(share, MOST_PRECISION)


def _label_file(path: Path, labelled: Labels) -> LabelFile:
    return {
        "path": str(path),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "tiles": len(labelled.tiles),
        "containers": int(labelled.counts.sum()),
    }


def _tile_rows(before: Floats, after: Floats, counts: calibration.Counts, labelled: Labels) -> list[TileRow]:
    tiles = labelled.tiles
    expected, half = counts.scale * after[:, 0], counts.half_width * after[:, 1]
    return [
        {
            "tile": int(fid),
            "date": str(day),
            "labelled": int(true),
            "before": round(float(old), 2),
            "expected": round(float(value), 2),
            "low": round(max(0.0, float(value - width)), 2),
            "high": round(float(value + width), 2),
        }
        for fid, day, true, old, value, width in zip(
            tiles.index, tiles["date"], labelled.counts, before, expected, half, strict=True
        )
    ]


def _fit(expected: Floats, labelled: Labels) -> Fit:
    return {
        "expected": round(float(expected.sum()), 2),
        "labelled": float(labelled.counts.sum()),
        "mean_error_of_a_tile": round(float(np.abs(expected - labelled.counts).mean()), 3),
    }
