"""Open scenes: read headers, find out which band is which and where the sun stood; never guess what nothing tells."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import Any, Final, TypeVar
from urllib.parse import urlparse

import numpy as np

from changedet.errors import InputError, is_one_line
from changedet.imagery.bands import MASKS, SAR, find_roles, is_sar
from changedet.imagery.headers import Raster, read_header
from changedet.imagery.scene import BandSource, MaskSource, Scene, SunAngles, ViewAngles, in_order

Bands = Mapping[str, int | str]
Angles = TypeVar("Angles", SunAngles, ViewAngles)

_SUN_AZIMUTH: Final = ("sun_azimuth", "solar_azimuth_angle", "meansunaz", "sunazimuth", "sun_azimuth_angle")
_SUN_ELEVATION: Final = ("sun_elevation", "solar_elevation_angle", "meansunel", "sunelevation", "sun_elevation_angle")
_SUN_ZENITH: Final = ("solar_zenith_angle", "sun_zenith", "sun_zenith_angle")
_VIEW_AZIMUTH: Final = ("azimuth", "view_azimuth")
# Towards the satellite: the other way round.
_SATELLITE_AZIMUTH: Final = ("satellite_azimuth", "satellite_azimuth_angle", "meansataz")
_OFF_NADIR: Final = ("off_nadir", "off_nadir_angle", "meanoffnadirviewangle", "view_angle", "satellite_zenith_angle")


def open_scene(
    path: str | os.PathLike[str] | Mapping[str, str],
    *,
    date: dt.date | str,
    time: dt.time | str | None = None,
    bands: Bands | None = None,
    default_bands: Bands | None = None,
    nodata: float | None = None,
    mask: str | None = None,
    sun: Any = None,
    view: Any = None,
    crs: str | None = None,
    bounds: Sequence[float] | None = None,
    name: str = "",
    collection: str = "",
    scaling: Mapping[str, tuple[float, float]] | None = None,
) -> Scene:
    """Open a scene by the headers of its files; no pixel is read.

    Parameters
    ----------
    path : str or mapping of role to path
        A file with all bands, or one file for each role; with role ``""`` a file with all bands, beside those of its
        masks. http, https and s3 URLs are files too.
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
    crs, bounds : optional
        Where files without a georeference lie: west, south, east, north.
    name, collection : str
        By default the name of the file, and none.
    scaling : mapping of role to (scale, offset), optional
        In place of the files' own.

    Returns
    -------
    Scene

    Raises
    ------
    InputError
        Where a file cannot be opened or used, or a band that `bands` names does not exist.
    """
    _check_names(path, name)
    warnings: list[str] = []
    rasters, sources = _sources(path, bands, default_bands, {"crs": crs, "bounds": bounds, "nodata": nodata}, warnings)
    data = _compared(sources)
    masks = _masks(sources, data, rasters, mask)
    _without_swath_edge(rasters, data, masks)
    told = _angles_from_tags(rasters[next(iter(data.values())).path].tags)
    return Scene(
        date=_date(date, next(iter(rasters))),
        name=name or _name([source.path for source in sources.values()]),
        bands={role: _scaled(data[role], role, scaling) for role in in_order(list(data))},
        rasters=rasters,
        masks=masks,
        time=dt.time.fromisoformat(time) if isinstance(time, str) else time,
        sun=_angles(SunAngles, sun) or told[0],
        view=_angles(ViewAngles, view) or told[1],
        collection=collection,
        warnings=(*warnings, *_placed_roughly(rasters, data)),
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


def _sources(
    path: str | os.PathLike[str] | Mapping[str, str],
    bands: Bands | None,
    default_bands: Bands | None,
    options: Mapping[str, Any],
    warnings: list[str],
) -> tuple[dict[str, Raster], dict[str, BandSource]]:
    if isinstance(path, Mapping) and "" not in path:
        return _by_role({role: str(p) for role, p in path.items()}, bands or default_bands or {}, options)
    whole = str(path[""]) if isinstance(path, Mapping) else os.fspath(path)
    rasters, sources = _all_in_one(whole, bands, default_bands, options, warnings)
    for role, mask in path.items() if isinstance(path, Mapping) else ():
        if role in MASKS:
            rasters[mask] = read_header(mask, classes=True, like=rasters[whole].frame)
            sources[role] = BandSource(mask, 1)
    return rasters, sources


def _compared(sources: Mapping[str, BandSource]) -> dict[str, BandSource]:
    """The roles that hold pictures, of one kind."""
    first = next(iter(sources.values())).path
    data = {role: source for role, source in sources.items() if role not in MASKS}
    if not data:
        raise InputError(f"{first}: has no band to compare, only masks; give 'bands'")
    if is_sar(tuple(data)) and not set(data) <= set(SAR):
        raise InputError(f"{first}: mixes radar and optical roles ({', '.join(data)}); correct 'bands'")
    return data


def _without_swath_edge(
    rasters: dict[str, Raster], data: Mapping[str, BandSource], masks: Sequence[MaskSource]
) -> None:
    """Exact zeros of a radar file that names no nodata value are where nothing was recorded: noise alone is above 0.

    So it is with floating point and with unsigned integers of 16 bits and more. In 8 bits dark water is rounded to 0,
    and in signed integers 0 may be a level in decibels: those keep their zeros, and so does what was given a value.
    """
    if masks or not is_sar(tuple(data)):
        return
    for source in data.values():
        raster = rasters[source.path]
        band = raster.bands[source.index - 1]
        dtype = np.dtype(band.dtype)
        if band.nodata is not None or raster.has_mask or (dtype.kind, dtype.itemsize) == ("u", 1) or dtype.kind == "i":
            continue
        bands = list(raster.bands)
        bands[source.index - 1] = replace(band, nodata=0.0)
        rasters[source.path] = replace(raster, bands=tuple(bands), identity=f"{raster.identity}-zero")


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


def _by_role(
    paths: Mapping[str, str], bands: Bands, options: Mapping[str, Any]
) -> tuple[dict[str, Raster], dict[str, BandSource]]:
    """One file a role; of a file with several bands the one that `bands` or its description gives."""
    rasters: dict[str, Raster] = {}
    sources: dict[str, BandSource] = {}
    like = None
    for role in in_order(list(paths)):
        path = paths[role]
        if path not in rasters:
            about = {**options, "nodata": None} if role in MASKS else options
            rasters[path] = read_header(path, classes=role in MASKS, like=like, **about)
        raster = rasters[path]
        like = like or raster.frame
        sources[role] = _source(raster, _band_of(raster, role, bands))
    _set_alpha(rasters, sources)
    return rasters, sources


def _band_of(raster: Raster, role: str, bands: Bands) -> int:
    if len(raster.bands) == 1 or role in MASKS:
        return 1
    if role in bands:
        return find_roles(raster.path, raster.bands, raster.path, {role: bands[role]}).bands[role]
    found = find_roles(raster.path, raster.bands, _hint(raster), None).bands
    if role not in found:
        raise InputError(
            f"{raster.path}: has {len(raster.bands)} bands and none says that it is '{role}'; give 'bands'"
        )
    return found[role]


def _all_in_one(
    path: str, bands: Bands | None, default_bands: Bands | None, options: Mapping[str, Any], warnings: list[str]
) -> tuple[dict[str, Raster], dict[str, BandSource]]:
    raster = read_header(path, **options)
    given = bands
    if bands is None and default_bands:
        known = [band.description.strip().lower() for band in raster.bands]
        given = {role: band for role, band in default_bands.items() if _exists(band, known)}
        lost = [role for role in default_bands if role not in given]
        if lost and given:
            warnings.append(f"{path}: has no band for {', '.join(lost)}, it has {len(known)} bands")
        elif lost:
            raise InputError(f"{path}: has none of the bands that 'bands' names ({', '.join(lost)})")
    found = find_roles(path, raster.bands, _hint(raster), given)
    warnings.extend(found.warnings)
    rasters = {path: raster}
    sources = {role: _source(raster, index) for role, index in found.bands.items()}
    _set_alpha(rasters, sources)
    return rasters, sources


def _exists(band: int | str, known: Sequence[str]) -> bool:
    return 1 <= band <= len(known) if isinstance(band, int) else band.strip().lower() in known


def _source(raster: Raster, index: int) -> BandSource:
    band = raster.bands[index - 1]
    return BandSource(raster.path, index, band.scale, band.offset)


def _scaled(source: BandSource, role: str, scaling: Mapping[str, tuple[float, float]] | None) -> BandSource:
    if not scaling or role not in scaling:
        return source
    scale, offset = scaling[role]
    return replace(source, scale=scale, offset=offset)


def _set_alpha(rasters: dict[str, Raster], sources: Mapping[str, BandSource]) -> None:
    """A file's alpha band hides pixels before they are resampled; a band that a role claims is no alpha."""
    for path, raster in rasters.items():
        claimed = {source.index for role, source in sources.items() if source.path == path and role != "alpha"}
        colors = [i for i, band in enumerate(raster.bands, 1) if band.color == "alpha" and i not in claimed]
        given = [s.index for role, s in sources.items() if role == "alpha" and s.path == path and claimed]
        chosen = given or colors
        if chosen and claimed:
            rasters[path] = replace(raster, alpha=chosen[0])


