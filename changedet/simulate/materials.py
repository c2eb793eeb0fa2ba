"""Reflectance of surfaces, its season and its texture, drawn for each seed.

Spectra are given for blue, green, red and near infrared and extended to the other optical bands.
"""

from __future__ import annotations

import numpy as np

from changedet.simulate.palette import Paint, Spectrum


def to_hex(bgr: tuple[float, float, float]) -> str:
    """Surface colour of a reflectance, where a reflectance of 1 is white.

    Parameters
    ----------
    bgr : tuple of 3 float
        Blue, green, red reflectance.

    Returns
    -------
    str
        #rrggbb, gamma 2.2.
    """
    return "#" + "".join(f"{round(255 * min(1.0, max(0.0, v)) ** (1 / 2.2)):02x}" for v in reversed(bgr))


def from_hex(colour: str) -> tuple[float, float, float]:
    """Reflectance of a surface colour.

    Parameters
    ----------
    colour : str
        #rrggbb, gamma 2.2.

    Returns
    -------
    tuple of 3 float
        Blue, green, red, 0 to 1.
    """
    r, g, b = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return b**2.2, g**2.2, r**2.2


def vary(rng: np.random.Generator, bgrn: Spectrum, bright: float = 0.15, hue: float = 0.022) -> Spectrum:
    """The colour a little brighter or darker and of a little other hue.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the variation.
    bgrn : tuple of 4 float
        Blue, green, red, nir reflectance.
    bright, hue : float
        Standard deviation of the logarithm of all bands together and of each.

    Returns
    -------
    tuple of 4 float
        Reflectance, at most .92.
    """
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
    """A ground surface by name, its contrast and hue drawn.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws them.
    name : str
        "grass", "meadow", "heath", "wood", "crop", "stubble", "soil", "sand", "gravel", "concrete", "asphalt",
        "ballast", "dirt" or "water".
    angle_deg : float
        Direction of furrows.

    Returns
    -------
    Paint
        A new one.
    """
    amount = float(rng.uniform(0.6, 1.4))

    def _make(
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
        "grass": lambda: _make(GRASS, SOIL, 0.15, 0.14, 0.14, 0.10, dormant=vary(rng, STRAW)),
        "meadow": lambda: _make(GRASS, STRAW, 0.30, 0.22, 0.12, 0.08, dormant=vary(rng, STRAW)),
        "heath": lambda: _make(STRAW, (0.058, 0.068, 0.080, 0.17), 0.38, 0.24, 0.15, 0.10, dormant=vary(rng, STRAW)),
        "wood": lambda: _make(LEAF, CONIFER, 0.4, 0.25, 0.3, 0.18, dormant=vary(rng, BARE_WOOD), snow=0.3, wet=0.0),
        "crop": lambda: _make(GRASS, STRAW, 0.08, 0.10, 0.04, 0.05, dormant=vary(rng, SOIL), stripes=crop),
        "stubble": lambda: _make(STRAW, SOIL, 0.3, 0.15, 0.08, 0.06, stripes=crop),
        "soil": lambda: _make(SOIL, SAND, 0.2, 0.18, 0.14, 0.07),
        "sand": lambda: _make(SAND, SOIL, 0.2, 0.16, 0.10, 0.05),
        "gravel": lambda: _make(GRAVEL, DIRT, 0.42, 0.34, 0.16, 0.06, snow=0.8),
        "concrete": lambda: _make(CONCRETE, DIRT, 0.25, 0.24, 0.09, 0.028, snow=0.6, wet=0.25),
        "asphalt": lambda: _make(ASPHALT, DIRT, 0.12, 0.14, 0.05, 0.035, snow=0.35, wet=0.3),
        "ballast": lambda: _make((0.12, 0.13, 0.145, 0.17), DIRT, 0.25, 0.15, 0.15, 0.08, snow=0.8),
        "dirt": lambda: _make(DIRT, SOIL, 0.3, 0.25, 0.2, 0.07, snow=0.8),
        "water": lambda: _make(WATER, (0.05, 0.06, 0.05, 0.02), 0.3, 0.2, 0.03, 0.06, snow=0.0, wet=0.0),
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
    """The roof of a box of one line: fresh or weathered, dusty or rusty.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws age and dust.
    line : str
        Key of `LINES`.

    Returns
    -------
    paint : Paint
        A new one.
    colour : str
        Its surface colour as #rrggbb.
    """
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
