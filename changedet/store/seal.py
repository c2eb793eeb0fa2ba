"""The seal of a finished run: the size and SHA-256 of every file that is its own, its records among them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from changedet.store.files import write_json
from changedet.store.fingerprints import Fingerprint, is_fingerprint
from changedet.store.layout import UPLOADED, RunLayout
from changedet.store.records import identity, sha256
from changedet.store.step_records import read_record

SEAL: Final = "seal.json"
"""Its name among the records."""

UNSEALED: Final = frozenset({SEAL, "lock", UPLOADED})
"""Names among the records that no seal holds; what a bucket is told of an upload may have been copied back."""


def seal(folder: RunLayout) -> None:
    """Seal a run folder as its steps' records say that it is.

    Parameters
    ----------
    folder : RunLayout
        Of a run that has ended.
    """
    files: dict[str, Fingerprint] = {}
    for path in sorted((folder.state / "steps").glob("*.json")):
        record = read_record(path)
        for name, entry in (record["files"] if record else {}).items():
            files[name] = {"size": entry.get("size", 0), "sha256": entry.get("sha256", "")}
    for path in sorted(folder.state.rglob("*")):
        name = path.relative_to(folder.path).as_posix()
        if path.is_file() and path.name not in UNSEALED and name not in files:
            files[name] = state_of(path)
    _write(folder, files)


def renew(folder: RunLayout, before: Mapping[str, Fingerprint], changed: Iterable[Path]) -> None:
    """Seal a run folder again in which some files were written, the others staying as they were sealed.

    Parameters
    ----------
    folder : RunLayout
        Of a run that has ended.
    before : mapping of str to Fingerprint
        Of `sealed_files`, before anything was written.
    changed : iterable of pathlib.Path
        What was written since.
    """
    now = {path.relative_to(folder.path).as_posix(): state_of(path) for path in changed}
    _write(folder, {**before, **now})


def state_of(path: Path) -> Fingerprint:
    """A file as a seal names it.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    Fingerprint
        Size and SHA-256.
    """
    return {"size": path.stat().st_size, "sha256": sha256(path)}


def _write(folder: RunLayout, files: Mapping[str, Fingerprint]) -> None:
    write_json(folder.state / SEAL, {"files": files, "digest": identity(files)})


def break_seal(folder: RunLayout) -> None:
    """Take the seal off a folder in which something is about to be written.

    Parameters
    ----------
    folder : RunLayout
        Of the run.
    """
    (folder.state / SEAL).unlink(missing_ok=True)


def sealed_files(folder: RunLayout) -> dict[str, Fingerprint] | None:
    """What a seal says of a folder's files.

    Parameters
    ----------
    folder : RunLayout
        Of a run.

    Returns
    -------
    dict of str to Fingerprint or None
        By path in the run folder; None without a seal, and where the seal itself is not as it was written.
    """
    try:
        return files_of_seal((folder.state / SEAL).read_bytes())
    except OSError:
        return None


def files_of_seal(text: bytes) -> dict[str, Fingerprint] | None:
    """What a seal says of files.

    Parameters
    ----------
    text : bytes
        All of the seal.

    Returns
    -------
    dict of str to Fingerprint or None
        By path in the run folder; None where it is not as it was written.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    files = found.get("files") if isinstance(found, dict) else None
    if not isinstance(files, dict) or found.get("digest") != identity(files):
        return None
    return files if all(is_fingerprint(entry) for entry in files.values()) else None
