"""Vector files, opened with care: they must hold their geometries, and lead to no other file, host or command."""

from __future__ import annotations

import glob
import json
import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, NamedTuple

import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.errors import InputError
from changedet.grid.databases import SIGNATURE, is_database, require_tables
from changedet.grid.datum_files import foreign_datum_file
from changedet.grid.geodesy import LONLAT, transform_xy

HEAD_BYTES: Final = 1 << 16
MAX_JSON_BYTES: Final = 64 << 20
MAX_MEMBERS: Final = 1000
MAX_SHAPES: Final = 1_000_000
"""A shapefile of holes, which takes no room on a disk, can say that it has any number."""
MAX_UNPACKED_BYTES: Final = 1 << 30
"""Of all files of an archive: outlines of a site are kilobytes."""
_LONGEST_SAID: Final = 200
"""Characters of what GDAL says of a file: it repeats values of the file's own."""
_CRS_ENDINGS: Final = frozenset({".prj", ".qpj"})
_BLANK: Final = b"\xef\xbb\xbf\x1e \t\r\n\v\f"
"""What GDAL passes over before it looks for JSON: the mark of a text sequence too."""
_SCRIPTS: Final = (b"loadGeoJSON(", b"jsonp(")
"""Scripts around GeoJSON, which GDAL reads and which hide it from others."""
_POINTERS: Final = (
    *(b"<OGRVRTDataSource", b"<OGRWFSDataSource", b"<OGROAPIF", b"<OGRCSWDataSource"),
    *(b"gdal_streamed_alg", b"<VRTDataset", b"<GDAL_WMS"),
)
"""By these words GDAL knows files that lead elsewhere."""

_DRIVERS: Final = frozenset(
    {
        *("CSV", "DGN", "DXF", "ESRI Shapefile", "ESRIJSON", "FlatGeobuf", "GML", "GPKG", "GPX", "GeoJSON"),
        *("GeoJSONSeq", "GeoRSS", "JML", "JSONFG", "KML", "LIBKML", "MBTiles", "MapInfo File", "MapML", "ODS"),
        *("OGR_GMT", "OSM", "OpenFileGDB", "PMTiles", "Parquet", "Arrow", "S57", "SQLite", "TopoJSON", "WAsP", "XLSX"),
    }
)
"""Kinds that hold their geometries themselves: others ask a host or take what other files hold for them."""


class VectorFile(NamedTuple):
    """What a vector file holds.

    Attributes
    ----------
    geometries : list of shapely geometry
        Of any kind.
    rows : list of dict
        The fields of each, by their names in small letters.
    crs : str
        Theirs.
    """

    geometries: list[BaseGeometry]
    rows: list[dict[str, object]]
    crs: str


