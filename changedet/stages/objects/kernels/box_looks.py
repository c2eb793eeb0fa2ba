"""A second look at a found box: log odds from what a network that was taught on photographs sees along it.

The first stages of EfficientNet-Lite0 (Tan and Le 2019, arXiv:1905.11946), frozen, are shown a small picture that lies
along the box, whatever the box's direction, standardised by what is around it, so that the same box looks alike in
every frame.
Means of their maps inside the box, beside it, at its ends and around are the features of a logistic regression.

The constants shape the features that training/fit_looks.py fits on; they were chosen by hand before, and need a new fit
when they change.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np

from changedet.arrays import Bools, Floats, Singles
from changedet.kernels.onnx_session import Session

PIXEL_M: Final = 0.2
"""Of the pictures: a box is 12 px wide, so that maps of a quarter and an eighth still show it."""
AROUND_PX: Final = (80, 128)
"""Rows and columns of what a picture is standardised by: 26 by 16 m."""
SHOWN_PX: Final = (48, 96)
"""Rows and columns that are shown: 19 by 10 m."""
FIRST_PX: Final = (14, 14)
"""Row and column of the first of them."""
CENTRE_PX: Final = (26.0, 50.0)
"""Row and column of the box's centre in what is shown: beyond its middle, as cells of maps see what lies before."""
LEAST_CONTRAST: Final = 0.05
"""Added to a picture's standard deviation, by which it is divided; of the scene's own spread."""
LEAST_SUM: Final = 1e-6
"""Added to the sum of a region's cells, by which they are divided."""
BESIDE_M: Final = 2.4
"""Width of the strips beside a box and of those at its ends: another box's."""
REGIONS: Final = ("inside", "sides", "ends", "rest")
STEPS_PX: Final = (4, 8)
"""How wide a cell of either of the network's maps is."""
DOUBTFUL: Final = (0.15, 0.9)
"""Confidences between which a box is looked at: looks at all from .03 to .95 cost nearly twice as much, and count the
same boxes but for 8 of 13,000 on teaching sites left out of the fit (docs/research/detector.md)."""
IN_LINE: Final = 0.15
"""Sum of the likely neighbours end to end (`context_rescoring`, ``row_sum``) from which on a box is looked at. Where
nothing stands at its ends a look tells the ground that taught it: on hands that did not, it is as often wrong as right.
Chosen with four hands in view; .05 to .3 are alike (docs/research/detector.md, "Who stands in line")."""
LEAST_CONFIDENCE: Final = 1e-4
"""Bound of confidences and of their complements, so that log odds are finite."""


def doubtful(confidence: Floats, is_container: Bools) -> Bools:
    """Boxes that deserve a second look.

    Parameters
    ----------
    confidence : float64 (n,)
        0 to 1.
    is_container : bool (n,)
        Only containers are looked at.

    Returns
    -------
    bool (n,)
        Neither sure, nor out of the question.
    """
    return np.asarray(is_container & (confidence > DOUBTFUL[0]) & (confidence < DOUBTFUL[1]))


def in_line(row: Floats) -> Bools:
    """Boxes with others at their ends, of which a look tells more than of the ground about them.

    Parameters
    ----------
    row : float64 (n,)
        Likely neighbours end to end, 0 to 2 (`context_rescoring`, ``row_sum``).

    Returns
    -------
    bool (n,)
        Those in a line of boxes.
    """
    return np.asarray(row > IN_LINE)


def looked_at(confidence: Floats, odds: Floats) -> Floats:
    """Confidence after a second look.

    Parameters
    ----------
    confidence : float64 (n,)
        Before it, 0 to 1.
    odds : float64 (n,)
        Of `log_odds`; NaN where no look was taken.

    Returns
    -------
    float64 (n,)
        The same where no look was taken.
    """
    bounded = np.clip(confidence, LEAST_CONFIDENCE, 1.0 - LEAST_CONFIDENCE)
    after = 1.0 / (1.0 + (1.0 / bounded - 1.0) * np.exp(-odds))
    return np.where(np.isfinite(odds), after, confidence)


class Weights(NamedTuple):
    """Log odds of features: ``weight @ (features - mean) / spread + offset``.

    Attributes
    ----------
    mean, spread, weight : float32 (feature,)
        Of each feature.
    offset : float
        The same for every box.
    """

    mean: Singles
    spread: Singles
    weight: Singles
    offset: float

    def log_odds(self, features: Singles) -> Floats:
        """Weigh features.

        Parameters
        ----------
        features : float32 (n, feature)
            Of boxes.

        Returns
        -------
        float64 (n,)
            Log odds of each.
        """
        standard = (features - self.mean) / self.spread
        return np.asarray(standard.astype(np.float64) @ self.weight.astype(np.float64) + self.offset)


