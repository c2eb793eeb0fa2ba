"""Vector files, opened with care: they must hold their geometries, and lead to no other file, host or command."""

from __future__ import annotations

import json
import warnings
import zipfile
from pathlib import Path
from typing import IO, Final, NamedTuple

import shapely
from shapely.geometry.base import BaseGeometry

from changedet.errors import InputError

HEAD_BYTES: Final = 1 << 16
MAX_JSON_BYTES: Final = 64 << 20
MAX_MEMBERS: Final = 1000
_BLANK: Final = b"\xef\xbb\xbf \t\r\n"
_POINTERS: Final = (
    *(b"<OGRVRTDataSource", b"<OGRWFSDataSource", b"<OGROAPIF", b"<OGRCSWDataSource"),
    *(b"gdal_streamed_alg", b"<VRTDataset", b"<GDAL_WMS"),
)
"""By these words GDAL knows files that lead elsewhere."""


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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
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
    fields = {str(name).lower(): column for name, column in zip(meta["fields"], columns, strict=True)}
    there = [] if wkb is None else [i for i, blob in enumerate(wkb) if blob is not None]
    rows = [{name: column[i] for name, column in fields.items()} for i in there]
    return VectorFile(geometries, rows, str(meta["crs"]))


def _without_advice(error: Exception) -> str:
    """What GDAL found wrong, without its advice on prefixes, which are not accepted here."""
    return str(error).split(".; It might help")[0]


def _refuse_pointers(path: Path) -> None:
    # Refuse files that hold no geometry but tell GDAL where to fetch one: another file, a host, a command.
    unread = f"'{path}' cannot be read as a vector file"
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
                if len(names) > MAX_MEMBERS:
                    raise ValueError(f"it holds more than {MAX_MEMBERS} files")
                contents = [_content(archive.open(name)) for name in names]
        else:
            contents = [_content(path.open("rb"))]
        pointing = any(_is_pointer(content) for content in contents)
    except (OSError, ValueError, RuntimeError, zipfile.BadZipFile) as error:
        raise InputError(f"{unread} ({error})") from None
    if pointing:
        raise InputError(f"'{path}' only tells where geometries lie; give the file that holds them")
    if any(len(content) > MAX_JSON_BYTES for content in contents):
        raise InputError(f"'{path}' is GeoJSON of more than {MAX_JSON_BYTES >> 20} MB; save a GeoPackage")


def _content(stream: IO[bytes]) -> bytes:
    """The head of a file; of JSON, which may say anything at its end, all."""
    with stream:
        head = stream.read(HEAD_BYTES)
        return head + stream.read(MAX_JSON_BYTES) if head.lstrip(_BLANK)[:1] == b"{" else head


def _is_pointer(content: bytes) -> bool:
    if any(word in content[:HEAD_BYTES] for word in _POINTERS):
        return True
    if content.lstrip(_BLANK)[:1] != b"{" or len(content) > MAX_JSON_BYTES:
        return False
    # The first of several documents, where each line is one.
    document, _ = json.JSONDecoder().raw_decode(content.lstrip(_BLANK).decode(errors="replace"))
    crs = document.get("crs")
    return isinstance(crs, dict) and crs.get("type") not in {"name", "EPSG"}
