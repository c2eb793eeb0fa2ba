"""What ``changedet doctor`` prints."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from changedet.cli.app import cli


def test_doctor_warns_on_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("changedet.cli.doctor.LEAST_DISK_BYTES", 1 << 60)
    done = CliRunner().invoke(cli, ["doctor"], standalone_mode=False)
    assert done.return_value == 1
    assert "disk are free" in done.stderr
    assert all(line.startswith("warning: ") for line in done.stderr.splitlines())
    assert "warning" not in done.stdout
