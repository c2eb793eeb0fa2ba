"""What a run reads: known by its content, and the same from the first pixel to the last.

Size, time of change, inode and the time of the inode's last change say quickly that a file is the one that was hashed
before; where one of them differs its SHA-256 decides. A file that is written again with its old size and time gets
another inode or another time of the inode, which no program can set.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final, TypeAlias

from changedet.errors import ChangedetError, InputError, Problem
from changedet.imagery.look import Look
from changedet.imagery.scene import Scene
from changedet.kernels.together import each, lanes
from changedet.pipeline.custody import keep_documents, log_inputs
from changedet.pipeline.scheduling import Progress
from changedet.plan import Plan
from changedet.store import RunFolder, identity, read_json, sha256, write_json

INPUTS_STEP: Final = "inputs"
"""Under this name the kept hashes are recorded."""

Stamp: TypeAlias = tuple[int, int, int, int]
"""Size, time of change, inode and time of the inode's last change, both times in nanoseconds."""

UNREADABLE: Final = (ChangedetError, OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What comes of reading a record that a disk has spoilt."""

MOST_HASHED_BYTES: Final = 8 << 30
"""Of the pictures that a mosaic (VRT) names more are not hashed, but known by size and time of change."""

MOST_LINES: Final = 10
"""Files that are named one by one."""


@dataclass(frozen=True)
class Kept:
    """What earlier runs knew of their inputs.

    Attributes
    ----------
    files : mapping of str to (Stamp, str)
        State and SHA-256 by path.
    scenes : mapping of str to str
        Content, as of `Scene.content`, by the identity under which it was computed.
    """

    files: Mapping[str, tuple[Stamp, str]]
    scenes: Mapping[str, str]

    def sha256(self, path: str, stamp: Stamp | None) -> str | None:
        """What a file was when it was last in this state.

        Parameters
        ----------
        path : str
            The file.
        stamp : Stamp or None
            Its state now; None where it is not there.

        Returns
        -------
        str or None
            None where it was in another.
        """
        known = self.files.get(path)
        return known[1] if known is not None and known[0] == stamp else None


@dataclass(frozen=True)
class Inputs:
    """The files of this machine that a run reads, as they were when it began.

    Attributes
    ----------
    stamps : mapping of str to Stamp
        By path.
    sums : mapping of str to str
        SHA-256 by path.
    """

    stamps: Mapping[str, Stamp]
    sums: Mapping[str, str]

    def require_unchanged(self, looks: Sequence[Look]) -> None:
        """Refuse to go on where a file of some dates is no longer what it was when the run began.

        Parameters
        ----------
        looks : sequence of Look
            Whose scenes are checked.

        Raises
        ------
        InputError
            Names the files that were replaced, written to or removed.
        """
        changed = [path for path in _files(looks) if path in self.stamps and self._is_changed(path)]
        if changed:
            raise InputError(_problems(changed, "was replaced, written to or removed while the run read it"))

    def _is_changed(self, path: str) -> bool:
        now, before = _stamp(path), self.stamps[path]
        if now is None or now[:3] != before[:3]:
            return True
        # A new link to a file or new rights change the inode's time and nothing that was read.
        return now != before and self.sums[path] not in (_sha256(path), _stamp_text(before))


def take_in(plan: Plan, progress: Progress | None = None) -> tuple[Plan, Inputs]:
    """Hash what a run is to read, as far as its state is not known, and know its scenes by their content.

    Parameters
    ----------
    plan : Plan
    progress : callable, optional
        As of `carry_out`.

    Returns
    -------
    plan : Plan
        Scenes whose content was computed before, at another place or time, have the identity of then; those whose
        content is new under an old size and time have one of their own.
    inputs : Inputs
        What the run reads.

    Raises
    ------
    InputError
        A file was changed since the plan was made, or is being written.
    """
    kept, paths, unhashed = read_kept(plan.folder), _files(plan.looks), _too_many(plan)
    _require_as_planned(plan)
    stamps: dict[str, Stamp] = {}
    sums: dict[str, str] = {}

    def _hashed(path: str) -> tuple[Stamp | None, str | None]:
        before = _stamp(path)
        found = kept.sha256(path, before)
        if found is None and before is not None:
            found = _stamp_text(before) if path in unhashed else _sha256(path)
        return before, found

    waiting = iter(paths)
    while some := list(islice(waiting, lanes())):
        if progress is not None and any(kept.sha256(path, _stamp(path)) is None for path in some):
            progress("hashing scenes", len(sums), len(paths))
        for path, (before, found) in zip(some, each(_hashed, some), strict=True):
            if before is None or found is None or _stamp(path) != before:
                raise InputError(_problems([path], "was replaced, written to or removed while it was read"))
            stamps[path], sums[path] = before, found
    looks = tuple(replace(look, scenes=tuple(_known(plan, kept, s, sums) for s in look.scenes)) for look in plan.looks)
    return replace(plan, looks=looks), Inputs(stamps, sums)


def keep_inputs(plan: Plan, inputs: Inputs) -> None:
    """Keep what a run reads, for the next one and for whoever asks later.

    Parameters
    ----------
    plan : Plan
        As `take_in` gave it.
    inputs : Inputs

    Raises
    ------
    InputError
        A scene, the workflow file, its area or its zones are no longer there.
    """
    scenes = {scene.identity: scene.content(inputs.sums) for look in plan.looks for scene in look.scenes}
    files = {path: {"stamp": list(inputs.stamps[path]), "sha256": inputs.sums[path]} for path in inputs.stamps}
    path = inputs_file(plan.folder)
    content = {"files": files, "scenes": {name: text for name, text in scenes.items() if text}}
    wanted = identity(INPUTS_STEP, content)
    plan.folder.once(INPUTS_STEP, wanted, [path], lambda: write_json(path, content))
    try:
        keep_documents(plan)
        log_inputs(plan, inputs.sums)
    except FileNotFoundError as error:
        raise InputError(_problems([str(error.filename)], "was removed while the run read it")) from error


def inputs_file(folder: RunFolder) -> Path:
    """Name the file of what was read.

    Parameters
    ----------
    folder : RunFolder

    Returns
    -------
    Path
        A JSON file among the records.
    """
    return folder.state / "inputs.json"


def read_kept(folder: RunFolder) -> Kept:
    """Read what earlier runs knew of their inputs.

    Parameters
    ----------
    folder : RunFolder

    Returns
    -------
    Kept
        Nothing where the file is missing or spoilt: all is hashed again.
    """
    try:
        found = read_json(inputs_file(folder))
        files = {path: (_as_stamp(row["stamp"]), str(row["sha256"])) for path, row in found["files"].items()}
        return Kept(files, {str(name): str(text) for name, text in found["scenes"].items()})
    except UNREADABLE:
        return Kept({}, {})


def _as_stamp(numbers: Iterable[int]) -> Stamp:
    size, mtime, inode, ctime = (int(number) for number in numbers)
    return size, mtime, inode, ctime


def _stamp(path: str) -> Stamp | None:
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino, status.st_ctime_ns


def _stamp_text(stamp: Stamp) -> str:
    return f"{stamp[0]} bytes, changed {stamp[1]}"


def _too_many(plan: Plan) -> set[str]:
    """The pictures of mosaics that are too large to be hashed."""
    found: set[str] = set()
    for raster in (raster for look in plan.looks for scene in look.scenes for raster in scene.rasters.values()):
        named = raster.files[1:]
        if sum(stamp[0] for name in named if (stamp := _stamp(name))) > MOST_HASHED_BYTES:
            found.update(named)
    return found


def _sha256(path: str) -> str | None:
    try:
        return sha256(Path(path))
    except OSError:
        return None


def _files(looks: Sequence[Look]) -> list[str]:
    return list(dict.fromkeys(path for look in looks for scene in look.scenes for path in scene.files))


def _require_as_planned(plan: Plan) -> None:
    rasters = {path: raster for look in plan.looks for scene in look.scenes for path, raster in scene.rasters.items()}
    # Some formats are folders: they have no stamp of their own.
    local = {r.files[0]: r.stamp[:2] for r in rasters.values() if r.files and r.path.endswith(r.files[0])}
    changed = [path for path, stamp in local.items() if (_stamp(path) or ())[:2] != stamp]
    if changed:
        raise InputError(_problems(changed, "was replaced, written to or removed since its header was read"))


def _problems(paths: list[str], words: str) -> list[Problem]:
    tail = f"{words}; nothing was published, run again when it stays as it is"
    if len(paths) <= MOST_LINES:
        return [Problem(tail, file=path) for path in paths]
    return [Problem(f"{len(paths)} files, of which this is one, each {tail}", file=paths[0])]


def _known(plan: Plan, kept: Kept, scene: Scene, sums: Mapping[str, str]) -> Scene:
    """The scene under the identity by which its content is known in the run folder."""
    content = scene.content(sums)
    if not content:
        return scene
    before = kept.scenes.get(scene.identity)
    if content == before:
        return scene
    known = next((name for name, text in kept.scenes.items() if text == content), "")
    if known:
        return replace(scene, known_as=known)
    if before is not None or _differs_from_0_1_0(plan, scene, sums):
        return replace(scene, known_as=identity("content", scene.identity, content))
    return scene


def _differs_from_0_1_0(plan: Plan, scene: Scene, sums: Mapping[str, str]) -> bool:
    """Whether runs of 0.1.0, which kept a hash for each file and state, read other bytes under this identity."""
    look = next(look for look in plan.looks if scene in look.scenes)
    for path, raster in scene.rasters.items():
        kept = plan.folder.state / "checksums" / f"{identity(path, look.identity)}.json"
        try:
            before = str(read_json(kept)["sha256"])
        except UNREADABLE:
            continue
        if raster.files and before != sums[raster.files[0]]:
            return True
    return False
