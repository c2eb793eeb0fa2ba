"""From a folder as a vendor delivers it to a report: commands, keystrokes, CPU seconds.

``python benchmarks/first_report.py OUT [--tree TREE] [--way before|now] [--run]``

Writes three dates of a simulated depot as four vendors would deliver them, and does what a person does: types the
commands, answers the questions. `--tree` is the checkout whose package is used; `--way before` types what the package
needed before it knew vendors' folders (commit 46e8a5b). The answers are those of somebody who knows the order of the
bands. `--run` computes too; the workflow alone is the difference between the two ways.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import pty
import re
import select
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import rasterio

from changedet.simulate import simulate
from scenarios.vendor_folders import VENDORS, Shot

DATES, SIZE_M = 3, 160.0
ORDERS = {
    "maxar": "blue green red nir",
    "airbus": "red green blue nir",
    "planet": "blue green red nir",
    "sentinel2": "",
}
BEFORE = {
    "maxar": "changedet init order/*/*_MUL/*.TIF -o depot.yaml",
    "airbus": "changedet init order/IMG*/IMG*.TIF -o depot.yaml",
    "planet": "changedet init order/files/*/*/*{pansharpened,udm2}.tif -o depot.yaml",
    "sentinel2": "changedet init order/*/*/*/*/R10m/*B0*.tif -o depot.yaml",
}
"""The shortest that finds the scenes: the person has looked into the folders and knows which files are which."""
NOW = "changedet init order -o depot.yaml"
REST = ("changedet check depot.yaml", "changedet run depot.yaml")


def shots(folder: Path) -> list[Shot]:
    """Dates of a simulated depot."""
    simulate(folder, kind="growth", dates=DATES, seed=11, size_m=SIZE_M)
    found = []
    for i, path in enumerate(sorted((folder / "scenes").glob("*.tif"))):
        with rasterio.open(path) as scene:
            image, transform, crs = scene.read(), scene.transform, str(scene.crs)
        when = dt.datetime.fromisoformat(path.stem) + dt.timedelta(hours=9, minutes=10 + i)
        found.append(Shot(when, np.asarray(image, np.uint16), transform, crs))
    return found


def typed(command: str, answer: str, folder: Path, tree: Path) -> tuple[int, float, int, int]:
    """Exit status, CPU seconds, keystrokes and questions of a command that a person types, answering its questions."""
    words = command.replace("changedet", f"{sys.executable} -W ignore -m changedet", 1)
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.environ["PYTHONPATH"] = str(tree)
        os.execv("/bin/bash", ["bash", "-c", words])
    keys, questions, said = len(command) + 1, 0, ""
    while True:
        ready, _, _ = select.select([terminal], [], [], 600)
        try:
            data = os.read(terminal, 65536) if ready else b""
        except OSError:
            data = b""
        if not data:
            break
        said += data.decode("utf-8", "replace")
        if re.search(r": $", said):
            if questions > 5 or not answer:
                os.kill(child, 9)
                break
            os.write(terminal, f"{answer}\n".encode())
            keys, questions, said = keys + len(answer) + 1, questions + 1, ""
            time.sleep(0.2)
    _, status, usage = os.wait4(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code:
        sys.stderr.write(said[-2000:])
    return code, usage.ru_utime + usage.ru_stime, keys, questions


def measure(vendor: str, looks: Sequence[Shot], out: Path, tree: Path, way: str, *, run: bool) -> None:
    """Print what it takes for one vendor's folder."""
    folder = out / way / vendor
    folder.mkdir(parents=True)
    VENDORS[vendor](folder / "order", looks)
    first = NOW if way == "now" else BEFORE[vendor]
    seconds, keys, questions = {}, 0, 0
    for command in (first, *REST[: 2 if run else 1]):
        code, used, pressed, asked = typed(command, ORDERS[vendor], folder, tree)
        keys, questions = keys + pressed, questions + asked
        seconds[command.split()[1]] = f"{used:.1f}" if code == 0 else f"failed ({code})"
    keys += 0 if run else len(REST[1]) + 1
    text = (folder / "depot.yaml").read_text() if (folder / "depot.yaml").exists() else ""
    told = [
        word for word in ("sun:", "view:", "time:", "mask:", "sensor:") if re.search(rf"^\s+{word} [^m]", text, re.M)
    ]
    print(
        f"{vendor:10} {way:6} {len(REST) + 1} commands, {keys} keystrokes, {questions} questions; CPU s: "
        f"{', '.join(f'{name} {used}' for name, used in seconds.items())}; filled in: {' '.join(told) or 'nothing'}",
        flush=True,
    )


def main() -> None:
    """Measure all vendors' folders."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--tree", type=Path, default=Path(__file__).resolve().parents[1])
    parser.add_argument("--way", choices=["before", "now"], default="now")
    parser.add_argument("--run", action="store_true")
    given = parser.parse_args()
    looks = shots(given.out / f"simulated-{given.way}")
    for vendor in ORDERS:
        measure(vendor, looks, given.out.resolve(), given.tree.resolve(), given.way, run=given.run)


if __name__ == "__main__":
    main()
