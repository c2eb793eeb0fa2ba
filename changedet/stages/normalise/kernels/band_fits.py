"""The line of each band that brings one date's values on another's scale, and what it was fitted from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, TypeAlias

import numpy as np

from changedet.arrays import Bools, Singles
from changedet.kernels.lasting_pixels import LEAST_LASTING, lasting_pixels
from changedet.kernels.together import each
from changedet.stages.normalise.kernels.band_lines import (
    correlation,
    held_out_tests,
    is_plausible,
    level_line,
    near_a_line,
    orthogonal_line,
    quantile_line,
    units_ratio,
    usual_gain,
)
from changedet.stages.normalise.kernels.invariant_pixels import all_alike, invariant_pixels, pixel_pairs

MOST_PIXELS: Final = 400_000
"""A line has two unknowns: more pixels of the sample would cost time and change nothing."""
LEAST_PIXELS: Final = 30
"""Fewer pixels give no line at all; chosen by hand."""
LEAST_INVARIANT: Final = 300
"""Fewer invariant pixels than this may all lie on one kind of ground."""
LEAST_LIKENESS: Final = 0.3
"""Of all pixels, first canonical correlation: below it, invariant pixels are picked from noise."""
MOST_APART: Final = 2.5
"""Greatest gain over the least from which lines are of no light: of 112 pairs of 19 strangers' and seven drawn sites
1.7 at most, of five looks at a field that fills its site and was built on 2.0 to 12. Chosen with these in view."""
HELD_OUT: Final = 3
"""One of so many invariant pixels is held out to test the line."""

Line: TypeAlias = Callable[[Singles, Singles], tuple[float, float]]
"""``line(x, y) -> (gain, offset)`` of one band's values float32 (n,) on both dates."""


@dataclass(frozen=True)
class BandLines:
    """Statistics of a normalisation, ``gain x value + offset`` for each band.

    Attributes
    ----------
    method : str
        `invariant`, `quantile` or `mean_std`; `identity` where there were too few pixels.
    gain, offset : list (band) of float
        The lines.
    n : int
        Pixels that they were fitted from.
    p_t, p_f : list (band) of float or None
        p-values of equal means and of equal variances in the held-out third; None where there was no test.
    correlation : list (band) of float or None
        Of the held-out third with the reference.
    accepted : list (band) of bool
        Whether the method's own line was taken.
    reason : str
        In words.
    """

    method: str
    gain: list[float]
    offset: list[float]
    n: int
    p_t: list[float | None]
    p_f: list[float | None]
    correlation: list[float | None]
    accepted: list[bool]
    reason: str


def are_of_light(lines: BandLines) -> bool:
    """Whether lines may be of light and haze, which change all bands much alike.

    Parameters
    ----------
    lines : BandLines

    Returns
    -------
    bool
        False where gains lie farther apart than `MOST_APART`: they follow what the ground did, and hide it.
    """
    return max(lines.gain) <= MOST_APART * min(lines.gain)


class _Test(NamedTuple):
    """An orthogonal line of one band, and how it fares on the held-out third."""

    gain: float
    offset: float
    p_t: float
    p_f: float
    correlation: float
    accepted: bool


def fit_lines(moving: Singles, reference: Singles, *, line: Line, method: str) -> BandLines:
    """A line for each band from all pixels that both dates show.

    Parameters
    ----------
    moving, reference : float32 (cell, band, y, x)
        The fixed sample of both dates; NaN for no data.
    line : callable
        As `Line` says.
    method : str
        Its name.

    Returns
    -------
    BandLines
        The identity where too few pixels are seen.
    """
    x, y = pixel_pairs(moving, reference, MOST_PIXELS)
    return _lines(x, y, line, method, f"{len(x)} pixels seen on both dates")


class Structures(NamedTuple):
    """How pixels of lasting structure are sought.

    Attributes
    ----------
    red_and_infrared : (int, int) or None
        Numbers of these bands, from which plants are known; None where the dates do not share them.
    """

    red_and_infrared: tuple[int, int] | None


def fit_invariant(
    moving: Singles,
    reference: Singles,
    *,
    probability: float,
    max_iterations: int,
    min_correlation: float,
    structures: Structures | None = None,
) -> BandLines:
    """A line for each band from pixels that did not change, tested on a third of them.

    Parameters
    ----------
    moving, reference : float32 (cell, band, y, x)
        The fixed sample of both dates; NaN for no data.
    probability : float
        Least probability of no change of an invariant pixel.
    max_iterations : int
        Of IR-MAD.
    min_correlation : float
        Of the held-out third, below which a band gets the line of its quantiles.
    structures : Structures, optional
        Pixels are first sought where the structure lasts, in scenes fine enough to show it: IR-MAD settles on what most
        pixels have in common, which is a wide field where there is one.

    Returns
    -------
    BandLines
        By quantiles where there are too few invariant pixels, or the dates have too little in common.
    """
    if structures is not None:
        lines = _by_lasting_pixels(moving, reference, structures, min_correlation)
        if lines is not None:
            return lines
    x, y = pixel_pairs(moving, reference, MOST_PIXELS)
    if len(x) < LEAST_INVARIANT:
        return _by_quantiles(x, y, f"only {len(x)} pixels are seen on both dates")
    begun = all_alike(x, y)
    if begun.rho[0] < LEAST_LIKENESS:
        return _by_quantiles(x, y, "the two dates have too little in common")
    chosen = invariant_pixels(x, y, probability, max_iterations, begun)
    count = int(chosen.sum())
    if count < LEAST_INVARIANT:
        return _by_quantiles(x, y, f"only {count} invariant pixels, {LEAST_INVARIANT} needed")
    return _by_invariant_pixels(x, y, chosen, min_correlation)


