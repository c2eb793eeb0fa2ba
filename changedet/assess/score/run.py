"""Score a finished run against a truth: its masks, its boxes, its counts, its arrivals and departures, its onset."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
from rasterio.errors import RasterioIOError

from changedet.assess.sample import adjusted_area
from changedet.assess.score.boxes import score_boxes
from changedet.assess.score.counts import score_counts
from changedet.assess.score.masks import confusion, mask_figures, score_masks
from changedet.assess.score.onset import score_onsets
from changedet.assess.score.tracks import score_tracks
from changedet.errors import InputError
from changedet.pipeline.finished import Run, open_run
from changedet.store import RunFolder


def score_run(run_dir: str | Path, truth: str | Path, *, day: dt.date | None = None) -> dict[str, Any]:
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
    dict
        ``masks`` (a mapping by date, and ``all``), and with a truth folder ``objects``, ``counts``, ``tracks`` and
        ``onset``; with a labelled sample ``area``, error-adjusted.

    Raises
    ------
    InputError
        No run, no truth, no such date, or a truth on another grid that has no georeference.
    """
    source, target = Path(run_dir), Path(truth)
    if not target.exists():
        raise InputError(f"{truth}: no such truth; give a truth/ folder, a raster of 1, 0 and 255, or a sample")
    if source.is_file():
        with _understood(target):
            return {"masks": {"all": mask_figures([confusion(source, None, _only_raster(target))])}}
    finished = open_run(source)
    if target.suffix == ".gpkg":
        return {"area": adjusted_area(finished, target)}
    with _understood(target):
        if target.is_file():
            chosen = day or max(date for date in finished.dates if date != _reference(finished))
            return {"masks": score_masks(finished, {chosen: target})}
        return _against_folder(finished, target, day)


@contextmanager
def _understood(target: Path) -> Iterator[None]:
    """Make one line that names the truth of whatever is not as a truth is: other columns, words for numbers, no CRS."""
    try:
        yield
    except (KeyError, TypeError, ValueError, RuntimeError, RasterioIOError) as error:
        detail = " ".join(str(error).replace(str(target), "").split())[:120]
        told = "a truth/ folder as `changedet simulate` writes it, a raster of 1, 0 and 255, or a sample"
        raise InputError(f"{target}: cannot be understood ({detail}), expected {told}") from error


def _only_raster(target: Path) -> Path:
    if target.is_dir():
        raise InputError(f"{target}: a single mask is scored against a raster, not a folder; give --truth a raster")
    return target


def _reference(finished: Run) -> dt.date:
    return dt.date.fromisoformat(finished.summary["reference_date"])


def _against_folder(finished: Run, target: Path, day: dt.date | None) -> dict[str, Any]:
    table = target / "truth.csv"
    vectors = target / "truth.gpkg"
    if not table.exists() or not vectors.exists():
        raise InputError(f"{target}: not a truth folder; expected truth.csv and truth.gpkg in it")
    days = [date for date in finished.dates if day is None or date == day]
    if not days:
        raise InputError(f"--date: the run has no {day}; it has {', '.join(str(date) for date in finished.dates)}")
    rasters = {date: target / f"{date}_mask.tif" for date in days if (target / f"{date}_mask.tif").exists()}
    truth = pd.read_csv(table)
    truth["containers"] = pd.to_numeric(truth["containers"])
    figures: dict[str, Any] = {}
    masks = {date: path for date, path in rasters.items() if RunFolder(finished.path).mask(date).exists()}
    if masks:
        figures["masks"] = score_masks(finished, masks)
    if RunFolder(finished.path).objects.exists():
        figures["objects"] = score_boxes(finished, vectors, days)
        if day is None:
            figures["tracks"] = score_tracks(finished, vectors)
    if RunFolder(finished.path).timeseries.exists():
        figures["counts"] = score_counts(finished, truth, days)
    if day is None:
        figures["onset"] = score_onsets(finished, truth)
    return figures
