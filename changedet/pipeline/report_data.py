"""What report.html shows: of a run as it ends, or of a finished one from its files alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import pandas as pd

from changedet import __version__
from changedet.json_types import JsonObject
from changedet.outputs.rasters.display import scene_stretch
from changedet.outputs.report import pictures
from changedet.outputs.report.data import ReportData
from changedet.pipeline.changes import is_compared
from changedet.pipeline.collect import Results, summary_of
from changedet.pipeline.date_files import scene_path
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.finished import Run
from changedet.pipeline.mask_files import mask_path
from changedet.pipeline.provenance import LIBRARIES, method_rows, scene_rows
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
    folder = plan.folder
    pictured = {look.date: scene_path(folder, look.date, plan.formats) for look in plan.looks}
    masks = {
        look.date: mask_path(folder, look.date, plan.formats) for look in plan.looks if is_compared(plan, look.date)
    }
    return ReportData(
        site_id=plan.site_id,
        site_name=plan.workflow.site.name,
        summary=summary_of(results),
        timeseries=results.table,
        scenes=scene_rows(plan, models, results.table),
        methods=method_rows(plan),
        quicklooks=_quicklooks(pictured),
        overlays={str(day): pictures.overlay(path, QUICKLOOK_PX) for day, path in masks.items()},
        warnings=results.warnings,
        provenance={"software": f"changedet {__version__}", "libraries": {name: version(name) for name in LIBRARIES}},
        unavailable=results.unavailable,
        trains=results.layers.get("trains"),
        ground=results.layers.get("ground"),
    )


def _quicklooks(paths: Mapping[date, Path]) -> dict[str, bytes]:
    stretch = scene_stretch(list(paths.values()))
    return {str(day): pictures.quicklook(path, QUICKLOOK_PX, stretch) for day, path in paths.items()}


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

    pictured = {day: _existing(folder.scene(day), folder.aside("picture", day)) for day in days}
    masks = {day: _existing(folder.mask(day), folder.aside("mask", day)) for day in days}
    series = finished.series
    scenes = [
        _scene_row(provenance["dates"][entry["date"]]["alignment"], series, entry) for entry in provenance["inputs"]
    ]
    return ReportData(
        site_id=finished.summary["site"],
        site_name=finished.summary.get("name", finished.summary["site"]),
        summary=finished.summary,
        timeseries=series,
        scenes=scenes,
        methods=provenance["methods"],
        quicklooks=_quicklooks({day: path for day, path in pictured.items() if path.exists()}),
        overlays={str(day): pictures.overlay(path, QUICKLOOK_PX) for day, path in masks.items() if path.exists()},
        warnings=finished.summary["warnings"],
        provenance={"software": provenance["software"], "libraries": provenance["libraries"]},
        unavailable=finished.summary.get("unavailable", {}),
        trains=finished.trains,
        ground=finished.ground,
    )


def _existing(path: Path, aside: Path) -> Path:
    return path if path.exists() else aside


def _scene_row(alignment: dict[str, Any], series: pd.DataFrame, entry: Mapping[str, Any]) -> JsonObject:
    """A row as of ``ReportData.scenes``, from an entry of the inputs in ``run.json``."""
    shift = Alignment.from_json(alignment).shift
    row = series[(series["zone"] == "") & (series["date"].dt.strftime("%Y-%m-%d") == entry["date"])]
    return {
        "date": entry["date"],
        "file": entry["scene"],
        "gsd_m": entry["gsd_m"],
        "compared_bands": ", ".join(entry.get("compared_bands", [])),
        "shift_east_m": shift.east_m if alignment["confident"] else None,
        "shift_north_m": shift.north_m if alignment["confident"] else None,
        "valid_fraction": float(row["valid_fraction"].iloc[0]) if len(row) else None,
        "checksum": " ".join(str(one["sha256"] or "")[:16] for one in entry["files"]),
    }
