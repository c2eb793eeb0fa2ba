"""The paths and addresses that a workflow may name: existing files, and http(s) or s3 URLs.

GDAL would take far more: ``/vsicurl/`` prefixes, connection strings, inline XML. They reach hosts that nobody allowed,
so they are refused.
"""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from changedet.errors import InputError, did_you_mean
from changedet.store.bucket.address import Address, address
from changedet.workflow.checker import UnfitError, shown, unfit
from changedet.workflow.fields import one_line, text
from changedet.workflow.globs import BoundlessError, glob_files
from changedet.workflow.yaml_tree import Node

MAX_HINTS: Final = 500
"""In a folder of more files no name is looked for that was perhaps meant."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_CONNECTION = re.compile(r"<|[A-Za-z][A-Za-z0-9_]+:")


def local_file(folder: Path, what: str = "a path relative to the workflow file") -> Callable[[Node], str]:
    """An existing file of this machine.

    Parameters
    ----------
    folder : Path
        That paths are relative to.
    what : str
        What the value should be, for the message.

    Returns
    -------
    callable
        Converts a node to an absolute path, and raises `UnfitError`.
    """

    def _convert(node: Node) -> str:
        value = text(what)(node)
        if _SCHEME.match(value):
            raise unfit(node, "the path of a file on this machine")
        return _existing(folder, value, node)

    return _convert


def file_or_url(folder: Path) -> Callable[[Node], str]:
    """An existing file, or an http(s) or s3 URL.

    Parameters
    ----------
    folder : Path
        That paths are relative to.

    Returns
    -------
    callable
        Converts a node to an absolute path or to the URL as it is, and raises `UnfitError`.
    """

    def _convert(node: Node) -> str:
        value = text("a path relative to the workflow file, or a URL")(node)
        return _url(value, node) if _SCHEME.match(value) else _existing(folder, value, node)

    return _convert


def output_folder(folder: Path) -> Callable[[Node], str]:
    """A folder, which need not exist.

    Parameters
    ----------
    folder : Path
        That paths are relative to.

    Returns
    -------
    callable
        Converts a node to an absolute path, and raises `UnfitError`.
    """

    def _convert(node: Node) -> str:
        value = one_line("a folder")(node)
        if value.startswith("s3://"):
            raise unfit(node, f"a folder on this machine; to have the run in the bucket too, give upload: {value}")
        if _SCHEME.match(value) or value.startswith("/vsi") or "\0" in value:
            raise unfit(node, "a folder on this machine")
        path = _absolute(folder, value)
        if os.path.isfile(path):  # noqa: PTH113
            raise UnfitError(f"{shown(node)} is a file, expected a folder")
        return path

    return _convert


def bucket_address(node: Node) -> Address:
    """A place in a bucket.

    Parameters
    ----------
    node : node
        The value.

    Returns
    -------
    Address
        As it was written.

    Raises
    ------
    UnfitError
        It is none.
    """
    value = text("s3://BUCKET/PREFIX")(node)
    try:
        return address(value)
    except InputError as error:
        raise UnfitError(str(error)) from None


def files_of_pattern(folder: Path) -> Callable[[Node], tuple[str, ...]]:
    """The files that a glob pattern matches, GDAL's sidecar files left out.

    Parameters
    ----------
    folder : Path
        That paths are relative to.

    Returns
    -------
    callable
        Converts a node to sorted absolute paths, at least one, and raises `UnfitError`.
    """

    def _convert(node: Node) -> tuple[str, ...]:
        value = text("a pattern such as 'scenes/*.tif'")(node)
        if _SCHEME.match(value) or value.startswith("/vsi") or "\0" in value:
            raise unfit(node, "a pattern for files on this machine; list URLs one by one under 'path'")
        try:
            found = glob_files(os.path.join(folder, os.path.expanduser(value)))  # noqa: PTH111, PTH118
        except BoundlessError as error:
            raise UnfitError(f"{shown(node)} {error}") from None
        if not found:
            raise UnfitError(f"{shown(node)} matches no file; patterns are relative to the workflow file")
        return tuple(sorted({os.path.normpath(path) for path in found}))

    return _convert


def _url(value: str, node: Node) -> str:
    scheme = value.split("://", 1)[0].lower()
    if scheme == "file":
        raise unfit(node, "the plain path, without 'file://'")
    if scheme not in {"http", "https", "s3"}:
        raise UnfitError(f"got {shown(node)}, expected a file, or a URL that begins with http, https or s3")
    try:
        parts = urlsplit(value)
        host, user = parts.hostname, parts.username
        _ = parts.port
    except ValueError as error:
        raise unfit(node, "a URL with a valid host") from error
    # Keys of objects may hold blanks, which GDAL escapes; in other addresses they are %20.
    if not host or re.search(r"[\s\0]", value.replace(" ", "") if scheme == "s3" else value):
        raise unfit(node, "a URL with a host and no spaces")
    if user is not None:
        # Provenance files keep every address: a password must not get there.
        raise UnfitError("holds a user name or password, expected none; put credentials into the environment")
    return value


def _existing(folder: Path, value: str, node: Node) -> str:
    if value.startswith("/vsizip/"):
        return _zipped(folder, value, node)
    if value.startswith("/vsi"):
        raise unfit(node, "a file or an http(s) or s3 URL; GDAL's /vsi prefixes are not accepted")
    path = _absolute(folder, value)
    if os.path.isfile(path):  # noqa: PTH113
        return path
    if os.path.isdir(path):  # noqa: PTH112
        raise UnfitError(f"{shown(node)} is a folder, expected a file")
    if os.path.lexists(path):
        what = "a link that leads nowhere" if os.path.islink(path) else "a pipe or a device"  # noqa: PTH114
        raise UnfitError(f"{shown(node)} is {what}, expected a file")
    if _CONNECTION.match(value):
        raise unfit(node, "a file or an http(s) or s3 URL; GDAL connection strings are not accepted")
    raise UnfitError(f"no such file {shown(node)}{_near(path, value)}")


def _zipped(folder: Path, value: str, node: Node) -> str:
    match = re.fullmatch(r"/vsizip/\{?(.+?\.zip)\}?/(.+)", value, re.IGNORECASE)
    if not match:
        raise unfit(node, "/vsizip/ARCHIVE.zip/FILE")
    archive = _absolute(folder, match[1])
    if not os.path.isfile(archive):  # noqa: PTH113
        raise UnfitError(f"no such archive '{match[1]}'")
    try:
        with zipfile.ZipFile(archive) as opened:
            names = opened.namelist()
    except (zipfile.BadZipFile, OSError) as error:
        raise UnfitError(f"'{match[1]}' is no readable zip archive") from error
    if match[2] not in names:
        raise UnfitError(f"no such file '{match[2]}' in '{match[1]}'{did_you_mean(match[2], names)}")
    return f"/vsizip/{archive}/{match[2]}"


def _absolute(folder: Path, value: str) -> str:
    # normpath drops './' and 'x/..' but follows no link: the file that was named is the one that is opened.
    return os.path.normpath(os.path.join(folder, os.path.expanduser(value)))  # noqa: PTH111, PTH118


def _near(path: str, value: str) -> str:
    """A name in the same folder that was perhaps meant."""
    folder, name = os.path.split(path)
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208
    except (OSError, ValueError):
        return f"; there is no folder '{os.path.dirname(value)}' either" if os.path.dirname(value) else ""  # noqa: PTH120
    # A stricter cutoff than for keys: scenes' names differ by little, and a wrong guess sends people astray.
    close = get_close_matches(name, names, n=1, cutoff=0.85) if len(names) <= MAX_HINTS else []
    close = [one for one in names if one.lower() == name.lower()][:1] or close
    if close:
        return f"; did you mean '{os.path.join(os.path.dirname(value), close[0])}'?"  # noqa: PTH118, PTH120
    slashes = ", with / between folders" if "\\" in value else ""
    return f"; paths are relative to the workflow file{slashes}"
