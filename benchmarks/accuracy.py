"""Write docs/accuracy.md: one table of today's accuracy, from the records of `benchmarks/record.py`.

python benchmarks/accuracy.py            writes docs/accuracy.md
python benchmarks/accuracy.py --check    exits with 1 where the page is not what the records say
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "accuracy.md"
HEAD = """# Accuracy today

Written by `python benchmarks/accuracy.py` from `benchmarks/results/`, the benchmarks' own output; do not edit. Each row
names what it was measured on, by which command and at which commit. "Simulated" is our own simulator, on seeds that
nothing was fitted on: figures on it say how well the parts work where they were fitted, **not** how well they do on
pictures from another source. "Painted" is a path tracer by another hand, of which other sites taught; on the third
simulator nothing is fitted. Its sites and the painted ones here were in view while faults were mended; figures of fresh
ones are in [the README](../README.md) and in [judges](research/judges.md). Real pictures are named. The history of the
figures, and what was tried, is in [research](research).

| what | measured on | figure | command | commit |
| --- | --- | --- | --- | --- |
"""


@dataclass(frozen=True)
class Row:
    """One kind of line that a benchmark prints.

    Attributes
    ----------
    pattern : str
        Matches a whole line of output; its groups fill the texts.
    what, scene, figure : str
        Columns of the table, as ``str.format`` texts over the groups.
    """

    pattern: str
    what: str
    scene: str
    figure: str


SCRIPTS: dict[str, tuple[Row, ...]] = {
    "change_runs.py": (
        Row(
            r"(\S.*?)\s+F1 (\S+)  false (\S+)  recall (\S+)  coverage (\S+)  CPU s/MPix (\S+)",
            "change mask of a whole run",
            "simulated {0}",
            "F1 {1}, {2} marked falsely, {4} of what both dates show is valid; {5} CPU s/MPix and date",
        ),
    ),
    "judges.py": (
        Row(
            r"(\S+)" + r"\s+(\S+)" * 19,
            "whole runs, 0.5 m",
            "{under} {0}",
            "box F1 {1}, {3} false a date, count error {5}, intervals hold {6}, {7} wide; events {8}, changed area {9},"
            " built {10}, net {11} hold; mask F1 {12}, {13} % marked falsely; footprint IoU {15}; onsets right {16};"
            " boxes that moved marked {17}, that stayed {18}; {19} CPU s/MPix and date",
        ),
        Row(
            r"harbour (window \d+)\s+true (.*?)  found (\d+) .*F1 (\S+)  expected (\S+)  low (\S+)  high (\S+) .*",
            "count of a single date",
            "harbour (real) {0}",
            "{1} stand, {2} found, F1 {3}, {4} ({5} to {6}) expected",
        ),
        Row(
            r"(train .*?)\s+boxes (\d+)  true (\d+)  F1 (\S+)",
            "boxes of a single date",
            "{0} (real)",
            "{1} found of {2}, F1 {3}",
        ),
        Row(
            r"empty, all\s+looks (\d+)  boxes (\d+)  intervals that hold none (\d+)  refused (\d+)",
            "boxes where none stands",
            "{0} looks (real)",
            "{1} boxes, intervals hold none on {2}, {3} refused",
        ),
        Row(
            r"(collage .*?)\s+box F1 (\S+)  false/date (\S+)  count err (\S+)  held (\S+)  width (\S+) .*mask F1 (\S+)"
            r"  false % (\S+) .*",
            "whole runs of real boxes on real ground",
            "{0}",
            "box F1 {1}, {2} false a date, count error {3}, intervals hold {4}, {5} wide; mask F1 {6}, {7} % marked"
            " falsely",
        ),
        Row(
            r"run (beijing_a|levir, all)\s+kappa (\S+)  F1 (\S+)  accuracy (\S+)  marked % (\S+)",
            "change of a real pair in colours, a whole run",
            "{0}",
            "kappa {1}, F1 {2}, {4} % marked",
        ),
    ),
    "detector.py": (
        Row(
            r"(.*?)\s+F1 (\S+) \(IoU .5 (\S+)\)  precision (\S+)  recall (\S+) .*count (\d+)/(\d+)  mean abs count"
            r" error (\S+)  size class (\S+) .*false per 10 ha (\S+)  CPU s/km2 (\S+)",
            "boxes of a single date",
            "{0}",
            "F1 {1} (IoU .5 {2}), {5} found of {6}, count error {7}, {9} false per 10 ha; {10} CPU s/km2",
        ),
        Row(
            r"\s+expected counts err by (\S+), intervals hold (\d+) of (\d+), relative width (.*)",
            "count of a single date",
            "the same",
            "error {0}, intervals hold {1} of {2}, {3} wide",
        ),
    ),
    "tracks.py": (
        Row(
            r"(\S+)\s+arrivals F1 (\S+) .*?departures F1 (\S+) .*?SCOT (\S+); switches (\S+); false arrivals per 100"
            r" boxes and interval (\S+); count error (\S+); of a difference (\S+); coverage (\S+);"
            r" width (\S+);.*onset right (.*)",
            "boxes over the dates",
            "simulated {0}",
            "F1 arrivals {1}, departures {2}; count error {6}, of a difference {7} boxes; intervals hold {8}, {9} wide;"
            " onset right {10}",
        ),
    ),
    "footprint.py": (
        Row(
            r"IoU (\S+) \(worst (\S+)\); area (\S+), off (\S+); bounds hold (\d+ of \d+), (\S+) wide; (\S+) CPU s/MPix",
            "footprint",
            "simulated, five kinds",
            "IoU {0} (worst {1}), area off by {3}, bounds hold {4}, {5} wide",
        ),
    ),
    "clouds.py": (
        Row(
            r"with trees\s+of open ground masked (\S+), of ground left open hidden (\S+)",
            "clouds",
            "simulated clouds",
            "{0} of open ground masked, {1} of the ground left open hidden",
        ),
    ),
    "coregistration.py": (
        Row(
            r"all: median (\S+) px, 90 % (\S+), worst (\S+)",
            "co-registration",
            "simulated, .1 to 20 px",
            "median {0}, 90 % {1}, worst {2} px",
        ),
    ),
    "real_pairs.py": (
        Row(
            r"(\S+)\s+\*(\S+)\s+marked\s+(\S+)  accuracy (\S+)  kappa (\S+)  F1 (\S+)  AUC (\S+) .*",
            "change of a real pair, `auto`",
            "{0} ({1})",
            "kappa {4}, F1 {5}, AUC {6}",
        ),
        Row(
            r"(null_\d)\s+\*(\S+)\s+marked\s+(\S+) .*",
            "change of a real pair, `auto`",
            "{0}: nothing changed",
            "{2} marked",
        ),
    ),
    "whole_pairs.py": (
        Row(
            r"run (beijing_a|levir, all): kappa (\S+)  F1 (\S+)  accuracy (\S+)  marked % (\S+)",
            "change of a real pair in colours, a whole run",
            "{0}",
            "kappa {1}, F1 {2}, {4} % marked",
        ),
    ),
}
"""Lines of each benchmark that go into the table."""
HEADINGS = {"painter": "painted", "third": "a third simulator's", "own": "simulated"}
"""Lines that tell whose sites the lines below are of, and what they are called."""


def rows() -> Iterator[str]:
    """Rows of the table, from the newest record of each label."""
    for path in sorted(RESULTS.glob("*.json")):
        newest = json.loads(path.read_text())[-1]
        script = newest["command"].split("benchmarks/")[1].split()[0]
        commit = newest["commit"] + (" and uncommitted changes" if newest["dirty"] else "")
        under = ""
        for line in newest["lines"]:
            under = HEADINGS.get(line, under)
            for row in SCRIPTS.get(script, ()):
                found = re.fullmatch(row.pattern, line)
                if found:
                    cells = (text.format(*found.groups(), under=under) for text in (row.what, row.scene, row.figure))
                    yield f"| {' | '.join(cells)} | `{newest['command']}` | {commit} |"
                    break


def main() -> None:
    """Write the page, or check whether it agrees with the records."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="exit with 1 where the page is not what the records say")
    given = parser.parse_args()
    text = HEAD + "\n".join(rows()) + "\n"
    if given.check:
        is_current = PAGE.exists() and PAGE.read_text() == text
        sys.exit(0 if is_current else "docs/accuracy.md is old: python benchmarks/accuracy.py")
    PAGE.write_text(text)


if __name__ == "__main__":
    main()
