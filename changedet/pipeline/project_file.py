"""The QGIS project of a run, written from what the run left."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from changedet.grid import Grid
from changedet.kernels.pixel_classes import CLASS_NAMES, CLEAR
from changedet.outputs.qgis.metadata import About, SceneSource
from changedet.outputs.qgis.project import write_project
from changedet.outputs.rasters.classes import RasterLayer
from changedet.outputs.sentences.looks import CLEAR_ENOUGH
from changedet.outputs.values import mapping_at
from changedet.pipeline.kept_records import record_of
from changedet.pipeline.published import dated_rasters
from changedet.stages.registry import NONE
from changedet.store import RunFolder
from changedet.store.amending import amend


def write_run_project(folder: RunFolder) -> None:
    """Write ``project.qgz`` from ``run.json`` and from the files that lie beside it.

    Parameters
    ----------
    folder : RunFolder
        Its rasters, layers and ``run.json`` are written; ``review.gpkg`` is taken in where it is there.

    Raises
    ------
    InputError
        ``run.json`` is not as it was written.
    """
    record = record_of(folder.provenance)
    grid, formats = Grid.from_json(record["grid"]), frozenset(record["workflow"]["outputs"]["formats"])
    days = sorted(date.fromisoformat(row["date"]) for row in record["inputs"])
    objects = folder.objects if "objects" in formats else None
    review = folder.review if folder.review.is_file() else None
    write_project(
        folder.project,
        title=str(record["workflow"]["site"]["name"]),
        crs=grid.crs,
        extent=grid.bounds,
        dates=[str(day) for day in days],
        layers=_rasters(folder, record, days, formats),
        objects=objects,
        review=review,
        about=_about(folder, record),
        unit=grid.ground_metre,
    )


def _rasters(
    folder: RunFolder, record: Mapping[str, Any], days: list[date], formats: frozenset[str]
) -> list[RasterLayer]:
    reference = date.fromisoformat(record["reference_date"])
    compares = any(row["stage"] == "change" and row["method"] != NONE for row in record["methods"])
    found = []
    for day in days:
        found += dated_rasters(folder, day, formats, is_compared=compares and day != reference)
    later = tuple(str(day) for day in days if day > reference)
    if "masks" in formats and compares and later:
        found.append(RasterLayer(folder.first_change, "first_change", dates=later))
    return found


def _about(folder: RunFolder, record: Mapping[str, Any]) -> About:
    sources = [
        SceneSource(
            date=str(row["date"]),
            files=tuple((str(one["path"]), str(one["sha256"] or "")) for one in row["files"]),
            **{name: str(row.get(name) or "") for name in ("credit", "licence", "sensor")},
        )
        for row in record["inputs"]
    ]
    digests = {str(folder.path / name): one["sha256"] for name, one in folder.recorded().items() if "sha256" in one}
    place = str(mapping_at(record, "workflow", "site").get("place") or "")
    return About(place, str(record["reference_date"]), tuple(sources), digests, _shown(record))


def _shown(record: Mapping[str, Any]) -> str:
    """The last look that shows most of the site, as figures and the report take it; of none that does, the last."""
    shares = {day: found["mask"] for day, found in sorted(record["dates"].items())}
    clear = [day for day, share in shares.items() if not share or share.get(CLASS_NAMES[CLEAR], 0.0) >= CLEAR_ENOUGH]
    return [*list(shares)[-1:], *clear][-1] if shares else ""


def project_again(folder: RunFolder) -> bool:
    """Write the project of a finished run again, as ``review.gpkg`` has come to lie beside it.

    Parameters
    ----------
    folder : RunFolder
        Of a finished run.

    Returns
    -------
    bool
        False where the run has no project, or somebody saved their own over it, which then stays.

    Raises
    ------
    InputError
        ``run.json`` is not as it was written.
    ChangedetError
        A run is at work in the folder.
    """
    step, written = "publish:qgis", folder.record("publish:qgis")
    identity = None if written is None else written["identity"]
    if not folder.project.is_file() or identity is None or not folder.is_done(step, identity):
        return False
    amend(folder, step, identity, [folder.project], lambda: write_run_project(folder))
    return True
