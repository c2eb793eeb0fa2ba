"""What is freed is kept for the next call, and given back where it is asked."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

CALLS = """
import resource, sys, threading
import numpy as np
from changedet.blocks import give_back_memory, keep_freed_memory
if sys.argv[1] == "keep":
    keep_freed_memory()

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        [np.ones(400_000) for _ in range(10)]  # below four megabytes: of more numpy asks for huge pages
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def call():
    faults()
    print(faults())

thread = threading.Thread(target=call)
thread.start()
thread.join()
give_back_memory()
"""
PAGES = 20 * 10 * 3_200_000 // resource.getpagesize()


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's heap")
def test_keep_freed_memory_spares_the_pages_of_later_blocks() -> None:
    run = [sys.executable, "-c", CALLS]
    faults = int(subprocess.run([*run, "keep"], capture_output=True, text=True, check=True).stdout)
    assert faults < PAGES / 20
