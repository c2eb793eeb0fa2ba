"""Whether many runs in one process keep its memory and its open files, and end with the same bytes.

    python benchmarks/soak.py [--runs 50] [--folder DIR]

A small site is run in turn: from the start, resumed, with another parameter, back again, and killed in a child at a
random moment. Printed are resident memory and open files after each ten runs, and how many runs ended with the expected
files.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from benchmarks.faults import carried_out, contents, site  # noqa: E402


def resident_mb() -> float:
    """Memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def open_files() -> int:
    """Of this process."""
    return len(list(Path("/proc/self/fd").iterdir()))


def killed(workflow: Path, out: Path, after_s: float) -> None:
    """A run in a process of its own that is killed."""
    words = [sys.executable, "-m", "changedet", "run", str(workflow), "--out", str(out)]
    child = os.spawnv(os.P_NOWAIT, sys.executable, words)
    time.sleep(after_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def main() -> int:
    """Soak and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    workflow, out, dice = site(folder), folder / "out", random.Random(0)
    changed = folder / "changed.yaml"
    changed.write_text(workflow.read_text().replace("method: cva", "method: cva\n  min_area_m2: 40"))
    carried_out(workflow, out)
    expected, right = contents(out), 0
    expected.pop("tiny/run.json")
    print(f"start: {resident_mb():.0f} MB, {open_files()} files open", flush=True)
    for k in range(given.runs):
        if k % 4 == 1:
            carried_out(changed, out)
        elif k % 4 == 3:
            killed(workflow, out, dice.uniform(1, 12))
        carried_out(workflow, out)
        found = contents(out)
        right += all(found.get(name) == digest for name, digest in expected.items())
        if k % 10 == 9 or k == given.runs - 1:
            print(f"{k + 1} runs: {resident_mb():.0f} MB, {open_files()} files open, {right} right", flush=True)
    return 0 if right == given.runs else 1


if __name__ == "__main__":
    sys.exit(main())
