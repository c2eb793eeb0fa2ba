"""All judges in one table: another hand's simulator beside our own, and real pictures. Nothing is fitted on them.

    python benchmarks/judges.py --folder DIR --painter-python PY --own [--seeds 11 12]
        [--own-seeds 7401] [--third] [--third-seeds 1 2] [--camera 1m] [--data DATA]
        [--only growth rail airports ...] [--json FILE] [--reuse] [--pictures DIR]

The painter (training/painter) is a simulator by another hand, a path tracer, with its own truth in the form of
`changedet simulate`; PY is a Python that has mitsuba. Its seeds from 1000 on teach and are refused here. Scenes are
made in DIR where they are missing, run whole on `auto` and scored as `changedet score` does. `--own` adds our
simulator's matching kinds, of the same size and dates, by seeds that nothing was fitted on. `--third` adds those of
benchmarks/third_hand, a simulator on which nothing may ever be fitted; `--seeds` without a number leaves the painter
out. DATA is the folder with `airports`, `harbour`, `yards` and the pairs (`--only collage` pastes boxes of these onto
the first); default CHANGEDET_DATA, or `../shared/data` beside the repository;
what is missing is named and left out. `--camera` shows the simulators' sites by another camera (`1m`: pixels of
twice the side; `mixed`: every second scene in pixels of 3 m; `rgb8`: red, green and blue stretched to 8 bits; `jpeg`:
these with each look's own limits, gamma and JPEG; `pan`: one panchromatic band; `cir`: green, red and near infrared;
`no-angles`: nothing said of sun and view; `turned`: looks put on the map by hand; `askew`: by rough corners, so
that they lie 10 to 20 m off; `hills`: heights of 2 m that no elevation model knew; `1.5m`, `3m`
and `10m`: pixels of SPOT, PlanetScope and Sentinel-2, the last two of wide sites: `--gsd-m 1 --size-m 1020 --dates 12`,
for the painter, whose depot is as wide as its site, `--size-m 600` or `--gsd-m 2`).
`--reuse` scores runs of an earlier call as they are: take it only where the code is the same.

Columns: box F1 at IoU .3 with the true bases; roof F1 with the bases moved to where the picture shows the roofs; false
boxes a date and per 10 ha; count err, sum of absolute errors over true boxes; held, share of dates whose 95 % interval
holds the true count; width, its median relative width where 20 boxes and more stand; events, changed, built and net,
the shares that hold of the intervals of arrivals and departures, of changed and of built area, and of the change of
containers and of built area from the first look to the last; mask F1 and false marks in % of the judged pixels, with 1
px of slack; seen, mean valid fraction of dates without cloud; foot IoU of the footprint on these; onset, share of
onsets told right, none where there is none; moved, of boxes that the run's tracks say came or left since the reference,
the share whose base its mask marks; stayed, the same of boxes that stayed; CPU s for a million pixels and date. The
columns of each figure are the painter's, our own simulator's and the third hand's, in that order.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.judge_cameras import CAMERAS, PAIR, seen_by  # noqa: E402
from benchmarks.judge_figures import Figures, figures  # noqa: E402
from benchmarks.judge_real import JUDGES  # noqa: E402
from benchmarks.judge_sites import DATES, GSD_M, PAINTED, SIZE_M, THIRD, Frame, Painter, Site, finished, made  # noqa: E402

PER_CENT = ("false %", "seen %")
FIRST_OWN_SEED = 7401
FIRST_TEACHING_SEED = 1000
HANDS = ("painter", "own", "third")
SIMULATED = tuple(dict.fromkeys((*PAINTED, *THIRD)))
Shares = Mapping[str, float | None]


def arguments() -> argparse.Namespace:
    """The command line."""
    usual = ROOT.parent / "shared" / "data"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="keeps scenes, truth and runs")
    parser.add_argument("--painter", type=Path, default=ROOT / "training" / "painter")
    parser.add_argument("--painter-python", default=os.environ.get("CHANGEDET_PAINTER_PYTHON", "python3"))
    parser.add_argument("--seeds", type=int, nargs="*", default=[11], help="of the painter")
    parser.add_argument("--own", action="store_true", help="our own simulator's kinds too")
    parser.add_argument("--own-seeds", type=int, nargs="+", default=[FIRST_OWN_SEED])
    parser.add_argument("--third", action="store_true", help="the third hand's kinds too")
    parser.add_argument("--third-seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--camera", choices=(*CAMERAS, PAIR), help="shows the sites by another camera, or two looks")
    parser.add_argument("--gsd-m", type=float, default=GSD_M, help="pixels of sites that are made; another folder each")
    parser.add_argument("--size-m", type=float, default=SIZE_M, help="side of such sites")
    parser.add_argument("--dates", type=int, default=DATES, help="looks of such sites")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("CHANGEDET_DATA", usual)))
    parser.add_argument("--only", nargs="+", choices=(*SIMULATED, *JUDGES), default=[*SIMULATED, *JUDGES])
    parser.add_argument("--json", type=Path, help="all figures, with their sums, into this file")
    parser.add_argument("--reuse", action="store_true", help="score runs of an earlier call as they are")
    parser.add_argument("--pictures", type=Path, help="a PNG of the worst date of every site")
    given = parser.parse_args()
    if max(given.seeds, default=0) >= FIRST_TEACHING_SEED:
        parser.error(f"--seeds: painter's seeds from {FIRST_TEACHING_SEED} on teach, and cannot judge")
    return given


def sites(given: argparse.Namespace) -> Iterator[Site]:
    """The sites to judge, kind by kind, the painter's first."""
    folder = given.folder.resolve()
    for kind in (name for name in SIMULATED if name in given.only):
        for seed in given.seeds if kind in PAINTED else ():
            yield Site(kind, "painter", seed, folder / f"{kind}-{seed}")
        for seed in given.own_seeds if given.own and kind in PAINTED else ():
            yield Site(kind, "own", seed, folder / f"own-{kind}-{seed}")
        for seed in given.third_seeds if given.third and kind in THIRD else ():
            yield Site(kind, "third", seed, folder / f"third-{kind}-{seed}")


