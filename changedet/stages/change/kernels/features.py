"""What the trees of change see of a pixel: evidence that survives a displacement, in neighbourhoods of several sizes.

Values are integers as soon as they are looked at, so sums over a neighbourhood are exact and no pixel's features depend
on the block it is computed in. Both dates are in units of the scene's own spread, after a robust line per band.
"""

from __future__ import annotations

import math
from typing import Any, Final

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from changedet.stages.change.kernels.box_sums import square_mean, square_sum
from changedet.stages.change.kernels.edges import edge_names, edges
from changedet.stages.change.kernels.patch_search import CHROMA_UNIT, MATCHED_PX, UNIT, Planes, unmatched_planes
from changedet.stages.change.kernels.tolerance import fit_line

ROLES: Final = ("blue", "green", "red", "nir")
"""What is looked at, the last only where it is there."""
FIT_PIXELS: Final = 200_000
LIMIT: Final = 16384
LOG_UNIT: Final = 256
SIZES_PX: Final = (5, 9, 21)
"""Widths of the squares over which every evidence is averaged, beside the pixel itself."""
WIDE_PX: Final = 45
"""A new pad is plain inside: only from so far away its rim tells what it is."""
CORRELATED_PX: Final = (9, 17)
MATCH_MEAN_PX: Final = 9
CONTEXT_PX: Final = (5, 11, 21, 45, 91)
"""Widths of the squares over which a first guess is averaged for the judge: the middle of a pad is far from its rim."""
LIKELY_UNIT: Final = 8
"""Steps in a log odds of 1 of the first guess."""
FEATURES_HALO_PX: Final = WIDE_PX // 2 + 1
HALO_PX: Final = FEATURES_HALO_PX + CONTEXT_PX[-1] // 2
"""How far the second guess looks: as far as the first one's features and then over the first guess."""
EVIDENCE: Final = (
    "after_outside", "before_outside", "both_outside", "brighter", "nir_brighter", "colour", "far_outside", "greener",
    "ndvi_greater",
)  # fmt: skip
WIDE: Final = ("both_outside", "brighter", "colour")
LEVELS: Final = (
    "least_brightness", "greatest_brightness", "least_green", "greatest_green", "least_nir", "greatest_nir",
    "least_ndvi", "greatest_ndvi", "least_saturation", "greatest_saturation",
)  # fmt: skip
LEVEL_PX: Final = 9


def names() -> tuple[str, ...]:
    """The features in their order."""
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
        for reach in MATCHED_PX
        for date in (("both",) if reach == 0 else ("before", "after"))
        for size in (1, MATCH_MEAN_PX)
    ]
    return (*found, *edge_names(), "log2_gsd")


def known_columns(nir: bool) -> tuple[int, ...]:
    """Which of `names` a scene has: without near infrared those that tell of it are 0 everywhere."""
    return tuple(k for k, name in enumerate(names()) if nir or not ("nir" in name or "ndvi" in name))


