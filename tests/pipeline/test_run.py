"""Whole runs: the same bytes however they are cut, killed and gone on with; what each change redoes."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from functools import partial
from pathlib import Path

import dask.config
import numpy as np
import pytest
from small_runs import APART, DATES, assert_nothing_left, assert_same, call, command, times
from small_scenes import write_scene, write_workflow
from summary_rules import summary_problems

from changedet.assess.score.run import score_run
from changedet.errors import ChangedetError, InputError
from changedet.pipeline.run import carry_out, run
from changedet.plan import make_plan
from changedet.store import RunFolder

LONGEST_S = 600
"""Until a run has got somewhere: one that holds fails its test, however busy the machine is."""


@pytest.mark.usefixtures("tiles_as_asked")
@pytest.mark.parametrize("chunk", [256, 4096])
def test_the_same_at_every_chunk_and_no_setting_of_dask(
    scenes: Path, reference_run: Path, tmp_path: Path, chunk: int
) -> None:
    workflow = write_workflow(scenes, DATES, name="site", compute={"chunk": chunk})
    plan = make_plan(workflow, out=str(tmp_path))
    write_workflow(scenes, DATES)
    assert plan.tile_px == chunk
    dask.config.refresh()  # what runs before this one may have set
    before = json.dumps(dask.config.config, default=str, sort_keys=True)
    assert_same(reference_run, carry_out(plan).path)
    assert json.dumps(dask.config.config, default=str, sort_keys=True) == before
    assert_nothing_left(tmp_path)


@pytest.mark.parametrize("until", ["model", "score", "change", "objects.gpkg"])
def test_killed_and_gone_on_with(scenes: Path, reference_run: Path, tmp_path: Path, until: str) -> None:
    waited = tmp_path / "site" / (until if until in {"change", "objects.gpkg"} else f".changedet/{until}")
    workflow = write_workflow(scenes, DATES)
    with (tmp_path / "said").open("w+") as said:
        words = command(workflow, tmp_path, "-q")
        running = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=said)
        # On a busy machine a run may take minutes to get there, or have ended by the time it is looked at.
        deadline = time.monotonic() + LONGEST_S
        while not waited.exists() and running.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        running.kill()
        running.wait()
    assert waited.exists(), (tmp_path / "said").read_text() or f"not there after {LONGEST_S} s"
    assert_same(reference_run, run(workflow, out=str(tmp_path)).path)
    assert_nothing_left(tmp_path)


def test_an_interrupted_run_says_how_to_go_on(own: Path, tmp_path: Path) -> None:
    words = command(write_workflow(own, DATES), tmp_path, "-q")
    # As from a terminal: a shell starts its background jobs, maybe these tests, with the signal ignored.
    running = subprocess.Popen(
        words,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + LONGEST_S
    while not (tmp_path / "site/.changedet/lock").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=LONGEST_S)
    assert running.returncode == 130
    assert said.strip() == "changedet: interrupted; run the same command again to go on from here"


def test_a_second_run_redoes_nothing(reference_run: Path, scenes: Path) -> None:
    before = times(reference_run)
    run(write_workflow(scenes, DATES), out=str(scenes / "out"))
    assert times(reference_run) == before


def test_a_changed_parameter_redoes_what_depends_on_it(own: Path) -> None:
    folder = run(write_workflow(own, DATES), out=str(own)).path
    before, models = times(folder), {day: json.loads(path.read_text()) for day, path in _models(folder).items()}
    write_workflow(own, DATES, tracks={"method": "none"}, series={"probability": 0.8})
    run(own / "site.yaml", out=str(own))
    assert times(folder) == before
    write_workflow(own, DATES, change={"method": "cva", "min_area_m2": 250_000})
    again = run(own / "site.yaml", out=str(own))
    assert not (again.mask(DATES[1]).values == 1).any()
    for day, path in _models(folder).items():
        model = json.loads(path.read_text())
        for part in ("alignment", "mask", "normalise"):
            assert model.get(part) == models[day].get(part)


def _models(folder: Path) -> dict[str, Path]:
    return {path.stem: path for path in sorted((folder / ".changedet/model").glob("*.json"))}


def test_a_new_date_computes_only_itself(own: Path) -> None:
    folder = run(write_workflow(own, DATES[:2], **APART), out=str(own)).path
    before = times(folder)
    run(write_workflow(own, DATES, **APART), out=str(own))
    after = times(folder)
    assert {name for name in before if before[name] != after[name]} <= {"change/first_change.tif"}
    assert {f"change/{DATES[2]}_mask.tif", f"scenes/{DATES[2]}.tif"} <= after.keys() - before.keys()


def test_an_edited_output_is_named_and_nothing_touched(own: Path) -> None:
    folder = run(write_workflow(own, DATES[:2]), out=str(own)).path
    (folder / "timeseries.csv").write_text("mine\n")
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    done = call("run", own / "site.yaml", "--out", own)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "timeseries.csv" in done.stderr
    assert done.stdout == ""
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()} == before


def test_a_foreign_file_in_the_way_is_refused(own: Path) -> None:
    (own / "out/site").mkdir(parents=True)
    (own / "out/site/objects.gpkg").write_text("not ours")
    with pytest.raises(InputError, match=r"objects\.gpkg.*not written by changedet"):
        run(write_workflow(own, DATES[:2]), out=str(own / "out"))
    assert [path.name for path in (own / "out/site").rglob("*")] == ["objects.gpkg"]


@pytest.mark.parametrize("name", ["change", ".changedet", ".changedet/model"])
def test_links_do_not_lead_out_of_the_run_folder(own: Path, name: str) -> None:
    (own / "elsewhere").mkdir()
    (own / "elsewhere/kept.txt").write_text("kept")
    link = own / "out/site" / name
    link.parent.mkdir(parents=True)
    link.symlink_to(own / "elsewhere")
    with pytest.raises(InputError, match="is a link out of the run folder"):
        run(write_workflow(own, DATES[:2]), out=str(own / "out"))
    assert [path.name for path in (own / "elsewhere").iterdir()] == ["kept.txt"]


def test_a_run_folder_may_itself_be_a_link(own: Path) -> None:
    """That is where the user wants it."""
    (own / "elsewhere").mkdir()
    (own / "linked").symlink_to(own / "elsewhere")
    assert run(write_workflow(own, DATES[:2]), out=str(own / "linked")).path.exists()


def test_two_runs_in_one_folder_are_refused(own: Path) -> None:
    plan = make_plan(write_workflow(own, DATES[:2]), out=str(own / "out"))
    folder = RunFolder(plan.folder.path)
    with folder.locked(is_new=True), pytest.raises(ChangedetError, match="another run is at work"):
        carry_out(plan)


def test_a_single_scene_is_counted_and_nothing_compared(own: Path) -> None:
    finished = run(write_workflow(own, DATES[:1], outputs={"formats": "all"}), out=str(own / "out"))
    assert finished.series["changed_area_m2"].isna().all()
    assert [path.name for path in (finished.path / "change").glob("*.tif")] == [f"{DATES[0]}_quality.tif"]
    assert summary_problems(finished.summary) == []


def test_onsets_of_what_is_switched_off_say_so(own: Path) -> None:
    off = {"method": "none"}
    summary = run(write_workflow(own, DATES, change=off, objects=off)).summary
    onset = summary["onset"]
    assert onset["containers"] == dict.fromkeys(("date", "low", "high", "probability", "shape")) | {
        "reason": "containers cannot be counted: switched off in the workflow"
    }
    assert onset["changed_area"]["reason"] == "change is not computed: switched off in the workflow"
    told = [*summary["warnings"], *(one["text"] for one in summary["sentences"])]
    assert not [text for text in told if "switched off" in text], "what the user does not want is no warning"


def test_the_same_scene_twice_has_not_one_changed_pixel(own: Path) -> None:
    shutil.copy2(own / f"{DATES[0]}.tif", own / f"{DATES[1]}.tif")
    finished = run(write_workflow(own, DATES[:2]), out=str(own / "out"))
    assert np.unique(finished.mask(DATES[1]).values).tolist() == [0]


def test_a_site_that_fails_later_does_not_stop_the_other(own: Path) -> None:
    image = np.full((4, 300, 300), 900)
    write_scene(own / "bad.tif", image + np.random.default_rng(0).integers(0, 99, image.shape))
    bad = (own / "bad.tif").read_bytes()
    (own / "bad.tif").write_bytes(bad[: len(bad) * 2 // 3])
    scenes = [{"date": DATES[0], "path": f"{DATES[0]}.tif"}, {"date": DATES[1], "path": "bad.tif"}]
    one = write_workflow(own, (), name="east", scenes=scenes, site={"id": "east"})
    two = write_workflow(own, DATES[:2], name="west")
    done = call("run", one, two, "--out", own / "out", "--json")
    assert done.returncode == 2
    found = json.loads(done.stdout) if done.stdout else []
    if found:
        assert set(found[0]) == {"site", "error"}
        assert found[1]["site"] == "west"
    assert "bad.tif" in done.stderr


def test_a_run_folder_that_cannot_be_made_is_the_inputs_fault(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder = RunFolder(tmp_path / "file" / "site")
    with (
        pytest.raises(InputError, match=r"cannot be made .*; give another outputs\.dir"),
        folder.locked(is_new=True),
    ):
        pass


def test_a_truth_that_is_none_is_refused(reference_run: Path, tmp_path: Path) -> None:
    truth = tmp_path / "truth"
    truth.mkdir()
    (truth / "truth.gpkg").touch()
    for text in ("", "a,b\n1,2\n", "date,containers\n2023-01-01,many\n"):
        (truth / "truth.csv").write_text(text)
        with pytest.raises(InputError, match=r"truth\.csv: cannot be understood"):
            score_run(reference_run, truth)
    (truth / "truth.csv").write_text("date,containers\n2019-01-01,7\n")
    with pytest.raises(InputError, match=r"truth\.csv: has no date of the run, whose looks are of 20\d\d-"):
        score_run(reference_run, truth)
    with pytest.raises(InputError, match=r"truth\.csv: cannot be understood .*not recognized"):
        score_run(reference_run, truth / "truth.csv")
    with pytest.raises(InputError, match=r"expected truth\.csv and truth\.gpkg in it; did you mean '.*truth'\?"):
        score_run(reference_run, tmp_path)
    scene = next((reference_run / "scenes").glob("*.tif"))
    with pytest.raises(InputError, match="holds neither 0 nor 1"):
        score_run(reference_run, scene)
