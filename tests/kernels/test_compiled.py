"""Compiled functions: numba comes with the first call, from Python or from another compiled function."""

import os
import subprocess
import sys
import threading
from pathlib import Path

from changedet.kernels.compiled import compiled, inlined

CALLS = """
import sys
from changedet.stages.change.kernels.box_sums import box_mean, box_sum
import numpy as np
assert "numba" not in sys.modules
assert box_mean.__name__ == "box_mean" and "valid pixels" in box_mean.__doc__
ones, out = np.ones((4, 5), np.int32), np.empty((4, 5), np.float32)
box_mean(ones, box_sum(ones, 1), 1, out)
assert (out == 1).all() and "numba" in sys.modules
"""

CALLS_BY_MODULE = """
import numpy as np
from changedet.stages.objects.kernels.box_brightness import surround_brightness
boxes = np.array([[10.0, 10.0, 6.0, 2.4, 0.0]])
found = surround_brightness(np.full((50, 50), 0.5, np.float32), boxes, 0.5)
np.testing.assert_allclose(found, [[0.5, 0.0, 0.5, 0.5, 0.5, 0.5]], atol=1e-6)
"""

MODULE = """
from changedet.kernels.compiled import compiled

@compiled
def outer(value):
    return inner(value) + 1.0

@compiled
def inner(value):
    return 2.0 * value
"""

BESIDE = """
import threading, time
import module
from changedet.kernels import compiled

make_all, begun, found = compiled._make_all, threading.Event(), {}

def late(names):
    begun.set()
    time.sleep(0.5)  # the other thread meets `outer` while `inner` is not made
    make_all(names)

def call(value):
    found[value] = module.outer(value)

compiled._make_all = late
first, second = (threading.Thread(target=call, args=(value,)) for value in (1.0, 2.0))
first.start()
assert begun.wait(60)
second.start()
first.join()
second.join()
assert found == {1.0: 3.0, 2.0: 5.0}, found
"""


@inlined
def _twice(value: float) -> float:
    return 2.0 * value


@compiled
def _sum_of_twice(count: int) -> float:
    total = 0.0
    for k in range(count):
        total += _twice(float(k))
    return total


def test_numba_is_loaded_by_the_first_call():
    done = subprocess.run([sys.executable, "-c", CALLS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_compiled_function_of_another_module_may_be_called_first_by_its_module(tmp_path: Path):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}  # empty: what is cached is not compiled
    done = subprocess.run(
        [sys.executable, "-c", CALLS_BY_MODULE], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_compiled_functions_call_each_other_from_several_threads():
    found: list[float] = []
    threads = [threading.Thread(target=lambda: found.append(_sum_of_twice(5))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [20.0] * 4
    assert _twice(1.5) == 3.0


def test_a_function_that_is_being_made_is_not_compiled_by_another_thread(tmp_path: Path):
    (tmp_path / "module.py").write_text(MODULE)
    environment = {
        **os.environ,
        "NUMBA_CACHE_DIR": str(tmp_path),
        "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path]),
    }
    done = subprocess.run([sys.executable, "-c", BESIDE], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
