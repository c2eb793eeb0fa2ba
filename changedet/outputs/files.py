"""Writing so that a kill at any moment leaves nothing that looks finished."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def part_of(path: Path) -> Path:
    """The unfinished twin of a file: the same folder, the name with ``.part`` added."""
    return path.with_name(path.name + ".part")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield the unfinished twin to write to; it takes the file's place at the end, or vanishes on an error.

    Parameters
    ----------
    path : pathlib.Path
        The file to write; its folder is made where it is missing.

    Raises
    ------
    OSError
        Where the folder cannot be written to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = part_of(path)
    _remove(part)
    try:
        yield part
        part.replace(path)
    finally:
        _remove(part)


def _remove(part: Path) -> None:
    # A journal that a killed run left would be rolled back into the next database of the same name.
    for ending in ("", "-journal", "-wal", "-shm"):
        part.with_name(part.name + ending).unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Write a whole file at once; see `replacing`."""
    with replacing(path) as part:
        part.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write a whole UTF-8 file with Unix line ends at once; see `replacing`."""
    write_bytes(path, text.encode("utf-8"))
