"""What report.html shows: of a run as it ends, or of a finished one from its files alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NamedTuple

import geopandas as gpd
import pandas as pd

from changedet.grid import Grid
from changedet.json_types import JsonObject
from changedet.libraries import __version__
from changedet.outputs.gpkg import vector_layers
from changedet.outputs.rasters.display import scene_stretch
from changedet.outputs.report import pictures
from changedet.outputs.report.data import BoxEvent, ReportData, unsure_days
from changedet.outputs.tables import as_kept
from changedet.outputs.values import mapping_at
from changedet.pipeline.collect import Results, summary_of
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.figures.files import report_figure
from changedet.pipeline.figures.ground import LABELLED_M2
from changedet.pipeline.figures.sources import sources_of_finished, sources_of_run
from changedet.pipeline.finished import Run
from changedet.pipeline.provenance import LIBRARIES, method_rows, scene_rows
from changedet.pipeline.published import is_compared
from changedet.pipeline.report_chips import ScenePictures, box_events, count_events, listed_events
from changedet.plan import Plan
from changedet.stages.align.alignment import Alignment
from changedet.store import RunFolder

QUICKLOOK_PX: Final = 900
"""Longest side of the report's images."""


def report_of_run(plan: Plan, models: Mapping[date, DateModel], results: Results) -> ReportData:
    """Gather what the report of a run shows as it ends.

    Parameters
    ----------
    plan : Plan
        Its passes and masks are done.
    models : mapping of date to DateModel
    results : Results

    Returns
    -------
    ReportData
        With images of all dates.
    """
    folder, formats = plan.folder, plan.formats
    days = [look.date for look in plan.looks]
    rasters = _Rasters(
        {day: folder.scene_file(day, formats) for day in days},
        {day: folder.mask_file(day, formats) for day in days if is_compared(plan, day)},
        {day: folder.quality_file(day, formats) for day in days},
        plan.grid.ground_metre,
    )
    summary = summary_of(results)
    boxes = results.layers["tracks"], results.layers["containers"]
    shown = _pictures(rasters, boxes, summary, unsure_days(results.table))
    return ReportData(
        site_id=plan.site_id,
        site_name=plan.workflow.site.name,
        summary=summary,
        timeseries=as_kept(results.table),
        scenes=scene_rows(plan, models, results.table),
        methods=method_rows(plan),
        quicklooks=shown.quicklooks,
        overlays=shown.overlays,
        warnings=results.warnings,
        provenance={"software": f"changedet {__version__}", "libraries": {name: version(name) for name in LIBRARIES}},
        unavailable=results.unavailable,
        trains=results.layers.get("trains"),
        ships=results.layers.get("ships"),
        works=results.layers.get("works"),
        buildings=results.layers.get("buildings"),
        ground=_ground(plan, results),
        events=shown.events,
        events_listed=shown.events_listed,
        figure=report_figure(sources_of_run(plan, results)),
    )


def _ground(plan: Plan, results: Results) -> gpd.GeoDataFrame | None:
    """The layer as ``objects.gpkg`` holds it, without the kinds of which a date has none."""
    ground = results.layers.get("ground")
    return None if ground is None else vector_layers.conform("ground", ground, plan.grid.crs)


class _Rasters(NamedTuple):
    """Where the rasters of each date lie, whether they are there or not."""

    scenes: Mapping[date, Path]
    masks: Mapping[date, Path]
    quality: Mapping[date, Path]
    unit: float
    """A metre on the ground in units of their CRS."""


class _Pictures(NamedTuple):
    quicklooks: dict[str, bytes]
    overlays: dict[str, bytes]
    events: list[BoxEvent]
    events_listed: dict[tuple[str, bool], int]