def log_odds(image: Singles, boxes: Floats, pixel_m: float, encoder: Session, weights: Weights) -> Floats:
    """Log odds that boxes are containers, beside those that are known already.

    Parameters
    ----------
    image : float32 (y, x, 3)
        No NaN; each band in the scene's own mean and spread.
    boxes : float64 (n, 5)
        Metres from the image's corner, see `rectangles`.
    pixel_m : float
        Pixel of the image, metres.
    encoder : Session
        Draws a map of each of `STEPS_PX`.
    weights : Weights
        Fitted on the features of the same encoder.

    Returns
    -------
    float64 (n,)
        To be added.
    """
    found = features(image, boxes, pixel_m, encoder)
    if not len(found):
        return np.empty(0)
    return weights.log_odds(found)


def features(image: Singles, boxes: Floats, pixel_m: float, encoder: Session) -> Singles:
    """Means of the encoder's maps over the regions of each box.

    Parameters
    ----------
    image : float32 (y, x, 3)
        No NaN; each band in the scene's own mean and spread.
    boxes : float64 (n, 5)
        Metres from the image's corner.
    pixel_m : float
        Pixel of the image, metres.
    encoder : Session
        Draws a map of each of `STEPS_PX`.

    Returns
    -------
    float32 (n, feature)
        Of each map, of each of `REGIONS`, of each channel.
    """
    areas = [regions(boxes[:, 2], boxes[:, 3], step) for step in STEPS_PX]
    rows = []
    for k, box in enumerate(boxes):
        # One by one: more at once are no faster on one thread, and a box's numbers do not depend on the others.
        maps = encoder.run(None, {"pictures": standardised(_along(image, box, pixel_m))[None]})
        rows.append([_means(drawn[0], area[k]) for drawn, area in zip(maps, areas, strict=True)])
    return np.array([np.concatenate(row) for row in rows], np.float32)


def _means(maps: Singles, areas: Singles) -> Singles:
    """Weighted sums (region * channel,) of maps (channel, y, x) over areas (region, y, x)."""
    means = areas.reshape(len(areas), -1) @ maps.reshape(len(maps), -1).T
    return np.asarray(means.ravel(), np.float32)


def _along(image: Singles, box: Floats, pixel_m: float) -> Singles:
    """What lies around a box (`AROUND_PX`, 3), its length along the columns."""
    x, y, _, _, angle = box
    along, across = np.array([np.sin(angle), -np.cos(angle)]), np.array([np.cos(angle), np.sin(angle)])
    turn = np.column_stack([along, across]) * PIXEL_M / pixel_m
    centre = np.array(CENTRE_PX[::-1]) + FIRST_PX[::-1]
    move = np.array([x, y]) / pixel_m - 0.5 - turn @ centre
    how = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    size = AROUND_PX[::-1]
    turned = cv2.warpAffine(image, np.column_stack([turn, move]), size, flags=how, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.float32)


def standardised(around: Singles) -> Singles:
    """What is shown of a box: what is around it has mean 0, its brightness spread 1.

    Parameters
    ----------
    around : float32 (y, x, 3)
        `AROUND_PX`, no NaN.

    Returns
    -------
    float32 (3, y, x)
        `SHOWN_PX`, as the encoder takes it.
    """
    mean, spread = cv2.meanStdDev(cv2.transform(around, np.full((1, 3), 1 / 3)))
    shown = around[tuple(slice(first, first + size) for first, size in zip(FIRST_PX, SHOWN_PX, strict=True))]
    planes = np.stack(cv2.split(shown))
    planes -= np.float32(mean[0, 0])
    planes /= np.float32(spread[0, 0] + LEAST_CONTRAST)
    return np.asarray(planes, np.float32)


def regions(lengths: Floats, widths: Floats, step: int) -> Singles:
    """Weights of the cells of a map in each of `REGIONS`.

    Parameters
    ----------
    lengths, widths : float64 (n,)
        Of boxes, metres.
    step : int
        How wide a cell of the map is, pixels of the picture.

    Returns
    -------
    float32 (n, region, y, x)
        Their sum is 1 in each region. A cell's middle is where strides with the encoder's padding put it: half a pixel
        before its end.
    """
    rows, columns = (
        np.asarray((np.arange(1, size // step + 1) * step - 0.5 - centre) * PIXEL_M, np.float64)
        for size, centre in zip(SHOWN_PX, CENTRE_PX, strict=True)
    )
    cell_m = step * PIXEL_M
    long, wide = _within(columns, lengths / 2, cell_m)[:, None], _within(rows, widths / 2, cell_m)[:, :, None]
    longer = _within(columns, lengths / 2 + BESIDE_M, cell_m)[:, None]
    wider = _within(rows, widths / 2 + BESIDE_M, cell_m)[:, :, None]
    parts = np.stack([wide * long, (wider - wide) * long, wide * (longer - long), 1 - wider * longer], axis=1)
    return np.asarray(parts / (parts.sum(axis=(2, 3), keepdims=True) + LEAST_SUM), np.float32)


def _within(places_m: Floats, halves_m: Floats, cell_m: float) -> Floats:
    """Shares (n, place) of cells that lie within a distance of the centre."""
    return np.clip(0.5 - (np.abs(places_m)[None] - halves_m[:, None]) / cell_m, 0.0, 1.0)
