"""CPU seconds and memory of changedet beside plain scripts, how both grow, and what a large site would take.

    python benchmarks/speed.py FOLDER [--size 4096] [--rounds 2] [--growth 512 1024 2048] [--dates 2 4 8]
        [--auto 512 1024 2048] [--auto-dates 4] [--coarse 512] [--coarse-dates 8] [--write]

Made-up series (scenarios/large_series.py), and simulated sites for runs as users make them, are written to FOLDER once.
Every program is a process of its own; CPU is
user + system of it and its children, memory the most that one process held. The rounds take turns, and the least CPU
of them is shown: other work on the machine adds to it. `--write` writes docs/performance.md.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.simulate import simulate  # noqa: E402
from scenarios.large_series import BANDS, write_series  # noqa: E402

PAGE = ROOT / "docs" / "performance.md"
CACHE = Path(tempfile.gettempdir()) / "changedet-speed-bytecode"
MASKS = "[masks, objects, tables]"
SITE_KIND, SITE_SEED, SITE_GSD_M = "growth", 5, 0.5
PLAIN_BYTES = 120
"""Of memory that the plain script takes for a pixel of a pair: 7.9 GB at 8192 px."""
PLAIN_SHARE = 0.6
"""Of the machine's memory that it may take; of larger pairs it is left out."""
PROVINCE_PX, PROVINCE_DATES, PROVINCE_CORES = 200_000, 48, 200
Made = TypeVar("Made")


@dataclass(frozen=True)
class Cost:
    """What a program took: CPU seconds, and MB at its peak and as it was promised (None where nobody did)."""

    cpu_s: float
    peak_mb: float
    promised_mb: float | None = None


BY_CVA = ("change: {method: cva}", "objects: {method: none}")


def workflow(
    folder: Path, scenes: list[Path], formats: str, scheduler: str = "threads", methods: tuple[str, ...] = BY_CVA
) -> Path:
    """A workflow of a series, by change vector analysis without boxes, or by other methods."""
    path = folder / f"{scenes[0].stem}-{len(scenes)}-{len(formats)}-{scheduler}-{len(methods)}.yaml"
    lines = [f"site: {{id: {path.stem}}}", "scenes:"]
    lines += [f"  - {{date: {scene.name[:10]}, path: {scene.name}}}" for scene in scenes]
    lines += [f"bands: {{{', '.join(f'{name}: {k}' for k, name in enumerate(BANDS, 1))}}}", *methods]
    lines += [f"outputs: {{dir: out, formats: {formats}}}"]
    lines += [f"compute: {{scheduler: {scheduler}}}"]
    path.write_text("\n".join(lines) + "\n")
    return path


