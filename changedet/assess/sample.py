"""A stratified sample of a run's mask to label in QGIS, and the changed area that its labels give."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Final, TypedDict

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from changedet.arrays import Ints
from changedet.assess.kernels.areas import error_adjusted
from changedet.blocks import tiles
from changedet.errors import InputError
from changedet.grid import Grid
from changedet.outputs.gpkg.sample import LAYER, read_sample, write_sample
from changedet.outputs.rasters.reading import read_window
from changedet.pipeline.area_sums import changed_and_seen
from changedet.pipeline.finished import Run, open_run

STRATA: Final = ("unchanged", "changed")
"""The mask's classes 0 and 1."""
LEAST_POINTS: Final = 50
"""In the rarer stratum, where the sample is large enough: Olofsson et al. 2014 advise 50 to 100."""
WINDOW_PX: Final = 1024
"""Edge of the windows in which a mask is read."""
FEWEST_POINTS: Final = 8


class SampleFigures(TypedDict):
    """Accuracy of a date's mask and the error-adjusted changed area.

    Attributes
    ----------
    date : str
        ISO date of the mask.
    labelled : int
        Points with a label.
    mapped_m2 : float
        Area that the mask marks.
    changed_area_m2, changed_area_low_m2, changed_area_high_m2 : float
        Error-adjusted area with its 95 % interval, within 0 and what was seen.
    overall, overall_margin : float
        Overall accuracy, 0 to 1, and the half width of its 95 % interval.
    users, users_margin, producers, producers_margin : float
        Accuracies of the changed class; NaN where nothing of it was found.
    """

    date: str
    labelled: int
    mapped_m2: float
    changed_area_m2: float
    changed_area_low_m2: float
    changed_area_high_m2: float
    overall: float
    overall_margin: float
    users: float
    users_margin: float
    producers: float
    producers_margin: float


def sample_run(run_dir: str | Path, *, day: dt.date | None = None, points: int = 300, seed: int = 0) -> str:
    """Write ``sample_<date>.gpkg``: random pixels of either class of a date's mask, for a person to label.

    The changed stratum gets its share of the area, but at least 50 points, or half of them all.

    Parameters
    ----------
    run_dir : path
        A finished run with masks.
    day : datetime.date, optional
        Default: the last date.
    points : int
        How many, 8 or more.
    seed : int
        The same seed takes the same pixels.

    Returns
    -------
    str
        What to do next.

    Raises
    ------
    InputError
        No such run, date or mask; too few points or pixels; the file exists, as it may hold labels.
    """
    finished = open_run(run_dir)
    chosen, mask = _mask(finished, day)
    if points < FEWEST_POINTS:
        raise InputError(f"--points: {points}, expected {FEWEST_POINTS} or more")
    path = finished.path / f"sample_{chosen}.gpkg"
    if path.exists():
        raise InputError(f"{path}: exists, and may hold labels; move it away to draw another sample")
    grid = finished.grid
    places = _draw(mask, grid, points, np.random.default_rng([seed, chosen.toordinal()]))
    write_sample(path, _frame(places, chosen, grid))
    return "\n".join(
        (
            str(path),
            f"1. Open it in QGIS beside {finished.path.name}'s scenes. Layer '{LAYER}' holds {len(places)} points: set",
            f"   'label' to 1 where the ground has changed by {chosen}, to 0 where not, and leave it empty where you",
            "   cannot tell.",
            f"2. changedet score {run_dir} --truth {path}",
        )
    )


def _mask(finished: Run, day: dt.date | None) -> tuple[dt.date, Path]:
    later = [date for date in finished.dates if str(date) != finished.summary["reference_date"]]
    if not later or (day is not None and day not in later):
        raise InputError(f"--date: no mask of {day or 'any date'}; there are {', '.join(map(str, later)) or 'none'}")
    chosen = day or max(later)
    path = finished.folder.mask(chosen)
    if not path.exists():
        raise InputError(f"{path}: no such mask; was the run made with 'masks' in outputs.formats?")
    return chosen, path


