"""The media type of each file in a bucket, for browsers and readers of STAC."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final

_BY_ENDING: Final = {
    ".tif": "image/tiff; application=geotiff; profile=cloud-optimized",
    ".gtif": "image/tiff; application=geotiff",
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".html": "text/html; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".gpkg": "application/geopackage+sqlite3",
    ".parquet": "application/vnd.apache.parquet",
    ".xml": "application/xml",
    ".qml": "application/xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".gif": "image/gif",
    ".svg": "image/svg+xml",
    ".pdf": "application/pdf",
    ".mp4": "video/mp4",
}
ANY: Final = "application/octet-stream"


def content_type(name: str) -> str:
    """The media type of a file.

    Parameters
    ----------
    name : str
        Of the file.

    Returns
    -------
    str
        As STAC and HTTP name it.

    Examples
    --------
    >>> content_type("change/2023-04-26_mask.tif"), content_type("project.qgz")
    ('image/tiff; application=geotiff; profile=cloud-optimized', 'application/octet-stream')
    """
    return _BY_ENDING.get(PurePosixPath(name).suffix.lower(), ANY)
