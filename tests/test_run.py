"""Whole runs: the same bytes however they are cut, carried out, killed and gone on with; what each change redoes."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import dask.config
import geopandas as gpd
import numpy as np
import pytest
import rasterio
from small_scenes import ground, series, write_scene, write_workflow

import changedet
from changedet.assess.score.run import score_run
from changedet.errors import ChangedetError, InputError
from changedet.outputs.summary import summary_problems
from changedet.pipeline.finished import Run, open_run
from changedet.pipeline.publish import report_again
from changedet.pipeline.run import carry_out, run
from changedet.plan import make_plan
from changedet.store import RunFolder

DATES = ("2023-01-01", "2023-03-01", "2023-05-01")
SHAPE = (560, 1100)
APART = {"change": {"method": "cva", "persistence": "none"}}
"""Each date by itself: a pair that becomes a series is read anew, see pipeline/test_series_masks.py."""


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three dates, more than two tiles wide."""
    folder = tmp_path_factory.mktemp("scenes")
    series(folder, *SHAPE, DATES)
    return folder


@pytest.fixture(scope="session")
def reference_run(scenes: Path) -> Path:
    """A run of those by default means."""
    return run(write_workflow(scenes, DATES), out=str(scenes / "out")).path


@pytest.fixture
def own(scenes: Path, tmp_path: Path) -> Path:
    """The same scenes where a test may spoil them."""
    for date in DATES:
        shutil.copy2(scenes / f"{date}.tif", tmp_path)
    return tmp_path


def rasters(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.tif"))}


def times(folder: Path) -> dict[str, int]:
    kept = [*folder.rglob("*.tif"), *folder.rglob("*.gtif"), *(folder / ".changedet").rglob("*.json")]
    steps = folder / ".changedet" / "steps"
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in kept if path.parent != steps}


def assert_same(one: Path, other: Path) -> None:
    first, second = rasters(one), rasters(other)
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []
    assert (one / "timeseries.csv").read_text() == (other / "timeseries.csv").read_text()
    for layer in ("changes", "containers", "tracks", "footprint"):
        tables = [gpd.read_file(folder / "objects.gpkg", layer=layer) for folder in (one, other)]
        assert tables[0].equals(tables[1]), layer
    assert (one / "summary.json").read_text() == (other / "summary.json").read_text()


def assert_nothing_left(folder: Path) -> None:
    assert [str(path) for path in folder.rglob("*") if ".part" in path.name] == []


def command(workflow: Path, out: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "changedet", "run", str(workflow), "--out", str(out), *more]


def call(*arguments: object) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "changedet", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=180)


def test_outputs_say_what_was_painted(reference_run: Path, scenes: Path) -> None:
    finished = open_run(reference_run)
    assert summary_problems(finished.summary) == []
    for k, date in enumerate(DATES[1:], 1):
        truth = np.zeros(SHAPE, bool)
        truth[30:70, 20 : 20 + 20 * (k + 1)] = True
        with rasterio.open(reference_run / f"change/{date}_mask.tif") as source:
            mask = source.read(1)
            assert source.nodata == 255
        found = mask == 1
        assert (found & truth).sum() / (found | truth).sum() > 0.85
        changes = finished.changes
        assert (changes["date"].astype(str).str[:10] == date).sum() == 1
        assert float(np.nanmedian(finished.score(date).values[~truth])) < finished.score(date).values[40, 30]
    whole = finished.series.set_index(finished.series["date"].astype(str).str[:10])
    mask = finished.mask(DATES[1]).values
    # The ground is a little smaller or larger than the projected plane: UTM's scale on its central meridian.
    assert whole.loc[DATES[1], "changed_area_m2"] == pytest.approx((mask == 1).sum() * 100, rel=2e-3)
    assert whole["containers"].isna().all()


