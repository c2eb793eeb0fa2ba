"""Cores and memory of this machine, and the share of them that one of several runs may take."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from changedet.blocks.control_groups import GROUPS, cores, left_by_limits, own_groups


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


def available_bytes() -> int:
    """Memory that is free now, by the machine and by the limits that a container or a batch system sets.

    Returns
    -------
    int
        Bytes; where the system does not say, half of what the machine has.
    """
    return min([_free_bytes(), *left_by_limits(own_groups(), GROUPS)])


def _free_bytes() -> int:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("MemAvailable"))) * 1024
    except (OSError, StopIteration, ValueError):
        return int(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2)
