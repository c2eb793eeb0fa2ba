"""The files a user sees, from a run's rasters and tables."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import shapely
import shapely.geometry

from changedet import __version__
from changedet.grid.geodesy import transform_xy
from changedet.imagery.scene import Look
from changedet.kernels.pixel_classes import NAMES
from changedet.outputs import json_files, stac, tables
from changedet.outputs.gpkg import vector_layers
from changedet.outputs.qgis import project
from changedet.outputs.rasters.classes import RasterLayer
from changedet.outputs.rasters.display import scene_stretch
from changedet.outputs.report import pictures
from changedet.outputs.report.data import ReportData
from changedet.outputs.report.page import write_report
from changedet.pipeline.collect import Results
from changedet.pipeline.date_files import picture_path
from changedet.pipeline.date_model import DateModel, date_model_json
from changedet.pipeline.finished import Run, open_run
from changedet.pipeline.mask_files import mask_path
from changedet.plan import Plan
from changedet.stages.align.alignment import Alignment
from changedet.store import RunFolder, identity, read_json, sha256, write_json
from changedet.workflow import STAGE_NAMES

LIBRARIES: Final = (
    "numpy",
    "scipy",
    "rasterio",
    "opencv-python-headless",
    "dask",
    "geopandas",
    "shapely",
    "pyproj",
    "numba",
)
QUICKLOOK_PX: Final = 900
WRITTEN_ANEW: Final = "written anew by every run"
"""Identity of the steps here: they are never taken for done."""


def published_files(plan: Plan, step: str) -> list[Path]:
    """The files that a step writes; none where its format is not wanted."""
    folder, formats = plan.folder, plan.formats
    if step == "stac" and "stac" in formats and _raster_layers(plan, only_dated=True):
        days = [str(look.date) for look in plan.looks if _layers_of(plan, look.date)]
        return [*(folder.stac / day / f"{day}.json" for day in days), folder.stac / "collection.json"]
    found = {
        "objects": (folder.objects, "objects" in formats),
        "tables": (folder.timeseries, "tables" in formats),
        "qgis": (folder.project, "qgis" in formats and ("objects" in formats or bool(_raster_layers(plan)))),
        "report": (folder.report, "report" in formats),
        "provenance": (folder.provenance, True),
        "summary": (folder.summary, True),
    }
    return [found[step][0]] if step in found and found[step][1] else []


def publish(
    plan: Plan, models: Mapping[date, DateModel], results: Results, seconds: Mapping[str, float], step: str
) -> None:
    """Write the files of one step of `PUBLISHED`."""
    folder = plan.folder
    if step == "objects":
        vector_layers.write_objects(folder.objects, results.layers, plan.grid.crs)
    elif step == "tables":
        tables.write_timeseries(folder.timeseries, results.table)
    elif step == "summary":
        json_files.write_json(folder.summary, summary_of(results))
    elif step == "provenance":
        json_files.write_json(folder.provenance, _provenance(plan, models, results, seconds))
    elif step == "qgis":
        _write_project(plan, results)
    elif step == "stac":
        _write_stac(plan)
    elif step == "report":
        _write_report(plan, models, results)


PUBLISHED: Final = ("objects", "tables", "provenance", "qgis", "stac", "report", "summary")
"""In this order: the summary comes last, so that where it is, all is."""


def summary_of(results: Results) -> dict[str, Any]:
    """The object of ``summary.json``."""
    return {**results.summary, "unavailable": dict(results.unavailable), "warnings": list(results.warnings)}


def _layers_of(plan: Plan, day: date) -> list[RasterLayer]:
    folder = plan.folder
    wanted = {
        "scene": (folder.scene(day), "scenes"),
        "score": (folder.score(day), "scores"),
        "mask": (folder.mask(day), "masks"),
    }
    return [
        RasterLayer(path, kind, str(day))  # type: ignore[arg-type]
        for kind, (path, form) in wanted.items()
        if form in plan.formats and (kind == "scene" or _is_compared(plan, day))
    ]


def _is_compared(plan: Plan, day: date) -> bool:
    return plan.built("change") is not None and day != plan.looks[plan.reference].date


def _raster_layers(plan: Plan, *, only_dated: bool = False) -> list[RasterLayer]:
    layers = [layer for look in plan.looks for layer in _layers_of(plan, look.date)]
    later = tuple(str(look.date) for look in plan.looks if look.date > plan.looks[plan.reference].date)
    if "masks" in plan.formats and plan.built("change") is not None and later and not only_dated:
        layers.append(RasterLayer(plan.folder.first_change, "first_change", dates=later))
    return layers


def _write_project(plan: Plan, results: Results) -> None:
    project.write_project(
        plan.folder.project,
        title=plan.workflow.site.name,
        crs=plan.grid.crs,
        extent=plan.grid.bounds,
        dates=[str(look.date) for look in plan.looks],
        layers=_raster_layers(plan),
        objects=plan.folder.objects if "objects" in plan.formats else None,
        vectors=[name for name in (*vector_layers.ALWAYS, *vector_layers.OPTIONAL) if name in results.layers],
    )


def _outline(plan: Plan) -> dict[str, Any]:
    def lonlat(points: Any) -> Any:
        x, y = transform_xy(plan.grid.crs, "EPSG:4326", points[:, 0], points[:, 1])
        return np.column_stack([x, y])

    outline = shapely.transform(
        shapely.segmentize(shapely.box(*plan.grid.bounds), max(plan.grid.shape) * plan.grid.resolution_m / 4), lonlat
    )
    return dict(shapely.geometry.mapping(outline))


def _write_stac(plan: Plan) -> None:
    known = plan.folder.recorded()
    sums = {str(plan.folder.path / name): entry["sha256"] for name, entry in known.items() if "sha256" in entry}
    extra = {"objects": plan.folder.objects} if "objects" in plan.formats else {}
    extra |= {"timeseries": plan.folder.timeseries} if "tables" in plan.formats else {}
    stac.write_stac(
        plan.folder.stac,
        site_id=plan.site_id,
        title=plan.workflow.site.name,
        rasters=_raster_layers(plan),
        geometry=_outline(plan),
        description=f"Change and containers at {plan.workflow.site.name}, by changedet {__version__}",
        assets=extra,
        checksums=sums,
    )


def _scene_rows(plan: Plan, models: Mapping[date, DateModel], table: pd.DataFrame) -> list[dict[str, Any]]:
    whole = table[table["zone"] == ""]
    clear = {row["date"].date(): row["valid_fraction"] for _, row in whole.iterrows()}
    rows = []
    for i, look in enumerate(plan.looks):
        alignment = models[look.date].alignment
        rows.append(
            {
                "date": str(look.date),
                "file": look.name,
                "gsd_m": look.gsd_m,
                "compared_bands": ", ".join(_compared_bands(plan, i)),
                "sun_azimuth_deg": look.sun.azimuth_deg if look.sun else None,
                "sun_elevation_deg": look.sun.elevation_deg if look.sun else None,
                "shift_east_m": alignment.shift.east_m if alignment.confident else None,
                "shift_north_m": alignment.shift.north_m if alignment.confident else None,
                "valid_fraction": clear.get(look.date),
                "checksum": " ".join(_checksum(plan.folder, path, look.identity)[:16] for path in _paths(look)),
            }
        )
    return rows


def _method_rows(plan: Plan) -> list[dict[str, Any]]:
    rows = []
    for stage in STAGE_NAMES:
        choice, method = plan.choices[stage], plan.method(stage)
        rows.append(
            {
                "stage": stage,
                "method": choice.method,
                "parameters": dict(choice.parameters),
                "reason": choice.reason,
                "reference": method.reference if method else "",
            }
        )
    return rows


def _paths(look: Look) -> list[str]:
    return list(dict.fromkeys(path for scene in look.scenes for path in scene.rasters))


def _checksum(folder: RunFolder, path: str, stamp: str) -> str:
    """A scene file's SHA-256, computed once for each state of the file; empty for one that is not on this machine."""
    if "://" in path or not Path(path).is_file():
        return ""
    kept = folder.state / "checksums" / f"{identity(path, stamp)}.json"
    if not kept.exists():
        write_json(kept, {"path": path, "sha256": sha256(Path(path))})
    return str(read_json(kept)["sha256"])


