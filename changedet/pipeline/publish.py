"""The files a user sees, from a run's rasters and tables."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
import shapely.geometry

from changedet.errors import InputError
from changedet.grid.geodesy import transform_xy
from changedet.libraries import __version__
from changedet.outputs import geoparquet, json_files, tables
from changedet.outputs.gpkg import vector_layers
from changedet.pipeline.collect import Results, summary_of
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.finished import open_run
from changedet.pipeline.project_file import write_run_project
from changedet.pipeline.provenance import provenance
from changedet.pipeline.published import published_files, raster_layers
from changedet.plan import Plan
from changedet.store.amending import amend

WRITTEN_ANEW: Final = "written anew by every run"
"""Identity of the steps here: they are never taken for done."""


def publish(
    plan: Plan, models: Mapping[date, DateModel], results: Results, seconds: Mapping[str, float], step: str
) -> None:
    """Write the files of one step.

    Parameters
    ----------
    plan : Plan
    models : mapping of date to DateModel
    results : Results
    seconds : mapping of str to float
        Wall-clock time by kind of task.
    step : str
        Of `PUBLISHED`.
    """
    folder = plan.folder
    writers: Mapping[str, Callable[[], object]] = {
        "objects": lambda: vector_layers.write_objects(folder.objects, results.layers, plan.grid.crs),
        "geoparquet": lambda: _write_geoparquet(plan, results),
        "tables": lambda: tables.write_timeseries(folder.timeseries, results.table),
        "provenance": lambda: json_files.write_json(folder.provenance, provenance(plan, models, results, seconds)),
        "qgis": lambda: write_run_project(folder),
        "stac": lambda: _write_stac(plan),
        "report": lambda: _write_report(plan, results),
        "summary": lambda: json_files.write_json(folder.summary, summary_of(results)),
    }
    writers[step]()


def _write_geoparquet(plan: Plan, results: Results) -> None:
    for layer in geoparquet.LAYERS:
        geoparquet.write_geoparquet(plan.folder.geoparquet(layer), layer, results.layers[layer], plan.grid.crs)


def _outline(plan: Plan) -> dict[str, Any]:
    """The site's rectangle in longitude and latitude as GeoJSON, its sides bent as they are there."""
    side = max(plan.grid.shape) * plan.grid.resolution_m / 4
    corners = shapely.get_coordinates(shapely.segmentize(shapely.box(*plan.grid.bounds), side))
    lon, lat = transform_xy(plan.grid.crs, "EPSG:4326", corners[:, 0], corners[:, 1])
    # Beyond 180 degrees it goes on: else a site across them would be all of the Earth but the site.
    lon = np.unwrap(lon, period=360)
    if abs(lon[0] - lon[-1]) > 180:
        # Round a pole: all that lies nearer to it than the site's farthest corner.
        south, north = (float(lat.min()), 90.0) if lat.min() > 0 else (-90.0, float(lat.max()))
        return dict(shapely.geometry.mapping(shapely.box(-180, south, 180, north)))
    return dict(shapely.geometry.mapping(shapely.Polygon(np.column_stack([lon, lat]))))


def _write_report(plan: Plan, results: Results) -> None:
    # Imported here, as only a report needs templates and figures.
    from changedet.outputs.report.page import write_report
    from changedet.pipeline.report_data import report_of
    from changedet.pipeline.run_sources import sources_of_run

    write_report(plan.folder.report, report_of(sources_of_run(plan, results)))


def _write_stac(plan: Plan) -> None:
    # Imported here, as only a collection needs pystac.
    from changedet.outputs.stac.catalog import write_stac
    from changedet.pipeline.stac_facts import item_facts

    known = plan.folder.recorded()
    sums = {str(plan.folder.path / name): entry["sha256"] for name, entry in known.items() if "sha256" in entry}
    extra = {"objects": plan.folder.objects} if "objects" in plan.formats else {}
    extra |= {"timeseries": plan.folder.timeseries} if "tables" in plan.formats else {}
    extra |= {path.stem: path for path in published_files(plan, "geoparquet")}
    write_stac(
        plan.folder.stac,
        site_id=plan.site_id,
        title=plan.workflow.site.name,
        rasters=raster_layers(plan),
        geometry=_outline(plan),
        description=f"Change and containers at {plan.workflow.site.name}, by changedet {__version__}",
        assets=extra,
        checksums=sums,
        facts=item_facts(plan),
        unit=plan.grid.ground_metre,
    )


def report_again(run_dir: str | Path) -> Path:
    """Write ``report.html`` of a finished run again, from its files alone.

    Parameters
    ----------
    run_dir : path
        The run folder.

    Returns
    -------
    Path
        The report.

    Raises
    ------
    InputError
        The folder holds no finished run or cannot be written to, or its report was edited by hand.
    ChangedetError
        A run is at work in the folder.
    """
    # As in `_write_report`.
    from changedet.outputs.report.data import TABULATED
    from changedet.outputs.report.page import write_report
    from changedet.pipeline.report_data import report_of
    from changedet.pipeline.run_sources import sources_of_finished

    finished = open_run(run_dir)
    folder = finished.folder
    if not os.access(folder.path, os.W_OK | os.X_OK):
        raise InputError(f"{folder.path}: no permission to write there, or its disk is read-only")
    write = partial(write_report, folder.report, report_of(sources_of_finished(finished, TABULATED)))
    amend(folder, "publish:report", WRITTEN_ANEW, [folder.report], write)
    return folder.report
