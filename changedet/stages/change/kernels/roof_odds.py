"""Roofs that come and go, by a network that knows roofs on a single look.

The network of halls was taught what a roof looks like, on both dates alike. Where it says roof on one of them and not
on the other a building came or is gone, whatever the light. Comparing what is found on each date is the oldest way to
see what was built (post-classification comparison, Singh 1989, doi:10.1080/01431168908903939); it errs where either
date does. So it makes no mark by itself: it says that the trees, which in colours alone were hardly ever shown a
house on new ground, may not dismiss one that the network of change sees as well.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np

from changedet.arrays import Bools, Singles
from changedet.kernels.hall_pictures import STEP_M, shown
from changedet.kernels.shown_pictures import ShownRange
from changedet.stages.change.kernels.box_sums import box_sum
from changedet.stages.change.kernels.network_odds import LEAST_ODDS

AROUND_M: Final = 36.0
"""How far around a block the network is shown: beyond it lie some .02 of a probability (docs/research/change.md)."""
WHOLE_M: Final = 60.0
"""Side of the square over which the network of change speaks of a roof: of all that differs there, a hall or a row of
houses. It has a say on the whole: joints and rims of a roof on which the sun has turned look new by themselves."""
STEPS: Final = 16.0
"""Whole steps of log odds, and from what does not differ to what surely does: their sums are the same in any block."""


class RoofEvidence(NamedTuple):
    """When both networks see that a roof came or went, and how far the trees may dismiss it.

    Attributes
    ----------
    differs : (float, float)
        Difference of the probabilities of a roof from which on one came or went, and surely did.
    sees : (float, float)
        Mean log odds of the network of change, of what differs around, from which on it sees it, and surely does.
    least : (float, float)
        Least log odds of the trees with no evidence, and with all.
    """

    differs: tuple[float, float] = (0.1, 0.8)
    sees: tuple[float, float] = (-1.5, -0.5)
    least: tuple[float, float] = (LEAST_ODDS, 4.0)


EVIDENCE: Final = RoofEvidence()
"""By `training/fit_roofs.py`; `sees` is stricter than simulated sites alone ask for, with real airports in view
(docs/research/change.md)."""
IS_ROOF: Final = 0.5
"""Evidence from which on what came or went is a building, and no mover."""


def roof_halo_px(gsd_m: float) -> int:
    """How much more than what is wanted the network is shown.

    Parameters
    ----------
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    int
        Pixels on each side.
    """
    return round(AROUND_M / gsd_m)


def roof_picture(image: Singles, limits: ShownRange, gsd_m: float) -> Singles:
    """A date as the network of halls sees it.

    Parameters
    ----------
    image : float32 (3, y, x)
        Red, green, blue, on the scale of the limits; NaN where not seen.
    limits : ShownRange
        Of the earlier date: roofs of both are as bright as they are.
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    float32 (3, y, x)
        On pixels of `STEP_M`.
    """
    height, width = (max(1, round(size * gsd_m / STEP_M)) for size in image.shape[1:])
    levels = shown(image, (limits.low, limits.high))
    return np.stack([cv2.resize(band, (width, height), interpolation=cv2.INTER_AREA) for band in levels])


def roof_difference(odds: tuple[Singles, Singles], seen: Bools) -> Singles:
    """How far two looks differ in whether a roof covers a place.

    Parameters
    ----------
    odds : (float32 (y, x), float32 (y, x))
        Of `hall_network.odds_of`, for both dates, on pixels of `hall_pictures.STEP_M`.
    seen : bool (y, x)
        The pixels of the pair.

    Returns
    -------
    float32 (y, x)
        Difference of the probabilities, 0 to 1, on the pixels of the pair; 0 where not seen.
    """
    first, second = (1 / (1 + np.exp(-one)) for one in odds)
    apart = cv2.resize(np.abs(second - first), seen.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.where(seen, apart, np.float32(0)).astype(np.float32)


def roof_evidence(difference: Singles, network: Singles, gsd_m: float, evidence: RoofEvidence = EVIDENCE) -> Singles:
    """How sure both networks are that a roof came or went.

    Parameters
    ----------
    difference : float32 (y, x)
        Of `roof_difference`.
    network : float32 (y, x)
        Log odds of the network of change, of `wide_ground.kept_odds`; NaN where there are none.
    gsd_m : float
        Ground size of a pixel.
    evidence : RoofEvidence
        By which.

    Returns
    -------
    float32 (y, x)
        0 to 1; right where half of `WHOLE_M` is there on each side.
    """
    differs = _between(difference, evidence.differs)
    weights = np.where(np.isfinite(network), np.rint(np.float32(STEPS) * differs), np.float32(0)).astype(np.int32)
    steps = np.rint(np.float32(STEPS) * np.nan_to_num(network)).astype(np.int32)
    half = round(WHOLE_M / 2 / gsd_m)
    total, number = box_sum(weights * steps, half), box_sum(weights, half)
    sees = total / (np.float32(STEPS) * np.maximum(number, 1).astype(np.float32))
    return np.where(weights > 0, differs * _between(sees, evidence.sees), np.float32(0)).astype(np.float32)


def is_building(evidence: Singles) -> Bools:
    """Where what came or went is a building, and no mover.

    Parameters
    ----------
    evidence : float32 (y, x)
        Of `roof_evidence`.

    Returns
    -------
    bool (y, x)
        Where there is more than `IS_ROOF`.
    """
    return np.asarray(evidence > np.float32(IS_ROOF), np.bool_)


def least_by_roofs(evidence: Singles, least: tuple[float, float] = EVIDENCE.least) -> Singles:
    """Log odds of change that the trees have at least where a roof came or went.

    Parameters
    ----------
    evidence : float32 (y, x)
        Of `roof_evidence`.
    least : (float, float)
        As of `RoofEvidence`.

    Returns
    -------
    float32 (y, x)
        Between both.
    """
    low, high = (np.float32(end) for end in least)
    return np.asarray(low + (high - low) * evidence, np.float32)


def with_roofs(score: Singles, network: Singles, evidence: Singles) -> Singles:
    """Probabilities of change of a pair that no other look bounds, where a roof came or went.

    Parameters
    ----------
    score : float32 (y, x)
        Of trees and network; NaN is not observed.
    network : float32 (y, x)
        Log odds of the network of change, of `wide_ground.kept_odds`.
    evidence : float32 (y, x)
        Of `roof_evidence`.

    Returns
    -------
    float32 (y, x)
        Never less than `score`; NaN where that is.
    """
    odds = least_by_roofs(evidence) + np.nan_to_num(network)
    raised = np.maximum(score, 1 / (1 + np.exp(-odds)))
    return np.where(evidence > 0, raised, score).astype(np.float32)


def _between(values: Singles, ends: tuple[float, float]) -> Singles:
    low, high = (np.float32(end) for end in ends)
    return np.asarray(np.clip((values - low) / (high - low), np.float32(0), np.float32(1)), np.float32)
