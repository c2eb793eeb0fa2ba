"""A detector fitted to the user's own scenes: its threshold, the bias of its counts and their interval."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from changedet.assess import reopen
from changedet.assess.labels import Labels, checked, match_labels
from changedet.assess.tiles_to_label import LEAST_CLEAR, clear_share
from changedet.errors import InputError
from changedet.grid import Grid
from changedet.kernels import calibration as kernel
from changedet.kernels.containers import CONTAINER_KINDS
from changedet.outputs import json_files
from changedet.outputs.gpkg.labels import read_labels
from changedet.pipeline.finished import Run
from changedet.stages.objects.stage import STAGE as OBJECTS
from changedet.stages.registry import Facts, Method
from changedet.stages.series.counts import tracked_boxes
from changedet.stages.tracks.kernels.detector_tables import calibration
from changedet.stages.tracks.result import TrackMethod, Tracks
from changedet.stages.tracks.stage import STAGE as TRACKS
from changedet.stages.tracks.visibility import SeriesVisibility
from changedet.store import RunFolder

LEAST_TILES: Final = 8
LEAST_LABELS: Final = 30
PRIOR_ROWS: Final = 10.0
"""Weight of the detector's own precision, in boxes."""
MOST_SCATTER: Final = 1.25
"""Times the half width that comes with the detector: as far as two dozen tiles scatter by chance."""
RESULT: Final = "calibration.json"


@dataclass(frozen=True)
class Detector:
    """What a run's workflow says of its detector.

    Attributes
    ----------
    name : str
    threshold : float
        Confidence from which a box counts.
    scale : Confidence
        By which its confidences were told.
    precision : float
        Share of counted boxes that are true, as the tracks take it.
    count_scale : float
        Boxes that stand there for one that is expected, as the series takes it.
    tracks : Method
    parameters : mapping
        How the run follows boxes.
    """

    name: str
    threshold: float
    scale: kernel.Confidence
    precision: float
    count_scale: float
    tracks: Method[TrackMethod]
    parameters: Mapping[str, Any]

    def followed(self, rows: gpd.GeoDataFrame, looks: SeriesVisibility, precision: float) -> Tracks:
        """The boxes, followed as the run follows them."""
        facts = Facts(math.nan, dates=len(looks.dates), detector=self.name)
        follow = self.tracks.function(facts, **{**self.parameters, "precision": precision})
        return follow(rows, looks)


def calibrate(finished: Run, labels: str | Path) -> dict[str, Any]:
    """Fit the detector's confidences and the series' counts to tiles that a person labelled.

    The boxes of the labelled tiles, weak ones too, give a logistic regression of truth on confidence. With confidences
    told by it, the site is followed anew, and what is then expected in each tile is held against what was labelled
    there: their ratio corrects the bias, their scatter gives the interval. Everything is kept in ``calibration.json``.

    Parameters
    ----------
    finished : Run
        A finished run of the workflow, with containers counted and followed by `hmm`.
    labels : path
        Layers ``tiles`` (polygons with `date`; those with `labelled` false are left out) and ``containers`` (rectangles
        or points with `date` and, optionally, `kind`).

    Returns
    -------
    dict
        ``objects`` and ``tracks``: the parameters to put into the workflow; ``threshold``: the confidence of the
        detector's own scale from which boxes count then; ``labels`` with checksum and numbers; ``before`` and
        ``after``: what was expected and how it fits; ``tiles``: one row each; ``bias`` of the present counts with its
        95 % error, and whether the labels have them ``borne_out``; ``warnings``.

    Raises
    ------
    InputError
        The labels cannot be read, do not fit the run, or are too few; all mistakes at once.
    """
    days = reopen.counted_days(finished)
    folder, grid = RunFolder(finished.path), Grid.from_json(finished.provenance["grid"])
    path = Path(labels)
    try:
        given = read_labels(path, grid.crs)
    except ValueError as error:
        raise InputError(
            f"{path}: {error}; `changedet calibrate WORKFLOW --labels FILE --draw 24` begins one"
        ) from None
    looks, unsure = reopen.looks(folder, grid, days)
    told = checked(*given, grid, days, path)
    told, clouded = _seen(told, looks)
    _enough(told, path)
    detector = _detector(finished, grid.ground_resolution_m)
    rows, said = reopen.boxes(finished, folder, grid, days)
    before = _expected(detector.followed(rows, looks, detector.precision), told)
    scale = _scale(rows, told, detector)
    rows = _rescaled(rows, scale, detector)
    precision = _precision(rows, told, detector)
    after = _expected(detector.followed(rows, looks, precision), told)
    own = calibration(detector.name, grid.ground_resolution_m)
    counts = kernel.fit_counts(
        after[:, 0], after[:, 1], told.counts, told.weights, own.scale, float(np.mean(own.boxes))
    )
    result = _result(told, path, detector, scale, precision, counts, before * [detector.count_scale, 1.0], after)
    result |= _present(before, told, detector, float(np.mean(own.boxes)))
    result["warnings"] = [*said, *unsure, *clouded, *told.warnings]
    json_files.write_json(finished.path / RESULT, result)
    return result