def _draw(mask: Path, grid: Grid, points: int, rng: np.random.Generator) -> list[tuple[int, int, int]]:
    # ``(stratum, row, column)`` of random pixels, each at most once.
    windows = tiles(grid.shape, WINDOW_PX)
    counts = np.array([[(read_window(mask, w) == k).sum() for k in range(len(STRATA))] for w in windows])
    total = counts.sum(axis=0)
    if (total < LEAST_POINTS).any():
        rare = int(np.argmin(total))
        raise InputError(f"{mask}: {total[rare]} {STRATA[rare]} pixels; a sample needs at least {LEAST_POINTS} of each")
    least = min(LEAST_POINTS, points // 2)
    changed = min(max(round(points * total[1] / total.sum()), least), points - least)
    wanted = (points - changed, changed)
    ranks = [np.sort(rng.choice(total[k], min(wanted[k], total[k]), replace=False)) for k in range(len(STRATA))]
    found = []
    before = np.cumsum(counts, axis=0) - counts
    for number, window in enumerate(windows):
        block = None
        for k, own in enumerate(ranks):
            first, last = np.searchsorted(own, [before[number, k], before[number, k] + counts[number, k]])
            if first == last:
                continue
            block = read_window(mask, window) if block is None else block
            rows, columns = np.nonzero(block == k)
            at = own[first:last] - before[number, k]
            found += [(k, window.y + int(y), window.x + int(x)) for y, x in zip(rows[at], columns[at], strict=True)]
    order = rng.permutation(len(found))  # so that nobody labels a stratum at a time
    return [found[k] for k in order]


def _frame(places: list[tuple[int, int, int]], day: dt.date, grid: Grid) -> gpd.GeoDataFrame:
    strata, rows, columns = (np.array(column) for column in zip(*places, strict=True))
    t = grid.transform
    x = t.a * (columns + 0.5) + t.b * (rows + 0.5) + t.c
    y = t.d * (columns + 0.5) + t.e * (rows + 0.5) + t.f
    columns_of = {
        "sample_id": np.arange(1, len(places) + 1, dtype=np.int32),
        "date": str(day),
        "stratum": [STRATA[k] for k in strata],
        "label": pd.array([pd.NA] * len(places), dtype="Int32"),
    }
    return gpd.GeoDataFrame(columns_of, geometry=shapely.points(x, y), crs=grid.crs)


def adjusted_area(finished: Run, path: str | Path) -> SampleFigures:
    """Accuracy of a date's mask and the error-adjusted changed area, from a labelled sample.

    Parameters
    ----------
    finished : Run
        With the mask that the sample was drawn from.
    path : path
        As `sample_run` wrote it, labelled.

    Returns
    -------
    SampleFigures
        By `changedet.assess.kernels.areas.error_adjusted`.

    Raises
    ------
    InputError
        The file is no sample, has too few labels, or was drawn from another mask.
    """
    try:
        sample = read_sample(path)
    except ValueError as error:
        raise InputError(f"{path}: {error}") from None
    day, mask = _mask(finished, dt.date.fromisoformat(str(sample["date"].iloc[0])))
    grid = finished.grid
    stratum = sample["stratum"].map({name: k for k, name in enumerate(STRATA)}).to_numpy()
    points = sample.geometry if sample.crs is None else sample.geometry.to_crs(grid.crs)
    if (stratum != _classes_at(mask, grid, points)).any():
        raise InputError(f"{path}: was drawn from another mask than {mask}; draw the sample anew")
    label = pd.to_numeric(sample["label"]).to_numpy(dtype=np.float64, na_value=np.nan)
    is_labelled = np.isin(label, (0, 1))
    counts = np.zeros((2, 2), np.int64)
    np.add.at(counts, (stratum[is_labelled].astype(int), label[is_labelled].astype(int)), 1)
    ((changed, seen),) = changed_and_seen(mask, grid, [None])
    try:
        found = error_adjusted(counts, np.array([seen - changed, changed]))
    except ValueError as error:
        raise InputError(f"{path}: {error}; label more points of both strata") from None
    area, margin = float(found.area[1]), float(found.area_margin[1])
    return {
        "date": str(day),
        "labelled": int(is_labelled.sum()),
        "mapped_m2": changed,
        "changed_area_m2": area,
        "changed_area_low_m2": max(0.0, area - margin),
        "changed_area_high_m2": min(seen, area + margin),
        "overall": found.overall,
        "overall_margin": found.overall_margin,
        "users": float(found.users[1]),
        "users_margin": float(found.users_margin[1]),
        "producers": float(found.producers[1]),
        "producers_margin": float(found.producers_margin[1]),
    }


def _classes_at(mask: Path, grid: Grid, points: gpd.GeoSeries) -> Ints:
    t, x, y = ~grid.transform, points.x.to_numpy(), points.y.to_numpy()
    columns = np.floor(t.a * x + t.b * y + t.c).astype(int)
    rows = np.floor(t.d * x + t.e * y + t.f).astype(int)
    found = np.full(len(rows), -1, np.int64)
    for window in tiles(grid.shape, WINDOW_PX):
        inside = (rows >= window.y) & (rows < window.y + window.height)
        inside &= (columns >= window.x) & (columns < window.x + window.width)
        if inside.any():
            found[inside] = read_window(mask, window)[rows[inside] - window.y, columns[inside] - window.x]
    return found
