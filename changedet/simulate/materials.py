"""What surfaces look like: reflectances, their season, their texture, drawn anew for each seed.

Reflectances are given for blue, green, red and near infrared and carried to the other optical roles.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from changedet.arrays import Floats

ROLES = ("coastal", "blue", "green", "red", "rededge", "nir", "swir1", "swir2", "pan")
"""Optical roles that a simulated sensor can have, in the order of every spectrum below."""

Spectrum = tuple[float, float, float, float]


@dataclass(frozen=True)
class Paint:
    """One surface: two colours, how they mix, how they vary.

    Parameters
    ----------
    first, second : blue, green, red, nir reflectance (0 to 1) of the surface and of what is mixed into it.
    mix : share of the second colour; `mix_broad` and `mix_fine` are what the noise adds to it.
    grain, medium, large : relative brightness variation at 0.5 to 2 m, 3 to 11 m and 20 to 100 m.
    dormant : the first colour out of season (vegetation), or None.
    snow : how readily snow stays (0 to 1).
    wet : how much rain darkens it (0 to 1).
    stripes : (period_m, angle_deg, amplitude, sharp share or 0 for a smooth wave), or None.
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
    """Carry blue, green, red, nir to all `ROLES`; `swir` is the ratio of swir1 to the brighter of red and nir."""
    blue, green, red, nir = bgrn
    vegetation = max(0.0, (nir - red) / (nir + red + 1e-6) - 0.3)
    short = max(red, nir) * swir * (1.0 - 0.75 * vegetation)
    edge = 0.45 * red + 0.55 * nir
    pan = 0.2 * blue + 0.35 * green + 0.35 * red + 0.1 * nir
    return np.array([blue * 0.92, blue, green, red, edge, nir, short, short * 0.85, pan])


@dataclass
class Palette:
    """All paints of a world; a paint's number is its label on the canvas."""

    paints: list[Paint] = field(default_factory=list)

    def add(self, paint: Paint) -> int:
        """Append a paint and return its label."""
        self.paints.append(paint)
        return len(self.paints) - 1

    def table(self, greenness: float, wetness: float) -> tuple[Floats, ...]:
        """The shader's tables on one date: first (n, roles), second (n, roles), numbers (n, 7), stripes (n, 6)."""
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


def to_hex(bgr: tuple[float, float, float]) -> str:
    """Surface colour of a reflectance as #rrggbb (sRGB, 1.0 is white)."""
    return "#" + "".join(f"{round(255 * min(1.0, max(0.0, v)) ** (1 / 2.2)):02x}" for v in reversed(bgr))


def from_hex(colour: str) -> tuple[float, float, float]:
    """Blue, green, red reflectance of a #rrggbb surface colour."""
    r, g, b = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return b**2.2, g**2.2, r**2.2


def vary(rng: np.random.Generator, bgrn: Spectrum, bright: float = 0.15, hue: float = 0.022) -> Spectrum:
    """The colour a little brighter or darker and of a little other hue."""
    factor = np.exp(rng.normal(0, bright)) * np.exp(rng.normal(0, hue, 4))
    blue, green, red, nir = (float(min(0.92, v * f)) for v, f in zip(bgrn, factor, strict=True))
    return blue, green, red, nir


LINES: dict[str, tuple[str, float]] = {
    "maroon": ("#7d3b33", 0.17),
    "oxide": ("#96503c", 0.15),
    "red": ("#b23a30", 0.08),
    "orange": ("#c0703a", 0.06),
    "blue": ("#33588c", 0.15),
    "navy": ("#2c3c5e", 0.07),
    "teal": ("#3c7c78", 0.05),
    "green": ("#3f7152", 0.07),
    "grey": ("#8d9294", 0.09),
    "white": ("#cfd0cb", 0.07),
    "yellow": ("#b89a45", 0.02),
    "brown": ("#6b5346", 0.02),
}
"""Container lines: name -> (sRGB of a fresh box, share of the fleet), muted as dirt and glare make them from above."""

ASPHALT: Spectrum = (0.095, 0.105, 0.112, 0.13)
CONCRETE: Spectrum = (0.19, 0.225, 0.25, 0.28)
GRAVEL: Spectrum = (0.155, 0.185, 0.21, 0.25)
SOIL: Spectrum = (0.085, 0.118, 0.16, 0.235)
SAND: Spectrum = (0.17, 0.235, 0.30, 0.37)
GRASS: Spectrum = (0.042, 0.078, 0.062, 0.33)
STRAW: Spectrum = (0.072, 0.105, 0.132, 0.235)
LEAF: Spectrum = (0.024, 0.046, 0.033, 0.30)
BARE_WOOD: Spectrum = (0.05, 0.06, 0.072, 0.15)
CONIFER: Spectrum = (0.02, 0.036, 0.028, 0.22)
WATER: Spectrum = (0.055, 0.062, 0.045, 0.02)
DIRT: Spectrum = (0.10, 0.125, 0.148, 0.19)
SNOW: Spectrum = (0.80, 0.81, 0.80, 0.72)


