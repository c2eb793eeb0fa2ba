"""Steps of a run: done, half done, edited by hand."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from pathlib import Path
from typing import IO

import pytest

from changedet.errors import ChangedetError, InputError
from changedet.store import RunFolder, step_records


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


@pytest.mark.parametrize("torn", ["", "{", "[]", '{"identity": "one"}', '{"files": {"a": 3}}', "\udcff"])
def test_record_that_is_torn_counts_as_none(folder: RunFolder, torn: str) -> None:
    _write(folder.summary)
    folder.finish("summary", "one", [folder.summary])
    (record,) = (folder.state / "steps").iterdir()
    record.write_text(torn, errors="surrogateescape")
    assert folder.record("summary") is None
    folder.guard({"summary": [folder.summary]})
    assert not folder.is_done("summary", "one")


def test_guard_lets_half_written_files_pass_and_no_others(folder: RunFolder) -> None:
    folder.begin("summary", [folder.summary])
    _write(folder.summary)
    folder.guard({"summary": [folder.summary]})
    _write(folder.report)
    with pytest.raises(InputError, match="was not written by changedet"):
        folder.guard({"summary": [folder.summary], "report": [folder.report]})
    folder.finish("report", "one", [folder.report])
    folder.guard({"report": [folder.report]})
    _write(folder.report, "mine")
    with pytest.raises(InputError, match="changed by hand"):
        folder.guard({"report": [folder.report]}, fresh=True)


def test_guard_knows_what_a_step_wrote_before_it_wrote_something_else(folder: RunFolder) -> None:
    for path in (folder.summary, folder.report):
        _write(path)
    folder.finish("masks", "one", [folder.summary, folder.report])
    folder.once("masks", "two", [folder.summary], lambda: _write(folder.summary, "b"))
    folder.guard({"masks": [folder.summary, folder.report]})
    _write(folder.report, "mine")
    with pytest.raises(InputError, match=r"report\.html: was changed by hand"):
        folder.guard({"masks": [folder.summary, folder.report]})


def test_guard_knows_files_of_a_run_that_kept_no_journal(folder: RunFolder) -> None:
    _write(folder.report)
    folder.finish("report", "one", [folder.report])
    (folder.state / "written.jsonl").unlink()
    folder.begin("report", [folder.summary])
    folder.guard({"report": [folder.summary, folder.report]})


def test_guard_never_refuses_what_the_run_keeps_for_itself(folder: RunFolder) -> None:
    kept = folder.state / "quality" / "a.gtif"
    _write(kept, "whole")
    folder.finish("pixels", "one", [kept])
    _write(kept, "half")
    folder.guard({"pixels": [kept]})
    assert not folder.is_done("pixels", "one")


def test_private_tables_are_told_by_their_bytes(folder: RunFolder) -> None:
    kept = folder.state / "model" / "a.json"
    for path in (kept, folder.summary):
        _write(path, "abc")
        folder.finish(path.stem, "one", [path])
        status = path.stat()
        _write(path, "abd")
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert not folder.is_done("a", "one")
    assert folder.is_done("summary", "one")


def test_guard_takes_lost_records_for_no_reason_to_refuse_a_fresh_start(folder: RunFolder) -> None:
    _write(folder.summary)
    with pytest.raises(InputError, match="was not written by changedet"):
        folder.guard({"summary": [folder.summary]}, fresh=True)
    folder.state.mkdir()
    with pytest.raises(InputError, match="was not written by changedet"):
        folder.guard({"summary": [folder.summary]})
    folder.guard({"summary": [folder.summary]}, fresh=True)


def test_guard_names_all_edited_files_on_ten_lines_at_most(folder: RunFolder) -> None:
    paths = [folder.path / "change" / f"{k}.tif" for k in range(40)]
    for path in paths:
        _write(path)
    folder.finish("pixels", "one", paths)
    for path in paths:
        _write(path, "mine")
    with pytest.raises(InputError) as raised:
        folder.guard({"pixels": paths})
    assert len(raised.value.problems) <= 10
    assert all(f"change/{k}.tif" in str(raised.value) for k in range(40))


def test_is_done_asks_for_the_same_libraries(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(folder.summary)
    folder.finish("summary", "one", [folder.summary])
    assert folder.is_done("summary", "one")
    monkeypatch.setattr(step_records, "library_versions", lambda: {"numpy": "0"})
    assert not folder.is_done("summary", "one")
    (record,) = (folder.state / "steps").iterdir()
    found = json.loads(record.read_text())
    del found["libraries"]
    record.write_text(json.dumps(found))
    assert folder.is_done("summary", "one")


def test_settle_removes_what_no_step_has_any_more_and_leaves_what_was_edited(folder: RunFolder) -> None:
    mine, stale, kept = (folder.path / "change" / f"{name}.tif" for name in ("mine", "stale", "kept"))
    private = folder.state / "quality" / "old.gtif"
    for path in (mine, stale, kept, private):
        _write(path)
    folder.finish("pixels:old", "one", [mine, stale, private])
    folder.finish("pixels:new", "one", [kept])
    _write(mine, "edited")
    folder.settle({"pixels:new": [kept]})
    assert sorted(path.name for path in mine.parent.iterdir()) == ["kept.tif", "mine.tif"]
    assert not private.parent.exists()
    assert [path.name for path in (folder.state / "steps").iterdir()] == ["pixels_new.json"]
    folder.guard({"pixels:new": [kept]})
    with pytest.raises(InputError, match=r"mine\.tif: was changed by hand"):
        folder.guard({"pixels:old": [mine]})
    _write(mine)
    folder.guard({"pixels:old": [mine]})


def test_locked_takes_a_new_folder_away_where_the_input_was_wrong(folder: RunFolder) -> None:
    with pytest.raises(InputError), folder.locked(is_new=True):
        raise InputError("wrong")
    assert not folder.path.exists()
    with folder.locked(is_new=True), pytest.raises(ChangedetError, match="another run"), folder.locked(is_new=False):
        pass


def test_locked_names_what_stands_in_the_place_of_its_file(folder: RunFolder) -> None:
    (folder.state / "lock").mkdir(parents=True)
    with (
        pytest.raises(InputError, match=r"lock: cannot be opened \(Is a directory\); remove it"),
        folder.locked(is_new=False),
    ):
        pass


@pytest.mark.parametrize("error", [None, FileNotFoundError("boxes.json"), InputError("boxes.json")])
def test_locked_says_that_the_folder_went_away_meanwhile(folder: RunFolder, error: Exception | None) -> None:
    def write() -> None:
        with folder.locked(is_new=True):
            _write(folder.summary)
            folder.path.rename(folder.path.with_name("moved"))
            if error is not None:
                raise error

    with pytest.raises(ChangedetError, match=r"site: was removed or moved away"):
        write()
    assert folder.path.with_name("moved").joinpath("summary.json").exists()


def test_clear_leaves_what_was_edited(folder: RunFolder) -> None:
    for path in (folder.summary, folder.report):
        _write(path)
        folder.finish(path.stem, "one", [path])
    _write(folder.report, "mine")
    folder.clear()
    assert [path.name for path in folder.path.rglob("*") if path.is_file()] == ["report.html"]


def test_clear_needs_no_record_that_can_be_read(folder: RunFolder) -> None:
    _write(folder.summary)
    folder.finish("summary", "one", [folder.summary])
    (folder.state / "steps" / "summary.json").write_bytes(b"")
    with folder.locked(is_new=False):
        folder.clear()
        with pytest.raises(ChangedetError, match="another run"), folder.locked(is_new=False):
            pass
    assert not folder.summary.exists()


@pytest.mark.parametrize("way", ["above", "absolute", "link", "record"])
@pytest.mark.parametrize("done", ["settle", "clear"])
def test_a_record_from_a_stranger_removes_nothing_elsewhere(folder: RunFolder, way: str, done: str) -> None:
    precious = folder.path.parent / "precious" / "a.txt"
    _write(precious)
    folder.once("publish", "one", [folder.summary], lambda: _write(folder.summary))
    (folder.path / "link").symlink_to(precious.parent)
    name = {"absolute": str(precious), "link": "link/a.txt"}.get(way, "../precious/a.txt")
    entry = {name: {"unfinished": True}}
    if way == "record":
        (folder.state / "steps" / "boxes.json").write_text(json.dumps({"identity": "one", "files": entry}))
    else:
        with (folder.state / "written.jsonl").open("a") as stream:
            stream.write(json.dumps({"step": "publish", "path": name, **entry[name]}) + "\n")
    if done == "settle":
        folder.settle({"publish": [folder.summary]})
    else:
        folder.clear()
    assert precious.exists()


def test_guard_refuses_a_record_that_is_a_link_before_anything_is_written_to_it(folder: RunFolder) -> None:
    folder.once("publish", "one", [folder.summary], lambda: _write(folder.summary))
    other = folder.path.parent / "other"
    _write(other)
    journal = folder.state / "written.jsonl"
    journal.unlink()
    journal.symlink_to(other)
    with pytest.raises(InputError, match=r"written.jsonl: is a link out of the run folder"):
        folder.guard({"publish": [folder.summary]})


def test_locked_does_not_hold_a_folder_that_was_taken_away_meanwhile(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run whose input proved wrong removes its new folder, with the lock that another one has just opened."""
    lock = fcntl.flock

    def late(stream: IO[str], how: int) -> None:
        shutil.rmtree(folder.path)
        lock(stream, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with pytest.raises(ChangedetError, match="another run is at work"), folder.locked(is_new=False):
        pass
