"""Which file of a scene holds which band, and which masks come with it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np

from changedet.errors import InputError
from changedet.grid import Frame
from changedet.imagery.bands import MASKS, SAR, GivenBands, find_roles, in_order, is_sar
from changedet.imagery.headers import Raster, read_header
from changedet.imagery.scene import BandSource, MaskSource

BandFiles: TypeAlias = tuple[dict[str, Raster], dict[str, BandSource]]
"""Headers by path, and where the values of each role are."""


@dataclass(frozen=True)
class FileGiven:
    """What a workflow says of a scene's files in place of their headers.

    Attributes
    ----------
    crs : str or None
        Of files that have none.
    bounds : sequence of float or None
        West, south, east, north.
    nodata : float or None
        The number that stands for no data.
    """

    crs: str | None = None
    bounds: Sequence[float] | None = None
    nodata: float | None = None

    def header(self, path: str, *, is_mask: bool = False, like: Frame | None = None) -> Raster:
        """The header of one of the files.

        Parameters
        ----------
        path : str
            A file or URL.
        is_mask : bool
            Whether it holds classes or flags, which have no nodata value.
        like : Frame, optional
            Of another of the files; used where this one has no georeference but as many pixels.

        Returns
        -------
        Raster
            As the workflow has it.
        """
        nodata = None if is_mask else self.nodata
        return read_header(path, crs=self.crs, bounds=self.bounds, nodata=nodata, classes=is_mask, like=like)


def find_band_files(
    path: str | os.PathLike[str] | Mapping[str, str],
    bands: GivenBands | None,
    default_bands: GivenBands | None,
    given: FileGiven,
    warnings: list[str],
) -> BandFiles:
    """The files of a scene and the bands in them.

    Parameters
    ----------
    path : str or mapping of role to path
        A file with all bands, or one file for each role; with role ``""`` a file with all bands, beside masks.
    bands : mapping of role to band number or description, or None
        Every entry must exist.
    default_bands : mapping or None
        In its place where not given; what a file lacks is left out with a warning.
    given : FileGiven
        In place of the files' headers.
    warnings : list of str
        What is assumed is added.

    Returns
    -------
    rasters : dict of path to Raster
        Headers of all files.
    sources : dict of role to BandSource
        Masks too.
    """
    if isinstance(path, Mapping) and "" not in path:
        return _by_role({role: str(p) for role, p in path.items()}, bands or default_bands or {}, given)
    whole = str(path[""]) if isinstance(path, Mapping) else os.fspath(path)
    rasters, sources = _all_in_one(whole, bands, default_bands, given, warnings)
    for role, mask in path.items() if isinstance(path, Mapping) else ():
        if role in MASKS:
            rasters[mask] = read_header(mask, classes=True, like=rasters[whole].frame)
            sources[role] = BandSource(mask, 1)
        elif role == "pan":
            rasters[mask] = given.header(mask)
            sources[role] = _source(rasters[mask], _band_of(rasters[mask], role, {}))
    return rasters, sources


def _by_role(paths: Mapping[str, str], bands: GivenBands, given: FileGiven) -> BandFiles:
    """One file a role; of a file with several bands the one that `bands` or its description gives."""
    rasters: dict[str, Raster] = {}
    sources: dict[str, BandSource] = {}
    like = None
    for role in in_order(list(paths)):
        path = paths[role]
        if path not in rasters:
            rasters[path] = given.header(path, is_mask=role in MASKS, like=like)
        raster = rasters[path]
        like = like or raster.frame
        sources[role] = _source(raster, _band_of(raster, role, bands))
    _set_alpha(rasters, sources)
    return rasters, sources


def _band_of(raster: Raster, role: str, bands: GivenBands) -> int:
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
    path: str, bands: GivenBands | None, default_bands: GivenBands | None, given: FileGiven, warnings: list[str]
) -> BandFiles:
    raster = given.header(path)
    wanted = bands
    if bands is None and default_bands:
        known = [band.description.strip().lower() for band in raster.bands]
        wanted = {role: band for role, band in default_bands.items() if _exists(band, known)}
        lost = [role for role in default_bands if role not in wanted]
        if lost and wanted:
            warnings.append(f"{path}: has no band for {', '.join(lost)}, it has {len(known)} bands")
        elif lost:
            raise InputError(f"{path}: has none of the bands that 'bands' names ({', '.join(lost)})")
    found = find_roles(path, raster.bands, _hint(raster), wanted)
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


def _set_alpha(rasters: dict[str, Raster], sources: Mapping[str, BandSource]) -> None:
    """A file's alpha band hides pixels before they are resampled; a band that a role claims is no alpha."""
    for path, raster in rasters.items():
        claimed = {source.index for role, source in sources.items() if source.path == path and role != "alpha"}
        colors = [i for i, band in enumerate(raster.bands, 1) if band.color == "alpha" and i not in claimed]
        given = [s.index for role, s in sources.items() if role == "alpha" and s.path == path and claimed]
        chosen = given or colors
        if chosen and claimed:
            rasters[path] = replace(raster, alpha=chosen[0])


