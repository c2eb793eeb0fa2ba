"""The journal of a run folder."""

from __future__ import annotations

from pathlib import Path

from changedet.store import journal
from changedet.store.fingerprints import Fingerprint

ONE: Fingerprint = {"size": 1, "mtime_ns": 2, "sha256": "a"}
OTHER: Fingerprint = {"size": 3, "mtime_ns": 4, "sha256": "b"}


def test_read_gives_every_state_in_order(tmp_path: Path) -> None:
    path = tmp_path / "state" / "written.jsonl"
    assert journal.read(path) == {}
    journal.append(path, "masks", {"a.tif": ONE})
    journal.append(path, "masks", {"a.tif": {"unfinished": True}, "b.tif": {"unfinished": True}})
    journal.append(path, "masks", {"a.tif": OTHER})
    assert journal.read(path) == {"a.tif": [ONE, {"unfinished": True}, OTHER], "b.tif": [{"unfinished": True}]}


def test_a_spoilt_line_costs_that_line_alone(tmp_path: Path) -> None:
    path = tmp_path / "written.jsonl"
    journal.append(path, "masks", {"a.tif": ONE})
    with path.open("ab") as stream:
        stream.write(b'{"step": "masks", "path": "c.t')
    journal.append(path, "masks", {"b.tif": OTHER})
    with path.open("ab") as stream:
        stream.write(b'\xff\x00\n[]\n{"path": 3}\n{"path": "d.tif", "size": "x", "sha256": 3}\n')
    assert journal.read(path) == {"a.tif": [ONE], "b.tif": [OTHER]}


def test_is_ours_in_any_state_that_we_left_and_while_we_write(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_text("abc")
    own: Fingerprint = {"size": 3, "mtime_ns": path.stat().st_mtime_ns, "sha256": ""}
    assert journal.is_ours(path, [own, ONE])
    assert not journal.is_ours(path, [ONE, {"unfinished": True}, OTHER])
    assert journal.is_ours(path, [ONE, {"unfinished": True}])
    assert not journal.is_ours(path, [])
