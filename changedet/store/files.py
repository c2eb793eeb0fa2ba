"""Whole files or none: a kill at any moment leaves the old file or the new one, and nothing that looks finished."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from changedet.errors import ChangedetError
from changedet.store.layout import STATE

LEAST_FREE_BYTES: Final = 16 << 20
TRIAL_BYTES: Final = 1 << 16
"""Written to see whether a disk takes anything: more than a file system keeps within its own tables."""
_DISK: Final = frozenset({errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS})
_WRITERS: Final = ("rasterio", "pyogrio", "sqlite3")
"""Libraries whose own errors say that they could not write."""


def part_of(path: Path) -> Path:
    """The unfinished twin of a file.

    Parameters
    ----------
    path : pathlib.Path
        The file to write.

    Returns
    -------
    pathlib.Path
        In the same folder, the name with ``.part`` added.
    """
    return path.with_name(path.name + ".part")


@contextmanager
def telling_full_disk(path: Path) -> Iterator[None]:
    """Turn what the system and libraries say when a file cannot be written into one line that names it.

    Parameters
    ----------
    path : pathlib.Path
        The file that is being written.

    Yields
    ------
    None
        While it is written.

    Raises
    ------
    ChangedetError
        It could not be written: the disk has less room than a large block needs, or what the system says.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, ChangedetError):
            raise
        if path.parent.exists():
            require_room(path)
        if not _is_of_disk(error) and type(error).__module__.split(".")[0] not in _WRITERS:
            raise
        said = getattr(error, "strerror", None) or str(error.__cause__ or error) or type(error).__name__
        where = getattr(error, "filename", None) or path
        raise ChangedetError(f"{where}: cannot be written ({said}); run again, it goes on from here") from error


def require_room(path: Path) -> None:
    """Refuse to begin a large file on a full disk: libtiff never ends closing one whose header it could not write.

    Parameters
    ----------
    path : pathlib.Path
        The file to write; its folder is there.

    Raises
    ------
    ChangedetError
        The disk has less room than a large block needs.
    """
    free = shutil.disk_usage(path.parent).free
    if free < LEAST_FREE_BYTES:
        left = f"its disk has {free >> 10} kB left; make room and run again, it goes on from here"
        raise ChangedetError(f"{path}: cannot be written, {left}")


def require_write(path: Path) -> None:
    """Refuse to finish a large file on a disk that takes nothing more, for the same reason.

    Parameters
    ----------
    path : pathlib.Path
        The file that is written; beside it a few bytes are, and removed.

    Raises
    ------
    OSError
        They cannot be written.
    """
    trial = path.with_name(f"{path.name}.room")
    try:
        with trial.open("wb") as out:
            out.write(bytes(TRIAL_BYTES))
            out.flush()
            os.fsync(out.fileno())
    finally:
        trial.unlink(missing_ok=True)


def let_go(path: Path) -> None:
    """Turn a file that is not wanted any more away from the disk, so that its library can close it on a full one.

    Parameters
    ----------
    path : pathlib.Path
        Open in this process, and to be deleted. What is still written to it is lost. Without effect on systems that do
        not list open files in ``/proc``.
    """
    folder, own = Path("/proc/self/fd"), str(path.resolve())
    for name in [one.name for one in folder.iterdir()] if folder.is_dir() else ():
        with suppress(OSError):
            if str((folder / name).readlink()) == own:
                nowhere = os.open(os.devnull, os.O_RDWR)
                os.dup2(nowhere, int(name), inheritable=False)
                os.close(nowhere)


@contextmanager
def naming_disk_errors(folder: Path) -> Iterator[None]:
    """Turn what the system says of a disk, wherever it is met, into one line.

    Parameters
    ----------
    folder : pathlib.Path
        Named where the system names no file.

    Yields
    ------
    None
        While things are written in it.

    Raises
    ------
    ChangedetError
        The disk failed, is full, or may not be written to.
    OSError
        What is not of a disk, as it came.
    """
    try:
        yield
    except OSError as error:
        if not _is_of_disk(error):
            raise
        where = error.filename or folder
        said = f"{where}: cannot be written or read ({error.strerror}); run again, it goes on from here"
        raise ChangedetError(said) from error


def _is_of_disk(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno in _DISK


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield the unfinished twin to write to; it takes the file's place at the end, or vanishes on an error.

    Parameters
    ----------
    path : pathlib.Path
        The file to write; its folder is made where it is missing.

    Yields
    ------
    pathlib.Path
        The twin.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = part_of(path)
    _remove(part)
    try:
        with telling_full_disk(path):
            yield part
            put_in_place(part, path)
    finally:
        _remove(part)


def put_in_place(part: Path, path: Path) -> None:
    """Let a finished file take its place, its bytes being on the disk before its name is.

    Without that a power cut may leave an empty file under the name of a whole one. Tables that a run keeps for itself
    need not wait for the disk: they are told by their bytes when they are taken up, and computed again.

    Parameters
    ----------
    part : pathlib.Path
        The finished file.
    path : pathlib.Path
        Its place, in the same folder.
    """
    own = STATE in path.parts and path.suffix == ".json"
    if not own:
        _on_disk(part)
    if path.suffix == ".gpkg":
        # What a program that died left beside the database before: read as this one's, it would spoil it.
        _remove_beside(path)
    part.replace(path)
    if not own:
        _on_disk(path.parent)


def _on_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems cannot do it for folders; where they fail to write they say otherwise.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def _remove(part: Path) -> None:
    part.unlink(missing_ok=True)
    # A journal that a killed run left would be rolled back into the next database of the same name.
    _remove_beside(part)


def _remove_beside(database: Path) -> None:
    for ending in ("-journal", "-wal", "-shm"):
        database.with_name(database.name + ending).unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Write a whole file at once; see `replacing`.

    Parameters
    ----------
    path : pathlib.Path
        The file to write.
    data : bytes
        All of it.
    """
    with replacing(path) as part:
        part.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write a whole UTF-8 file with Unix line ends at once; see `replacing`.

    Parameters
    ----------
    path : pathlib.Path
        The file to write.
    text : str
        All of it.
    """
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, value: object, *, indent: int = 1, ascii_only: bool = True) -> None:
    """Write a whole JSON file at once; see `replacing`.

    Parameters
    ----------
    path : pathlib.Path
        The file to write.
    value : object
        Mappings with text keys, sequences, text, finite numbers, booleans and None; anything else as its text.
    indent : int
        Blanks for each level.
    ascii_only : bool
        Whether other letters are written as escapes.
    """
    write_text(path, json.dumps(value, indent=indent, ensure_ascii=ascii_only, allow_nan=False, default=str) + "\n")
