"""Co-registration: how far a scene's content lies from the reference, how sure that is, and the scene moved back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from changedet.blocks import over_sample, per_block, sample_windows
from changedet.errors import MethodError
from changedet.grid import Displacement, Shift
from changedet.kernels import align as kernel
from changedet.methods import Choice, Count, Facts, Metres, Stage

SIGMA_FLOOR_PX: Final = 0.04
"""Errors that all chips share, such as shadows that moved with the sun, do not show in their scatter."""
LEAST_CONFIDENCE: Final = 0.1
"""Of the coarse step: below it, the chips search from no shift."""
LEAST_VALID: Final = 0.25
"""Chips with a smaller share of seen pixels are left out."""

CHI2_95: Final = 5.99
"""Quantile of the chi-square distribution with two degrees of freedom."""

Field = Callable[[NDArray[np.float32], float], NDArray[np.complex64]]


@dataclass(frozen=True)
class Alignment:
    """Where a scene's content lies, relative to the reference.

    Attributes
    ----------
    displacement : Displacement
        The common shift, and the local one where the chips show it; zero where not `confident`.
    sigma_m : float
        Standard error of the common shift on each axis, metres; infinite where not `confident`.
    residual_m : float
        Robust spread of the chips on each axis after the fit, metres: what a single place may be off by.
    chips_used : int
        Chips that agree.
    confident : bool
        False where no shift can be known; then none is made.
    reason : str
        In words, for the summary.
    """

    displacement: Displacement
    sigma_m: float
    residual_m: float
    chips_used: int
    confident: bool
    reason: str

    @property
    def shift(self) -> Shift:
        return self.displacement.shift

    def plus(self, shift: Shift) -> Alignment:
        """The same, where `shift` had already been taken out before it was measured."""
        total = Shift(self.shift.east_m + shift.east_m, self.shift.north_m + shift.north_m)
        return replace(self, displacement=replace(self.displacement, shift=total))

    def if_significant(self) -> Alignment:
        """The same, but at rest where the shift lies within its own error.

        Resampling blurs one date and not the other: that is a sure loss, to be paid only for a shift that is there
        (chi-square of its two axes above its 95 % quantile).
        """
        squares = self.shift.east_m**2 + self.shift.north_m**2
        if not self.confident or self.displacement.local_east_m is not None or squares > CHI2_95 * self.sigma_m**2:
            return self
        found = f"a shift of {squares**0.5:.2g} m lies within its error"
        return replace(self, displacement=Displacement(), reason=f"{self.reason}; not moved: {found}")

    def to_json(self) -> dict[str, Any]:
        """As JSON keeps it; infinity becomes null."""
        return {
            "displacement": self.displacement.to_json(),
            "sigma_m": self.sigma_m if np.isfinite(self.sigma_m) else None,
            "residual_m": self.residual_m if np.isfinite(self.residual_m) else None,
            "chips_used": self.chips_used,
            "confident": self.confident,
            "reason": self.reason,
        }

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Alignment:
        """The inverse of `to_json`."""
        sigma, residual = (np.inf if kept[key] is None else float(kept[key]) for key in ("sigma_m", "residual_m"))
        displacement = Displacement.from_json(kept["displacement"])
        return cls(displacement, sigma, residual, int(kept["chips_used"]), bool(kept["confident"]), str(kept["reason"]))


@dataclass(frozen=True)
class AlignMethod:
    """How to measure a shift.

    Attributes
    ----------
    chip_px : int
        Edge of the chips that `refine` wants.
    max_shift_m : float
        Search range.
    coarse : callable
        ``coarse(moving_overview, reference_overview, overview_resolution_m) -> (dy, dx, confidence)``: overviews are
        float32 ``(band, y, x)``, the shift in overview pixels (rows down, columns right); confidence 0 to 1, below
        `LEAST_CONFIDENCE` take no shift.
    refine : callable
        ``refine(moving_chips, reference_chips, centres_px, resolution_m, start_px=(0, 0)) -> Alignment``: chips are
        float32 ``(chip, band, y, x)``, the same windows of both images; centres ``(chip, 2)`` as y, x on the common
        grid; `start_px` is where to search, such as the coarse shift; the result includes it.
    """

    chip_px: int
    max_shift_m: float
    coarse: Callable[..., tuple[float, float, float]]
    refine: Callable[..., Alignment]


def choose(facts: Facts) -> Choice:
    """Orientation correlation, in all cases: gradient directions survive season, sun and gain."""
    if facts.is_sar:
        reason = "SAR: gradient directions of the log amplitude, which gain and speckle disturb least"
    else:
        reason = "gradient directions survive season, haze and gain; all shared bands vote"
    return Choice("orientation_correlation", {}, reason)


STAGE = Stage("align", choose)


@STAGE.method(
    "orientation_correlation", reference="Fitch, Kadyrov, Christmas, Kittler 2002, doi:10.5244/C.16.11", version=1
)
def orientation_correlation(facts: Facts, *, max_shift_m: Metres | None = None, chip_px: Count = 128) -> AlignMethod:
    """Correlates damped gradient directions of all bands in chips; most chips decide.

    Parameters
    ----------
    max_shift_m : float, optional
        Search range; default: 20 pixels, and at least 15 m.
    chip_px : int
        Edge of the chips that are correlated.
    """
    return _method(facts, kernel.orientation_field, 0.0, max_shift_m, chip_px)


@STAGE.method("phase_correlation", reference="Kuglin and Hines 1975; Guizar-Sicairos 2008, doi:10.1364/OL.33.000156")
def phase_correlation(facts: Facts, *, max_shift_m: Metres | None = None, chip_px: Count = 128) -> AlignMethod:
    """Correlates the phase of the mean band in chips; most chips decide.

    Parameters
    ----------
    max_shift_m : float, optional
        Search range; default: 20 pixels, and at least 15 m.
    chip_px : int
        Edge of the chips that are correlated.
    """
    return _method(facts, kernel.grey_field, 0.9, max_shift_m, chip_px)


def _method(facts: Facts, field: Field, whitening: float, max_shift_m: float | None, chip_px: int) -> AlignMethod:
    if chip_px < 32:
        raise MethodError(f"align.chip_px: {chip_px} is too small to correlate, expected at least 32")
    limit_m = max(15.0, 20.0 * facts.resolution_m) if max_shift_m is None else max_shift_m
    coarse = partial(_coarse, field=field, whitening=whitening, max_shift_m=limit_m)
    refine = partial(_refine, field=field, whitening=whitening, max_shift_m=limit_m)
    return AlignMethod(chip_px, limit_m, coarse, refine)


def estimate_shift(moving: xr.DataArray, reference: xr.DataArray, *, method: str = "auto", **parameters: Any) -> Any:
    """Measure where the content of one image lies, relative to another on the same grid.

    Parameters
    ----------
    moving, reference : xarray.DataArray
        Dims ``(band, y, x)``, one north-up grid in metres, NaN for no data; in memory or dask.
    method : str
        ``auto`` or a name of the stage.
    **parameters
        The method's own.

    Returns
    -------
    Alignment
        Or a dask ``Delayed`` of it, where an image is lazy.

    Raises
    ------
    MethodError
        Unknown method, or images on different grids.
    pydantic.ValidationError
        Wrong parameters.
    """
    resolution_m = _resolution_m(moving)
    if moving.sizes != reference.sizes:
        raise MethodError(f"align: images differ in shape, {dict(moving.sizes)} and {dict(reference.sizes)}")
    facts = Facts(resolution_m, tuple(str(band) for band in np.atleast_1d(moving["band"].values)))
    choice = STAGE.choose(facts) if method == "auto" else Choice(method)
    chosen = STAGE.get(choice.method)
    aligner: AlignMethod = chosen.function(facts, **chosen.resolve({**choice.parameters, **parameters}))
    shape = int(moving.sizes["y"]), int(moving.sizes["x"])
    factor = overview_factor(shape)
    overviews = [_overview(image, factor) for image in (moving, reference)]
    corners = [(window.y, window.x) for window in sample_windows(shape)]
    measure = partial(_measure, method=aligner, corners=corners, resolution_m=resolution_m, factor=factor)
    pair = [image.astype(np.float32) for image in (moving, reference)]
    return over_sample(measure, *pair, moving_overview=overviews[0].data, reference_overview=overviews[1].data)


def align(moving: xr.DataArray, reference: xr.DataArray, *, method: str = "auto", **parameters: Any) -> xr.DataArray:
    """Move an image on to the reference, with one bilinear resampling.

    Parameters
    ----------
    moving, reference : xarray.DataArray
        Dims ``(band, y, x)``, one north-up grid in metres, NaN for no data; in memory or dask.
    method : str
        ``auto``, ``none`` or a name of the stage.
    **parameters
        The method's own.

    Returns
    -------
    xarray.DataArray
        float32 ``(band, y, x)``, lazy as the inputs; NaN where the moving image has nothing to show. Unchanged where
        no shift can be known; `estimate_shift` says why.

    Raises
    ------
    MethodError
        Unknown method, or images on different grids.
    pydantic.ValidationError
        Wrong parameters.
    """
    bands = list(np.atleast_1d(moving["band"].values))
    if method == "none":
        return moving.astype(np.float32)
    estimated = estimate_shift(moving, reference, method=method, **parameters)
    resolution_m = _resolution_m(moving)
    limit_m = parameters.get("max_shift_m")
    limit_px = (max(15.0, 20.0 * resolution_m) if limit_m is None else limit_m) / resolution_m
    # Where each pixel lies on the grid, for the local field: a block does not know it otherwise.
    rows = xr.DataArray(np.arange(moving.sizes["y"], dtype=np.float64), dims="y")
    columns = xr.DataArray(np.arange(moving.sizes["x"], dtype=np.float64), dims="x")
    zero = moving.isel(band=0, drop=True).astype(np.float64) * 0
    place = xr.concat([zero.fillna(0) + rows, zero.fillna(0) + columns], dim="band").transpose("band", "y", "x")
    return per_block(
        _resample,
        moving.astype(np.float32),
        place,
        dtype=np.float32,
        halo_px=int(np.ceil(limit_px)) + 4,
        bands=bands,
        alignment=estimated,
        resolution_m=resolution_m,
    )


def overview_factor(shape: tuple[int, int]) -> int:
    """How much to decimate images of that shape for `AlignMethod.coarse`: 1, 2, 4, 8, ... for at most a megapixel.

    >>> overview_factor((400, 400)), overview_factor((8192, 8192))
    (2, 8)
    """
    factor = 1 if min(shape) < 256 else 2 if min(shape) < 1024 else 4
    while shape[0] * shape[1] / factor**2 > 1.1e6:
        factor *= 2
    return factor


def _overview(image: xr.DataArray, factor: int) -> xr.DataArray:
    return image.astype(np.float32).coarsen(y=factor, x=factor, boundary="trim").mean().transpose("band", "y", "x")


def _resolution_m(image: xr.DataArray) -> float:
    if "x" in image.coords and image.sizes["x"] > 1:
        step = abs(float(image["x"].values[1] - image["x"].values[0]))
        return step if step > 0 else 1.0
    return 1.0


def _resample(
    moving: NDArray[np.float32], place: NDArray[np.float64], *, alignment: Alignment, resolution_m: float
) -> NDArray[np.float32]:
    # Beyond the grid's edge the halo has no place; what it shows there is cut off again.
    dy, dx = displacement_px(alignment, np.nan_to_num(place), resolution_m)
    return kernel.resample_shifted(moving, dy, dx)


def displacement_px(
    alignment: Alignment, place: NDArray[np.float64], resolution_m: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far the content of grid pixels ``place`` (row, column) lies from them, in pixels down and right."""
    east_m, north_m = alignment.displacement.at(place[0], place[1])
    return -north_m / resolution_m, east_m / resolution_m


