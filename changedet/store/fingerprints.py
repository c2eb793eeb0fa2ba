"""What is kept of a file that a run wrote, and whether it is still that file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Final, TypedDict

from changedet.kernels.together import together
from changedet.store.records import sha256

QUICKLY_READ_BYTES: Final = 16 << 20
"""Smaller files of a run's own are told by their bytes every time: that costs some milliseconds, and a table that a
disk has spoilt is computed anew instead of ending a run."""


class Fingerprint(TypedDict, total=False):
    """What a record says of a file: its bytes when the step was done, or that it may be half written."""

    size: int
    mtime_ns: int
    sha256: str
    unfinished: bool


def fingerprint(path: Path) -> Fingerprint:
    """The fingerprint of a file as it is now.

    Parameters
    ----------
    path : pathlib.Path
        The file, which is read.

    Returns
    -------
    Fingerprint
        Size, time of change and SHA-256.
    """
    status = path.stat()
    return {"size": status.st_size, "mtime_ns": status.st_mtime_ns, "sha256": sha256(path)}


def fingerprints(paths: Iterable[Path]) -> dict[Path, Fingerprint]:
    """The fingerprints of files as they are now, which are read side by side where threads are free.

    Parameters
    ----------
    paths : iterable of pathlib.Path
        The files.

    Returns
    -------
    dict of pathlib.Path to Fingerprint
        In their order.
    """
    files = list(paths)
    return dict(zip(files, together([partial(fingerprint, path) for path in files]), strict=True))


def is_fingerprint(value: object) -> bool:
    """Whether what a record holds can be read as a fingerprint.

    Parameters
    ----------
    value : object
        As JSON gives it.

    Returns
    -------
    bool
        False for what no version of changedet writes.
    """
    if not isinstance(value, Mapping):
        return False
    kinds = {"size": int, "mtime_ns": int, "sha256": str, "unfinished": bool}
    known = all(isinstance(value[name], kind) for name, kind in kinds.items() if name in value)
    return known and ("sha256" in value or value.get("unfinished") is True)


def is_untouched(path: Path, entry: Fingerprint, *, by_bytes: bool = False) -> bool:
    """Whether a file is as it was when it was recorded.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    entry : Fingerprint
        What was recorded.
    by_bytes : bool
        Whether its bytes are compared even where size and time of change are the same.

    Returns
    -------
    bool
        True in any state where it may be half written.
    """
    if entry.get("unfinished"):
        return True
    try:
        status = path.stat()
    except OSError:
        return False
    if status.st_size != entry.get("size") or not path.is_file():
        return False
    # A copy or a checkout renews the times and leaves the bytes: only then is the digest worth its cost.
    if status.st_mtime_ns == entry.get("mtime_ns") and not by_bytes:
        return True
    return sha256(path) == entry.get("sha256")
