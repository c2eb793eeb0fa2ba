"""Looks that are compared as grey pictures: by their headers, or by what they show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from changedet.errors import InputError
from changedet.grid import Grid
from changedet.imagery.grey import in_grey, is_grey, is_panchromatic, may_be_grey, shows_grey
from changedet.imagery.look import Look
from changedet.outputs.sentences.words import named_dates
from changedet.stages.change.method import TREES_M

LOST: Final = "plants, soil and the colours of boxes are not told apart in them, so that less of what changed is marked"


def grey_by_headers(looks: Sequence[Look], grid: Grid, warnings: list[str]) -> tuple[Look, ...]:
    """Looks as they are read where some are panchromatic.

    Parameters
    ----------
    looks : sequence of Look
        As opened.
    grid : Grid
    warnings : list of str
        Gets one where looks are read as grey pictures.

    Returns
    -------
    tuple of Look
        All in grey where one is panchromatic and all may be; else as they are.
    """
    return _in_grey(looks, grid, [is_panchromatic(look) for look in looks], warnings)


def grey_by_pixels(looks: Sequence[Look], grid: Grid, warnings: list[str]) -> tuple[Look, ...]:
    """Looks as they are read where some show grey in three bands, as old pictures of virtual globes do.

    Parameters
    ----------
    looks : sequence of Look
        Of a plan.
    grid : Grid
    warnings : list of str
        Gets one where looks are read as grey pictures.

    Returns
    -------
    tuple of Look
        All in grey where one shows grey and all may be; else as they are.
    """
    return _in_grey(looks, grid, [_shows_grey(look, grid) for look in looks], warnings)


def _shows_grey(look: Look, grid: Grid) -> bool:
    try:
        return shows_grey(look, grid)
    except InputError:
        # who reads it next says what is wrong with it
        return False


def _in_grey(looks: Sequence[Look], grid: Grid, grey: Sequence[bool], warnings: list[str]) -> tuple[Look, ...]:
    is_fine = TREES_M[0] <= grid.ground_resolution_m <= TREES_M[1]
    if not (is_fine and any(grey) and all(may_be_grey(look) for look in looks)):
        return tuple(looks)
    if all(grey):
        warnings.append(f"panchromatic scenes are read as grey pictures: {LOST} than in colours")
    else:
        days = [look.date for look, own in zip(looks, grey, strict=True) if own]
        them, are = ("it", "is a grey picture") if len(days) == 1 else ("them", "are grey pictures")
        warnings.append(
            f"{named_dates(days)} {are}, so all looks are compared in grey, those in colours by their green band: "
            f"{LOST}; leave {them} out to compare the others in colours"
        )
    return in_grey(looks)


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
