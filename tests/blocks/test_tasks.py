"""Tasks by processes: one set of workers for all batches, none of them left after Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

from changedet.blocks.tasks import stream

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
