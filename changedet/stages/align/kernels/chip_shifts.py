"""Sub-pixel shifts between chips of two images, by correlation of their fields.

The fields of all bands are correlated together, and the peak is refined by the matrix-multiply Fourier transform of
Guizar-Sicairos et al. 2008, doi:10.1364/OL.33.000156.
"""

from __future__ import annotations

from functools import partial
from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Floats, Singles
from changedet.kernels.together import each, together
from changedet.stages.align.kernels.gradient_fields import Fields

UPSAMPLING: Final = 10
"""Steps a pixel of the fine peak search; the parabola through its top then gives about a hundredth of a pixel."""
NEAR_PX: Final = 3
"""Around the peak, correlation is the peak itself; farther away it is the competition."""
MIN_QUALITY: Final = 6.0
"""Correlation peak over its root mean square; the largest of pure noise on a 128-px chip is about 5."""
SEARCH_SHARE: Final = 0.3
"""Of a chip's edge, the farthest shift that is looked for: beyond, too little of both overlaps."""
MOST_VOICE: Final = 10.0
"""Quality up to which a chip counts in `joint_peak`: a ship that moved must not outweigh dull ground."""
LARGE_PX: Final = 1 << 16
"""Pixels of a field from which on its transform is worth a thread of its own."""
TAPER_PARTS: Final = 8
"""The outer part, one of so many, of a chip is tapered at both ends."""


class Peak(NamedTuple):
    """The highest place of a correlation.

    Attributes
    ----------
    dy, dx : float
        In pixels: moving(y, x) = reference(y - dy, x - dx).
    quality : float
        The peak over the root mean square of the whole correlation surface.
    distinct : float
        ``1 - second / first`` peak, the second anywhere `NEAR_PX` or more away; 0 to 1.
    """

    dy: float
    dx: float
    quality: float
    distinct: float


NO_PEAK: Final = Peak(0.0, 0.0, 0.0, 0.0)
"""Where there is no correlation at all."""


def chip_spectra(fields: list[tuple[Fields, Fields]], start_px: tuple[float, float], whitening: float) -> list[Fields]:
    """Spectrum of each pair of fields, the moving one moved back by the start in whole pixels.

    Parameters
    ----------
    fields : list of two complex64 (band, y, x)
        Of the moving and of the reference image, for each chip.
    start_px : (float, float)
        dy, dx.
    whitening : float
        As for `correlation_spectrum`.

    Returns
    -------
    list of complex64 (y, x)
        For each chip, as of `correlation_spectrum`.
    """
    dy, dx = whole(start_px)

    def _spectrum(pair: tuple[Fields, Fields]) -> Fields:
        moving, reference = pair
        return correlation_spectrum(moved_back(moving, dy, dx) if dy or dx else moving, reference, whitening)

    return each(_spectrum, fields)


def whole(start_px: tuple[float, float]) -> tuple[int, int]:
    """The whole pixels of a start: where these are the same, so are the spectra.

    Parameters
    ----------
    start_px : (float, float)
        dy, dx.

    Returns
    -------
    (int, int)
        Rounded.
    """
    return round(start_px[0]), round(start_px[1])


def chip_shifts(spectra: list[Fields], start_px: tuple[float, float], search_px: float) -> Floats:
    """Shift of each pair of fields.

    Parameters
    ----------
    spectra : list of complex64 (y, x)
        For each chip, from `chip_spectra` of the same start.
    start_px : (float, float)
        dy, dx around which shifts are searched.
    search_px : float
        How far.

    Returns
    -------
    float64 (chip, 4)
        dy, dx, quality and distinctness, as of `Peak`.
    """
    dy, dx = whole(start_px)

    def _row(spectrum: Fields) -> tuple[float, float, float, float]:
        found = correlation_peak(spectrum, min(search_px, SEARCH_SHARE * min(spectrum.shape)))
        return dy + found.dy, dx + found.dx, found.quality, found.distinct

    return np.asarray(each(_row, spectra), np.float64).reshape(-1, 4)


def joint_peak(spectra: list[Fields], start_px: tuple[float, float], quality: Floats, search_px: float) -> Peak:
    """Where the correlations of all chips, added up, peak.

    Many chips with a weak peak at one place show a shift that hardly one of them shows by itself; and where a few have
    strong ones of something that moved, the others outweigh them.

    Parameters
    ----------
    spectra : list of complex64 (y, x)
        For each chip, from `chip_spectra` of the same start.
    start_px : (float, float)
        dy, dx around which the shift is searched.
    quality : float64 (chip,)
        Of each chip's own peak, as of `chip_shifts`.
    search_px : float
        How far.

    Returns
    -------
    Peak
        Its place includes the start.
    """
    # Imported here for a quick start.
    from scipy import fft

    total = np.zeros_like(spectra[0])
    for spectrum, own in zip(spectra, quality, strict=True):
        spread = float(np.sqrt(np.mean(fft.ifft2(spectrum).real ** 2)))
        if spread > 0 and own > 0:
            total += spectrum * np.float32(min(1.0, MOST_VOICE / own) / spread)
    dy, dx = whole(start_px)
    found = correlation_peak(total, min(search_px, SEARCH_SHARE * min(total.shape)))
    return found._replace(dy=dy + found.dy, dx=dx + found.dx)


