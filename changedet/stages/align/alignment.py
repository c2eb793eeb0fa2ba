"""What co-registration finds: where a scene's content lies, relative to the reference, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import numpy as np

from changedet.grid.displacement import Displacement, Shift

CHI2_95: Final = 5.99
"""Quantile of the chi-square distribution with two degrees of freedom."""


@dataclass(frozen=True)
class Alignment:
    """Where a scene's content lies, relative to the reference.

    Attributes
    ----------
    displacement : Displacement
        The common shift, and the local one where the chips show it; zero where not `confident`.
    sigma_m : float
        Standard error of the common shift on each axis, metres on the ground; infinite where not `confident`.
    residual_m : float
        Robust spread of the chips on each axis after the fit, metres on the ground: what a single place may be off by.
    chips_used : int
        Chips that agree.
    confident : bool
        False where no shift can be known; then none is made.
    reason : str
        In words, for the summary.
    elsewhere : bool
        Whether, as far as can be told, the scene does not show the reference's ground at all.
    """

    displacement: Displacement
    sigma_m: float
    residual_m: float
    chips_used: int
    confident: bool
    reason: str
    elsewhere: bool = False

    @property
    def shift(self) -> Shift:
        """The common shift of `displacement`."""
        return self.displacement.shift

    def if_significant(self) -> Alignment:
        """The same, but at rest where the shift lies within its own error.

        Resampling blurs one date and not the other: that is a sure loss, to be paid only for a shift that is there
        (chi-square of its two axes above its 95 % quantile).

        Returns
        -------
        Alignment
            This one, or one without displacement.
        """
        squares = self.shift.east_m**2 + self.shift.north_m**2
        if not self.confident or self.displacement.local_east_m is not None or squares > CHI2_95 * self.sigma_m**2:
            return self
        found = f"a shift of {squares**0.5:.2g} m lies within its error"
        return replace(self, displacement=Displacement(), reason=f"{self.reason}; not moved: {found}")

    def in_units(self, unit: float) -> Alignment:
        """The same, its displacement in units of a CRS.

        Parameters
        ----------
        unit : float
            A metre on the ground in units of the CRS.

        Returns
        -------
        Alignment
            This one, of whose displacement is in metres on the ground, with another displacement.
        """
        return replace(self, displacement=self.displacement.scaled(unit))

    def to_json(self) -> dict[str, Any]:
        """As JSON keeps it.

        Returns
        -------
        dict of str to object
            Of the attributes; infinity becomes null.
        """
        return {
            "displacement": self.displacement.to_json(),
            "sigma_m": self.sigma_m if np.isfinite(self.sigma_m) else None,
            "residual_m": self.residual_m if np.isfinite(self.residual_m) else None,
            "chips_used": self.chips_used,
            "confident": self.confident,
            "reason": self.reason,
            "elsewhere": self.elsewhere,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Alignment:
        """The inverse of `to_json`.

        Parameters
        ----------
        kept : mapping of str to object
            As `to_json` gives.

        Returns
        -------
        Alignment
            Equal to the one that was kept.
        """
        sigma, residual = (np.inf if kept[key] is None else float(kept[key]) for key in ("sigma_m", "residual_m"))
        displacement = Displacement.from_json(kept["displacement"])
        sure, elsewhere = bool(kept["confident"]), bool(kept.get("elsewhere", False))
        return cls(displacement, sigma, residual, int(kept["chips_used"]), sure, str(kept["reason"]), elsewhere)


class CoarseShift(NamedTuple):
    """A shift to some pixels, from overviews.

    Attributes
    ----------
    dy, dx : float
        In overview pixels, rows down and columns right.
    confidence : float
        0 to 1; below `LEAST_CONFIDENCE` of `chips` no shift is taken.
    """

    dy: float
    dx: float
    confidence: float


class Refined(NamedTuple):
    """A shift from chips.

    Attributes
    ----------
    alignment : Alignment
        Not confident where the chips show no shift.
    added_up : bool
        Whether only all chips added up show it: larger ones are worth a try.
    """

    alignment: Alignment
    added_up: bool = False


@dataclass(frozen=True)
class AlignMethod:
    """How to measure a shift.

    Attributes
    ----------
    chip_px : int
        Edge of the chips that `refine` wants.
    least_chip_px : int
        Edge of the smallest that tell it as much where few chips are seen.
    max_shift_m : float
        Search range.
    coarse : callable
        ``coarse(moving_overview, reference_overview, overview_resolution_m) -> CoarseShift``: overviews are float32
        ``(band, y, x)``.
    refine : callable
        ``refine(moving_chips, reference_chips, centres_px, resolution_m, start_px=(0, 0)) -> Refined``: chips are
        float32 ``(band, y, x)``; centres ``(chip, 2)`` as y, x of the reference's on the common grid; `start_px` is by
        how many whole pixels the moving windows lie from the reference's, such as the coarse shift; the result
        includes it.
    turns : bool
        Whether a date that no shift fits may be turned and stretched, and lie farther off than `max_shift_m`.
    """

    chip_px: int
    least_chip_px: int
    max_shift_m: float
    coarse: Callable[..., CoarseShift]
    refine: Callable[..., Refined]
    turns: bool = True
