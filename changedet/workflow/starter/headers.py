"""The headers of scenes: what they say, and what they leave open."""

from __future__ import annotations

import json
import math
import os
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NamedTuple

import pyproj
import rasterio
import rasterio.errors

from changedet.errors import InputError, Problem, is_one_line
from changedet.grid.geodesy import ground_pixel_m2
from changedet.imagery.bands import find_roles, role_from_description, roles_by_name
from changedet.imagery.datasets import gdal_options, is_remote, open_dataset, reading
from changedet.imagery.headers import Raster, read_header
from changedet.workflow.geo_fields import Bounds
from changedet.workflow.globs import BoundlessError, glob_files
from changedet.workflow.starter.folder_walk import walk_folder
from changedet.workflow.yaml_tree import printable

MissingPlace = Literal["", "crs", "crs and bounds"]
_ANYWHERE: Final[Bounds] = (0.0, 0.0, 1.0, 1.0)
_NO_PLACE: Final = {"crs": "no crs", "crs and bounds": "no georeference"}
_LONGEST_LIST: Final = 200
"""Characters of a list of bands in a comment."""
_LARGEST_PRJ: Final = 65_536
"""Bytes of a ``.prj`` file that is read; longer ones hold no WKT."""


@dataclass(frozen=True)
class Header:
    """What a scene's file says about it.

    Attributes
    ----------
    path : str
        As given.
    raster : Raster
        With a placeholder for its place where `missing_place` is not ``""``.
    missing_place : {"", "crs", "crs and bounds"}
        What is missing of its georeference.
    bounds : (west, south, east, north)
        In its CRS; the file's own, also where it has no CRS.
    roles : mapping of role to band number, or None
        None where the file does not say what each of its bands shows.
    roles_by_name : mapping of role to band number, or None
        Of a file whose bands all have names, some of them no role: the rest.
    role_in_name : str
        Of a file of one band without a description, the role that its name ends in, such as ``.._B04.tif`` of
        Sentinel-2.
    crs_beside : str
        Of a file with a position and no CRS, that of the ``.prj`` file beside it; empty where there is none.
    """

    path: str
    raster: Raster
    missing_place: MissingPlace
    bounds: Bounds
    roles: Mapping[str, int] | None
    role_in_name: str = ""
    roles_by_name: Mapping[str, int] | None = None
    crs_beside: str = ""

    @property
    def name(self) -> str:
        """The file's name, without its folder."""
        return self.path.rsplit("/", 1)[-1]

    @property
    def layout(self) -> tuple[object, ...]:
        """What the file says of its bands; files of one layout get one question about them."""
        return tuple((band.description, band.color, band.dtype) for band in self.raster.bands)

    @property
    def gsd_m(self) -> float:
        """Ground sampling distance at the centre of the image, metres; NaN where its place is not known."""
        if self.missing_place:
            return math.nan
        frame = self.raster.frame
        return math.sqrt(ground_pixel_m2(frame.crs, frame.transform, frame.height / 2, frame.width / 2))

    def in_words(self) -> str:
        """Place, pixel size, bands, nodata and shape, for a comment.

        Returns
        -------
        str
            One line.
        """
        bands = self.raster.bands
        nodata = bands[0].nodata
        height, width = self.raster.shape
        said = [
            _NO_PLACE.get(self.missing_place) or self.raster.frame.crs[:40],
            "" if math.isnan(self.gsd_m) else f"{self.gsd_m:.3g} m",
            f"{len(bands)} band{'s' if len(bands) != 1 else ''} {bands[0].dtype}",
            self._without_role(),
            "" if nodata is None else f"nodata {nodata:g}",
            f"{width} x {height} px",
        ]
        return printable(" ".join(", ".join(part for part in said if part).split()))

    def _without_role(self) -> str:
        if self.roles is not None or not self.roles_by_name:
            return ""
        used = self.roles_by_name.values()
        left = [f"{i} ({band.description})" for i, band in enumerate(self.raster.bands, 1) if i not in used]
        return f"not used: {', '.join(left)[:_LONGEST_LIST]}"


class FoundFiles(NamedTuple):
    """The files that the command line names.

    Attributes
    ----------
    rasters, catalogs : list of str
        Raster files, and STAC catalogs and item collections; sorted, each once.
    left_out : dict of path to str
        What folders hold beside scenes, and why it is none.
    in_folders : set of str
        The rasters that only a folder named.
    """

    rasters: list[str]
    catalogs: list[str]
    left_out: dict[str, str]
    in_folders: set[str]


