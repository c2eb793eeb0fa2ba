"""Tasks are taken one by one, as workers come free; the workers stay for all of them, and none is left after Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from changedet.blocks.tasks import Pools, Task, stream

HANGS = """
import sys, time
from changedet.blocks.tasks import stream
def task(path):
    import os
    open(path, "w").write(str(os.getpid()))
    time.sleep(300)
if __name__ == "__main__":
    list(stream([(task, (sys.argv[1],))], scheduler="processes", workers=1))
"""


def _pid(_: int) -> int:
    return os.getpid()


def test_all_batches_go_to_the_same_workers() -> None:
    results = dict(stream([(_pid, (i,)) for i in range(7)], scheduler="processes", workers=1))
    assert sorted(results) == list(range(7))
    assert len(set(results.values())) == 1
    assert os.getpid() not in results.values()


def _starved() -> None:
    raise MemoryError("no module can be loaded")


class _Heavy:
    """Nothing can be made of its bytes."""

    def __reduce__(self) -> tuple[Callable[[], None], tuple[()]]:
        return _starved, ()


def test_a_process_that_starves_as_it_loads_a_task_says_so_and_prints_nothing(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(MemoryError, match="no module can be loaded"):
        list(stream([(_pid, (_Heavy(),))], scheduler="processes", workers=1))
    assert capfd.readouterr() == ("", "")


def test_ctrl_c_ends_worker_processes_with_their_blocks_in_flight(tmp_path: Path) -> None:
    (tmp_path / "hangs.py").write_text(HANGS)
    told = tmp_path / "pid"
    running = subprocess.Popen(
        [sys.executable, str(tmp_path / "hangs.py"), str(told)],
        stderr=subprocess.DEVNULL,
        # Where tests run in the background Ctrl-C is ignored, and what they start inherits that.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 100
    while not (told.exists() and told.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    worker = int(told.read_text())
    running.send_signal(signal.SIGINT)
    running.wait(timeout=30)
    gone = False
    for _ in range(100):
        with suppress(OSError):
            # A dead one that nobody has waited for yet is no process any more.
            gone = Path(f"/proc/{worker}/stat").read_text().split()[2] == "Z"
            if not gone:
                time.sleep(0.05)
                continue
        gone = True
        break
    assert gone


def _endless(taken: list[int]) -> Iterator[Task]:
    for k in count():
        taken.append(k)
        yield int, (k,)


def test_stream_takes_no_more_tasks_than_its_workers_are_about_to_need() -> None:
    taken: list[int] = []
    with Pools(2) as pools:
        results = stream(_endless(taken), pools=pools)
        found = [next(results) for _ in range(20)]
        results.close()
    assert sorted(found)[:10] == [(k, k) for k in range(10)]
    assert len(taken) <= 20 + 2 * pools.workers


def test_a_cluster_is_given_four_tasks_a_thread_and_never_all() -> None:
    # A province of 38,000 tiles and 200 dates is no list: here a generator without end.
    code = (
        "import distributed, itertools; from changedet.blocks.tasks import stream\n"
        "taken = []\n"
        "def endless():\n"
        "    for k in itertools.count(): taken.append(k); yield int, (k,)\n"
        "if __name__ == '__main__':\n"
        "    here = {'processes': False, 'dashboard_address': None}\n"
        "    with distributed.Client(n_workers=1, threads_per_worker=2, **here) as client:\n"
        "        results = stream(endless(), client=client)\n"
        "        found = [next(results) for _ in range(30)]\n"
        "        print(len(found), len(taken)); results.close()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    found, taken = map(int, done.stdout.split())
    assert found == 30
    assert found < taken <= found + 4 * 2


def test_workers_that_join_a_cluster_later_are_given_tasks_too() -> None:
    code = (
        "import distributed, itertools; from changedet.blocks import tasks\n"
        "tasks.ASK_EVERY_S = 0.0\n"
        "taken = []\n"
        "def endless():\n"
        "    for k in itertools.count(): taken.append(k); yield int, (k,)\n"
        "if __name__ == '__main__':\n"
        "    here = {'processes': False, 'dashboard_address': None}\n"
        "    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, **here) as cluster:\n"
        "        with distributed.Client(cluster) as client:\n"
        "            results = tasks.stream(endless(), client=client)\n"
        "            next(results); print(len(taken))\n"
        "            cluster.scale(3); client.wait_for_workers(3)\n"
        "            next(results); next(results); print(len(taken)); results.close()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert [int(word) for word in done.stdout.split()] == [1 + 4, 3 + 4 * 3]


def test_a_cluster_of_other_code_is_refused_in_one_line() -> None:
    code = (
        "import distributed; from changedet.blocks import tasks\n"
        "there = tasks.code_here()\n"
        "tasks.code_here = lambda: {**there, 'changedet': 'another'}\n"
        "if __name__ == '__main__':\n"
        "    here = {'processes': False, 'dashboard_address': None}\n"
        "    with distributed.Client(n_workers=1, threads_per_worker=1, **here) as client:\n"
        "        try: list(tasks.stream([(int, (7,))] * 3, client=client))\n"
        "        except tasks.ChangedetError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    (line,) = done.stdout.splitlines()
    assert "has other code than this machine: changedet" in line
    assert "for another; install the same there" in line


def test_stream_gives_each_result_with_its_index_as_it_ends() -> None:
    waits = threading.Event()
    with Pools(2) as pools:
        results = stream([(waits.wait, ()), (int, (7,))], pools=pools)
        assert next(results) == (1, 7)
        waits.set()
        assert list(results) == [(0, True)]


def test_pools_are_started_once_and_only_where_they_are_needed() -> None:
    with Pools(3) as pools:
        made: list[Executor] = [pools.of("threads") for _ in range(2)]
        for _ in range(2):
            assert sorted(stream([(int, (k,)) for k in range(5)], pools=pools)) == [(k, k) for k in range(5)]
        assert made[0] is made[1]
        assert list(pools._made) == ["threads"]
    with pytest.raises(RuntimeError, match="shutdown"):
        made[0].submit(int)


def test_stream_passes_on_what_a_task_raises() -> None:
    with pytest.raises(ZeroDivisionError):
        list(stream([(divmod, (1, 0))]))
