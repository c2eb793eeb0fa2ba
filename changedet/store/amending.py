"""A file of a finished run written again, with its record and the run's seal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from changedet.store import seal
from changedet.store.files import write_bytes
from changedet.store.folder import RunFolder


def amend(folder: RunFolder, step: str, done: str, files: Sequence[Path], write: Callable[[], None]) -> None:
    """Write files of a finished run again, unless somebody edited them.

    Where that fails before it changed any, the run's records and seal are as they were.

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
        kept, before = _contents([*folder.records_of(step), folder.state / seal.SEAL]), _contents(files)
        try:
            folder.begin(step, files)
            write()
        except BaseException:
            # A disk is full, or a record that was changed cannot be shown: the run is as whole as it was before.
            if _contents(files) == before:
                for path, content in kept.items():
                    write_bytes(path, content)
            raise
        folder.finish(step, done, files)
        if sealed is not None:
            seal.renew(folder, sealed, [*files, *folder.records_of(step)])


def _contents(files: Sequence[Path]) -> dict[Path, bytes]:
    """What stands in those files that are there: records, a report, a project or a table of a few MB at most."""
    return {path: path.read_bytes() for path in files if path.is_file()}
