"""Sites for the judges: of three simulators of which one is ours, run whole on `auto`, with what a run costs."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.third_hand import wide  # noqa: E402
from benchmarks.third_hand.site import make  # noqa: E402
from changedet import Run, load_workflow, open_run, run  # noqa: E402
from changedet.simulate import simulate  # noqa: E402

PAINTED = ("quiet", "growth", "rail", "port", "earthworks", "decoys", "dense", "winter")
THIRD = ("quiet", "growth", "rail", "port", "earthworks", "decoys", "dense", "seasons", "cloudy")
"""What `benchmarks.third_hand` draws."""
OUR_NAME = {"rail": "trains"}
"""What our own simulator calls a kind, where it is another name."""
SIZE_M, GSD_M, DATES = 260.0, 0.5, 5


@dataclass(frozen=True)
class Frame:
    """Of sites that are made: metres a pixel and a side, and looks."""

    gsd_m: float = GSD_M
    size_m: float = SIZE_M
    dates: int = DATES


USUAL = Frame()
"""As all judges' sites but the wide ones."""


@dataclass(frozen=True)
class Site:
    """One site of one hand: where it lies; it has `workflow.yaml` or another YAML, and `truth/`."""

    kind: str
    hand: str
    seed: int
    folder: Path

    @property
    def name(self) -> str:
        """Kind, hand and seed."""
        return f"{self.kind} {self.hand} {self.seed}"

    @property
    def truth(self) -> Path:
        """Its truth folder, in the form of `changedet simulate`."""
        return self.folder / "truth"

    @property
    def workflow(self) -> Path:
        """Its workflow file."""
        return next(iter(sorted(self.folder.glob("*.yaml"))), self.folder / "workflow.yaml")


@dataclass(frozen=True)
class Painter:
    """The other simulator: its folder, and a Python that has what it needs."""

    folder: Path
    python: str

    def paint(self, site: Site, frame: Frame) -> None:
        """Paint a site, in a process of the painter's own."""
        command = [self.python, str(self.folder / "paint.py"), site.kind, str(site.folder), "--seed", str(site.seed)]
        command += ["--size-m", f"{frame.size_m:g}", "--gsd", f"{frame.gsd_m:g}", "--dates", str(frame.dates)]
        kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        subprocess.run(command, check=True, stdout=sys.stderr, env=kept | {"PYTHONDONTWRITEBYTECODE": "1"})


def made(site: Site, painter: Painter, frame: Frame = USUAL) -> None:
    """Make a site's scenes and truth where they are missing."""
    if (site.truth / "truth.csv").exists() and site.workflow.exists():
        return
    if site.hand == "own":
        kind = OUR_NAME.get(site.kind, site.kind)
        asked = {"dates": frame.dates, "gsd_m": frame.gsd_m, "size_m": frame.size_m}
        simulate(site.folder, kind=kind, seed=site.seed, **asked)  # type: ignore[arg-type]
    elif site.hand == "third" and frame.size_m > wide.FROM_M:
        wide.make(site.kind, site.folder, site.seed, frame.gsd_m, frame.size_m, frame.dates)
    elif site.hand == "third":
        make(site.kind, site.folder, site.seed, frame.gsd_m, frame.size_m, frame.dates, "rgbn16")
    else:
        painter.paint(site, frame)


def cpu_s() -> float:
    """CPU seconds of this process and of those it waited for."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def finished(workflow: Path, *, reuse: bool = False) -> tuple[Run, float]:
    """The run of a workflow and its CPU seconds; with `reuse` the run that an earlier call left, where there is one."""
    note = workflow.parent / "cost.json"
    if reuse and note.exists():
        told = json.loads(note.read_text())
        return open_run(workflow.parent / told["run"]), float(told["cpu_s"])
    before, begin = cpu_s(), time.perf_counter()
    done = run(load_workflow(workflow), fresh=True)
    spent = cpu_s() - before
    told = {"run": os.path.relpath(done.path, workflow.parent), "cpu_s": round(spent, 2)}
    note.write_text(json.dumps(told | {"wall_s": round(time.perf_counter() - begin, 1)}) + "\n")
    return done, spent
