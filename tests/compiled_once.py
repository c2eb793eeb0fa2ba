"""Test processes side by side compile each function once: the later one waits, and takes it from numba's cache.

Where nothing is compiled yet, as on a machine that is new to the project, that is a minute of processor time each.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_held: set[str] = set()


@contextmanager
def _alone_with(module: str) -> Iterator[None]:
    """While no other test process compiles functions of that file, each of which may call others of it."""
    if module in _held or not Path(module).is_file():
        yield
        return
    source = os.open(module, os.O_RDONLY)
    try:
        # Modules import each other in no circle, so neither can locks of processes wait in one.
        fcntl.flock(source, fcntl.LOCK_EX)
        _held.add(module)
        yield
    finally:
        _held.discard(module)
        os.close(source)


def take_turns() -> None:
    """Let numba ask for the source file's lock before it compiles, or loads what was compiled."""
    from numba.core.compiler_lock import global_compiler_lock
    from numba.core.dispatcher import Dispatcher

    compile_it = Dispatcher.compile

    def compile_in_turn(self: Dispatcher, signature: object) -> object:
        # One thread of a process at a time, so that `_held` is its own.
        with global_compiler_lock, _alone_with(self.py_func.__code__.co_filename):
            return compile_it(self, signature)

    Dispatcher.compile = compile_in_turn
