"""Pixels of a choice in each row of an area."""

from __future__ import annotations

import cv2
import numpy as np

from changedet.arrays import Bools, Words


def count_rows(chosen: Bools, within: Bools) -> Words:
    """Count the chosen pixels of each row that lie in an area.

    Parameters
    ----------
    chosen, within : bool (y, x)

    Returns
    -------
    int32 (y,)
        Pixels that are in both.
    """
    # a sixth of the time of numpy's count along rows
    both = (chosen & within).view(np.uint8)
    return np.asarray(cv2.reduce(both, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[:, 0], np.int32)
