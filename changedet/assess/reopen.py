"""A finished run's boxes, looks and methods, to track and count again with what a person knows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, TypeVar

import geopandas as gpd

from changedet.errors import InputError
from changedet.grid import Grid
from changedet.imagery.angles import ViewAngles
from changedet.outputs.values import rows_of
from changedet.pipeline.boxes import kept_boxes
from changedet.pipeline.finished import Run
from changedet.pipeline.looks import RunLooks
from changedet.stages.registry import NONE, Method, Stage
from changedet.stages.tracks.visibility import GivenVisibility, SeriesVisibility
from changedet.store import RunFolder

Made = TypeVar("Made")


def counted_days(finished: Run) -> list[dt.date]:
    """The dates on which a run counted boxes.

    Parameters
    ----------
    finished : Run
        With a time series.

    Returns
    -------
    list of datetime.date
        Sorted; one or more.

    Raises
    ------
    InputError
        It counted none; the reason is the run's own.
    """
    known = rows_of(finished.series).dropna(subset="containers_expected")
    if not len(known):
        reason = finished.summary.get("unavailable", {}).get("containers", "none were counted and followed")
        raise InputError(f"{finished.path}: no containers: {reason}")
    return [stamp.date() for stamp in known["date"]]


def followed_days(finished: Run) -> list[dt.date]:
    """The dates on which a run detected and followed boxes, those whose estimates it refused among them.

    Parameters
    ----------
    finished : Run
        With a time series.

    Returns
    -------
    list of datetime.date
        Sorted; one or more.

    Raises
    ------
    InputError
        It estimated no count; the reason is the run's own.
    """
    seen = rows_of(finished.series).dropna(subset="containers")
    return sorted({*counted_days(finished), *(stamp.date() for stamp in seen["date"])})


def boxes(finished: Run, folder: RunFolder, grid: Grid, days: Sequence[dt.date]) -> tuple[gpd.GeoDataFrame, list[str]]:
    """All boxes of the run with the candidates below the count threshold, where those are still kept.

    Parameters
    ----------
    finished : Run
        With containers.
    folder : RunFolder
        Its folder.
    grid : Grid
        Its grid.
    days : sequence of datetime.date
        On which boxes were counted.

    Returns
    -------
    rows : geopandas.GeoDataFrame
        As the layer ``containers``, and `counted`, false for a candidate.
    warnings : list of str
        One where the candidates are no longer kept.
    """
    containers = finished.containers
    try:
        kept = kept_boxes(folder, grid, days)
    except (OSError, ValueError, KeyError):
        kept = None
    sure = containers["object_id"]
    if "confirmed" in containers:
        sure = sure[~containers["confirmed"].fillna(False).astype(bool)]
    # What the tracks take for clutter counts by its look alone, and is in no layer.
    if kept is not None and set(sure) <= set(kept["object_id"][kept["counted"]]):
        return kept, []
    warning = (
        "the candidates below the count threshold are no longer kept; boxes missed on single dates may show as gone"
    )
    return containers.drop(columns=["track_id", "zone", "confirmed"], errors="ignore").assign(counted=True), [warning]


def looks(finished: Run, folder: RunFolder, grid: Grid, days: Sequence[dt.date]) -> tuple[SeriesVisibility, list[str]]:
    """What each date saw, as far as that is still kept.

    Parameters
    ----------
    finished : Run
        Whose ``run.json`` has the views.
    folder : RunFolder
        Of the run.
    grid : Grid
        Its grid.
    days : sequence of datetime.date
        On which boxes were counted.

    Returns
    -------
    looks : SeriesVisibility
        For each of `days`.
    warnings : list of str
        One where it is no longer kept: all dates then count as clear.
    """
    formats = frozenset(finished.formats)
    if all(folder.quality_file(day, formats).exists() for day in days):
        known = _views(finished, days), _distances(finished, days)
        return RunLooks(folder, grid, tuple(days), None, *known, formats), []
    return GivenVisibility(tuple(days)), ["what each date saw is no longer kept; all dates count as clear everywhere"]


def _views(finished: Run, days: Sequence[dt.date]) -> tuple[ViewAngles | None, ...]:
    given = {row["date"]: row.get("view") for row in finished.provenance.get("inputs", [])}
    return tuple(ViewAngles(**given[str(day)]) if given.get(str(day)) else None for day in days)


def _distances(finished: Run, days: Sequence[dt.date]) -> tuple[float, ...]:
    told = finished.summary.get("familiarity", {})
    known = ((told.get(str(day)) or {}).get("distance") for day in days)
    return tuple(float("nan") if one is None else float(one) for one in known)


def method(finished: Run, stage: Stage[Made]) -> tuple[Method[Made], dict[str, Any]] | None:
    """The run's own method of a stage with its parameters.

    Parameters
    ----------
    finished : Run
        Whose ``run.json`` names it.
    stage : Stage
        The stage.

    Returns
    -------
    (Method, dict) or None
        None where the stage was switched off.
    """
    row = next((row for row in finished.provenance["methods"] if row["stage"] == stage.name), None)
    if row is None or row["method"] == NONE:
        return None
    chosen = stage.get(row["method"])
    return chosen, chosen.resolve(row["parameters"])


def detector(finished: Run) -> str:
    """The objects method that found the boxes.

    Parameters
    ----------
    finished : Run
        Whose ``run.json`` names it.

    Returns
    -------
    str
        Empty where there is none.
    """
    return next((str(row["method"]) for row in finished.provenance["methods"] if row["stage"] == "objects"), "")
