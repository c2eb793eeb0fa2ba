"""How bright clouds and clipped white are in a picture's own units, where these can be known."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Singles
from changedet.kernels.quantiles import percentile

REFLECTANCE_FLOOR: Final = 0.22
"""No cloud worth masking is darker, in reflectance at the top of the atmosphere."""
PICTURE_FLOOR: Final = 150.0
"""The same of 8-bit pictures, which are stretched."""
PICTURE_CEILING: Final = 253.5
"""Clipped white of 8-bit pictures, a step or two below the greatest number for what compression takes."""
WIDE_STEP: Final = 257.0
"""Steps of 16 bits in one of 8: 65535 / 255."""
WIDE_PICTURE: Final = 0.85
"""Share of the range of 16 bits from which on a scene's bright end is that of a picture, stretched as those of 8 bits
are: reflectance in 1/10000 ends at .2 to .3 of it, counts of 11 to 14 bits at .25. Chosen by these; pictures have .9
and more."""
MOST_FRACTION: Final = 2.0
"""A scene in floating point whose bright end is higher holds no reflectance in fractions; clouds reach 1.3."""
PER_FRACTION: Final = 10_000
"""Whole numbers of reflectance are of its ten-thousandths, as products of surface reflectance are."""
WHOLE_RANGE: Final = (2_200, 20_000)
"""Between these lies the bright end of such numbers: counts of 11 bits end below, pictures in 16 bits above."""
BRIGHT_PERCENT: Final = 99.5
"""Percentile of a scene's brightness that stands for its bright end."""
WHITE_PERCENT: Final = 99.0
"""Percentile of each band that is taken for white: clouds where there are any, else roofs and concrete."""
MOST_BALANCE: Final = 2.0
"""Factor by which a band is scaled to white at most: counts of one sensor's bands differ by up to so much."""


class LightUnits(NamedTuple):
    """How bright a cloud and clipped white are in a picture's own units.

    Attributes
    ----------
    floor : float
        Nothing darker is a cloud, whatever the scene; 0 where the units are unknown.
    ceiling : float
        Clipped white of pictures; infinite where there is none.
    """

    floor: float
    ceiling: float

    @property
    def are_stretched(self) -> bool:
        """Whether they are a picture's, stretched up to clipped white."""
        return bool(np.isfinite(self.ceiling))

    @property
    def are_known(self) -> bool:
        """Whether anybody knows how bright a cloud is in them."""
        return self.are_stretched or self.floor > 0


UNKNOWN_UNITS: Final = LightUnits(0.0, float("inf"))
"""Of counts, and of what air's light was taken from."""


def light_units(visible: Singles, dtype: str) -> LightUnits:
    """Find the least brightness of a cloud, and clipped white.

    Parameters
    ----------
    visible : float32 (3, y, x)
        Blue, green and red; NaN for no data.
    dtype : str
        Of the scene as delivered.

    Returns
    -------
    LightUnits
        `REFLECTANCE_FLOOR` of fractions and of whole numbers of 1/10000, `PICTURE_FLOOR` of pictures.
    """
    kind = np.dtype(dtype)
    if kind == np.uint8:
        return LightUnits(PICTURE_FLOOR, PICTURE_CEILING)
    seen = _where(np.isfinite(visible), visible)
    if not seen.size:
        return UNKNOWN_UNITS
    high = percentile(seen, BRIGHT_PERCENT)
    if kind == np.uint16 and high > WIDE_PICTURE * np.iinfo(np.uint16).max:
        return LightUnits(PICTURE_FLOOR * WIDE_STEP, PICTURE_CEILING * WIDE_STEP)
    if not np.issubdtype(kind, np.integer):
        return LightUnits(REFLECTANCE_FLOOR, float("inf")) if high < MOST_FRACTION else UNKNOWN_UNITS
    known = WHOLE_RANGE[0] < high < WHOLE_RANGE[1]
    return LightUnits(PER_FRACTION * REFLECTANCE_FLOOR, float("inf")) if known else UNKNOWN_UNITS


def white_balanced(image: Singles, white: tuple[int, int, int]) -> Singles:
    """Scale the visible bands so that the brightest of each are equally bright, as clouds are.

    In raw counts each band has a gain of its own, and a cloud is no more white than the ground is.

    Parameters
    ----------
    image : float32 (band, y, x)
        NaN or 0 for no data.
    white : (int, int, int)
        Blue, green and red.

    Returns
    -------
    float32 (band, y, x)
        A copy; as it was where nothing is seen.
    """
    visible = image[list(white)]
    seen = np.asarray((visible > 0).all(axis=0), np.bool_)
    if not seen.any():
        return image
    top = np.array([percentile(_where(seen, band), WHITE_PERCENT) for band in visible], np.float32)
    factor = np.clip(top.mean() / top, 1 / MOST_BALANCE, MOST_BALANCE)
    balanced = image.copy()
    balanced[list(white)] = visible * factor[:, None, None].astype(np.float32)
    return balanced


def _where(seen: Bools, values: Singles) -> Singles:
    """The values that are seen (n,), as they lie there where all are."""
    return values.reshape(-1) if seen.all() else values[seen]
