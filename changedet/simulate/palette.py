"""Paints of surfaces: reflectance, its season, its texture, and all of them as tables for the shader."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from changedet.arrays import Floats

ROLES = ("coastal", "blue", "green", "red", "rededge", "nir", "swir1", "swir2", "pan")
"""Optical roles that a simulated sensor can have, in the order of every spectrum below."""

Spectrum = tuple[float, float, float, float]
"""Reflectance of blue, green, red and near infrared, 0 to 1."""


@dataclass(frozen=True)
class Paint:
    """One surface: two colours, how they mix, how they vary.

    Attributes
    ----------
    first, second : tuple of 4 float
        Blue, green, red, nir reflectance (0 to 1) of the surface and of what is mixed into it, if anything.
    mix : float
        Share of the second colour.
    mix_broad, mix_fine : float
        Amplitude of the noise that is added to the share, in broad and in fine patches.
    grain, medium, large : float
        Relative variation of the brightness at 0.5 to 2 m, 3 to 11 m and 20 to 100 m.
    dormant : tuple of 4 float or None
        The first colour out of season, of vegetation.
    snow : float
        How readily snow stays, 0 to 1.
    wet : float
        How much rain darkens it, 0 to 1.
    stripes : tuple of 4 float or None
        Period in metres, angle in degrees, amplitude, and dark share of a period, 0 for a smooth wave.
    swir : float
        Ratio of swir1 to the brighter of red and nir, for bare surfaces.
    """

    first: Spectrum
    second: Spectrum | None = None
    mix: float = 0.0
    mix_broad: float = 0.0
    mix_fine: float = 0.0
    grain: float = 0.05
    medium: float = 0.03
    large: float = 0.03
    dormant: Spectrum | None = None
    snow: float = 1.0
    wet: float = 0.15
    stripes: tuple[float, float, float, float] | None = None
    swir: float = 1.15


def spectrum(bgrn: Spectrum, swir: float) -> Floats:
    """Reflectance in all `ROLES` from that of blue, green, red and near infrared.

    Parameters
    ----------
    bgrn : tuple of 4 float
        Reflectance, 0 to 1.
    swir : float
        Ratio of swir1 to the brighter of red and nir; vegetation has less.

    Returns
    -------
    float64 (9,)
        In the order of `ROLES`.
    """
    blue, green, red, nir = bgrn
    vegetation = max(0.0, (nir - red) / (nir + red + 1e-6) - 0.3)
    short = max(red, nir) * swir * (1.0 - 0.75 * vegetation)
    edge = 0.45 * red + 0.55 * nir
    pan = 0.2 * blue + 0.35 * green + 0.35 * red + 0.1 * nir
    return np.array([blue * 0.92, blue, green, red, edge, nir, short, short * 0.85, pan])


@dataclass
class Palette:
    """All paints of a world; a paint's number is its label in the drawing.

    Attributes
    ----------
    paints : list of Paint
        By their number.
    """

    paints: list[Paint] = field(default_factory=list)

    def add(self, paint: Paint) -> int:
        """Append a paint.

        Parameters
        ----------
        paint : Paint
            A new one.

        Returns
        -------
        int
            Its number.
        """
        self.paints.append(paint)
        return len(self.paints) - 1

    def table(self, greenness: float, wetness: float) -> tuple[Floats, ...]:
        """All paints on one date as arrays for `raster.shade`.

        Parameters
        ----------
        greenness : float
            0 (dormant) to 1.
        wetness : float
            0 (dry) to 1.

        Returns
        -------
        first, second : float64 (n, role)
            Reflectance of both colours.
        numbers : float64 (n, 7)
            Mix, mix_broad, mix_fine, grain, medium, large, snow.
        stripes : float64 (n, 6)
            Period in metres (0 for none), cosine and sine of the direction, phase, dark share, amplitude.
        """
        n = len(self.paints)
        first, second = np.empty((n, len(ROLES))), np.empty((n, len(ROLES)))
        numbers, stripes = np.empty((n, 7)), np.zeros((n, 6))
        for k, p in enumerate(self.paints):
            colour = spectrum(p.first, p.swir)
            if p.dormant is not None:
                colour = greenness * colour + (1.0 - greenness) * spectrum(p.dormant, p.swir)
            first[k] = colour * (1.0 - 0.9 * p.wet * wetness)
            second[k] = first[k] if p.second is None else spectrum(p.second, p.swir) * (1.0 - 0.7 * p.wet * wetness)
            numbers[k] = (p.mix, p.mix_broad, p.mix_fine, p.grain, p.medium, p.large, p.snow)
            if p.stripes is not None:
                period, angle, amplitude, sharp = p.stripes
                turn = np.radians(angle)
                stripes[k] = (period, np.cos(turn), np.sin(turn), 0.37, sharp, amplitude)
        return first, second, numbers, stripes
