"""The second look at boxes in doubt: which of a cell's boxes get it, and the files that it needs."""

from __future__ import annotations

import io
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from changedet.arrays import Bools, Floats, Singles
from changedet.kernels.containers import OTHER
from changedet.kernels.onnx_session import session
from changedet.models.loader import released_content
from changedet.stages.objects import rescoring
from changedet.stages.objects.kernels import box_looks
from changedet.stages.objects.kernels.network import NetworkStatistics

if TYPE_CHECKING:
    import pandas as pd

ENCODER: Final = "box_looks.onnx"
WEIGHTS: Final = "box_looks.npz"


@cache
def released_weights() -> box_looks.Weights:
    """The weights of features that come with the package.

    Returns
    -------
    Weights
        Read once a process.

    Raises
    ------
    ChangedetError
        The file is missing or damaged.
    """
    with np.load(io.BytesIO(released_content(WEIGHTS)), allow_pickle=False) as kept:
        return box_looks.Weights(kept["mean"], kept["spread"], kept["weight"], float(kept["offset"]))


def look_odds(
    table: pd.DataFrame,
    inside: Bools,
    stretched: Singles,
    boxes: Floats,
    model: NetworkStatistics,
    resolution_m: float,
) -> Floats:
    """Log odds of a second look at those of a block's boxes that are in doubt.

    A box is in doubt by what its neighbours in the block say of it, before the whole scene's boxes are known: a block
    reaches as far beyond its cell as neighbours count.

    Parameters
    ----------
    table : DataFrame
        The block's boxes with `boxes.COLUMNS` and `rescoring.EVIDENCE`.
    inside : bool (n,)
        Boxes that this cell keeps; no other is looked at.
    stretched : float32 (3, y, x)
        The part of the block that has data, on pixels of the grid, no NaN.
    boxes : float64 (n, 5)
        The same boxes in metres from that part's corner.
    model : NetworkStatistics
        Of the scene.
    resolution_m : float
        Pixel size on the ground, metres.

    Returns
    -------
    float64 (n,)
        NaN where no look was taken.

    Raises
    ------
    ChangedetError
        A model's file is missing or damaged.
    """
    odds = np.full(len(table), np.nan)
    if table.empty:
        return odds
    judged = rescoring.rescored(table, resolution_m)
    chosen = np.flatnonzero(
        inside & box_looks.doubtful(judged["confidence"].to_numpy(np.float64), (judged["kind"] != OTHER).to_numpy())
    )
    if not chosen.size:
        return odds
    mean, spread = (np.asarray(v, np.float32)[:, None, None] for v in (model.mean, model.spread))
    image = np.ascontiguousarray(np.moveaxis((stretched - mean) / spread, 0, 2))
    encoder = session(released_content(ENCODER))
    odds[chosen] = box_looks.log_odds(image, boxes[chosen], resolution_m, encoder, released_weights())
    return odds
