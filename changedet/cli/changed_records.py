"""What a command that reads a finished run says where the run's own records are no longer what was written."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Final, ParamSpec

from changedet.errors import InputError, Problem

P = ParamSpec("P")

RECORDS: Final = ("summary.json", "run.json", "timeseries.csv", "objects.gpkg")
"""What commands read of a run beside its rasters, which say by themselves that they are damaged."""

UNEXPECTED: Final = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What values of another kind lead to. A disk or memory that is full is no record's fault."""


def naming_changed_records(command: Callable[P, int]) -> Callable[P, int]:
    """A command that ends with a line for each record that was changed, where it fails on what such a record holds.

    Values are read in too many places for each to be asked whether it can be what a run writes; what fails otherwise,
    or on records as they were written, is raised as it is.

    Parameters
    ----------
    command : callable
        Of the command line, with a parameter ``run_dir`` or ``run_dirs``.

    Returns
    -------
    callable
        With the same parameters and status.
    """

    @wraps(command)
    def _guarded(*args: P.args, **kwargs: P.kwargs) -> int:
        try:
            return command(*args, **kwargs)
        except UNEXPECTED as error:
            given = kwargs.get("run_dirs", (kwargs.get("run_dir"),))
            folders = [Path(one) for one in given if isinstance(one, str)] if isinstance(given, tuple) else []
            changed = [path for folder in folders for path in changed_records(folder)]
            if not changed:
                raise
            words = "is not as changedet wrote it; run the workflow again"
            raise InputError([Problem(words, file=str(path)) for path in changed]) from error

    return _guarded


def changed_records(path: Path) -> list[Path]:
    """Records of a finished run that are not what its seal says.

    Parameters
    ----------
    path : Path
        The run folder.

    Returns
    -------
    list of Path
        None of a folder without a whole seal.
    """
    # Imported here for a quick start: a command that does not fail needs none of it.
    from changedet.store import RunFolder, sha256
    from changedet.store.seal import sealed_files

    known = sealed_files(RunFolder(path)) or {}
    asked = [(path / name, known[name].get("sha256")) for name in RECORDS if name in known]
    return [file for file, written in asked if not file.is_file() or sha256(file) != written]
