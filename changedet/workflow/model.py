"""What a workflow file says, checked and frozen. None stands for ``auto`` or for a key that was left out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from changedet.errors import Problem
from changedet.grid.areas import Area
from changedet.imagery.angles import SunAngles, ViewAngles
from changedet.imagery.attribution import UNSAID, Attribution
from changedet.json_types import Json
from changedet.outputs.notebook import Row, card
from changedet.store.bucket.address import Address
from changedet.workflow.geo_fields import Bounds
from changedet.workflow.yaml_tree import line_of

FORMATS: Final = ("masks", "scores", "scenes", "objects", "tables", "qgis", "report", "stac")
"""What ``all`` means."""
EXTRA_FORMATS: Final = ("geoparquet",)
"""Written only where they are named: they need more than changedet itself does."""
STAGE_WORDS: Final[Mapping[str, str]] = {
    "mask": "clouds, shadows, snow, no data, saturation",
    "align": "sub-pixel co-registration to the reference",
    "normalise": "relative radiometric normalisation to the reference",
    "change": "the change score, its threshold, its cleaning",
    "objects": "container-like objects",
    "tracks": "the same object on several dates",
    "series": "trends, onset, uncertainty",
}
"""What each stage is about, in the order of the data."""
STAGE_NAMES: Final = tuple(STAGE_WORDS)

Bands = tuple[tuple[str, int | str], ...]
"""Role and band number (from 1) or description of each band."""


@dataclass(frozen=True)
class Site:
    """Which place this is.

    Attributes
    ----------
    id : str
        Letters, digits, ``-`` and ``_``; names the run folder.
    name : str
        Free text of one line.
    aoi : Area or None
        The area of interest; None is the extent of the reference scene.
    zones : str or None
        Absolute path of a vector file of polygons with names.
    place : str
        Where it lies, in words, for figures; empty where the file does not say.
    """

    id: str
    name: str
    aoi: Area | None = None
    zones: str | None = None
    place: str = ""


@dataclass(frozen=True)
class Grid:
    """The common grid.

    Attributes
    ----------
    crs : str or None
        ``EPSG:code`` or WKT of a projected system in metres; None is auto.
    resolution : float or None
        Pixel size in metres; None is auto.
    """

    crs: str | None = None
    resolution: float | None = None


@dataclass(frozen=True)
class Catalog:
    """A STAC search: a static catalog, an item collection or an API.

    Attributes
    ----------
    href : str
        Absolute path or URL.
    collections : tuple of str
        Empty for all.
    datetime : str or None
        STAC interval.
    assets : tuple of str
        Empty for all.
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
    date, time : datetime.date, datetime.time or None
        UTC; the date is None only for STAC.
    paths : tuple of (role, path)
        Absolute paths or URLs; one with role ``""`` for a file with all bands, and its masks that a glob found beside
        it; else one for each role. Empty for STAC.
    bands : tuple of (role, band number or description), or None
        None where the file does not say; band numbers count from 1.
    nodata : float or None
        NaN is a value, None is not given.
    mask : str or None
        Absolute path or URL of the scene's own mask.
    sun, view : SunAngles, ViewAngles or None
        None where the file does not say.
    crs, bounds : str and (west, south, east, north), or None
        Georeference for a picture that has none; `crs` alone of a file that has a position.
    stac : Catalog or None
        Only for STAC.
    unread : tuple of str
        Masks beside the scene whose meaning is not known.
    attribution : Attribution
        Sensor, credit and licence, as far as the file says them.
    """

    key: str
    line: int
    kind: Literal["path", "glob", "stac"]
    date: dt.date | None = None
    time: dt.time | None = None
    paths: tuple[tuple[str, str], ...] = ()
    bands: Bands | None = None
    nodata: float | None = None
    mask: str | None = None
    sun: SunAngles | None = None
    view: ViewAngles | None = None
    crs: str | None = None
    bounds: Bounds | None = None
    stac: Catalog | None = None
    unread: tuple[str, ...] = ()
    attribution: Attribution = UNSAID


@dataclass(frozen=True)
class Read:
    """How scenes are read.

    Attributes
    ----------
    on_error : {"stop", "skip"}
        What to do with a scene that cannot be read.
    allow_hosts : tuple of str
        Hosts that a catalog may lead to, beside those that the workflow names itself.
    """

    on_error: str = "stop"
    allow_hosts: tuple[str, ...] = ()


@dataclass(frozen=True)
class StageRequest:
    """What the file asks of a stage.

    Attributes
    ----------
    method : str
        ``auto``, ``none`` or a method.
    parameters : mapping of str to JSON value
        Those that the file gives; no defaults.
    line : int or None
        Where the stage is written; None where it is left out.
    """

    method: str = "auto"
    parameters: Mapping[str, Json] = field(default_factory=dict, hash=False)
    line: int | None = None


@dataclass(frozen=True)
class Outputs:
    """What is written, and where.

    Attributes
    ----------
    dir : str
        Absolute folder of the run folders.
    formats : tuple of str
        Some or all of `FORMATS` and `EXTRA_FORMATS`.
    upload : Address or None
        Where in a bucket the run folder is uploaded to when the run has ended; below it a place of the site's id.
    """

    dir: str
    formats: tuple[str, ...] = FORMATS
    upload: Address | None = None


@dataclass(frozen=True)
class Compute:
    """How to compute; None is auto.

    Attributes
    ----------
    scheduler : str
        ``threads``, ``processes`` or the address of a running scheduler.
    workers : int or None
        How many.
    memory : int or None
        Bytes, of all workers together.
    chunk : int or None
        Edge of a tile in pixels; results do not depend on it.
    """

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
    site, scenes, grid, read, outputs, compute
        The sections of those names.
    bands : tuple of (role, band number or description), or None
        For scenes that do not have their own.
    before : datetime.date or None
        The reference date; None is the earliest.
    stages : mapping of str to StageRequest
        One for each stage, in data order.
    lines : mapping of str to int
        Line of each dotted key.
    ais : str or None
        Absolute path of a CSV file of positions that ships reported.
    works : bool
        Whether works are looked for.
    buildings : bool
        Whether halls are looked for.
    ships : bool
        Whether ships are looked for on all open water; at zones of kind berth they are anyway.
    railcars : bool
        Whether railway tracks are looked for, and the cars on them; on zones of kind siding cars are anyway.
    """

    path: str
    folder: Path
    site: Site
    scenes: tuple[SceneEntry, ...]
    grid: Grid
    bands: Bands | None
    before: dt.date | None
    read: Read
    stages: Mapping[str, StageRequest] = field(hash=False)
    outputs: Outputs
    compute: Compute
    lines: Mapping[str, int] = field(default_factory=dict, hash=False, repr=False, compare=False)
    ais: str | None = None
    works: bool = False
    buildings: bool = False
    ships: bool = False
    railcars: bool = False

    def _repr_html_(self) -> str:
        site, scenes = self.site, self.scenes
        dates = sorted(scene.date for scene in scenes if scene.date is not None)
        searches = sum(scene.stac is not None for scene in scenes)
        asked = [
            f"{name} {request.method}" + "".join(f", {key} {value}" for key, value in request.parameters.items())
            for name, request in self.stages.items()
            if request.method != "auto" or request.parameters
        ]
        rows: list[Row] = [
            ("file", self.path),
            ("dates", f"{len(dates)}: {dates[0]} to {dates[-1]}" if dates else ""),
            ("STAC searches", str(searches) if searches else ""),
            ("reference", str(self.before) if self.before else "the earliest date"),
            ("area", "the extent of the reference scene" if site.aoi is None else "given"),
            ("zones", site.zones or ""),
            ("asked of stages", "; ".join(asked) or "nothing: all is chosen from the scenes"),
            ("outputs", f"{', '.join(self.outputs.formats)} in {self.outputs.dir}"),
        ]
        return card(f"Workflow {site.id}: {site.name}", rows)

    def problem(self, key: str, message: str) -> Problem:
        """A mistake with its place in the file.

        Parameters
        ----------
        key : str
            Dotted, such as ``scenes[2].path``.
        message : str
            What is wrong, what was expected.

        Returns
        -------
        Problem
            With the line of that key or of the nearest one around it.
        """
        return Problem(message, key, self.path, line_of(self.lines, key))
