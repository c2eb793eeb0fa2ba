"""What report.html shows, of a run as it ends or of a finished one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import geopandas as gpd

from changedet.json_types import JsonObject
from changedet.outputs.gpkg import vector_layers
from changedet.outputs.rasters.display import scene_stretch
from changedet.outputs.report import pictures
from changedet.outputs.report.data import TABULATED, BoxEvent, ReportData, unsure_days
from changedet.outputs.tables import as_kept
from changedet.outputs.values import as_float, mapping_at
from changedet.pipeline.figures.files import report_figure
from changedet.pipeline.figures.ground import LABELLED_M2
from changedet.pipeline.report_chips import ScenePictures, box_events, count_events, listed_events
from changedet.pipeline.run_sources import RunSources
from changedet.stages.align.alignment import Alignment

QUICKLOOK_PX: Final = 900
"""Longest side of the report's images."""


def report_of(sources: RunSources) -> ReportData:
    """Gather what the report of a run shows.

    Parameters
    ----------
    sources : RunSources
        With those of `TABULATED` that there are.

    Returns
    -------
    ReportData
        With images of all dates.
    """
    record, shown = sources.record, _pictures(sources)
    return ReportData(
        summary=sources.summary,
        timeseries=as_kept(sources.series),
        scenes=[_scene_row(entry, sources) for entry in record["inputs"]],
        methods=record["methods"],
        quicklooks=shown.quicklooks,
        overlays=shown.overlays,
        provenance={"software": sources.software, "libraries": record["libraries"]},
        layers=_layers(sources),
        events=shown.events,
        events_listed=shown.events_listed,
        figure=report_figure(sources),
    )


def _layers(sources: RunSources) -> dict[str, gpd.GeoDataFrame]:
    """Layers with tables; of the ground as ``objects.gpkg`` holds it, without the kinds of which a date has none."""
    found = {name: sources.layers[name] for name in TABULATED if name in sources.layers}
    if "ground" in found:
        found["ground"] = vector_layers.conform("ground", found["ground"], sources.grid.crs)
    return found


class _Pictures(NamedTuple):
    quicklooks: dict[str, bytes]
    overlays: dict[str, bytes]
    events: list[BoxEvent]
    events_listed: dict[tuple[str, bool], int]


def _pictures(sources: RunSources) -> _Pictures:
    """All that is drawn from the run's rasters, on one stretch; no pixels of scenes whose licence forbids it."""
    unit, unsure = sources.grid.ground_metre, unsure_days(sources.series)
    origins = mapping_at(sources.summary, "sources")
    scenes = {day: path for day, path in sources.scenes.items() if mapping_at(origins, day).get("show_pixels", True)}
    stretch = scene_stretch(list(scenes.values()))
    tracks, containers = (
        sources.layers.get(name, vector_layers.empty(name, sources.grid.crs)) for name in ("tracks", "containers")
    )
    events, small = listed_events(tracks), unit**2 * LABELLED_M2
    looks = ScenePictures(sources.dates, scenes, sources.qualities, stretch, unit)
    return _Pictures(
        {day: pictures.quicklook(path, QUICKLOOK_PX, stretch) for day, path in scenes.items()},
        {
            day: pictures.overlay(path, QUICKLOOK_PX, doubtful=small if day in unsure else 0.0)
            for day, path in sources.masks.items()
        },
        box_events(events, containers, looks),
        count_events(events),
    )


def _scene_row(entry: Mapping[str, Any], sources: RunSources) -> JsonObject:
    """A row as of ``ReportData.scenes``, from an entry of the inputs in ``run.json``."""
    alignment = Alignment.from_json(sources.record["dates"][entry["date"]]["alignment"])
    unit, clear = sources.grid.ground_metre, sources.row(entry["date"]).get("valid_fraction")
    return {
        "date": entry["date"],
        "file": entry["scene"],
        "gsd_m": entry["gsd_m"],
        "compared_bands": ", ".join(entry.get("compared_bands", [])),
        **{f"sun_{name}": angle for name, angle in (entry.get("sun") or {}).items()},
        "shift_east_m": alignment.shift.east_m / unit if alignment.confident else None,
        "shift_north_m": alignment.shift.north_m / unit if alignment.confident else None,
        "valid_fraction": as_float(clear),
        "sha256": [one["sha256"] for one in entry["files"] if one["sha256"]],
    }