def _present(before: NDArray[np.float64], told: Labels, detector: Detector, half_width: float) -> dict[str, Any]:
    """Whether the labels bear out the counts as they are: no bias beyond its error, no more scatter than is told.

    Two dozen tiles tell a bias to some per cent: where none is to be seen, putting the fit in its place adds noise.
    """
    scale = detector.count_scale
    found = kernel.fit_counts(before[:, 0], before[:, 1], told.counts, told.weights, scale, half_width)
    bias, error = found.scale / scale - 1.0, 1.96 * found.scale_error / scale
    borne_out = abs(bias) <= error and found.half_width <= MOST_SCATTER * half_width
    return {"borne_out": borne_out, "bias": round(bias, 4), "bias_error": round(error, 4)}


def _seen(told: Labels, looks: SeriesVisibility) -> tuple[Labels, list[str]]:
    """Without the tiles that their date does not show."""
    index = {day: i for i, day in enumerate(looks.dates)}
    kept, said = [], []
    for k, (shape, day) in enumerate(zip(told.tiles.geometry, told.tiles["date"], strict=True)):
        clear = clear_share(looks, index[day], shape)
        kept.append(clear >= LEAST_CLEAR)
        if not kept[-1]:
            said.append(f"tiles[{told.tiles.index[k]}]: {day} shows {clear:.0%} of it; it is left out")
    return told.only(np.array(kept, bool)), said


def _enough(told: Labels, path: Path) -> None:
    count = int(told.counts.sum())
    if len(told.tiles) < LEAST_TILES or count < LEAST_LABELS:
        raise InputError(
            f"{path}: {len(told.tiles)} labelled tiles with {count} containers; a calibration needs "
            f"{LEAST_TILES} tiles and {LEAST_LABELS} containers, better 20 and 100"
        )


def _detector(finished: Run, resolution_m: float) -> Detector:
    found, following = reopen.method(finished, OBJECTS), reopen.method(finished, TRACKS)
    if found is None or following is None or "count_scale" not in following[1]:
        raise InputError(f"{finished.path}: no counts to calibrate; it needs 'tracks: {{method: hmm}}'")
    name, asked = found[0].name, found[1]
    return Detector(
        name=name,
        threshold=asked["min_confidence"],
        scale=kernel.Confidence(asked["confidence_slope"], asked["confidence_offset"]),
        precision=following[1]["precision"],
        count_scale=following[1]["count_scale"] or calibration(name, resolution_m).scale,
        tracks=following[0],
        parameters=following[1],
    )


def _expected(followed: Tracks, told: Labels) -> NDArray[np.float64]:
    """Boxes expected in each tile before any scale, and the unit of their interval: (tile, 2)."""
    found = []
    for shape, day in zip(told.tiles.geometry, told.tiles["date"], strict=True):
        counted = tracked_boxes(followed, shape)
        found.append(counted.standing(followed.dates.index(day), np.ones(len(counted.weight)))[:2])
    return np.array(found, np.float64)


