"""Steps of a run: done, half done, edited by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from changedet.errors import ChangedetError, InputError
from changedet.store import RunFolder


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "site")


def _write(path: Path, text: str = "a") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_once_writes_a_step_again_only_where_something_changed(folder: RunFolder) -> None:
    path, written = folder.summary, []

    def write() -> None:
        written.append(1)
        _write(path)

    assert folder.once("summary", "one", [path], write)
    assert not folder.once("summary", "one", [path], write)
    assert folder.once("summary", "two", [path], write)
    path.unlink()
    assert folder.once("summary", "two", [path], write)
    assert len(written) == 3


def test_is_done_knows_files_by_their_bytes(folder: RunFolder) -> None:
    _write(folder.summary)
    folder.finish("summary", "one", [folder.summary, folder.report])
    _write(folder.summary, "a")
    assert folder.is_done("summary", "one")
    _write(folder.summary, "b")
    assert not folder.is_done("summary", "one")


@pytest.mark.parametrize("torn", ["", "{", "[]", '{"identity": "one"}'])
def test_record_that_is_torn_counts_as_none(folder: RunFolder, torn: str) -> None:
    _write(folder.summary)
    folder.finish("summary", "one", [folder.summary])
    (record,) = (folder.state / "steps").iterdir()
    record.write_text(torn)
    assert folder.record("summary") is None
    assert folder.recorded() == {}


def test_guard_lets_half_written_files_pass_and_no_others(folder: RunFolder) -> None:
    folder.begin("summary", [folder.summary])
    _write(folder.summary)
    folder.guard([folder.summary])
    _write(folder.report)
    with pytest.raises(InputError, match="was not written by changedet"):
        folder.guard([folder.summary, folder.report])
    folder.finish("report", "one", [folder.report])
    folder.guard([folder.report])
    _write(folder.report, "mine")
    with pytest.raises(InputError, match="changed by hand"):
        folder.guard([folder.report])


def test_locked_takes_a_new_folder_away_where_the_input_was_wrong(folder: RunFolder) -> None:
    with pytest.raises(InputError), folder.locked(is_new=True):
        raise InputError("wrong")
    assert not folder.path.exists()
    with folder.locked(is_new=True), pytest.raises(ChangedetError, match="another run"), folder.locked(is_new=False):
        pass


def test_clear_leaves_what_was_edited(folder: RunFolder) -> None:
    for path in (folder.summary, folder.report):
        _write(path)
        folder.finish(path.stem, "one", [path])
    _write(folder.report, "mine")
    folder.clear()
    assert [path.name for path in folder.path.iterdir()] == ["report.html"]
