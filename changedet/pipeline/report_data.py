"""The data of report.html: of a run as it ends, or of a finished one from its files alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Final

from changedet import __version__
from changedet.outputs.rasters.display import scene_stretch
from changedet.outputs.report import pictures
from changedet.outputs.report.data import ReportData
from changedet.outputs.report.page import write_report
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


def write_run_report(plan: Plan, models: Mapping[date, DateModel], results: Results) -> None:
    folder = plan.folder
    pictured = {look.date: scene_path(folder, look.date, plan.formats) for look in plan.looks}
    masks = {
        look.date: mask_path(folder, look.date, plan.formats) for look in plan.looks if is_compared(plan, look.date)
    }
    data = ReportData(
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
    write_report(folder.report, data)


def _quicklooks(paths: Mapping[date, Path]) -> dict[str, bytes]:
    stretch = scene_stretch(list(paths.values()))
    return {str(day): pictures.quicklook(path, QUICKLOOK_PX, stretch) for day, path in paths.items()}


def report_data_of(finished: Run) -> ReportData:
    """What a finished run's own files tell."""
    folder, provenance = RunFolder(finished.path), finished.provenance
    days = finished.dates

    def existing(path: Path, aside: Path) -> Path:
        return path if path.exists() else aside

    pictured = {day: existing(folder.scene(day), folder.aside("picture", day)) for day in days}
    masks = {day: existing(folder.mask(day), folder.aside("mask", day)) for day in days}
    series = finished.series
    scenes = []
    for entry in provenance["inputs"]:
        alignment = provenance["dates"][entry["date"]]["alignment"]
        shift = Alignment.from_json(alignment).shift
        row = series[(series["zone"] == "") & (series["date"].dt.strftime("%Y-%m-%d") == entry["date"])]
        scenes.append(
            {
                "date": entry["date"],
                "file": entry["scene"],
                "gsd_m": entry["gsd_m"],
                "compared_bands": ", ".join(entry.get("compared_bands", [])),
                "shift_east_m": shift.east_m if alignment["confident"] else None,
                "shift_north_m": shift.north_m if alignment["confident"] else None,
                "valid_fraction": float(row["valid_fraction"].iloc[0]) if len(row) else None,
                "checksum": " ".join(str(one["sha256"] or "")[:16] for one in entry["files"]),
            }
        )
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
