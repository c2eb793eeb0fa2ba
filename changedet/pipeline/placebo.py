"""The placebo: what share of a site is marked where its own other dates show no change.

Two measures. **Single looks** cost nothing: on a date that lies between two others, the share of the pixels unchanged
on the clear looks before and after that are marked all the same: by its mask where movers are left out of that, else by
its own comparison with the reference. **Pairs** (``changedet run --placebo``) compare each date with the one before
it, neither being the reference, by the same method and threshold: the marked share of the pixels that by the masks are
as on the reference date on both. Real things that came and went between two looks count as false in both; what is
marked falsely on several looks in a row, as by a season, is missed by the first, and partly by the second.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bytes
from changedet.blocks import Task, Window, in_strips, joined_tiles, tiles
from changedet.grid.pixel_areas import whole_pixels
from changedet.json_types import Json
from changedet.kernels.components import drop_small_components
from changedet.outputs.rasters.reading import read_window
from changedet.outputs.summary import UNMEASURED
from changedet.pipeline.date_job import DateJob, job_between, job_of
from changedet.pipeline.date_model import ChangeModel, DateModel, read_date_model
from changedet.pipeline.identities import masks_identity
from changedet.pipeline.kernels.single_looks import quiet_counts, single_look_counts
from changedet.pipeline.measure import measure_between
from changedet.pipeline.scheduling import Stream
from changedet.pipeline.series_scores import pair_score
from changedet.pipeline.tile_scores import raw_mask, scores_between
from changedet.plan import LATTICE_PX, Plan
from changedet.plan.model import PROBABILISTIC
from changedet.plan.seasons import knows_seasons
from changedet.store import identity, read_json, write_json
from changedet.store.packing import pack, unpack

LEAST_PIXELS: Final = 10_000
"""With fewer quiet pixels, a share of some in a thousand is not measured."""


@dataclass(frozen=True)
class Placebo:
    """How much of a quiet site is marked.

    Attributes
    ----------
    share : float
        The greatest that was measured here, else what simulated sites showed; 0 to 1. Pairs are none of it where movers
        are left out of the masks: two looks know nothing of them.
    bound : float
        That the lower bound of the changed area allows for: what every date marks falsely alike is not measured, so it
        is never less than on simulated sites.
    reason : str
        Where the share comes from.
    single_looks : float or None
        Marked share on looks between two unchanged ones; None where there are too few.
    pairs : tuple of (date, date, float)
        Of each pair that `--placebo` compared, its marked share.
    """

    share: float
    bound: float
    reason: str
    single_looks: float | None = None
    pairs: tuple[tuple[dt.date, dt.date, float], ...] = ()

    def to_json(self, areas_m2: Mapping[dt.date, tuple[float, float]]) -> dict[str, Json]:
        """Write it as ``summary.json`` keeps it.

        Parameters
        ----------
        areas_m2 : mapping of date to (float, float)
            What each date's mask marks, and what it observes.

        Returns
        -------
        dict
            With the area of each date that the share comes to; where the site's own dates did not measure it, no more
            than what is marked.
        """
        pairs: list[Json] = [
            {"from": str(first), "to": str(second), "share": share} for first, second, share in self.pairs
        ]
        return {
            "share": self.share,
            "bound": self.bound,
            "reason": self.reason,
            "single_looks": self.single_looks,
            "pairs": pairs,
            "false_area_m2": {str(day): self._false_m2(*areas) for day, areas in areas_m2.items()},
        }

    def _false_m2(self, marked_m2: float, seen_m2: float) -> float:
        expected = self.share * seen_m2
        # What other sites showed cannot be more than there is; what this one showed is its mean over all dates.
        return min(expected, marked_m2) if self.reason.startswith(UNMEASURED) else expected


class _Pair(NamedTuple):
    """Two dates, each compared with the reference, and their comparison with each other."""

    first: DateJob
    second: DateJob
    between: DateJob

    def models(self, models: Mapping[dt.date, DateModel]) -> tuple[DateModel, DateModel]:
        return models[self.first.look.date], models[self.second.look.date]


def placebo(plan: Plan, expected: float) -> Placebo:
    """Measure what share of a quiet site is marked, as far as its own dates show it.

    Parameters
    ----------
    plan : Plan
        Its masks are done.
    expected : float
        What simulated sites showed.

    Returns
    -------
    Placebo
        Of both measures, as far as they were taken.
    """
    single, pairs = _single_looks(plan), _kept_pairs(plan)
    of_pairs = [] if plan.leaves_movers_out and single is not None else [share for _, _, share in pairs]
    measured = [share for share in (single, *of_pairs) if share is not None]
    if not measured:
        why = f"{UNMEASURED}: no date of this one lies between two others that show the same ground unchanged"
        return Placebo(expected, expected, why)
    share = max(measured)
    return Placebo(share, max(share, expected), "measured on this site's own dates", single, tuple(pairs))


def run_placebo(plan: Plan, models: Mapping[dt.date, DateModel], stream: Stream) -> None:
    """Compare each date with the one before it, neither being the reference, and keep what share is marked.

    Nothing is done where an earlier run has measured it on the same masks.

    Parameters
    ----------
    plan : Plan
        Its masks are done.
    models : mapping of date to DateModel
    stream : callable
        As of `Session.stream`.
    """
    if plan.folder.is_done("placebo", _identity(plan)):
        return
    jobs = [job_of(plan, i) for i in range(len(plan.looks))]
    indices = [(i, k) for i, k in pairwise(range(len(jobs))) if plan.reference not in (i, k)]
    compared = [(i, k) for i, k in indices if jobs[i].compares and jobs[k].compares]
    pairs = [_Pair(jobs[i], jobs[k], job_between(plan, i, k)) for i, k in compared]
    path = plan.folder.state / "placebo.json"
    found: list[Json] = []
    tasks: list[Task] = [(measure_between, (*pair, *pair.models(models))) for pair in pairs]
    fitted = dict(stream("measuring", tasks))
    for number, pair in enumerate(pairs):
        share = _pair_share(plan, pair, models, fitted[number], stream)
        if share is not None:
            found.append([str(pair.first.look.date), str(pair.second.look.date), share])
    plan.folder.once("placebo", _identity(plan), [path], partial(write_json, path, {"pairs": found}))


def _identity(plan: Plan) -> str:
    return identity("placebo", masks_identity(plan))


def _kept_pairs(plan: Plan) -> list[tuple[dt.date, dt.date, float]]:
    """What an earlier ``--placebo`` measured on the same masks."""
    if not plan.folder.is_done("placebo", _identity(plan)):
        return []
    kept = read_json(plan.folder.state / "placebo.json")["pairs"]
    return [(dt.date.fromisoformat(a), dt.date.fromisoformat(b), share) for a, b, share in kept]


def _least_px(plan: Plan, change: ChangeModel) -> int:
    """Pixels of the smallest region that a change mask keeps."""
    return whole_pixels(change.min_area_m2, plan.grid.ground_resolution_m)


def _single_looks(plan: Plan) -> float | None:
    jobs = [job_of(plan, i) for i in range(len(plan.looks))]
    days = [job.look.date for job in jobs if job.compares]
    if len(days) < 2:
        return None
    before = sum(day < plan.reference_date for day in days)
    by_masks = plan.leaves_movers_out or knows_seasons(plan) or not plan.persists
    found = {} if by_masks else {day: read_date_model(plan.folder.model(day)).change for day in days}
    fitted = {day: change for day, change in found.items() if change is not None}
    quiet = marked = 0
    for window in tiles(plan.grid.shape, 2 * LATTICE_PX):
        states = np.stack([read_window(plan.mask_file(day), window) for day in days])
        alone = states if by_masks else np.stack([_alone(plan, day, fitted[day], window) for day in days])
        # The reference is unchanged by definition, wherever in the series it stands.
        states, alone = (np.insert(stack, before, 0, axis=0) for stack in (states, alone))
        counts = single_look_counts(states, alone)
        quiet, marked = quiet + counts[0], marked + counts[1]
    return _share(quiet, marked)


def _alone(plan: Plan, day: dt.date, change: ChangeModel, window: Window) -> Bytes:
    """What a date's own comparison marks in a window, whatever the other dates say."""
    path = plan.folder.aside("score", day)
    if plan.choices["change"].method in PROBABILISTIC:
        beside = plan.folder.aside("contrast", day)
        score = pair_score(path, beside, window, plan.grid.ground_resolution_m)
    else:
        score = read_window(path, window)
    raw = raw_mask(score, change.threshold)
    return drop_small_components(raw, _least_px(plan, change))


