"""Sub-pixel shifts between chips of two images, and what many chips agree on.

Orientation correlation (Fitch et al. 2002, doi:10.5244/C.16.11): each band becomes a complex field of gradient
directions, which season, haze and gain leave alone; the fields of all bands are correlated without whitening, and the
peak is refined by the matrix-multiply Fourier transform of Guizar-Sicairos et al. 2008, doi:10.1364/OL.33.000156.
"""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.stats import binom

UPSAMPLING: Final = 10
"""Steps a pixel of the fine peak search; the parabola through its top then gives about a hundredth of a pixel."""
NEAR_PX: Final = 3
"""Around the peak, correlation is the peak itself; farther away it is the competition."""
AGREEMENT_PX: Final = 1.5
"""Chips farther than this from the common shift tell of something that moved, leaned or changed."""
CHANCE: Final = 1e-3
"""Greatest probability that the chips agree by chance at which a shift is still believed."""
MIN_QUALITY: Final = 6.0
"""Correlation peak over its root mean square; the largest of pure noise on a 128-px chip is about 5."""
MIN_LOCAL_CHIPS: Final = 20
"""Fewer chips than this cannot tell a smooth distortion from their own scatter."""


def orientation_field(image: NDArray[np.float32], sigma_px: float) -> NDArray[np.complex64]:
    """Damped gradient directions of the logarithm of each band.

    Parameters
    ----------
    image : (band, y, x) float32
        NaN for no data, which becomes 0 with its surroundings.
    sigma_px : float
        Of the Gaussian before the Sobel operator.

    Returns
    -------
    (band, y, x) complex64
        ``g / (|g| + median|g| / 2)``, x along the real axis; magnitude below 1; 0 where there is no texture or no data.
    """
    out = np.zeros(image.shape, np.complex64)
    for band, values in enumerate(image):
        good = np.asarray(np.isfinite(values), bool)
        if good.mean() < 0.05:
            continue
        smooth = cv2.GaussianBlur(_log(values, good), (0, 0), sigma_px, borderType=cv2.BORDER_REFLECT)
        field = cv2.Sobel(smooth, cv2.CV_32F, 1, 0) + 1j * cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
        reach = 2 * int(np.ceil(3 * sigma_px)) + 3
        inside = cv2.erode(good.astype(np.uint8), np.ones((reach, reach), np.uint8), borderValue=1).astype(bool)
        magnitude = np.abs(field)
        typical = float(np.median(magnitude[inside])) if inside.any() else 0.0
        if typical > 0:
            out[band] = np.where(inside, field / (magnitude + 0.5 * typical), 0)
    return out


def grey_field(image: NDArray[np.float32], sigma_px: float) -> NDArray[np.complex64]:
    """The logarithm of the mean band, less its mean, as a field of one band ``(1, y, x)``; NaN becomes 0."""
    good: NDArray[np.bool_] = np.asarray(np.isfinite(image).all(axis=0))
    if not good.any():
        return np.zeros((1, *image.shape[1:]), np.complex64)
    grey = _log(np.where(good, image, 0).mean(axis=0, dtype=np.float32), good)
    grey = cv2.GaussianBlur(grey, (0, 0), sigma_px, borderType=cv2.BORDER_REFLECT)
    return np.where(good, grey - grey[good].mean(), 0).astype(np.complex64)[None]


def correlation_spectrum(
    moving: NDArray[np.complex64], reference: NDArray[np.complex64], whitening: float
) -> NDArray[np.complex64]:
    """Cross-power spectrum ``(y, x)`` of two fields ``(band, y, x)``, summed over bands.

    `whitening` 0 keeps the power, 1 keeps the phase alone.
    """
    taper = _taper(moving.shape[1])[:, None] * _taper(moving.shape[2])
    spectrum = (np.conj(fft.fft2(reference * taper)) * fft.fft2(moving * taper)).sum(axis=0)
    if whitening:
        power = np.abs(spectrum)
        spectrum = spectrum / np.maximum(power, 1e-6 * max(float(power.max()), 1e-30)) ** whitening
    return np.asarray(spectrum, np.complex64)


