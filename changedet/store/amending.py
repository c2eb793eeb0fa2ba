"""A file of a finished run written again, with its record and the run's seal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from changedet.store import seal
from changedet.store.folder import RunFolder


def amend(folder: RunFolder, step: str, done: str, files: Sequence[Path], write: Callable[[], None]) -> None:
    """Write files of a finished run again, unless somebody edited them.

    Parameters
    ----------
    folder : RunFolder
        Of a run that has ended.
    step : str
        The step whose files they are.
    done : str
        Its identity.
    files : sequence of pathlib.Path
        All that `write` writes.
    write : callable
        Writes them.

    Raises
    ------
    InputError
        One of them was edited by hand.
    ChangedetError
        A run is at work in the folder.
    """
    folder.guard({step: files})
    with folder.locked(is_new=False):
        sealed = seal.sealed_files(folder)
        folder.begin(step, files)
        write()
        folder.finish(step, done, files)
        if sealed is not None:
            seal.renew(folder, sealed, [*files, *folder.records_of(step)])
