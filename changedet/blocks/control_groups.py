"""Cores and memory that Linux' control groups leave: the limits that a container or a batch system sets."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

GROUPS: Final = Path("/sys/fs/cgroup")
"""Where they are mounted."""
_MEMORY_1: Final = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
_MEMORY_2: Final = "memory.max", "memory.current", "inactive_file"


def own_groups() -> list[str]:
    """The groups that this process is in.

    Returns
    -------
    list of str
        Lines of ``/proc/self/cgroup``; none where the system has no such groups.
    """
    try:
        return Path("/proc/self/cgroup").read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return []


def cores() -> int:
    """Cores that this process may use: those it may run on, and no more than its share of processor time allows.

    Returns
    -------
    int
        At least 1.
    """
    may_run_on = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min([may_run_on, *cores_by_limits(own_groups(), GROUPS)])


def cores_by_limits(groups: Sequence[str], root: Path) -> list[int]:
    """How many cores' time the groups allow, begun ones counted whole, as dask and Java's virtual machine do.

    Parameters
    ----------
    groups : sequence of str
        Lines of ``/proc/self/cgroup``.
    root : pathlib.Path
        Where the groups are mounted.

    Returns
    -------
    list of int
        At least 1, of the process's groups and those above them that have a limit.
    """
    found: list[int] = []
    for folder, version in _folders(groups, root, "cpu"):
        try:
            if version == 1:
                quota, period = (int((folder / f"cpu.cfs_{name}_us").read_text()) for name in ("quota", "period"))
            else:
                quota, period = (int(word) for word in (folder / "cpu.max").read_text().split())
        except (OSError, ValueError):
            # No such group, as where a container does not see the host's, or no limit: "max".
            continue
        if quota > 0 and period > 0:
            found.append(math.ceil(quota / period))
    return found


def left_by_limits(groups: Sequence[str], root: Path) -> list[int]:
    """What the groups leave of the memory that they allow; pages of files that can be dropped count as free.

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
    for folder, version in _folders(groups, root, "memory"):
        limit, usage, droppable = _MEMORY_1 if version == 1 else _MEMORY_2
        try:
            allowed, used = (int((folder / name).read_text()) for name in (limit, usage))
            statistics = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
            found.append(max(0, allowed - used + int(statistics[droppable])))
        except (OSError, ValueError, KeyError):
            continue
    return found


def _folders(groups: Sequence[str], root: Path, controller: str) -> Iterator[tuple[Path, int]]:
    """Each group that may limit what `controller` counts, with the version of its files; those above come after it."""
    for line in groups:
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        top = root / controller if controllers else root
        group = top / path.lstrip("/")
        yield from (
            (folder, 1 if controllers else 2) for folder in (group, *group.parents) if folder.is_relative_to(top)
        )