def likeness(moving: Singles, reference: Singles) -> float:
    """How much two dates of a place have in common.

    Parameters
    ----------
    moving, reference : float32 (cell, band, y, x)
        The fixed sample of both dates; NaN for no data.

    Returns
    -------
    float
        First canonical correlation of all pixels that both show, 0 to 1; 0 where they are too few.
    """
    x, y = pixel_pairs(moving, reference, MOST_PIXELS)
    return float(all_alike(x, y).rho[0]) if len(x) >= LEAST_INVARIANT else 0.0


def _by_quantiles(x: Singles, y: Singles, reason: str) -> BandLines:
    return _lines(x, y, quantile_line, "quantile", reason)


def _by_lasting_pixels(
    moving: Singles, reference: Singles, structures: Structures, min_correlation: float
) -> BandLines | None:
    """The lines of what stands on both dates; None where there is too little of it, or it disagrees."""
    lasting = lasting_pixels(moving, reference, structures.red_and_infrared)
    hidden = np.float32(np.nan)
    kept_x, kept_y = (np.where(lasting[:, None], cells, hidden) for cells in (moving, reference))
    x, y = pixel_pairs(kept_x, kept_y, MOST_PIXELS)
    if len(x) < LEAST_LASTING:
        return None
    units = units_ratio(x, y)
    near = each(lambda band: near_a_line(x[:, band] * np.float32(units), y[:, band]), list(range(x.shape[1])))
    chosen = np.logical_and.reduce(near)
    if int(chosen.sum()) < LEAST_LASTING:
        return None
    lines = _by_invariant_pixels(x, y, chosen, min_correlation)
    if not all(lines.accepted):
        return None
    return replace(lines, reason=f"{lines.n} pixels of lasting structure")


def _by_invariant_pixels(x: Singles, y: Singles, chosen: Bools, min_correlation: float) -> BandLines:
    units = units_ratio(x, y)
    base = _lines(x, y, quantile_line, "quantile", "", units)
    kept_x, kept_y = x[chosen], y[chosen]
    tests = each(
        lambda band: _tested_line(kept_x[:, band], kept_y[:, band], units, min_correlation), list(range(x.shape[1]))
    )
    replaced = [band for band, test in enumerate(tests) if not test.accepted]
    where = f"; bands {', '.join(str(band + 1) for band in replaced)} by quantiles: invariant pixels disagree"
    return replace(
        base,
        method="quantile" if len(replaced) == x.shape[1] else "invariant",
        gain=[test.gain if test.accepted else gain for test, gain in zip(tests, base.gain, strict=True)],
        offset=[test.offset if test.accepted else offset for test, offset in zip(tests, base.offset, strict=True)],
        n=len(kept_x),
        p_t=[test.p_t for test in tests],
        p_f=[test.p_f for test in tests],
        correlation=[test.correlation for test in tests],
        accepted=[test.accepted for test in tests],
        reason=f"{len(kept_x)} invariant pixels of {len(x)}{where if replaced else ''}",
    )


def _tested_line(x: Singles, y: Singles, units: float, min_correlation: float) -> _Test:
    """The orthogonal line of one band, accepted where its held-out third bears it out."""
    test = np.arange(len(x)) % HELD_OUT == HELD_OUT - 1
    # The distance to an orthogonal line means something only where both axes have the same units.
    gain, offset = orthogonal_line(x[~test] * np.float32(units), y[~test])
    gain *= units
    fitted = gain * x[test].astype(np.float64) + offset
    p_t, p_f = held_out_tests(fitted, y[test])
    likeness_of_test = correlation(x[test], y[test])
    accepted = is_plausible(gain, units) and likeness_of_test >= min_correlation
    return _Test(gain, offset, p_t, p_f, likeness_of_test, accepted)


def _lines(x: Singles, y: Singles, line: Line, method: str, reason: str, units: float | None = None) -> BandLines:
    """One line a band, whatever the pixels; the identity where there are too few.

    A band whose own line is no change of light takes the usual gain of the others, at its own usual level: the identity
    would leave a file of 10 bits four times as dark as the reference's 12.
    """
    bands = x.shape[1]
    gain, offset = [1.0] * bands, [0.0] * bands
    if len(x) >= LEAST_PIXELS:
        units = units_ratio(x, y) if units is None else units
        lines = each(lambda band: line(x[:, band], y[:, band]), list(range(bands)))
        usual = usual_gain([one for one, _ in lines], units)
        for band, fitted in enumerate(lines):
            is_light = is_plausible(fitted[0], units)
            gain[band], offset[band] = fitted if is_light else level_line(x[:, band], y[:, band], usual)
    else:
        method, reason = "identity", f"{len(x)} pixels are seen on both dates, too few to normalise"
    return BandLines(
        method=method,
        gain=gain,
        offset=offset,
        n=len(x),
        p_t=[None] * bands,
        p_f=[None] * bands,
        correlation=[None] * bands,
        accepted=[method in {"mean_std", "quantile"}] * bands,
        reason=reason,
    )
