"""Score a finished run against a truth: its masks, its boxes, its counts, its arrivals and departures, its onset."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import rasterio
import shapely
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.errors import RasterioIOError
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window as RasterioWindow

from changedet.assess.sample import adjusted_area
from changedet.errors import InputError
from changedet.pipeline.finished import Run, open_run
from changedet.store import RunFolder

IOU_LEVELS: Final = (0.3, 0.5)
EVENT_RADIUS_M: Final = 3.0
"""An arrival is found where the run has one on the same date within a container's width of it."""
BINS: Final = 4096
CONTAINER_KINDS: Final = ("20ft", "40ft", "45ft")


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
            return {"masks": {"all": _mask_figures([_confusion(source, None, _only_raster(target))])}}
    finished = open_run(source)
    if target.suffix == ".gpkg":
        return {"area": adjusted_area(finished, target)}
    with _understood(target):
        if target.is_file():
            chosen = day or max(date for date in finished.dates if date != _reference(finished))
            return {"masks": _masks(finished, {chosen: target})}
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
        figures["masks"] = _masks(finished, masks)
    if RunFolder(finished.path).objects.exists():
        figures["objects"] = _objects(finished, vectors, days)
        if day is None:
            figures["tracks"] = _tracks(finished, vectors)
    if RunFolder(finished.path).timeseries.exists():
        figures["counts"] = _counts(finished, truth, days)
    if day is None:
        figures["onset"] = _onsets(finished, truth)
    return figures


def _masks(finished: Run, truths: Mapping[dt.date, Path]) -> dict[str, Any]:
    folder = RunFolder(finished.path)
    found = {}
    for date, path in truths.items():
        mask = folder.mask(date)
        if not mask.exists():
            raise InputError(f"{mask}: no such mask; the run has none of {date}")
        score = folder.score(date)
        found[date] = _confusion(mask, score if score.exists() else None, path)
    return {str(date): _mask_figures([one]) for date, one in found.items()} | {
        "all": _mask_figures(list(found.values()))
    }


def _confusion(mask: Path, score: Path | None, truth: Path) -> dict[str, Any]:
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


