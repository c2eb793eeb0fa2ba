"""Outlines of what is brighter than on the reference: whether something built has them, or a cloud."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from changedet.arrays import Bools, Singles, Words
from changedet.kernels import morphology
from changedet.kernels.components import label
from changedet.stages.mask.kernels.cloud_shadows import FADE_M

THING_SHARPNESS: Final = 0.82
"""Greatest sharpness of the outline of all that is brighter than on the reference around a core that fades: .82 of 95 %
of painted and drawn clouds, .66 to .94 of new yards and fields; chosen with these in view."""
LAID_SHARPNESS: Final = 0.86
"""The same in scenes that are not stretched, from which on it is what was laid there, whatever its core's contour is
like, if it is not ragged: new concrete yards of a stranger's sites have .88 and .90 at 2 m; chosen with these in view
(docs/research/change.md, "Yards in the outline of what is paler")."""
RAGGED_AREA_M2: Final = 2000.0
"""A smaller thing's outline has too few pixels to be called ragged."""
RAGGED_FILL: Final = 0.8
"""Greatest share of its smallest rectangle that a ragged thing fills; roofs fill more than .9 of theirs."""
RAGGED_CORNERS: Final = 8
"""Least number of corners of a ragged outline, simplified to two pixels."""
RECTANGLE_FILL: Final = 0.85
"""Least share of its smallest rectangle that a thing of four corners fills to be a pad or a hall with its apron,
however soft the camera: .89 and .93 of a stranger's, at most .71 of clouds' things, .79 of an ellipse. Chosen with
these in view."""
RECTANGLE_CORNERS: Final = 4
"""Of its outline, simplified to two pixels."""
SOFTNESS_LIMIT_M: Final = 4.0
"""With coarser pixels every outline looks sharp, and no roof is left as wide as a cloud."""
EDGE_REACH_PX: Final = 5
"""Window in which the edge of an outline is looked for: two pixels either side."""


@dataclass(frozen=True)
class Things:
    """All that is brighter than on the reference, of which cores are parts.

    A core's outline is a contour of brightness: within a new pale yard that is uneven it fades as a cloud's does, and
    is as ragged. The outline of the thing itself is that of a yard.

    Attributes
    ----------
    labels : int (y, x)
        One a thing, 0 outside.
    rim : bool (y, x)
        Their outermost pixels.
    sharp : float32 (y, x)
        Of `sharpness`.
    cut : bool (y, x)
        Where the picture ends, or has no data beside.
    resolution_m : float
        Pixel size.
    """

    labels: Words
    rim: Bools
    sharp: Singles
    cut: Bools
    resolution_m: float

    @classmethod
    def of(cls, core: Bools, brighter: Bools, sharp: Singles, valid: Bools, resolution_m: float) -> Things:
        """Find them.

        Parameters
        ----------
        core : bool (y, x)
            Of `cloud_shapes.bright_cores`.
        brighter : bool (y, x)
            Than on the reference.
        sharp : float32 (y, x)
            Of `sharpness`.
        valid : bool (y, x)
            Where the picture has data.
        resolution_m : float
            Pixel size.

        Returns
        -------
        Things
            Of both.
        """
        things = brighter | core
        rim = things & ~inner_part(things)
        return cls(label(things.astype(np.uint8)), rim, sharp, ~inner_part(np.pad(valid, 1))[1:-1, 1:-1], resolution_m)

    def fades(self, part: Bools) -> bool:
        """Say whether the thing of which a core is part fades out on half of its outline.

        Parameters
        ----------
        part : bool (y, x)
            A core.

        Returns
        -------
        bool
            False where it is as sharp as new yards are.
        """
        return self._sharpness(part) < THING_SHARPNESS

    def is_laid(self, part: Bools) -> bool:
        """Say whether it is large enough to have an outline, and has that of something built: sharp, or a rectangle.

        Parameters
        ----------
        part : bool (y, x)
            A core.

        Returns
        -------
        bool
            True of new yards, and of a new hall on its apron.
        """
        own = self._own(part)
        if self.resolution_m > SOFTNESS_LIMIT_M or own.sum() * self.resolution_m**2 < RAGGED_AREA_M2:
            return False
        if self._sharpness(part) >= LAID_SHARPNESS and not self.is_ragged(part):
            return True
        fill, corners = _shape(own)
        # The frame cuts clouds to rectangles as well.
        return fill >= RECTANGLE_FILL and corners == RECTANGLE_CORNERS and not bool((own & self.cut).any())

    def is_ragged(self, part: Bools) -> bool:
        """Say whether it has the outline of nothing that is built.

        Parameters
        ----------
        part : bool (y, x)
            A core.

        Returns
        -------
        bool
            As of the function.
        """
        return is_ragged(self._own(part), self.resolution_m)

    def _sharpness(self, part: Bools) -> float:
        return float(np.median(self.sharp[self._own(part) & self.rim]))

    def _own(self, part: Bools) -> Bools:
        return np.asarray(self.labels == self.labels[part][0], bool)


def inner_part(mask: Bools) -> Bools:
    """Leave out the outermost pixels.

    Parameters
    ----------
    mask : bool (y, x)

    Returns
    -------
    bool (y, x)
        One pixel smaller on each side.
    """
    return morphology.eroded(mask, morphology.square(3))


def is_ragged(part: Bools, resolution_m: float) -> bool:
    """Say whether a large thing has the outline of nothing that is built.

    Parameters
    ----------
    part : bool (y, x)
        One thing.
    resolution_m : float
        Pixel size.

    Returns
    -------
    bool
        False of small ones.
    """
    fill, corners = _shape(part)
    return bool(part.sum() * resolution_m**2 >= RAGGED_AREA_M2 and fill < RAGGED_FILL and corners >= RAGGED_CORNERS)


def _shape(part: Bools) -> tuple[float, int]:
    """The share of its smallest rectangle that it fills, and the corners of its outline simplified to two pixels."""
    outlines, _ = cv2.findContours(part.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(outlines, key=len)
    _, (width, height), _ = cv2.minAreaRect(outline)
    return float(part.sum()) / ((width + 1) * (height + 1)), len(cv2.approxPolyDP(outline, 2.0, True))


def sharpness(bright: Singles, valid: Bools, resolution_m: float) -> Singles:
    """Share of the brightness range nearby that one edge, a pixel either side, makes up; the edge within two pixels.

    Parameters
    ----------
    bright : float32 (y, x)
        Mean of the visible bands.
    valid : bool (y, x)
        Where the picture has data.
    resolution_m : float
        Pixel size.

    Returns
    -------
    float32 (y, x)
        1 of an edge of one pixel.
    """
    filled = np.where(valid, bright, np.float32(np.median(bright[valid])))
    near = cv2.dilate(_range(filled, 1), np.ones((EDGE_REACH_PX, EDGE_REACH_PX), np.uint8))
    wide = _range(filled, max(3, round(FADE_M / resolution_m)))
    return np.asarray(near / np.maximum(wide, 1e-6), np.float32)


def _range(values: Singles, radius_px: int) -> Singles:
    window = np.ones((2 * radius_px + 1, 2 * radius_px + 1), np.uint8)
    return np.asarray(cv2.dilate(values, window) - cv2.erode(values, window), np.float32)