def _coarse(
    moving: NDArray[np.float32],
    reference: NDArray[np.float32],
    resolution_m: float | None = None,
    *,
    field: Field,
    whitening: float,
    max_shift_m: float,
) -> tuple[float, float, float]:
    limit = 0.25 * min(moving.shape[1:])
    if resolution_m is not None:
        limit = min(limit, max_shift_m / resolution_m + 1.0)
    spectrum = kernel.correlation_spectrum(field(moving, 1.0), field(reference, 1.0), whitening)
    dy, dx, quality, distinct = kernel.peak(spectrum, limit)
    return dy, dx, distinct if quality >= kernel.MIN_QUALITY else 0.0


def _measure(
    moving_cells: NDArray[np.float32],
    reference_cells: NDArray[np.float32],
    *,
    moving_overview: NDArray[np.float32],
    reference_overview: NDArray[np.float32],
    method: AlignMethod,
    corners: list[tuple[int, int]],
    resolution_m: float,
    factor: int,
) -> Alignment:
    dy, dx, confidence = method.coarse(
        np.asarray(moving_overview), np.asarray(reference_overview), resolution_m * factor
    )
    start = (dy * factor, dx * factor) if confidence >= LEAST_CONFIDENCE else (0.0, 0.0)
    moving, centres = chips(moving_cells, corners, method.chip_px)
    reference, _ = chips(reference_cells, corners, method.chip_px)
    return method.refine(moving, reference, centres, resolution_m, start)


