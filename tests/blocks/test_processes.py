"""Calls in processes that serve many: bounded in number and memory, one that is lost costs its call, none is left."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from changedet.blocks.processes import Call, Lost, Processes

GB = 1_000_000_000

BUSY = """
import os, sys, time
from changedet.blocks.{module}
def told(path):
    open(path, "w").write(str(os.getpid()))
    time.sleep(300)
def nothing(): pass
if __name__ == "__main__":
    {begin}
"""
BEGUN_BY = {
    "processes": (
        "processes import Call, Processes",
        "with Processes(1, 1, 0, nothing) as p: list(p.results([Call(told, (sys.argv[1],), 1)]))",
    ),
    "tasks": ("tasks import stream", "list(stream([(told, (sys.argv[1],))], scheduler='processes', workers=1))"),
}


def pids(processes: Processes, promised_bytes: list[int]) -> list[int]:
    """Which processes carry out calls that take so much memory."""
    found = dict(processes.results(Call(os.getpid, (), promised) for promised in promised_bytes))
    return [int(found[i]) for i in range(len(promised_bytes))]


def test_results_take_calls_as_processes_come_free_and_each_serves_many() -> None:
    taken: list[int] = []

    def calls() -> Iterator[Call[int]]:
        for i in range(5):
            taken.append(i)
            yield Call(os.getpid, (), GB)

    with Processes(2, 9 * GB, GB, gc.collect) as processes:
        found = processes.results(calls())
        first = next(found)
        assert len(taken) == 3  # two at work, the next in hand
        results = dict([first, *found])
    assert sorted(results) == [0, 1, 2, 3, 4]
    assert len(set(results.values())) <= 2
    assert os.getpid() not in results.values()


def test_results_begin_no_more_than_memory_bears_and_end_idle_processes_for_it() -> None:
    with Processes(2, 4 * GB, GB, gc.collect) as processes:
        small = pids(processes, [GB] * 4)
        large = pids(processes, [3 * GB] * 3)
        assert len(set(large)) == 1  # never two at once
        assert set(large) <= set(small)
        assert pids(processes, [9 * GB]) == large[:1]  # too large for any: alone
        assert [worker.process.pid for worker in processes._workers] == large[:1]


def test_results_count_what_a_process_keeps_of_earlier_calls() -> None:
    """300 MB beyond its libraries: two of 500 MB no longer fit into 1000 MB, one of 800 MB needs a new process."""
    with Processes(2, GB, GB // 10, gc.collect) as processes:
        keeps = "import builtins, os; builtins.kept = b'x' * 300_000_000"
        assert list(processes.results([Call(exec, (keeps,), GB // 2)])) == [(0, None)]
        first, second = pids(processes, [GB // 2] * 2)
        assert first == second
        assert pids(processes, [GB * 8 // 10]) != [first]
        (worker,) = processes._workers
        assert worker.process.pid != first


def test_results_name_how_a_process_ended_and_the_others_go_on() -> None:
    with Processes(1, 9 * GB, GB, gc.collect) as processes:
        calls = [Call(os._exit, (3,), 1), Call(signal.raise_signal, (signal.SIGKILL,), 1), Call(abs, (-5,), 1)]
        assert list(processes.results(calls)) == [(0, Lost("with status 3")), (1, Lost("by SIGKILL")), (2, 5)]
        (idle,) = processes._workers
        idle.process.kill()
        idle.process.join()
        assert list(processes.results([Call(abs, (-6,), 1)])) == [(0, 6)]


@pytest.mark.parametrize("kind", BEGUN_BY)
def test_a_process_ends_with_the_one_that_began_it(tmp_path: Path, kind: str) -> None:
    module, begin = BEGUN_BY[kind]
    (tmp_path / "busy.py").write_text(BUSY.format(module=module, begin=begin))
    told = tmp_path / "pid"
    running = subprocess.Popen([sys.executable, str(tmp_path / "busy.py"), str(told)])
    deadline = time.monotonic() + 100
    while not (told.exists() and told.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    running.kill()
    running.wait()
    while is_running(int(told.read_text())) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(int(told.read_text()))


def is_running(process: int) -> bool:
    """Not a process that has ended and whose end nobody has asked for."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(("begin", "said"), [("", "leaked semaphore"), ("processes.begin_cleaner()", "")])
def test_begin_cleaner_says_nothing_of_what_a_killed_process_leaves(begin: str, said: str) -> None:
    code = "import multiprocessing, os, sys; from changedet.blocks import processes; before = [*sys.warnoptions]\n"
    code += f"{begin}\nkept = multiprocessing.get_context('spawn').Semaphore()\n"
    code += "assert sys.warnoptions == before\nos._exit(0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said in done.stderr
    assert bool(done.stderr) == bool(said)
