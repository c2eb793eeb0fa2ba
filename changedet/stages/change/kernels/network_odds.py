"""Log odds of change by a network that compares what stands on both dates, added to those of the trees.

The first layers of a network that was taught on photographs of everyday things tell edges, ridges and textures from
each other in any light. Differences of their answers between two dates tell a change of things from a change of light
far better than differences of bands do (Saha, Bovolo, Bruzzone 2019, doi:10.1109/TGRS.2018.2886643). The trees know
what a displacement explains, the network knows shape; they err on different ground, so that their log odds add up.
Scenes with near infrared, which is shown as well, and scenes without have networks of their own.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from changedet.arrays import Singles
from changedet.kernels.onnx_session import Session
from changedet.kernels.shown_pictures import MISSING

STEP_PX: Final = 16
"""Pixels of the network's coarsest cells: a block begins at a multiple of it on the grid, so that cells lie alike."""
LEAST_ODDS: Final = -5.0
"""What the trees dismiss counts as these log odds: only what the network is sure of can raise it to a mark."""


class ChangeNetwork(NamedTuple):
    """A released network, and how it is used.

    Attributes
    ----------
    file : str
        In the package's models.
    halo_px : int
        How far a pixel of the result looks: the sum of what its layers do.
    shown_px : int
        Rows at a time, the halo among them where there is more: what it holds of a strip grows with them.
    caution : float
        Taken off the log odds of trees and network together.
    trees : float
        Weight of the trees' log odds beside its own.
    """

    file: str
    halo_px: int
    shown_px: int
    caution: float
    trees: float = 1.0


WITH_NIR: Final = ChangeNetwork("change_network.onnx", 64, 400, 0.0)
"""Holds no more than the features of the trees; a tile of 512 px takes two strips, whose halo is a fifth of them."""
IN_COLOURS: Final = ChangeNetwork("change_colours.onnx", 128, 784, 0.8)
"""A tile of 512 px takes one strip. The caution gave real pictures the trees' share of false marks with an earlier
network; with this one a look at an airport has .40 % for .21 (docs/research/change.md)."""
IN_GREY: Final = IN_COLOURS._replace(caution=-0.7, trees=0.15)
"""Trees that were fitted on colours dismiss most of what changed in grey; a logistic on 13 sites that taught neither
gives them .14 of the network's weight and adds 1.4. Half of that is added here, by two real airports in grey
(docs/research/change.md, "Panchromatic scenes")."""


def network_odds(before: Singles, after: Singles, session: Session, network: ChangeNetwork) -> Singles:
    """Log odds of change by the network alone.

    Parameters
    ----------
    before, after : float32 (4, y, x)
        From `shown_pictures.shown`; the first pixel lies at a multiple of `STEP_PX` on the grid.
    session : Session
        Of its file.
    network : ChangeNetwork

    Returns
    -------
    float32 (y, x)
        Right where its halo is there on each side.
    """
    height, width = before.shape[1:]
    rest = ((0, 0), (0, -height % STEP_PX), (0, -width % STEP_PX))
    pair = [np.pad(image, rest, constant_values=MISSING)[None] for image in (before, after)]
    out = np.empty((height, width), np.float32)
    stop = 0
    while stop < height:
        start, top = stop, max(0, stop - network.halo_px)
        rows = slice(top, top + network.shown_px)
        stop = height if rows.stop >= height else rows.stop - network.halo_px
        odds = session.run(None, {"before": pair[0][:, :, rows], "after": pair[1][:, :, rows]})[0]
        out[start:stop] = odds[start - top : stop - top, :width]
    return out


def with_network_odds(probability: Singles, odds: Singles, network: ChangeNetwork) -> Singles:
    """Probabilities of the trees and the network together.

    Parameters
    ----------
    probability : float32 (y, x)
        Of the trees; NaN where either date is.
    odds : float32 (y, x)
        From `network_odds`.
    network : ChangeNetwork
        How both are added.

    Returns
    -------
    float32 (y, x)
        0 to 1; NaN where `probability` is.
    """
    own = np.clip(probability.astype(np.float64), 1e-6, 1.0 - 1e-6)
    together = network.trees * np.maximum(np.log(own / (1.0 - own)), LEAST_ODDS) + odds - network.caution
    return np.asarray(1.0 / (1.0 + np.exp(-together)), np.float32)