def ground_paint(rng: np.random.Generator, name: str, angle_deg: float = 0.0) -> Paint:
    """A ground surface by name, its contrast and hue drawn from the seed."""
    amount = float(rng.uniform(0.6, 1.4))

    def make(
        first: Spectrum, second: Spectrum, mix: float, broad: float, fine: float, grain: float, **more: object
    ) -> Paint:
        return Paint(
            vary(rng, first),
            vary(rng, second),
            mix,
            broad * amount,
            fine * amount,
            grain * amount,
            0.05 * amount,
            0.05 * amount,
            **more,  # type: ignore[arg-type]
        )

    crop = (float(rng.uniform(1.8, 7.0)), angle_deg, float(rng.uniform(0.015, 0.07)), 0.0)
    makers = {
        "grass": lambda: make(GRASS, SOIL, 0.15, 0.14, 0.14, 0.10, dormant=vary(rng, STRAW)),
        "meadow": lambda: make(GRASS, STRAW, 0.30, 0.22, 0.12, 0.08, dormant=vary(rng, STRAW)),
        "heath": lambda: make(STRAW, (0.058, 0.068, 0.080, 0.17), 0.38, 0.24, 0.15, 0.10, dormant=vary(rng, STRAW)),
        "wood": lambda: make(LEAF, CONIFER, 0.4, 0.25, 0.3, 0.18, dormant=vary(rng, BARE_WOOD), snow=0.3, wet=0.0),
        "crop": lambda: make(GRASS, STRAW, 0.08, 0.10, 0.04, 0.05, dormant=vary(rng, SOIL), stripes=crop),
        "stubble": lambda: make(STRAW, SOIL, 0.3, 0.15, 0.08, 0.06, stripes=crop),
        "soil": lambda: make(SOIL, SAND, 0.2, 0.18, 0.14, 0.07),
        "sand": lambda: make(SAND, SOIL, 0.2, 0.16, 0.10, 0.05),
        "gravel": lambda: make(GRAVEL, DIRT, 0.42, 0.34, 0.16, 0.06, snow=0.8),
        "concrete": lambda: make(CONCRETE, DIRT, 0.25, 0.24, 0.09, 0.028, snow=0.6, wet=0.25),
        "asphalt": lambda: make(ASPHALT, DIRT, 0.12, 0.14, 0.05, 0.035, snow=0.35, wet=0.3),
        "ballast": lambda: make((0.12, 0.13, 0.145, 0.17), DIRT, 0.25, 0.15, 0.15, 0.08, snow=0.8),
        "dirt": lambda: make(DIRT, SOIL, 0.3, 0.25, 0.2, 0.07, snow=0.8),
        "water": lambda: make(WATER, (0.05, 0.06, 0.05, 0.02), 0.3, 0.2, 0.03, 0.06, snow=0.0, wet=0.0),
    }
    return makers[name]()


ROOFS: tuple[Spectrum, ...] = (
    (0.56, 0.57, 0.56, 0.58),
    (0.36, 0.38, 0.38, 0.40),
    (0.23, 0.24, 0.25, 0.27),
    (0.22, 0.24, 0.22, 0.26),
    (0.26, 0.19, 0.13, 0.28),
    (0.09, 0.11, 0.20, 0.25),
    (0.09, 0.10, 0.11, 0.13),
    (0.17, 0.21, 0.26, 0.30),
    (0.46, 0.45, 0.42, 0.46),
)
CARS: tuple[Spectrum, ...] = (
    (0.55, 0.56, 0.55, 0.56),
    (0.5, 0.5, 0.49, 0.5),
    (0.3, 0.31, 0.31, 0.33),
    (0.04, 0.04, 0.04, 0.06),
    (0.10, 0.10, 0.11, 0.13),
    (0.05, 0.05, 0.22, 0.28),
    (0.20, 0.10, 0.06, 0.15),
    (0.04, 0.05, 0.05, 0.08),
    (0.22, 0.24, 0.26, 0.30),
)


def container_paint(rng: np.random.Generator, line: str) -> tuple[Paint, str]:
    """The roof of one box of a line: fresh or weathered, dusty or rusty; returns the paint and its colour #rrggbb."""
    b, g, r = from_hex(LINES[line][0])
    age = float(rng.beta(1.4, 3.0))
    dust = 0.22 + 0.45 * age
    grey = 0.16 + 0.10 * float(rng.random())
    bright = float(np.exp(rng.normal(0.12, 0.16)))
    mixed = [(1 - dust) * v * bright + dust * grey * f for v, f in zip((b, g, r), (0.9, 1.0, 1.08), strict=True)]
    blue, green, red = (float(min(0.85, v * np.exp(rng.normal(0, 0.05)))) for v in mixed)
    nir = float(np.mean([blue, green, red]) * rng.uniform(1.0, 1.6) + 0.02)
    rust: Spectrum = (0.07, 0.09, 0.15, 0.22)
    paint = Paint(
        (blue, green, red, nir),
        rust,
        0.06 * age,
        0.03 * age,
        0.20 * age,
        0.03 + 0.05 * age,
        0.05,
        0.0,
        snow=0.9,
        wet=0.1,
    )
    return paint, to_hex((blue, green, red))
