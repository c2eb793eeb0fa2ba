"""One thread and two give the same bytes, of the workers and of every library that has threads of its own."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

FOR_THREADS = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"),
    *("OPENCV_FOR_THREADS_NUM", "GDAL_NUM_THREADS", "ORT_NUM_THREADS"),
)


def call(*words: object, threads: int = 1) -> None:
    env = os.environ | dict.fromkeys(FOR_THREADS, str(threads))
    line = [sys.executable, "-m", "changedet", *map(str, words)]
    done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=280, env=env)
    assert done.returncode == 0, done.stderr


def digests(folder: Path) -> dict[str, str]:
    """Of all that a run publishes but its record, which holds times and the workers."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and ".changedet" not in path.parts]
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.name != "run.json"
    }


@pytest.mark.slow
def test_one_thread_and_two_give_the_same_bytes(tmp_path: Path) -> None:
    call("simulate", tmp_path, "--dates", 2, "--size", 48, "--gsd", 0.5, "--name", "small")
    given = (tmp_path / "small.yaml").read_text().replace("outputs: {dir: out}\n", "")
    found = []
    for threads in (1, 2):
        workflow = tmp_path / f"{threads}.yaml"
        formats = "[masks, scores, scenes, objects, tables, qgis]"
        workflow.write_text(f"{given}outputs: {{formats: {formats}}}\ncompute: {{workers: {threads}, chunk: 64}}\n")
        call("run", workflow, "--out", tmp_path / str(threads), threads=threads)
        found.append(digests(tmp_path / str(threads) / "small"))
    assert len(found[0]) > 15
    assert found[0] == found[1]
