"""What a finished run writes again, and who may."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from changedet.errors import ChangedetError, InputError
from changedet.pipeline.publish import report_again
from changedet.store import RunFolder


def test_a_report_is_not_written_again_under_a_run_at_work(reference_run: Path) -> None:
    with RunFolder(reference_run).locked(is_new=False), pytest.raises(ChangedetError, match="another run is at work"):
        report_again(reference_run)
    assert not (reference_run / "report.html").exists()


def test_a_report_on_a_read_only_disk_is_refused(reference_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    may = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != reference_run and may(path, mode))
    with pytest.raises(InputError, match="no permission to write there, or its disk is read-only"):
        report_again(reference_run)
