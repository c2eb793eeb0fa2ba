"""Evidence of change in coarse pixels, from what the site's own fields look like through the year.

Fields are sown, green, ripe, cut and ploughed, each in its own month, so a pair of looks shows change wherever two
crops differ. Two things tell it from ground that was built on. What is built on does not grow back: ground that is
green on a look was not built on before it. And all that such ground showed before it was green again is what fields
look like when they are bare. So these colours, of all fields and looks, make a table of densities, and ground that lost
its plants is changed as far as its colours are none of them: gravel, concrete, roofs and most subsoil are none, stubble
and ploughed soil are. Ground that never bore plants is compared with the reference, as long as not both looks have the
colours of fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats, Ints, Singles
from changedet.kernels.morphology import eroded, square

STATE_NAMES: Final = ("ndvi", "red to blue", "brightness")
"""Figures of a pixel's state: the last two in e-folds."""
STATES: Final = len(STATE_NAMES)
GREEN: Final = 0.4
"""NDVI from which plants cover a pixel. Bare soil, stubble and paving have up to .3, growing crops .6 and more."""
RIPE: Final = 0.3
"""NDVI from which dry plants may still stand: no ground that was built on."""
WET: Final = -0.1
"""NDVI below which ground lies under water: lakes, rivers and muddy sea have -.2 to -.5, wet mud, paving and snow -.05
and more."""
STEP: Final = 0.08
"""Side of a cell of the table, NDVI times two and e-folds: about what noise and light do to a pixel."""
NDVI_STEPS: Final = 0.04
LOW: Final = (-0.24, -0.8, -9.3)
CELLS: Final = (16, 28, 256)
"""Where the table begins, and its cells along each figure; brightness from 1e-4 to 65,535, whatever the unit."""
SMOOTHED: Final = 1.0
"""Deviation of the Gaussian over the table, cells."""
NEW_DENSITY: Final = 1.0 / 10_000.0
"""Of what is built, for a cell: any state of a range of .64 by 1.6 by 2.5, all alike."""
LEAST_PIXELS: Final = 400
"""Of fields' states: with fewer the table says nothing."""
MOST_AGAINST, MOST_FOR = -3.0, 2.5
"""Log odds that a look's colours give at most."""
TINY: Final = 1e-6
"""Least value that a logarithm is taken of."""
SOIL: Final = 0.5
"""Share of new ground, stripped and not yet paved, that has the colours of fields."""
SPELL_DAYS: Final = 15.0
SPELL_BINS: Final = 60
"""Days in a bin of how long ground stays bare, and bins: two years and a half."""
LEAST_SPELLS: Final = 30
"""Pixels from which such a share is taken."""
MOST_HAZARD: Final = 0.8
"""Share of fields that turn green by the next look, at most: some are sown late."""
FLOOR: Final = 0.03
"""Share of `NEW_DENSITY` that the density of fields' states is at least taken for."""


def ground_state(image: Singles, red: int, nir: int, blue: int) -> Singles:
    """What a look shows of the ground.

    Parameters
    ----------
    image : float32 (band, y, x)
        NaN where not valid.
    red, nir, blue : int
        Where these bands lie; green or red for blue where there is none.

    Returns
    -------
    float32 (3, y, x)
        NDVI, ln(red / blue) and ln of the brightness; NaN where not valid.
    """
    r, n, b = (np.maximum(image[band], np.float32(TINY)) for band in (red, nir, blue))
    valid = np.isfinite(image).all(axis=0)
    state = np.stack([(n - r) / (n + r), np.log(r / b), np.log((r + n + b) / 3)])
    return np.where(valid, state, np.float32(np.nan)).astype(np.float32)


def grows(ndvi: Singles) -> tuple[Bools, Bools, Bools]:
    """Where plants stand on a look, and on others.

    Parameters
    ----------
    ndvi : float32 (1 + date, y, x)
        Of the reference and of each later date; NaN where not seen.

    Returns
    -------
    green, after, before : bool (1 + date, y, x)
        Whether plants, dry ones too, stand on the look itself; whether they are green on a later one; on an earlier.
    """
    with np.errstate(invalid="ignore"):
        green = ndvi >= GREEN
        standing = ndvi >= RIPE
    after = np.zeros_like(green)
    before = np.zeros_like(green)
    for k in range(len(green) - 2, -1, -1):
        after[k] = after[k + 1] | green[k + 1]
    for k in range(1, len(green)):
        before[k] = before[k - 1] | green[k - 1]
    return standing, after, before


