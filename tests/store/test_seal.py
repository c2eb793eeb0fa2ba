"""The seal of a finished run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from changedet.store import RunFolder, seal
from changedet.store.amending import amend


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path / "site")
    folder.path.mkdir()
    folder.report.write_text("a")
    folder.finish("publish:report", "one", [folder.report])
    folder.settle({"publish:report": [folder.report]})
    return folder


def test_seal_holds_every_file_but_itself(folder: RunFolder) -> None:
    (folder.state / "lock").touch()
    sealed = seal.sealed_files(folder)
    assert sealed is not None
    assert sorted(sealed) == [".changedet/steps/publish_report.json", ".changedet/written.jsonl", "report.html"]


def test_begin_breaks_the_seal_and_amend_renews_it(folder: RunFolder) -> None:
    before = seal.sealed_files(folder)
    amend(folder, "publish:report", "one", [folder.report], lambda: folder.report.write_text("b") and None)
    after = seal.sealed_files(folder)
    assert before is not None
    assert after is not None
    assert sorted(before) == sorted(after)
    assert before["report.html"] != after["report.html"]
    folder.begin("publish:report", [folder.report])
    assert seal.sealed_files(folder) is None


def test_sealed_files_are_none_where_the_seal_is_not_as_it_was_written(folder: RunFolder) -> None:
    path = folder.state / seal.SEAL
    found = json.loads(path.read_text())
    found["files"]["report.html"]["size"] = 3
    for text in (json.dumps(found), "", "[]", '{"files": {"a": 1}}'):
        path.write_text(text)
        assert seal.sealed_files(folder) is None


def test_what_comes_after_a_run_keeps_its_seal_and_outlives_the_next_run(folder: RunFolder) -> None:
    figure = folder.path / "figure.png"
    folder.begin("figure:one", [figure])
    figure.write_bytes(b"a")
    folder.finish("figure:one", "one", [figure])
    sealed = seal.sealed_files(folder)
    assert sealed is not None
    assert "figure.png" in sealed
    folder.settle({"publish:report": [folder.report]})
    assert figure.exists()
    folder.guard([figure])
    assert sorted(seal.sealed_files(folder) or ()) == sorted(sealed)
