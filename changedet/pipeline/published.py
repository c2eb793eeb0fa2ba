"""Which files a run leaves for people, by the step that writes them: known before the first pixel."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

from changedet.imagery.look import Look
from changedet.outputs import geoparquet
from changedet.outputs.rasters.classes import RasterKind, RasterLayer
from changedet.plan import Plan
from changedet.store import RunFolder

PUBLISHED: Final = ("objects", "geoparquet", "tables", "provenance", "qgis", "stac", "report", "summary")
"""In this order: the summary comes last, so that where it is, all is."""


def published_files(plan: Plan, step: str) -> list[Path]:
    """List the files that a step writes.

    Parameters
    ----------
    plan : Plan
    step : str
        Of `PUBLISHED`.

    Returns
    -------
    list of Path
        None where its format is not wanted.
    """
    folder, formats = plan.folder, plan.formats
    if step == "stac" and "stac" in formats and raster_layers(plan, only_dated=True):
        # Imported here, as only a collection needs pystac, which takes as long to load as the grid's libraries.
        from changedet.outputs.stac.item_facts import THUMBNAIL

        dated = [look for look in plan.looks if _layers_of(plan, look.date)]
        items = [folder.stac / f"{look.date}" / f"{look.date}.json" for look in dated]
        pictures = [folder.stac / f"{look.date}" / THUMBNAIL for look in dated if has_thumbnail(plan, look)]
        return [*items, *pictures, folder.stac / "collection.json"]
    if step == "geoparquet":
        return [folder.geoparquet(layer) for layer in geoparquet.LAYERS if step in formats]
    found = {
        "objects": (folder.objects, "objects" in formats),
        "tables": (folder.timeseries, "tables" in formats),
        "qgis": (folder.project, "qgis" in formats and ("objects" in formats or bool(raster_layers(plan)))),
        "report": (folder.report, "report" in formats),
        "provenance": (folder.provenance, True),
        "summary": (folder.summary, True),
    }
    return [found[step][0]] if step in found and found[step][1] else []


def has_thumbnail(plan: Plan, look: Look) -> bool:
    """Whether a date's item has a picture.

    Parameters
    ----------
    plan : Plan
        Of the run.
    look : Look
        One of its dates.

    Returns
    -------
    bool
        False where its scene is not written, or its licence forbids to show the pixels.
    """
    return "scenes" in plan.formats and look.attribution.show_pixels


def dated_rasters(folder: RunFolder, day: date, formats: frozenset[str], *, is_compared: bool) -> list[RasterLayer]:
    """List the rasters of a date that its run leaves for people.

    Parameters
    ----------
    folder : RunFolder
    day : date
    formats : set of str
        Outputs that are wanted.
    is_compared : bool
        Whether the date has a mask.

    Returns
    -------
    list of RasterLayer
        Whether they exist yet or not.
    """
    wanted: dict[RasterKind, tuple[Path, str, bool]] = {
        "scene": (folder.scene(day), "scenes", True),
        "score": (folder.score(day), "scores", is_compared),
        "mask": (folder.mask(day), "masks", is_compared),
        "quality": (folder.quality(day), "masks", True),
    }
    return [
        RasterLayer(path, kind, str(day)) for kind, (path, form, there) in wanted.items() if there and form in formats
    ]


def _layers_of(plan: Plan, day: date) -> list[RasterLayer]:
    return dated_rasters(plan.folder, day, plan.formats, is_compared=day in plan.compared_dates)


def raster_layers(plan: Plan, *, only_dated: bool = False) -> list[RasterLayer]:
    """List the rasters of all dates that a run leaves for people.

    Parameters
    ----------
    plan : Plan
    only_dated : bool
        Without the first change.

    Returns
    -------
    list of RasterLayer
        Whether they exist yet or not.
    """
    layers = [layer for day in plan.dates for layer in _layers_of(plan, day)]
    later = tuple(str(day) for day in plan.compared_dates if day > plan.reference_date)
    if "masks" in plan.formats and later and not only_dated:
        layers.append(RasterLayer(plan.folder.first_change, "first_change", dates=later))
    return layers
