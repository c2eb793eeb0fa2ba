"""What a detector's scores say of presence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.stages.tracks.kernels.appearance import APPEARANCE_BINS, FEATURES, LOOK_GROUPS

SCORE_EDGES: Final = (0.1, 0.25, 0.5, 0.8, 0.97)
"""A score's bin: 0 no row or below the first edge, 5 above the last."""


CLASSES: Final = ("easy", "hard", "patchy", "mobile", "random clutter", "standing clutter")


REAL: Final = 4
"""The first four classes are real, the others clutter."""


MOBILE: Final = 3


IS_CLUTTER: Final = np.array([0] * REAL + [1] * (len(CLASSES) - REAL))


class DetectorTables(NamedTuple):
    """What a detector's rows say of presence, fitted on simulated sites for each detector.

    Attributes
    ----------
    absent : float64 (bin,)
        Probability of each score bin at a real place while it is empty.
    emission : float64 (class, bin)
        The same while the place is full; for clutter always.
    shade : float64 (3, bin)
        The same of looks in deep shade or at the rim of a cloud: at an empty real place, a full one, and clutter.
    weight : float64 (class,)
        Prior weights within the real and within the clutter classes.
    neighbours : float64 (2, 3)
        Probability of each class of `changedet.kernels.neighbours.neighbour_classes` for a real place and for clutter; of places that
        are seen on one or two dates.
    detectability_sd : float
        Standard deviation, over dates, of how easy a date's boxes are to find: each date tilts the bins of full places
        by ``exp(ease bin / 4)``.
    start : float
        Probability that a still place is full on the first date; mobile ones are as on any other.
    mobile_birth, mobile_death : float
        Rates an interval of the mobile class.
    birth, death : float
        Rates an interval of the still classes.
    precision : float
        Share of the counted rows that lie at real places.
    appearance_weights : float64 (feature + 1,)
        See `changedet.kernels.sights.appearance_bins`.
    appearance : float64 (group, 3, bin)
        Probability of each of its bins on a weak look of each of `changedet.kernels.sights.groups`: at an empty real
        place, a full one, and clutter. Pixels say nothing where it is all alike.
    """

    absent: Floats
    emission: Floats
    shade: Floats
    weight: Floats
    neighbours: Floats
    detectability_sd: float
    start: float
    mobile_birth: float
    mobile_death: float
    birth: float
    death: float
    precision: float
    appearance_weights: Floats = np.zeros(len(FEATURES) + 1)
    appearance: Floats = np.full((LOOK_GROUPS, 3, APPEARANCE_BINS), 1.0 / APPEARANCE_BINS)

    @classmethod
    def of(cls, fitted: Mapping[str, Any]) -> DetectorTables:
        """From plain numbers and lists."""
        arrays = ("absent", "emission", "shade", "weight", "neighbours", "appearance_weights", "appearance")
        whole: dict[str, Any] = {
            name: np.array(value) if name in arrays else float(value) for name, value in fitted.items()
        }
        return cls(**whole)


def score_bins(score: Floats) -> Ints:
    """Bin of each score, 0 to 5; NaN (no row) is 0."""
    return np.digitize(np.nan_to_num(score, nan=0.0), SCORE_EDGES).astype(np.int64)


def emissions(bins: Ints, observed: Bools, table: Floats) -> Floats:
    """Likelihood (place, date) of the bins under a table (bin,), or (date, bin); 1 where nothing was observed."""
    by_date = np.broadcast_to(table, (bins.shape[1], table.shape[-1]))
    return np.where(observed, by_date[np.arange(bins.shape[1]), bins], 1.0)


def tilted(table: Floats, ease: Floats) -> Floats:
    """A table (bin,) as each date (date,) shows it: ``table exp(ease bin / 4)``, normalised, (date, bin)."""
    steps = np.linspace(0.0, 1.0, len(table))
    weight = table * np.exp(ease[:, None] * steps)
    result: Floats = weight / weight.sum(1, keepdims=True)
    return result
