"""Marks of ground that a farther look has to bear out: what was built lasts, and a crop that ripened does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from changedet.arrays import Bools, Ints
from changedet.blocks import Window
from changedet.kernels import components
from changedet.kernels.together import each
from changedet.outputs.rasters.reading import read_window
from changedet.pipeline.series_job import SeriesJob
from changedet.plan import Plan
from changedet.store.packing import unpack


class Unfinished(Protocol):
    """A date's mask that is not finished, as `mask_files.MaskWriter`."""

    @property
    def asks_farther_looks(self) -> bool:
        """Whether it has marks that another look has to bear out."""

    def finish(self, farther: Sequence[Path] = ()) -> None:
        """Write the mask.

        Parameters
        ----------
        farther : sequence of pathlib.Path
            Finished masks of the looks that lie farther from the reference, nearest first.
        """


SHOWN: Final = 0.5
"""Share of a mark that a look must show to tell of it. Chosen by hand, as the next."""
BORNE_OUT: Final = 0.5
"""Share of what it shows that it must mark, too."""


def not_borne_out(
    raw: Mapping[Window, bytes], ids: Mapping[Window, Ints], doubtful: Bools, farther: Sequence[Path]
) -> Bools:
    """Tell the marks that the next look which shows them does not mark.

    Parameters
    ----------
    raw : mapping of Window to bytes
        The date's mask before cleaning, packed, by its tiles.
    ids : mapping of Window to int64 (label + 1,)
        Of each tile the mark of each of its labels, from 1.
    doubtful : bool (mark,)
        Marks that a farther look has to confirm.
    farther : sequence of pathlib.Path
        Finished masks of the looks that lie farther from the reference, nearest first.

    Returns
    -------
    bool (mark,)
        False for those that no farther look shows, and for those that need no confirming.
    """
    count = int(doubtful.sum())
    number = np.concatenate(([0], np.where(doubtful, np.cumsum(doubtful), 0)))
    tiles = [window for window in sorted(raw) if number[ids[window]].any()]
    found, waiting = np.zeros(1 + count, np.bool_), np.arange(1 + count) > 0
    for path in farther:
        # all, shown and marked pixels; mostly the first look tells of every mark
        areas, shown, marked = np.zeros((3, 1 + count), np.int64)
        for window in tiles:
            own = number[ids[window]][components.label(unpack(raw[window], window.shape))]
            mask = read_window(path, window)
            for total, which in ((areas, slice(None)), (shown, mask <= 1), (marked, mask == 1)):
                total += np.bincount(own[which].ravel(), minlength=1 + count)
        told = waiting & (shown >= SHOWN * areas)
        found |= told & (marked < BORNE_OUT * shown)
        waiting &= ~told
        if not waiting.any():
            break
    out = np.zeros(len(doubtful), np.bool_)
    out[doubtful] = found[1:]
    return out


def finish_masks(plan: Plan, job: SeriesJob, side: Sequence[int], writers: Mapping[int, Unfinished]) -> None:
    """Finish the masks of one side of the reference, the farthest first where others ask for them.

    Parameters
    ----------
    plan : Plan
    job : SeriesJob
        Of that side.
    side : sequence of int
        Indices of its looks, nearest first.
    writers : mapping of int to Unfinished
        Of those whose masks are not done, by their indices.
    """
    if not any(writer.asks_farther_looks for writer in writers.values()):
        each(lambda writer: writer.finish(), list(writers.values()))
        return
    farther: list[Path] = []
    for k in range(len(side) - 1, -1, -1):
        if side[k] in writers:
            writers[side[k]].finish(farther)
        if job.asks_rims(k):
            farther.insert(0, plan.mask_file(plan.looks[side[k]].date))
