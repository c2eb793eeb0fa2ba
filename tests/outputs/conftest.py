"""The made-up run, once for all tests here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from made_up_run import build_run


@pytest.fixture(scope="session")
def made_up_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("depot-north")
    return folder, build_run(folder)