def correlation_spectrum(moving: Fields, reference: Fields, whitening: float) -> Fields:
    """Cross-power spectrum of two fields, summed over bands.

    Parameters
    ----------
    moving, reference : complex64 (band, y, x)
        Fields of the same window of two images.
    whitening : float
        0 keeps the power, 1 keeps the phase alone.

    Returns
    -------
    complex64 (y, x)
        Its inverse transform is the correlation at each shift.
    """
    taper = _taper(moving.shape[1])[:, None] * _taper(moving.shape[2])
    if moving[0].size >= LARGE_PX:
        # Band by band: all at once would be six times the fields. Chips are many, and shared among threads as such.
        spectrum = np.zeros(moving.shape[1:], np.complex64)
        for fields in zip(reference, moving, strict=True):
            before, own = together([partial(_wave, field, taper) for field in fields])
            spectrum += np.conj(before) * own
    else:
        spectrum = (np.conj(_wave(reference, taper)) * _wave(moving, taper)).sum(axis=0)
    if whitening:
        power = np.abs(spectrum)
        spectrum = spectrum / np.maximum(power, 1e-6 * max(float(power.max()), 1e-30)) ** whitening
    return np.asarray(spectrum, np.complex64)


def _wave(field: Fields, taper: Singles) -> Fields:
    # Imported here for a quick start.
    from scipy import fft

    return np.asarray(fft.fft2(field * taper))


def correlation_peak(spectrum: Fields, search_px: float) -> Peak:
    """Where the correlation peaks, to about a hundredth of a pixel.

    Parameters
    ----------
    spectrum : complex64 (y, x)
        As `correlation_spectrum` gives.
    search_px : float
        How far from no shift it is looked for.

    Returns
    -------
    Peak
        All 0 where there is no correlation at all.
    """
    # Imported here for a quick start.
    from scipy import fft

    surface = fft.ifft2(spectrum).real
    spread = float(np.sqrt(np.mean(surface**2)))
    dy, dx = (np.rint(np.fft.fftfreq(n) * n).astype(int) for n in surface.shape)
    inside = np.hypot(dy[:, None], dx) <= search_px
    first = float(np.max(surface, where=inside, initial=-np.inf))
    if spread <= 0 or first <= 0:
        return NO_PEAK
    row, column = np.unravel_index(int(np.argmax(np.where(inside, surface, -np.inf))), surface.shape)
    top_y, top_x = int(dy[row]), int(dx[column])
    far = np.hypot(dy[:, None] - top_y, dx - top_x) >= NEAR_PX
    second = max(0.0, float(np.max(surface, where=far, initial=0.0)))
    fine_y, fine_x = _refined(spectrum, top_y, top_x)
    return Peak(fine_y, fine_x, first / spread, max(0.0, 1.0 - second / first))


def moved_back(field: Fields, dy: int, dx: int) -> Fields:
    """A field moved back by whole pixels.

    Parameters
    ----------
    field : complex64 (band, y, x)
        Whose content lies too far down and right.
    dy, dx : int
        By how much.

    Returns
    -------
    complex64 (band, y, x)
        0 where nothing is known.
    """
    out = np.zeros_like(field)
    height, width = field.shape[1:]
    if abs(dy) < height and abs(dx) < width:
        target = (slice(max(0, -dy), height - max(0, dy)), slice(max(0, -dx), width - max(0, dx)))
        source = (slice(max(0, dy), height + min(0, dy)), slice(max(0, dx), width + min(0, dx)))
        out[(slice(None), *target)] = field[(slice(None), *source)]
    return out


def _taper(n: int) -> Singles:
    """Flat, with a raised cosine over the outer eighth at both ends: no edge wraps round into the correlation."""
    edge = max(min(1, n // 2), n // TAPER_PARTS)
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(edge) + 0.5) / edge)
    return np.concatenate([ramp, np.ones(n - 2 * edge), ramp[::-1]]).astype(np.float32)


def _refined(spectrum: Fields, top_y: int, top_x: int) -> tuple[float, float]:
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


def _vertex(line: Floats, i: int) -> float:
    """Of the parabola through the top sample and its neighbours, in samples from the top one."""
    if not 0 < i < len(line) - 1:
        return 0.0
    before, here, after = (float(value) for value in line[i - 1 : i + 2])
    bend = before - 2 * here + after
    return 0.5 * (before - after) / bend if bend < 0 else 0.0
