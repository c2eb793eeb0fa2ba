"""What scenes' headers say, and what they leave open."""

from __future__ import annotations

import json
import math
import os
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import rasterio
import rasterio.errors

from changedet.errors import InputError, Problem
from changedet.grid.geodesy import ground_pixel_m2
from changedet.imagery.bands import find_roles, from_name
from changedet.imagery.headers import Raster, gdal_options, is_remote, open_dataset, read_header, reading
from changedet.workflow.geo_fields import Bounds
from changedet.workflow.globs import BoundlessError, glob_files

SUFFIXES: Final = (".tif", ".tiff", ".jp2", ".ntf", ".nitf", ".img", ".vrt", ".png", ".jpg", ".jpeg", ".bmp", ".dat")
_ANYWHERE: Final[Bounds] = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class Header:
    """A scene as its file tells it.

    Attributes
    ----------
    path : str
        As given.
    raster : Raster
        With a placeholder where `place` is not ``""``.
    place : str
        What is missing of its position: ``""``, ``"crs"`` or ``"crs and bounds"``.
    bounds : tuple
        In its CRS; the file's own, also where it has no CRS.
    roles : mapping of role to band number, or None
        None where the file does not tell all its bands.
    role_in_name : str
        Of a file of one band that tells nothing, the role that its name ends in, such as ``.._B04.tif`` of Sentinel-2.
    """

    path: str
    raster: Raster
    place: str
    bounds: Bounds
    roles: dict[str, int] | None
    role_in_name: str = ""

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    @property
    def layout(self) -> tuple[Any, ...]:
        """Files of one layout get one question about their bands."""
        return tuple((band.description, band.color, band.dtype) for band in self.raster.bands)

    @property
    def gsd_m(self) -> float:
        """Ground sampling distance in the picture's middle, NaN where the place is not known."""
        if self.place:
            return math.nan
        frame = self.raster.frame
        return math.sqrt(ground_pixel_m2(frame.crs, frame.transform, frame.height / 2, frame.width / 2))

    def described(self) -> str:
        """Its facts in one line."""
        bands = self.raster.bands
        nodata = bands[0].nodata
        height, width = self.raster.shape
        said = [
            "no georeference" if self.place else self.raster.frame.crs[:40],
            "" if math.isnan(self.gsd_m) else f"{self.gsd_m:.3g} m",
            f"{len(bands)} band{'s' if len(bands) != 1 else ''} {bands[0].dtype}",
            "" if nodata is None else f"nodata {nodata:g}",
            f"{width} x {height} px",
        ]
        return ", ".join(part for part in said if part)


def find_files(scenes: Sequence[str]) -> tuple[list[str], list[str]]:
    """Raster files and STAC files among paths, patterns, folders and URLs, sorted, each once.

    Raises
    ------
    InputError
        For each that is nothing.
    """
    rasters: list[str] = []
    catalogs: list[str] = []
    problems: list[Problem] = []
    for scene in scenes:
        found = _expand(scene)
        if not found:
            what = "no raster in this folder" if Path(scene).is_dir() else "no such file"
            problems.append(Problem(what, file=scene))
        for path in found:
            (catalogs if _is_stac(path) else rasters).append(path)
    if not scenes:
        problems.append(Problem("no scenes given, expected files, folders, patterns or URLs"))
    if problems:
        raise InputError(problems)
    return sorted(dict.fromkeys(rasters)), sorted(dict.fromkeys(catalogs))


def _expand(scene: str) -> list[str]:
    if is_remote(scene) or Path(scene).is_file():
        return [scene]
    if Path(scene).is_dir():
        inside = sorted(str(path) for path in Path(scene).iterdir())
        return [path for path in inside if path.lower().endswith(SUFFIXES) and Path(path).is_file()]
    try:
        found = glob_files(os.path.abspath(scene))  # noqa: PTH100
    except BoundlessError as error:
        raise InputError(Problem(str(error), file=scene)) from None
    return found if os.path.isabs(scene) else [os.path.relpath(path) for path in found]  # noqa: PTH117


def _is_stac(path: str) -> bool:
    if not path.lower().endswith(".json") or is_remote(path):
        return False
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(data, dict) and ("stac_version" in data or data.get("type") == "FeatureCollection")


def read(path: str) -> Header:
    """A scene's header; InputError where it cannot be read at all."""
    place, bounds = _place(path)
    # A placeholder lets the rest of the header be read and judged before anybody is asked for the place.
    crs, given = ("EPSG:4326", _ANYWHERE) if place else (None, None)
    raster = read_header(path, crs=crs, bounds=given)
    hint = " ".join([os.path.basename(path), *raster.tags.values()])  # noqa: PTH119
    found = find_roles(path, raster.bands, hint, None)
    roles = None if found.warnings else dict(found.bands)
    named = name_role(path) if roles is None and len(raster.bands) == 1 else ""
    return Header(path, raster, place, bounds, roles, named)


def name_role(path: str) -> str:
    """The role in the last two words of a file's name, or nothing.

    >>> name_role("S2A_MSIL2A.SAFE/T34VEM_20230604T101530_B04_10m.tif"), name_role("depot_2023-06-04_nir.tif")
    ('red', 'nir')
    """
    words = re.split(r"[_\-. ]+", Path(path).stem)
    # 're' is rededge in a list of bands, but anything in a name.
    roles = [from_name(word, path) for word in words[-2:] if word.lower() != "re"]
    return next((role for role in reversed(roles) if role), "")


def _place(path: str) -> tuple[str, Bounds]:
    with reading(path), warnings.catch_warnings(), rasterio.Env(**gdal_options(path)):
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        with open_dataset(path) as dataset:
            box = dataset.bounds
            bounds = (float(box.left), float(box.bottom), float(box.right), float(box.top))
            if dataset.transform.is_identity:
                inexact = bool(dataset.gcps[0]) or dataset.rpcs is not None
                return "" if inexact else "crs and bounds", bounds
            return "" if dataset.crs else "crs", bounds