def _masks(
    sources: Mapping[str, BandSource], data: Mapping[str, BandSource], rasters: dict[str, Raster], mask: str | None
) -> tuple[MaskSource, ...]:
    frame = rasters[next(iter(data.values())).path].frame
    found = []
    for role in MASKS:
        source = sources.get(role)
        if source is None or rasters[source.path].alpha == source.index:
            continue
        alone = source.path not in {band.path for band in data.values()}
        count = len(rasters[source.path].bands)
        indexes = tuple(range(1, count + 1)) if role == "udm2" and alone else (source.index,)
        found.append(MaskSource(role, source.path, indexes))
    if mask is not None:
        rasters[mask] = read_header(mask, classes=True, like=frame)
        found.append(MaskSource("file", mask))
    return tuple(found)


def _hint(raster: Raster) -> str:
    """What may name the sensor: file name, tags, descriptions."""
    tags = [f"{key}={value}" for key, value in raster.tags.items() if len(value) < 200]
    return " ".join([Path(raster.path).name, *tags, *(band.description for band in raster.bands)])


def _date(date: dt.date | str, path: str) -> dt.date:
    if isinstance(date, dt.datetime):
        return date.date()
    if isinstance(date, dt.date):
        return date
    try:
        return dt.date.fromisoformat(date)
    except ValueError:
        raise InputError(f"{path}: '{date}' is no date, expected one such as 2023-06-04") from None