def _pictures(
    rasters: _Rasters,
    boxes: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame],
    summary: Mapping[str, object],
    unsure: Collection[str],
) -> _Pictures:
    """All that is drawn from the run's rasters, on one stretch; no pixels of scenes whose licence forbids it."""
    tracks, containers = boxes
    sources = mapping_at(summary, "sources")
    scenes = {
        day: path
        for day, path in rasters.scenes.items()
        if path.exists() and mapping_at(sources, str(day)).get("show_pixels", True)
    }
    stretch = scene_stretch(list(scenes.values()))
    events, small = listed_events(tracks), rasters.unit**2 * LABELLED_M2
    return _Pictures(
        {str(day): pictures.quicklook(path, QUICKLOOK_PX, stretch) for day, path in scenes.items()},
        {
            str(day): pictures.overlay(path, QUICKLOOK_PX, doubtful=small if str(day) in unsure else 0.0)
            for day, path in rasters.masks.items()
            if path.exists()
        },
        box_events(events, containers, ScenePictures(scenes, rasters.quality, stretch, rasters.unit)),
        count_events(events),
    )


def report_of_finished(finished: Run) -> ReportData:
    """Gather what the report of a finished run shows, from the run's own files.

    Parameters
    ----------
    finished : Run

    Returns
    -------
    ReportData
        With images of the dates whose rasters are still there.
    """
    folder, provenance = RunFolder(finished.path), finished.provenance
    days = finished.dates

    rasters = _Rasters(
        {day: _existing(folder.scene(day), folder.aside("picture", day)) for day in days},
        {day: _existing(folder.mask(day), folder.aside("mask", day)) for day in days},
        {day: _existing(folder.quality(day), folder.aside("quality", day)) for day in days},
        Grid.from_json(provenance["grid"]).ground_metre,
    )
    series = finished.series
    shown = _pictures(rasters, _boxes(finished), finished.summary, unsure_days(series))
    scenes = [
        _scene_row(provenance["dates"][entry["date"]]["alignment"], series, entry, rasters.unit)
        for entry in provenance["inputs"]
    ]
    return ReportData(
        site_id=finished.summary["site"],
        site_name=finished.summary.get("name", finished.summary["site"]),
        summary=finished.summary,
        timeseries=series,
        scenes=scenes,
        methods=provenance["methods"],
        quicklooks=shown.quicklooks,
        overlays=shown.overlays,
        warnings=finished.summary["warnings"],
        provenance={
            "software": f"changedet {provenance['software']['changedet']}",
            "libraries": provenance["libraries"],
        },
        unavailable=finished.summary.get("unavailable", {}),
        trains=finished.trains,
        ships=finished.ships,
        works=finished.optional_layer("works"),
        buildings=finished.optional_layer("buildings"),
        ground=finished.ground,
        events=shown.events,
        events_listed=shown.events_listed,
        figure=report_figure(sources_of_finished(finished)),
    )


def _boxes(finished: Run) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Tracks and detections; none where the run was made without them."""
    if not RunFolder(finished.path).objects.exists():
        crs = str(finished.summary["grid"]["crs"])
        return vector_layers.empty("tracks", crs), vector_layers.empty("containers", crs)
    return finished.tracks, finished.containers


def _existing(path: Path, aside: Path) -> Path:
    return path if path.exists() else aside


def _scene_row(alignment: dict[str, Any], series: pd.DataFrame, entry: Mapping[str, Any], unit: float) -> JsonObject:
    """A row as of ``ReportData.scenes``, from an entry of the inputs in ``run.json``."""
    shift = Alignment.from_json(alignment).shift
    row = series[(series["zone"] == "") & (series["date"].dt.strftime("%Y-%m-%d") == entry["date"])]
    return {
        "date": entry["date"],
        "file": entry["scene"],
        "gsd_m": entry["gsd_m"],
        "compared_bands": ", ".join(entry.get("compared_bands", [])),
        **{f"sun_{name}": angle for name, angle in (entry.get("sun") or {}).items()},
        "shift_east_m": shift.east_m / unit if alignment["confident"] else None,
        "shift_north_m": shift.north_m / unit if alignment["confident"] else None,
        "valid_fraction": float(row["valid_fraction"].iloc[0]) if len(row) else None,
        "sha256": [one["sha256"] for one in entry["files"] if one["sha256"]],
    }
