"""A strip of the picture along tracks, straightened, in one light for the railcar network."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Floats, Singles
from changedet.pipeline.things.kernels.siding_pictures import STEP_M, in_one_light

LEVEL_M: Final = 1e-6
"""By how much the ends of a line that runs north may lie apart in the east."""


class Strip(NamedTuple):
    """A picture along tracks.

    Attributes
    ----------
    image : float32 (3, v, u)
        In spreads from the median; NaN is no data. u runs along the tracks, to the east or, where they run so, the
        north.
    axis : float64 (w, 2)
        Points of a line along them in metres, `STEP_M` apart, one for each edge of the columns.
    left_m : float
        From the picture's first edge to that line.
    """

    image: Singles
    axis: Floats
    left_m: float

    def place(self, along_m: Floats, across_m: Floats) -> Floats:
        """Where places of the picture lie.

        Parameters
        ----------
        along_m, across_m : float64 (n,)
            From the picture's first corner.

        Returns
        -------
        float64 (n, 2)
            x and y in metres.
        """
        at = np.clip(along_m / STEP_M, 0, len(self.axis) - 1)
        grid = np.arange(len(self.axis))
        points, sides = self.axis, sides_of(self.axis)
        there = np.stack([np.interp(at, grid, points[:, k]) for k in (0, 1)], axis=1)
        side = np.stack([np.interp(at, grid, sides[:, k]) for k in (0, 1)], axis=1)
        return np.asarray(there + (across_m - self.left_m)[:, None] * side, np.float64)


def axis_of(line_m: Floats) -> Floats:
    """Lay evenly spaced points on a line along tracks.

    Parameters
    ----------
    line_m : float64 (n, 2)
        In metres, y to the north.

    Returns
    -------
    float64 (w, 2)
        `STEP_M` apart, an odd number of them, from the west (from the south where it runs north).
    """
    if runs_back(line_m):
        line_m = line_m[::-1]
    far = np.r_[0.0, np.cumsum(np.hypot(*np.diff(line_m, axis=0).T))]
    # The network answers pairs of columns.
    at = np.arange(int(far[-1] / STEP_M) // 2 * 2 + 1) * STEP_M
    return np.stack([np.interp(at, far, line_m[:, k]) for k in (0, 1)], axis=1)


def runs_back(line_m: Floats) -> bool:
    """Whether a line runs to the west, or to the south where it runs so.

    Parameters
    ----------
    line_m : float64 (n, 2)
        In metres, y to the north.

    Returns
    -------
    bool
        By its ends.
    """
    east, north = line_m[-1] - line_m[0]
    return bool(east < -LEVEL_M or (abs(east) <= LEVEL_M and north < 0))


def sides_of(axis: Floats) -> Floats:
    """Unit vectors across a line, to its right.

    Parameters
    ----------
    axis : float64 (w, 2)
        Of `axis_of`.

    Returns
    -------
    float64 (w, 2)
        One for each point.
    """
    ahead = np.gradient(axis, axis=0)
    ahead = ahead / np.maximum(np.hypot(*ahead.T), 1e-9)[:, None]
    return np.stack([ahead[:, 1], -ahead[:, 0]], axis=1)


def pixels_of(to_pixels: Floats, axis: Floats, sides_m: tuple[float, float]) -> Singles:
    """Where the pixels of a strip lie in a picture.

    Parameters
    ----------
    to_pixels : float64 (2, 3)
        From metres to the picture's pixels, (0, 0) being the corner of the first.
    axis : float64 (w, 2)
        Of `axis_of`.
    sides_m : (float, float)
        Shown to the left and to the right of it.

    Returns
    -------
    float32 (v, u, 2)
        Column and row, (0, 0) being the middle of the first pixel.
    """
    middle = (axis[1:] + axis[:-1]) / 2
    sides = sides_of(axis)
    side = (sides[1:] + sides[:-1]) / 2
    across = (np.arange(math.ceil(sum(sides_m) / STEP_M - 1e-6)) + 0.5) * STEP_M - sides_m[0]
    at = middle[None] + across[:, None, None] * side[None]
    return np.asarray(at @ to_pixels[:, :2].T + to_pixels[:, 2] - 0.5, np.float32)


def strip_of(sampled: Singles, axis: Floats, left_m: float) -> Strip:
    """Make a strip.

    Parameters
    ----------
    sampled : float32 (3, v, u)
        The picture at `pixels_of`; NaN is no data.
    axis : float64 (w, 2)
        Of `axis_of`.
    left_m : float
        Shown to its left.

    Returns
    -------
    Strip
        In one light.
    """
    return Strip(in_one_light(sampled), axis, left_m)
