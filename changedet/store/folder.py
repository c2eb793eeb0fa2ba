"""The run folder: what each file is called, which steps are done, and what nobody may overwrite.

A step is recorded after its files are in place, with the identity of all that it depends on. What is recorded under
another identity, or whose files are gone, is not done. Nothing is ever taken for finished because a file exists.
"""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from changedet.errors import ChangedetError, InputError, Problem
from changedet.store.records import sha256, write_json

STATE = ".changedet"


@dataclass(frozen=True)
class RunFolder:
    """Names and records of one site's run folder.

    Attributes
    ----------
    path : Path
        ``<outputs.dir>/<site.id>``.
    """

    path: Path

    @property
    def state(self) -> Path:
        return self.path / STATE

    def mask(self, day: date) -> Path:
        return self.path / "change" / f"{day.isoformat()}_mask.tif"

    def score(self, day: date) -> Path:
        return self.path / "change" / f"{day.isoformat()}_score.tif"

    @property
    def first_change(self) -> Path:
        return self.path / "change" / "first_change.tif"

    def scene(self, day: date) -> Path:
        return self.path / "scenes" / f"{day.isoformat()}.tif"

    def first_change_file(self, formats: frozenset[str]) -> Path:
        """Where the first change lies: among the results where masks are wanted, else kept aside."""
        return self.first_change if "masks" in formats else self.state / "first_change.tif"

    @property
    def objects(self) -> Path:
        return self.path / "objects.gpkg"

    @property
    def timeseries(self) -> Path:
        return self.path / "timeseries.csv"

    @property
    def summary(self) -> Path:
        return self.path / "summary.json"

    @property
    def project(self) -> Path:
        return self.path / "project.qgz"

    @property
    def report(self) -> Path:
        return self.path / "report.html"

    @property
    def stac(self) -> Path:
        return self.path / "stac"

    @property
    def provenance(self) -> Path:
        return self.path / "run.json"

    def quality(self, day: date) -> Path:
        """Why each pixel of a date is usable or not: kept for tracks, counts and a later resume."""
        return self.state / "quality" / f"{day.isoformat()}.gtif"

    def aside(self, name: str, day: date) -> Path:
        """A raster of a date that is needed but was not asked for."""
        return self.state / name / f"{day.isoformat()}.gtif"

    def model(self, day: date) -> Path:
        return self.state / "model" / f"{day.isoformat()}.json"

    def table(self, name: str, day: date) -> Path:
        return self.state / name / f"{day.isoformat()}.json"

    def _record_path(self, step: str) -> Path:
        return self.state / "steps" / f"{step.replace(':', '_')}.json"

    def record(self, step: str) -> dict[str, Any] | None:
        """What was recorded for a step, or None; a torn or foreign record counts as none."""
        try:
            found = json.loads(self._record_path(step).read_text())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) and isinstance(found.get("files"), dict) else None

    def is_done(self, step: str, wanted: str) -> bool:
        """Whether a step was finished with this identity and its files are as it left them."""
        found = self.record(step)
        if found is None or found.get("identity") != wanted:
            return False
        return all(_is_untouched(self.path / name, entry) for name, entry in found["files"].items())

    def finish(self, step: str, done: str, files: Iterable[Path]) -> None:
        """Record a step as done; the last thing that it does. Of `files` those that it has written."""
        entries = {self._name(path): _fingerprint(path) for path in files if path.exists()}
        write_json(self._record_path(step), {"identity": done, "files": entries})

    def once(self, step: str, wanted: str, files: Sequence[Path], write: Callable[[], None]) -> bool:
        """Write a step's files unless it is done; True where it was done now.

        Until the step is recorded its files count as its own in whatever state: a run that was killed between a file
        and its record must be able to go on.
        """
        if self.is_done(step, wanted):
            return False
        self.begin(step, files)
        write()
        self.finish(step, wanted, files)
        return True

    def begin(self, step: str, files: Sequence[Path]) -> None:
        """Note what a step is about to write."""
        unfinished = {self._name(path): {"unfinished": True} for path in files}
        write_json(self._record_path(step), {"identity": None, "files": unfinished})

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self.path))

    def recorded(self) -> dict[str, dict[str, Any]]:
        """Every file that earlier runs wrote, with its fingerprint."""
        found: dict[str, dict[str, Any]] = {}
        for path in sorted((self.state / "steps").glob("*.json")):
            try:
                found.update(json.loads(path.read_text())["files"])
            except (OSError, ValueError, KeyError, TypeError):
                continue
        return found

    def guard(self, wanted: Sequence[Path]) -> None:
        """Refuse to replace what no earlier run wrote, or what somebody edited since, and to write beyond the folder.

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


def _fingerprint(path: Path) -> dict[str, Any]:
    status = path.stat()
    return {"size": status.st_size, "mtime_ns": status.st_mtime_ns, "sha256": sha256(path)}


def _is_untouched(path: Path, entry: Mapping[str, Any]) -> bool:
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
