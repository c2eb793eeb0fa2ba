"""How likely a detector's scores are where a box stands and where none does.

A place is easy, hard, patchy (clear when found, but often not found) or mobile; clutter is random or standing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Bools, Floats, Ints
from changedet.stages.tracks.kernels.appearance import APPEARANCE_BINS, FEATURES, LOOK_GROUPS

SCORE_EDGES: Final = (0.1, 0.25, 0.5, 0.8, 0.97)
"""A score's bin: 0 no row or below the first edge, 5 above the last. Chosen by hand; the tables of
training/fit_tracks.py are of these bins."""
CLASSES: Final = ("easy", "hard", "patchy", "mobile", "random clutter", "standing clutter")
"""Classes of places."""
REAL: Final = 4
"""The first four classes are real, the others clutter."""
MOBILE: Final = 3
"""Index of the mobile class; the real ones before it are still."""
IS_CLUTTER: Final = np.array([0] * REAL + [1] * (len(CLASSES) - REAL))
"""0 for each real class, 1 for each class of clutter."""
Fitted = Mapping[str, float | Sequence[object]]
"""A detector's tables as plain numbers and nested lists, by the names of `DetectorTables`."""


class DetectorTables(NamedTuple):
    """How a detector's scores depend on presence; fitted on simulated sites by training/fit_tracks.py.

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
        Probability of each class of `neighbours.neighbour_classes` for a real place and for clutter; of places that
        are seen on one or two dates.
    detectability_sd : float
        Standard deviation, over dates, of how easy a date's boxes are to find: each date tilts the bins of full places,
        see `tilted`.
    start : float
        Probability that a still place is full on the first date; mobile ones are as on any other.
    mobile_birth, mobile_death : float
        Probability an interval that an empty mobile place fills, and that a full one empties.
    birth, death : float
        The same of still places.
    precision : float
        Share of the counted rows that lie at real places.
    container_precision : float
        The same without rows at places of other kinds (trailers, buses, wagons), which counts leave out by their kind.
    appearance_weights : float64 (feature + 1,)
        See `appearance.appearance_bins`.
    appearance : float64 (group, 3, bin)
        Probability of each bin of `appearance.appearance_bins` on a weak look of each of `appearance.look_groups`: at
        an empty real place, a full one, and clutter. Where all are alike the pixels decide nothing.
    outline : float64 (3, bin)
        Likewise of each bin of `box_outline.outline_bins`.
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
    container_precision: float = 1.0
    appearance_weights: Floats = np.zeros(len(FEATURES) + 1)
    appearance: Floats = np.full((LOOK_GROUPS, 3, APPEARANCE_BINS), 1.0 / APPEARANCE_BINS)
    outline: Floats = np.full((3, APPEARANCE_BINS), 1.0 / APPEARANCE_BINS)

    @classmethod
    def of(cls, fitted: Fitted) -> DetectorTables:
        """Tables from plain numbers and lists.

        Parameters
        ----------
        fitted : mapping of str to float or nested list
            By the names of the attributes.

        Returns
        -------
        DetectorTables
            With arrays in place of lists.
        """

        def _table(name: str) -> Floats:
            return np.array(fitted[name])

        def _number(name: str) -> float:
            return float(np.asarray(fitted[name]))

        return cls(
            absent=_table("absent"),
            emission=_table("emission"),
            shade=_table("shade"),
            weight=_table("weight"),
            neighbours=_table("neighbours"),
            detectability_sd=_number("detectability_sd"),
            start=_number("start"),
            mobile_birth=_number("mobile_birth"),
            mobile_death=_number("mobile_death"),
            birth=_number("birth"),
            death=_number("death"),
            precision=_number("precision"),
            container_precision=_number("container_precision" if "container_precision" in fitted else "precision"),
            appearance_weights=_table("appearance_weights"),
            appearance=_table("appearance"),
            outline=_table("outline") if "outline" in fitted else np.full((3, APPEARANCE_BINS), 1.0 / APPEARANCE_BINS),
        )


def score_bins(score: Floats) -> Ints:
    """Bin of each score.

    Parameters
    ----------
    score : float64
        Confidence of the row, 0 to 1; NaN where there is no row.

    Returns
    -------
    int64
        0 to 5, of the same shape; 0 for no row.
    """
    return np.digitize(np.nan_to_num(score, nan=0.0), SCORE_EDGES).astype(np.int64)


def emissions(bins: Ints, observed: Bools, table: Floats) -> Floats:
    """Likelihood of the score bins under a table.

    Parameters
    ----------
    bins : int64 (place, date)
        See `score_bins`.
    observed : bool (place, date)
        True where the look is one.
    table : float64 (bin,) or (date, bin)
        Probability of each bin.

    Returns
    -------
    float64 (place, date)
        1 where nothing was observed.
    """
    by_date = np.broadcast_to(table, (bins.shape[1], table.shape[-1]))
    return np.where(observed, by_date[np.arange(bins.shape[1]), bins], 1.0)


def tilted(table: Floats, detectability: Floats) -> Floats:
    """A table of score bins as each date shows it: ``table exp(detectability bin / last bin)``, normalised.

    Parameters
    ----------
    table : float64 (bin,)
        Probability of each bin on a date of usual detectability.
    detectability : float64 (date,)
        How easy each date's boxes are to find; 0 is usual.

    Returns
    -------
    float64 (date, bin)
        Probabilities, of sum 1 by date.
    """
    steps = np.linspace(0.0, 1.0, len(table))
    weight = table * np.exp(detectability[:, None] * steps)
    result: Floats = weight / weight.sum(1, keepdims=True)
    return result
