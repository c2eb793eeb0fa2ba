"""A finished run, read back for people and for programs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from changedet.errors import InputError
from changedet.outputs.summary import SCHEMA_VERSION
from changedet.pipeline.kept_records import record_of
from changedet.pipeline.notebook_views import NotebookViews
from changedet.store import RunFolder, refuse_odd_files


@dataclass(frozen=True)
class Run(NotebookViews):
    """A finished run.

    Attributes
    ----------
    path : Path
        The run folder.
    summary : dict
        ``summary.json``.
    """


def open_run(path: str | Path) -> Run:
    """Open a finished run.

    Parameters
    ----------
    path : path
        The run folder.

    Returns
    -------
    Run
        Its files are read on access.

    Raises
    ------
    InputError
        The folder holds none, or something in it is a link to elsewhere, a pipe or a device.
    """
    folder = RunFolder(Path(path))
    if not folder.summary.is_file():
        hint = f"changedet download {path}, and give that folder" if "s3:" in str(path) else "give a run folder"
        raise InputError(f"{path}: no finished run here (no readable summary.json); {hint}")
    refuse_odd_files(folder.path)
    summary = record_of(folder.summary)
    if (got := summary.get("schema_version", SCHEMA_VERSION)) != SCHEMA_VERSION:
        raise InputError(f"{folder.summary}: is of version {got!s:.20}, expected {SCHEMA_VERSION}; run the site again")
    return Run(folder.path, summary)