def comes_back(ndvi: Singles) -> Bools:
    """Where water came over ground, or left it, and a later look shows it as the reference does: tide and floods.

    Parameters
    ----------
    ndvi : float32 (1 + date, y, x)
        Of the reference and of each later date; NaN where not seen.

    Returns
    -------
    bool (1 + date, y, x)
        False on the reference.
    """
    with np.errstate(invalid="ignore"):
        wet, dry = ndvi < WET, ndvi >= WET
    later = np.zeros((2, *ndvi.shape[1:]), np.bool_)
    found = np.zeros(ndvi.shape, np.bool_)
    for k in range(len(ndvi) - 1, 0, -1):
        found[k] = (wet[0] & dry[k] & later[0]) | (dry[0] & wet[k] & later[1])
        later |= np.stack([wet[k], dry[k]])
    return found


def bare_days(ndvi: Singles, days: Sequence[int]) -> Singles:
    """For how long ground has been seen bare.

    Parameters
    ----------
    ndvi : float32 (1 + date, y, x)
        Of the reference and of each later date; NaN where not seen.
    days : sequence of int
        Of each of these, counted from any day.

    Returns
    -------
    float32 (1 + date, y, x)
        Days since the first look in a row that shows it bare; -1 where plants stand, NaN where nothing is seen.
    """
    since = np.full(ndvi.shape[1:], np.nan, np.float32)
    found = np.full(ndvi.shape, np.nan, np.float32)
    for k, own in enumerate(ndvi):
        with np.errstate(invalid="ignore"):
            bare, green = own < GREEN, own >= GREEN
        since[green] = np.nan
        since[bare & ~np.isfinite(since)] = days[k]
        found[k][bare] = (days[k] - since)[bare]
        found[k][green] = -1
    return found


def count_spells(ndvi: Singles, days: Sequence[int]) -> Ints:
    """Count how long fields stay bare.

    Parameters
    ----------
    ndvi : float32 (1 + date, y, x)
    days : sequence of int

    Returns
    -------
    int64 (2, bin)
        By days of `SPELL_DAYS`: looks that show ground bare for so long that was green before, as far as a further look
        shows it; those of them after which it is green.
    """
    bare = bare_days(ndvi, days)
    counts = np.zeros((2, SPELL_BINS), np.int64)
    was_green = np.zeros(ndvi.shape[1:], np.bool_)
    pending = np.full(ndvi.shape[1:], -1, np.int64)
    for own in bare:
        ended, goes_on = (own == -1) & (pending >= 0), (own >= 0) & (pending >= 0)
        np.add.at(counts[0], pending[ended | goes_on], 1)
        np.add.at(counts[1], pending[ended], 1)
        was_green |= own == -1
        pending[own == -1] = -1
        now = (own >= 0) & was_green
        pending[now] = np.clip(own[now] / SPELL_DAYS, 0, SPELL_BINS - 1).astype(np.int64)
    return counts


def growth_hazard(counts: Ints) -> Floats:
    """Share of fields that are green on the next look, by how long they have been bare.

    Parameters
    ----------
    counts : int64 (2, bin)
        Of `count_spells`, of the whole site.

    Returns
    -------
    float64 (bin,)
        0 to 1, 0 where nothing is known.
    """
    seen, ended = counts
    return np.asarray(np.where(seen >= LEAST_SPELLS, ended / np.maximum(seen, 1), 0.0), np.float64)


def count_states(states: Singles) -> Ints:
    """Count what fields look like when they are bare.

    Parameters
    ----------
    states : float32 (1 + date, 3, y, x)
        Of the reference and of each later date, as of `ground_state`.

    Returns
    -------
    int64 (cell, cell, cell)
        Pixels of each state, of ground that is green on a later look, and around which all is.
    """
    _, after, _ = grows(states[:, 0])
    counts = np.zeros(CELLS, np.int64)
    for k, state in enumerate(states):
        inner = eroded(after[k], square(3))
        chosen = inner & np.isfinite(state[0]) & (state[0] < GREEN)
        np.add.at(counts, _cells(state[:, chosen]), 1)
    return counts


