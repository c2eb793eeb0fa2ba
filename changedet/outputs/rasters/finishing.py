"""Several rasters made whole at once, each of which takes one thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from changedet.kernels.together import together
from changedet.outputs.rasters.writing import RasterWriter


def finish_together(writers: Sequence[RasterWriter], *beside: Callable[[], None]) -> None:
    """Finish rasters, and do what else is to be done, side by side where threads are free.

    Parameters
    ----------
    writers : sequence of RasterWriter
        Entered, and all their blocks written.
    *beside : callable
        Calls that need none of these rasters.

    Raises
    ------
    BaseException
        Whatever the first of them raised; nothing is left of rasters that were not finished.
    """
    waiting = list(writers)

    def _finish(writer: RasterWriter) -> None:
        waiting.remove(writer)
        writer.__exit__(None, None, None)

    try:
        calls: list[Callable[[], None]] = [partial(_finish, writer) for writer in writers]
        together([*calls, *beside])
    except BaseException as error:
        abandon(waiting, error)
        raise


def abandon(writers: Sequence[RasterWriter], error: BaseException) -> None:
    """Leave nothing behind of rasters that are not finished.

    Parameters
    ----------
    writers : sequence of RasterWriter
        Entered.
    error : BaseException
        Why.
    """
    for writer in writers:
        writer.__exit__(type(error), error, error.__traceback__)
