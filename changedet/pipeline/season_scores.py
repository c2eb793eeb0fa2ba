"""Scores of series in coarse pixels, from what the site's own fields look like through the year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Ints, Singles
from changedet.blocks import Task, Window
from changedet.outputs.rasters.reading import read_bands, read_window
from changedet.pipeline.scheduling import Stream
from changedet.pipeline.series_job import Seasons, SeriesJob
from changedet.stages.change.kernels.season_colours import (
    CELLS,
    SPELL_BINS,
    STATES,
    count_spells,
    count_states,
    growth_hazard,
    season_odds,
    table_of,
)
from changedet.stages.change.kernels.season_light import bare_odds, count_differences, in_one_light, light_of
from changedet.stages.change.kernels.series_hmm import SCORE_GAIN

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
    differences = sum(found for _, found in stream("learning the light", tasks))
    days = (reference_day, *job.days)
    reach_px = max(1, round(gsd_m / job.grid.ground_resolution_m))
    known = Seasons(days, light_of(np.asarray(differences)), None, np.zeros(SPELL_BINS), reach_px)
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
    states = in_one_light(states_of_dates(job, window), seasons.light)
    counts = count_states(states).reshape(-1)
    cells = np.flatnonzero(counts)
    return SeasonTile(cells, counts[cells], count_spells(states[:, 0], seasons.days))


def season_scores(job: SeriesJob, window: Window) -> Singles:
    """Scores of a tile from its seasons.

    Parameters
    ----------
    job : SeriesJob
        With its seasons.
    window : Window
        On the grid; may reach beyond it.

    Returns
    -------
    float32 (date, y, x)
        1 where change is as likely as not; NaN is not observed.
    """
    seasons = _known(job)
    seen = np.stack([np.isfinite(read_window(path, window)) for path in job.scores])
    reach = seasons.reach_px
    wide = in_one_light(states_of_dates(job, window.grown(reach)), seasons.light)
    core = slice(None), slice(reach, -reach), slice(reach, -reach)
    own = np.where(seen, bare_odds(wide, seasons.light, SCORE_GAIN, reach)[core], np.float32(np.nan))
    states = np.ascontiguousarray(wide[(slice(None), *core)])
    odds = season_odds(states, own, seasons.days, seasons.table, seasons.hazard)
    return np.asarray(np.exp(odds / SCORE_GAIN), np.float32)


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
    found = [read_bands(path, window)[FIRST:] for path in job.contrasts]
    reference = np.full((STATES, *window.shape), np.nan, np.float32)
    for both in found:
        reference = np.where(np.isfinite(reference), reference, both[:STATES])
    return np.stack([reference, *(both[STATES:] for both in found)]).astype(np.float32)


def _differences(job: SeriesJob, window: Window) -> Ints:
    return count_differences(states_of_dates(job, window))


def _known(job: SeriesJob) -> Seasons:
    if job.seasons is None:
        raise ValueError("no seasons are known")
    return job.seasons