def _angles(kind: type[Angles], given: Any) -> Angles | None:
    if given is None or isinstance(given, kind):
        return given
    names, values = kind.__dataclass_fields__, given
    if kind is SunAngles and (values.get("azimuth_deg") is None or values.get("elevation_deg") is None):
        return None
    if kind is ViewAngles and values.get("off_nadir_deg") is None:
        return None
    numbers = {name: float(value) for name, value in values.items() if name in names and value is not None}
    return kind(**numbers)


def _angles_from_tags(tags: Mapping[str, str]) -> tuple[SunAngles | None, ViewAngles | None]:
    """Sun and view angles from a TIFF's tags, also from JSON in its description as some providers write it."""
    flat = {key.lower().rsplit(":", 1)[-1]: value for key, value in tags.items()}
    with contextlib.suppress(ValueError):
        flat.update(_leaves(json.loads(flat.get("tifftag_imagedescription", "{}"))))
    azimuth, elevation = _number(flat, _SUN_AZIMUTH), _number(flat, _SUN_ELEVATION)
    zenith = _number(flat, _SUN_ZENITH)
    if elevation is None and zenith is not None:
        elevation = 90.0 - zenith
    off_nadir = _number(flat, _OFF_NADIR)
    sun = None if azimuth is None or elevation is None else SunAngles(azimuth % 360.0, elevation)
    view_azimuth, opposite = _number(flat, _VIEW_AZIMUTH), _number(flat, _SATELLITE_AZIMUTH)
    if view_azimuth is None and opposite is not None:
        view_azimuth = (opposite + 180.0) % 360.0
    return sun, None if off_nadir is None else ViewAngles(abs(off_nadir), view_azimuth)


def _leaves(data: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in data.items() if isinstance(data, Mapping) else ():
        if isinstance(value, Mapping):
            found.update(_leaves(value))
        else:
            found[str(key).lower()] = str(value)
    return found


def _number(tags: Mapping[str, str], names: Sequence[str]) -> float | None:
    for name in names:
        try:
            value = float(tags[name])
        except (KeyError, ValueError):
            continue
        if -360.0 <= value <= 360.0:
            return value
    return None
