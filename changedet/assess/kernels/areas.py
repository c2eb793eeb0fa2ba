"""Areas of classes from a map and a labelled sample of it, with what the map's errors do to them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from changedet.arrays import Floats, Ints
from changedet.kernels.intervals import QUANTILE


class AdjustedAreas(NamedTuple):
    """Error-adjusted areas and the map's accuracies, each with the half width of its 95 % interval as ``_margin``.

    Attributes
    ----------
    area, area_margin : float64 (class,)
        In the unit of the mapped areas (equations 9 to 11 of the reference).
    users, users_margin : float64 (class,)
        User's accuracy, 0 to 1: of a mapped class, the share that is right (equation 6).
    producers, producers_margin : float64 (class,)
        Producer's accuracy, 0 to 1: of a true class, the share that is mapped (equation 7); NaN where nothing of the
        class was found.
    overall, overall_margin : float
        Overall accuracy, 0 to 1 (equation 5).
    """

    area: Floats
    area_margin: Floats
    users: Floats
    users_margin: Floats
    producers: Floats
    producers_margin: Floats
    overall: float
    overall_margin: float


def error_adjusted(counts: Ints, mapped: Floats) -> AdjustedAreas:
    """Stratified estimates of area and accuracy after Olofsson et al. 2014, doi:10.1016/j.rse.2014.02.015.

    Parameters
    ----------
    counts : int64 (class, class)
        Labelled points by map class (rows, the strata) and true class (columns); two points or more in each row.
    mapped : float64 (class,)
        Area that the map gives to each class, in any unit.

    Returns
    -------
    AdjustedAreas
        Areas in the unit of `mapped`, accuracies of 0 to 1.

    Raises
    ------
    ValueError
        Fewer than two points in a stratum.
    """
    n = counts.sum(axis=1).astype(np.float64)
    if (n < 2).any():
        raise ValueError(f"{int(n.min())} labelled points in a stratum, expected 2 or more")
    weight = mapped / mapped.sum()
    share = counts / n[:, None]
    variance = weight[:, None] ** 2 * share * (1 - share) / (n[:, None] - 1)
    area = (weight[:, None] * share).sum(axis=0)
    users = np.diag(share).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        producers = weight * users / area
    return AdjustedAreas(
        area=area * mapped.sum(),
        area_margin=QUANTILE * np.sqrt(variance.sum(axis=0)) * mapped.sum(),
        users=users,
        users_margin=QUANTILE * np.sqrt(users * (1 - users) / (n - 1)),
        producers=producers,
        producers_margin=_producers_margin(counts, mapped, users, producers),
        overall=float((weight * users).sum()),
        overall_margin=float(QUANTILE * np.sqrt((weight**2 * users * (1 - users) / (n - 1)).sum())),
    )


def _producers_margin(counts: Ints, mapped: Floats, users: Floats, producers: Floats) -> Floats:
    n = counts.sum(axis=1).astype(np.float64)
    share = counts / n[:, None]
    total = (mapped[:, None] * share).sum(axis=0)
    variance = mapped[:, None] ** 2 * share * (1 - share) / (n[:, None] - 1)
    others = variance.sum(axis=0) - np.diag(variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        own = mapped**2 * (1 - producers) ** 2 * users * (1 - users) / (n - 1)
        return np.asarray(QUANTILE * np.sqrt((own + producers**2 * others) / total**2), np.float64)
