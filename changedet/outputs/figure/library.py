"""matplotlib as the command loads it: without the lists of properties that it writes for readers of its help."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class _Loading:
    """Whether help is written; a process that calls this package from Python keeps it."""

    with_help = True
    lock = threading.Lock()


def load_without_help() -> None:
    """Have matplotlib loaded without its help from here on, if it is not loaded yet.

    As it loads it looks through the setters of a hundred classes, and through their documentation, for the help of each
    class: .2 of its .33 CPU seconds, for words that no command shows.
    """
    _Loading.with_help = False


def figure_class() -> type[Figure]:
    """Matplotlib's class of figures; what draws is loaded with it.

    Returns
    -------
    type of Figure
        Not known to any window or global state.
    """
    # Here and below: they take a third of a second, which most commands need not wait for.
    from matplotlib import artist

    with _Loading.lock:
        written: Callable[..., str] = artist.kwdoc
        if not _Loading.with_help:
            vars(artist)["kwdoc"] = _no_help
        try:
            from matplotlib.figure import Figure
        finally:
            vars(artist)["kwdoc"] = written
    return Figure


def _no_help(_artist: object) -> str:
    return ""
