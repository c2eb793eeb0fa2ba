"""One run at a time in a run folder."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from changedet.errors import ChangedetError, InputError
from changedet.store.layout import RunLayout


@contextmanager
def holding(folder: RunLayout, *, is_new: bool) -> Iterator[None]:
    """Hold a run folder, which is made where it is missing.

    A new folder in which the input proved wrong before any result was there is taken away again.

    Parameters
    ----------
    folder : RunLayout
    is_new : bool
        Whether the folder was not there before.

    Yields
    ------
    None
        While the folder is held.

    Raises
    ------
    InputError
        The folder cannot be made, or the file that holds it cannot be opened.
    ChangedetError
        Another run holds it, or it was removed or moved away meanwhile.
    """
    made = [parent for parent in folder.path.parents if not parent.exists()]
    try:
        folder.state.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        said = f"{folder.path}: cannot be made ({error.strerror}); give another outputs.dir or --out"
        raise InputError(said) from error
    with _opened(folder.state / "lock") as stream:
        held = False
        with suppress(OSError):
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Who held it may have taken it away: then it holds off nobody.
            held = _is_there(folder, stream)
        if not held:
            message = f"{folder.path}: another run is at work in this folder; wait for it or choose another --out"
            raise ChangedetError(message)
        try:
            yield
        except Exception as error:
            _require_there(folder, stream)
            if is_new and isinstance(error, InputError):
                _take_away(folder, made)
            raise
        _require_there(folder, stream)


def _opened(lock: Path) -> IO[str]:
    try:
        # Appended to, not emptied, as it may be a link.
        return lock.open("a")
    except OSError as error:
        raise InputError(f"{lock}: cannot be opened ({error.strerror}); remove it, then run again") from error


def _is_there(folder: RunLayout, stream: IO[str]) -> bool:
    lock = folder.state / "lock"
    return lock.exists() and os.path.samestat(os.fstat(stream.fileno()), lock.stat())


def _require_there(folder: RunLayout, stream: IO[str]) -> None:
    if not _is_there(folder, stream):
        said = (
            "was removed or moved away while it was being written; put it back, or remove what is there, and run again"
        )
        raise ChangedetError(f"{folder.path}: {said}")


def _take_away(folder: RunLayout, made: list[Path]) -> None:
    """Remove a folder without results, and the folders that were made for it."""
    if all(path.is_dir() or folder.state in path.parents for path in folder.path.rglob("*")):
        shutil.rmtree(folder.path)
        for parent in made:
            with suppress(OSError):
                parent.rmdir()
