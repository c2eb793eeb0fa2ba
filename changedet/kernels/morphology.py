"""Opening, closing, dilation and erosion of masks; what lies beyond a picture's edge changes none of them."""

from __future__ import annotations

import cv2
import numpy as np

from changedet.arrays import Bools, Bytes


def square(side: int) -> Bytes:
    """A square as a structuring element.

    Parameters
    ----------
    side : int
        Pixels; odd, or what is opened moves.

    Returns
    -------
    uint8 (side, side)
        All 1.
    """
    return np.ones((side, side), np.uint8)


def disc(side: int) -> Bytes:
    """A disc as a structuring element, as OpenCV rounds it.

    Parameters
    ----------
    side : int
        Pixels across; odd.

    Returns
    -------
    uint8 (side, side)
        1 in the disc.
    """
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def opened(mask: Bools, element: Bytes) -> Bools:
    """A mask without what no element fits into.

    Parameters
    ----------
    mask : bool (y, x)
    element : uint8 (y, x)
        Of `square` or `disc`.

    Returns
    -------
    bool (y, x)
        Within the mask.
    """
    return np.asarray(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, element) > 0, np.bool_)


def closed(mask: Bools, element: Bytes) -> Bools:
    """A mask with the gaps that no element fits into.

    Parameters
    ----------
    mask : bool (y, x)
    element : uint8 (y, x)
        Of `square` or `disc`.

    Returns
    -------
    bool (y, x)
        Holds the mask.
    """
    return np.asarray(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, element) > 0, np.bool_)


def dilated(mask: Bools, element: Bytes) -> Bools:
    """A mask with all that an element about one of its pixels covers.

    Parameters
    ----------
    mask : bool (y, x)
    element : uint8 (y, x)
        Of `square` or `disc`.

    Returns
    -------
    bool (y, x)
        Holds the mask.
    """
    return np.asarray(cv2.dilate(mask.astype(np.uint8), element) > 0, np.bool_)


def eroded(mask: Bools, element: Bytes) -> Bools:
    """The pixels of a mask about which an element lies within it.

    Parameters
    ----------
    mask : bool (y, x)
    element : uint8 (y, x)
        Of `square` or `disc`.

    Returns
    -------
    bool (y, x)
        Within the mask.
    """
    return np.asarray(cv2.erode(mask.astype(np.uint8), element) > 0, np.bool_)
