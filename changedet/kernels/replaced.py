"""Replaced, or set on top: where one stretch of presence at a place is more than one box."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Stretches(NamedTuple):
    """Stretches of presence: ``place``, ``first`` and ``last`` date index (inclusive), each (n,), and ``below`` (n,),
    the stretch that this one stands on top of and hides, -1 for none."""

    place: Ints
    first: Ints
    last: Ints
    below: Ints


class Surfaces(NamedTuple):
    """What rows show of their boxes: date index, ``rgb`` (n, 3) with NaN for no colour, score, ``tiers`` with NaN for
    unknown."""

    date: Ints
    rgb: Floats
    score: Floats
    tiers: Floats


class Cut(NamedTuple):
    """A box that begins within a stretch: its first and last date index, and whether it stands on top of the earlier
    one."""

    first: int
    last: int
    on_top: bool


def split_stretches(
    stretches: Stretches, of_row: Ints, rows: Surfaces, mobile: Bools, confident: float, floor: float
) -> tuple[Stretches, Ints]:
    """Cut stretches where the box was replaced by one of another colour, or where another was set on top of it.

    Parameters
    ----------
    stretches : Stretches
        Of one box each, as far as presence tells.
    of_row : int64 (row,)
        The stretch of each row, -1 for none.
    rows : Surfaces
        In order of date within each stretch.
    mobile : bool (n,)
        Stretches at places where boxes come and go: one look of each colour is enough.
    confident : float
        Least score of a look whose colour counts.
    floor : float
        Least spread of colour, RGB units.

    Returns
    -------
    stretches : Stretches
        Those given, in their order, ended where they were replaced, then those that begin in a cut.
    of_row : int64 (row,)
    """
    count = len(stretches.place)
    rgb, spread = level_colors(rows, of_row, count, floor)
    usable = (of_row >= 0) & (rows.score >= confident) & np.isfinite(rgb).all(1)
    last, label = stretches.last.copy(), of_row.copy()
    added: list[tuple[int, int, int, int]] = []
    for k, mine in _suspects(rgb, rows.tiers, of_row, usable, count, spread):
        looks = mine[usable[mine]]
        cut = find_cut(rgb[looks], rows.tiers[looks], rows.date[looks], int(last[k]), spread, 1 if mobile[k] else 2)
        if cut is None:
            continue
        inside = (rows.date[mine] >= cut.first) & (rows.date[mine] <= cut.last)
        label[mine[inside]] = count + len(added)
        added.append((int(stretches.place[k]), cut.first, cut.last, k if cut.on_top else -1))
        if not cut.on_top:
            last[k] = cut.first - 1
    extra = np.array(added, np.int64).reshape(-1, 4).T
    columns = zip(stretches._replace(last=last), extra, strict=True)
    return Stretches(*(np.concatenate(pair) for pair in columns)), label


def level_colors(rows: Surfaces, of_row: Ints, count: int, floor: float) -> tuple[Floats, float]:
    """Colours (row, 3) less each date's common offset, and the spread of a look's colour about its box's own."""
    rgb = rows.rgb.copy()
    used = np.flatnonzero((of_row >= 0) & np.isfinite(rgb).all(1))
    if not len(used):
        return rgb, floor
    size = np.maximum(np.bincount(of_row[used], minlength=count), 1)
    residual = rgb[used] - _means(rgb[used], of_row[used], size)[of_row[used]]
    for t in np.unique(rows.date[used]):
        rgb[used[rows.date[used] == t]] -= np.median(residual[rows.date[used] == t], axis=0)
    residual = rgb[used] - _means(rgb[used], of_row[used], size)[of_row[used]]
    several = size[of_row[used]] > 2
    spread = 1.2 * float(np.median(np.linalg.norm(residual[several], axis=1))) if several.any() else floor
    return rgb, max(spread, floor)


def _means(values: Floats, group: Ints, size: Ints) -> Floats:
    return np.column_stack([np.bincount(group, column, len(size)) / size for column in values.T])


