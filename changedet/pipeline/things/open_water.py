"""Open water of a site without any zone: on single looks, and what of it lasts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from changedet.arrays import Bools, Singles
from changedet.pipeline.things.kernels.water import water, without_brown, without_plants

NEEDED: Final = frozenset({"green", "nir"})
"""Bands that distinguish water from smooth dark fields and aprons: without near infrared most of an airport passes
for it."""
COLOURS: Final = frozenset({"red", "blue"})
"""Bands that distinguish blue water from fields, less well: only what several looks show is taken for water."""


@dataclass(frozen=True)
class Seen:
    """What a date shows of the water, on the working grid.

    Attributes
    ----------
    wet : bool (y, x)
        Open water.
    shown : bool (y, x)
        False where there is no data and under cloud.
    """

    wet: Bools
    shown: Bools


def open_water(image: Singles, roles: Sequence[str], pixel_m: float) -> Bools:
    """Find open water anywhere in a picture.

    Parameters
    ----------
    image : float32 (band, y, x)
        NaN is no data.
    roles : sequence of str
        Of its bands.
    pixel_m : float

    Returns
    -------
    bool (y, x)
        False where nothing is shown, and everywhere without the bands of `NEEDED`.
    """
    if not set(roles) >= NEEDED:
        return np.zeros(image.shape[1:], bool)
    wet = water(image, pixel_m, None)
    return without_plants(wet, image[list(roles).index("green")], image[list(roles).index("nir")])


def blue_water(image: Singles, roles: Sequence[str], pixel_m: float) -> Bools:
    """Find what may be open water in a picture without near infrared.

    Parameters
    ----------
    image : float32 (band, y, x)
        NaN is no data.
    roles : sequence of str
        Of its bands, `COLOURS` among them.
    pixel_m : float

    Returns
    -------
    bool (y, x)
        Waters bluer than the ground; a shaded field may be one on a single look.
    """
    red, blue = (image[list(roles).index(role)] for role in ("red", "blue"))
    return without_brown(water(image, pixel_m, None), red, blue)


def lasting_water(looks: Iterable[Seen]) -> Bools:
    """Find where water lies on most looks: a smooth dark field is seldom one twice.

    Parameters
    ----------
    looks : iterable of Seen
        On one grid.

    Returns
    -------
    bool (y, x)
        Water on more than half of the looks that show it.
    """
    found, seen = np.zeros((1, 1), np.int32), np.zeros((1, 1), np.int32)
    for one in looks:
        found, seen = found + one.wet, seen + one.shown
    return np.asarray(2 * found > seen)
