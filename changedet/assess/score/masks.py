"""Change masks and scores compared with the truth, pixel by pixel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window as RasterioWindow

from changedet.assess.score.shares import share
from changedet.errors import InputError
from changedet.pipeline.finished import Run
from changedet.store import RunFolder

BINS: Final = 4096


def score_masks(finished: Run, truths: Mapping[dt.date, Path]) -> dict[str, Any]:
    folder = RunFolder(finished.path)
    found = {}
    for date, path in truths.items():
        mask = folder.mask(date)
        if not mask.exists():
            raise InputError(f"{mask}: no such mask; the run has none of {date}")
        score = folder.score(date)
        found[date] = confusion(mask, score if score.exists() else None, path)
    return {str(date): mask_figures([one]) for date, one in found.items()} | {"all": mask_figures(list(found.values()))}


def confusion(mask: Path, score: Path | None, truth: Path) -> dict[str, Any]:
    """Pixel counts by (mask, truth), and histograms of the score of unchanged and changed pixels."""
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
    return {"counts": counts, "unseen": unseen, "histogram": histogram if score is not None else None}


def _top(score: Path | None) -> float:
    if score is None:
        return 1.0
    with rasterio.open(score) as source:
        top = float(source.tags(1).get("STATISTICS_MAXIMUM", "nan"))
        threshold = float(source.tags().get("THRESHOLD", "nan"))
    # Scores far above the threshold need no fine bins; those around it do.
    candidates = [value for value in (top, 8 * threshold) if np.isfinite(value) and value > 0]
    return min(candidates, default=1.0)


def _blocks(
    mask: Path, score: Path | None, truth: Path
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float32] | None]]:
    with rasterio.open(mask) as source, rasterio.open(truth) as raw, _on_grid(raw, source, truth) as true:
        values = rasterio.open(score) if score is not None else None
        try:
            for _, window in source.block_windows(1):
                yield (
                    source.read(1, window=window),
                    _classes(true, window),
                    values.read(1, window=window) if values else None,
                )
        finally:
            if values is not None:
                values.close()


def _classes(source: Any, window: RasterioWindow) -> NDArray[np.uint8]:
    block = source.read(1, window=window)
    return np.where(block == 1, 1, np.where(block == 0, 0, 255)).astype(np.uint8)


def _on_grid(raw: Any, like: Any, path: Path) -> Any:
    """The truth on the mask's grid: as it is where the shapes agree and it has no CRS, else by nearest neighbour."""
    if raw.crs is None:
        if raw.shape != like.shape:
            raise InputError(f"{path}: has no georeference and {raw.shape} pixels, where the mask has {like.shape}")
        return WarpedVRT(raw, src_crs=like.crs, src_transform=like.transform, crs=like.crs, transform=like.transform,
                         width=like.width, height=like.height, nodata=255)  # fmt: skip
    return WarpedVRT(raw, crs=like.crs, transform=like.transform, width=like.width, height=like.height,
                     resampling=Resampling.nearest, nodata=255, src_nodata=255)  # fmt: skip


def mask_figures(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    counts = sum(part["counts"] for part in parts)
    unseen = sum(part["unseen"] for part in parts)
    (tn, fn), (fp, tp) = counts.tolist()
    total = tn + fn + fp + tp
    expected = ((tp + fp) * (tp + fn) + (tn + fn) * (tn + fp)) / total**2 if total else 0.0
    accuracy = share(tp + tn, total)
    kappa = None if accuracy is None or expected >= 1 else (accuracy - expected) / (1 - expected)
    histograms = [part["histogram"] for part in parts if part["histogram"] is not None]
    return {
        "judged_px": total,
        "changed_px": tp + fn,
        "marked_px": tp + fp,
        "not_seen_px": int(unseen.sum()),
        "accuracy": accuracy,
        "precision": share(tp, tp + fp),
        "recall": share(tp, tp + fn),
        "f1": share(2 * tp, 2 * tp + fp + fn),
        "iou": share(tp, tp + fp + fn),
        "kappa": kappa,
        "false_alarm_fraction": share(fp, fp + tn),
        # Scores of different dates have different scales: an area under one curve would mean nothing.
        "auc": _auc(histograms[0]) if len(histograms) == 1 else None,
    }


def _auc(histogram: NDArray[np.int64]) -> float | None:
    negative, positive = histogram.astype(float)
    if not negative.sum() or not positive.sum():
        return None
    below = np.cumsum(negative) - negative
    return float((positive * (below + 0.5 * negative)).sum() / (negative.sum() * positive.sum()))
