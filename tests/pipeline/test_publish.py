"""What a finished run writes again, and who may."""

from __future__ import annotations

from pathlib import Path

import pytest

from changedet.errors import ChangedetError
from changedet.pipeline.publish import report_again
from changedet.store import RunFolder


def test_a_report_is_not_written_again_under_a_run_at_work(reference_run: Path) -> None:
    with RunFolder(reference_run).locked(is_new=False), pytest.raises(ChangedetError, match="another run is at work"):
        report_again(reference_run)
    assert not (reference_run / "report.html").exists()
