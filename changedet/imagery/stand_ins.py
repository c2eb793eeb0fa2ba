"""Bands that stand for others, so that what was taught on colours can be shown scenes without them.

The band of a panchromatic scene, and the green of looks that are compared with one, stands for blue, green and red;
beside looks in colours that are compared with each other, for all bands that these share. Where near infrared, red and
green are there and no blue, as in colour infrared, green stands for blue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from changedet.arrays import Singles
from changedet.blocks import Window
from changedet.grid import Grid
from changedet.imagery.bands import in_order
from changedet.imagery.grouping import shared_roles
from changedet.imagery.look import Look
from changedet.imagery.scene import Scene

COLOURS: Final = ("blue", "green", "red")
"""Roles that the band stands for, in the contract's order."""
SINGLE: Final = (("pan",), ("band1",))
"""Roles of scenes of one band: named, or as nothing says what it is."""
PICTURE_DTYPES: Final = frozenset({"uint8", "uint16"})
"""Data types in which panchromatic scenes are sold and grey pictures are kept. A band that nothing names in another may
be radar, an index or a height, which no look in colours can be compared with."""
INFRARED: Final = frozenset({"green", "red", "nir"})
"""Bands of colour infrared."""
LIKE_PAN: Final = "green"
"""Of a scene in colours, the band that is compared with a panchromatic one: the middle of what that sees."""
LOOKED_AT_PX: Final = 256
"""Side of the windows by which a picture is known to be grey: a block of most files."""
MOST_CHROMA: Final = 0.01
"""Share of a grey picture's range by which its bands may differ: two steps of 200, as JPEG rounds."""
GREY_SHARE: Final = 0.995
"""Least share of its pixels of which that is true: a thing of one colour may be drawn onto it."""
RANGE_PER_CENT: Final = (1.0, 99.0)
"""Per cent of the pixels between which a picture's range lies."""


def is_panchromatic(look: Look) -> bool:
    """Whether all scenes of a look have one band, by their headers.

    Parameters
    ----------
    look : Look
        As opened.

    Returns
    -------
    bool
        True also of one band of which nothing says what it is, where its numbers are a picture's (`PICTURE_DTYPES`).
    """
    return all(map(_is_single, look.scenes))


def may_be_grey(look: Look) -> bool:
    """Whether a look can be read as a grey picture.

    Parameters
    ----------
    look : Look
        As opened.

    Returns
    -------
    bool
        False of radar, and where neither one band nor `LIKE_PAN` is there.
    """
    return all(_is_single(scene) or LIKE_PAN in scene.bands for scene in look.scenes)


def in_grey(looks: Sequence[Look]) -> tuple[Look, ...]:
    """Looks whose one band, or `LIKE_PAN`, stands for blue, green and red.

    Parameters
    ----------
    looks : sequence of Look
        Each one may be grey.

    Returns
    -------
    tuple of Look
        In the same order.
    """
    return tuple(replace(look, scenes=tuple(_grey(scene) for scene in look.scenes)) for look in looks)


def among_colours(looks: Sequence[Look], grey: Sequence[bool]) -> tuple[Look, ...]:
    """Looks of which the grey ones have one band for all that those in colours share.

    Parameters
    ----------
    looks : sequence of Look
        Each grey one may be grey.
    grey : sequence of bool
        Which of them are grey pictures; not all.

    Returns
    -------
    tuple of Look
        In the same order.
    """
    shared = in_order(shared_roles([look for look, own in zip(looks, grey, strict=True) if not own]))
    return tuple(
        replace(look, scenes=tuple(_grey(scene, shared) for scene in look.scenes)) if own else look
        for look, own in zip(looks, grey, strict=True)
    )


def with_blue(looks: Sequence[Look]) -> tuple[Look, ...]:
    """Looks whose green stands for blue where one of them has none, and all have what colour infrared has.

    Parameters
    ----------
    looks : sequence of Look
        Of all dates.

    Returns
    -------
    tuple of Look
        The same where all have blue, or one lacks another of these bands.
    """
    scenes = [scene for look in looks for scene in look.scenes]
    if all("blue" in scene.bands for scene in scenes) or not all(scene.bands.keys() >= INFRARED for scene in scenes):
        return tuple(looks)
    return tuple(replace(look, scenes=tuple(map(_with_blue, look.scenes))) for look in looks)


def is_grey(look: Look) -> bool:
    """Whether one band of a look stands for several roles, see `in_grey`.

    Parameters
    ----------
    look : Look

    Returns
    -------
    bool
        False for scenes of one band as they are opened.
    """
    return all(len(scene.bands) > 1 and len(set(scene.bands.values())) == 1 for scene in look.scenes)


def is_grey_among(look: Look, others: Sequence[Look]) -> bool:
    """Whether a look is read as a grey picture and others are in colours, with which its ground cannot be compared.

    Parameters
    ----------
    look : Look
    others : sequence of Look
        Of the same plan; it may be one of them.

    Returns
    -------
    bool
        False where all are grey.
    """
    return is_grey(look) and not all(map(is_grey, others))


def shows_grey(look: Look, grid: Grid) -> bool:
    """Whether the three bands of a look show one and the same, by a window in the middle and four around it.

    Parameters
    ----------
    look : Look
        With blue, green and red and nothing else; others are in colours.
    grid : Grid

    Returns
    -------
    bool
        False too where none of the windows shows anything, or all are of one value.
    """
    if look.roles != COLOURS or is_grey(look):
        return False
    pixels = seen_in_windows(look, grid, COLOURS)
    if not pixels.size:
        return False
    low, high = np.percentile(pixels, RANGE_PER_CENT)
    chroma = pixels.max(axis=0) - pixels.min(axis=0)
    return bool(high > low and (chroma <= MOST_CHROMA * (high - low)).mean() >= GREY_SHARE)


def seen_in_windows(look: Look, grid: Grid, roles: Sequence[str]) -> Singles:
    """Pixels of a window in the middle and of four around it.

    Parameters
    ----------
    look : Look
    grid : Grid
    roles : sequence of str
        Of the look.

    Returns
    -------
    float32 (band, pixel)
        Those that have data in all bands.
    """
    images = (look.read(grid, window, tuple(roles))[0] for window in _windows(grid))
    return np.concatenate([image[:, np.isfinite(image).all(axis=0)] for image in images], axis=1)


def _is_single(scene: Scene) -> bool:
    return scene.roles == SINGLE[0] or (scene.roles == SINGLE[1] and scene.dtype in PICTURE_DTYPES)


def _grey(scene: Scene, roles: Sequence[str] = COLOURS) -> Scene:
    source = scene.bands[LIKE_PAN] if LIKE_PAN in scene.bands else next(iter(scene.bands.values()))
    return replace(scene, bands=dict.fromkeys(roles, source))


def _windows(grid: Grid) -> list[Window]:
    height, width = grid.shape
    high, wide = min(LOOKED_AT_PX, height), min(LOOKED_AT_PX, width)
    places = [(1 / 2, 1 / 2), *((y, x) for y in (1 / 4, 3 / 4) for x in (1 / 4, 3 / 4))]
    return [Window(int((height - high) * y), int((width - wide) * x), high, wide) for y, x in places]


def _with_blue(scene: Scene) -> Scene:
    bands = {**scene.bands, "blue": scene.bands["green"]}
    return replace(scene, bands={role: bands[role] for role in in_order(list(bands))})