def _mask_figures(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    counts = sum(part["counts"] for part in parts)
    unseen = sum(part["unseen"] for part in parts)
    (tn, fn), (fp, tp) = counts.tolist()
    total = tn + fn + fp + tp
    expected = ((tp + fp) * (tp + fn) + (tn + fn) * (tn + fp)) / total**2 if total else 0.0
    accuracy = _share(tp + tn, total)
    kappa = None if accuracy is None or expected >= 1 else (accuracy - expected) / (1 - expected)
    histograms = [part["histogram"] for part in parts if part["histogram"] is not None]
    return {
        "judged_px": total,
        "changed_px": tp + fn,
        "marked_px": tp + fp,
        "not_seen_px": int(unseen.sum()),
        "accuracy": accuracy,
        "precision": _share(tp, tp + fp),
        "recall": _share(tp, tp + fn),
        "f1": _share(2 * tp, 2 * tp + fp + fn),
        "iou": _share(tp, tp + fp + fn),
        "kappa": kappa,
        "false_alarm_fraction": _share(fp, fp + tn),
        # Scores of different dates have different scales: an area under one curve would mean nothing.
        "auc": _auc(histograms[0]) if len(histograms) == 1 else None,
    }


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _auc(histogram: NDArray[np.int64]) -> float | None:
    negative, positive = histogram.astype(float)
    if not negative.sum() or not positive.sum():
        return None
    below = np.cumsum(negative) - negative
    return float((positive * (below + 0.5 * negative)).sum() / (negative.sum() * positive.sum()))


def _layer(path: Path, name: str, crs: Any) -> gpd.GeoDataFrame:
    try:
        frame = pyogrio.read_dataframe(path, layer=name)
    except pyogrio.errors.DataSourceError as error:
        raise InputError(f"{path}: cannot read layer '{name}' ({error})") from None
    return frame.to_crs(crs)


def _of_day(frame: gpd.GeoDataFrame, day: dt.date) -> gpd.GeoDataFrame:
    return frame[pd.to_datetime(frame["date"], utc=True).dt.date == day]


def _objects(finished: Run, vectors: Path, days: Sequence[dt.date]) -> dict[str, Any]:
    found = finished.containers
    found = found[found["kind"].isin(CONTAINER_KINDS)]
    truth = _layer(vectors, "containers", found.crs)
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
            "precision": _share(hits, boxes),
            "recall": _share(hits, true),
            "f1": _share(2 * hits, boxes + true),
            "found": boxes,
            "true": true,
            "size_class_right": _share(sized, hits),
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


def _counts(finished: Run, truth: pd.DataFrame, days: Sequence[dt.date]) -> dict[str, Any]:
    series = finished.series
    whole = series[series["zone"] == ""].assign(day=lambda frame: frame["date"].dt.strftime("%Y-%m-%d"))
    both = whole.merge(truth.rename(columns=lambda name: f"true_{name}"), left_on="day", right_on="true_date")
    both = both[both["day"].isin([str(day) for day in days]) & both["containers_expected"].notna()]
    if both.empty:
        return {"dates": 0, "error": None, "coverage": None}
    error = (both["containers_expected"] - both["true_containers"]).abs()
    covered = (both["containers_low"] <= both["true_containers"]) & (both["true_containers"] <= both["containers_high"])
    steps = (both["containers_expected"].diff() - both["true_containers"].diff()).abs().dropna()
    return {
        "dates": len(both),
        "error": _share(float(error.sum()), float(both["true_containers"].sum())),
        "bias": _share(
            float((both["containers_expected"] - both["true_containers"]).sum()), float(both["true_containers"].sum())
        ),
        "error_of_difference": float(steps.mean()) if len(steps) else None,
        "coverage": float(covered.mean()),
        "by_date": {
            day: [float(found), int(true)]
            for day, found, true in zip(both["day"], both["containers_expected"], both["true_containers"], strict=True)
        },
    }


def _tracks(finished: Run, vectors: Path) -> dict[str, Any]:
    mine = finished.tracks
    mine = mine[mine["kind"].isin(CONTAINER_KINDS)]
    truth = _layer(vectors, "tracks", mine.crs)
    days = finished.dates
    return {
        "arrivals": _event_figures(
            _events(mine[mine["not_before"].notna()], "first_seen", days),
            _events(truth, "arrived", days, skip_first=True),
        ),
        "departures": _event_figures(_events(mine, "not_after", days), _events(truth, "departed", days)),
    }


def _events(
    frame: gpd.GeoDataFrame, column: str, days: Sequence[dt.date], *, skip_first: bool = False
) -> dict[dt.date, Any]:
    """Points by the first look that shows the event; events before the first look, or after the last, are none."""
    found: dict[dt.date, list[Any]] = {}
    for when, point in zip(pd.to_datetime(frame[column], utc=True), frame.geometry, strict=True):
        if pd.isna(when):
            continue
        shown = next((day for day in days if day >= when.date()), None)
        if shown is not None and not (skip_first and shown == days[0]):
            found.setdefault(shown, []).append(point)
    return found


def _event_figures(mine: Mapping[dt.date, Sequence[Any]], true: Mapping[dt.date, Sequence[Any]]) -> dict[str, Any]:
    hits = sum(_near_pairs(mine.get(day, []), true[day]) for day in true)
    count, wanted = sum(map(len, mine.values())), sum(map(len, true.values()))
    return {
        "precision": _share(hits, count),
        "recall": _share(hits, wanted),
        "f1": _share(2 * hits, count + wanted),
        "found": count,
        "true": wanted,
    }


def _near_pairs(mine: Sequence[Any], true: Sequence[Any]) -> int:
    from scipy.optimize import linear_sum_assignment

    if not mine or not true:
        return 0
    apart = np.hypot(
        *[np.subtract.outer([getattr(p, axis) for p in mine], [getattr(p, axis) for p in true]) for axis in "xy"]
    )
    near = apart <= EVENT_RADIUS_M
    rows, columns = linear_sum_assignment(-near.astype(float))
    return int(near[rows, columns].sum())


def _onsets(finished: Run, truth: pd.DataFrame) -> dict[str, Any]:
    columns = {"containers": "onset_containers", "changed_area": "onset_changed", "footprint": "onset_footprint"}
    figures: dict[str, Any] = {}
    for name, column in columns.items():
        if column not in truth:
            continue
        when = truth[column].dropna()
        wanted = None if when.empty else dt.date.fromisoformat(str(when.iloc[0])[:10])
        shown = None if wanted is None else next((day for day in finished.dates if day >= wanted), None)
        found = finished.summary["onset"][name]
        own = None if found["date"] is None else dt.date.fromisoformat(found["date"])
        inside = None
        if wanted is not None and own is not None:
            inside = dt.date.fromisoformat(found["low"]) <= wanted <= dt.date.fromisoformat(found["high"])
        figures[name] = {
            "found": found["date"],
            "true": None if wanted is None else str(wanted),
            "right": own == shown,
            "interval_holds_truth": inside,
        }
    return figures


def format_scores(figures: Mapping[str, Any]) -> str:
    """The figures as text, one line each."""
    return "\n".join(_lines(figures))


def _lines(figures: Mapping[str, Any], indent: int = 0) -> Iterator[str]:
    for name, value in figures.items():
        pad = "  " * indent
        if isinstance(value, Mapping) and all(not isinstance(inner, Mapping) for inner in value.values()):
            cells = "  ".join(f"{key} {_shown(inner)}" for key, inner in value.items())
            yield f"{pad}{name}: {cells}"
        elif isinstance(value, Mapping):
            yield f"{pad}{name}"
            yield from _lines(value, indent + 1)
        else:
            yield f"{pad}{name}: {_shown(value)}"


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return " / ".join(_shown(item) for item in value)
    return "-" if value is None else str(value)