def test_a_runs_pictures_go_straight_into_the_plain_functions(reference_run: Path) -> None:
    finished = open_run(reference_run)
    before, after = (finished.scene(date) for date in (DATES[0], DATES[-1]))
    with rasterio.open(reference_run / f"scenes/{DATES[-1]}.tif") as source:
        kept, nodata = source.read(), source.nodata
    assert after.dtype == np.float32
    np.testing.assert_array_equal(after.values, np.where(kept == nodata, np.nan, kept.astype(np.float32)))
    score = changedet.change_score(before, after, method="cva")
    mask = changedet.change_mask(score).values
    assert (mask[35:65, 25:75] == 1).mean() > 0.9
    assert ((mask == 255) == np.isnan(before.values).any(0) | np.isnan(after.values).any(0)).all()


def test_a_date_that_a_run_does_not_have_is_told(reference_run: Path) -> None:
    finished = open_run(reference_run)
    for asked, said in (("yesterday", "is no date"), ("1999-01-01", f"no date 1999-01-01, only {DATES[0]}")):
        with pytest.raises(InputError, match=said):
            finished.scene(asked)
    with pytest.raises(InputError, match="is the reference date"):
        finished.mask(DATES[0])


def test_dates_as_tables_hold_them_name_a_runs_pictures(reference_run: Path) -> None:
    finished = open_run(reference_run)
    expected = finished.mask(DATES[1]).values
    stamp = next(day for day in finished.changes["date"] if str(day).startswith(DATES[1]))
    for day in (stamp, stamp.to_pydatetime(), np.datetime64(DATES[1])):
        np.testing.assert_array_equal(finished.mask(day).values, expected)
    with pytest.raises(InputError, match="no date"):
        finished.mask(np.datetime64("NaT"))


def test_a_report_is_not_written_again_under_a_run_at_work(reference_run: Path) -> None:
    with RunFolder(reference_run).locked(is_new=False), pytest.raises(ChangedetError, match="another run is at work"):
        report_again(reference_run)
    assert not (reference_run / "report.html").exists()


def test_first_change_against_brute_force(reference_run: Path) -> None:
    masks = {date: open_run(reference_run).mask(date).values for date in DATES[1:]}
    with rasterio.open(reference_run / "change/first_change.tif") as source:
        found = source.read(1)
    for y, x in [(y, x) for y in range(25, 80, 3) for x in range(10, 120, 3)]:
        seen = [(date, masks[date][y, x]) for date in DATES[1:] if masks[date][y, x] != 255]
        expected = -1 if not seen else 0
        for k, (date, _) in enumerate(seen):
            if all(value == 1 for _, value in seen[k:]):
                expected = (dt.date.fromisoformat(date) - dt.date(1970, 1, 1)).days
                break
        assert found[y, x] == expected, (y, x)
    assert len(np.unique(found)) >= 3


@pytest.mark.parametrize("chunk", [256, 1000, 4096])
def test_the_same_at_every_chunk(scenes: Path, reference_run: Path, tmp_path: Path, chunk: int) -> None:
    workflow = write_workflow(scenes, DATES, name="site", compute={"chunk": chunk})
    plan = make_plan(workflow, out=str(tmp_path))
    write_workflow(scenes, DATES)
    assert_same(reference_run, carry_out(plan).path)
    assert_nothing_left(tmp_path)


def test_the_same_by_processes_and_dask_config_untouched(scenes: Path, reference_run: Path, tmp_path: Path) -> None:
    before = json.dumps(dask.config.config, default=str, sort_keys=True)
    finished = carry_out(make_plan(write_workflow(scenes, DATES), out=str(tmp_path), scheduler="threads"))
    assert json.dumps(dask.config.config, default=str, sort_keys=True) == before
    assert_same(reference_run, finished.path)
    done = call("run", scenes / "site.yaml", "--out", tmp_path / "p", "--scheduler", "processes", "--json")
    assert done.returncode == 0, done.stderr
    assert_same(reference_run, tmp_path / "p/site")
    assert json.loads(done.stdout) == open_run(reference_run).summary


