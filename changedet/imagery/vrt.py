"""The files that virtual rasters (GDAL's VRT) are made of: pictures of this machine, and nothing else.

A VRT may declare any file to be raw pixels, run code, or name what lies elsewhere. Whoever sends a scene must not make
its reader publish the bytes of other files, so each file that a VRT names must be a picture by its own first bytes.
"""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final
from xml.etree import ElementTree as ET

from changedet.errors import InputError
from changedet.grid.datum_files import foreign_datum_file

MAX_BYTES: Final = 32 << 20
MAX_DEPTH: Final = 4
_MARK: Final = b"<VRTDataset"
_HEAD_BYTES: Final = 4096
_PICTURES: Final = (
    *(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"\x89PNG\r\n", b"\xff\xd8\xff", b"EHFA_HEADER_TAG", b"NITF0", b"NSIF0"),
    b"\0\0\0\x0cjP  ",
)
"""How pictures begin: only what no other kind of file that GDAL knows can begin with."""
_KINDS: Final = frozenset(
    {
        *("VRTWarpedDataset", "VRTPansharpenedDataset", "VRTSourcedRasterBand", "VRTDerivedRasterBand"),
        *("VRTWarpedRasterBand", "VRTPansharpenedRasterBand"),
    }
)
"""Subclasses that are read: VRTRawRasterBand is left out, and what is processed names files in ways of its own."""
_PREFIX: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+.-]+:")
_SOURCES: Final = frozenset({"sourcefilename", "sourcedataset"})
_REFUSED: Final = ("pixelfunctioncode", "dempath", "rpc_dem", "x_dataset", "y_dataset", "array", "group")
"""Elements whose text GDAL takes for a file or for code, and which no picture needs."""


def is_virtual(path: str) -> bool:
    """Whether GDAL would take a file of this machine for a VRT: it looks for a word among the first bytes.

    Parameters
    ----------
    path : str
        A file, or one in a zip archive by GDAL's ``/vsizip/``.

    Returns
    -------
    bool
        False where it cannot be read.
    """
    return _MARK in _head(path)


def named_files(path: str, depth: int = 0) -> list[str]:
    """The files that a VRT is made of, those of VRTs within it too.

    Parameters
    ----------
    path : str
        A VRT on this machine.
    depth : int
        How many VRTs lead to it.

    Returns
    -------
    list of str
        Absolute paths, each once.

    Raises
    ------
    InputError
        It declares raw pixels, runs code, names what is no picture on this machine, or cannot be understood.
    """
    if depth > MAX_DEPTH:
        raise InputError(f"{path}: is a VRT more than {MAX_DEPTH} VRTs deep; make one of the pictures themselves")
    found: dict[str, None] = {}
    for source in _sources(path, _parsed(path)):
        if source in found:
            continue
        found[source] = None
        if is_virtual(source):
            found |= dict.fromkeys(named_files(source, depth + 1))
        elif not _head(source).startswith(_PICTURES):
            raise InputError(_leads(path, source, "which is no picture (GeoTIFF, JPEG 2000, PNG, JPEG, HFA, NITF)"))
    return list(found)


def _parsed(path: str) -> ET.Element:
    with _opened(path) as file:
        text = file.read(MAX_BYTES + 1)
    if len(text) > MAX_BYTES or b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise InputError(f"{path}: is a VRT of more than {MAX_BYTES >> 20} MB or with a document type; make it again")
    try:
        return ET.fromstring(text)  # noqa: S314 - entities are refused above
    except ET.ParseError as error:
        raise InputError(f"{path}: looks like a VRT but is no valid XML ({error}); make it again") from None


def _sources(path: str, root: ET.Element) -> Iterator[str]:
    # To GDAL letters are the same large and small, name spaces none, and attributes the same as elements within.
    for element in root.iter():
        tag, text = _plain(element.tag), element.text or ""
        attributes = {_plain(name): value for name, value in element.items()}
        if foreign := next(filter(None, map(foreign_datum_file, (text, *attributes.values()))), None):
            raise InputError(f"{path}: its CRS names the file {foreign[:60]!a}; give it a CRS by a code")
        kind = text.strip() if tag == "subclass" else attributes.get("subclass")
        if kind is not None and kind not in _KINDS:
            raise InputError(
                f"{path}: holds a {kind[:40]!a}, which can show any file as pixels; get the pixels as GeoTIFF"
            )
        for name in (tag, attributes.get("name", "").lower(), attributes.get("key", "").lower(), *attributes):
            is_code = name == "pixelfunctionlanguage" and text.strip().lower() != "c"
            if name in _REFUSED or is_code or (name in _SOURCES and (name != tag or len(element))):
                raise InputError(f"{path}: holds '{name}', which a scene may not; get the pixels as GeoTIFF")
        if tag in _SOURCES:
            yield _resolved(path, text, attributes.get("relativetovrt") == "1")


def _plain(name: str) -> str:
    return name.rsplit("}", 1)[-1].lower()


def _resolved(path: str, name: str, relative: bool) -> str:
    full = os.path.join(_folder(path), name) if relative else name  # noqa: PTH118
    # By such beginnings GDAL knows parts of files, not files, also where a file has the whole for its name.
    if name != name.strip() or _PREFIX.match(name) or not os.path.isabs(full) or full.startswith("/vsi"):  # noqa: PTH117
        raise InputError(_leads(path, name, "expected the path of a picture beside it, or a full one"))
    if not os.path.isfile(full):  # noqa: PTH113
        raise InputError(_leads(path, name, "which is no file here"))
    return full


def _folder(path: str) -> str:
    """From where GDAL takes relative names: where the VRT itself lies, if it is given by a link."""
    for _ in range(40):
        if not os.path.islink(path):  # noqa: PTH114
            break
        path = os.path.join(os.path.dirname(path), os.readlink(path))  # noqa: PTH115, PTH118, PTH120
    return os.path.dirname(os.path.abspath(path))  # noqa: PTH100, PTH120


def _leads(path: str, name: str, why: str) -> str:
    return f"{path}: leads to {name[:80]!a}, {why}; a scene may not lead there: get a copy of the pixels"


def _head(path: str) -> bytes:
    try:
        with _opened(path) as file:
            return file.read(_HEAD_BYTES)
    except (OSError, KeyError, zipfile.BadZipFile, RuntimeError, NotImplementedError):
        return b""


def _opened(path: str) -> IO[bytes]:
    zipped = re.fullmatch(r"/vsizip/\{?(.+?\.zip)\}?/(.+)", path, re.IGNORECASE)
    return zipfile.ZipFile(zipped[1]).open(zipped[2]) if zipped else Path(path).open("rb")
