"""Scores of series in coarse pixels, from what the site's own fields look like through the year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Ints, Singles
from changedet.blocks import Task, Window
from changedet.outputs.rasters.reading import read_bands, read_window
from changedet.pipeline.scheduling import Stream
from changedet.pipeline.series_job import Seasons, SeriesJob
from changedet.pipeline.tile_scores import inner
from changedet.stages.change.kernels.compact_marks import compact_halo_px, compact_marks
from changedet.stages.change.kernels.left_behind import left_behind, left_halo_px
from changedet.stages.change.kernels.other_ground import (
    MAY_DIFFER,
    dry_ground,
    joined_ground,
    joined_halo_px,
    other_ground,
    other_halo_px,
    other_odds,
    suns_alike,
)
from changedet.stages.change.kernels.season_colours import (
    CELLS,
    SPELL_BINS,
    STATES,
    OtherSigns,
    count_spells,
    count_states,
    growth_hazard,
    season_odds,
    table_of,
)
from changedet.stages.change.kernels.season_light import (
    bare_odds,
    count_differences,
    lights_of,
    never_green,
    put_in_one_light,
)
from changedet.stages.change.kernels.series_hmm import SCORE_GAIN, series_change_probability

POSSIBLE: Final = 0.15
"""Probability that is given at least to ground which may be another: above `faint_change.SEASON_FAINT`, so that bounds
allow for it, and unmarked."""
FIRST: Final = 4
"""Bands of a date's contrast before the states of the reference and of the date."""


class SeasonTile(NamedTuple):
    """What a tile shows of the site's fields.

    Attributes
    ----------
    cells, numbers : int64 (n,)
        Which cells of the table are not empty, and how many pixels each has.
    spells : int64 (2, bin)
        As of `season_colours.count_spells`.
    """

    cells: Ints
    numbers: Ints
    spells: Ints


def with_seasons(
    job: SeriesJob, reference_day: int, gsd_m: float, windows: Sequence[Window], stream: Stream
) -> SeriesJob:
    """Learn what the site's fields look like through the year.

    Parameters
    ----------
    job : SeriesJob
        Its dates come after the reference, and tell what they show of plants and soil.
    reference_day : int
        Counted as the job's days are.
    gsd_m : float
        Of the coarsest scene.
    windows : sequence of Window
        The tiles on the grid.
    stream : callable
        As of `Session.stream`.

    Returns
    -------
    SeriesJob
        With its seasons.
    """
    tasks: list[Task] = [(_differences, (job, window)) for window in windows]
    differences = np.asarray(sum(found for _, found in stream("learning the light", tasks)))
    days = (reference_day, *job.days)
    reach_px = max(1, round(gsd_m / job.grid.ground_resolution_m))
    known = Seasons(days, lights_of(*differences), None, np.zeros(SPELL_BINS), reach_px)
    tasks = [(season_tile, (replace(job, seasons=known), window)) for window in windows]
    counts, spells = np.zeros(CELLS, np.int64), np.zeros((2, SPELL_BINS), np.int64)
    for _, tile in stream("learning the seasons", tasks):
        counts.reshape(-1)[tile.cells] += tile.numbers
        spells += tile.spells
    return replace(job, seasons=known._replace(table=table_of(counts), hazard=growth_hazard(spells)))


def season_tile(job: SeriesJob, window: Window) -> SeasonTile:
    """Count what a tile shows of the site's fields.

    Parameters
    ----------
    job : SeriesJob
        With what is known of the light.
    window : Window
        The tile on the grid.

    Returns
    -------
    SeasonTile
        Its counts.
    """
    seasons = _known(job)
    states = put_in_one_light(states_of_dates(job, window), seasons.lights)
    counts = count_states(states).reshape(-1)
    cells = np.flatnonzero(counts)
    return SeasonTile(cells, counts[cells], count_spells(states[:, 0], seasons.days))


def season_probabilities(job: SeriesJob, window: Window, marked_above: float) -> Singles:
    """Probabilities of change in a tile, from its seasons.

    Parameters
    ----------
    job : SeriesJob
        With its seasons.
    window : Window
        On the grid; may reach beyond it.
    marked_above : float
        Probabilities above it are marked.

    Returns
    -------
    float32 (date, y, x)
        NaN is not observed.
    """
    reach = _known(job).reach_px
    halo = compact_halo_px(reach)
    signs = _signs(job, window.grown(halo))
    # One look more that says nothing: no look of theirs is the last, which would be taken by itself.
    asked = np.exp(np.concatenate([signs.odds, np.zeros_like(signs.odds[:1])]) / SCORE_GAIN).astype(np.float32)
    found = series_change_probability(asked, np.ones(len(asked)), False, np.ones(len(asked)))[:-1]
    with np.errstate(invalid="ignore"):
        found[signs.may_differ & (found < POSSIBLE)] = POSSIBLE
    return compact_marks(found, marked_above, reach)


class _Signs(NamedTuple):
    """Log odds of change (date, y, x), and where ground without plants may be another."""

    odds: Singles
    may_differ: Bools


def _signs(job: SeriesJob, window: Window) -> _Signs:
    """What a window shows that may reach beyond the grid."""
    seasons, ground_m = _known(job), job.grid.ground_resolution_m
    reach = seasons.reach_px
    halo = left_halo_px(ground_m, reach)
    # Many dates with a wide halo: no second copy of their states is held, and what is not needed any more is let go.
    states = states_of_dates(job, window.grown(halo))
    lot = other_halo_px(ground_m) + joined_halo_px(ground_m)
    apart = other_ground(_near(states, halo - lot), seasons.lights.land.shift, ground_m, suns_alike(seasons.days))
    apart = joined_ground(apart, ground_m)
    states = put_in_one_light(states, seasons.lights)
    left = left_behind(states, ground_m, reach)
    states = np.ascontiguousarray(_near(states, halo - reach))
    own = bare_odds(states, seasons.lights, SCORE_GAIN, reach)[(slice(None), *inner(reach))]
    for path, odds_of_date in zip(job.scores, own, strict=True):
        odds_of_date[~np.isfinite(read_window(path, window))] = np.nan
    told = OtherSigns(left, other_odds(apart, SCORE_GAIN))
    odds = season_odds(_near(states, reach), own, told, seasons.days, seasons.table, seasons.hazard)
    return _Signs(odds, (apart >= MAY_DIFFER) & np.isfinite(odds))


def _near(states: Singles, spare: int) -> Singles:
    return states[(slice(None), slice(None), *inner(spare))]


def states_of_dates(job: SeriesJob, window: Window) -> Singles:
    """What the reference and each date show of plants and soil.

    Parameters
    ----------
    job : SeriesJob
    window : Window
        On the grid; may reach beyond it.

    Returns
    -------
    float32 (1 + date, 3, y, x)
        NaN where not seen; the reference where any date is compared with it.
    """
    found = np.full((1 + len(job.contrasts), STATES, *window.shape), np.nan, np.float32)
    for k, path in enumerate(job.contrasts, 1):
        both = read_bands(path, window, from_band=FIRST)
        found[0] = np.where(np.isfinite(found[0]), found[0], both[:STATES])
        found[k] = both[STATES:]
    return found


def _differences(job: SeriesJob, window: Window) -> Ints:
    """Of ground without plants, and of what of it is dry (2, date, 3, bin)."""
    states = states_of_dates(job, window)
    return np.stack([count_differences(states, where) for where in (never_green(states), dry_ground(states))])


def _known(job: SeriesJob) -> Seasons:
    if job.seasons is None:
        raise ValueError("no seasons are known")
    return job.seasons
