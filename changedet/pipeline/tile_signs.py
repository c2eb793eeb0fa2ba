"""What the ground of a tile tells of its change, where it is known how to read it."""

from __future__ import annotations

import numpy as np

from changedet.arrays import Bytes, Singles
from changedet.pipeline.date_model import ChangeModel
from changedet.stages.change.kernels.ground_signs import GroundSigns, ground_signs, signs_halo_px
from changedet.stages.change.kernels.movers import standing_half_px, things_standing
from changedet.stages.change.kernels.trees_statistics import TreesStatistics


def signs_of(
    before: Singles, after: Singles, change: ChangeModel, halo_px: int, *, is_later: bool
) -> GroundSigns | None:
    """Read the ground of two dates in one tile.

    Parameters
    ----------
    before, after : float32 (band, y, x)
        The reference and the compared date on one scale, with the tile's halo.
    change : ChangeModel
    halo_px : int
        Of the images.
    is_later : bool
        Whether the compared date comes after the reference.

    Returns
    -------
    GroundSigns or None
        Without the halo; None for methods that know nothing of plants and paving.
    """
    if not isinstance(change, TreesStatistics):
        return None
    rim = min(halo_px, signs_halo_px(change.gsd_m))
    cut = slice(halo_px - rim, rim - halo_px if halo_px > rim else None)
    first, second = (np.ascontiguousarray(image[:, cut, cut]) for image in (before, after))
    scale = change.scale
    signs = ground_signs(first, second, change.bands, scale.dark, scale.spread, change.gsd_m, is_later=is_later)
    core = slice(rim, -rim)
    return GroundSigns(*(np.ascontiguousarray(sign[core, core]) for sign in signs))


def standing_of(before: Singles, after: Singles, change: ChangeModel, halo_px: int) -> Bytes | None:
    """Read what stands on the ground of two dates in one tile.

    Parameters
    ----------
    before, after : float32 (band, y, x)
        The reference and the compared date on one scale, with the tile's halo.
    change : ChangeModel
    halo_px : int
        Of the images.

    Returns
    -------
    uint8 (1 + band, y, x) or None
        As of `things_standing`, without the halo; None for methods whose masks do not ask for it.
    """
    if not isinstance(change, TreesStatistics):
        return None
    half = standing_half_px(change.gsd_m, halo_px)
    scale, core = change.scale, slice(halo_px, -halo_px)
    found = things_standing(before, after, change.bands, scale.dark, scale.spread, half)
    return np.ascontiguousarray(found[:, core, core])
