"""Whether a pack is what was packed. A pack may come from anybody: nothing is extracted, every size has a limit."""

from __future__ import annotations

import hashlib
import json
import re
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from changedet.assess.evidence.crate import METADATA
from changedet.assess.evidence.pack import MANIFEST, PIECE_BYTES
from changedet.assess.evidence.verdict import Verdict
from changedet.errors import InputError
from changedet.pipeline.custody import CUSTODY, broken_line

MOST_ENTRIES: Final = 100_000
MOST_BYTES: Final = 1 << 40
MOST_TIMES: Final = 1100
"""What zlib packs best is packed a little over a thousandfold."""

MOST_TEXT_BYTES: Final = 64 << 20
"""Of the files that are read whole: manifest, custody log, description, provenance."""

MOST_TOLD: Final = 10
_LOCAL_BYTES: Final = 30
"""Before each file, and its name."""
_DESCRIPTORS: Final = frozenset({12, 16, 20, 24})
"""Bytes after a file that was packed without going back, with its size and checksum."""
_LINE: Final = re.compile(r"([0-9a-f]{64})  (.+)")
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError, ValueError)


def verify_pack(path: str | Path) -> Verdict:
    """Compare every file of a pack with its manifest.

    Parameters
    ----------
    path : path
        The zip.

    Returns
    -------
    Verdict
        Every byte of every file is read.

    Raises
    ------
    InputError
        It is no zip, or one whose sizes no pack has.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _verdict(str(path), archive)
    except _BROKEN as error:
        raise InputError(f"{path}: is no pack that can be read ({error})") from error


def _verdict(path: str, archive: zipfile.ZipFile) -> Verdict:
    entries = archive.infolist()
    _refuse_bombs(path, entries)
    problems = [*_odd_names(entries), *_hidden(archive, entries)]
    wanted, unread = _manifest(archive, entries)
    problems += unread
    found: dict[str, str] = {}
    for entry in entries:
        if entry.filename != MANIFEST:
            found[entry.filename] = _digest(archive, entry)
    problems += [f"{name}: is not in the manifest" for name in found if name not in wanted]
    problems += [f"{name}: is in the manifest and not in the pack" for name in wanted if name not in found]
    bad = [name for name in found if name in wanted and found[name] != wanted[name]]
    problems += [f"{name}: is not what was packed" for name in bad]
    problems += _custody(archive, found)
    told = [f"{path}: {words}" for words in problems[:MOST_TOLD]]
    told += [f"{path}: and {len(problems) - MOST_TOLD} findings more"] if len(problems) > MOST_TOLD else []
    good = sum(found[name] == wanted.get(name) for name in found)
    return Verdict(path, good, tuple(told), tuple(_unchecked(archive, found)))


def _refuse_bombs(path: str, entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_BYTES:
        raise InputError(f"{path}: holds more than a pack may, {MOST_ENTRIES} files and {MOST_BYTES >> 30} GB")
    bomb = next((e for e in entries if e.file_size > MOST_TIMES * e.compress_size + PIECE_BYTES), None)
    if bomb is not None:
        raise InputError(f"{path}: {bomb.filename[:80]!a} unpacks to more than anything packs, which no pack does")


def _odd_names(entries: list[zipfile.ZipInfo]) -> list[str]:
    found = [f"{name!a}: is there more than once" for name, n in Counter(e.filename for e in entries).items() if n > 1]
    for entry in entries:
        name = entry.filename
        parts = PurePosixPath(name).parts
        if name.startswith("/") or ".." in parts or "\\" in name or ":" in name or not name.isprintable():
            found.append(f"{name[:80]!a}: would lead out of the pack")
        if stat.S_ISLNK(entry.external_attr >> 16) or entry.is_dir():
            found.append(f"{name[:80]!a}: is a link or a folder")
    return found


def _hidden(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> list[str]:
    """Bytes that belong to no file of the list: who unpacks a zip from its beginning would find other files in them."""
    stream, at = archive.fp, 0
    if stream is None:
        return []
    for entry in sorted(entries, key=lambda one: one.header_offset):
        gap = entry.header_offset - at
        if gap and not (at and gap in _DESCRIPTORS):
            break
        stream.seek(entry.header_offset)
        name, extra = struct.unpack("<HH", stream.read(_LOCAL_BYTES)[-4:].rjust(4, b"\0"))
        at = entry.header_offset + _LOCAL_BYTES + name + extra + entry.compress_size
    whole = archive.start_dir - at
    return [] if whole == 0 or whole in _DESCRIPTORS else ["holds bytes between its files that are of none of them"]


def _manifest(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> tuple[dict[str, str], list[str]]:
    if MANIFEST not in {entry.filename for entry in entries}:
        return {}, [f"has no {MANIFEST}: is it an evidence pack?"]
    wanted: dict[str, str] = {}
    problems = []
    for number, line in enumerate(_text(archive, MANIFEST).decode("utf-8", "replace").split("\n")[:-1], 1):
        match = _LINE.fullmatch(line)
        if match is None or match[2] in wanted:
            problems.append(f"{MANIFEST}: line {number} is not as it was written")
        else:
            wanted[match[2]] = match[1]
    return wanted, problems


def _digest(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> str:
    """The hash of an entry, read in pieces and no further than it says; empty where it cannot be read."""
    digest, left = hashlib.sha256(), entry.file_size
    try:
        with archive.open(entry) as stream:
            while piece := stream.read(min(PIECE_BYTES, left + 1)):
                left -= len(piece)
                if left < 0:
                    return ""
                digest.update(piece)
    except _BROKEN:
        return ""
    return digest.hexdigest() if left == 0 else ""


def _text(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        with archive.open(name) as stream:
            return stream.read(MOST_TEXT_BYTES)
    except _BROKEN:
        return b""


def _custody(archive: zipfile.ZipFile, found: Mapping[str, str]) -> list[str]:
    if CUSTODY not in found:
        return []
    line = broken_line(_text(archive, CUSTODY))
    return [] if line is None else [f"{CUSTODY}: line {line} does not follow from the line before"]


def _unchecked(archive: zipfile.ZipFile, found: Mapping[str, str]) -> list[str]:
    notes = ["who packed it and when: it bears no signature and no time stamp; keep its own SHA-256 elsewhere"]
    try:
        rows = json.loads(_text(archive, "results/run.json"))["inputs"]
        files = [one for row in rows for one in row["files"]]
        hashed = sum(bool(one["sha256"]) for one in files)
    except (ValueError, KeyError, TypeError):
        return notes
    notes.append(f"the scenes themselves: {hashed} of {len(files)} files are named with a SHA-256, none is contained")
    if not any(name.startswith("results/scenes/") for name in found):
        notes.append("what the aligned scenes show: they are not in the pack")
    if METADATA not in found:
        notes.append("what the files are: there is no description")
    return notes