CLUSTER_SCHEDULERS: dict[str, subprocess.Popen[bytes]] = {}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and two workers on loopback, each a process of its own."""
    # The scheduler binds port 0 and writes which it got: a port looked for beforehand may be taken by then.
    written = tmp_path / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    dask_command = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(written)]
    processes = [subprocess.Popen([*dask_command, *options], **quiet)]
    deadline = time.monotonic() + 60
    while not (written.exists() and written.read_text().endswith("}")) and time.monotonic() < deadline:
        time.sleep(0.05)
    address = str(json.loads(written.read_text())["address"])
    CLUSTER_SCHEDULERS[address] = processes[0]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-dashboard"]
    worker += ["--host", "127.0.0.1", "--no-nanny"]
    processes += [subprocess.Popen(worker, **quiet) for _ in range(2)]
    try:
        yield address, processes[1:]
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.mark.parametrize("killed", [False, True])
def test_the_same_by_distributed(
    scenes: Path, reference_run: Path, tmp_path: Path, cluster: tuple[str, list[subprocess.Popen[bytes]]], killed: bool
) -> None:
    address, workers = cluster
    words = command(scenes / "site.yaml", tmp_path, "--scheduler", address, "-q")
    running = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if killed:
        deadline = time.monotonic() + 90
        while not (tmp_path / "site/.changedet/model").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        workers[0].send_signal(signal.SIGKILL)
    _, said = running.communicate(timeout=180)
    assert running.returncode == 0, said
    assert_same(reference_run, tmp_path / "site")


@pytest.mark.parametrize("lost", ["workers", "scheduler"])
def test_a_cluster_that_is_lost_ends_the_run_with_one_line(
    cluster: tuple[str, list[subprocess.Popen[bytes]]], lost: str
) -> None:
    address, workers = cluster
    code = (
        "import sys, time; from distributed import Client; from changedet.blocks import tasks\n"
        "tasks.ASK_EVERY_S, tasks.PATIENCE_S = 0.2, 1.0\n"
        "with Client(sys.argv[1], set_as_default=False) as client:\n"
        "    client.wait_for_workers(2)\n"
        "    sleeps = [(time.sleep, (0.1,))] * 2 + [(time.sleep, (60,))] * 4\n"
        "    try:\n"
        "        for i, _ in tasks.stream(sleeps, client=client): print(i, flush=True)\n"
        "    except tasks.ChangedetError as error: print(error)\n"
    )
    words = [sys.executable, "-c", code, address]
    running = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert running.stdout is not None
    running.stdout.readline()
    for process in workers if lost == "workers" else [CLUSTER_SCHEDULERS[address]]:
        process.send_signal(signal.SIGKILL)
    said, _ = running.communicate(timeout=120)
    expected = "has had no worker for 1 s" if lost == "workers" else "scheduler is lost; start it again"
    assert expected in said.splitlines()[-1]
    assert said.splitlines()[-1].endswith("then run the same command again to go on from here")


def test_dask_says_nothing_beside_that_line() -> None:
    code = (
        "import logging; from changedet.pipeline.scheduling import quiet_dask; quiet_dask(); import distributed\n"
        "for name in ('', '.client', '.core', '.comm'): logging.getLogger('distributed' + name).error('traceback')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_a_process_that_is_killed_ends_the_run_with_one_line() -> None:
    code = (
        "import os; from changedet.blocks import tasks\n"
        "if __name__ == '__main__':\n"
        "    try: list(tasks.stream([(os._exit, (9,))], scheduler='processes'))\n"
        "    except tasks.ChangedetError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.startswith("a worker process ended by force; give workers more memory")


@pytest.mark.parametrize("until", ["model", "quality", "change", "objects.gpkg"])
def test_killed_and_gone_on_with(scenes: Path, reference_run: Path, tmp_path: Path, until: str) -> None:
    waited = tmp_path / "site" / (until if until in {"change", "objects.gpkg"} else f".changedet/{until}")
    running = subprocess.Popen(
        command(scenes / "site.yaml", tmp_path, "-q"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 90
    while not waited.exists() and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    assert waited.exists()
    assert_same(reference_run, run(scenes / "site.yaml", out=str(tmp_path)).path)
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
    deadline = time.monotonic() + 90
    while not (tmp_path / "site/.changedet/lock").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=90)
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
    # A run folder may itself be a link: that is where the user wants it.
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
    assert not (finished.path / "change").exists()
    assert summary_problems(finished.summary) == []


def test_onsets_of_what_is_switched_off_say_so(own: Path) -> None:
    off = {"method": "none"}
    onset = run(write_workflow(own, DATES, change=off, objects=off)).summary["onset"]
    assert onset["containers"] == dict.fromkeys(("date", "low", "high", "probability", "shape")) | {
        "reason": "containers cannot be counted: switched off in the workflow"
    }
    assert onset["changed_area"]["reason"] == "change is not computed: switched off in the workflow"


def test_the_same_scene_twice_has_not_one_changed_pixel(own: Path) -> None:
    shutil.copy2(own / f"{DATES[0]}.tif", own / f"{DATES[1]}.tif")
    finished = run(write_workflow(own, DATES[:2]), out=str(own / "out"))
    assert np.unique(finished.mask(DATES[1]).values).tolist() == [0]


def test_two_workflows_at_once(own: Path) -> None:
    one, two = (write_workflow(own, DATES[:2], name=name) for name in ("east", "west"))
    done = call("run", one, two, "--out", own / "out", "--json")
    assert done.returncode == 0, done.stderr
    assert [entry["site"] for entry in json.loads(done.stdout)] == ["east", "west"]
    assert all(line.startswith("warning: ") for line in done.stderr.splitlines())
    two.write_text(two.read_text() + "chnage: {}\n")
    shutil.rmtree(own / "out")
    done = call("run", one, two, "--out", own / "out", "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean 'change'?" in done.stderr
    assert not (own / "out").exists()


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


def test_an_active_client_is_used(own: Path) -> None:
    distributed = pytest.importorskip("distributed")
    code = (
        "import sys, distributed\n"
        "from changedet.run import run\n"
        "if __name__ == '__main__':\n"
        "    with distributed.Client(n_workers=1, threads_per_worker=1, processes=False) as c:\n"
        "        run(sys.argv[1], out=sys.argv[2])\n"
        "        print(c.run_on_scheduler(lambda dask_scheduler: dask_scheduler.transition_counter))\n"
    )
    words = [sys.executable, "-c", code, str(write_workflow(own, DATES[:2])), str(own / "out")]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert distributed.__version__
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) > 10


def test_a_run_folder_that_cannot_be_made_is_the_inputs_fault(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder = RunFolder(tmp_path / "file" / "site")
    with (
        pytest.raises(InputError, match=r"cannot be made .*; give another outputs\.dir"),
        folder.locked(is_new=True),
    ):
        pass


def without(name: str) -> Callable[[bytes], bytes]:
    return lambda content: json.dumps({k: v for k, v in json.loads(content).items() if k != name}).encode()


@pytest.mark.parametrize(
    ("file", "change", "use", "said"),
    [
        ("summary.json", lambda _: b"[]", lambda run: run.dates, "is not as changedet wrote it"),
        ("summary.json", lambda _: b'{"schema_version": 99}', lambda run: run.dates, "is of version 99, expected 1"),
        ("summary.json", without("dates"), lambda run: run.dates, "has no 'dates'"),
        ("summary.json", lambda _: b'{"dates": ["yesterday"]}', lambda run: run.dates, "is not as changedet wrote it"),
        ("run.json", without("grid"), lambda run: run.provenance["grid"], "has no 'grid'"),
        ("timeseries.csv", lambda _: b"a,b\n1,2\n", lambda run: run.series, "is not as changedet wrote it"),
        ("timeseries.csv", lambda _: b"\xff\xfe\x00", lambda run: run.series, "is not as changedet wrote it"),
        ("timeseries.csv", lambda _: b"", lambda run: run.series, "is not as changedet wrote it"),
        ("objects.gpkg", lambda _: b"", lambda run: run.containers, "is not as changedet wrote it"),
        ("objects.gpkg", lambda content: content[:30000], lambda run: run.zones, "is not as changedet wrote it"),
    ],
)
def test_a_run_folder_that_is_not_as_it_was_written(
    reference_run: Path,
    tmp_path: Path,
    file: str,
    change: Callable[[bytes], bytes],
    use: Callable[[Run], object],
    said: str,
) -> None:
    path = Path(shutil.copytree(reference_run, tmp_path / "run")) / file
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(InputError, match=f"{file}: {said}") as caught:
        use(open_run(tmp_path / "run"))
    assert len(str(caught.value).splitlines()) == 1


def test_a_truth_that_is_none_is_refused(reference_run: Path, tmp_path: Path) -> None:
    truth = tmp_path / "truth"
    truth.mkdir()
    (truth / "truth.gpkg").touch()
    for text in ("", "a,b\n1,2\n", "date,containers\n2023-01-01,many\n"):
        (truth / "truth.csv").write_text(text)
        with pytest.raises(InputError, match="truth: cannot be understood"):
            score_run(reference_run, truth)
    with pytest.raises(InputError, match=r"truth\.csv: cannot be understood .*not recognized"):
        score_run(reference_run, truth / "truth.csv")
    scene = next((reference_run / "scenes").glob("*.tif"))
    with pytest.raises(InputError, match="holds neither 0 nor 1"):
        score_run(reference_run, scene)


@pytest.fixture
def some_lack_nir(own: Path) -> Path:
    """The same scenes, the second without near infrared, and with a square that only near infrared tells."""
    with rasterio.open(own / f"{DATES[1]}.tif") as source:
        write_scene(own / f"{DATES[1]}.tif", source.read()[:3])
    with rasterio.open(own / f"{DATES[2]}.tif", "r+") as out:
        near = out.read(4)
        near[300:400, 300:400] //= 3
        out.write(near, 4)
    return own


def test_a_date_is_compared_on_all_bands_that_it_shares_with_the_reference(some_lack_nir: Path) -> None:
    """As if there were no other dates: what these lack costs it nothing."""
    own, plain = some_lack_nir, {"mask": {"method": "nodata_only"}, "align": {"method": "none"}}
    whole = run(write_workflow(own, DATES, **plain, **APART), out=str(own / "out"))
    pair = run(write_workflow(own, (DATES[0], DATES[2]), "pair", **plain, **APART), out=str(own / "out"))
    assert whole.score(DATES[2]).values.tobytes() == pair.score(DATES[2]).values.tobytes()
    assert whole.scene(DATES[2]).values.tobytes() == pair.scene(DATES[2]).values.tobytes()
    assert (whole.mask(DATES[2]).values[310:390, 310:390] == 1).all()
    told = {entry["date"]: entry["compared_bands"] for entry in whole.provenance["inputs"]}
    colours = ["blue", "green", "red"]
    assert told == {DATES[0]: [], DATES[1]: colours, DATES[2]: [*colours, "nir"]}


def test_what_some_dates_lack_does_not_make_results_depend_on_how_they_are_cut(some_lack_nir: Path) -> None:
    own = some_lack_nir
    runs = [
        run(write_workflow(own, DATES, name, compute={"chunk": chunk}), out=str(own / "out"))
        for name, chunk in (("one", 2048), ("many", 512))
    ]
    for day in DATES[1:]:
        assert len({one.score(day).values.tobytes() for one in runs}) == 1
        assert len({one.mask(day).values.tobytes() for one in runs}) == 1


def test_dates_are_compared_with_each_other_on_the_bands_of_both(some_lack_nir: Path) -> None:
    done = run(write_workflow(some_lack_nir, DATES), out=str(some_lack_nir / "out"), placebo=True)
    (pair,) = done.summary["placebo"]["pairs"]
    assert (pair["from"], pair["to"]) == DATES[1:]
    assert pair["share"] < 0.01
