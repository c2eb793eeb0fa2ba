"""What each process of the command sets for itself, before libraries load."""

from __future__ import annotations

import gc
import logging
import os
import sys
from typing import Final

from changedet.at_work import NEW_OBJECTS
from changedet.cli.messages import without_undecodable, without_undecodable_error
from changedet.outputs.figure.library import load_without_help

STANDARD_ERROR: Final = 2
"""Its number among the files of a process."""


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


def _open_standard_streams() -> None:
    # Started without one of them, the process would give its number to the next file, into which libraries then print.
    while (number := os.open(os.devnull, os.O_RDWR)) <= STANDARD_ERROR:
        pass
    os.close(number)
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
