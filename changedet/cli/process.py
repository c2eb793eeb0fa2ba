"""What each process of the command sets for itself, before libraries load."""

from __future__ import annotations

import gc
import logging
import os
import sys

from changedet.at_work import NEW_OBJECTS
from changedet.cli.messages import without_undecodable, without_undecodable_error
from changedet.outputs.figure.library import load_without_help


def set_up_process() -> None:
    """Keep libraries from printing and from taking threads of their own, and Python from looking for garbage."""
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
