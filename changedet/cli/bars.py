"""Progress on standard error, where that is a terminal: a bar for one site, or one for many."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from changedet.cli.messages import say

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

ShowProgress = Callable[[str, int, int], None]
"""Called with the step, how many parts of it are done, and how many there are."""


@contextmanager
def progress_bar(site: str, *, quiet: bool, verbose: bool) -> Iterator[ShowProgress | None]:
    """A bar on standard error where that is a terminal, plain lines with ``-v``, else nothing.

    Parameters
    ----------
    site : str
        Named beside the bar.
    quiet, verbose : bool
        The command's options; `quiet` takes precedence.

    Yields
    ------
    callable or None
        To be called with the step, the parts done and the parts in all; None where nothing is shown.
    """
    if quiet or not (sys.stderr.isatty() or verbose):
        yield None
        return
    if not sys.stderr.isatty():
        yield lambda what, done, total: say(f"{site}: {what} {done}/{total}")
        return
    with _bars() as bars:
        task = bars.add_task(site, total=None)

        def show(what: str, done: int, total: int) -> None:
            bars.update(task, description=f"{site}: {what}", completed=done, total=total)

        yield show


class SitesBar:
    """One bar for many sites; it goes away while results are printed.

    Parameters
    ----------
    total : int
        Of sites.
    quiet : bool
        Whether there is none.
    """

    def __init__(self, total: int, *, quiet: bool) -> None:
        self._total = total
        self._bars = _bars() if sys.stderr.isatty() and not quiet else None
        self._task: TaskID | None = None

    def __enter__(self) -> SitesBar:
        if self._bars:
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars:
            self._bars.stop()

    def begin(self, what: str) -> None:
        """Begin anew.

        Parameters
        ----------
        what : str
            That is now done for each site.
        """
        if self._bars:
            if self._task is not None:
                self._bars.remove_task(self._task)
            self._task = self._bars.add_task(what, total=self._total)

    def show(self, done: int) -> None:
        """Move the bar.

        Parameters
        ----------
        done : int
            Sites for which it is done.
        """
        if self._bars and self._task is not None:
            self._bars.update(self._task, completed=done)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Make room for what is printed.

        Yields
        ------
        None
            While the bar is not there.
        """
        self.__exit__()
        yield
        self.__enter__()


def _bars() -> Progress:
    # Imported here: rich takes a tenth of a second, and most commands draw no bar.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
