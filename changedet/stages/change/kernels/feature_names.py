"""Names and neighbourhoods of the features from which the trees find change, in their order."""

from __future__ import annotations

from typing import Final

from changedet.stages.change.kernels.edges import edge_names
from changedet.stages.change.kernels.patch_search import SEARCH_PX

ROLES: Final = ("blue", "green", "red", "nir")
"""Bands that are compared, the last only where it is there."""
SIZES_PX: Final = (5, 9, 21)
"""Widths of the squares over which every evidence is averaged, beside the pixel itself."""
WIDE_PX: Final = 45
"""Width of the widest square: a new pad is plain inside, so that only its rim shows what it is."""
CORRELATED_PX: Final = (9, 17)
"""Widths of the squares in which both dates are correlated."""
MATCH_MEAN_PX: Final = 9
"""Width of the square over which what is not found again is averaged."""
LEVEL_PX: Final = 9
"""Width of the square over which the levels of both dates are averaged."""
CONTEXT_PX: Final = (5, 11, 21, 45, 91)
"""Widths of the squares over which a first guess is averaged for the second: the middle of a pad is far from its
rim."""
FEATURES_HALO_PX: Final = WIDE_PX // 2 + 1
"""How far the features of a pixel look around."""
HALO_PX: Final = FEATURES_HALO_PX + CONTEXT_PX[-1] // 2
"""How far the second guess looks: as far as the features of the first, and then over the first guess."""
EVIDENCE: Final = (
    "after_outside", "before_outside", "both_outside", "brighter", "nir_brighter", "colour", "far_outside", "greener",
    "ndvi_greater",
)  # fmt: skip
"""How far either date lies outside the other's range, as `range_evidence.evidence` computes it."""
WIDE: Final = ("both_outside", "brighter", "colour")
"""Evidence that is averaged over `WIDE_PX` too."""
LEVELS: Final = (
    "least_brightness", "greatest_brightness", "least_green", "greatest_green", "least_nir", "greatest_nir",
    "least_ndvi", "greatest_ndvi", "least_saturation", "greatest_saturation",
)  # fmt: skip
"""The lesser and the greater value of both dates."""


def names() -> tuple[str, ...]:
    """The features that are computed from a pair, in their order.

    Returns
    -------
    tuple of str
        A name for each; the numbers in it are widths in pixels.
    """
    found = [f"{name}_{size}" for name in EVIDENCE for size in (1, *SIZES_PX)]
    found += [f"{name}_{WIDE_PX}" for name in WIDE]
    found += [f"{name}_{size}" for name in LEVELS for size in (1, LEVEL_PX)]
    found += [
        f"{what}_{band}_{size}"
        for size in CORRELATED_PX
        for band in ("brightness", "nir")
        for what in ("ncc", "texture_before", "texture_after")
    ]
    found += [
        f"unmatched_{date}_{reach}_{size}"
        for reach in SEARCH_PX
        for date in (("both",) if reach == 0 else ("before", "after"))
        for size in (1, MATCH_MEAN_PX)
    ]
    return (*found, *edge_names(), "log2_gsd")


def known_columns(nir: bool) -> tuple[int, ...]:
    """Which of `names` a scene has: without near infrared those that need it are 0 everywhere.

    Parameters
    ----------
    nir : bool
        Whether the scene has near infrared.

    Returns
    -------
    tuple of int
        Indices into `names`.
    """
    return tuple(k for k, name in enumerate(names()) if nir or not ("nir" in name or "ndvi" in name))


def context_names() -> tuple[str, ...]:
    """The features of the second guess beside `names`.

    Returns
    -------
    tuple of str
        The first guess of the pixel, and its means over `CONTEXT_PX`.
    """
    return "first_guess", *(f"likely_{size}" for size in CONTEXT_PX)
