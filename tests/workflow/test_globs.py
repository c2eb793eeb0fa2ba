"""Glob patterns."""

from __future__ import annotations

import glob
from pathlib import Path

import pytest
from workflow_cases import load, problems

from changedet.workflow import (
    globs,
)


def test_glob_files_leaves_out_sidecars_and_folders_and_sorts(folder: Path) -> None:
    for name in ("20230101.tif.aux.xml", "20230102.tif.ovr", "20230103.tif.msk", "20220101.tif"):
        Path("scenes", name).touch()
    Path("scenes/20230105").mkdir()
    workflow = load("site: {id: d}\nscenes: [{glob: 'scenes/*', date_format: '%Y%m%d'}]\n")
    assert [str(entry.date) for entry in workflow.scenes] == ["2022-01-01", "2023-06-04", "2023-07-04"]


def test_glob_files_refuses_a_pattern_without_bounds_soon(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(globs, "MAX_WALKED", 30)
    for k in range(4):
        for j in range(10):
            (folder / f"deep{k}" / f"f{j}").mkdir(parents=True)
    (found,) = problems("site: {id: d}\nscenes: [{glob: '**/*.tif', date: 2020-02-29}]\n")
    assert "leads through more than 30 files and folders; begin it nearer" in found
    # A link that leads back above itself ends the walk there.
    (folder / "ring" / "in").mkdir(parents=True)
    (folder / "ring" / "in" / "a.tif").touch()
    (folder / "ring" / "in" / "back").symlink_to(folder / "ring")
    workflow = load("site: {id: d}\nscenes: [{glob: 'ring/**/*.tif', date: 2020-02-29}]\n")
    assert [entry.paths[0][1] for entry in workflow.scenes] == [str(folder / "ring" / "in" / "a.tif")]


def test_glob_files_takes_no_link_to_itself_for_a_folder(folder: Path) -> None:
    (folder / "in").mkdir()
    (folder / "in" / "loop").symlink_to(folder / "in" / "loop")
    (folder / "in" / "a.tif").touch()
    workflow = load("site: {id: d}\nscenes: [{glob: 'in/**/*.tif', date: 2020-02-29}]\n")
    assert [entry.paths[0][1] for entry in workflow.scenes] == [str(folder / "in" / "a.tif")]


def test_glob_files_passes_results_of_runs_over_between_any_folders(folder: Path) -> None:
    for name in ("in/a_2020-02-29.tif", "in/out/site/scenes/2020-02-29.tif", "in/out/site/.changedet/written"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    assert globs.glob_files(str(folder / "in/**/*.tif")) == [str(folder / "in/a_2020-02-29.tif")]
    named = folder / "in/out/site/scenes/2020-02-29.tif"
    assert globs.glob_files(str(folder / "in/out/site/**/*.tif")) == [str(named)], "where it is asked for by name"


@pytest.mark.parametrize(
    "pattern", ["*.tif", "**/*.tif", "**", "a/**/b*.tif", "a/[bc]/*", "**/b/**/*.tif", ".h/*", "*/.i"]
)
def test_glob_files_matches_what_glob_matches(tmp_path: Path, pattern: str) -> None:
    for name in ("1.tif", "a/2.tif", "a/b/3.tif", "a/b/b4.tif", "a/c/d/b5.tif", "a/c/x.txt", ".h/6.tif", "a/.i"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    matched = glob.glob(str(tmp_path / pattern), recursive=True)  # noqa: PTH207
    expected = sorted(path for path in matched if Path(path).is_file())
    assert globs.glob_files(str(tmp_path / pattern)) == expected != []