def _provenance(
    plan: Plan, models: Mapping[date, DateModel], results: Results, seconds: Mapping[str, float]
) -> dict[str, Any]:
    def shown(model: DateModel) -> dict[str, Any]:
        parts = date_model_json(model).items()
        return {name: part for name, part in parts if name != "mask"} | {"mask": _mask_shares(model)}

    return {
        "software": {"changedet": __version__, "python": platform.python_version()},
        "libraries": {name: version(name) for name in LIBRARIES},
        "workflow": {"file": Path(plan.workflow.path).name, **plan.workflow.resolved()},
        "grid": plan.grid.to_json(),
        "reference_date": str(plan.looks[plan.reference].date),
        "bands": list(plan.roles),
        "methods": _method_rows(plan),
        "inputs": [
            {
                "date": str(look.date),
                "scene": look.name,
                "identity": look.identity,
                "gsd_m": look.gsd_m,
                "compared_bands": _compared_bands(plan, i),
                "files": [
                    {"path": Path(path).name, "sha256": _checksum(plan.folder, path, look.identity) or None}
                    for path in _paths(look)
                ],
            }
            for i, look in enumerate(plan.looks)
        ],
        "dates": {str(day): shown(model) for day, model in models.items()},
        "seconds": dict(seconds),
        "warnings": list(results.warnings),
    }


def _compared_bands(plan: Plan, i: int) -> list[str]:
    """On what a date is compared with the reference; nothing of the reference itself."""
    return [] if i == plan.reference else [*plan.roles, *plan.extra_roles(i)]


def _mask_shares(model: DateModel) -> dict[str, float]:
    """Which share of a date's overview is cloud, shadow, snow and so on."""
    if model.mask is None:
        return {}
    classes = model.mask.unpacked()
    counts = np.bincount(classes.ravel(), minlength=len(NAMES))
    return {name: round(float(count) / classes.size, 5) for name, count in zip(NAMES, counts, strict=True) if count}


def _write_report(plan: Plan, models: Mapping[date, DateModel], results: Results) -> None:
    folder = plan.folder
    pictured = {look.date: picture_path(folder, look.date, plan.formats) for look in plan.looks}
    masks = {
        look.date: mask_path(folder, look.date, plan.formats) for look in plan.looks if _is_compared(plan, look.date)
    }
    data = ReportData(
        site_id=plan.site_id,
        site_name=plan.workflow.site.name,
        summary=summary_of(results),
        timeseries=results.table,
        scenes=_scene_rows(plan, models, results.table),
        methods=_method_rows(plan),
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


def report_again(run_dir: str | Path) -> Path:
    """Write ``report.html`` of a finished run again, from its files alone.

    Raises
    ------
    InputError
        The folder holds no finished run, or its report was edited by hand.
    ChangedetError
        A run is at work in the folder.
    """
    finished = open_run(run_dir)
    folder = RunFolder(finished.path)
    folder.guard([folder.report])
    with folder.locked(is_new=False):
        folder.begin("publish:report", [folder.report])
        write_report(folder.report, _report_data(finished))
        folder.finish("publish:report", WRITTEN_ANEW, [folder.report])
    return folder.report


def _report_data(finished: Run) -> ReportData:
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
