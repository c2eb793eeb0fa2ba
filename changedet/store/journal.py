"""The journal of a run folder: every file that was ever written there, in order, a line each.

A step's record says what its last run left; the journal remembers what the runs before it left, so that a file of ours
stays ours whatever has been switched off since. A line that a disk has spoilt costs that line alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, TypeAlias, cast

from changedet.store.files import write_text
from changedet.store.fingerprints import Fingerprint, is_fingerprint, is_untouched

JOURNAL: Final = "written.jsonl"
"""Its name among the records."""

Written: TypeAlias = dict[str, list[Fingerprint]]
"""By path in the run folder what was written there, the last one last."""


def append(path: Path, step: str, *states: Mapping[str, Fingerprint], durable: bool = False) -> None:
    """Add what a step wrote, or is about to write.

    Parameters
    ----------
    path : pathlib.Path
        The journal; made with its folder where it is missing.
    step : str
        The step's name.
    *states : mapping of str to Fingerprint
        By path in the run folder, in the order in which they were.
    durable : bool
        Whether it is to be on the disk before anything else is done.
    """
    rows = [(step, name, entry) for entries in states for name, entry in entries.items()]
    if not rows:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as stream:
        # A line that a kill has cut must not swallow the next.
        stream.write(b"\n" + _lines(rows).encode())
        if durable:
            stream.flush()
            os.fsync(stream.fileno())


def rewrite(path: Path, entries: Mapping[str, Mapping[str, Fingerprint]]) -> None:
    """Write the journal anew with what is there.

    Parameters
    ----------
    path : pathlib.Path
        The journal.
    entries : mapping of str to mapping of str to Fingerprint
        By step and path in the run folder.
    """
    write_text(path, _lines((step, name, entry) for step, files in entries.items() for name, entry in files.items()))


def _lines(rows: Iterable[tuple[str, str, Fingerprint]]) -> str:
    return "".join(json.dumps({"step": step, "path": name, **entry}) + "\n" for step, name, entry in rows)


def read(path: Path) -> Written:
    """What was ever written.

    Parameters
    ----------
    path : pathlib.Path
        The journal.

    Returns
    -------
    dict of str to list of Fingerprint
        Empty where there is none; lines that are none are passed over.
    """
    found: Written = {}
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return found
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and isinstance(row.get("path"), str) and is_fingerprint(row):
            entry = {name: row[name] for name in Fingerprint.__annotations__ if name in row}
            found.setdefault(row["path"], []).append(cast("Fingerprint", entry))
    return found


def is_ours(path: Path, entries: list[Fingerprint]) -> bool:
    """Whether a file is as one of our steps left it, or may have been left half written by the last.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    entries : list of Fingerprint
        What was written there, the last one last.

    Returns
    -------
    bool
        False where somebody changed it.
    """
    if entries and entries[-1].get("unfinished"):
        return True
    return any(is_untouched(path, entry) for entry in entries if not entry.get("unfinished"))
