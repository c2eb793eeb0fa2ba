"""Memory, hosts and schedulers, as a workflow file writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from changedet.errors import did_you_mean
from changedet.workflow.checker import UnfitError, shown, unfit
from changedet.workflow.fields import text
from changedet.workflow.yaml_tree import Node

SCHEDULERS: Final = ("threads", "processes")
LEAST_MEMORY_BYTES: Final = 100_000_000

_MEMORY = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([KMGT]i?)B", re.IGNORECASE)
_BYTES: Final[Mapping[str, int]] = {
    "k": 1000,
    "m": 1000**2,
    "g": 1000**3,
    "t": 1000**4,
    "ki": 1 << 10,
    "mi": 1 << 20,
    "gi": 1 << 30,
    "ti": 1 << 40,
}
_LONGEST_NUMBER: Final = 20
"""Characters; more would be no amount of memory."""
_LABEL: Final = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"


_HOST = re.compile(rf"(?=.{{1,253}}(:|$)){_LABEL}(\.{_LABEL})*(:[0-9]{{1,5}})?")


_SCHEDULER = re.compile(r"tcp://(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})")


_PORTS: Final = range(1, 65536)


def memory(node: Node) -> int:
    """An amount of memory, such as ``4GB`` or ``1.5 GiB``.

    Parameters
    ----------
    node : node
        The value.

    Returns
    -------
    int
        Bytes.

    Raises
    ------
    UnfitError
        No amount with its unit, or less than 100 MB.
    """
    expected = "an amount of memory of at least 100MB such as 4GB, or auto"
    match = _MEMORY.fullmatch(text(expected)(node))
    if not match or len(match[1]) > _LONGEST_NUMBER:
        raise unfit(node, expected)
    value = int(float(match[1]) * _BYTES[match[2].lower()])
    if value < LEAST_MEMORY_BYTES:
        raise unfit(node, expected)
    return value


def host(node: Node) -> str:
    """A host name, with its port where one is given.

    Parameters
    ----------
    node : node
        The value.

    Returns
    -------
    str
        In small letters.

    Raises
    ------
    UnfitError
        A URL, or no host name.
    """
    value = text("a host name such as data.example.org")(node)
    if "://" in value:
        raise UnfitError(f"got {shown(node)}, expected the host alone, without '{value.split('://')[0]}://' and path")
    if not _HOST.fullmatch(value):
        raise unfit(node, "a host name such as data.example.org")
    return value.lower()


def scheduler(node: Node) -> str:
    """Where dask computes.

    Parameters
    ----------
    node : node
        The value.

    Returns
    -------
    str
        One of `SCHEDULERS`, or the address of a running scheduler, ``tcp://HOST:PORT``.

    Raises
    ------
    UnfitError
        Neither, with the nearest word.
    """
    expected = "one of threads, processes, tcp://HOST:PORT"
    value = text(expected)(node)
    if not is_scheduler(value):
        raise UnfitError(f"got {shown(node)}, expected {expected}{did_you_mean(value, SCHEDULERS)}")
    return value


def is_scheduler(name: str) -> bool:
    """Whether a word says where dask computes.

    Parameters
    ----------
    name : str
        As a user wrote it.

    Returns
    -------
    bool
        True for one of `SCHEDULERS`, and for ``tcp://HOST:PORT``.

    Examples
    --------
    >>> is_scheduler("threads"), is_scheduler("tcp://10.0.0.2:8786"), is_scheduler("tls://10.0.0.2:8786")
    (True, True, False)
    """
    match = _SCHEDULER.fullmatch(name)
    return name in SCHEDULERS or bool(match and int(match[2]) in _PORTS)
