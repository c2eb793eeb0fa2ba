"""Looks whose stored values hold more than reflectance, which nothing says: known by their pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from changedet.errors import InputError
from changedet.grid import Grid
from changedet.imagery.kernels.added_level import ADDED, Level, level_of
from changedet.imagery.look import Look
from changedet.imagery.scene import BandSource, Scene
from changedet.imagery.stand_ins import seen_in_windows
from changedet.kernels.together import each
from changedet.outputs.sentences.words import named_dates

SENTINEL_M: Final = (8.0, 65.0)
"""Pixels of Sentinel-2 products, and of what is made of them, on the ground."""
STORED: Final = "uint16"
"""Type of theirs."""
LEAST_LOOKS, FEW_LOOKS = 2, 3
"""Looks of a series that must show it, as one may lie under thick haze; of so few and fewer one does."""


def from_zero(looks: Sequence[Look], grid: Grid, warnings: list[str]) -> tuple[Look, ...]:
    """Looks from whose values is taken what was added to them before they were stored.

    Parameters
    ----------
    looks : sequence of Look
        Of a plan.
    grid : Grid
    warnings : list of str
        Gets one where it is taken off.

    Returns
    -------
    tuple of Look
        As they are where their headers say how values are scaled, or too few looks show that something was
        added. A look that does not tell is read as the nearest that does.
    """
    if not all(map(_may_hold_more, looks)):
        return tuple(looks)
    levels = each(partial(_level, grid), looks)
    if levels.count(Level.ADDED) < (LEAST_LOOKS if len(looks) > FEW_LOOKS else 1):
        return tuple(looks)
    told = [k for k, level in enumerate(levels) if level is not Level.UNKNOWN]
    day = [look.date.toordinal() for look in looks]
    found, days = [], []
    for k, look in enumerate(looks):
        nearest = min(told, key=[abs(own - day[k]) for own in day].__getitem__)
        is_more = levels[nearest] is Level.ADDED
        days += [look.date] if is_more else []
        found.append(replace(look, scenes=tuple(map(_less, look.scenes))) if is_more else look)
    which = "all looks" if len(days) == len(looks) else named_dates(days)
    warnings.append(
        f"{which}: {ADDED:,.0f} is taken off all values, as Sentinel-2 is stored with so much added since January 2022 "
        "and the files do not say it"
    )
    return tuple(found)


def _may_hold_more(look: Look) -> bool:
    sources = [(scene, source) for scene in look.scenes for source in scene.bands.values()]
    bare = all((s.scale, s.offset, s.gain, s.bias) == (1.0, 0.0, 1.0, 0.0) for _, s in sources)
    stored = all(scene.rasters[s.path].bands[s.index - 1].dtype == STORED for scene, s in sources)
    return bare and stored and {"red", "nir"} <= set(look.roles) and SENTINEL_M[0] <= look.gsd_m <= SENTINEL_M[1]


def _level(grid: Grid, look: Look) -> Level:
    try:
        pixels = seen_in_windows(look, grid, look.roles)
    except InputError:
        # who reads it next says what is wrong with it
        return Level.UNKNOWN
    return level_of(pixels, look.roles.index("red"), look.roles.index("nir"))


def _less(scene: Scene) -> Scene:
    bands: dict[str, BandSource] = {role: replace(source, bias=-ADDED) for role, source in scene.bands.items()}
    return replace(scene, bands=bands)
