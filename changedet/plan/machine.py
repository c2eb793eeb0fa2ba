"""Cores and memory of this machine, and the share of them that one of several runs may take."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_CONTROL_GROUPS: Final = Path("/sys/fs/cgroup")
_FIRST_VERSION: Final = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
_SECOND_VERSION: Final = "memory.max", "memory.current", "inactive_file"


@dataclass(frozen=True)
class Share:
    """What a run takes of this machine where its workflow says ``auto``.

    Attributes
    ----------
    cores : int
        At least 1.
    memory_bytes : int
        That its tiles and workers are fitted to.
    """

    cores: int
    memory_bytes: int


def share_of(runs: int = 1) -> Share:
    """The share of each of some runs that go on side by side; memory is half of what is free now, for all together.

    Parameters
    ----------
    runs : int
        How many.

    Returns
    -------
    Share
        Of one of them.
    """
    return Share(max(1, cores() // runs), available_bytes() // 2 // runs)


def cores() -> int:
    """Cores that this process may use.

    Returns
    -------
    int
        At least 1.
    """
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def available_bytes() -> int:
    """Memory that is free now, by the machine and by the limits that a container or a batch system sets.

    Returns
    -------
    int
        Bytes; where the system does not say, half of what the machine has.
    """
    try:
        groups = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        groups = []
    return min([_free_bytes(), *left_by_limits(groups, _CONTROL_GROUPS)])


def _free_bytes() -> int:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("MemAvailable"))) * 1024
    except (OSError, StopIteration, ValueError):
        return int(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2)


def left_by_limits(groups: Sequence[str], root: Path) -> list[int]:
    """What Linux' control groups leave of the memory that they allow; pages of files that can be dropped count as free.

    Parameters
    ----------
    groups : sequence of str
        Lines of ``/proc/self/cgroup``.
    root : pathlib.Path
        Where the groups are mounted.

    Returns
    -------
    list of int
        Bytes, at least 0, of the process's groups and those above them that have a limit.
    """
    found: list[int] = []
    for line in groups:
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        files = _SECOND_VERSION if not controllers else _FIRST_VERSION
        top = root / "memory" if controllers else root
        group = top / path.lstrip("/")
        within = (folder for folder in (group, *group.parents) if folder.is_relative_to(top))
        found += [left for folder in within if (left := _left(folder, *files)) is not None]
    return found


def _left(group: Path, limit: str, usage: str, droppable: str) -> int | None:
    try:
        allowed, used = (int((group / name).read_text()) for name in (limit, usage))
        statistics = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        return max(0, allowed - used + int(statistics[droppable]))
    except (OSError, ValueError, KeyError):
        # No such group, as where a container does not see the host's, or no limit: "max".
        return None
