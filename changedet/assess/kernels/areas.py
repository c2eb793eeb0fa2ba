"""Areas of classes from a map and a labelled sample of it, with what the map's errors do to them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Z95: Final = 1.96


def error_adjusted(counts: NDArray[np.int64], mapped: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Stratified estimates of area and accuracy after Olofsson et al. 2014, doi:10.1016/j.rse.2014.02.015.

    Parameters
    ----------
    counts : (class, class) int
        Labelled points by map class (rows, the strata) and true class (columns); two points or more in each row.
    mapped : (class,) float
        Area that the map gives to each class, in any unit.

    Returns
    -------
    dict
        ``area`` (equation 9), ``users`` and ``producers`` accuracy, and ``overall`` (one number); each with the half
        width of its 95 % interval as ``<name>_margin`` (equations 5 to 7, 10 and 11). Areas in the unit of `mapped`,
        accuracies 0 to 1, NaN where nothing of a class was found.

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
    spread = weight[:, None] ** 2 * share * (1 - share) / (n[:, None] - 1)
    area = (weight[:, None] * share).sum(axis=0)
    users = np.diag(share).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        producers = weight * users / area
    return {
        "area": area * mapped.sum(),
        "area_margin": Z95 * np.sqrt(spread.sum(axis=0)) * mapped.sum(),
        "users": users,
        "users_margin": Z95 * np.sqrt(users * (1 - users) / (n - 1)),
        "producers": producers,
        "producers_margin": _producers_margin(counts, mapped, n, users, producers),
        "overall": np.array((weight * users).sum()),
        "overall_margin": np.array(Z95 * np.sqrt((weight**2 * users * (1 - users) / (n - 1)).sum())),
    }


def _producers_margin(
    counts: NDArray[np.int64],
    mapped: NDArray[np.float64],
    n: NDArray[np.float64],
    users: NDArray[np.float64],
    producers: NDArray[np.float64],
) -> NDArray[np.float64]:
    share = counts / n[:, None]
    total = (mapped[:, None] * share).sum(axis=0)
    others: Any = mapped[:, None] ** 2 * share * (1 - share) / (n[:, None] - 1)
    others = others.sum(axis=0) - np.diag(others)
    with np.errstate(divide="ignore", invalid="ignore"):
        own = mapped**2 * (1 - producers) ** 2 * users * (1 - users) / (n - 1)
        return np.asarray(Z95 * np.sqrt((own + producers**2 * others) / total**2), np.float64)
