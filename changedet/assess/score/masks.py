"""Change masks and scores compared with the truth, pixel by pixel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple, TypedDict

import numpy as np
import rasterio
from rasterio import windows
from rasterio.enums import Resampling
from rasterio.errors import RasterioIOError
from rasterio.vrt import WarpedVRT

from changedet.arrays import Bytes, Ints, Singles
from changedet.assess.score.shares import share
from changedet.assess.score.truth import naming_the_truth
from changedet.errors import InputError
from changedet.imagery import datasets
from changedet.outputs.rasters.reading import opened
from changedet.pipeline.finished import Run

BINS: Final = 4096
"""Of the histogram of scores from which the area under the ROC curve is taken."""
_TOP_THRESHOLDS: Final = 8
"""Scores above so many thresholds share the last bin: those far above it need no fine bins, those around it do."""
_NOT_JUDGED: Final = 255


class Confusion(NamedTuple):
    """Pixels of one mask against the truth.

    Attributes
    ----------
    counts : int64 (2, 2)
        Pixels by mask and truth, 0 unchanged and 1 changed.
    unseen : int64 (2,)
        Pixels where the mask has no data, by truth.
    histogram : int64 (2, BINS) or None
        Pixels by truth and score; None without a score.
    """

    counts: Ints
    unseen: Ints
    histogram: Ints | None


class MaskFigures(TypedDict):
    """Scores of one mask, or of several together; None for a share of nothing.

    Attributes
    ----------
    judged_px, changed_px, marked_px : int
        Pixels where both mask and truth have data; of these, those that truly changed, and those that are marked.
    not_seen_px : int
        Pixels that the truth knows and the mask does not.
    accuracy : float or None
        Share of the judged pixels that are right.
    precision, recall, f1, iou : float or None
        Of the changed pixels.
    kappa : float or None
        Agreement beyond chance (Cohen 1960, doi:10.1177/001316446002000104).
    false_alarm_fraction : float or None
        Share of the unchanged pixels that are marked.
    auc : float or None
        Area under the ROC curve of the score; None for several masks.
    """

    judged_px: int
    changed_px: int
    marked_px: int
    not_seen_px: int
    accuracy: float | None
    precision: float | None
    recall: float | None
    f1: float | None
    iou: float | None
    kappa: float | None
    false_alarm_fraction: float | None
    auc: float | None


def score_masks(finished: Run, truths: Mapping[dt.date, Path]) -> dict[str, MaskFigures]:
    """Scores of a run's masks.

    Parameters
    ----------
    finished : Run
        With masks, and scores where there are any.
    truths : mapping of datetime.date to pathlib.Path
        Rasters of 1 changed, 0 not, 255 not judged.

    Returns
    -------
    dict of str to MaskFigures
        By ISO date, and under ``all`` of all dates together.

    Raises
    ------
    InputError
        The run has no mask of a date, or a truth does not fit it.
    """
    folder = finished.folder
    found = {}
    for date, path in truths.items():
        mask = folder.mask(date)
        if not mask.exists():
            raise InputError(f"{mask}: no such mask; the run has none of {date}")
        score = folder.score(date)
        found[date] = confusion(mask, score if score.exists() else None, path)
    return {str(date): mask_figures([one]) for date, one in found.items()} | {"all": mask_figures(list(found.values()))}


def confusion(mask: Path, score: Path | None, truth: Path) -> Confusion:
    """Count a mask's pixels by what is true, and their scores.

    Parameters
    ----------
    mask : pathlib.Path
        1 changed, 0 not, more for no data.
    score : pathlib.Path or None
        Change scores on the mask's grid, NaN for no data.
    truth : pathlib.Path
        1 changed, 0 not, 255 not judged; warped to the mask's grid by nearest neighbour.

    Returns
    -------
    Confusion
        Over all pixels.

    Raises
    ------
    InputError
        The truth is no raster, has no georeference and another size, or judges no pixel of the mask; the mask or the
        scores cannot be read.
    """
    counts = np.zeros((2, 2), np.int64)
    unseen = np.zeros(2, np.int64)
    histogram = np.zeros((2, BINS), np.int64)
    top = _top(score)
    for found, true, values in _blocks(mask, score, truth):
        judged = (true <= 1) & (found <= 1)
        np.add.at(counts, (found[judged], true[judged]), 1)
        unseen += [int(((true == value) & (found > 1)).sum()) for value in (0, 1)]
        if values is not None:
            usable = judged & np.isfinite(values)
            bins = np.clip(values[usable] / top * BINS, 0, BINS - 1).astype(int)
            np.add.at(histogram, (true[usable], bins), 1)
    if not counts.any() and not unseen.any():
        raise InputError(
            f"{truth}: holds neither 0 nor 1 where the mask lies; expected 1 changed, 0 not, 255 not judged"
        )
    return Confusion(counts, unseen, histogram if score is not None else None)


def mask_figures(parts: Sequence[Confusion]) -> MaskFigures:
    """Scores of one mask, or of several together.

    Parameters
    ----------
    parts : sequence of Confusion
        One a mask.

    Returns
    -------
    MaskFigures
        Of the sums of their pixels.
    """
    (tn, fn), (fp, tp) = sum((part.counts for part in parts), np.zeros((2, 2), np.int64)).tolist()
    total = tn + fn + fp + tp
    expected = ((tp + fp) * (tp + fn) + (tn + fn) * (tn + fp)) / total**2 if total else 0.0
    accuracy = share(tp + tn, total)
    histograms = [part.histogram for part in parts if part.histogram is not None]
    return {
        "judged_px": total,
        "changed_px": tp + fn,
        "marked_px": tp + fp,
        "not_seen_px": sum(int(part.unseen.sum()) for part in parts),
        "accuracy": accuracy,
        "precision": share(tp, tp + fp),
        "recall": share(tp, tp + fn),
        "f1": share(2 * tp, 2 * tp + fp + fn),
        "iou": share(tp, tp + fp + fn),
        "kappa": None if accuracy is None or expected >= 1 else (accuracy - expected) / (1 - expected),
        "false_alarm_fraction": share(fp, fp + tn),
        # Scores of different dates have different scales: an area under one curve would mean nothing.
        "auc": _auc(histograms[0]) if len(histograms) == 1 else None,
    }


def _auc(histogram: Ints) -> float | None:
    negative, positive = histogram.astype(float)
    if not negative.sum() or not positive.sum():
        return None
    below = np.cumsum(negative) - negative
    return float((positive * (below + 0.5 * negative)).sum() / (negative.sum() * positive.sum()))


def _top(score: Path | None) -> float:
    """The score that the histogram ends at."""
    if score is None:
        return 1.0
    with datasets.reading(str(score)), opened(score) as source:
        top = float(source.tags(1).get("STATISTICS_MAXIMUM", "nan"))
        threshold = float(source.tags().get("THRESHOLD", "nan"))
    candidates = [value for value in (top, _TOP_THRESHOLDS * threshold) if np.isfinite(value) and value > 0]
    return min(candidates, default=1.0)


def _blocks(mask: Path, score: Path | None, truth: Path) -> Iterator[tuple[Bytes, Bytes, Singles | None]]:
    """Mask, truth and score of each block."""
    with ExitStack() as stack:
        # Errors of the run's own files name them, not the truth.
        with datasets.reading(str(score)):
            values = None if score is None else stack.enter_context(opened(score))
        with datasets.reading(str(mask)):
            source = stack.enter_context(opened(mask))
        stack.enter_context(rasterio.Env(**datasets.gdal_options(str(truth))))
        # Named at once: on its way out such an error would be taken for one of the rasters that are open already.
        with naming_the_truth(truth, RasterioIOError):
            raw = stack.enter_context(datasets.opened(str(truth)))
            true = stack.enter_context(_on_grid(raw, source, truth))
        for _, window in source.block_windows(1):
            with datasets.reading(str(score)):
                block = None if values is None else values.read(1, window=window)
            with datasets.reading(str(mask)):
                found = source.read(1, window=window)
            with naming_the_truth(truth, RasterioIOError):
                classes = _classes(true, window)
            yield found, classes, block


def _classes(source: WarpedVRT, window: windows.Window) -> Bytes:
    block = source.read(1, window=window)
    return np.where(block == 1, 1, np.where(block == 0, 0, _NOT_JUDGED)).astype(np.uint8)


def _on_grid(raw: rasterio.io.DatasetReader, like: rasterio.io.DatasetReader, path: Path) -> WarpedVRT:
    # The truth on the mask's grid: as it is where the shapes agree and it has no CRS, else by nearest neighbour.
    grid = {"crs": like.crs, "transform": like.transform, "width": like.width, "height": like.height}
    if raw.crs is not None:
        return WarpedVRT(raw, **grid, resampling=Resampling.nearest, nodata=_NOT_JUDGED, src_nodata=_NOT_JUDGED)
    if raw.shape != like.shape:
        raise InputError(f"{path}: has no georeference and {raw.shape} pixels, where the mask has {like.shape}")
    return WarpedVRT(raw, src_crs=like.crs, src_transform=like.transform, **grid, nodata=_NOT_JUDGED)
