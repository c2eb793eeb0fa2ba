"""A workflow with all its defaults as plain data, as ``run.json`` keeps it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import shapely.geometry

from changedet.imagery.attribution import Attribution
from changedet.json_types import JsonLike
from changedet.workflow.model import Catalog, Outputs, SceneEntry, Site, Workflow


def resolved(workflow: Workflow) -> dict[str, JsonLike]:
    """Everything that a workflow says, defaults filled in.

    Parameters
    ----------
    workflow : Workflow
        As `load_workflow` gives it.

    Returns
    -------
    dict of str to JSON value
        With the keys of the file, of globs the scenes that they matched; paths below the file's folder are relative to
        it, of others the name alone is left.
    """
    folder, grid, compute = workflow.folder, workflow.grid, workflow.compute
    return {
        "site": _site(workflow.site, folder),
        "grid": {"crs": grid.crs or "auto", "resolution": grid.resolution or "auto"},
        "scenes": [_scene(entry, folder) for entry in workflow.scenes],
        "bands": None if workflow.bands is None else dict(workflow.bands),
        "before": str(workflow.before) if workflow.before else None,
        "read": {"on_error": workflow.read.on_error, "allow_hosts": list(workflow.read.allow_hosts)},
        **{name: {"method": request.method, **request.parameters} for name, request in workflow.stages.items()},
        **({} if workflow.ais is None else {"ais": {"path": _short(workflow.ais, folder)}}),
        **({"works": True} if workflow.works else {}),
        **({"buildings": True} if workflow.buildings else {}),
        **({"ships": True} if workflow.ships else {}),
        **({"railcars": True} if workflow.railcars else {}),
        "outputs": _outputs(workflow.outputs, folder),
        "compute": {
            "scheduler": compute.scheduler,
            "workers": compute.workers or "auto",
            "memory": compute.memory or "auto",
            "chunk": compute.chunk or "auto",
        },
    }


def without_folders(words: str, workflow: Workflow) -> str:
    """What is said of a file, its path shortened: results are shown to people who need not know this machine.

    Parameters
    ----------
    words : str
        Such as a warning that begins with a path.
    workflow : Workflow
        Whose files they are about.

    Returns
    -------
    str
        Paths below the workflow's folder are relative to it, of others the name alone is left.
    """
    words = words.replace(f"{workflow.folder}{os.sep}", "")
    # Where a folder's name has a blank, what stands there cannot tell where a path ends.
    for folder in sorted({f"{Path(path).parent}{os.sep}" for path in _local_paths(workflow)}, key=len, reverse=True):
        if re.search(r"[\s:]", folder):
            words = re.sub(rf"(?<![\w:/.]){re.escape(folder)}", "", words)
    return re.sub(r"(?<![\w:/.])/(?:[^/\s:]+/)+(?=[^/\s:]+)", "", words)


def _local_paths(workflow: Workflow) -> list[str]:
    """Files of this machine that a workflow names."""
    aoi = workflow.site.aoi
    found = [workflow.site.zones, workflow.ais, aoi.path if aoi is not None else None]
    for entry in workflow.scenes:
        catalog = entry.stac.href if entry.stac is not None else None
        found += [*(path for _, path in entry.paths), entry.mask, *entry.unread, catalog]
    return [path for path in found if path is not None and Path(path).is_absolute() and Path(path).parent.name]


def _outputs(outputs: Outputs, folder: Path) -> dict[str, JsonLike]:
    upload = {} if outputs.upload is None else {"upload": str(outputs.upload)}
    return {"dir": _short(outputs.dir, folder), "formats": list(outputs.formats), **upload}


def _short(path: str, folder: Path) -> str:
    """A path below the workflow's folder relative to it; of another the name, of a URL what is no secret."""
    if "://" in path:
        return path.split("?", 1)[0]
    inside = path.startswith(str(folder).rstrip(os.sep) + os.sep)
    return Path(os.path.relpath(path, folder)).as_posix() if inside else Path(path).name


def _site(site: Site, folder: Path) -> dict[str, JsonLike]:
    area = site.aoi
    aoi: JsonLike = None
    if area is not None and area.path is not None:
        aoi = _short(area.path, folder)
    elif area is not None and area.bbox is not None:
        aoi = {"bbox": list(area.bbox), "crs": area.crs}
    elif area is not None and area.geometry is not None:
        aoi = shapely.geometry.mapping(area.geometry)
    zones = _short(site.zones, folder) if site.zones else None
    return {"id": site.id, "name": site.name, "place": site.place or None, "aoi": aoi, "zones": zones}


def _scene(entry: SceneEntry, folder: Path) -> dict[str, JsonLike]:
    paths = {role: _short(path, folder) for role, path in entry.paths}
    found: dict[str, JsonLike] = {
        "path": paths.pop("", None) or paths or None,
        "pan": paths.pop("pan", None) if entry.paths and not entry.paths[0][0] else None,
        "masks": (paths if entry.paths and not entry.paths[0][0] else None) or None,
        "date": str(entry.date) if entry.date else None,
        "time": str(entry.time) if entry.time else None,
        "bands": dict(entry.bands) if entry.bands else None,
        "nodata": "nan" if entry.nodata is not None and entry.nodata != entry.nodata else entry.nodata,
        "mask": _short(entry.mask, folder) if entry.mask else None,
        "sun": vars(entry.sun) if entry.sun else None,
        "view": {k: v for k, v in vars(entry.view).items() if v is not None} if entry.view else None,
        "crs": entry.crs,
        "bounds": list(entry.bounds) if entry.bounds else None,
        **_attribution(entry.attribution),
    }
    if entry.stac is not None:
        found |= _catalog(entry.stac, _short(entry.stac.href, folder))
    return {name: value for name, value in found.items() if value is not None}


def _attribution(given: Attribution) -> dict[str, JsonLike]:
    licence: JsonLike = given.licence or None
    if not given.show_pixels:
        licence = {"name": given.licence, "show_pixels": False}
    return {"credit": given.credit or None, "licence": licence, "sensor": given.sensor or None}


def _catalog(stac: Catalog, href: str) -> dict[str, JsonLike]:
    return {
        "stac": href,
        "collections": list(stac.collections) or None,
        "datetime": stac.datetime,
        "assets": list(stac.assets) or None,
        "max_cloud_cover": stac.max_cloud_cover,
    }
