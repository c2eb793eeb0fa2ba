"""Where a run's tasks go: the scheduler and its client, progress, times, memory handed back."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from changedet.blocks import PATIENCE_S, Pools, Task, stream
from changedet.errors import ChangedetError
from changedet.imagery.look import Look
from changedet.plan import Plan
from changedet.store import RunFolder

Progress: TypeAlias = Callable[[str, int, int], None]
"""``progress(what, done, total)`` is called after each task."""

Stream: TypeAlias = Callable[[str, Sequence[Task]], Iterable[tuple[int, Any]]]
"""``stream(what, tasks)`` yields the tasks' results as they come, with their indices."""


@dataclass
class Session:
    """One run of a plan: where its tasks go and how long its steps took.

    Attributes
    ----------
    plan : Plan
        What is left of it where scenes cannot be read.
    pools : Pools
        Threads and processes of this machine.
    client : distributed.Client or None
    progress : callable or None
    seconds : dict of str to float
        Wall-clock time by kind of task.
    require_inputs : callable
        Called with dates before anything is recorded of them; it refuses to go on where an input was changed since.
    """

    plan: Plan
    pools: Pools
    client: object = None
    progress: Progress | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    require_inputs: Callable[[Sequence[Look]], None] = lambda _looks: None

    @property
    def folder(self) -> RunFolder:
        """The plan's run folder, where the run's files go."""
        return self.plan.folder

    @property
    def threads(self) -> int:
        """Threads of this process that carry out the tasks; 0 where other processes do, to which all is sent."""
        return self.pools.workers if self.client is None and self.plan.scheduler == "threads" else 0

    def stream(
        self, what: str, tasks: Iterable[Task], *, here: bool = False, total: int | None = None
    ) -> Iterator[tuple[int, Any]]:
        """Carry out tasks, and time them.

        Parameters
        ----------
        what : str
            Their kind, for progress and times.
        tasks : iterable of (callable, arguments)
            Taken as workers come free.
        here : bool
            In this process, as those must that read the run folder, which other machines may not see.
        total : int, optional
            How many tasks there are; by default the length of `tasks`.

        Yields
        ------
        (int, object)
            A task's index and result, as they come.
        """
        start = time.perf_counter()
        count = len(tasks) if isinstance(tasks, Sequence) else total or 0
        self._report(what, 0, count)
        client, scheduler = (None, "threads") if here else (self.client, self.plan.scheduler)
        results = stream(tasks, client=client, scheduler=scheduler, pools=self.pools)
        for done, (i, result) in enumerate(results, 1):
            self._report(what, done, count)
            yield i, result
        self.seconds[what] = round(self.seconds.get(what, 0.0) + time.perf_counter() - start, 3)

    def _report(self, what: str, done: int, total: int) -> None:
        if self.progress is not None and total:
            self.progress(what, done, total)


def quiet_dask() -> None:
    """Silence dask's own loggers: a cluster that is lost is one clear line of ours."""
    # Imported only where it is used, as it costs start-up time; it sets its own levels when it is imported.
    import distributed  # noqa: F401

    for name in [name for name in logging.root.manager.loggerDict if name.split(".")[0] == "distributed"]:
        logging.getLogger(name).setLevel(logging.CRITICAL)


@contextmanager
def dask_client(plan: Plan) -> Iterator[object]:
    """Connect to the scheduler of a plan.

    Parameters
    ----------
    plan : Plan

    Yields
    ------
    distributed.Client or None
        Of a ``tcp://`` scheduler, or one that is active already; None where dask runs in this process.

    Raises
    ------
    ChangedetError
        The scheduler does not answer, or has no worker.
    """
    if not plan.scheduler.startswith("tcp://"):
        yield _active_client()
        return
    # Imported only where it is used, as it costs start-up time.
    from distributed import Client

    try:
        client = Client(plan.scheduler, timeout=10, set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise ChangedetError(f"--scheduler: no dask scheduler answers at {plan.scheduler} ({error})") from None
    with client:
        if not client.nthreads():
            try:
                client.wait_for_workers(1, timeout=PATIENCE_S)
            except TimeoutError:
                said = f"the dask scheduler at {plan.scheduler} has had no worker for {PATIENCE_S:g} s; start some"
                raise ChangedetError(said) from None
        yield client


def _active_client() -> object:
    # Where nobody has imported it there is no client, and the import costs start-up time.
    if "distributed" not in sys.modules:
        return None
    # It is loaded already: this costs nothing.
    from distributed import get_client

    try:
        return get_client()
    except ValueError:
        return None
