"""Whether a run that a fault ends says so in one line, and the next run finishes with the same bytes.

    python benchmarks/faults.py [--count 20] [--kinds write,full,..] [--folder DIR] [--workflow SITE.yaml]

A small site without boxes, or that of `--workflow`, is run once undisturbed; then, for each kind of fault, some
`--count` runs with a fault at an evenly drawn one of all calls of that kind, and after each a run without. Faults are
made below Python, in a library that is preloaded (`fault_shim.c`, built with cc): GDAL and SQLite meet them too. Right
is a first run that is done or refused in one line (killed, where it was killed) and a second one that is done, all of
whose files equal those of the undisturbed run. `clock` sets the clock back to 1990 in the first run, `two` runs both at
once, `swapped` puts another scene in place of one while the first run is at work, and back.

Lost workers and schedulers are in tests/pipeline/test_scheduling.py.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import numpy as np  # noqa: E402
import yaml  # noqa: E402
from small_rasters import write  # noqa: E402

from benchmarks.outcomes import DONE, REFUSED, judged  # noqa: E402

MODES = {"write": 1, "full": 2, "kill": 3, "killwrite": 4, "fsync": 5, "denied": 6, "memory": 7, "rename": 8}
OTHERS = ("clock", "two", "swapped")
DATES = ("2023-05-01", "2023-06-01", "2023-07-01")
SECONDS = 240
FAR_BACK = 631_152_000.0
"""1990-01-01, for a clock that was set back."""


def site(folder: Path) -> Path:
    """Three small scenes and their workflow, without boxes."""
    dice = np.random.default_rng(1)
    ground = dice.integers(900, 1100, (4, 150, 160)).astype(np.uint16)
    for k, day in enumerate(DATES):
        values = ground.copy()
        values[:, 40 : 40 + 12 * k, 50:90] += 900
        write(folder / f"{day}.tif", values, descriptions=("blue", "green", "red", "nir"))
    given = {
        "site": {"id": "tiny"},
        "scenes": [{"date": day, "path": f"{day}.tif"} for day in DATES],
        **{stage: {"method": "none"} for stage in ("mask", "objects", "tracks")},
        "change": {"method": "cva"},
        "compute": {"workers": 1},
    }
    (folder / "tiny.yaml").write_text(yaml.safe_dump(given))
    return folder / "tiny.yaml"


def carried_out(workflow: Path, out: Path) -> None:
    """One run, as the command does it."""
    from changedet.cli.messages import is_of_memory
    from changedet.errors import ChangedetError
    from changedet.pipeline.run import carry_out
    from changedet.plan import make_plan

    try:
        carry_out(make_plan(workflow, out=str(out)))
    except Exception as error:
        if is_of_memory(error):
            raise ChangedetError("memory ran out") from error
        raise


def in_child(call: Callable[[], None]) -> str:
    """What came of a call in a forked child: a judgement, or the signal that ended it."""
    read, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        import dask.threaded

        # The parent's threads are not here.
        dask.threaded.default_pool = None
        dask.threaded.pools.clear()
        signal.alarm(SECONDS)
        said = judged(call)
        ctypes.CDLL(None).fault_arm(b"", 0, 0) if PRELOADED else None
        os.write(write_end, said.encode())
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read) as stream:
        said = stream.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return said or f"ended by {status}"


PRELOADED = "fault_shim" in os.environ.get("LD_PRELOAD", "")


def armed(out: Path, mode: int, number: int, call: Callable[[], None]) -> Callable[[], None]:
    """A call that meets a fault; with number 0 it writes how many there could have been to ``calls``."""

    def with_fault() -> None:
        shim = ctypes.CDLL(None)
        shim.fault_arm(str(out).encode(), mode, ctypes.c_long(number))
        try:
            call()
        finally:
            count = shim.fault_calls()
            shim.fault_arm(b"", 0, ctypes.c_long(0))
            if not number:
                (out.parent / "calls").write_text(str(count))

    return with_fault


def contents(out: Path) -> dict[str, str]:
    """SHA-256 of every published file."""
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file() and ".changedet" not in path.parts
    }


class Bench:
    """The site, its undisturbed files, and what is judged of each case."""

    def __init__(self, folder: Path, workflow: Path | None) -> None:
        self.folder = folder
        self.workflow = workflow or site(folder)
        carried_out(self.workflow, folder / "warm")
        first, second = (self._whole(folder / name) for name in ("one", "two"))
        self.expected = {name: digest for name, digest in first.items() if second.get(name) == digest}
        self.names = set(first)
        print(f"{len(first)} files, of which {sorted(set(first) - set(self.expected))} differ from run to run")

    def _whole(self, out: Path) -> dict[str, str]:
        said = in_child(lambda: carried_out(self.workflow, out))
        if said != DONE:
            raise SystemExit(f"the undisturbed run: {said}")
        return contents(out)

    def calls(self, mode: int) -> int:
        """How many calls of a kind an undisturbed run makes."""
        out = self.folder / "counted"
        shutil.rmtree(out, ignore_errors=True)
        in_child(armed(out, mode, 0, lambda: carried_out(self.workflow, out)))
        return int((self.folder / "calls").read_text())

    def right(self, disturbed: Callable[[Path], str], allowed: set[str]) -> str:
        """Empty where a case is right, else what is wrong."""
        out = self.folder / "case"
        shutil.rmtree(out, ignore_errors=True)
        said = disturbed(out)
        if said not in {DONE, REFUSED} | allowed:
            return f"first run: {said}"
        again = in_child(lambda: carried_out(self.workflow, out))
        if again != DONE:
            return f"first run {said}, then: {again}"
        found = contents(out)
        other = [name for name, digest in self.expected.items() if found.get(name) != digest]
        other += sorted(set(found) - self.names)
        return f"first run {said}, then other files: {other[:5]}" if other else ""

    def faulty(self, mode: int, number: int) -> str:
        """As `right`, with one fault."""
        return self.right(
            lambda out: in_child(armed(out, mode, number, lambda: carried_out(self.workflow, out))),
            {f"ended by {-signal.SIGKILL}"} if mode in {MODES["kill"], MODES["killwrite"]} else set(),
        )

    def other(self, kind: str) -> str:
        """As `right`, of one of `OTHERS`."""
        return self.right({"clock": self._clock, "two": self._two, "swapped": self._swapped}[kind], set())

    def _clock(self, out: Path) -> str:
        def back() -> None:
            time.time = lambda: FAR_BACK
            carried_out(self.workflow, out)

        return in_child(back)

    def _two(self, out: Path) -> str:
        found: list[str] = []
        beside = threading.Thread(target=lambda: found.append(in_child(lambda: carried_out(self.workflow, out))))
        beside.start()
        found.append(in_child(lambda: carried_out(self.workflow, out)))
        beside.join()
        return DONE if DONE in found and set(found) <= {DONE, REFUSED} else str(found)

    def _swapped(self, out: Path) -> str:
        scene, kept = self.folder / f"{DATES[1]}.tif", self.folder / "kept.tif"
        shutil.copy2(scene, kept)

        def swap() -> None:
            time.sleep(0.5)
            shutil.copyfile(self.folder / f"{DATES[2]}.tif", scene)

        def run() -> None:
            threading.Thread(target=swap, daemon=True).start()
            carried_out(self.workflow, out)

        try:
            return in_child(run)
        finally:
            shutil.copy2(kept, scene)


def preloaded() -> None:
    """Build the library of faults, and begin again with it."""
    target = Path(tempfile.gettempdir()) / f"fault_shim-{os.getuid()}.so"
    source = Path(__file__).with_name("fault_shim.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(target), str(source), "-ldl"], check=True)
    os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "LD_PRELOAD": str(target)})


def main() -> int:
    """Try all kinds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--kinds", default=",".join([*MODES, *OTHERS]))
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--workflow", type=Path, help="a site of your own; `swapped` is of the small one alone")
    given = parser.parse_args()
    if not PRELOADED:
        preloaded()
    folder = given.folder or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    bench, wrong = Bench(folder, given.workflow), 0
    print(f"{'kind':12}{'calls':>8}{'tried':>8}{'right':>8}")
    for kind in given.kinds.split(","):
        calls = bench.calls(MODES[kind]) if kind in MODES else 1
        numbers = sorted(
            {1 + round(k * (calls - 1) / max(1, given.count - 1)) for k in range(given.count)} if calls else ()
        )
        said = {n: bench.faulty(MODES[kind], n) if kind in MODES else bench.other(kind) for n in numbers}
        bad = {n: words for n, words in said.items() if words}
        wrong += len(bad)
        print(f"{kind:12}{calls:8}{len(said):8}{len(said) - len(bad):8}", flush=True)
        for number, words in bad.items():
            print(f"  {kind} {number}: {words}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