def find_files(scenes: Sequence[str]) -> FoundFiles:
    """The raster files and STAC files among paths, patterns, folders and URLs.

    Parameters
    ----------
    scenes : sequence of str
        As given on the command line; folders are looked through with the folders in them.

    Returns
    -------
    FoundFiles
        What they name.

    Raises
    ------
    InputError
        For each that is neither a file nor matches any.
    """
    rasters: list[str] = []
    catalogs: list[str] = []
    left_out: dict[str, str] = {}
    problems: list[Problem] = []
    walked: set[str] = set()
    named: set[str] = set()
    for scene in scenes:
        found, why_none, beside = _expand(scene)
        left_out |= beside
        (walked if Path(scene).is_dir() else named).update(found)
        if not found:
            problems.append(Problem(why_none, file=scene))
        for path in found:
            if not is_one_line(path):
                problems.append(Problem(f"the name {path[-100:]!a} holds control characters; rename the file"))
            (catalogs if _is_stac(path) else rasters).append(path)
    if not scenes:
        problems.append(Problem("no scenes given, expected files, folders, patterns or URLs"))
    if problems:
        raise InputError(problems)
    return FoundFiles(sorted(dict.fromkeys(rasters)), sorted(dict.fromkeys(catalogs)), left_out, walked - named)


def _expand(scene: str) -> tuple[list[str], str, dict[str, str]]:
    # The files that a word means, why there are none, and what a folder holds beside them.
    if is_remote(scene) or Path(scene).is_file():
        return [scene], "", {}
    if Path(scene).is_dir():
        walked = walk_folder(scene)
        packed = f", but {walked.archives} archives: unpack them first" if walked.archives else ""
        return walked.rasters, f"no raster in this folder{packed}", walked.left_out
    try:
        found = glob_files(os.path.abspath(scene))  # noqa: PTH100
    except BoundlessError as error:
        raise InputError(Problem(str(error), file=scene)) from None
    return found if os.path.isabs(scene) else [os.path.relpath(path) for path in found], "no such file", {}  # noqa: PTH117


def _is_stac(path: str) -> bool:
    if not path.lower().endswith(".json") or is_remote(path):
        return False
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(data, dict) and ("stac_version" in data or data.get("type") == "FeatureCollection")


def read_scene_header(path: str) -> Header:
    """A scene's header.

    Parameters
    ----------
    path : str
        Of a raster file, or its URL.

    Returns
    -------
    Header
        Of a file that cannot be read at all there is none: InputError.
    """
    missing, bounds = _place(path)
    beside = _crs_beside(path) if missing == "crs" else ""
    # A placeholder lets the rest of the header be read and checked before any question about its place.
    crs, given = (beside, None) if beside else ("EPSG:4326", _ANYWHERE) if missing else (None, None)
    raster = read_header(path, crs=crs, bounds=given)
    missing = "" if beside else missing
    hint = " ".join([os.path.basename(path), *raster.tags.values()])  # noqa: PTH119
    found = find_roles(path, raster.bands, hint, None)
    roles = None if found.warnings else dict(found.bands)
    named = role_from_name(path) if roles is None and len(raster.bands) == 1 else ""
    by_name = roles_by_name(raster.bands, hint) if roles is None else None
    return Header(path, raster, missing, bounds, roles, named, by_name, beside)


def _crs_beside(path: str) -> str:
    """The CRS in the ``.prj`` file that some programs put beside a world file; empty where there is none to be read."""
    file = Path(path).with_suffix(".prj")
    if is_remote(path) or not file.is_file() or file.stat().st_size > _LARGEST_PRJ:
        return ""
    try:
        parsed = pyproj.CRS.from_wkt(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, pyproj.exceptions.CRSError):
        return ""
    epsg = parsed.to_epsg(min_confidence=70)
    return f"EPSG:{epsg}" if epsg is not None else parsed.to_wkt()


def role_from_name(path: str) -> str:
    """The band role in the last two words of a file's name.

    Parameters
    ----------
    path : str
        The folder helps with names such as ``B04``, which mean other bands of other satellites.

    Returns
    -------
    str
        Empty where there is none.

    Examples
    --------
    >>> role_from_name("S2A_MSIL2A.SAFE/T34VEM_20230604T101530_B04_10m.tif"), role_from_name("depot_2023_nir.tif")
    ('red', 'nir')
    """
    words = re.split(r"[_\-. ]+", Path(path).stem)
    # 're' is rededge in a list of bands, but anything in a name.
    roles = [role_from_description(word, path) for word in words[-2:] if word.lower() != "re"]
    return next((role for role in reversed(roles) if role), "")


def _place(path: str) -> tuple[MissingPlace, Bounds]:
    with reading(path), warnings.catch_warnings(), rasterio.Env(**gdal_options(path)):
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        with open_dataset(path) as dataset:
            box = dataset.bounds
            bounds = (float(box.left), float(box.bottom), float(box.right), float(box.top))
            if dataset.transform.is_identity:
                inexact = bool(dataset.gcps[0]) or dataset.rpcs is not None
                return "" if inexact else "crs and bounds", bounds
            return "" if dataset.crs else "crs", bounds
