"""What of one date is not found near its place on the other: a leaning roof is found, a box that has gone is not."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from changedet.arrays import Bools, Bytes, Shorts, Words
from changedet.kernels.compiled import compiled
from changedet.stages.change.kernels.box_sums import box_sum

UNIT: Final = 1024
"""Integer steps in one spread of a band."""
CHROMA_UNIT: Final = 8192
"""Integer steps in a chromaticity of 1."""
SEARCH_PX: Final = (0, 4, 10)
"""How far, each way, a patch of one date is searched for on the other: relief displaces roofs of stacks by metres."""
STEP_PX: Final = 2
"""Both dates are averaged over 3 x 3 pixels first, so every second displacement is enough."""
PATCH_PIXELS: Final = 9
"""Pixels of a patch of 3 x 3."""
MOST_APART: Final = PATCH_PIXELS * 255
"""Greatest sum of absolute differences over a patch."""
LOG_UNIT: Final = 64
"""Integer steps for a doubling of a difference."""
_LOGARITHM: Final = np.rint(LOG_UNIT * np.log2(1.0 + np.arange(MOST_APART + 1) / PATCH_PIXELS)).astype(np.int16)
_SHARE_SCALE: Final = (-CHROMA_UNIT // 10, 400 / CHROMA_UNIT)
_SCALE: Final = ((2 * UNIT, 40 / UNIT), _SHARE_SCALE, _SHARE_SCALE)
"""Brightness from two spreads below 0 and shares from a tenth on, in steps a little above their noise."""


def unmatched_planes(planes: dict[str, tuple[Shorts, Shorts]], valid: Bools) -> list[Shorts]:
    """How much the most similar patch of the other date within reach differs, as logarithms.

    Parameters
    ----------
    planes : dict of str to pair of int16 (y, x)
        ``brightness`` in `UNIT`, ``green_share`` and ``red_share`` in `CHROMA_UNIT`, of both dates.
    valid : bool (y, x)
        Where both are seen.

    Returns
    -------
    list of int16 (y, x)
        In the order of `unmatched`, in `LOG_UNIT` to a doubling; 0 where the patch is found as it was.
    """
    return [_LOGARITHM[image] for image in unmatched(_eight_bit_planes(planes, valid))]


def _eight_bit_planes(planes: dict[str, tuple[Shorts, Shorts]], valid: Bools) -> list[tuple[Bytes, Bytes]]:
    """Brightness and two chromaticities of both dates, averaged over 3 x 3 pixels, in 8 bits; 0 where not seen."""
    count = np.maximum(box_sum(valid.astype(np.int32), 1), 1)
    found = []
    for key, (offset, scale) in zip(("brightness", "green_share", "red_share"), _SCALE, strict=True):
        pair = [np.empty(valid.shape, np.uint8) for _ in range(2)]
        for k in range(2):
            _eight_bits(box_sum(planes[key][k], 1), count, valid, offset, scale, pair[k])
        found.append((pair[0], pair[1]))
    return found


@compiled
def _eight_bits(total: Words, count: Words, valid: Bools, offset: int, scale: float, out: Bytes) -> None:
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            value = (total[y, x] // count[y, x] + offset) * scale
            out[y, x] = np.uint8(min(max(value, 0.0), 255.0)) if valid[y, x] else np.uint8(0)


def unmatched(pairs: list[tuple[Bytes, Bytes]]) -> list[NDArray[np.uint16]]:
    """Sum over 3 x 3 pixels of the absolute difference to the most similar displaced patch, for each of `SEARCH_PX`.

    Parameters
    ----------
    pairs : list of pairs of uint8 (y, x)
        Three planes of the earlier and of the later date.

    Returns
    -------
    list of uint16 (y, x)
        Without displacement; then for each reach what of the earlier date is not found on the later one, and what of
        the later one is not found on the earlier.
    """
    reach, shape = SEARCH_PX[-1], pairs[0][0].shape
    height, width = shape
    padded = [cv2.copyMakeBorder(after, reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=0) for _, after in pairs]
    steps = range(-reach, reach + 1, STEP_PX)
    wide = (height + 2 * reach, width + 2 * reach)
    before = {size: np.full(shape, MOST_APART, np.uint16) for size in SEARCH_PX}
    after = {size: np.full(wide, MOST_APART, np.uint16) for size in SEARCH_PX[1:]}
    for dy in steps:
        for dx in steps:
            there = slice(reach + dy, reach + dy + height), slice(reach + dx, reach + dx + width)
            parts = [cv2.absdiff(first, second[there]) for (first, _), second in zip(pairs, padded, strict=True)]
            difference = cv2.boxFilter(
                cv2.add(cv2.add(parts[0], parts[1]), parts[2]), cv2.CV_16U, (3, 3), normalize=False,
                borderType=cv2.BORDER_CONSTANT,
            )  # fmt: skip
            for size in SEARCH_PX:
                if max(abs(dy), abs(dx)) <= size:
                    cv2.min(before[size], difference, dst=before[size])
                    if size:
                        after[size][there] = cv2.min(after[size][there], difference)
    core = slice(reach, reach + height), slice(reach, reach + width)
    return [before[0], *(image for size in SEARCH_PX[1:] for image in (before[size], after[size][core]))]
