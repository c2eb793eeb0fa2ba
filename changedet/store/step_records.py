"""What is recorded of each step of a run: what it depended on, and the files that it left."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NotRequired, TypedDict

from changedet.libraries import library_versions
from changedet.store.files import write_json
from changedet.store.fingerprints import Fingerprint, is_fingerprint


class StepRecord(TypedDict):
    """What is recorded of a step.

    Attributes
    ----------
    identity : str or None
        Of all that it depends on; None while it runs.
    files : dict of str to Fingerprint
        By path in the run folder.
    causes : dict of str to object
        What went into the identity, by name; not in records of 0.1.0.
    libraries : dict of str to str
        Versions; not in records of 0.1.0.
    """

    identity: str | None
    files: dict[str, Fingerprint]
    causes: NotRequired[dict[str, object]]
    libraries: NotRequired[dict[str, str]]


def read_record(path: Path) -> StepRecord | None:
    """A step's record.

    Parameters
    ----------
    path : pathlib.Path
        Its file.

    Returns
    -------
    StepRecord or None
        None where there is none; a torn or foreign one counts as none.
    """
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get("files"), dict):
        return None
    if not all(is_fingerprint(entry) for entry in found["files"].values()):
        return None
    record = StepRecord(identity=found.get("identity"), files=found["files"])
    if isinstance(found.get("causes"), dict):
        record["causes"] = found["causes"]
    if isinstance(found.get("libraries"), dict):
        record["libraries"] = found["libraries"]
    return record


def write_record(path: Path, done: str | None, files: Mapping[str, Fingerprint], causes: Mapping[str, object]) -> None:
    """Write a step's record, with the versions of the libraries.

    Parameters
    ----------
    path : pathlib.Path
        Its file.
    done : str or None
        The identity of all that the step depended on; None while it runs.
    files : mapping of str to Fingerprint
        By path in the run folder.
    causes : mapping of str to object
        What went into the identity, by name.
    """
    record = {"identity": done, "files": files, "causes": causes, "libraries": library_versions()}
    write_json(path, {name: value for name, value in record.items() if value or name in {"identity", "files"}})


def libraries_hold(record: StepRecord) -> bool:
    """Whether a step was done with the libraries of now.

    Parameters
    ----------
    record : StepRecord
        Of a step that is done.

    Returns
    -------
    bool
        True where the record does not say, as those of 0.1.0.
    """
    return record.get("libraries", library_versions()) == library_versions()