def peak(spectrum: NDArray[np.complex64], search_px: float) -> tuple[float, float, float, float]:
    """Where the correlation peaks within `search_px` of no shift.

    Returns
    -------
    dy, dx : float
        In pixels: moving(y, x) = reference(y - dy, x - dx). 0 where there is no correlation at all.
    quality : float
        The peak over the root mean square of the whole correlation surface.
    distinct : float
        ``1 - second / first`` peak, the second anywhere `NEAR_PX` or more away; 0 to 1.
    """
    surface = fft.ifft2(spectrum).real
    spread = float(np.sqrt(np.mean(surface**2)))
    dy, dx = (np.rint(np.fft.fftfreq(n) * n).astype(int) for n in surface.shape)
    inside = np.hypot(dy[:, None], dx) <= search_px
    first = float(np.max(surface, where=inside, initial=-np.inf))
    if spread <= 0 or first <= 0:
        return 0.0, 0.0, 0.0, 0.0
    row, column = np.unravel_index(int(np.argmax(np.where(inside, surface, -np.inf))), surface.shape)
    top_y, top_x = int(dy[row]), int(dx[column])
    far = np.hypot(dy[:, None] - top_y, dx - top_x) >= NEAR_PX
    second = max(0.0, float(np.max(surface, where=far, initial=0.0)))
    fine_y, fine_x = _refined(spectrum, top_y, top_x)
    return fine_y, fine_x, first / spread, max(0.0, 1.0 - second / first)


def moved(field: NDArray[np.complex64], dy: int, dx: int) -> NDArray[np.complex64]:
    """The field ``(band, y, x)`` moved back by whole pixels, 0 where nothing is known."""
    out = np.zeros_like(field)
    height, width = field.shape[1:]
    if abs(dy) < height and abs(dx) < width:
        target = (slice(max(0, -dy), height - max(0, dy)), slice(max(0, -dx), width - max(0, dx)))
        source = (slice(max(0, dy), height + min(0, dy)), slice(max(0, dx), width + min(0, dx)))
        out[(slice(None), *target)] = field[(slice(None), *source)]
    return out


def chip_shifts(
    fields: list[tuple[NDArray[np.complex64], NDArray[np.complex64]]],
    start_px: tuple[float, float],
    search_px: float,
    whitening: float,
) -> NDArray[np.float64]:
    """Shift of each pair of fields, searched around `start_px`: rows ``(dy, dx, quality, distinct)`` as of `peak`."""
    dy, dx = (round(value) for value in start_px)
    rows = []
    for moving, reference in fields:
        near = moved(moving, dy, dx) if dy or dx else moving
        limit = min(search_px, 0.3 * min(moving.shape[1:]))
        top_y, top_x, quality, distinct = peak(correlation_spectrum(near, reference, whitening), limit)
        rows.append((dy + top_y, dx + top_x, quality, distinct))
    return np.asarray(rows, np.float64).reshape(-1, 4)


def consensus(shifts: NDArray[np.float64], weights: NDArray[np.float64], radius_px: float) -> dict[str, Any]:
    """The shift that most chips agree on.

    Parameters
    ----------
    shifts : (k, 2) float64
        dy, dx of each chip.
    weights : (k,) float64
        How much each counts.
    radius_px : float
        Chips within this distance of the densest place vote for it.

    Returns
    -------
    dict
        ``shift`` : (2,), ``agree`` : (k,) bool, ``residual_px`` : robust spread of those on one axis, ``sigma_px`` :
        standard error of the shift, ``share`` : weight of those that agree over the weight of all.
    """
    distance = np.hypot(*(shifts[:, None] - shifts[None]).transpose(2, 0, 1))
    votes = (weights * np.exp(-0.5 * (distance / (0.5 * radius_px)) ** 2)).sum(axis=1)
    centre = shifts[int(np.argmax(votes))]
    scale = radius_px
    for _ in range(20):
        away = np.hypot(*(shifts - centre).T)
        pull = weights * np.maximum(0.0, 1.0 - (away / scale) ** 2) ** 2
        if pull.sum() <= 0:
            break
        following = (pull[:, None] * shifts).sum(axis=0) / pull.sum()
        done = np.hypot(*(following - centre)) < 1e-5
        centre = following
        near = np.hypot(*(shifts - centre).T) <= radius_px
        # Tukey's constant for the spread of those that vote; the floor keeps a perfect fit from starving itself.
        scale = float(np.clip(4.685 * _spread(shifts[near] - centre), 0.1, radius_px)) if near.any() else radius_px
        if done:
            break
    agree = np.hypot(*(shifts - centre).T) <= max(scale, 0.1)
    residual = _spread(shifts[agree] - centre)
    effective = float(weights[agree].sum() ** 2 / max((weights[agree] ** 2).sum(), 1e-30))
    # 1.15: a biweight mean is a little less efficient than a mean.
    sigma = 1.15 * residual / np.sqrt(max(1.0, effective))
    share = float(weights[agree].sum() / max(weights.sum(), 1e-30))
    return {"shift": centre, "agree": agree, "residual_px": residual, "sigma_px": float(sigma), "share": share}


