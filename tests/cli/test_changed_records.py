"""A command that fails on what a run's own record holds names the record, if it was changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from changedet.cli.app import cli
from changedet.cli.changed_records import RECORDS, changed_records, naming_changed_records
from changedet.errors import InputError
from changedet.store import RunFolder
from changedet.store.seal import break_seal, renew


@naming_changed_records
def fails(*, run_dir: str) -> int:
    return int((Path(run_dir) / "summary.json").read_text())


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    folder = RunFolder(tmp_path)
    folder.state.mkdir()
    files = [tmp_path / name for name in RECORDS]
    for path in files:
        path.write_text("five")
    renew(folder, {}, files)
    return tmp_path


def test_naming_changed_records_says_which_was_changed(run_dir: Path):
    (run_dir / "summary.json").write_text("many")
    with pytest.raises(InputError, match=r"summary\.json: is not as changedet wrote it") as caught:
        fails(run_dir=str(run_dir))
    assert len(caught.value.problems) == 1
    assert changed_records(run_dir) == [run_dir / "summary.json"]


def test_naming_changed_records_leaves_a_failure_on_records_as_they_were(run_dir: Path):
    with pytest.raises(ValueError, match="invalid literal"):
        fails(run_dir=str(run_dir))
    break_seal(RunFolder(run_dir))
    assert changed_records(run_dir) == []


def test_commands_that_read_a_finished_run_name_changed_records(run_dir: Path, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object, **__: object) -> None:
        raise KeyError("value")

    (run_dir / "run.json").unlink()
    monkeypatch.setattr("changedet.pipeline.publish.report_again", broken)
    monkeypatch.setattr("changedet.assess.score.run.score_run", broken)
    monkeypatch.setattr("changedet.assess.compare.consignments.compare_runs", broken)
    monkeypatch.setattr("changedet.pipeline.finished.open_run", broken)
    monkeypatch.setattr("changedet.assess.review.review_run", broken)
    for words in (["report"], ["score", "--truth", "x"], ["compare"], ["figure"], ["timelapse"], ["review"]):
        with pytest.raises(InputError, match=r"run\.json: is not as changedet wrote it"):
            cli.main([*words, str(run_dir)], standalone_mode=False)
