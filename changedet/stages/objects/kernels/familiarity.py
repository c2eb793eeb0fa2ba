"""How far a scene lies from those that the network was fitted on, in the network's own description of it."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Floats

AXES: Final = 24
"""Principal axes along which training scenes differ; what lies beside them counts as one more. Chosen by hand."""
LEAST_SD: Final = 1e-3
"""Of a number of the description among the training scenes: below it tells nothing, as feature maps are of order 1."""
EDGE: Final = 0.95
"""Share of training scenes that lie within a distance of 1."""


class Reference(NamedTuple):
    """The training scenes' descriptions.

    Attributes
    ----------
    gsd_m : float64 (g,)
        Ground sampling distances at which the scenes were pictured.
    mean : float64 (g, n)
        Of each number of the description at each of them: a finer picture is another picture, and no stranger.
    sd : float64 (n,)
        Within one.
    axes : float64 (k, n)
        Principal axes of the standardised descriptions, of length 1.
    variance : float64 (k,)
        Along each, shrunk towards their mean.
    rest : float
        Mean square beside the axes.
    edge : float
        The distance within which `EDGE` of the scenes lie, of such as were left out of the fit.
    """

    gsd_m: Floats
    mean: Floats
    sd: Floats
    axes: Floats
    variance: Floats
    rest: float
    edge: float


def distance(description: Floats, gsd_m: float, reference: Reference) -> float:
    """Mahalanobis distance from the training scenes, in that of their edge.

    ``sqrt((sum (axes z)^2 / variance + rest(z) / rest) / (k + 1)) / edge`` of the standardised description ``z``.

    Parameters
    ----------
    description : float64 (n,)
        As of `network.Seen`, averaged over a scene.
    gsd_m : float
        The scene's, metres; compared with the training scenes of the nearest in proportion.
    reference : Reference
        Of the same network.

    Returns
    -------
    float
        0 and more; 1 is the edge of what the training scenes reach.
    """
    gsds = np.array([gsd_m])
    return float(_plain(np.asarray(description, np.float64)[None], gsds, reference)[0] / reference.edge)


def coordinates(description: Floats, gsd_m: float, reference: Reference) -> Floats:
    """Where a scene lies among the training scenes, so that scenes lie as far apart as their `distance` would say.

    Parameters
    ----------
    description, gsd_m, reference
        As for `distance`.

    Returns
    -------
    float64 (k + n,)
        Along the axes and beside them; its length is the distance of the scene.
    """
    z = _standardised(np.asarray(description, np.float64)[None], np.array([gsd_m]), reference)[0]
    along = reference.axes @ z
    beside = z - along @ reference.axes
    told = np.concatenate([along / np.sqrt(reference.variance), beside / np.sqrt(reference.rest)])
    found: Floats = told / (np.sqrt(len(reference.variance) + 1) * reference.edge)
    return found


def _standardised(descriptions: Floats, gsd_m: Floats, reference: Reference) -> Floats:
    nearest = np.abs(np.log(gsd_m[:, None] / reference.gsd_m)).argmin(1)
    z: Floats = (descriptions - reference.mean[nearest]) / reference.sd
    return z


def _plain(descriptions: Floats, gsd_m: Floats, reference: Reference) -> Floats:
    z = _standardised(descriptions, gsd_m, reference)
    along = z @ reference.axes.T
    beside = np.maximum((z**2).sum(1) - (along**2).sum(1), 0.0)
    total = (along**2 / reference.variance).sum(1) + beside / reference.rest
    result: Floats = np.sqrt(total / (len(reference.variance) + 1))
    return result


def fit(descriptions: Floats, gsd_m: Floats, folds: int) -> Reference:
    """The reference of training scenes.

    Variances along the principal axes are shrunk towards their mean by ``k / scenes`` (Ledoit and Wolf 2004,
    doi:10.1016/S0047-259X(03)00096-4, with a plain weight).

    Parameters
    ----------
    descriptions : float64 (scene, n)
        More scenes than `AXES`.
    gsd_m : float64 (scene,)
        At which each was pictured.
    folds : int
        Parts of the scenes that are left out in turn to find the edge.

    Returns
    -------
    Reference
        With its edge.
    """
    part = np.arange(len(descriptions)) % folds
    held = [
        _plain(descriptions[part == k], gsd_m[part == k], _fitted(descriptions[part != k], gsd_m[part != k]))
        for k in range(folds)
    ]
    return _fitted(descriptions, gsd_m)._replace(edge=float(np.quantile(np.concatenate(held), EDGE)))


def _fitted(descriptions: Floats, gsd_m: Floats) -> Reference:
    gsds, own = np.unique(gsd_m, return_inverse=True)
    mean = np.stack([descriptions[own == k].mean(0) for k in range(len(gsds))])
    beside = descriptions - mean[own]
    sd = np.maximum(beside.std(0), LEAST_SD)
    z = beside / sd
    _, size, axes = np.linalg.svd(z, full_matrices=False)
    square = size**2 / len(z)
    along, weight = square[:AXES], AXES / len(z)
    variance = (1.0 - weight) * along + weight * along.mean()
    return Reference(gsds, mean, sd, axes[:AXES], variance, float(square[AXES:].sum()), 1.0)
