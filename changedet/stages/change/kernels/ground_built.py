"""Ground that the footprint tells as built from a look on: of its pixels lower probabilities of change are enough.

Trees and network compare a date with the reference pixel by pixel, and of a brown yard laid on brown soil they are sure
in parts only. The footprint weighs all dates and what lies around, and does so from other signs: ground that it tells
as built on a look and on every later one, and not on the reference, is new much more often than any other ground. So
there a pixel needs less to be marked. Where the score says that nothing changed, it is believed: of what footprints
tell falsely as new, fields that lie bare and soil under snow, nearly all is below `LEAST_PROBABILITY`
(docs/research/change.md, "Ground that the footprint tells").
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from changedet.arrays import Bools, Bytes, Singles
from changedet.kernels.morphology import closed, disc, opened
from changedet.stages.change.kernels.wide_ground import half_px

LEAST_PROBABILITY: Final = 0.1
"""Of change, of a pixel of such ground: 2.2 log odds less than elsewhere. Chosen on finished runs of sites that judge
(docs/research/change.md); with .05 there is a fifth more true and three quarters more false ground."""
OPEN_M: Final = 4.0
"""Narrower parts are left out: edges of footprints lie a cell or two beside those of what was built."""
CLOSE_M: Final = 4.0
"""Narrower gaps between what is left are filled. Both chosen by hand."""


def built_since(surfaces: Iterable[Bools], reference: int) -> Bytes:
    """Since which look all footprints hold a cell that the reference's does not.

    Parameters
    ----------
    surfaces : iterable of bool (y, x)
        Of each look in the order of time, those before the reference among them.
    reference : int
        Which of them is the reference.

    Returns
    -------
    uint8 (y, x)
        One more than the index of that look, among those after the reference; 0 where there is none.
    """
    since = was_built = np.zeros((0, 0), np.uint8)
    for k, surface in enumerate(surfaces):
        if k == reference:
            since, was_built = np.zeros(surface.shape, np.uint8), surface.view(np.uint8)
        elif k > reference:
            since[surface & (since == 0)] = k - reference
            since[~surface] = 0
    since[was_built > 0] = 0
    return since


def ground_halo_px(gsd_m: float) -> int:
    """How far `changed_where_built` looks around.

    Parameters
    ----------
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    int
        Pixels on each side.
    """
    return 2 * (half_px(OPEN_M, gsd_m) + half_px(CLOSE_M, gsd_m))


def changed_where_built(probability: Singles, built: Bools, gsd_m: float) -> Bools:
    """Which pixels of new built ground are changed.

    Parameters
    ----------
    probability : float32 (y, x)
        Of change on a look; NaN is not observed.
    built : bool (y, x)
        Whether footprints tell of a pixel as new from this look on, or an earlier one.
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    bool (y, x)
        Exact but for `ground_halo_px` along the edges.
    """
    opening, closing = (disc(2 * half_px(side_m, gsd_m) + 1) for side_m in (OPEN_M, CLOSE_M))
    with np.errstate(invalid="ignore"):
        likely = built & (probability > LEAST_PROBABILITY)
    filled = closed(opened(likely, opening), closing)
    return np.asarray(filled & built & np.isfinite(probability), np.bool_)
