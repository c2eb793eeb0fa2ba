"""What a workflow file says, checked and frozen. None stands for ``auto`` or for a key that was left out."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import shapely
from shapely.geometry.base import BaseGeometry

from changedet.errors import Problem
from changedet.imagery.scene import SunAngles, ViewAngles
from changedet.workflow.geo_fields import Bounds
from changedet.workflow.yaml_tree import line_of

FORMATS: Final = ("masks", "scores", "scenes", "objects", "tables", "qgis", "report", "stac")
STAGE_WORDS: Final[Mapping[str, str]] = {
    "mask": "clouds, shadows, snow, no data, saturation",
    "align": "sub-pixel co-registration to the reference",
    "normalise": "relative radiometric normalisation to the reference",
    "change": "the change score, its threshold, its cleaning",
    "objects": "container-like objects",
    "tracks": "the same object on several dates",
    "series": "trends, onset, uncertainty",
}
"""What each stage is about, in data order."""
STAGE_NAMES: Final = tuple(STAGE_WORDS)


@dataclass(frozen=True)
class Area:
    """The area of interest: a vector file, a box or a geometry, whichever is not None.

    Attributes
    ----------
    path : str or None
        Absolute path of a vector file, which has its own CRS.
    bbox : tuple or None
        West, south, east, north in `crs`.
    geometry : shapely geometry or None
        A valid polygon or multipolygon in `crs`.
    crs : str
        Of `bbox` and `geometry`.
    """

    path: str | None = None
    bbox: Bounds | None = None
    geometry: BaseGeometry | None = None
    crs: str = "EPSG:4326"


@dataclass(frozen=True)
class Site:
    """Which place this is; `aoi` None is the extent of the reference scene, `zones` an absolute path."""

    id: str
    name: str
    aoi: Area | None = None
    zones: str | None = None


@dataclass(frozen=True)
class Grid:
    """The common grid; None is auto. `crs` as ``EPSG:code`` or WKT, `resolution` in metres."""

    crs: str | None = None
    resolution: float | None = None


@dataclass(frozen=True)
class Catalog:
    """A STAC search: a static catalog, an item collection or an API.

    Attributes
    ----------
    href : str
        Absolute path or URL.
    collections, assets : tuple of str
        Empty for all.
    datetime : str or None
        STAC interval.
    max_cloud_cover : float or None
        Per cent.
    """

    href: str
    collections: tuple[str, ...] = ()
    datetime: str | None = None
    assets: tuple[str, ...] = ()
    max_cloud_cover: float | None = None


@dataclass(frozen=True)
class SceneEntry:
    """One scene of the file, or one STAC search; a glob has become one entry for each file that it matched.

    Attributes
    ----------
    key : str
        Where it stands, such as ``scenes[2]``.
    line : int
        Its line.
    kind : {"path", "glob", "stac"}
        How it was written.
    date : datetime.date or None
        UTC; None only for STAC.
    time : datetime.time or None
        UTC.
    paths : tuple of (role, path)
        Absolute paths or URLs; one with role ``""`` for a file with all bands, and its masks that a glob found beside
        it; else one for each role. Empty for STAC.
    bands : tuple of (role, band number or description), or None
        None where the file does not say; band numbers count from 1.
    nodata : float or None
        NaN is a value, None is not given.
    mask : str or None
        Absolute path or URL of the scene's own mask.
    crs, bounds : str and (west, south, east, north), or None
        Georeference for a picture that has none; both or neither.
    stac : Catalog or None
        Only for STAC.
    unread : tuple of str
        Masks beside the scene whose meaning is not known.
    """

    key: str
    line: int
    kind: Literal["path", "glob", "stac"]
    date: dt.date | None = None
    time: dt.time | None = None
    paths: tuple[tuple[str, str], ...] = ()
    bands: tuple[tuple[str, int | str], ...] | None = None
    nodata: float | None = None
    mask: str | None = None
    sun: SunAngles | None = None
    view: ViewAngles | None = None
    crs: str | None = None
    bounds: Bounds | None = None
    stac: Catalog | None = None
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class Read:
    """What to do with a scene that cannot be read, and which hosts a catalog may lead to."""

    on_error: str = "stop"
    allow_hosts: tuple[str, ...] = ()


@dataclass(frozen=True)
class StageRequest:
    """What the file asks of a stage: ``auto``, ``none`` or a method, and the parameters that it gives (no defaults)."""

    method: str = "auto"
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)
    line: int | None = None


@dataclass(frozen=True)
class Outputs:
    """Where results go (an absolute folder) and which: all of `FORMATS` unless the file names some."""

    dir: str
    formats: tuple[str, ...] = FORMATS


@dataclass(frozen=True)
class Compute:
    """How to compute; None is auto. `memory` in bytes, `chunk` in pixels."""

    scheduler: str = "threads"
    workers: int | None = None
    memory: int | None = None
    chunk: int | None = None


@dataclass(frozen=True)
class Workflow:
    """A workflow file, checked.

    Attributes
    ----------
    path : str
        The file as the user gave it.
    folder : Path
        Its absolute folder; relative paths in it have been joined to this.
    before : datetime.date or None
        The reference date; None is the earliest.
    stages : mapping
        A request for each of the seven stages.
    """

    path: str
    folder: Path
    site: Site
    scenes: tuple[SceneEntry, ...]
    grid: Grid
    bands: tuple[tuple[str, int | str], ...] | None
    before: dt.date | None
    read: Read
    stages: Mapping[str, StageRequest] = field(hash=False)
    outputs: Outputs
    compute: Compute
    lines: Mapping[str, int] = field(default_factory=dict, hash=False, repr=False, compare=False)

    def problem(self, key: str, message: str) -> Problem:
        """An error at a dotted key, such as ``scenes[2].path``, with the file and that key's line."""
        return Problem(message, key, self.path, line_of(self.lines, key))

    def resolved(self) -> dict[str, Any]:
        """Everything with its defaults, as plain JSON data; paths below the file's folder are relative to it."""
        return {
            "site": self._site(),
            "grid": {"crs": self.grid.crs or "auto", "resolution": self.grid.resolution or "auto"},
            "scenes": [self._scene(entry) for entry in self.scenes],
            "bands": None if self.bands is None else dict(self.bands),
            "before": str(self.before) if self.before else None,
            "read": {"on_error": self.read.on_error, "allow_hosts": list(self.read.allow_hosts)},
            **{name: {"method": asked.method, **asked.parameters} for name, asked in self.stages.items()},
            "outputs": {"dir": self._short(self.outputs.dir), "formats": list(self.outputs.formats)},
            "compute": {
                "scheduler": self.compute.scheduler,
                "workers": self.compute.workers or "auto",
                "memory": self.compute.memory or "auto",
                "chunk": self.compute.chunk or "auto",
            },
        }

    def _short(self, path: str) -> str:
        inside = path.startswith(str(self.folder).rstrip(os.sep) + os.sep)
        return Path(os.path.relpath(path, self.folder)).as_posix() if inside else path

    def _site(self) -> dict[str, Any]:
        area = self.site.aoi
        aoi: Any = None
        if area is not None and area.path is not None:
            aoi = self._short(area.path)
        elif area is not None and area.bbox is not None:
            aoi = {"bbox": list(area.bbox), "crs": area.crs}
        elif area is not None and area.geometry is not None:
            aoi = shapely.geometry.mapping(area.geometry)
        zones = self._short(self.site.zones) if self.site.zones else None
        return {"id": self.site.id, "name": self.site.name, "aoi": aoi, "zones": zones}

    def _scene(self, entry: SceneEntry) -> dict[str, Any]:
        paths = {role: self._short(path) for role, path in entry.paths}
        found: dict[str, Any] = {
            "path": paths.pop("", None) or paths or None,
            "masks": (paths if entry.paths and not entry.paths[0][0] else None) or None,
            "date": str(entry.date) if entry.date else None,
            "time": str(entry.time) if entry.time else None,
            "bands": dict(entry.bands) if entry.bands else None,
            "nodata": "nan" if entry.nodata is not None and entry.nodata != entry.nodata else entry.nodata,
            "mask": self._short(entry.mask) if entry.mask else None,
            "sun": vars(entry.sun) if entry.sun else None,
            "view": {k: v for k, v in vars(entry.view).items() if v is not None} if entry.view else None,
            "crs": entry.crs,
            "bounds": list(entry.bounds) if entry.bounds else None,
        }
        if entry.stac is not None:
            found |= _catalog(entry.stac, self._short(entry.stac.href))
        return {name: value for name, value in found.items() if value is not None}


def _catalog(stac: Catalog, href: str) -> dict[str, Any]:
    return {
        "stac": href,
        "collections": list(stac.collections) or None,
        "datetime": stac.datetime,
        "assets": list(stac.assets) or None,
        "max_cloud_cover": stac.max_cloud_cover,
    }