def _in_tiles(rows: gpd.GeoDataFrame, told: Labels) -> list[NDArray[np.int64]]:
    """Rows of container kinds whose centre lies in each tile, on its date."""
    centres = shapely.get_coordinates(rows.geometry.centroid.to_numpy())
    days = rows["date"].dt.date.to_numpy()
    eligible = rows["kind"].isin(CONTAINER_KINDS).to_numpy(bool)
    return [
        np.flatnonzero(eligible & (days == day) & shapely.contains_xy(shape, centres))
        for shape, day in zip(told.tiles.geometry, told.tiles["date"], strict=True)
    ]


def _judged(rows: gpd.GeoDataFrame, told: Labels) -> pd.DataFrame:
    """The rows in the tiles: `confidence`, `counted`, `true`, `weight`."""
    parts = []
    for k, index in enumerate(_in_tiles(rows, told)):
        part = rows.iloc[index]
        pairs = match_labels(part.geometry.to_numpy(), told.containers[k], part["confidence"].to_numpy(np.float64))
        true = np.zeros(len(part), bool)
        true[[i for i, _ in pairs]] = True
        columns = {"confidence": part["confidence"].to_numpy(np.float64), "counted": part["counted"].to_numpy(bool)}
        parts.append(pd.DataFrame({**columns, "true": true, "weight": told.weights[k]}))
    return pd.concat(parts, ignore_index=True)


def _scale(rows: gpd.GeoDataFrame, told: Labels, detector: Detector) -> kernel.Confidence:
    judged = _judged(rows, told)
    raw = kernel.original(judged["confidence"].to_numpy(), *detector.scale)
    return kernel.fit_confidence(raw, judged["true"].to_numpy(bool), judged["weight"].to_numpy())


def _rescaled(rows: gpd.GeoDataFrame, scale: kernel.Confidence, detector: Detector) -> gpd.GeoDataFrame:
    raw = kernel.original(rows["confidence"].to_numpy(np.float64), *detector.scale)
    told = kernel.recalibrated(raw, *scale)
    return rows.assign(confidence=told, counted=told >= detector.threshold)


def _precision(rows: gpd.GeoDataFrame, told: Labels, detector: Detector) -> float:
    judged = _judged(rows, told)
    counted = judged[judged["counted"]]
    right = float((counted["weight"] * counted["true"]).sum())
    share = (right + PRIOR_ROWS * detector.precision) / (float(counted["weight"].sum()) + PRIOR_ROWS)
    return min(share, 0.999)


def _result(
    told: Labels,
    path: Path,
    detector: Detector,
    scale: kernel.Confidence,
    precision: float,
    counts: kernel.Counts,
    before: NDArray[np.float64],
    after: NDArray[np.float64],
) -> dict[str, Any]:
    expected = counts.scale * after[:, 0]
    half = counts.half_width * after[:, 1]
    rows = [
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
            told.tiles.index, told.tiles["date"], told.counts, before[:, 0], expected, half, strict=True
        )
    ]
    threshold = float(kernel.original(np.array([detector.threshold]), *scale)[0])
    return {
        "detector": detector.name,
        "objects": {"confidence_slope": round(scale.slope, 4), "confidence_offset": round(scale.offset, 4)},
        "tracks": {
            "precision": round(precision, 4),
            "count_scale": round(counts.scale, 4),
            "count_half_width": round(counts.half_width, 4),
        },
        "threshold": round(threshold, 4),
        "scale_error": round(counts.scale_error, 4),
        "labels": {
            "path": str(path),
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "tiles": len(told.tiles),
            "containers": int(told.counts.sum()),
        },
        "before": _fit(before[:, 0], told),
        "after": _fit(expected, told),
        "tiles": rows,
    }


def _fit(expected: NDArray[np.float64], told: Labels) -> dict[str, float]:
    return {
        "expected": round(float(expected.sum()), 2),
        "labelled": float(told.counts.sum()),
        "mean_error_of_a_tile": round(float(np.abs(expected - told.counts).mean()), 3),
    }
