"""Ctrl-C ends the command's process, also where what it interrupted never lets go."""

from __future__ import annotations

import subprocess
import sys

HELD = """
import signal, threading
from changedet.cli import process
process.PATIENCE_S = {patience}
# A shell starts its background jobs, maybe these tests, with the signal ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
process.end_when_interrupted()
lock = threading.Lock()
try:
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    print("unwinding", flush=True)
    lock.acquire()
    {held}
raise SystemExit(3)
"""


def ended(patience: float, held: str) -> tuple[int, str, str]:
    words = [sys.executable, "-c", HELD.format(patience=patience, held=held)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=250, check=False)
    return done.returncode, done.stdout, done.stderr


def test_ctrl_c_ends_what_waits_for_a_lock_that_nobody_gives_back() -> None:
    line = "changedet: interrupted; run the same command again to go on from here\n"
    assert ended(0.2, "lock.acquire()") == (130, "unwinding\n", line)


def test_what_ends_by_itself_ends_as_it_would() -> None:
    assert ended(200.0, "lock.release()") == (3, "unwinding\n", "")
