"""Files of shifts between datums, and of heights, that a coordinate reference system names.

PROJ opens such a file wherever it lies, as soon as GDAL reads a CRS that names it: a pipe or a terminal would be waited
for without end. So what is not trusted is looked through before, as text.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Final

import pyproj

from changedet.errors import InputError

MOST_BYTES: Final = 32 << 20
"""Of a file beside a picture: statistics and a CRS are kilobytes."""
_NAMED: Final = re.compile(
    r"(?:PARAMETERFILE\s*[\[(]\s*\"[^\"]*\"\s*,\s*\"|PROJ4_GRIDS\"\s*,\s*\")([^\"]*)"
    r"|(?:\b(?:nadgrids|geoidgrids)|(?:^|[\"'+])init)\s*=\s*([^\s\"'<]*)",
    re.I,
)
"""In WKT, as a parameter or an extension; in a PROJ string."""
_PLAIN: Final = re.compile(r"@?[\w.-]*(:\w+)?")
"""A name that PROJ looks for among its own data, "null" for none, "@" where it may be missing; EPSG:32633 of init."""
_ESCAPED: Final = re.compile(r"\\u([0-9a-fA-F]{4})")
_BESIDE: Final = ("", ".ovr", ".msk")


def foreign_datum_file(text: str) -> str | None:
    """The first file that a coordinate reference system names by a path or an address.

    Parameters
    ----------
    text : str
        WKT, a PROJ string, or XML or JSON that holds one; not trusted, and nothing is opened.

    Returns
    -------
    str or None
        Its name; None where there is none, or all are names of files that come with PROJ.

    Examples
    --------
    >>> foreign_datum_file("+proj=utm +zone=33 +ellps=intl +nadgrids=/dev/stdin")
    '/dev/stdin'
    >>> foreign_datum_file("+proj=utm +zone=33 +ellps=intl +nadgrids=@null")
    """
    plain = html.unescape(text)
    if "\\" in plain:
        plain = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), plain).replace('\\"', '"').replace("\\/", "/")
    named = (one for found in _NAMED.findall(plain) for one in "".join(found).split(","))
    return next((name for name in named if not _PLAIN.fullmatch(name)), None)


def foreign_in_crs(crs: pyproj.CRS) -> str | None:
    """As `foreign_datum_file`, of one that was read.

    Parameters
    ----------
    crs : pyproj.CRS
        Not trusted.

    Returns
    -------
    str or None
        Its name.
    """
    return foreign_datum_file(crs.to_wkt())


def require_own_crs_beside(path: str) -> None:
    """Refuse a picture beside which stands a CRS that names a file.

    Parameters
    ----------
    path : str
        A picture on this machine, which need not be there.

    Raises
    ------
    InputError
        What viewers write beside it (``.aux.xml``), or beside its overviews and mask, names one, or is no such file.
    """
    for ending in _BESIDE:
        beside = Path(f"{path}{ending}.aux.xml")
        if not beside.is_file():
            continue
        with beside.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise InputError(f"{beside}: has more than {MOST_BYTES >> 20} MB; remove it")
        if foreign := foreign_datum_file(content.decode(errors="replace")):
            raise InputError(f"{beside}: its CRS names the file {foreign[:60]!a}; remove it, or give a CRS by a code")