def read_polygons_file(path: Path) -> VectorFile:
    """The geometries of a vector file's first layer.

    Parameters
    ----------
    path : pathlib.Path
        A file of a kind that GDAL reads and that holds its geometries itself; or a zip archive with one.

    Returns
    -------
    VectorFile
        What it holds.

    Raises
    ------
    InputError
        Where it is not there, cannot be read, has no CRS, or only tells where geometries lie.
    """
    import pyogrio  # at its first use: it takes a quarter of a second to load

    if not path.exists():
        raise InputError(f"no such file '{path}'")
    _refuse_pointers(path)
    try:
        with offline(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _require_kind(path)
            meta, _, wkb, columns = pyogrio.raw.read(path, layer=0)
        geometries = [] if wkb is None else [shape for shape in shapely.from_wkb(wkb) if shape is not None]
    except (
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        shapely.errors.ShapelyError,
        ValueError,
    ) as error:
        raise InputError(f"'{path}' cannot be read as a vector file ({_without_advice(error)})") from None
    if meta["crs"] is None:
        raise InputError(f"'{path}' has no CRS; save it with one")
    _require_earth(path, str(meta["crs"]))
    fields = {str(name).lower(): column for name, column in zip(meta["fields"], columns, strict=True)}
    there = [] if wkb is None else [i for i, blob in enumerate(wkb) if blob is not None]
    rows = [{name: column[i] for name, column in fields.items()} for i in there]
    return VectorFile(geometries, rows, str(meta["crs"]))


@contextmanager
def offline() -> Iterator[None]:
    """Let GDAL ask no host for what a vector file names, whatever its kind.

    Yields
    ------
    None
        While vector files are opened.
    """
    import pyogrio  # as above

    # A proxy of a kind that there is none of: every request ends before a name is looked up.
    refused = {"GDAL_HTTP_PROXY": "refused://nowhere", "GDAL_HTTPS_PROXY": "refused://nowhere"}
    refused |= {"CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".no-network", "GML_DOWNLOAD_SCHEMA": "NO"}
    refused |= {"GDAL_HTTP_MAX_RETRY": "0"}
    kept = {name: pyogrio.get_gdal_config_option(name) for name in refused}
    pyogrio.set_gdal_config_options(refused)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(kept)


@contextmanager
def tables_of(path: str | Path, *, no_views: bool = False) -> Iterator[None]:
    """Read a GeoPackage that was written here and may have been changed, or replaced, by others.

    Parameters
    ----------
    path : path
        The file.
    no_views : bool
        As in `require_tables`.

    Yields
    ------
    None
        While it is read, without network access.

    Raises
    ------
    InputError
        As `require_tables` says, or a shape in it cannot be read.
    """
    require_tables(Path(path), no_views=no_views)
    try:
        with offline():
            yield
    except shapely.errors.ShapelyError as error:
        detail = " ".join(str(error).split())
        raise InputError(f"{path}: holds a shape that cannot be read ({detail}); repair it, or take a copy") from None


def _require_kind(path: Path) -> None:
    import pyogrio  # as above

    about = pyogrio.read_info(path, layer=0)
    if about["driver"] not in _DRIVERS:
        raise ValueError(f"{about['driver']} is a kind that is not read; save it as a GeoPackage")
    if about["features"] > MAX_SHAPES:
        raise ValueError(f"it says that it has {about['features']} shapes, more than {MAX_SHAPES}")


def _require_earth(path: Path, crs: str) -> None:
    try:
        transform_xy(crs, LONLAT, [0.0], [0.0])
    except pyproj.exceptions.ProjError as error:
        why = "is of another celestial body" if "celestial" in str(error) else "has no way to longitude and latitude"
        raise InputError(f"'{path}': its CRS {why}; save it with one of Earth") from None


def _without_advice(error: Exception) -> str:
    """What GDAL found wrong, without its advice on prefixes, which are not accepted here."""
    said = str(error).split(".; It might help")[0]
    return said if len(said) <= _LONGEST_SAID else f"{said[:_LONGEST_SAID]}.."


def _refuse_pointers(path: Path) -> None:
    # Refuse files that hold no geometry but tell GDAL where to fetch one: another file, a host, a command.
    unread = f"'{path}' cannot be read as a vector file"
    if not path.is_file():
        raise InputError(f"{unread} (it is no regular file)")
    left = MAX_JSON_BYTES
    try:
        for content in _contents(path):
            if _is_pointer(content):
                raise InputError(f"'{path}' only tells where geometries lie; give the file that holds them")
            if foreign := foreign_datum_file(content.decode(errors="replace")):
                raise InputError(f"'{path}': its CRS names the file {foreign[:60]!a}; save it with one by a code")
            left -= max(0, len(content) - HEAD_BYTES)
            if left < 0:
                raise InputError(f"'{path}' is GeoJSON of more than {MAX_JSON_BYTES >> 20} MB; save a GeoPackage")
    except (OSError, ValueError, RuntimeError, zipfile.BadZipFile) as error:
        raise InputError(f"{unread} ({error})") from None
    if is_database(path):
        require_tables(path)


def _contents(path: Path) -> Iterator[bytes]:
    if not zipfile.is_zipfile(path):
        yield _content(path.open("rb"))
        # Of several kinds, such as shapefiles and CSV, the CRS stands beside, by this ending in any letters.
        beside = (
            name for name in path.parent.glob(f"{glob.escape(path.stem)}.*") if name.suffix.lower() in _CRS_ENDINGS
        )
        yield from (_content(name.open("rb")) for name in beside if name.is_file())
        return
    with zipfile.ZipFile(path) as archive:
        files = archive.infolist()
        if len(files) > MAX_MEMBERS:
            raise ValueError(f"it holds more than {MAX_MEMBERS} files")
        if sum(file.file_size for file in files) > MAX_UNPACKED_BYTES:
            raise ValueError(f"it unpacks to more than {MAX_UNPACKED_BYTES >> 20} MB")
        for file in files:
            content = _content(archive.open(file))
            if content.startswith(SIGNATURE):
                raise ValueError("it holds a database; unpack it")
            yield content


def _content(stream: IO[bytes]) -> bytes:
    """The head of a file; of JSON, which may say anything at its end, all."""
    with stream:
        head = stream.read(HEAD_BYTES)
        return head + stream.read(MAX_JSON_BYTES) if head.lstrip(_BLANK)[:1] == b"{" else head


def _is_pointer(content: bytes) -> bool:
    head = content[:HEAD_BYTES].lstrip(_BLANK)
    if any(word in head for word in _POINTERS) or head.startswith(_SCRIPTS):
        return True
    if head[:1] != b"{" or len(content) > MAX_JSON_BYTES:
        return False
    # Each of several documents, where each line is one, and each object within: GDAL asks them all for a CRS.
    found: list[bool] = []
    decoder = json.JSONDecoder(object_pairs_hook=lambda pairs: _noted(pairs, found))
    text, at = content.rstrip(_BLANK).decode(errors="replace"), 0
    while at < len(text) and not found:
        at = decoder.raw_decode(text, _between(text, at))[1]
    return bool(found)


def _between(text: str, at: int) -> int:
    blank = re.compile(f"[{_BLANK.decode()}]*").match(text, at)
    return at if blank is None else blank.end()


def _noted(pairs: list[tuple[str, object]], found: list[bool]) -> dict[str, object]:
    """The type of a JSON object; a CRS that links elsewhere is noted."""
    for name, value in pairs:
        if name == "crs" and isinstance(value, dict) and value.get("type") not in ("name", "EPSG"):
            found.append(True)
    return {name: value for name, value in pairs if name == "type"}
