"""A file of a finished run is written again, or the run is as it was."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from changedet.store import RunFolder
from changedet.store.amending import amend
from changedet.store.files import write_text
from changedet.store.seal import seal, sealed_files

STEP = "publish:report"


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    made = RunFolder(tmp_path / "run")
    with made.locked(is_new=True):
        made.begin(STEP, [made.report])
        made.report.write_text("five looks")
        made.finish(STEP, "first", [made.report])
        seal(made)
    return made


def states(folder: RunFolder) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.path.rglob("*") if path.is_file() and path.name != "lock"}


def test_amend_that_fails_before_it_writes_leaves_a_sealed_run(folder: RunFolder):
    def fails() -> None:
        raise TypeError("no date")

    before = states(folder)
    with pytest.raises(TypeError, match="no date"):
        amend(folder, STEP, "anew", [folder.report], fails)
    assert sealed_files(folder) is not None
    assert states(folder) == before


def test_amend_that_fails_halfway_leaves_no_seal(folder: RunFolder):
    def fails() -> None:
        folder.report.write_text("five")
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        amend(folder, STEP, "anew", [folder.report], fails)
    assert sealed_files(folder) is None


def test_amend_seals_what_it_wrote(folder: RunFolder):
    amend(folder, STEP, "anew", [folder.report], partial(write_text, folder.report, "six looks"))
    sealed = sealed_files(folder)
    assert sealed is not None
    assert sealed[folder.report.name]["size"] == len("six looks")
