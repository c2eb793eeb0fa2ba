"""What a run says that it read is what it read: inputs that are swapped, cut or removed, and those that only moved."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import rasterio
from small_runs import assert_same, times
from small_scenes import series, write_workflow

from changedet.errors import InputError
from changedet.pipeline.inputs import keep_inputs, take_in
from changedet.pipeline.run import carry_out, run
from changedet.plan import make_plan
from changedet.store import RunFolder, identity, sha256

DATES = ("2023-01-01", "2023-03-01", "2023-05-01")
PAIR = DATES[:2]
FORMATS = {"outputs": {"formats": ["masks", "objects", "tables"]}}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    series(folder, 200, 240, DATES)
    return folder


@pytest.fixture
def own(made: Path, tmp_path: Path) -> Path:
    for date in DATES:
        shutil.copy2(made / f"{date}.tif", tmp_path)
    return tmp_path


def swap(path: Path) -> None:
    """Another scene under the same name, as programs put it there."""
    with rasterio.open(path) as source:
        image, profile = source.read(), source.profile
    with rasterio.open(path.with_suffix(".new"), "w", **profile) as out:
        out.write(image[:, ::-1])
    path.with_suffix(".new").replace(path)


def forge(path: Path) -> None:
    """Another content with the size and the time of change of the old one."""
    status, content = path.stat(), bytearray(path.read_bytes())
    content[-200] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


POINTS = ("hashing scenes", "measuring", "computing tiles", "reading dates together")


CASES = [*((point, swap) for point in POINTS), *((POINTS[2], spoil) for spoil in (forge, cut, Path.unlink))]


@pytest.mark.parametrize(("point", "spoil"), CASES)
def test_an_input_that_changes_in_mid_run_ends_it(own: Path, point: str, spoil: Callable[[Path], None]) -> None:
    path, spoilt = own / f"{DATES[1]}.tif", []

    def progress(what: str, done: int, total: int) -> None:
        if what == point and not spoilt and (done or what in POINTS[2:]):
            spoilt.append(done)
            spoil(path)

    plan = make_plan(write_workflow(own, DATES, **FORMATS), out=str(own / "out"))
    with pytest.raises(InputError, match=rf"{DATES[1]}\.tif: (was replaced|cannot be read|no such file)") as raised:
        carry_out(plan, progress=progress)
    assert len(raised.value.problems) == 1
    assert spoilt
    assert not (own / "out" / "site" / "summary.json").exists()
    assert not (own / "out" / "site" / "run.json").exists()


def test_an_input_that_changes_before_the_run_ends_it(own: Path) -> None:
    plan = make_plan(write_workflow(own, PAIR, **FORMATS), out=str(own / "out"))
    swap(own / f"{DATES[0]}.tif")
    with pytest.raises(InputError, match="since its header was read"):
        carry_out(plan)
    assert not (own / "out").exists()


def test_a_scene_that_is_removed_before_it_is_logged_is_named(own: Path) -> None:
    plan, inputs = take_in(make_plan(write_workflow(own, PAIR, **FORMATS), out=str(own / "out")))
    (own / f"{DATES[1]}.tif").unlink()
    with (
        pytest.raises(InputError, match=rf"{DATES[1]}\.tif: was removed while the run read it"),
        plan.folder.locked(is_new=True),
    ):
        keep_inputs(plan, inputs)
    assert not (own / "out").exists()


def test_new_content_of_the_same_size_and_time_is_seen(own: Path) -> None:
    workflow = write_workflow(own, PAIR, **FORMATS)
    first = run(workflow, out=str(own / "out"))
    forge(own / f"{DATES[1]}.tif")
    again = run(workflow, out=str(own / "out"))
    sums = {row["date"]: row["files"][0]["sha256"] for row in again.provenance["inputs"]}
    assert sums == {date: sha256(own / f"{date}.tif") for date in PAIR}
    record = json.loads((again.path / ".changedet" / "steps" / f"pixels_{DATES[1]}.json").read_text())
    fresh = run(workflow, out=str(own / "other"))
    assert_same(again.path, fresh.path)
    assert (
        record["identity"]
        != json.loads((fresh.path / ".changedet" / "steps" / f"pixels_{DATES[1]}.json").read_text())["identity"]
    )
    assert first.path == again.path


def test_a_site_that_only_moved_is_not_computed_again(own: Path, tmp_path: Path) -> None:
    first = run(write_workflow(own, PAIR, **FORMATS), out=str(tmp_path / "out"))
    before = times(first.path)
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    for date in PAIR:
        shutil.copy(own / f"{date}.tif", moved)
        (own / f"{date}.tif").unlink()
    again = run(write_workflow(moved, PAIR, **FORMATS), out=str(tmp_path / "out"))
    assert times(again.path) == before


def test_a_touched_scene_or_a_new_link_to_it_does_not_end_a_run(own: Path) -> None:
    path, done_so = own / f"{DATES[1]}.tif", []

    def progress(what: str, done: int, total: int) -> None:
        if what == "computing tiles" and not done_so:
            done_so.append(True)
            os.link(path, own / "backup")
            path.chmod(0o640)

    plan = make_plan(write_workflow(own, PAIR, **FORMATS), out=str(own / "out"))
    assert carry_out(plan, progress=progress).dates
    assert done_so


def test_a_run_of_0_1_0_is_taken_up(own: Path) -> None:
    workflow = write_workflow(own, PAIR, **FORMATS)
    folder = RunFolder(run(workflow, out=str(own / "out")).path)
    as_of_0_1_0(folder, workflow)
    before = times(folder.path)
    run(workflow, out=str(own / "out"))
    after = times(folder.path)
    assert [name for name in before if "checksums" not in name and before[name] != after.get(name)] == []


def test_new_content_since_a_run_of_0_1_0_is_seen(own: Path) -> None:
    workflow = write_workflow(own, PAIR, **FORMATS)
    folder = RunFolder(run(workflow, out=str(own / "out")).path)
    as_of_0_1_0(folder, workflow)
    forge(own / f"{DATES[1]}.tif")
    before = times(folder.path)
    run(workflow, out=str(own / "out"))
    assert before[f".changedet/model/{DATES[1]}.json"] != times(folder.path)[f".changedet/model/{DATES[1]}.json"]


def as_of_0_1_0(folder: RunFolder, workflow: Path) -> None:
    """Make the records what they were before there was a journal."""
    for name in ("written.jsonl", "seal.json", "inputs.json", "steps/inputs.json", "steps/light.json"):
        (folder.state / name).unlink(missing_ok=True)
    for path in (folder.state / "steps").iterdir():
        record = json.loads(path.read_text())
        path.write_text(json.dumps({"identity": record["identity"], "files": record["files"]}))
    (folder.state / "checksums").mkdir()
    for look in make_plan(workflow).looks:
        (scene,) = look.scenes
        (path_,) = scene.rasters
        kept = folder.state / "checksums" / f"{identity(path_, look.identity)}.json"
        kept.write_text(json.dumps({"path": path_, "sha256": hashlib.sha256(Path(path_).read_bytes()).hexdigest()}))
