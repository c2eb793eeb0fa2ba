"""What the ground of one date bears, cell by cell, by a network that knows what things look like.

The first layers were taught on photographs of everyday things (EfficientNet-Lite0, Tan and Le 2019, arXiv:1905.11946)
and tell edges, ridges and textures in any light; a head on their answers, which is shown near infrared as well, tells
built ground, buildings and earthworks (training/train_ground.py). It judges beside the trees (`ground`), on the same
cells: they know what each metre is made of, it knows shapes, and they err on different ground, so that the mean of
their log odds is better than either.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from changedet.arrays import Bools, Singles
from changedet.kernels.onnx_session import Session
from changedet.kernels.shown_pictures import MISSING, ShownRange, fit_shown_range, shown
from changedet.stages.footprint.kernels.ground_probability import TARGETS

STEP_CELLS: Final = 8
"""A side of the network's coarsest cells: a block begins at a multiple of it on the grid, so that cells lie alike."""
REACH_CELLS: Final = 64
"""How far a cell of the result looks: the sum of what the network's layers do."""
SHOWN_CELLS: Final = 512
"""Rows at a time, the reach among them where there is more: what the network holds grows with them."""
ROLES: Final = ("blue", "green", "red", "nir")
"""Bands that it is shown; the last where there is one."""


def fit_shown(sample: Singles, roles: Sequence[str]) -> ShownRange:
    """What the network is shown black and white of a scene.

    Parameters
    ----------
    sample : float32 (cell, band, y, x)
        The scene's fixed sample; NaN for no data.
    roles : sequence of str
        The bands' roles, of which `ROLES` are used.

    Returns
    -------
    ShownRange
        0 to 1 where nothing is seen.
    """
    return fit_shown_range(sample, _bands(roles))


def _bands(roles: Sequence[str]) -> list[int | None]:
    return [list(roles).index(role) if role in roles else None for role in ROLES]


def picture(cells: Singles, valid: Bools, roles: Sequence[str], limits: ShownRange) -> Singles:
    """A date as the network is shown it.

    Parameters
    ----------
    cells : float32 (band, y, x)
        Of `ground.averaged`.
    valid : bool (y, x)
        Where the cell has data.
    roles : sequence of str
        The bands' roles.
    limits : ShownRange
        The scene's, of `fit_shown`.

    Returns
    -------
    float32 (4, y, x)
        As of `shown_pictures.shown`.
    """
    bands = _bands(roles)
    used = len([band for band in bands if band is not None])
    return shown(cells, bands, [1.0] * used, [0.0] * used, limits, valid)


def log_odds(picture: Singles, session: Session) -> dict[str, Singles]:
    """Log odds, cell by cell, that the ground is built upon, bears a building, an earthwork.

    Parameters
    ----------
    picture : float32 (4, y, x)
        From `picture`; the first cell lies at a multiple of `STEP_CELLS` on the grid.
    session : Session
        Of the network.

    Returns
    -------
    dict of str to float32 (y, x)
        Of each of `ground_probability.TARGETS`; right where `REACH_CELLS` are there on each side.
    """
    height, width = picture.shape[1:]
    rest = ((0, 0), (0, -height % STEP_CELLS), (0, -width % STEP_CELLS))
    whole = np.pad(picture, rest, constant_values=MISSING)[None]
    odds = np.empty((len(TARGETS), height, width), np.float32)
    stop = 0
    while stop < height:
        start, top = stop, max(0, stop - REACH_CELLS)
        rows = slice(top, top + SHOWN_CELLS)
        stop = height if rows.stop >= height else rows.stop - REACH_CELLS
        found = session.run(None, {"picture": whole[:, :, rows]})[0][0]
        odds[:, start:stop] = found[:, start - top : stop - top, :width]
    return dict(zip(TARGETS, odds, strict=True))
