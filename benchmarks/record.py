"""Run a benchmark and keep what it printed, with the commit, the machine and its cost, under `benchmarks/results/`.

    python benchmarks/record.py LABEL benchmarks/change_runs.py --only growth --seeds 7361 7362

One file a label holds every run of it, the newest last: a history in which a figure that fell can be found. What is
uncommitted, but for these files, is said (`dirty`). `benchmarks/accuracy.py` writes docs/accuracy.md from the newest.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import re
import resource
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
LABEL = re.compile(r"[a-z0-9][a-z0-9._-]*")


def git(*words: str) -> str:
    """What git prints of this repository, stripped."""
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def shown(command: list[str]) -> str:
    """The command as anybody could give it: the folder of real scenes by its variable."""
    text, data = " ".join(["python", *command]), os.environ.get("CHANGEDET_DATA", "")
    return text.replace(data, "$CHANGEDET_DATA") if data else text


def measured(command: list[str]) -> dict[str, object]:
    """Run a benchmark, show its output as it comes, and return the record of it."""
    begin, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    lines = []
    with subprocess.Popen([sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            lines.append(line.rstrip())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        sys.exit(process.returncode)
    return {
        "command": shown(command),
        "commit": git("rev-parse", "--short", "HEAD"),
        "dirty": bool(git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!benchmarks/results")),
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in ("numpy", "onnxruntime", "numba", "rasterio")},
        "processor": platform.machine(),
        "wall_s": round(time.perf_counter() - begin, 1),
        "cpu_s": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
        "lines": lines,
    }


def main() -> None:
    """Record the benchmark that the command line names."""
    if len(sys.argv) < 3 or not LABEL.fullmatch(sys.argv[1]) or not (ROOT / sys.argv[2]).is_file():
        sys.exit(__doc__)
    path = RESULTS / f"{sys.argv[1]}.json"
    history = json.loads(path.read_text()) if path.exists() else []
    history.append(measured(sys.argv[2:]))
    RESULTS.mkdir(exist_ok=True)
    path.write_text(json.dumps(history, indent=1) + "\n")


if __name__ == "__main__":
    main()
