"""Where a run's tasks go: the scheduler and its client, progress, times, memory handed back."""

from __future__ import annotations

import ctypes
import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from changedet.blocks import PATIENCE_S, Task, stream
from changedet.errors import ChangedetError
from changedet.plan import Plan
from changedet.store import RunFolder

Progress = Callable[[str, int, int], None]


@dataclass
class Session:
    """One run of a plan: where its tasks go and how long its steps took."""

    plan: Plan
    client: Any = None
    progress: Progress | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def folder(self) -> RunFolder:
        return self.plan.folder

    def stream(self, what: str, tasks: Sequence[Task], *, here: bool = False) -> Iterator[tuple[int, Any]]:
        """Results of tasks as they come; `here` for those that read the run folder, which others may not see."""
        start = time.perf_counter()
        self._tell(what, 0, len(tasks))
        place = (
            {"client": None, "scheduler": "threads"}
            if here
            else {"client": self.client, "scheduler": self.plan.scheduler}
        )
        arguments = place | {"workers": self.plan.workers}
        for done, (i, result) in enumerate(stream(tasks, **arguments), 1):
            self._tell(what, done, len(tasks))
            yield i, result
        self.seconds[what] = round(self.seconds.get(what, 0.0) + time.perf_counter() - start, 3)

    def _tell(self, what: str, done: int, total: int) -> None:
        if self.progress is not None and total:
            self.progress(what, done, total)


def give_back_memory() -> None:
    """Return to the system what measuring has freed: glibc keeps it otherwise, beside what the tiles then need."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def quiet_dask() -> None:
    """A cluster that is lost is one clear line of ours; dask sets its own levels when it is imported."""
    import distributed  # noqa: F401

    for name in [name for name in logging.root.manager.loggerDict if name.split(".")[0] == "distributed"]:
        logging.getLogger(name).setLevel(logging.CRITICAL)


@contextmanager
def dask_client(plan: Plan) -> Iterator[Any]:
    """The client of a ``tcp://`` scheduler, or one that is active already; None where dask runs in this process."""
    if not plan.scheduler.startswith(("tcp://", "tls://")):
        yield _active_client()
        return
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


def _active_client() -> Any:
    # Where nobody has imported it there is no client, and the import is dear.
    if "distributed" not in sys.modules:
        return None
    from distributed import get_client

    try:
        return get_client()
    except ValueError:
        return None
