"""Every test of the starter works in a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "depot north").mkdir()
    monkeypatch.chdir(tmp_path / "depot north")
    return tmp_path / "depot north"
