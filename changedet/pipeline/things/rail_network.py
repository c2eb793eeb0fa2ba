"""The network of railway tracks: how likely a track's axis lies in each cell of a look, and which way it runs."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from changedet.arrays import Singles
from changedet.kernels.onnx_session import Session, session
from changedet.models.loader import released_content
from changedet.pipeline.things.kernels.rail_beds import ANSWERS

MODEL: Final = "rails.onnx"
TILE_PX: Final = 1024
HALO_PX: Final = 96
"""Tiles that the network sees, and what it sees around each: all that it looks at. Multiples of `MULTIPLE_PX`."""
MULTIPLE_PX: Final = 4
"""Sides of a picture are multiples of it: the network halves it twice."""
PX_A_CELL: Final = 2
"""Pixels along a cell of the answer."""


@lru_cache(maxsize=1)
def _session() -> Session:
    return session(released_content(MODEL))


def odds_of(picture: Singles) -> Singles:
    """What the network says of a look.

    Parameters
    ----------
    picture : array of float (3, y, x)
        Pixels of .5 m in the look's own light (`siding_pictures.in_light`); NaN is not shown.

    Returns
    -------
    float32 (3, y / 2, x / 2)
        `rail_beds.ANSWERS`, rounded up.
    """
    rows, columns = picture.shape[1:]
    out = np.empty((len(ANSWERS), -(-rows // PX_A_CELL), -(-columns // PX_A_CELL)), np.float32)
    for top in range(0, rows, TILE_PX):
        for left in range(0, columns, TILE_PX):
            low = max(0, top - HALO_PX), max(0, left - HALO_PX)
            cut = picture[:, low[0] : top + TILE_PX + HALO_PX, low[1] : left + TILE_PX + HALO_PX]
            spare = [(0, -size % MULTIPLE_PX) for size in cut.shape[1:]]
            filled = np.pad(np.nan_to_num(cut.astype(np.float32)), ((0, 0), *spare), mode="edge")
            found = _session().run(None, {"picture": filled[None]})[0][0]
            y, x = (top - low[0]) // PX_A_CELL, (left - low[1]) // PX_A_CELL
            first, size = (top // PX_A_CELL, left // PX_A_CELL), TILE_PX // PX_A_CELL
            own = out[:, first[0] : first[0] + size, first[1] : first[1] + size]
            own[:] = found[:, y : y + own.shape[1], x : x + own.shape[2]]
    return out
