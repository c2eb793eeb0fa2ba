"""A folder with the files that the shared workflows name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from workflow_cases import REGISTRY, fill, validating

from changedet.workflow import (
    json_schema,
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    fill(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("arena")
    fill(folder)
    return folder


@pytest.fixture(scope="module")
def validator() -> Any:
    return validating(json_schema(REGISTRY))
