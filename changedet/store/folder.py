"""The run folder: which steps are done, and which files may be overwritten.

A step is recorded after its files are in place, with the identity of all that it depends on. What is recorded under
another identity, or whose files are gone, is not done. Nothing is ever taken for finished because a file exists.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias

from changedet.errors import InputError
from changedet.store import journal, seal
from changedet.store.fingerprints import QUICKLY_READ_BYTES, Fingerprint, fingerprints, is_untouched
from changedet.store.layout import RunLayout, is_run_step
from changedet.store.lock import holding
from changedet.store.refusals import EDITED, FOREIGN, lies_within, named, refuse_links, refuse_odd_files
from changedet.store.step_records import StepRecord, libraries_hold, read_record, write_record

KEPT_FOR_EVER: Final = frozenset({"lock", "custody.jsonl"})

Causes: TypeAlias = Mapping[str, object]
"""What went into a step's identity, by name."""

NO_CAUSES: Final[Causes] = MappingProxyType({})


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

    @property
    def _journal(self) -> Path:
        return self.state / journal.JOURNAL

    def records_of(self, step: str) -> list[Path]:
        """The files in which a step is recorded.

        Parameters
        ----------
        step : str
            Its name.

        Returns
        -------
        list of pathlib.Path
            Its record and the journal.
        """
        return [self._record_path(step), self._journal]

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
        return read_record(self._record_path(step))

    def is_done(self, step: str, wanted: str) -> bool:
        """Whether a step was finished with this identity and these libraries, and its files are as it left them.

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
        if found is None or found["identity"] != wanted or not libraries_hold(found):
            return False
        return all(self._holds(self.path / name, entry) for name, entry in found["files"].items())

    def _holds(self, path: Path, entry: Fingerprint) -> bool:
        small = self._is_private(path) and entry.get("size", 0) < QUICKLY_READ_BYTES
        return is_untouched(path, entry, by_bytes=small)

    def _is_private(self, path: Path) -> bool:
        return self.state in path.parents

    def finish(self, step: str, done: str, files: Iterable[Path], causes: Causes = NO_CAUSES) -> None:
        """Record a step as done; the last thing that it does.

        Parameters
        ----------
        step : str
            Its name.
        done : str
            The identity of all that it depended on.
        files : iterable of pathlib.Path
            What it may have written; those that are not there are left out.
        causes : mapping of str to object
            What went into the identity, by name.
        """
        entries = {self._name(path): one for path, one in fingerprints(path for path in files if path.exists()).items()}
        journal.append(self._journal, step, entries)
        write_record(self._record_path(step), done, entries, causes)
        sealed = None if is_run_step(step) else seal.sealed_files(self)
        if sealed is not None:
            seal.renew(self, sealed, [*(self.path / name for name in entries), *self.records_of(step)])

    def once(
        self, step: str, wanted: str, files: Sequence[Path], write: Callable[[], None], causes: Causes = NO_CAUSES
    ) -> bool:
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
        causes : mapping of str to object
            What went into the identity, by name.

        Returns
        -------
        bool
            True where it was done now.
        """
        if self.is_done(step, wanted):
            return False
        self.begin(step, files)
        write()
        self.finish(step, wanted, files, causes)
        return True

    def begin(self, step: str, files: Sequence[Path]) -> None:
        """Note what a step is about to write; what it wrote before is not forgotten.

        Parameters
        ----------
        step : str
            Its name.
        files : sequence of pathlib.Path
            What it may write.
        """
        if is_run_step(step):
            seal.break_seal(self)
        before = self.record(step)
        unfinished: dict[str, Fingerprint] = {self._name(path): {"unfinished": True} for path in files}
        # Of a run of 0.1.0 its record alone knows what it wrote.
        journal.append(self._journal, step, before["files"] if before else {}, unfinished, durable=True)
        write_record(self._record_path(step), None, unfinished, NO_CAUSES)

    def _name(self, path: Path) -> str:
        return path.relative_to(self.path).as_posix()

    def written(self) -> journal.Written:
        """Every file that a run ever wrote here, and in which states.

        Returns
        -------
        dict of str to list of Fingerprint
            By its path in the run folder, the last state last.
        """
        found = journal.read(self._journal)
        for path in sorted((self.state / "steps").glob("*.json")):
            record = read_record(path)
            for name, entry in (record["files"] if record else {}).items():
                if name not in found or not entry.get("unfinished"):
                    found.setdefault(name, []).insert(0, entry)
        # What is written is removed again some day: a record from a stranger could name a file elsewhere.
        return {name: entries for name, entries in found.items() if lies_within(self.path, name)}

    def recorded(self) -> dict[str, Fingerprint]:
        """What the files of a run are by its records.

        Returns
        -------
        dict of str to Fingerprint
            By path in the run folder, as it was written last.
        """
        return {name: entries[-1] for name, entries in self.written().items()}

    def guard(self, wanted: Mapping[str, Sequence[Path]] | Sequence[Path], *, fresh: bool = False) -> None:
        """Refuse to replace what no earlier run wrote, or what somebody edited since, and to write beyond the folder.

        What the run keeps for itself is never refused: what is wrong with it is computed again.

        Parameters
        ----------
        wanted : mapping of str to sequence of pathlib.Path, or sequence of pathlib.Path
            All that the run may write, by step; or what another command may.
        fresh : bool
            Whether the run starts over: then records that are lost stand in no way.

        Raises
        ------
        InputError
            Names every such file, on `refusals.MOST_LINES` lines at most.
        """
        wanted = wanted if isinstance(wanted, Mapping) else {"": wanted}
        places = {self.state, *self.state.glob("*/"), *(path.parent for paths in wanted.values() for path in paths)}
        refuse_links(self.path, places)
        if self.path.is_dir():
            refuse_odd_files(self.path)
        known = self.written()
        edited, foreign = [], []
        for step, paths in wanted.items():
            lost = self._is_torn(step) or (fresh and self.state.is_dir())
            for path in paths:
                if self._is_private(path) or not path.exists():
                    continue
                entries = known.get(self._name(path), [])
                if entries and not journal.is_ours(path, entries):
                    edited.append(path)
                elif not entries and not lost:
                    foreign.append(path)
        problems = [*named(self.path, EDITED, edited), *named(self.path, FOREIGN, foreign)]
        if problems:
            raise InputError(problems)

    def _is_torn(self, step: str) -> bool:
        return self._record_path(step).exists() and self.record(step) is None

    def settle(self, wanted: Mapping[str, Sequence[Path]]) -> None:
        """Remove what earlier runs wrote and this one does not have, and seal what is there.

        What somebody edited stays.

        Parameters
        ----------
        wanted : mapping of str to sequence of pathlib.Path
            All files of the run that has just ended, by step.
        """
        later = [path for path in (self.state / "steps").glob("*.json") if not is_run_step(path.stem)]
        after = {path: record for path in later if (record := read_record(path))}
        kept = {self._name(path) for paths in wanted.values() for path in paths}
        kept.update(name for record in after.values() for name in record["files"])
        edited: dict[str, Fingerprint] = {}
        for name, entries in self.written().items():
            path = self.path / name
            if name in kept or not path.is_file():
                continue
            if self._is_private(path) or journal.is_ours(path, entries):
                path.unlink()
                _remove_empty(path.parent, self.path)
            else:
                edited[name] = next(entry for entry in reversed(entries) if not entry.get("unfinished"))
        # Hashes as runs of 0.1.0 kept them.
        shutil.rmtree(self.state / "checksums", ignore_errors=True)
        records = {*after, *(self._record_path(step) for step in wanted)}
        for path in sorted((self.state / "steps").glob("*")):
            if path not in records and path.is_file():
                path.unlink()
        now = {path.stem: record["files"] for path in sorted(records) if (record := read_record(path))}
        journal.rewrite(self._journal, {"edited": edited, **now})
        seal.seal(self)

    def clear(self) -> None:
        """Start over: forget all steps and remove the files that earlier runs wrote and nobody changed."""
        for name, entries in self.written().items():
            path = self.path / name
            if path.is_file() and journal.is_ours(path, entries):
                path.unlink()
        # The lock is held, and what was taken in when is never forgotten.
        for path in [path for path in self.state.iterdir() if path.name not in KEPT_FOR_EVER]:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

    def locked(self, *, is_new: bool) -> AbstractContextManager[None]:
        """Hold the folder: two runs in one folder would spoil each other's files.

        Parameters
        ----------
        is_new : bool
            Whether the folder was not there before.

        Returns
        -------
        context manager
            As of `lock.holding`.
        """
        return holding(self, is_new=is_new)


def _remove_empty(folder: Path, root: Path) -> None:
    while folder != root:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