def apart(call: Callable[[], Made]) -> Made:
    """Called in a process of its own: a program's peak is at least what its parent held as it began."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(call).result()


def measured(words: list[str | Path]) -> tuple[float, float, str]:
    """CPU seconds, MB at the peak, and what a Python program printed."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(CACHE)}
    # An installed package keeps its bytecode; without it every start compiles the sources for a second.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with subprocess.Popen(
        [sys.executable, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        text=True,
    ) as process:
        said = process.stdout.read() if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(map(str, words))}: status {process.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6, said


def checked(path: Path) -> Cost:
    """The plan alone, with the memory that it promises."""
    cpu_s, peak_mb, said = measured(["-m", "changedet", "check", path])
    found = re.search(r"memory\s+about (\d+) MB", said)
    return Cost(cpu_s, peak_mb, float(found[1]) if found else None)


def ran(path: Path) -> Cost:
    """A whole run, made anew."""
    promised = checked(path).promised_mb
    out = path.parent / "out"
    cpu_s, peak_mb, _ = measured(["-m", "changedet", "run", path, "--out", out, "--fresh", "-q"])
    shutil.rmtree(out)
    return Cost(cpu_s, peak_mb, promised)


def scripted(name: str, scenes: list[Path]) -> Cost:
    """One of the plain scripts."""
    out = scenes[0].parent / name
    out.mkdir(exist_ok=True)
    cpu_s, peak_mb, _ = measured([ROOT / "benchmarks" / f"{name}.py", *scenes[:2], out])
    shutil.rmtree(out)
    return Cost(cpu_s, peak_mb)


def compared(folder: Path, size: int, rounds: int) -> dict[str, Cost]:
    """All programs on one pair, in turns; the least CPU and the greatest peak of the rounds."""
    scenes = apart(partial(write_series, folder, size))
    masks, everything, processes = (
        workflow(folder, scenes, *options) for options in ((MASKS,), ("all",), (MASKS, "processes"))
    )
    programs = {
        "plain script": lambda: scripted("plain_script", scenes),
        "plain dask script": lambda: scripted("plain_dask", scenes),
        "changedet check": lambda: checked(masks),
        "changedet run, masks objects tables": lambda: ran(masks),
        "the same by processes": lambda: ran(processes),
        "changedet run, all formats": lambda: ran(everything),
    }
    ran(workflow(folder, apart(partial(write_series, folder, 512)), MASKS))  # compiles what is compiled once
    found: dict[str, list[Cost]] = {}
    for _ in range(rounds):
        for name, program in programs.items():
            found.setdefault(name, []).append(program())
            print(name, found[name][-1], flush=True)
    return {name: least(costs) for name, costs in found.items()}


def fits(size: int) -> bool:
    """Whether the plain script can hold a pair."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return size**2 * PLAIN_BYTES <= PLAIN_SHARE * memory


def grown(
    folder: Path, sizes: list[int], dates: list[int]
) -> tuple[dict[tuple[int, int], Cost], dict[tuple[int, int], Cost]]:
    """Runs over sizes of a pair, and over dates at the second size; the plain script on the same pairs."""
    found, plain = {}, {}
    for size, count in [*((size, 2) for size in sizes), *((sizes[min(1, len(sizes) - 1)], n) for n in dates if n > 2)]:
        scenes = apart(partial(write_series, folder, size, count))
        found[size, count] = ran(workflow(folder, scenes, MASKS))
        if count == 2 and fits(size):
            plain[size, count] = scripted("plain_script", scenes)
        print(size, count, found[size, count], plain.get((size, count)), flush=True)
    return found, plain


def site(folder: Path, size: int, dates: int) -> Path:
    """The workflow of a simulated site that says nothing of methods: boxes, ground, tracks and all formats."""
    place = folder / f"{SITE_KIND}-{size}-{dates}"
    if not (place / "truth" / "truth.gpkg").exists():
        side_m = size * SITE_GSD_M
        apart(partial(simulate, place, kind=SITE_KIND, seed=SITE_SEED, gsd_m=SITE_GSD_M, size_m=side_m, dates=dates))
    return next(place.glob("*.yaml"))


def coarse(folder: Path, size: int, dates: int) -> Path:
    """A workflow of a 10 m series that names no method, so that `auto` learns the site's seasons."""
    return workflow(folder, apart(partial(write_series, folder, size, dates)), "all", methods=())


def on_auto(
    made: Callable[[Path, int, int], Path], folder: Path, sizes: list[int], dates: int, rounds: int
) -> dict[tuple[int, int], Cost]:
    """Runs as users make them, on `auto`, in turns; the least CPU and the greatest peak of the rounds."""
    paths = {size: made(folder, size, dates) for size in sizes}
    if sizes:
        ran(paths[sizes[0]])  # compiles what is compiled once
    found: dict[tuple[int, int], list[Cost]] = {}
    for _ in range(rounds):
        for size, path in paths.items():
            found.setdefault((size, dates), []).append(ran(path))
            print("auto", size, dates, found[size, dates][-1], flush=True)
    return {key: least(costs) for key, costs in found.items()}


def least(costs: list[Cost]) -> Cost:
    """The least CPU and the greatest peak of some rounds."""
    return Cost(min(c.cpu_s for c in costs), max(c.peak_mb for c in costs), costs[0].promised_mb)


def constants(growth: dict[tuple[int, int], Cost]) -> tuple[float, float]:
    """CPU seconds of a run and of each megapixel and later date, by least squares."""
    points = np.array([(1.0, size**2 / 1e6 * (dates - 1)) for size, dates in growth])
    start, slope = np.linalg.lstsq(points, np.array([cost.cpu_s for cost in growth.values()]), rcond=None)[0]
    return float(start), float(slope)


def growth_lines(growth: dict[tuple[int, int], Cost], plain: dict[tuple[int, int], Cost]) -> list[str]:
    """The table of growth, the plain script beside it where it was run."""
    lines = [
        "| pixels a side | dates | CPU s | a MPix and later date | peak MB | promised by `check` | peak of promise "
        "| plain script: CPU s | peak MB |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for (side, dates), cost in growth.items():
        promised = cost.promised_mb or float("nan")
        each = cost.cpu_s / (side**2 / 1e6 * (dates - 1))
        beside = plain.get((side, dates))
        lines.append(
            f"| {side} | {dates} | {cost.cpu_s:.1f} | {each:.2f} | {cost.peak_mb:.0f} | {promised:.0f} "
            f"| {cost.peak_mb / promised:.2f} "
            + ("| | |" if beside is None else f"| {beside.cpu_s:.1f} | {beside.peak_mb:.0f} |")
        )
    return lines


SITES = f"""## A series on `auto`

Sites of `changedet simulate --kind {SITE_KIND} --seed {SITE_SEED} --gsd {SITE_GSD_M}`, all stages as `auto`
chooses them (boxes, ground, tracks), all formats."""
COARSE = """## A series of 10 m on `auto`

Made-up scenes, all stages as `auto` chooses them (it learns the site's seasons), all formats."""


def site_lines(head: str, sites: dict[tuple[int, int], Cost]) -> list[str]:
    """A section on runs as users make them; nothing where none was run."""
    if not sites:
        return []
    lines = [
        head,
        "",
        "| pixels a side | dates | CPU s | a MPix and date | peak MB | promised by `check` | peak of promise |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for (side, dates), cost in sites.items():
        promised = cost.promised_mb or float("nan")
        lines.append(
            f"| {side} | {dates} | {cost.cpu_s:.1f} | {cost.cpu_s / (side**2 / 1e6 * dates):.2f} "
            f"| {cost.peak_mb:.0f} | {promised:.0f} | {cost.peak_mb / promised:.2f} |"
        )
    return [*lines, ""]


def page(
    size: int,
    programs: dict[str, Cost],
    growth: dict[tuple[int, int], Cost],
    plain_growth: dict[tuple[int, int], Cost],
    sites: list[str],
) -> str:
    """docs/performance.md."""
    plain, mpix = programs["plain script"], size**2 / 1e6
    start, slope = constants(growth)
    hours = slope * PROVINCE_PX**2 / 1e6 * (PROVINCE_DATES - 1) / PROVINCE_CORES / 3600
    lines = [
        "# Speed and memory",
        "",
        f"Written by `python benchmarks/speed.py FOLDER {' '.join(sys.argv[2:])}` on",
        f"{platform.machine()}, {os.cpu_count()} cores shared with other work: ratios tell more than seconds.",
        "Made-up scenes of four uint16 bands. Bytecode and compiled functions are there, as after a first run.",
        "",
        f"## A pair of {size} x {size} pixels, by change vector analysis",
        "",
        "| program | CPU s | MPix per CPU s | of the plain script's CPU | peak MB |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {name} | {c.cpu_s:.1f} | {mpix / c.cpu_s:.1f} | {c.cpu_s / plain.cpu_s:.2f} | {c.peak_mb:.0f} |"
        for name, c in programs.items()
    ]
    lines += [
        "",
        "The plain scripts (`benchmarks/plain_script.py`, `plain_dask.py`) do not co-register, look for no cloud or",
        "shade, and give no interval; changedet does all of it in these seconds.",
        "",
        *sites,
        "## Growth",
        "",
        *growth_lines(growth, plain_growth),
    ]
    small = 10_000 * (start + slope * 0.25) / 3600
    lines += [
        "",
        f"By least squares: {start:.1f} CPU s a run and {slope:.3f} CPU s a megapixel and later date. On paper,",
        f"so not measured: {PROVINCE_PX:,} x {PROVINCE_PX:,} pixels on {PROVINCE_DATES} dates take {hours:.1f} hours",
        f"on {PROVINCE_CORES} cores, if these are kept busy; 10,000 sites of 500 x 500 pixels on two dates take",
        f"{small:.1f} CPU hours, each a run of its own.",
        "Small scenes overstate it: what measuring a date costs grows with the scene only up to an overview of two",
        "million pixels, and three dates and more are read together once more.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print, and with --write keep the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=4096)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--growth", type=int, nargs="+", default=[512, 1024, 2048])
    parser.add_argument("--dates", type=int, nargs="+", default=[2, 4, 8])
    parser.add_argument("--auto", type=int, nargs="*", default=[512, 1024, 2048], help="sites, pixels a side")
    parser.add_argument("--auto-dates", type=int, default=4)
    parser.add_argument("--coarse", type=int, nargs="*", default=[512], help="series of 10 m, pixels a side")
    parser.add_argument("--coarse-dates", type=int, default=8)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    programs = compared(given.folder, given.size, given.rounds)
    sites = site_lines(SITES, on_auto(site, given.folder, given.auto, given.auto_dates, given.rounds))
    sites += site_lines(COARSE, on_auto(coarse, given.folder, given.coarse, given.coarse_dates, given.rounds))
    text = page(given.size, programs, *grown(given.folder, given.growth, given.dates), sites)
    print(text)
    if given.write:
        PAGE.write_text(text)


if __name__ == "__main__":
    main()