def table_of(counts: Ints) -> Singles | None:
    """Log odds that ground of a state was built on.

    Parameters
    ----------
    counts : int64 (cell, cell, cell)
        Of `count_states`, of the whole site.

    Returns
    -------
    float32 (cell, cell, cell) or None
        None where there are too few to tell.
    """
    # Imported here, as only series in coarse pixels need it.
    from scipy import ndimage

    total = int(counts.sum())
    if total < LEAST_PIXELS:
        return None
    density = ndimage.gaussian_filter(counts.astype(np.float64), SMOOTHED, mode="constant") / total
    # What is stripped shows soil: its colour is half as likely as that of fields, and what is built has any.
    odds = np.log(SOIL + (1.0 - SOIL) * NEW_DENSITY / (density + FLOOR * NEW_DENSITY))
    return np.asarray(np.clip(odds, MOST_AGAINST, MOST_FOR), np.float32)


class OtherSigns(NamedTuple):
    """Signs of change beside a pixel's own colours, log odds.

    Attributes
    ----------
    left : float32 (1 + date, y, x)
        As of `left_behind.left_behind`.
    other : float32 (date, y, x)
        That ground which never bears plants is another, as of `other_ground.other_ground`.
    """

    left: Singles
    other: Singles


def season_odds(
    states: Singles,
    own: Singles,
    told: OtherSigns,
    days: Sequence[int],
    table: Singles | None,
    hazard: Floats,
) -> Singles:
    """Log odds of change on each date.

    Parameters
    ----------
    states : float32 (1 + date, 3, y, x)
        Of the reference and of each later date.
    own : float32 (date, y, x)
        Log odds of the pair of each date and the reference; NaN where not seen.
    told : OtherSigns
        What other ground and other looks say.
    days : sequence of int
        Of the reference and each date, counted from any day.
    table : float32 (cell, cell, cell) or None
        Of `table_of`; without one, colours tell nothing.
    hazard : float64 (bin,)
        Of `growth_hazard`.

    Returns
    -------
    float32 (date, y, x)
        NaN where `own` is.
    """
    stays = -np.log(1.0 - np.minimum(hazard, MOST_HAZARD))
    spells = bare_days(states[:, 0], days)
    waited = np.full(own.shape[1:], -1, np.int64)
    standing, after, before = grows(states[:, 0])
    unchanged = standing | after | comes_back(states[:, 0])
    found = np.empty_like(own)
    first = _colour_odds(states[0], table)
    for k in range(1, len(states)):
        was_planted = before[k] | standing[0]
        still = np.where(waited >= 0, stays[np.maximum(waited, 0)], 0.0) * (spells[k] >= 0)
        odds = _colour_odds(states[k], table)
        colours = odds + still + told.left[k]
        never = own[k - 1] if table is None else np.minimum(own[k - 1], np.maximum(odds, first))
        grown = np.where(was_planted, colours, np.maximum(never, told.other[k - 1]))
        grown = np.where(unchanged[k], MOST_AGAINST, grown)
        found[k - 1] = np.where(np.isfinite(own[k - 1]), grown, np.nan)
        known = spells[k] >= 0
        waited[spells[k] == -1] = -1
        waited[known] = np.clip(spells[k][known] / SPELL_DAYS, 0, SPELL_BINS - 1).astype(np.int64)
    return _confirmed(found)


def _colour_odds(state: Singles, table: Singles | None) -> Singles | Floats:
    """Log odds that ground (y, x) in the colours of a state (3, y, x) was built on; 0 where it is not seen."""
    if table is None:
        return np.full(state.shape[1:], np.log(SOIL))
    return np.where(np.isfinite(state[0]), table[_cells(state)], np.float32(0))


def _confirmed(odds: Singles) -> Singles:
    """What came between the last two looks of a pixel waits for a further one; in place."""
    last = np.full(odds.shape[1:], np.nan, np.float32)
    for k, own in enumerate(odds):
        seen = np.isfinite(own)
        is_last = seen & ~np.isfinite(odds[k + 1 :]).any(axis=0)
        before, last = last, np.where(seen, own, last)
        own[is_last] = np.minimum(own, np.where(np.isfinite(before), before, MOST_AGAINST))[is_last]
    return odds


def _cells(state: Singles) -> tuple[Ints, Ints, Ints]:
    """The table's cells of states (3, ..)."""
    steps: Floats = np.array([NDVI_STEPS, STEP, STEP])
    found = [
        np.clip(np.nan_to_num((state[k] - LOW[k]) / steps[k]), 0, CELLS[k] - 1).astype(np.int64) for k in range(STATES)
    ]
    return found[0], found[1], found[2]