def judged(given: argparse.Namespace) -> dict[tuple[str, str], Figures]:
    """The figures of each kind and hand; a site that cannot be made or fails is named, and left out."""
    painter = Painter(given.painter, given.painter_python)
    sums: dict[tuple[str, str], Figures] = {}
    for site in sites(given):
        begin = time.perf_counter()
        try:
            made(site, painter, Frame(given.gsd_m, given.size_m, given.dates))
            if given.camera:
                site = seen_by(given.camera, site)
            done, cost_s = finished(site.workflow, reuse=given.reuse)
            told = figures(done, site.truth, cost_s)
        except (OSError, ValueError, RuntimeError, subprocess.CalledProcessError) as error:
            print(f"{site.name}: left out, {type(error).__name__}: {error}", file=sys.stderr)
            continue
        sums[site.kind, site.hand] = sums.get((site.kind, site.hand), Figures()) + told
        print(f"{site.name}: {time.perf_counter() - begin:.0f} s", file=sys.stderr, flush=True)
        if given.pictures:
            from benchmarks.judge_pictures import draw

            draw(done, site.truth, given.pictures / f"{site.kind}-{site.hand}-{site.seed}.png")
    return sums


def cell(name: str, value: float | None) -> str:
    """A figure in as many places as it bears."""
    if value is None:
        return "-"
    if name in PER_CENT or value >= 10:
        return f"{value:.2f}" if name in PER_CENT else f"{value:.1f}"
    return f"{value:.2f}"


def table(rows: Mapping[str, Mapping[str, Shares]]) -> Iterator[str]:
    """A line a kind; behind slashes each figure is the painter's, our own simulator's and the third hand's."""
    names = list(Figures().shares())
    texts = [["kind", *names]]
    hands = [hand for hand in HANDS if any(hand in by_hand for by_hand in rows.values())]
    for kind, by_hand in rows.items():
        texts.append(
            [kind, *(" / ".join(cell(name, by_hand.get(hand, {}).get(name)) for hand in hands) for name in names)]
        )
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    yield f"{' / '.join(hands)}"
    for line in texts:
        yield "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()


def means(rows: Mapping[str, Mapping[str, Shares]]) -> dict[str, Shares]:
    """The mean of each figure over the kinds that have it."""
    found: dict[str, Shares] = {}
    for hand in HANDS:
        shares = [by_hand[hand] for by_hand in rows.values() if hand in by_hand]
        if shares:
            columns = {name: [own[name] for own in shares if own[name] is not None] for name in shares[0]}
            found[hand] = {name: float(np.mean(values)) if values else None for name, values in columns.items()}
    return found


def real(given: argparse.Namespace) -> dict[str, dict[str, object]]:
    """Figures of the real pictures, printed as they come."""
    rows: dict[str, dict[str, object]] = {}
    for name in (judge for judge in JUDGES if judge in given.only):
        try:
            for row, told in JUDGES[name](given.folder.resolve(), given.data.resolve(), given.reuse):
                rows[row] = told
                words = (
                    f"{key} {value:.3f}" if isinstance(value, float) else f"{key} {value}"
                    for key, value in told.items()
                )
                print(f"{row:34s} {'  '.join(words)}", flush=True)
        except (OSError, ValueError, AttributeError) as error:
            print(f"{name}: left out, {type(error).__name__}: {error}", file=sys.stderr)
    return rows


def plain(told: Figures) -> dict[str, object]:
    """Sums as JSON takes them."""
    return {key: value.tolist() if isinstance(value, np.ndarray) else value for key, value in vars(told).items()}


def main() -> None:
    """Judge, print, and keep."""
    given = arguments()
    given.folder.mkdir(parents=True, exist_ok=True)
    sums = judged(given)
    rows: dict[str, dict[str, Shares]] = {}
    for (kind, hand), told in sums.items():
        rows.setdefault(kind, {})[hand] = told.shares()
    if rows:
        print("\n".join(table(rows | {"mean": means(rows)})), flush=True)
    pictures = real(given)
    if given.json:
        kept = {f"{kind} {hand}": plain(told) for (kind, hand), told in sums.items()}
        content = {"shares": rows | {"mean": means(rows)}, "sums": kept, "real": pictures}
        given.json.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