def _pair_share(
    plan: Plan, pair: _Pair, models: Mapping[dt.date, DateModel], change: ChangeModel, stream: Stream
) -> float | None:
    windows = in_strips(joined_tiles(plan.grid.shape, plan.tile_px))
    about = pair.models(models), change, _least_px(plan, change)
    tasks: list[Task] = [(_marks, (pair, window, *about)) for window in windows]
    paths = [plan.mask_file(job.look.date) for job in (pair.first, pair.second)]
    quiet = marked = 0
    for k, packed in stream("comparing dates with each other", tasks):
        # Of what differs from the reference on both dates nobody knows whether it changed again in between.
        first, second = (read_window(path, windows[k]) for path in paths)
        counts = quiet_counts(first, second, unpack(packed, windows[k].shape))
        quiet, marked = quiet + counts[0], marked + counts[1]
    return _share(quiet, marked)


def _share(quiet: int, marked: int) -> float | None:
    return marked / quiet if quiet >= LEAST_PIXELS else None


def _marks(
    pair: _Pair, window: Window, models: tuple[DateModel, DateModel], change: ChangeModel, least_px: int
) -> bytes:
    """A tile's marks between two dates, packed, cleaned cell by cell so that they do not depend on the tile."""
    score = scores_between((pair.first, pair.second), pair.between, window, models, change)
    marks = raw_mask(score, change.threshold)
    for cell in tiles(window.shape, LATTICE_PX):
        marks[cell.slices] = drop_small_components(np.ascontiguousarray(marks[cell.slices]), least_px)
    return pack(marks)
