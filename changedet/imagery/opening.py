"""Open scenes by the headers of their files: which band is which, where the sun stood; nothing is guessed."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import Required, TypedDict
from urllib.parse import urlparse

from changedet.errors import InputError, is_one_line
from changedet.imagery.angles import SunAngles, ViewAngles, angles_from_tags, sun_angles, view_angles
from changedet.imagery.attribution import UNSAID, Attribution, from_tags
from changedet.imagery.band_files import (
    FileGiven,
    compared_bands,
    find_band_files,
    mark_swath_edge,
    mask_sources,
    rescaled,
)
from changedet.imagery.bands import GivenBands, in_order
from changedet.imagery.headers import Raster
from changedet.imagery.scene import BandSource, Scene
from changedet.imagery.sharpening import with_sharper


class PixelArguments(TypedDict, total=False):
    """Arguments of `open_scene` that say where pixels are."""

    path: Required[str | Mapping[str, str]]
    bands: GivenBands | None
    nodata: float | None
    scaling: Mapping[str, tuple[float, float]]


class SceneArguments(PixelArguments):
    """Arguments of `open_scene` as a STAC item gives them."""

    date: dt.date
    time: dt.time
    name: str
    collection: str
    sun: Mapping[str, float] | None
    view: Mapping[str, float] | None
    attribution: Attribution


def open_scene(
    path: str | os.PathLike[str] | Mapping[str, str],
    *,
    date: dt.date | str,
    time: dt.time | str | None = None,
    bands: GivenBands | None = None,
    default_bands: GivenBands | None = None,
    nodata: float | None = None,
    mask: str | None = None,
    sun: SunAngles | Mapping[str, float] | None = None,
    view: ViewAngles | Mapping[str, float] | None = None,
    crs: str | None = None,
    bounds: Sequence[float] | None = None,
    name: str = "",
    collection: str = "",
    scaling: Mapping[str, tuple[float, float]] | None = None,
    attribution: Attribution = UNSAID,
) -> Scene:
    """Open a scene by the headers of its files; no pixel is read.

    Parameters
    ----------
    path : str or mapping of role to path
        A file with all bands, or one file for each role; with role ``""`` a file with all bands, beside those of its
        masks and of the panchromatic band that sharpens it. http, https and s3 URLs are files too.
    date, time : datetime.date and datetime.time, or str
        UTC.
    bands : mapping of role to band number or description, optional
        What holds for this scene: every entry must exist.
    default_bands : mapping, optional
        In its place where not given; what this file lacks is left out with a warning.
    nodata : float, optional
        In place of the files' own.
    mask : str, optional
        A raster that is 0 where the scene is not to be used.
    sun, view : SunAngles, ViewAngles or mapping of their fields, optional
        In place of what the files' tags say.
    crs : str, optional
        Of files that have none.
    bounds : sequence of float, optional
        West, south, east, north in place of the files' own.
    name, collection : str
        By default the name of the file, and none.
    scaling : mapping of role to (scale, offset), optional
        In place of the files' own.
    attribution : Attribution
        Where it says nothing, what the files' tags say.

    Returns
    -------
    Scene
        With the roles of its bands in the contract's order, and warnings of what was assumed.

    Raises
    ------
    InputError
        Where a file cannot be opened or used, or a band that `bands` names does not exist.
    """
    _check_names(path, name)
    warnings: list[str] = []
    rasters, sources = find_band_files(path, bands, default_bands, FileGiven(crs, bounds, nodata), warnings)
    data, sharper = with_sharper(compared_bands(sources), rasters)
    masks = mask_sources(sources, data, rasters, mask)
    mark_swath_edge(rasters, data, masks)
    tags = rasters[next(iter(data.values())).path].tags
    tagged_sun, tagged_view = angles_from_tags(tags)
    return Scene(
        date=_date(date, next(iter(rasters))),
        name=name or _name([source.path for source in sources.values()]),
        bands={role: rescaled(data[role], role, scaling) for role in in_order(list(data))},
        rasters=rasters,
        masks=masks,
        time=dt.time.fromisoformat(time) if isinstance(time, str) else time,
        sun=sun_angles(sun) or tagged_sun,
        view=view_angles(view) or tagged_view,
        collection=collection,
        warnings=(*warnings, *_placed_roughly(rasters, data)),
        attribution=attribution.over(from_tags(tags)),
        sharper=sharper,
    )


def _placed_roughly(rasters: Mapping[str, Raster], data: Mapping[str, BandSource]) -> list[str]:
    paths = dict.fromkeys(source.path for source in data.values())
    words = "is placed by RPCs at their mean height; hills and towers lie off their place"
    return [f"{path}: {words}" for path in list(paths)[:1] if rasters[path].rpcs is not None]


def _check_names(path: str | os.PathLike[str] | Mapping[str, str], name: str) -> None:
    paths = list(path.values()) if isinstance(path, Mapping) else [os.fspath(path)]
    odd = next((words for words in [*map(str, paths), name] if not is_one_line(words)), None)
    if odd is not None:
        raise InputError(f"the name {odd[-100:]!a} holds control characters; rename the file")


def _name(paths: Sequence[str]) -> str:
    """What a scene's files are called, such as ``a.tif`` or, of one file a band, ``2023-08-01_{red,nir}.tif``.

    >>> _name(["s/2023-08-01_red.tif", "s/2023-08-01_nir.tif"]), _name(["B04.jp2", "B08.jp2"]), _name(["a.tif"])
    ('2023-08-01_{red,nir}.tif', '{B04,B08}.jp2', 'a.tif')
    """
    names = [PurePosixPath(urlparse(p).path if "://" in p else Path(p).as_posix()).name for p in dict.fromkeys(paths)]
    if len(names) == 1:
        return names[0]
    if len(set(names)) == 1:
        return f"{len(names)} files {names[0]}"
    begin = _shared_start(names)
    begin = begin[: 1 + max(begin.rfind(mark) for mark in "-_. ")]
    rest = [name[len(begin) :] for name in names]
    end = _shared_start([name[::-1] for name in rest])[::-1]
    end = end[min((end.find(mark) for mark in "-_. " if mark in end), default=len(end)) :]
    return f"{begin}{{{','.join(name[: len(name) - len(end)] for name in rest)}}}{end}"


def _shared_start(names: Sequence[str]) -> str:
    same = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    return "".join(letters[0] for letters in same)


def _date(date: dt.date | str, path: str) -> dt.date:
    if isinstance(date, dt.datetime):
        return date.date()
    if isinstance(date, dt.date):
        return date
    try:
        return dt.date.fromisoformat(date)
    except ValueError:
        raise InputError(f"{path}: '{date}' is no date, expected one such as 2023-06-04") from None
