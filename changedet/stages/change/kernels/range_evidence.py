"""How far either date lies outside the other's range of values within a pixel or two, as logarithms."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from changedet.arrays import Bools, Shorts, Words
from changedet.kernels.compiled import compiled, inlined
from changedet.stages.change.kernels.feature_names import EVIDENCE, ROLES
from changedet.stages.change.kernels.image_planes import LIMIT, Planes
from changedet.stages.change.kernels.patch_search import UNIT

LOG_UNIT: Final = 256
"""Integer steps for a doubling."""
FINEST: Final = 8.0
"""Parts of a spread from which on the logarithm is no longer nearly linear."""
LOWEST: Final = -32768
HIGHEST: Final = 32767
"""Of int16: what is missing widens no range."""
BOTH_COLOURS: Final = 6.0
"""Three visible bands, outside either date."""
AFTER_OUTSIDE: Final = EVIDENCE.index("after_outside")
BEFORE_OUTSIDE: Final = EVIDENCE.index("before_outside")
BOTH_OUTSIDE: Final = EVIDENCE.index("both_outside")
BRIGHTER: Final = EVIDENCE.index("brighter")
NIR_BRIGHTER: Final = EVIDENCE.index("nir_brighter")
COLOUR: Final = EVIDENCE.index("colour")
FAR_OUTSIDE: Final = EVIDENCE.index("far_outside")
GREENER: Final = EVIDENCE.index("greener")
NDVI_GREATER: Final = EVIDENCE.index("ndvi_greater")
_LOGARITHM: Final = np.rint(LOG_UNIT * np.log2(1.0 + FINEST * np.arange(2 * LIMIT + 2) / UNIT)).astype(np.int16)


def evidence(planes: Planes, valid: Bools, nir: bool) -> Shorts:
    """How far either date lies outside the other's range.

    Parameters
    ----------
    planes : dict
        From `image_planes`.
    valid : bool (y, x)
        Where both dates are seen.
    nir : bool
        Whether the scene has near infrared; without, what needs it is 0.

    Returns
    -------
    int16 (evidence, y, x)
        As `EVIDENCE`, in `LOG_UNIT` to a doubling; where it has a sign, above 0 where the later date is greater.
    """
    visible = [outside(planes[role], valid, 1) for role in ROLES[:3]]
    shares = [outside(planes[key], valid, 1) for key in ("green_share", "red_share")]
    far = outside(planes["brightness"], valid, 2)
    nothing = (np.zeros(valid.shape, np.int32),) * 2
    infrared = outside(planes["nir"], valid, 1) if nir else nothing
    index = outside(planes["ndvi"], valid, 1) if nir else nothing
    out = np.empty((len(EVIDENCE), *valid.shape), np.int16)
    _combine(*visible[0], *visible[1], *visible[2], *shares[0], *shares[1], *far, *infrared, *index, _LOGARITHM, out)
    return out


def outside(pair: tuple[Shorts, Shorts], valid: Bools, radius_px: int) -> tuple[Words, Words]:
    """How far each date lies outside the range of the other within a radius.

    Parameters
    ----------
    pair : two of int16 (y, x)
        The earlier and the later date.
    valid : bool (y, x)
        Where both are seen.
    radius_px : int
        Half a side of the square.

    Returns
    -------
    after_outside, before_outside : int32 (y, x)
        Above 0 where the later date is greater, 0 inside the range and where not valid.
    """
    first, second = np.empty(valid.shape, np.int32), np.empty(valid.shape, np.int32)
    _distances(*pair, *_range(pair[0], valid, radius_px), *_range(pair[1], valid, radius_px), valid, first, second)
    return first, second


def _range(image: Shorts, valid: Bools, radius_px: int) -> tuple[Shorts, Shorts]:
    """Least and greatest value within the radius; what is missing widens no range."""
    kernel = np.ones((2 * radius_px + 1,) * 2, np.uint8)
    low = cv2.erode(
        np.where(valid, image, np.int16(HIGHEST)), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=HIGHEST
    )
    high = cv2.dilate(
        np.where(valid, image, np.int16(LOWEST)), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=LOWEST
    )
    return np.asarray(low, np.int16), np.asarray(high, np.int16)


@compiled
def _distances(
    b: Shorts, a: Shorts, b0: Shorts, b1: Shorts, a0: Shorts, a1: Shorts, valid: Bools, first: Words, second: Words
) -> None:
    zero = np.int32(0)
    for y in range(valid.shape[0]):
        for x in range(valid.shape[1]):
            p, q = np.int32(b[y, x]), np.int32(a[y, x])
            up, down = max(zero, q - b1[y, x]), max(zero, b0[y, x] - q)
            first[y, x] = up - down if valid[y, x] else zero
            up, down = max(zero, a0[y, x] - p), max(zero, p - a1[y, x])
            second[y, x] = up - down if valid[y, x] else zero


@inlined
def _signed(value: int, logarithm: Shorts) -> int:
    return logarithm[value] if value >= 0 else -logarithm[-value]  # type: ignore[no-any-return,unused-ignore]


@compiled
def _combine(
    b1: Words, b2: Words, g1: Words, g2: Words, r1: Words, r2: Words, c1: Words, c2: Words, d1: Words, d2: Words,
    f1: Words, f2: Words, n1: Words, n2: Words, v1: Words, v2: Words, logarithm: Shorts, out: Shorts,
) -> None:  # fmt: skip
    last = logarithm.size - 1
    for y in range(out.shape[1]):
        for x in range(out.shape[2]):
            p, q, r = np.float64(b1[y, x]), np.float64(g1[y, x]), np.float64(r1[y, x])
            s, t, u = np.float64(b2[y, x]), np.float64(g2[y, x]), np.float64(r2[y, x])
            first = logarithm[min(last, int(np.sqrt((p * p + q * q + r * r) / 3.0)))]
            second = logarithm[min(last, int(np.sqrt((s * s + t * t + u * u) / 3.0)))]
            out[AFTER_OUTSIDE, y, x], out[BEFORE_OUTSIDE, y, x], out[BOTH_OUTSIDE, y, x] = (
                first,
                second,
                min(first, second),
            )
            out[BRIGHTER, y, x] = _signed(int((p + q + r + s + t + u) / BOTH_COLOURS), logarithm)
            out[NIR_BRIGHTER, y, x] = _signed((n1[y, x] + n2[y, x]) // 2, logarithm)
            green, red = (c1[y, x] + c2[y, x]) // 2, (d1[y, x] + d2[y, x]) // 2
            out[COLOUR, y, x] = logarithm[min(last, max(abs(green), abs(red)))]
            both = min(abs(f1[y, x]), abs(f2[y, x]))
            out[FAR_OUTSIDE, y, x] = logarithm[both] if f1[y, x] >= 0 else -logarithm[both]
            out[GREENER, y, x] = _signed(green, logarithm)
            out[NDVI_GREATER, y, x] = _signed((v1[y, x] + v2[y, x]) // 2, logarithm)
