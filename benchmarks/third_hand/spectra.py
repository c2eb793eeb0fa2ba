"""Reflectances in blue, green, red and near infrared, from the colours of real pictures by eye."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

Spectrum = NDArray[np.float32]


def spectrum(blue: float, green: float, red: float, nir: float) -> Spectrum:
    """One reflectance a band."""
    return np.array([blue, green, red, nir], np.float32)


GROUND: Final[Mapping[str, Spectrum]] = {
    "asphalt": spectrum(0.075, 0.08, 0.085, 0.1),
    "worn asphalt": spectrum(0.125, 0.135, 0.14, 0.16),
    "concrete": spectrum(0.2, 0.225, 0.24, 0.27),
    "gravel": spectrum(0.135, 0.155, 0.175, 0.215),
    "soil": spectrum(0.075, 0.105, 0.15, 0.225),
    "clay": spectrum(0.08, 0.13, 0.215, 0.29),
    "sand": spectrum(0.16, 0.21, 0.265, 0.33),
    "ballast": spectrum(0.1, 0.11, 0.125, 0.15),
    "grass": spectrum(0.035, 0.065, 0.045, 0.36),
    "dry grass": spectrum(0.085, 0.125, 0.155, 0.29),
    "crop": spectrum(0.025, 0.06, 0.03, 0.44),
    "ripe": spectrum(0.1, 0.165, 0.225, 0.36),
    "stubble": spectrum(0.11, 0.15, 0.195, 0.29),
    "tree": spectrum(0.022, 0.042, 0.028, 0.3),
    "bare tree": spectrum(0.055, 0.065, 0.075, 0.15),
    "water": spectrum(0.03, 0.034, 0.022, 0.012),
    "paint": spectrum(0.42, 0.44, 0.43, 0.44),
    "rail": spectrum(0.17, 0.16, 0.16, 0.19),
    "sleeper": spectrum(0.14, 0.15, 0.155, 0.17),
}

FLEET: Final[tuple[tuple[float, Spectrum], ...]] = (
    (1.6, spectrum(0.36, 0.38, 0.38, 0.39)),  # light grey
    (1.5, spectrum(0.06, 0.1, 0.185, 0.25)),  # oxide brown
    (1.2, spectrum(0.045, 0.05, 0.21, 0.33)),  # red
    (1.1, spectrum(0.2, 0.1, 0.055, 0.13)),  # blue
    (0.8, spectrum(0.11, 0.065, 0.05, 0.09)),  # dark blue
    (0.7, spectrum(0.06, 0.13, 0.29, 0.37)),  # ochre
    (0.6, spectrum(0.05, 0.115, 0.36, 0.45)),  # orange
    (0.8, spectrum(0.075, 0.13, 0.06, 0.26)),  # green
    (0.5, spectrum(0.055, 0.085, 0.05, 0.12)),  # dark green
    (0.4, spectrum(0.2, 0.07, 0.33, 0.5)),  # magenta
    (0.7, spectrum(0.56, 0.58, 0.575, 0.55)),  # white, refrigerated
    (0.6, spectrum(0.27, 0.24, 0.19, 0.23)),  # faded blue
    (0.7, spectrum(0.05, 0.06, 0.08, 0.12)),  # rusty dark
    (0.3, spectrum(0.04, 0.042, 0.042, 0.06)),  # black
    (0.4, spectrum(0.06, 0.25, 0.36, 0.4)),  # yellow
    (0.5, spectrum(0.24, 0.25, 0.26, 0.27)),  # grey
)
"""Weight and paint of containers, new."""
DUST: Final = spectrum(0.15, 0.165, 0.18, 0.2)
CARS: Final[tuple[Spectrum, ...]] = (
    spectrum(0.5, 0.5, 0.5, 0.48),
    spectrum(0.5, 0.5, 0.5, 0.48),
    spectrum(0.3, 0.3, 0.3, 0.3),
    spectrum(0.035, 0.035, 0.035, 0.045),
    spectrum(0.08, 0.08, 0.08, 0.1),
    spectrum(0.05, 0.05, 0.25, 0.3),
    spectrum(0.2, 0.1, 0.06, 0.1),
)
ROOFS: Final[tuple[Spectrum, ...]] = (
    spectrum(0.4, 0.42, 0.42, 0.42),
    spectrum(0.24, 0.25, 0.25, 0.26),
    spectrum(0.13, 0.14, 0.145, 0.16),
    spectrum(0.26, 0.2, 0.14, 0.18),
    spectrum(0.075, 0.095, 0.17, 0.25),
    spectrum(0.12, 0.17, 0.14, 0.22),
)
GLASS: Final = spectrum(0.06, 0.055, 0.05, 0.06)
STEEL: Final = spectrum(0.14, 0.14, 0.14, 0.16)


def painted(rng: np.random.Generator) -> Spectrum:
    """The paint of a container after some years: fleets' colours, dusty and faded."""
    weights = np.array([weight for weight, _ in FLEET])
    paint = FLEET[rng.choice(len(FLEET), p=weights / weights.sum())][1]
    dusty = 0.3 * rng.random() ** 1.5
    return ((1 - dusty) * paint + dusty * DUST) * np.float32(rng.uniform(0.82, 1.2))


def hexadecimal(paint: Spectrum) -> str:
    """A colour of the screen for a reflectance, gamma 2.2."""
    values = np.clip(paint[2::-1], 0, 1) ** (1 / 2.2)
    return "#" + "".join(f"{round(255 * float(value)):02x}" for value in values)
