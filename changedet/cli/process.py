"""What each process of the command sets for itself, before libraries load."""

from __future__ import annotations

import _thread
import gc
import logging
import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import Final

from changedet.at_work import NEW_OBJECTS
from changedet.cli.messages import INTERRUPTED, INTERRUPTED_LINE, without_undecodable, without_undecodable_error
from changedet.outputs.figure.library import load_without_help

STANDARD_ERROR: Final = 2
"""Its number among the files of a process."""
PATIENCE_S: Final = 30.0
"""From Ctrl-C on until the command ends as it is: what it holds is given back within a second or two, or never where
Python dropped it between a lock's taking and its keeping."""


def set_up_process() -> None:
    """Keep libraries from printing and from taking threads of their own, and Python from looking for garbage."""
    _open_standard_streams()
    # The workers are the parallelism: threads below them wait for each other, and burn a core while they do.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    gc.set_threshold(NEW_OBJECTS)
    load_without_help()
    # GDAL's own complaints come back as one clear line of ours; a handler keeps them off stderr.
    for name in ("rasterio", "pyogrio", "matplotlib"):
        logging.getLogger(name).addHandler(logging.NullHandler())
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    sys.unraisablehook, sys.excepthook = without_undecodable, without_undecodable_error


def end_when_interrupted() -> None:
    """Let Ctrl-C end the process of the command also where what it met holds on."""
    is_usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_usual and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    # Threads of `threading` begin under a lock, which what is interrupted here may hold.
    _thread.start_new_thread(_end_late, ())
    signal.default_int_handler(number, frame)


def _end_late() -> None:
    time.sleep(PATIENCE_S)
    os.write(STANDARD_ERROR, f"{INTERRUPTED_LINE}\n".encode())
    # A run folder is as safe from this as from a kill.
    os._exit(INTERRUPTED)


def _open_standard_streams() -> None:
    # Started without one of them, the process would give its number to the next file, into which libraries then print.
    while (number := os.open(os.devnull, os.O_RDWR)) <= STANDARD_ERROR:
        pass
    os.close(number)
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