def _suspects(
    rgb: Floats, tiers: Floats, of_row: Ints, usable: Bools, count: int, spread: float
) -> list[tuple[int, Ints]]:
    """Stretches whose looks differ enough in colour or height to be worth a search, each with its rows."""
    rows = np.flatnonzero(usable)
    owner = of_row[rows]
    low, high = np.full((count, 4), np.inf), np.full((count, 4), -np.inf)
    values = np.column_stack([rgb[rows], tiers[rows]])
    np.minimum.at(low, owner, np.where(np.isfinite(values), values, np.inf))
    np.maximum.at(high, owner, np.where(np.isfinite(values), values, -np.inf))
    span = np.where(high >= low, high - low, 0.0)
    suspect = (np.linalg.norm(span[:, :3], axis=1) > 3 * spread) | ((span[:, 3] > 0) & (high[:, 3] >= 2))
    everything = np.flatnonzero(of_row >= 0)
    everything = everything[suspect[of_row[everything]]]
    order = everything[np.argsort(of_row[everything], kind="stable")]
    groups = np.split(order, np.flatnonzero(np.diff(of_row[order])) + 1) if len(order) else []
    return [(int(of_row[group[0]]), group) for group in groups]


def find_cut(rgb: Floats, tiers: Floats, date: Ints, last: int, spread: float, least: int) -> Cut | None:
    """The one box that begins within a stretch, or None; looks in order of date, parameters as in `split_stretches`."""
    begin, end = tier_rise(rgb, tiers, spread)
    if begin:
        return Cut(int(date[begin]), int(date[end - 1]) if end < len(date) else last, True)
    # Tops of stacks change colour without anything leaving the ground, and lean: colour proves nothing there.
    if (tiers >= 2).any():
        return None
    begin = color_break(rgb, spread, least)
    return Cut(int(date[begin]), last, False) if begin else None


def tier_rise(rgb: Floats, tiers: Floats, spread: float) -> tuple[int, int]:
    """First look and end of looks (exclusive) at which a second box stands on the first; 0, 0 for none.

    The height must rise from one level, and the colour change with it, or both heights be seen twice: a single height
    read wrongly is no box.
    """
    high, flat = np.flatnonzero(tiers >= 2), np.flatnonzero(tiers == 1)
    if not len(high) or not len(flat) or flat[0] > high[0]:
        return 0, 0
    begin = int(high[0])
    after = flat[flat > begin]
    end = int(after[0]) if len(after) else len(tiers)
    gap = float(np.linalg.norm(rgb[:begin].mean(0) - rgb[begin:end].mean(0)))
    recoloured = gap > 4 * spread * np.sqrt(1 / begin + 1 / (end - begin))
    twice = min((tiers[:begin] == 1).sum(), (tiers[begin:end] >= 2).sum()) >= 2
    return (begin, end) if recoloured or twice else (0, 0)


def color_break(rgb: Floats, spread: float, least: int) -> int:
    """Where a run of looks changes colour for good: the index of the first look of the new colour, 0 for nowhere.

    Parameters
    ----------
    rgb : float64 (look, 3)
        Colours of the confident looks in order of date, none NaN.
    spread : float
        Spread of one look's colour about its box's own (RGB units, the norm over the channels).
    least : int
        Looks that either side needs.

    Notes
    -----
    The sides must differ by five standard errors of their difference and by three spreads, and all looks of one side
    must lie nearer to their own side's mean than to the other's.
    """
    best, where = 0.0, 0
    for k in range(least, len(rgb) - least + 1):
        left, right = rgb[:k].mean(0), rgb[k:].mean(0)
        gap = float(np.linalg.norm(left - right))
        error = spread * np.sqrt(1 / k + 1 / (len(rgb) - k))
        own = np.concatenate([np.linalg.norm(rgb[:k] - left, axis=1), np.linalg.norm(rgb[k:] - right, axis=1)])
        other = np.concatenate([np.linalg.norm(rgb[:k] - right, axis=1), np.linalg.norm(rgb[k:] - left, axis=1)])
        if gap > max(5 * error, 3 * spread) and bool((own < other).all()) and gap / error > best:
            best, where = gap / error, k
    return where
