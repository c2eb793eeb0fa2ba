"""Whether a run folder is what was written, and whether its inputs still are what was read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from changedet.assess.evidence.verdict import Verdict
from changedet.errors import InputError
from changedet.pipeline.custody import CUSTODY, broken_line
from changedet.pipeline.figures.files import FIGURE, result_identity
from changedet.pipeline.finished import open_run
from changedet.pipeline.inputs import read_kept
from changedet.store import RunFolder, sha256
from changedet.store.fingerprints import Fingerprint
from changedet.store.seal import SEAL, UNSEALED, sealed_files
from changedet.store.step_records import read_record

NAMED: Final = 10
"""Files that a line names one by one; chosen by hand, what a screen holds."""

HASH_DIGITS: Final = 64
"""Of a SHA-256; pictures of large mosaics have none."""

BEFORE: Final = "written on demand"
"""What earlier versions recorded in place of the result that a figure shows."""
OUTDATED: Final = "shows an earlier result of the run; write it again (changedet figure or timelapse), or remove it"


def verify_run(run_dir: str | Path) -> Verdict:
    """Compare every file of a run folder with what was written, and its inputs with what was read.

    Parameters
    ----------
    run_dir : path
        The run folder.

    Returns
    -------
    Verdict
        Every byte is read, whatever sizes and times say.

    Raises
    ------
    InputError
        There is no run folder.
    """
    folder = RunFolder(Path(run_dir))
    if not folder.state.is_dir():
        raise InputError(f"{run_dir}: holds no records of a run; give a run folder or a pack")
    known, problems = _known(folder)
    checked = 0
    for name, entry in sorted(known.items()):
        words = _difference(folder.path, name, entry)
        checked += not words
        problems += [f"{folder.path / name}: {words}"] if words else []
    problems += [*_broken_custody(folder), *(f"{folder.path / name}: {OUTDATED}" for name in outdated_figures(folder))]
    bad_inputs, unchecked = _inputs(folder)
    return Verdict(str(folder.path), checked, (*problems, *bad_inputs), (*unchecked, *_others(folder, known)))


def _known(folder: RunFolder) -> tuple[dict[str, Fingerprint], list[str]]:
    """The files of the seal; without one those of the records, and why that is less."""
    sealed = sealed_files(folder)
    if sealed is not None:
        return sealed, []
    records = {path: read_record(path) for path in sorted((folder.state / "steps").glob("*.json"))}
    known: dict[str, Fingerprint] = {}
    for record in records.values():
        known |= record["files"] if record else {}
    finished = {name: entry for name, entry in known.items() if not entry.get("unfinished")}
    if (folder.state / SEAL).exists():
        return finished, [f"{folder.state / SEAL}: is not as it was written"]
    begun = any(record is None or record["identity"] is None for record in records.values())
    why = "a run began here and did not end" if begun else "it was written by an earlier version or is not finished"
    return finished, [f"{folder.path}: is not sealed, {why}; run the workflow again"]


def _difference(root: Path, name: str, entry: Fingerprint) -> str:
    path = root / name
    if path.is_symlink() or not path.resolve().is_relative_to(root.resolve()):
        return "is a link"
    if not path.is_file():
        return "is gone"
    size, wanted = path.stat().st_size, entry.get("size")
    if size != wanted:
        return f"has {size} bytes, {wanted} were written"
    return "" if sha256(path) == entry.get("sha256") else "has the size but not the bytes that were written"


def _broken_custody(folder: RunFolder) -> list[str]:
    path = folder.state / CUSTODY
    line = broken_line(path.read_bytes()) if path.is_file() else None
    return [] if line is None else [f"{path}:{line}: does not follow from the line before; the log was altered"]


def outdated_figures(folder: RunFolder) -> list[str]:
    """Figures and time-lapses of an earlier result of a run; of those that earlier versions wrote nobody knows.

    Parameters
    ----------
    folder : RunFolder
        Of a run that has ended.

    Returns
    -------
    list of str
        Their paths in the run folder.
    """
    now, found = result_identity(folder), []
    for path in sorted((folder.state / "steps").glob(f"{FIGURE.rstrip(':')}_*.json")):
        record = read_record(path)
        if record and record["identity"] not in {now, None, BEFORE}:
            found += sorted(record["files"])
    return found


def _inputs(folder: RunFolder) -> tuple[list[str], list[str]]:
    """Inputs that are no longer what was read, and those that nobody can ask."""
    problems, gone = [], []
    kept = read_kept(folder).files
    for path, (_, wanted) in sorted(kept.items()):
        if not Path(path).is_file():
            gone.append(Path(path).name)
        elif len(wanted) == HASH_DIGITS and sha256(Path(path)) != wanted:
            problems.append(f"{path}: is no longer what the run read")
    notes = [f"inputs that are not here: {_in_short(gone)}"] if gone else []
    try:
        remote = [str(one["path"]) for row in open_run(folder.path).provenance["inputs"] for one in _unhashed(row)]
    except (InputError, KeyError, TypeError):
        remote = []
    return problems, [*notes, *([f"inputs without a hash: {_in_short(remote)}"] if remote else [])]


def _unhashed(row: Mapping[str, object]) -> list[dict[str, object]]:
    files = row.get("files")
    return [one for one in files if not one.get("sha256")] if isinstance(files, list) else []


def _others(folder: RunFolder, known: Mapping[str, Fingerprint]) -> list[str]:
    """Files that are neither sealed nor recorded: what a run left that did not end, and what is not of any run."""
    names = (path.relative_to(folder.path).as_posix() for path in sorted(folder.path.rglob("*")) if path.is_file())
    others = [name for name in names if name not in known and Path(name).name not in UNSEALED]
    own: set[str] = set()
    if sealed_files(folder) is None:
        written, records = folder.written(), f"{folder.state.name}/"
        own = {name for name in others if name.startswith(records) or _whole(name) in written}
    said = {
        "records and unfinished files, which no seal holds": [name for name in others if name in own],
        "files that no run wrote": [name for name in others if name not in own],
    }
    return [f"{what}: {_in_short(rows)}" for what, rows in said.items() if rows]


def _whole(name: str) -> str:
    """The file that an unfinished one was to be; any other itself."""
    return name.removesuffix(".part").removesuffix(".raw") if name.endswith(".part") else name


def _in_short(names: Sequence[str]) -> str:
    """Names in a row; of many their number, the first and the last."""
    if len(names) <= NAMED:
        return ", ".join(names)
    return f"{len(names)}, {names[0]} to {names[-1]}"
