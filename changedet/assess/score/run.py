"""A finished run scored against a truth: its masks, boxes, counts, arrivals and departures, and its onsets."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TypedDict

import pandas as pd

from changedet.assess.sample import SampleFigures, adjusted_area
from changedet.assess.score.boxes import BoxFigures, score_boxes
from changedet.assess.score.counts import CountFigures, score_counts
from changedet.assess.score.directions import DirectionFigures, score_directions
from changedet.assess.score.intervals import IntervalFigures, score_intervals
from changedet.assess.score.masks import MaskFigures, confusion, mask_figures, score_masks
from changedet.assess.score.onset import OnsetFigures, score_onsets
from changedet.assess.score.tracks import TrackFigures, score_tracks
from changedet.assess.score.truth import truth_table
from changedet.errors import InputError
from changedet.pipeline.finished import Run, open_run


class Scores(TypedDict, total=False):
    """What `score_run` gives; only what the run and the truth have is there."""

    masks: dict[str, MaskFigures]
    directions: dict[str, DirectionFigures]
    objects: dict[str, BoxFigures]
    tracks: TrackFigures
    counts: CountFigures
    intervals: dict[str, IntervalFigures]
    onset: dict[str, OnsetFigures]
    area: SampleFigures


def score_run(run_dir: str | Path, truth: str | Path, *, day: dt.date | None = None) -> Scores:
    """Accuracy of a run, or of a mask.

    Parameters
    ----------
    run_dir : path
        A run folder, or a mask raster (1 changed, 0 not, 255 no data).
    truth : path
        A ``truth/`` folder as the simulator writes it, a raster (1 changed, 0 not, 255 not judged), or a labelled
        ``sample_<date>.gpkg``.
    day : datetime.date, optional
        Only this date; by default all that the truth knows. With a raster as truth, by default the last date.

    Returns
    -------
    Scores
        ``masks`` (a mapping by date, and ``all``), and with a truth folder ``directions``, ``objects``, ``counts``,
        ``intervals``, ``tracks`` and ``onset``; with a labelled sample ``area``, error-adjusted.

    Raises
    ------
    InputError
        No run, no truth, no such date, or a truth on another grid that has no georeference.
    """
    source, target = Path(run_dir), Path(truth)
    if not target.exists():
        raise InputError(f"{truth}: no such truth; give a truth/ folder, a raster of 1, 0 and 255, or a sample")
    if source.is_file():
        return {"masks": {"all": mask_figures([confusion(source, None, _only_raster(target))])}}
    finished = open_run(source)
    if target.suffix == ".gpkg":
        return {"area": adjusted_area(finished, target)}
    if target.is_file():
        return {"masks": score_masks(finished, {day or _last_compared(finished): target})}
    return _against_folder(finished, target, day)


def _only_raster(target: Path) -> Path:
    if target.is_dir():
        raise InputError(f"{target}: a single mask is scored against a raster, not a folder; give --truth a raster")
    return target


def _last_compared(finished: Run) -> dt.date:
    compared = [date for date in finished.dates if date != _reference(finished)]
    if not compared:
        raise InputError(f"{finished.path}: has a single look, and so no mask that a raster could be compared with")
    return max(compared)


def _reference(finished: Run) -> dt.date:
    return dt.date.fromisoformat(finished.summary["reference_date"])


def _truth_of(finished: Run, table: Path) -> pd.DataFrame:
    truth = truth_table(table)
    # A truth of no date that the run has would give no figure, and onsets that are right because neither has one.
    if len(truth) and not set(truth["date"]) & {str(date) for date in finished.dates}:
        span = f"{min(finished.dates)} to {max(finished.dates)}"
        raise InputError(f"{table}: has no date of the run, whose looks are of {span}; is it another site's?")
    return truth


def _against_folder(finished: Run, target: Path, day: dt.date | None) -> Scores:
    table, vectors = target / "truth.csv", target / "truth.gpkg"
    if not table.exists() or not vectors.exists():
        inside = target / "truth"
        hint = f"; did you mean '{inside}'?" if inside.is_dir() else ""
        raise InputError(f"{target}: not a truth folder; expected truth.csv and truth.gpkg in it{hint}")
    days = [date for date in finished.dates if day is None or date == day]
    if not days:
        raise InputError(f"--date: the run has no {day}; it has {', '.join(str(date) for date in finished.dates)}")
    folder, rasters = finished.folder, {date: target / f"{date}_mask.tif" for date in days}
    truth = _truth_of(finished, table)
    figures: Scores = {}
    masks = {date: path for date, path in rasters.items() if path.exists() and folder.mask(date).exists()}
    if masks:
        figures["masks"] = score_masks(finished, masks)
    if folder.objects.exists():
        figures["directions"] = score_directions(finished, vectors, days, _reference(finished))
        figures["objects"] = score_boxes(finished, vectors, days)
        if day is None:
            figures["tracks"] = score_tracks(finished, vectors)
    if folder.timeseries.exists():
        figures["counts"] = score_counts(finished, truth, days)
        figures["intervals"] = score_intervals(finished, truth, days)
    if day is None:
        figures["onset"] = score_onsets(finished, truth)
    return figures