def fit_scale(before: NDArray[np.float32], after: NDArray[np.float32], bands: list[int | None]) -> dict[str, Any]:
    """Line, spread and dark level of the bands that are looked at.

    Parameters
    ----------
    before, after : (cell, band, y, x) float32
        NaN where not valid.
    bands : list of int or None
        Where each of `ROLES` lies; None where the scene has no such band.

    Returns
    -------
    dict
        ``gain``, ``offset``, ``spread``, ``dark``, a number for each role that is there.
    """
    used = [band for band in bands if band is not None]
    valid = np.isfinite(before[:, used]).all(axis=1) & np.isfinite(after[:, used]).all(axis=1)
    x, y = (np.stack([image[:, band][valid] for band in used], axis=1) for image in (before, after))
    stride = max(1, len(x) // FIT_PIXELS)
    x, y = x[::stride], y[::stride]
    line = fit_line(x, y)
    if not len(x):
        ones = [1.0] * len(used)
        return {"gain": ones, "offset": [0.0] * len(used), "spread": ones, "dark": [0.0] * len(used)}
    low, dark, high = np.quantile(x.astype(np.float64), [0.16, 0.005, 0.84], axis=0)
    least = np.maximum(1e-3 * np.abs(x).max(axis=0), 1e-6)
    spread = np.maximum((high - low) / 2, least)
    return {
        "gain": line["gain"], "offset": line["offset"], "spread": spread.tolist(), "dark": dark.tolist(),
    }  # fmt: skip


def change_features(
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    bands: list[int | None],
    scale: dict[str, Any],
    gsd_m: float,
    *,
    with_edges: bool = True,
    into: NDArray[np.float32] | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Features of every pixel, and where both dates are seen.

    Parameters
    ----------
    before, after : (band, y, x) float32
        NaN where not valid; a pixel counts where every band of both is there.
    bands, scale
        As for and from `fit_scale`.
    gsd_m : float
        Ground size of a pixel.
    with_edges : bool
        Those of `kernels.edges` too; else they are 0.
    into : (feature, y, x) float32, optional
        Filled and returned: zeros, or what an earlier call with the same `bands` and `with_edges` filled.

    Returns
    -------
    features : (feature, y, x) float32
        In the order of `names`; those of the near infrared are 0 where the scene has none. 0 where not seen.
    valid : (y, x) bool
    """
    valid: NDArray[np.bool_] = np.asarray(np.isfinite(before).all(axis=0) & np.isfinite(after).all(axis=0), np.bool_)
    planes = _planes(before, after, bands, scale, valid)
    nir = bands[3] is not None
    evidence = _evidence(planes, valid, nir)
    out = np.zeros((len(names()), *valid.shape), np.float32) if into is None else into
    at = 0
    counts = {size: square_sum(valid.astype(np.int32), size // 2) for size in (*SIZES_PX, WIDE_PX)}
    for name, image in zip(EVIDENCE, evidence, strict=True):
        if nir or name not in ("nir_brighter", "ndvi_greater"):
            out[at] = image
            for k, size in enumerate(SIZES_PX, 1):
                square_mean(image, counts[size], size // 2, out[at + k])
        at += 1 + len(SIZES_PX)
    for name in WIDE:
        square_mean(evidence[EVIDENCE.index(name)], counts[WIDE_PX], WIDE_PX // 2, out[at])
        at += 1
    at = _levels(planes, counts[LEVEL_PX], nir, out, at)
    at = _correlations(planes, valid, nir, out, at)
    at = _matches(planes, valid, counts[MATCH_MEAN_PX], out, at)
    if with_edges:
        edges(planes["brightness"], valid, out[at : at + len(edge_names())])
    out[-1] = math.log2(gsd_m)
    return out, valid


_FIRST_EDGE: Final = names().index(edge_names()[0])


def asks_for_edges(asked: NDArray[np.int16]) -> bool:
    """Whether any of these features, counted as in `names`, is one of `kernels.edges`."""
    return bool(((asked >= _FIRST_EDGE) & (asked < _FIRST_EDGE + len(edge_names()))).any())


_ODDS: Final = np.arange(-12 * LIKELY_UNIT, 12 * LIKELY_UNIT + 1) / LIKELY_UNIT
_LIKELY: Final = np.rint(1000 / (1 + np.exp(-_ODDS))).astype(np.int16)


def context_names() -> tuple[str, ...]:
    """What the second guess knows beside `names`."""
    return "first_guess", *(f"likely_{size}" for size in CONTEXT_PX)


def likely(margin: NDArray[np.float32], least: float) -> NDArray[np.int16]:
    """A first guess of the log odds ``(y, x)`` as whole thousandths; 0 below the least odds and where not seen."""
    place = np.rint(np.nan_to_num(margin, nan=-99.0) * LIKELY_UNIT).astype(np.int32) + len(_ODDS) // 2
    return np.where(margin >= least, _LIKELY[np.clip(place, 0, len(_ODDS) - 1)], np.int16(0)).astype(np.int16)


def context(guess: NDArray[np.int16], valid: NDArray[np.bool_], where: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Means of a first guess (`likely`) around chosen pixels.

    Parameters
    ----------
    guess : (y, x) int16
    valid, where : (y, x) bool
        What is seen; the pixels to tell of.

    Returns
    -------
    (size, n) float32
        For each of `CONTEXT_PX` and the pixels in row-major order.
    """
    found = np.empty((len(CONTEXT_PX), int(where.sum())), np.float32)
    mean = np.empty(guess.shape, np.float32)
    for k, size in enumerate(CONTEXT_PX):
        square_mean(guess, square_sum(valid.astype(np.int32), size // 2), size // 2, mean)
        found[k] = mean[where]
    return found


def _planes(
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    bands: list[int | None],
    scale: dict[str, Any],
    valid: NDArray[np.bool_],
) -> Planes:
    """Both dates as integers: the bands, their brightness, two chromaticities, vegetation index and saturation."""
    used = np.array([band for band in bands if band is not None], np.int64)
    table = np.array([scale[key] for key in ("gain", "offset", "spread", "dark")], np.float32)
    own = table.copy()
    own[0], own[1] = 1.0, 0.0
    found = []
    for image, numbers in ((before, own), (after, table)):
        out = np.zeros((9, *valid.shape), np.int16)
        _quantise(np.ascontiguousarray(image, np.float32), used, numbers, valid, out)
        found.append(out)
    keys = (*ROLES, "brightness", "green_share", "red_share", "ndvi", "saturation")
    return {key: (found[0][k], found[1][k]) for k, key in enumerate(keys)}


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _quantise(image: Any, used: Any, numbers: Any, valid: Any, out: Any) -> None:
    unit, chroma = np.float32(UNIT), np.float32(CHROMA_UNIT)
    value = np.zeros(4, np.float32)
    for y in range(valid.shape[0]):
        for x in range(valid.shape[1]):
            if not valid[y, x]:
                continue
            light = np.float32(0.0)
            for k in range(used.size):
                value[k] = numbers[0, k] * image[used[k], y, x] + numbers[1, k]
                level = (value[k] - numbers[3, k]) / numbers[2, k]
                out[k, y, x] = _whole(level * unit)
                if k < 3:
                    light += level
            out[4, y, x] = _whole(light * unit / np.float32(3.0))
            b, g, r = max(value[0], np.float32(0)), max(value[1], np.float32(0)), max(value[2], np.float32(0))
            total = b + g + r
            if total > 0:
                out[5, y, x] = _whole(g / total * chroma)
                out[6, y, x] = _whole(r / total * chroma)
                out[8, y, x] = _whole((max(b, g, r) - min(b, g, r)) / total * chroma)
            if used.size > 3:
                n = max(value[3], np.float32(0))
                out[7, y, x] = _whole((n - r) / (n + r) * chroma) if n + r > 0 else 0


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[misc,untyped-decorator,unused-ignore]
def _whole(value: Any) -> Any:
    limit = np.float32(LIMIT)
    return np.int16(np.rint(min(max(value, -limit), limit)))


def _range(
    image: NDArray[np.int16], valid: NDArray[np.bool_], radius: int
) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Least and greatest value within the radius; what is missing widens no range."""
    kernel = np.ones((2 * radius + 1,) * 2, np.uint8)
    lowest, highest = np.int16(-32768), np.int16(32767)
    low = cv2.erode(np.where(valid, image, highest), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=32767)
    high = cv2.dilate(np.where(valid, image, lowest), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=-32768)
    return np.asarray(low, np.int16), np.asarray(high, np.int16)


def _outside(
    pair: tuple[NDArray[np.int16], NDArray[np.int16]], valid: NDArray[np.bool_], radius: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """How far each date lies outside the other's range, positive where the later one is greater."""
    first, second = np.empty(valid.shape, np.int32), np.empty(valid.shape, np.int32)
    _distances(*pair, *_range(pair[0], valid, radius), *_range(pair[1], valid, radius), valid, first, second)
    return first, second


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _distances(b: Any, a: Any, b0: Any, b1: Any, a0: Any, a1: Any, valid: Any, first: Any, second: Any) -> None:
    zero = np.int32(0)
    for y in range(valid.shape[0]):
        for x in range(valid.shape[1]):
            p, q = np.int32(b[y, x]), np.int32(a[y, x])
            up, down = max(zero, q - b1[y, x]), max(zero, b0[y, x] - q)
            first[y, x] = up - down if valid[y, x] else zero
            up, down = max(zero, a0[y, x] - p), max(zero, p - a1[y, x])
            second[y, x] = up - down if valid[y, x] else zero


_LOGARITHM: Final = np.rint(LOG_UNIT * np.log2(1.0 + 8.0 * np.arange(2 * LIMIT + 2) / UNIT)).astype(np.int16)


def _evidence(planes: Planes, valid: NDArray[np.bool_], nir: bool) -> NDArray[np.int16]:
    """The images of `EVIDENCE`, logarithmic, (evidence, y, x)."""
    visible = [_outside(planes[role], valid, 1) for role in ROLES[:3]]
    shares = [_outside(planes[key], valid, 1) for key in ("green_share", "red_share")]
    far = _outside(planes["brightness"], valid, 2)
    nothing = (np.zeros(valid.shape, np.int32),) * 2
    infrared = _outside(planes["nir"], valid, 1) if nir else nothing
    index = _outside(planes["ndvi"], valid, 1) if nir else nothing
    out = np.empty((len(EVIDENCE), *valid.shape), np.int16)
    _combine(*visible[0], *visible[1], *visible[2], *shares[0], *shares[1], *far, *infrared, *index, _LOGARITHM, out)
    return out


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[misc,untyped-decorator,unused-ignore]
def _signed(value: Any, logarithm: Any) -> Any:
    return logarithm[value] if value >= 0 else -logarithm[-value]


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _combine(
    b1: Any, b2: Any, g1: Any, g2: Any, r1: Any, r2: Any, c1: Any, c2: Any, d1: Any, d2: Any, f1: Any, f2: Any, n1: Any,
    n2: Any, v1: Any, v2: Any, logarithm: Any, out: Any,
) -> None:  # fmt: skip
    last = logarithm.size - 1
    for y in range(out.shape[1]):
        for x in range(out.shape[2]):
            p, q, r = np.float64(b1[y, x]), np.float64(g1[y, x]), np.float64(r1[y, x])
            s, t, u = np.float64(b2[y, x]), np.float64(g2[y, x]), np.float64(r2[y, x])
            first = logarithm[min(last, int(np.sqrt((p * p + q * q + r * r) / 3.0)))]
            second = logarithm[min(last, int(np.sqrt((s * s + t * t + u * u) / 3.0)))]
            out[0, y, x], out[1, y, x], out[2, y, x] = first, second, min(first, second)
            out[3, y, x] = _signed(int((p + q + r + s + t + u) / 6.0), logarithm)
            out[4, y, x] = _signed((n1[y, x] + n2[y, x]) // 2, logarithm)
            green, red = (c1[y, x] + c2[y, x]) // 2, (d1[y, x] + d2[y, x]) // 2
            out[5, y, x] = logarithm[min(last, max(abs(green), abs(red)))]
            both = min(abs(f1[y, x]), abs(f2[y, x]))
            out[6, y, x] = logarithm[both] if f1[y, x] >= 0 else -logarithm[both]
            out[7, y, x] = _signed(green, logarithm)
            out[8, y, x] = _signed((v1[y, x] + v2[y, x]) // 2, logarithm)


def _levels(planes: Planes, count: NDArray[np.int32], nir: bool, out: NDArray[np.float32], at: int) -> int:
    """The lesser and the greater of both dates, at the pixel and on average around it."""
    means = np.empty((2, *count.shape), np.float32)
    for key in ("brightness", "green_share", "nir", "ndvi", "saturation"):
        pair = planes[key]
        if nir or key not in ("nir", "ndvi"):
            for k in range(2):
                square_mean(pair[k], count, LEVEL_PX // 2, means[k])
            for k, choose in enumerate((np.minimum, np.maximum)):
                out[at + 2 * k] = choose(pair[0], pair[1])
                out[at + 2 * k + 1] = choose(means[0], means[1])
        at += 4
    return at


def _matches(
    planes: Planes, valid: NDArray[np.bool_], count: NDArray[np.int32], out: NDArray[np.float32], at: int
) -> int:
    """What of either date is not found in the other, at the pixel and on average around it."""
    for image in unmatched_planes(planes, valid):
        out[at] = image
        square_mean(image, count, MATCH_MEAN_PX // 2, out[at + 1])
        at += 2
    return at


def _correlations(planes: Planes, valid: NDArray[np.bool_], nir: bool, out: NDArray[np.float32], at: int) -> int:
    for size in CORRELATED_PX:
        for key in ("brightness", "nir"):
            if nir or key != "nir":
                _correlate(*planes[key], valid, size // 2, out[at : at + 3])
            at += 3
    return at


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _correlate(b: Any, a: Any, valid: Any, half: int, out: Any) -> None:
    """Correlation of both dates in a square, and the logarithm of either's variance there."""
    height, width = b.shape
    columns = np.zeros((6, width + 2 * half + 1), np.int64)
    start = half + 1
    for y in range(-half, height):
        for sign, row in ((1, y + half), (-1, y - half - 1)):
            if 0 <= row < height:
                for x in range(width):
                    p, q = np.int64(b[row, x]), np.int64(a[row, x])
                    columns[0, start + x] += sign * np.int64(valid[row, x])
                    columns[1, start + x] += sign * p
                    columns[2, start + x] += sign * q
                    columns[3, start + x] += sign * p * p
                    columns[4, start + x] += sign * q * q
                    columns[5, start + x] += sign * p * q
        if y < 0:
            continue
        n, sp, sq, spp, sqq, spq = np.int64(0), np.int64(0), np.int64(0), np.int64(0), np.int64(0), np.int64(0)
        for x in range(-2 * half - 1, width):
            new, old = x + 2 * half + 1, x
            n += columns[0, new]
            sp += columns[1, new]
            sq += columns[2, new]
            spp += columns[3, new]
            sqq += columns[4, new]
            spq += columns[5, new]
            if old < 0:
                continue
            n -= columns[0, old]
            sp -= columns[1, old]
            sq -= columns[2, old]
            spp -= columns[3, old]
            sqq -= columns[4, old]
            spq -= columns[5, old]
            m = float(max(n, 1))
            vp, vq, cov = spp - sp * (sp / m), sqq - sq * (sq / m), spq - sp * (sq / m)
            # a hundredth of a spread is the least texture that counts
            vp, vq = max(vp / m, 0.0) + 100.0, max(vq / m, 0.0) + 100.0
            out[0, y, x] = cov / m / np.sqrt(vp * vq)
            out[1, y, x] = np.log2(vp)
            out[2, y, x] = np.log2(vq)