def disagreement(agreed: dict[str, Any], found: NDArray[np.float64], limit_px: float) -> str:
    """Why what `consensus` of the chips ``found`` (k, 4) agreed on is not to be believed; empty where it is."""
    count = len(found)
    agreeing = int(agreed["agree"].sum())
    if np.hypot(*agreed["shift"]) > limit_px:
        return f"the best shift, {np.hypot(*agreed['shift']):.1f} px, is beyond the search range"
    if count == 1:
        return (
            "" if found[0, 2] > 2 * MIN_QUALITY and found[0, 3] > 0.3 else "one chip only, and its peak is not distinct"
        )
    alone = min(0.5, (AGREEMENT_PX / max(limit_px, 2 * AGREEMENT_PX)) ** 2)
    # Any of the chips could have been the centre: one of them is given, the others must come to it.
    chance = count * float(binom.sf(agreeing - 2, count - 1, alone))
    if chance > CHANCE and not (agreeing == count and float(np.median(found[:, 3])) > 0.3):
        return f"only {agreeing} of {count} chips agree on a shift"
    return ""


def resample_shifted(
    image: NDArray[np.float32], dy: NDArray[np.float64], dx: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Bilinear resampling, ``out(y, x) = image(y + dy, x + dx)``.

    Parameters
    ----------
    image : (band, y, x) float32
    dy, dx : () or (y, x) float64
        Where each pixel's content lies, in pixels.

    Returns
    -------
    (band, y, x) float32
        NaN where any pixel that contributes is NaN or outside.
    """
    height, width = image.shape[1:]
    # Fractions come from the displacement alone, not from the position: the same bits in any block.
    whole_y, whole_x = np.floor(dy), np.floor(dx)
    wy, wx = (dy - whole_y).astype(np.float32), (dx - whole_x).astype(np.float32)
    y0 = np.arange(height)[:, None] + np.broadcast_to(whole_y, (height, width)).astype(np.intp)
    x0 = np.arange(width)[None] + np.broadcast_to(whole_x, (height, width)).astype(np.intp)
    # A neighbour of weight 0 must not turn a pixel into NaN: a whole-pixel shift is a copy.
    y1, x1 = y0 + (wy > 0), x0 + (wx > 0)
    inside = (y0 >= 0) & (x0 >= 0) & (y1 < height) & (x1 < width)
    top, bottom, left, right = (np.where(inside, index, 0) for index in (y0, y1, x0, x1))
    out = np.empty_like(image)
    for band, values in enumerate(image):
        upper = values[top, left] * (1 - wx) + values[top, right] * wx
        lower = values[bottom, left] * (1 - wx) + values[bottom, right] * wx
        out[band] = np.where(inside, upper * (1 - wy) + lower * wy, np.nan)
    return out


def local_field(
    centres: NDArray[np.float64], residuals: NDArray[np.float64], weights: NDArray[np.float64], spacing_px: int
) -> NDArray[np.float64] | None:
    """A smooth field through the chips' residual shifts, where it predicts held-out chips better than none does.

    Parameters
    ----------
    centres : (k, 2) float64
        y, x of each chip in pixels of the grid.
    residuals : (k, 2) float64
        dy, dx left after the common shift.
    weights : (k,) float64
    spacing_px : int
        Between the nodes, the first at pixel edge (0, 0); bilinear in between.

    Returns
    -------
    (2, node_y, node_x) float64 or None
        dy, dx at the nodes. None where chips are too few, or the field would not lower the median held-out residual by
        a fifth and by 0.02 px.
    """
    if len(centres) < MIN_LOCAL_CHIPS:
        return None
    nodes = tuple(int(np.ceil(centres[:, axis].max() / spacing_px)) + 1 for axis in (0, 1))
    basis = _bilinear_basis(centres / spacing_px, nodes)
    rough = _roughness(nodes)
    folds = np.arange(len(centres)) % 5
    without = _typical(residuals)
    best = np.inf, 1.0
    for stiffness in (1.0, 10.0, 100.0):
        held = np.empty_like(residuals)
        for fold in range(5):
            kept = folds != fold
            theta = _penalised(basis[kept], residuals[kept], weights[kept], rough, stiffness)
            held[~kept] = basis[~kept] @ theta
        left = _typical(residuals - held)
        if left < best[0]:
            best = left, stiffness
    if best[0] > min(0.8 * without, without - 0.02):
        return None
    theta = _penalised(basis, residuals, weights, rough, best[1])
    return theta.T.reshape(2, *nodes)


def node_spacing(centres: NDArray[np.float64]) -> int:
    """Spacing in pixels that leaves some six chips a node, a multiple of 256."""
    extent = max(float(centres.max(initial=0.0)), 256.0)
    return 256 * int(np.ceil(extent / max(1.0, np.sqrt(len(centres) / 6.0)) / 256))


def at_nodes(nodes: NDArray[np.float64], centres: NDArray[np.float64], spacing_px: int) -> NDArray[np.float64]:
    """The field of `local_field` at chip centres ``(k, 2)``, as ``(k, 2)``."""
    basis = _bilinear_basis(centres / spacing_px, nodes.shape[1:])
    return np.asarray(basis @ nodes.reshape(2, -1).T)


def _bilinear_basis(position: NDArray[np.float64], nodes: tuple[int, ...]) -> NDArray[np.float64]:
    axes = []
    for axis in (0, 1):
        distance = np.abs(position[:, axis, None] - np.arange(nodes[axis]))
        axes.append(np.maximum(0.0, 1.0 - distance))
    return np.asarray(np.einsum("ki,kj->kij", axes[0], axes[1])).reshape(len(position), -1)


def _roughness(nodes: tuple[int, ...]) -> NDArray[np.float64]:
    """Penalty matrix: squared first differences between neighbouring nodes, and a little of the size itself."""
    total = np.zeros((nodes[0] * nodes[1],) * 2)
    index = np.arange(nodes[0] * nodes[1]).reshape(nodes)
    for here, there in ((index[1:], index[:-1]), (index[:, 1:], index[:, :-1])):
        step = np.zeros((here.size, total.shape[0]))
        step[np.arange(here.size), here.ravel()] = 1
        step[np.arange(here.size), there.ravel()] = -1
        total += step.T @ step
    return total + 0.01 * np.eye(total.shape[0])


def _penalised(
    basis: NDArray[np.float64],
    values: NDArray[np.float64],
    weights: NDArray[np.float64],
    rough: NDArray[np.float64],
    stiffness: float,
) -> NDArray[np.float64]:
    scaled = weights / max(float(weights.mean()), 1e-30)
    left = basis.T @ (scaled[:, None] * basis) + 0.1 * stiffness * rough
    return np.asarray(np.linalg.solve(left, basis.T @ (scaled[:, None] * values)))


def _typical(residuals: NDArray[np.float64]) -> float:
    return float(np.median(np.hypot(*residuals.T)))


def _log(values: NDArray[np.float32], good: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Logarithm with a small offset, so that dark noise is not all of it; values in decibel are logarithms already."""
    middle = float(np.median(values[good]))
    filled = np.where(good, values, np.float32(middle))
    if middle <= 0:
        return np.asarray(filled, np.float32)
    return np.asarray(np.log(np.maximum(filled, 0) + np.float32(0.02 * middle)), np.float32)


def _taper(n: int) -> NDArray[np.float32]:
    """Flat, with a raised cosine over the outer eighth at both ends: no edge wraps round into the correlation."""
    edge = max(min(1, n // 2), n // 8)
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(edge) + 0.5) / edge)
    return np.concatenate([ramp, np.ones(n - 2 * edge), ramp[::-1]]).astype(np.float32)


def _refined(spectrum: NDArray[np.complex64], top_y: int, top_x: int) -> tuple[float, float]:
    steps = np.arange(-UPSAMPLING, UPSAMPLING + 1) / UPSAMPLING
    kernels = []
    for n, top in zip(spectrum.shape, (top_y, top_x), strict=True):
        frequency = np.fft.fftfreq(n)
        kernels.append(np.exp(2j * np.pi * np.outer(top + steps, frequency)).astype(np.complex64))
    surface = (kernels[0] @ spectrum @ kernels[1].T).real
    row, column = np.unravel_index(int(np.argmax(surface)), surface.shape)
    fine_y = steps[row] + _vertex(surface[:, column], int(row)) / UPSAMPLING
    fine_x = steps[column] + _vertex(surface[row], int(column)) / UPSAMPLING
    return float(top_y + fine_y), float(top_x + fine_x)


def _vertex(line: NDArray[np.floating[Any]], i: int) -> float:
    """Of the parabola through the top sample and its neighbours, in samples from the top one."""
    if not 0 < i < len(line) - 1:
        return 0.0
    before, here, after = (float(value) for value in line[i - 1 : i + 2])
    bend = before - 2 * here + after
    return 0.5 * (before - after) / bend if bend < 0 else 0.0


def _spread(residuals: NDArray[np.float64]) -> float:
    """Robust standard deviation of one axis: 1.4826 times the median absolute deviation, both axes pooled."""
    return 1.4826 * float(np.median(np.abs(residuals))) if residuals.size else 0.0
