"""Whole files or none."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from changedet.store.files import part_of, replacing, write_json


def test_write_json_leaves_the_old_file_where_a_value_has_no_form(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "a.json"
    write_json(path, {"a": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, {"a": float("nan")})
    assert json.loads(path.read_text()) == {"a": 1}
    assert [found.name for found in path.parent.iterdir()] == ["a.json"]


def test_write_json_indents_and_escapes_as_asked(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"ä": Path("b")})
    assert (tmp_path / "a.json").read_bytes() == b'{\n "\\u00e4": "b"\n}\n'
    write_json(tmp_path / "a.json", {"ä": 1}, indent=2, ascii_only=False)
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == '{\n  "ä": 1\n}\n'


def test_replacing_sees_the_bytes_on_the_disk_before_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[tuple[str, bool]] = []
    path = tmp_path / "a.json"

    def synced(descriptor: int) -> None:
        done.append((Path(f"/proc/self/fd/{descriptor}").readlink().name, path.exists()))

    monkeypatch.setattr(os, "fsync", synced)
    write_json(path, 1)
    assert done == [("a.json.part", False), (tmp_path.name, True)]
    write_json(tmp_path / ".changedet" / "a.json", 1)
    assert len(done) == 2


def test_replacing_removes_what_a_killed_run_left(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    for ending in ("", "-journal", "-wal"):
        Path(f"{part_of(path)}{ending}").write_bytes(b"half")
    with replacing(path) as part:
        assert not list(tmp_path.iterdir())
        part.write_bytes(b"whole")
    assert [found.name for found in tmp_path.iterdir()] == ["a.gpkg"]


def test_replacing_a_database_removes_the_journal_of_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    for ending in ("-journal", "-wal", "-shm"):
        Path(f"{path}{ending}").write_bytes(b"half")
    with replacing(path) as part:
        part.write_bytes(b"whole")
    assert [found.name for found in tmp_path.iterdir()] == ["a.gpkg"]
