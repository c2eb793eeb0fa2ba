"""Scenes that cannot be read: named, left out where the workflow says so, and taken up again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from small_runs import APART, DATES, assert_nothing_left, call, times
from small_scenes import ground, write_scene, write_workflow

from changedet.errors import InputError
from changedet.pipeline.run import carry_out, run
from changedet.pipeline.unread import UnreadScenesError, blamed
from changedet.plan import make_plan


@pytest.mark.parametrize("harm", ["missing", "truncated", "garbage"])
def test_a_bad_scene_is_named_and_nothing_written(own: Path, harm: str) -> None:
    bad = own / f"{DATES[1]}.tif"
    content = bad.read_bytes()
    bad.unlink()
    if harm != "missing":
        bad.write_bytes(content[: len(content) // 2] if harm == "truncated" else b"no raster at all" * 99)
    done = call("run", write_workflow(own, DATES), "--out", own / "out")
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1
    assert bad.name in done.stderr
    assert "Traceback" not in done.stderr
    assert not (own / "out").exists()


@pytest.mark.parametrize("harm", ["truncated", "garbage"])
def test_a_bad_scene_is_left_out_where_the_workflow_says_so(own: Path, harm: str) -> None:
    bad = own / f"{DATES[1]}.tif"
    content = bad.read_bytes()
    bad.write_bytes(content[: len(content) // 2] if harm == "truncated" else b"no raster at all" * 99)
    finished = run(write_workflow(own, DATES, read={"on_error": "skip"}), out=str(own / "out"))
    assert [str(day) for day in finished.dates] == [DATES[0], DATES[2]]
    assert [text for text in finished.summary["warnings"] if bad.name in text]


def test_a_scene_that_a_worker_does_not_see_is_never_left_out(own: Path) -> None:
    plan = make_plan(write_workflow(own, DATES, read={"on_error": "skip"}))
    path = own / f"{DATES[1]}.tif"
    said = InputError(f"{path}: no such file")
    found = blamed(plan, plan.looks[1], said)
    assert isinstance(found, InputError)
    assert str(found).startswith(f"{path}: is here, but not on a worker of the cluster; workers must see")
    path.unlink()
    gone = blamed(plan, plan.looks[1], said)
    assert isinstance(gone, UnreadScenesError)
    assert list(gone.found) == [1]


def test_methods_are_chosen_for_the_dates_that_are_left(tmp_path: Path) -> None:
    """Two radar dates of three are a pair, and what is compared are the bands that these two share."""
    for k, date in enumerate(DATES):
        write_scene(tmp_path / f"{date}.tif", ground(64, 64)[: 2 if k == 1 else 3])
    bands = {"bands": {"vv": 1, "vh": 2, "hh": 3}, "change": {"method": "auto"}, "read": {"on_error": "skip"}}
    workflow = write_workflow(tmp_path, DATES, **bands)
    whole = make_plan(workflow, out=str(tmp_path / "out"))
    assert (whole.choices["change"].method, whole.roles) == ("omnibus", ("vv", "vh"))
    bad = tmp_path / f"{DATES[1]}.tif"
    bad.write_bytes(bad.read_bytes()[:3000])
    finished = carry_out(whole)
    bad.unlink()
    alone = make_plan(write_workflow(tmp_path, DATES[::2], **bands))
    made = json.loads((finished.path / "run.json").read_text())
    used = {row["stage"]: row["method"] for row in made["methods"]}
    assert used["change"] == alone.choices["change"].method == "log_ratio"
    assert made["bands"] == list(alone.roles) == ["vv", "vh", "hh"]


def test_a_bad_scene_that_the_reference_is_compared_with_for_cloud_is_left_out_too(tmp_path: Path) -> None:
    """Where the reference shows little by itself, other dates are asked what it hides before any is measured."""
    for date in DATES:
        write_scene(tmp_path / f"{date}.tif", ground(64, 64))
    bad = tmp_path / f"{DATES[2]}.tif"
    bad.write_bytes(bad.read_bytes()[:9000])
    finished = run(write_workflow(tmp_path, DATES, read={"on_error": "skip"}), out=str(tmp_path / "out"))
    assert [str(day) for day in finished.dates] == [DATES[0], DATES[1]]
    (said,) = [text for text in finished.summary["warnings"] if bad.name in text]
    assert said.startswith("scene skipped: ")
    assert "on_error" not in said


def spoil(path: Path) -> Callable[[str, int, int], None]:
    """Cut a scene in its middle once all has been measured."""

    def progress(what: str, done: int, _total: int) -> None:
        if what == "computing tiles" and done == 0:
            path.write_bytes(path.read_bytes()[:3000])

    return progress


def test_a_scene_that_fails_under_its_tiles_is_left_out_and_may_come_back(own: Path) -> None:
    bad = own / f"{DATES[1]}.tif"
    whole = bad.read_bytes()
    workflow = write_workflow(own, DATES, read={"on_error": "skip"}, **APART)
    finished = carry_out(make_plan(workflow, out=str(own / "out")), progress=spoil(bad))
    assert [str(day) for day in finished.dates] == [DATES[0], DATES[2]]
    assert [text for text in finished.summary["warnings"] if text.startswith("scene skipped: ") and bad.name in text]
    assert not (finished.path / f"change/{DATES[1]}_mask.tif").exists()
    assert_nothing_left(own / "out")
    before = times(finished.path)
    bad.write_bytes(whole)
    again = run(workflow, out=str(own / "out"))
    assert [str(day) for day in again.dates] == list(DATES)
    after = times(again.path)
    assert [name for name in before if DATES[2] in name and after[name] != before[name]] == []


@pytest.mark.parametrize("which", [0, 1])
def test_a_scene_that_fails_under_its_tiles_ends_the_run(own: Path, which: int) -> None:
    bad = own / f"{DATES[which]}.tif"
    # Without the reference there is no run, whatever may be skipped.
    workflow = write_workflow(own, DATES[:2], read={"on_error": "stop" if which else "skip"})
    with pytest.raises(InputError) as caught:
        carry_out(make_plan(workflow, out=str(own / "out")), progress=spoil(bad))
    assert len(caught.value.problems) == 1
    assert bad.name in str(caught.value)
    remedy = "'read.on_error: skip' leaves such scenes out" if which else "give another date as 'before'"
    assert remedy in str(caught.value)
    assert_nothing_left(own / "out")
    assert [path for path in (own / "out").rglob("*tif") if DATES[1] in path.name] == []
