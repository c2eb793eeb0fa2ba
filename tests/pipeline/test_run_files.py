"""A run folder takes up its own files for ever, keeps none that the run does not have, and mends its own records."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from small_runs import assert_same
from small_scenes import series, write_workflow

from changedet.errors import InputError
from changedet.pipeline.run import run
from changedet.pipeline.run_files import files_of_run
from changedet.plan import make_plan
from changedet.store import RunFolder, seal

DATES = ("2023-01-01", "2023-03-01", "2023-05-01")
ALL = ["masks", "scores", "scenes", "objects", "tables", "stac"]


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    series(folder, 200, 240, DATES)
    return folder


def again(scenes: Path, out: Path, dates: tuple[str, ...] = DATES, **more: object) -> RunFolder:
    workflow = write_workflow(scenes, dates, **{"outputs": {"formats": ALL}, **more})
    return RunFolder(run(workflow, out=str(out)).path)


@pytest.fixture(scope="module")
def whole(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """The run of all dates with all files, only to be read."""
    return again(scenes, tmp_path_factory.mktemp("whole"))


@pytest.fixture
def folder(whole: RunFolder, tmp_path: Path) -> RunFolder:
    """A copy that a test may go on with."""
    return RunFolder(Path(shutil.copytree(whole.path, tmp_path / whole.path.name)))


def names(folder: RunFolder) -> set[str]:
    return {path.relative_to(folder.path).as_posix() for path in folder.path.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("folder")
def test_switched_off_and_on_again(scenes: Path, whole: RunFolder, tmp_path: Path) -> None:
    few = names(again(scenes, tmp_path, outputs={"formats": ["tables"]}))
    assert {name for name in few if not name.startswith(".changedet")} == {"run.json", "summary.json", "timeseries.csv"}
    assert names(again(scenes, tmp_path)) == names(whole)


@pytest.mark.usefixtures("folder")
def test_another_reference_method_or_date_and_back(scenes: Path, whole: RunFolder, tmp_path: Path) -> None:
    turned = names(again(scenes, tmp_path, before=DATES[2]))
    assert f"change/{DATES[0]}_mask.tif" in turned
    assert f"change/{DATES[2]}_mask.tif" not in turned
    plain = names(again(scenes, tmp_path, change={"method": "cva", "persistence": "none"}))
    assert ".changedet/score/2023-03-01.gtif" not in plain
    fewer = names(again(scenes, tmp_path, DATES[:2]))
    assert [name for name in fewer if DATES[2] in name] == []
    assert names(again(scenes, tmp_path)) == names(whole)


def test_files_of_run_are_all_that_a_run_leaves(scenes: Path, folder: RunFolder, tmp_path: Path) -> None:
    plan = make_plan(write_workflow(scenes, DATES, outputs={"formats": ALL}), out=str(tmp_path))
    known = {path.relative_to(folder.path).as_posix() for files in files_of_run(plan).values() for path in files}
    own = {f".changedet/{name}" for name in ("lock", "custody.jsonl", "written.jsonl", "seal.json")}
    left = {name for name in names(folder) - known - own if not name.startswith(".changedet/steps/")}
    assert left == set()
    assert set(seal.sealed_files(folder) or ()) == names(folder) - {".changedet/lock", ".changedet/seal.json"}


def empty_steps(state: Path) -> None:
    for path in (state / "steps").iterdir():
        path.write_bytes(b"")


def no_journal(state: Path) -> None:
    (state / "written.jsonl").write_bytes(b"\x00\xff" * 99)
    (state / "steps" / f"pixels_{DATES[1]}.json").write_text('{"files": []}')


def truncated_rasters(state: Path) -> None:
    for path in state.rglob("*.gtif"):
        path.write_bytes(path.read_bytes()[:500])


def garbage_tables(state: Path) -> None:
    for path in [*state.glob("model/*"), *state.glob("seen/*"), *state.glob("inputs*")]:
        path.write_bytes(b"\xff" * path.stat().st_size)


DAMAGES = {damage.__name__: damage for damage in (empty_steps, no_journal, truncated_rasters, garbage_tables)}


@pytest.mark.parametrize("damage", DAMAGES)
def test_broken_records_are_made_anew(
    scenes: Path, whole: RunFolder, folder: RunFolder, tmp_path: Path, damage: str
) -> None:
    DAMAGES[damage](folder.state)
    assert_same(again(scenes, tmp_path).path, whole.path)


def test_a_fresh_start_needs_no_records(scenes: Path, whole: RunFolder, folder: RunFolder, tmp_path: Path) -> None:
    for path in [path for path in folder.state.rglob("*") if path.is_file()]:
        path.unlink()
    with pytest.raises(InputError, match="was not written by changedet"):
        again(scenes, tmp_path)
    run(write_workflow(scenes, DATES, outputs={"formats": ALL}), out=str(tmp_path), fresh=True)
    assert names(folder) == names(whole)


def test_edited_results_are_refused_and_left_alone(scenes: Path, folder: RunFolder, tmp_path: Path) -> None:
    mask = folder.path / "change" / f"{DATES[1]}_mask.tif"
    mask.write_bytes(mask.read_bytes() + b"mine")
    for fresh in (False, True):
        with pytest.raises(InputError, match=r"_mask\.tif: was changed by hand"):
            run(write_workflow(scenes, DATES), out=str(tmp_path), fresh=fresh)
    again(scenes, tmp_path, outputs={"formats": ["tables"]})
    assert mask.read_bytes().endswith(b"mine")
    with pytest.raises(InputError, match=r"_mask\.tif: was changed by hand"):
        again(scenes, tmp_path)
