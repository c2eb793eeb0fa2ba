"""The same bytes by processes and on a cluster; what is said when either is lost."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_runs import DATES, assert_same, call, command
from small_scenes import write_workflow

from changedet.pipeline.finished import open_run

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


def test_the_same_by_processes(scenes: Path, reference_run: Path, tmp_path: Path) -> None:
    done = call("run", write_workflow(scenes, DATES), "--out", tmp_path / "p", "--scheduler", "processes", "--json")
    assert done.returncode == 0, done.stderr
    assert_same(reference_run, tmp_path / "p/site")
    assert json.loads(done.stdout) == open_run(reference_run).summary


def test_the_same_by_distributed_though_a_worker_is_killed(
    scenes: Path, reference_run: Path, tmp_path: Path, cluster: tuple[str, list[subprocess.Popen[bytes]]]
) -> None:
    address, workers = cluster
    words = command(write_workflow(scenes, DATES), tmp_path, "--scheduler", address, "-q")
    running = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 90
    while not (tmp_path / "site/.changedet/model").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    # Both were at work until now: what they do side by side is tried too.
    assert running.poll() is None
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


def test_an_active_client_is_used(own: Path) -> None:
    import distributed

    code = (
        "import sys, distributed\n"
        "from changedet.pipeline.run import run\n"
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
