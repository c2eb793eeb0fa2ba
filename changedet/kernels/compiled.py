"""Compiled loops: numba's ``njit`` with this package's settings, keeping signatures for the type checker.

numba is loaded at the first call: it takes half a second, which a command that computes nothing need not wait for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import update_wrapper
from types import ModuleType
from typing import Any, Final, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

# Dispatchers may only be made one after the other, and making one makes those that it calls.
_MAKING: Final = threading.RLock()
_PACKAGE: Final = __name__.partition(".")[0] + "."


class _Waiting(Generic[P, R]):
    """A function that is handed to numba when it is first called, by Python or by another compiled function."""

    def __init__(self, function: Callable[P, R], **options: str) -> None:
        update_wrapper(self, function)
        self._function = function
        self._options = options
        self._made: Callable[P, R] | None = None

    def __call__(self, *arguments: P.args, **named: P.kwargs) -> R:
        return (self._made or self.made())(*arguments, **named)

    def made(self) -> Callable[P, R]:
        """What numba makes of it, which takes its place in its module, as does that of all that it may call."""
        # Half a second, see above.
        from numba import njit
        from numba.core.compiler_lock import global_compiler_lock

        # Another thread may meet what is made here before all that it calls is: it must not compile until then.
        with _MAKING, global_compiler_lock:
            if self._made is None:
                made = njit(cache=True, nogil=True, **self._options)(self._function)
                self._made = made
                names = self._function.__globals__
                _make_all(names)
                for value in list(names.values()):
                    # numba reads `module.function` as it compiles, so what stands there must be a dispatcher by then.
                    if isinstance(value, ModuleType) and value.__name__.startswith(_PACKAGE):
                        _make_all(vars(value))
            return self._made


def _make_all(names: dict[str, Any]) -> None:
    """Puts what numba makes of a module's waiting functions in their places."""
    for name, value in list(names.items()):
        if isinstance(value, _Waiting):
            names[name] = value.made()


def load_compiler() -> None:
    """Load numba beforehand, where a thread has nothing else to do."""
    # Half a second, see above.
    import numba  # noqa: F401


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
    return _Waiting(function)


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
    return _Waiting(function, inline="always")
