"""Hostile cases, each judged: done, refused in at most ten lines, or anything else, which is wrong.

Cases are carried out in forked children, so that a crash or a hang within a library is one wrong case and not the end.
"""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from changedet.cli.messages import problem_lines
from changedet.errors import ChangedetError, InputError

SECONDS = 60
BATCH = 100
DONE, REFUSED = "done", "refused"

Case = tuple[str, Callable[[], None]]
"""A name, and what is to be carried out."""


def judged(call: Callable[[], None]) -> str:
    """`DONE`, `REFUSED`, or in words what is wrong."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            call()
    except ChangedetError as error:
        lines = problem_lines(error) if isinstance(error, InputError) else [str(error)]
        if any("\n" in line for line in lines):
            return f"{len(lines)} lines: {lines[0][:200]!r}"
        return REFUSED if all(lines) else "an empty line"
    except Exception as error:
        return " ".join(f"{type(error).__name__}: {error}"[:300].split())
    return DONE


def outcomes(cases: Sequence[Case]) -> dict[str, str]:
    """What came of each case, by its name."""
    found: dict[str, str] = {}
    while len(found) < len(cases):
        begun = len(found)
        batch = cases[begun : begun + BATCH]
        for line in _of_child(batch):
            found[batch[len(found) - begun][0]] = line
    return found


def _of_child(batch: Sequence[Case]) -> list[str]:
    """Outcomes up to the first case that ends the child, with that one's."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        for _, call in batch:
            signal.alarm(SECONDS)
            os.write(write, f"{judged(call)}\n".encode(errors="replace"))
        os._exit(0)
    os.close(write)
    with os.fdopen(read, encoding="utf-8", errors="replace") as stream:
        lines = [line.rstrip("\n") for line in stream]
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if len(lines) < len(batch):
        lines.append("hangs" if status == -signal.SIGALRM else f"ended by {status}")
    return lines


@dataclass(frozen=True)
class Tally:
    """How many cases of a kind were tried, and how many were right."""

    kind: str
    found: dict[str, str]

    @property
    def wrong(self) -> dict[str, str]:
        """Those that were neither done nor refused."""
        return {name: said for name, said in self.found.items() if said not in {DONE, REFUSED}}

    def row(self) -> str:
        """One line of the table."""
        counts = Counter(self.found.values())
        right = counts[DONE] + counts[REFUSED]
        return f"{self.kind:16}{len(self.found):8}{counts[DONE]:8}{counts[REFUSED]:8}{len(self.found) - right:8}"


def report(tallies: Sequence[Tally]) -> int:
    """Print a table and what was wrong; the exit status."""
    print(f"{'kind':16}{'tried':>8}{'done':>8}{'refused':>8}{'wrong':>8}")
    for tally in tallies:
        print(tally.row())
    for tally in tallies:
        for name, said in list(tally.wrong.items())[:20]:
            print(f"{tally.kind} {name}: {said}")
    sys.stdout.flush()
    return 1 if any(tally.wrong for tally in tallies) else 0
