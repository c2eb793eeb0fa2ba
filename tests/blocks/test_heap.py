"""What is freed is kept for the next call, and given back where it is asked."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

CALLS = """
import resource, sys, threading
import numpy as np
from contextlib import ExitStack
from changedet.blocks import give_back_memory, keep_freed_memory, keeping_freed_memory
runs = ExitStack()
if sys.argv[1] == "keep":
    keep_freed_memory()
    with keeping_freed_memory():
        pass
elif sys.argv[1] == "run":
    first = keeping_freed_memory()
    first.__enter__()
    runs.enter_context(keeping_freed_memory())
    first.__exit__(None, None, None)

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
runs.close()
give_back_memory()
"""
PAGES = 20 * 10 * 3_200_000 // resource.getpagesize()


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's heap")
@pytest.mark.parametrize("how", ["keep", "run"])
def test_what_is_freed_is_kept_for_good_or_while_runs_are_at_work(how: str) -> None:
    command = [sys.executable, "-c", CALLS, how]
    faults = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert faults < PAGES / 20
