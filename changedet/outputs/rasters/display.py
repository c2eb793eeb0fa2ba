"""How scenes are drawn: which bands, and which values are darkest and brightest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from changedet.arrays import Bytes, Singles
from changedet.kernels import quantiles
from changedet.outputs.rasters.reading import BLOCK_PX, StampedFile, header, read_overview

MID_GREY: Final = 128
"""Drawn where there is no data."""
LEAST_SPAN: Final = 1e-6
"""Between what is drawn black and what white, in the unit of the scene."""


def display_bands(bands: Sequence[str]) -> tuple[int, ...]:
    """Which bands are drawn as red, green and blue.

    Parameters
    ----------
    bands : sequence of str
        Roles of the bands in file order.

    Returns
    -------
    tuple of int
        Three indices from 0 for natural or false colours, or the first three bands; one for a grey picture.

    Examples
    --------
    >>> display_bands(["blue", "green", "red", "nir"]), display_bands(["vv", "vh"])
    ((2, 1, 0), (0,))
    """
    roles = list(bands)
    for wanted in (("red", "green", "blue"), ("nir", "red", "green"), ("swir1", "nir", "red")):
        if all(role in roles for role in wanted):
            return tuple(roles.index(role) for role in wanted)
    return (0, 1, 2) if len(roles) >= 3 else (0,)


def drawn_bands(bands: Sequence[str]) -> tuple[int, ...]:
    """Which band is red, which green and which blue in a picture.

    Parameters
    ----------
    bands : sequence of str
        Roles of the bands in file order.

    Returns
    -------
    tuple of int
        Always three indices from 0; one and the same for a grey picture.

    Examples
    --------
    >>> drawn_bands(["vv", "vh"])
    (0, 0, 0)
    """
    chosen = display_bands(bands)
    return chosen if len(chosen) == 3 else chosen * 3


def stretched(band: Singles, limits: tuple[float, float], gamma: float = 1.0) -> Bytes:
    """A band as it is drawn.

    Parameters
    ----------
    band : float32 (y, x)
        NaN for no data.
    limits : (low, high)
        Drawn black and white.
    gamma : float
        Exponent of what lies between; below 1 it is lighter.

    Returns
    -------
    uint8 (y, x)
        `MID_GREY` for no data.
    """
    scaled = np.clip((band - limits[0]) / max(limits[1] - limits[0], LEAST_SPAN), 0, 1)
    drawn = scaled if gamma == 1.0 else scaled**gamma
    return np.where(np.isnan(band), MID_GREY, 255 * np.nan_to_num(drawn)).astype(np.uint8)


def scene_stretch(paths: Sequence[Path]) -> dict[str, tuple[float, float]]:
    """One stretch for a site's scenes: of each band the median over them of its 2nd and 98th percentile, balanced.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        Finished scenes; they may have different bands.

    Returns
    -------
    dict of str to (low, high)
        By the band's name; ``(0, 1)`` where no scene has a pixel of it. Natural colours as `balanced` gives them.
    """
    ranges: dict[str, list[tuple[float, ...]]] = {}
    for path in paths:
        for name, limits in zip(header(path).names, percentiles(path, (2.0, 98.0)), strict=True):
            known = ranges.setdefault(name, [])
            if np.isfinite(limits).all():
                known.append(limits)
    found = {}
    for name, known in ranges.items():
        low, high = np.median(known, axis=0) if known else (0.0, 1.0)
        found[name] = float(low), float(max(high, low + LEAST_SPAN))
    return balanced(found)


def balanced(stretch: Mapping[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    """A stretch that keeps the balance of natural colours: red, green and blue span the same range.

    Parameters
    ----------
    stretch : mapping of str to (low, high)
        Each band spans its own range, which makes brown ground green.

    Returns
    -------
    dict of str to (low, high)
        Each of the three begins at its own low, which takes the haze away, and is as wide as the widest.

    Examples
    --------
    >>> balanced({"red": (10.0, 110.0), "green": (20.0, 80.0), "blue": (30.0, 60.0), "nir": (5.0, 6.0)})["blue"]
    (30.0, 130.0)
    """
    natural = [name for name in ("red", "green", "blue") if name in stretch]
    if len(natural) < 3:
        return dict(stretch)
    widest = max(stretch[name][1] - stretch[name][0] for name in natural)
    return {name: (low, low + widest if name in natural else high) for name, (low, high) in stretch.items()}


def percentiles(path: Path, shares: Sequence[float]) -> list[tuple[float, ...]]:
    """Percentiles of each band, from an overview.

    Parameters
    ----------
    path : pathlib.Path
        A finished raster, read at `BLOCK_PX` at most.
    shares : sequence of float
        0 to 100.

    Returns
    -------
    list of tuple of float
        For each band one value for each share; NaN where the band has no data at all.
    """
    return list(_percentiles(StampedFile.of(path), tuple(shares)))


# Style, QGIS project, report, figures and STAC items draw the same rasters.
@lru_cache(maxsize=1024)
def _percentiles(file: StampedFile, shares: tuple[float, ...]) -> tuple[tuple[float, ...], ...]:
    found = []
    for band in read_overview(file.path, BLOCK_PX):
        values = band[np.isfinite(band)]
        limits = quantiles.percentiles(values, shares).tolist() if values.size else [np.nan] * len(shares)
        found.append(tuple(limits))
    return tuple(found)
