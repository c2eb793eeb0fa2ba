"""An uploaded run back into a folder: every byte compared with its seal, which is written last."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from changedet.errors import InputError
from changedet.store import journal, seal
from changedet.store.bucket.address import Address
from changedet.store.bucket.client import Bucket
from changedet.store.bucket.side_by_side import Shown, side_by_side
from changedet.store.bucket.upload import SEAL, in_order
from changedet.store.bucket.upload_record import RECORD
from changedet.store.files import naming_disk_errors, replacing, write_bytes
from changedet.store.fingerprints import Fingerprint, is_untouched
from changedet.store.folder import RunFolder
from changedet.store.layout import is_name
from changedet.store.refusals import refuse_odd_files

SUMMARY: Final = "summary.json"
LARGEST_SEAL_BYTES: Final = 64 << 20
"""Of a run of 300,000 files."""


def sealed_in(bucket: Bucket) -> tuple[dict[str, Fingerprint], bytes]:
    """What an uploaded run consists of.

    Parameters
    ----------
    bucket : Bucket
        Of the run.

    Returns
    -------
    files : dict of str to Fingerprint
        By path in the run folder.
    text : bytes
        The seal that says so.

    Raises
    ------
    InputError
        No upload has ended there, or the seal is not as it was written.
    """
    text = bucket.read(SEAL, LARGEST_SEAL_BYTES)
    if text is None:
        begun = bucket.read(RECORD, 1) is not None
        why = "an upload is under way or was cut off: upload again" if begun else "give the address of an uploaded run"
        raise InputError(f"{bucket.place}: holds no sealed run; {why}")
    files = seal.files_of_seal(text)
    if files is None or not all(is_name(name) and "sha256" in one for name, one in files.items()):
        raise InputError(f"{bucket.place.below(SEAL)}: is not as it was written; upload the run again")
    return files, text


def download_run(place: Address, path: Path, progress: Shown | None = None) -> Path:
    """Bring a folder to the state of an uploaded run.

    Parameters
    ----------
    place : Address
        Of the run in the bucket.
    path : pathlib.Path
        The run folder: new, or one that an earlier download or run left and nobody edited.
    progress : callable, optional
        ``progress(what, done, total)`` is called after each file.

    Returns
    -------
    pathlib.Path
        As given.

    Raises
    ------
    InputError
        There is no sealed run, an object is not what the seal says, or files that are not the run's stand in the way.
    """
    bucket = Bucket(place)
    files, text = sealed_in(bucket)
    folder = RunFolder(path)
    is_new = not path.exists()
    if not is_new:
        _refuse_another(bucket, path)
    with naming_disk_errors(path), folder.locked(is_new=is_new):
        wanted = {name: one for name, one in files.items() if not is_untouched(path / name, one, by_bytes=True)}
        folder.guard([path / name for name in wanted])
        before = folder.written()
        seal.break_seal(folder)
        done = 0
        for names in in_order(wanted):
            for _ in side_by_side(lambda name: _fetch(bucket, name, wanted[name], path / name), names):
                done += 1
                if progress is not None:
                    progress("downloading", done, len(wanted))
        _remove_others(path, before, files)
        write_bytes(path / SEAL, text)
    return path


def _refuse_another(bucket: Bucket, path: Path) -> None:
    # What no download should replace: a file, links, the run of another site.
    if not path.is_dir():
        raise InputError(f"{path}: is a file, expected a folder for the run")
    refuse_odd_files(path)
    own = path / SUMMARY
    here = _site(own.read_bytes()) if own.is_file() else ""
    there = _site(bucket.read(SUMMARY, LARGEST_SEAL_BYTES) or b"") if here else ""
    if here != there:
        raise InputError(f"{path}: holds a run of the site {here[:60]}, not of {there[:60]}; give another -o")


def _site(summary: bytes) -> str:
    try:
        return str(json.loads(summary)["site"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _fetch(bucket: Bucket, name: str, wanted: Fingerprint, path: Path) -> None:
    digest, size, most = hashlib.sha256(), 0, wanted.get("size", 0)
    with replacing(path) as part, part.open("wb") as out:
        for piece in bucket.pieces(name):
            size += len(piece)
            if size > most:
                break
            digest.update(piece)
            out.write(piece)
        if size != most or digest.hexdigest() != wanted["sha256"]:
            raise InputError(f"{bucket.place.below(name)}: is not what was uploaded; upload the run again")


def _remove_others(root: Path, before: journal.Written, files: Mapping[str, Fingerprint]) -> None:
    """What an earlier run left here and this one does not have goes, unless somebody edited it."""
    for name, entries in before.items():
        path = root / name
        if is_name(name) and name not in files and path.is_file() and journal.is_ours(path, entries):
            path.unlink()
