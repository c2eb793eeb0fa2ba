"""The run folder: which steps are done, and which files may be overwritten.

A step is recorded after its files are in place, with the identity of all that it depends on. What is recorded under
another identity, or whose files are gone, is not done. Nothing is ever taken for finished because a file exists.
"""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from changedet.errors import ChangedetError, InputError, Problem
from changedet.store.files import write_json
from changedet.store.layout import RunLayout
from changedet.store.records import sha256


class Fingerprint(TypedDict, total=False):
    """What a step's record says of a file: its bytes when the step was done, or that it may be half written."""

    size: int
    mtime_ns: int
    sha256: str
    unfinished: bool


class StepRecord(TypedDict):
    """What is recorded of a step: the identity of all that it depends on, None while it runs, and its files."""

    identity: str | None
    files: dict[str, Fingerprint]


@dataclass(frozen=True)
class RunFolder(RunLayout):
    """One site's run folder: the paths of its files and the records of its steps.

    Attributes
    ----------
    path : Path
        ``<outputs.dir>/<site.id>``.
    """

    def _record_path(self, step: str) -> Path:
        return self.state / "steps" / f"{step.replace(':', '_')}.json"

    def record(self, step: str) -> StepRecord | None:
        """What was recorded for a step.

        Parameters
        ----------
        step : str
            Its name.

        Returns
        -------
        StepRecord or None
            None where there is no record; a torn or foreign one counts as none.
        """
        return _read_record(self._record_path(step))

    def is_done(self, step: str, wanted: str) -> bool:
        """Whether a step was finished with this identity and its files are as it left them.

        Parameters
        ----------
        step : str
            Its name.
        wanted : str
            The identity of all that it depends on now.

        Returns
        -------
        bool
            False where the step must be run.
        """
        found = self.record(step)
        if found is None or found.get("identity") != wanted:
            return False
        return all(_is_untouched(self.path / name, entry) for name, entry in found["files"].items())

    def finish(self, step: str, done: str, files: Iterable[Path]) -> None:
        """Record a step as done; the last thing that it does.

        Parameters
        ----------
        step : str
            Its name.
        done : str
            The identity of all that it depended on.
        files : iterable of pathlib.Path
            What it may have written; those that are not there are left out.
        """
        entries = {self._name(path): _fingerprint(path) for path in files if path.exists()}
        write_json(self._record_path(step), {"identity": done, "files": entries})

    def once(self, step: str, wanted: str, files: Sequence[Path], write: Callable[[], None]) -> bool:
        """Write a step's files unless it is done.

        Until the step is recorded its files count as its own in whatever state: a run that was killed between a file
        and its record must be able to go on.

        Parameters
        ----------
        step : str
            Its name.
        wanted : str
            The identity of all that it depends on.
        files : sequence of pathlib.Path
            What it may write.
        write : callable
            Writes them.

        Returns
        -------
        bool
            True where it was done now.
        """
        if self.is_done(step, wanted):
            return False
        self.begin(step, files)
        write()
        self.finish(step, wanted, files)
        return True

    def begin(self, step: str, files: Sequence[Path]) -> None:
        """Note what a step is about to write.

        Parameters
        ----------
        step : str
            Its name.
        files : sequence of pathlib.Path
            What it may write.
        """
        unfinished: dict[str, Fingerprint] = {self._name(path): {"unfinished": True} for path in files}
        write_json(self._record_path(step), {"identity": None, "files": unfinished})

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self.path))

    def recorded(self) -> dict[str, Fingerprint]:
        """Every file that earlier runs wrote.

        Returns
        -------
        dict of str to Fingerprint
            By its path in the run folder.
        """
        found: dict[str, Fingerprint] = {}
        for path in sorted((self.state / "steps").glob("*.json")):
            record = _read_record(path)
            if record is not None:
                found.update(record["files"])
        return found

    def guard(self, wanted: Sequence[Path]) -> None:
        """Refuse to replace what no earlier run wrote, or what somebody edited since, and to write beyond the folder.

        Parameters
        ----------
        wanted : sequence of pathlib.Path
            All that the run may write.

        Raises
        ------
        InputError
            Names every such file.
        """
        recorded = self.recorded()
        foreign = "exists and was not written by changedet; move it away or choose another --out"
        edited = "was changed by hand since the run wrote it; move it away, then run again"
        out = "is a link out of the run folder; remove it, then run again"
        own = self.path.resolve()
        places = sorted({self.state, *self.state.glob("*/"), *(path.parent for path in wanted)})
        problems = [Problem(out, file=str(place)) for place in places if not place.resolve().is_relative_to(own)]
        for path in wanted if not problems else ():
            entry = recorded.get(self._name(path))
            if path.exists() and (entry is None or not _is_untouched(path, entry)):
                problems.append(Problem(edited if entry else foreign, file=str(path)))
        if problems:
            raise InputError(problems)

    def clear(self) -> None:
        """Start over: forget all steps and remove the files that earlier runs wrote and nobody changed."""
        for name, entry in self.recorded().items():
            path = self.path / name
            if path.is_file() and _is_untouched(path, entry):
                path.unlink()
        shutil.rmtree(self.state, ignore_errors=True)

    @contextmanager
    def locked(self, *, is_new: bool) -> Iterator[None]:
        """Hold the folder: two runs in one folder would spoil each other's files.

        A new folder in which the input proved wrong before any result was there is taken away again.

        Parameters
        ----------
        is_new : bool
            Whether the folder was not there before.

        Yields
        ------
        None
            While the folder is held.

        Raises
        ------
        InputError
            The folder cannot be made.
        ChangedetError
            Another run holds it.
        """
        made = [folder for folder in self.path.parents if not folder.exists()]
        try:
            self.state.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            said = f"{self.path}: cannot be made ({error.strerror}); give another outputs.dir or --out"
            raise InputError(said) from error
        # Appended to, not emptied: what stands there under this name may be a link.
        with (self.state / "lock").open("a") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                message = f"{self.path}: another run is at work in this folder; wait for it or choose another --out"
                raise ChangedetError(message) from None
            try:
                yield
            except InputError:
                if is_new and all(path.is_dir() or self.state in path.parents for path in self.path.rglob("*")):
                    shutil.rmtree(self.path)
                    for folder in made:
                        with suppress(OSError):
                            folder.rmdir()
                raise


def _read_record(path: Path) -> StepRecord | None:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get("files"), dict):
        return None
    return StepRecord(identity=found.get("identity"), files=found["files"])


def _fingerprint(path: Path) -> Fingerprint:
    status = path.stat()
    return {"size": status.st_size, "mtime_ns": status.st_mtime_ns, "sha256": sha256(path)}


def _is_untouched(path: Path, entry: Fingerprint) -> bool:
    if entry.get("unfinished"):
        return True
    try:
        status = path.stat()
    except OSError:
        return False
    if status.st_size != entry.get("size"):
        return False
    # A copy or a checkout renews the times and leaves the bytes: only then is the digest worth its cost.
    return status.st_mtime_ns == entry.get("mtime_ns") or sha256(path) == entry.get("sha256")
