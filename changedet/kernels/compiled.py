"""Compiled loops: numba's ``njit`` with this package's settings, keeping signatures for the type checker."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from numba import njit

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """The function compiled to machine code at its first call, cached on disk, without the GIL while it runs.

    Parameters
    ----------
    function : callable
        Of numbers and arrays; in what numba understands.

    Returns
    -------
    callable
        The same to its caller, and to other compiled functions.
    """
    made: Callable[P, R] = njit(cache=True, nogil=True)(function)
    return made


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """As `compiled`, its code put in at each place where another compiled function calls it.

    Parameters
    ----------
    function : callable
        Short, and called from an inner loop.

    Returns
    -------
    callable
        The same to its caller.
    """
    made: Callable[P, R] = njit(cache=True, nogil=True, inline="always")(function)
    return made
