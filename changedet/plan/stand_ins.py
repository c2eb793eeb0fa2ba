"""Looks that are read as grey pictures, by their headers or by what they show, or with green for blue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import partial
from typing import Final

from changedet.errors import InputError
from changedet.grid import Grid
from changedet.imagery.look import Look
from changedet.imagery.stand_ins import (
    among_colours,
    in_grey,
    is_grey,
    is_panchromatic,
    may_be_grey,
    shows_grey,
    with_blue,
)
from changedet.kernels.together import each
from changedet.outputs.sentences.words import named_dates
from changedet.stages.change.method import TAUGHT_M, TREES_M

LOST: Final = "plants, soil and the colours of boxes are not told apart in them, so that less of what changed is marked"
LEAST_COLOURED: Final = 2
"""Looks in colours, and no fewer than grey ones, from which on they are compared with each other in colours."""


def with_stand_ins(looks: Sequence[Look], grid: Grid, before: dt.date | None, warnings: list[str]) -> tuple[Look, ...]:
    """Looks as they are read where some are panchromatic, or have no blue.

    Parameters
    ----------
    looks : sequence of Look
        As opened.
    grid : Grid
    before : date or None
        The reference date that the workflow names.
    warnings : list of str
        Gets one where a band stands for others.

    Returns
    -------
    tuple of Look
        Where some are panchromatic and all may be grey: these among the others' colours, or all in grey, as of
        `grey_by_pixels`; with green for blue where one has no blue and all have the bands of colour infrared; else as
        they are.
    """
    shown = _with_grey(looks, grid, [is_panchromatic(look) for look in looks], before, warnings)
    if are_grey(shown) or not _is_within(TREES_M, grid):
        return shown
    lacking = [look.date for look in looks if "blue" not in look.roles]
    coloured = with_blue(shown)
    if coloured != shown:
        warnings.append(f"{named_dates(lacking)}: no blue band, so on all looks green is read in its place")
    return coloured


def grey_by_pixels(looks: Sequence[Look], grid: Grid, before: dt.date | None, warnings: list[str]) -> tuple[Look, ...]:
    """Looks as they are read where some show grey in three bands, as old pictures of virtual globes do.

    Parameters
    ----------
    looks : sequence of Look
        Of a plan.
    grid : Grid
    before : date or None
        The reference date that the workflow names.
    warnings : list of str
        Gets one where looks are read as grey pictures.

    Returns
    -------
    tuple of Look
        Where some show grey and all may be grey: with one band for all that the looks in colours share, where these
        are `LEAST_COLOURED` and no fewer, and the reference is not to be a grey one; else all in grey. As they are
        where none shows grey.
    """
    shown = each(partial(_shows_grey, grid), looks)
    if not any(shown):
        return tuple(looks)
    known = [own or is_grey(look) for look, own in zip(looks, shown, strict=True)]
    return _with_grey(looks, grid, known, before, warnings)


def _shows_grey(grid: Grid, look: Look) -> bool:
    try:
        return shows_grey(look, grid)
    except InputError:
        # who reads it next says what is wrong with it
        return False


def _is_within(pixels_m: tuple[float, float], grid: Grid) -> bool:
    return pixels_m[0] <= grid.ground_resolution_m <= pixels_m[1]


def _with_grey(
    looks: Sequence[Look], grid: Grid, grey: Sequence[bool], before: dt.date | None, warnings: list[str]
) -> tuple[Look, ...]:
    if not (_is_within(TAUGHT_M, grid) and any(grey) and all(may_be_grey(look) for look in looks)):
        return tuple(looks)
    days = [look.date for look, own in zip(looks, grey, strict=True) if own]
    coloured = [look.date for look, own in zip(looks, grey, strict=True) if not own]
    if not coloured:
        warnings.append(f"panchromatic scenes are read as grey pictures: {LOST} than in colours")
    elif len(coloured) >= max(len(days), LEAST_COLOURED) and before not in days:
        warnings.append(_said_of_few(days, coloured, before))
        return among_colours(looks, grey)
    else:
        them, are = ("it", "is a grey picture") if len(days) == 1 else ("them", "are grey pictures")
        warnings.append(
            f"{named_dates(days)} {are}, so all looks are compared in grey, those in colours by their green band: "
            f"{LOST}; leave {them} out to compare the others in colours"
        )
    return in_grey(looks)


def _said_of_few(days: Sequence[dt.date], coloured: Sequence[dt.date], before: dt.date | None) -> str:
    since = f", and change is told since {coloured[0]}" if before is None and days[0] < coloured[0] else ""
    are, on, own, one = (
        ("is a grey picture", "it", "its", "it")
        if len(days) == 1
        else ("are grey pictures", "them", "their", "the first of them")
    )
    return (
        f"{named_dates(days)} {are} and the others have colours: boxes are counted on {on}, but clouds are not looked "
        f"for and {own} ground is not compared{since}; name {one} as 'before' to compare all in grey"
    )


def are_grey(looks: Sequence[Look]) -> bool:
    """Whether all looks are read as grey pictures.

    Parameters
    ----------
    looks : sequence of Look

    Returns
    -------
    bool
        False where one has colours.
    """
    return all(is_grey(look) for look in looks)