def _hint(raster: Raster) -> str:
    """What may name the sensor: file name, tags, descriptions."""
    tags = [f"{key}={value}" for key, value in raster.tags.items() if len(value) < 200]
    return " ".join([Path(raster.path).name, *tags, *(band.description for band in raster.bands)])


def compared_bands(sources: Mapping[str, BandSource]) -> dict[str, BandSource]:
    """The bands that can be compared: all but masks, and either optical or radar.

    Parameters
    ----------
    sources : mapping of role to BandSource
        Masks too.

    Returns
    -------
    dict of role to BandSource
        Without masks.

    Raises
    ------
    InputError
        There is none, or radar and optical bands are mixed.
    """
    first = next(iter(sources.values())).path
    data = {role: source for role, source in sources.items() if role not in MASKS}
    if not data:
        raise InputError(f"{first}: has no band to compare, only masks; give 'bands'")
    if is_sar(tuple(data)) and not set(data) <= set(SAR):
        raise InputError(f"{first}: mixes radar and optical roles ({', '.join(data)}); correct 'bands'")
    return data


def rescaled(source: BandSource, role: str, scaling: Mapping[str, tuple[float, float]] | None) -> BandSource:
    """A band with the scale and offset that a STAC item gives.

    Parameters
    ----------
    source : BandSource
        With those of its file.
    role : str
        Its role.
    scaling : mapping of role to (scale, offset), or None
        In their place.

    Returns
    -------
    BandSource
        The same where the item gives none.
    """
    if not scaling or role not in scaling:
        return source
    scale, offset = scaling[role]
    return replace(source, scale=scale, offset=offset)


def mask_sources(
    sources: Mapping[str, BandSource], data: Mapping[str, BandSource], rasters: dict[str, Raster], mask: str | None
) -> tuple[MaskSource, ...]:
    """The masks of a scene, beside what the band files themselves mark as no data.

    Parameters
    ----------
    sources : mapping of role to BandSource
        Masks too.
    data : mapping of role to BandSource
        Without masks.
    rasters : dict of path to Raster
        Headers of all files; that of `mask` is added.
    mask : str or None
        A file that is 0 where the scene is not to be used.

    Returns
    -------
    tuple of MaskSource
        In the order of `MASKS`, `mask` last.
    """
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


def mark_swath_edge(rasters: dict[str, Raster], data: Mapping[str, BandSource], masks: Sequence[MaskSource]) -> None:
    """Make 0 the nodata value of radar bands that name none: beyond the swath's edge nothing was recorded.

    Noise alone is above 0 there, in floating point and in unsigned integers of 16 bits and more. In 8 bits dark water
    is rounded to 0, and in signed integers 0 may be a level in decibels: those keep their zeros, and so does what was
    given a value.

    Parameters
    ----------
    rasters : dict of path to Raster
        Headers of all files; changed in place.
    data : mapping of role to BandSource
        The scene's bands without masks.
    masks : sequence of MaskSource
        Where a scene has masks, they say where the swath ends.
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