def chips(
    cells: NDArray[np.float32], corners: list[tuple[int, int]], chip_px: int
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Cut sample cells ``(cell, band, y, x)`` into chips ``(chip, band, y, x)``, with their centres ``(chip, 2)``."""
    edge = cells.shape[2]
    size = min(chip_px, edge)
    cut, centres = [], []
    for cell, (y, x) in zip(cells, corners, strict=True):
        for top in range(0, edge - size + 1, size):
            for left in range(0, edge - size + 1, size):
                cut.append(cell[:, top : top + size, left : left + size])
                centres.append((y + top + 0.5 * size, x + left + 0.5 * size))
    return np.stack(cut), np.asarray(centres, float)


def _refine(
    moving_chips: NDArray[np.float32],
    reference_chips: NDArray[np.float32],
    centres_px: NDArray[np.float64],
    resolution_m: float,
    start_px: tuple[float, float] = (0.0, 0.0),
    *,
    field: Field,
    whitening: float,
    max_shift_m: float,
) -> Alignment:
    limit = max_shift_m / resolution_m
    keep = _seen(moving_chips, reference_chips)
    if not keep.any():
        return _unknown("no chip is seen on both dates")
    fields = [
        (field(moving, 1.0), field(reference, 1.0))
        for moving, reference in zip(moving_chips[keep], reference_chips[keep], strict=True)
    ]
    centres = np.asarray(centres_px, float)[keep]
    found = kernel.chip_shifts(fields, start_px, limit, whitening)
    good = found[:, 2] >= kernel.MIN_QUALITY
    if not good.any():
        return _unknown("no texture that both dates share")
    agreed = kernel.consensus(found[good, :2], _weights(found[good]), kernel.AGREEMENT_PX)
    # Once more from the agreed place, nearby only: chips overlap fully there, and strays come home.
    close = kernel.chip_shifts(fields, tuple(agreed["shift"]), min(limit, 4.0), whitening)
    second = close[:, 2] >= kernel.MIN_QUALITY
    if second.any():
        final = kernel.consensus(close[second, :2], _weights(close[second]), kernel.AGREEMENT_PX)
    else:
        return _unknown("no texture that both dates share")
    verdict = kernel.disagreement(agreed, found[good], limit)
    if verdict:
        return _unknown(verdict)
    return _alignment(final, close[second], centres[second], resolution_m)


def _seen(moving: NDArray[np.float32], reference: NDArray[np.float32]) -> NDArray[np.bool_]:
    both = np.isfinite(moving).all(axis=1) & np.isfinite(reference).all(axis=1)
    return np.asarray(both.mean(axis=(1, 2)) >= LEAST_VALID)


def _weights(found: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.minimum(found[:, 2], 30.0) - 0.8 * kernel.MIN_QUALITY) ** 2


def _alignment(
    agreed: dict[str, Any], found: NDArray[np.float64], centres: NDArray[np.float64], resolution_m: float
) -> Alignment:
    dy, dx = (float(value) for value in agreed["shift"])
    agree = agreed["agree"]
    residuals = found[agree, :2] - agreed["shift"]
    spacing = kernel.node_spacing(centres[agree])
    nodes = kernel.local_field(centres[agree], residuals, _weights(found[agree]), spacing)
    residual_px = agreed["residual_px"]
    local: tuple[Any, Any] = (None, None)
    if nodes is not None:
        left = residuals - kernel.at_nodes(nodes, centres[agree], spacing)
        residual_px = 1.4826 * float(np.median(np.abs(left)))
        local = _rows(nodes[1] * resolution_m), _rows(-nodes[0] * resolution_m)
    # The spread of a handful of chips is itself known badly, and too small as often as too large.
    few = 1.0 + 4.0 / len(residuals)
    sigma_px = float(np.hypot(few * agreed["sigma_px"], SIGMA_FLOOR_PX))
    if len(residuals) == 1:
        residual_px, sigma_px = 0.2, 0.2
    count = int(agree.sum())
    words = f"{count} of {len(found)} chips agree within {residual_px:.2f} px" + (
        ", locally too" if local[0] is not None else ""
    )
    displacement = Displacement(Shift(dx * resolution_m, -dy * resolution_m), local[0], local[1], spacing)
    return Alignment(displacement, sigma_px * resolution_m, residual_px * resolution_m, count, True, words)


def _rows(values: NDArray[np.float64]) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(value) for value in row) for row in values)


def _unknown(reason: str) -> Alignment:
    return Alignment(Displacement(Shift(0.0, 0.0)), np.inf, np.inf, 0, False, f"not moved: {reason}")
