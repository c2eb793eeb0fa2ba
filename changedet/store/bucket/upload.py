"""A finished run into a bucket: what is new or changed, what points to it last, and its seal at the end.

At no moment does a table, a project or a STAC document there name a file that is not there. A kill leaves a run without
its seal, which the next upload goes on with: what an upload is about to write stands in its record before it begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Final

from changedet.errors import InputError
from changedet.store import seal
from changedet.store.bucket.address import Address
from changedet.store.bucket.client import Bucket, Stored
from changedet.store.bucket.failures import StoreError
from changedet.store.bucket.side_by_side import Shown, side_by_side
from changedet.store.bucket.upload_record import Object, UploadRecord, read_record, write_record
from changedet.store.folder import RunFolder
from changedet.store.layout import STATE
from changedet.store.refusals import MOST_LINES

SEAL: Final = f"{STATE}/{seal.SEAL}"
POINTERS: Final[Sequence[Sequence[str]]] = (
    ("stac/*/*.json", "project.qgz", "report.html"),
    ("stac/collection.json", "run.json"),
    ("summary.json",),
    (f"{STATE}/steps/*", f"{STATE}/*.jsonl"),
)
"""What points to other files of a run, then what says that it has ended, then what knows whose the files are: in this
order, after all others."""
FOREIGN: Final = "was not uploaded by changedet; move it away, or give another address"
EDITED: Final = "was changed there since it was uploaded; move it away, then upload again"


@dataclass(frozen=True)
class Uploaded:
    """What an upload did.

    Attributes
    ----------
    place : Address
        Of the run in the bucket.
    files, bytes : int
        Of the run.
    sent_files, sent_bytes : int
        Of these, what was new or changed.
    removed : int
        Objects that the run no longer has.
    """

    place: Address
    files: int
    bytes: int
    sent_files: int
    sent_bytes: int
    removed: int


@dataclass(frozen=True)
class _Change:
    """What has to be done so that a bucket holds a run."""

    kept: Mapping[str, Object]
    sent: Mapping[str, Object]
    removed: Sequence[str]


def require_place(place: Address, names: Iterable[str] = ()) -> None:
    """Refuse a place that cannot be read, or where what is not as changedet uploaded it stands in the way.

    Parameters
    ----------
    place : Address
        Where a run is to be uploaded to.
    names : iterable of str
        Files that it will have, as far as they are known.

    Raises
    ------
    InputError
        One line for what stands in the way.
    """
    bucket = Bucket(place)
    record, there = read_record(bucket), bucket.listed()
    _refuse_others(bucket, names, record.objects if record else {}, there)


def upload_run(folder: RunFolder, place: Address, progress: Shown | None = None) -> Uploaded:
    """Bring a bucket to the state of a finished run.

    Parameters
    ----------
    folder : RunFolder
        Of a sealed run.
    place : Address
        Of the run in the bucket.
    progress : callable, optional
        ``progress(what, done, total)`` is called after each file.

    Returns
    -------
    Uploaded
        What was done.

    Raises
    ------
    InputError
        The run is not sealed, a file of it or an object is not as it was written, or the store cannot be used.
    """
    with folder.locked(is_new=False):
        files = _sealed(folder)
        try:
            change = _changed(folder, Bucket(place), files, progress)
        except StoreError as error:
            said = f"{error}; the run in {folder.path} is whole, the same command goes on from here"
            raise InputError(said) from None
    sizes = {name: one["size"] for name, one in files.items()}
    sent = sum(sizes[name] for name in change.sent)
    return Uploaded(place, len(files), sum(sizes.values()), len(change.sent), sent, len(change.removed))


def _sealed(folder: RunFolder) -> dict[str, Object]:
    files = seal.sealed_files(folder)
    if files is None:
        raise InputError(f"{folder.path}: is not sealed, so no run has ended here; run the workflow again")
    own = seal.state_of(folder.path / SEAL)
    return {
        name: Object(size=one.get("size", 0), sha256=one.get("sha256", ""))
        for name, one in {**files, SEAL: own}.items()
    }


def _changed(folder: RunFolder, bucket: Bucket, files: Mapping[str, Object], progress: Shown | None) -> _Change:
    before, there = read_record(bucket), bucket.listed()
    known = before.objects if before else {}
    _refuse_others(bucket, files, known, there)
    kept = {name: one for name, wanted in files.items() if (one := _kept(bucket, name, wanted, known, there))}
    sent = {name: one for name, one in files.items() if name not in kept}
    gone = [name for name in sorted(set(known) - set(files)) if name in there and _is(bucket, name, known, there)]
    if sent or gone:
        # A reader takes a run without its seal for one that is being written.
        sent[SEAL] = files[SEAL]
        kept.pop(SEAL, None)
    change = _Change(kept, sent, gone)
    if sent or gone:
        _carry_out(folder, bucket, before, change, progress)
    elif set(known) != set(files) or not (before and before.is_whole):
        write_record(bucket, UploadRecord(kept))
    return change


def _kept(
    bucket: Bucket, name: str, wanted: Object, known: Mapping[str, Object], there: Mapping[str, Stored]
) -> Object | None:
    """An object that is what the run has, and needs not be sent."""
    stored, one = there.get(name), known.get(name)
    if stored is None or one is None or one["sha256"] != wanted["sha256"] or stored.size != wanted["size"]:
        return None
    if "etag" in one:
        return one
    # An upload that was cut off may have come so far.
    return Object(**wanted, etag=stored.etag) if bucket.sum_of(name) == wanted["sha256"] else None


def _is(bucket: Bucket, name: str, known: Mapping[str, Object], there: Mapping[str, Stored]) -> bool:
    """Whether an object is what was written; one of which that is not known may be."""
    one, stored = known[name], there[name]
    if "etag" not in one or (stored.size == one["size"] and stored.etag == one["etag"]):
        return True
    # Some stores give bytes that stay another ETag, when they move or encrypt them.
    return stored.size == one["size"] and bucket.sum_of(name) == one["sha256"]


def _refuse_others(
    bucket: Bucket, names: Iterable[str], known: Mapping[str, Object], there: Mapping[str, Stored]
) -> None:
    found = sorted(name for name in names if name in there)
    _refuse(bucket.place, FOREIGN, [name for name in found if name not in known])
    _refuse(bucket.place, EDITED, [name for name in found if name in known and not _is(bucket, name, known, there)])


def _refuse(place: Address, words: str, names: Sequence[str]) -> None:
    if names:
        more = f" and {len(names) - MOST_LINES} more" if len(names) > MOST_LINES else ""
        raise InputError(f"{place}: {', '.join(names[:MOST_LINES])}{more}: {words}")


def _carry_out(
    folder: RunFolder, bucket: Bucket, before: UploadRecord | None, change: _Change, progress: Shown | None
) -> None:
    known = before.objects if before else {}
    record = UploadRecord({**known, **change.kept, **change.sent})
    write_record(bucket, record)
    bucket.remove(SEAL)
    if before and not before.is_whole:
        bucket.remove_parts(frozenset(change.sent))
    done = _Sent(folder, bucket, change.sent, progress)
    for names in in_order(change.sent):
        done.send(names)
    for name in change.removed:
        bucket.remove(name)
    now = read_record(bucket)
    if now is None or now.mark != record.mark:
        raise InputError(f"{bucket.place}: another upload to this address went on meanwhile; upload again")
    done.send([SEAL])
    write_record(bucket, UploadRecord({**change.kept, **done.objects}))


class _Sent:
    """Sends files and remembers as what the store has taken them."""

    def __init__(self, folder: RunFolder, bucket: Bucket, files: Mapping[str, Object], progress: Shown | None) -> None:
        self._folder, self._bucket, self._files, self._progress = folder, bucket, files, progress
        self.objects: dict[str, Object] = {}

    def send(self, names: Sequence[str]) -> None:
        for name, stored in side_by_side(self._one, names):
            one = self._files[name]
            self.objects[name] = {"size": one["size"], "sha256": one["sha256"], "etag": stored.etag}
            if self._progress is not None:
                self._progress("uploading", len(self.objects), len(self._files))

    def _one(self, name: str) -> Stored:
        one = self._files[name]
        return self._bucket.write_file(name, self._folder.path / name, one["size"], one["sha256"])


def in_order(names: Iterable[str]) -> list[list[str]]:
    """Files of a run, those that point to others after them.

    Parameters
    ----------
    names : iterable of str
        Paths in the run folder.

    Returns
    -------
    list of list of str
        Without the seal.
    """
    rest = sorted(set(names) - {SEAL})
    order: list[list[str]] = []
    for patterns in POINTERS:
        order.append([name for name in rest if any(fnmatch(name, one) for one in patterns)])
        rest = [name for name in rest if name not in order[-1]]
    return [rest, *order]
