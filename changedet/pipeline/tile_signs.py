"""What the ground of a tile tells of its change, where it is known how to read it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from changedet.arrays import Bytes, Singles
from changedet.blocks import Window, tiles
from changedet.pipeline.date_model import ChangeModel
from changedet.plan.model import LATTICE_PX
from changedet.stages.change.kernels.ground_signs import GroundSigns, ground_signs, signs_halo_px
from changedet.stages.change.kernels.movers import GROUND, SMOOTHED_PX, UNKNOWN, standing_half_px, things_standing
from changedet.stages.change.kernels.roof_odds import is_building, roof_halo_px
from changedet.stages.change.kernels.season_colours import ground_state
from changedet.stages.change.kernels.trees_statistics import TreesStatistics
from changedet.stages.change.method import ChangeMethod


def signs_of(
    before: Singles, after: Singles, change: ChangeModel, halo_px: int, *, is_later: bool, is_grey: bool
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
    is_grey : bool
        Whether both are grey pictures.

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
    about = change.bands, change.scale.dark, change.scale.spread, change.gsd_m
    signs = ground_signs(first, second, *about, is_later=is_later, is_grey=is_grey)
    core = slice(rim, -rim)
    return GroundSigns(*(np.ascontiguousarray(sign[core, core]) for sign in signs))


def standing_of(
    before: Singles, after: Singles, change: ChangeModel, halo_px: int, roofs: Singles | None
) -> Bytes | None:
    """Read what stands on the ground of two dates in one tile.

    Parameters
    ----------
    before, after : float32 (band, y, x)
        The reference and the compared date on one scale, with the tile's halo.
    change : ChangeModel
    halo_px : int
        Of the images.
    roofs : float32 (y, x) or None
        As of `roofs_between`: buildings are ground that changed.

    Returns
    -------
    uint8 (1 + band, y, x) or None
        As of `things_standing`, without the halo; None for methods whose masks do not ask for it.
    """
    if not isinstance(change, TreesStatistics):
        return None
    half = standing_half_px(change.gsd_m, halo_px)
    rim, scale = half + SMOOTHED_PX // 2, change.scale
    cut, core = slice(halo_px - rim, rim - halo_px or None), slice(rim, -rim)
    pair = before[:, cut, cut], after[:, cut, cut]
    found = things_standing(*pair, change.bands, scale.dark, scale.spread, half)
    own = np.ascontiguousarray(found[:, core, core])
    if roofs is not None:
        own[0][(own[0] != UNKNOWN) & is_building(roofs)] = GROUND
    return own


def states_of(roles: Sequence[str], pair: tuple[Singles, Singles], halo_px: int) -> Singles:
    """Read plants and soil on two dates in one tile.

    Parameters
    ----------
    roles : sequence of str
        Of the bands; red and near infrared among them.
    pair : (float32 (band, y, x), float32 (band, y, x))
        The reference and the compared date on one scale, with the tile's halo.
    halo_px : int
        Of the images.

    Returns
    -------
    float32 (2 * 3, y, x)
        As of `ground_state`, of the reference, then of the date, without the halo.
    """
    blue = next(role for role in ("blue", "green", "red") if role in roles)
    red, nir, short = (list(roles).index(role) for role in ("red", "nir", blue))
    core = (slice(None), slice(halo_px, -halo_px or None), slice(halo_px, -halo_px or None))
    return np.concatenate([ground_state(image[core], red, nir, short) for image in pair])


def roofs_between(
    method: ChangeMethod,
    pair: tuple[Singles, Singles],
    network: Singles,
    change: ChangeModel,
    halo_px: int,
    gsd_m: float,
) -> Singles | None:
    """How sure it is that roofs came or went between two dates, in one tile.

    A network that halves a picture four times answers a little differently on each block that it is shown. So it is
    shown the cells of the lattice that tiles are made of, one by one: pixels do not depend on the chunk.

    Parameters
    ----------
    method : ChangeMethod
    pair : (float32 (band, y, x), float32 (band, y, x))
        The reference and the compared date on one scale, with the tile's halo.
    network : float32 (y, x)
        Log odds of the network of change, with that halo.
    change : ChangeModel
    halo_px : int
        Of the images.
    gsd_m : float
        Ground size of a pixel.

    Returns
    -------
    float32 (y, x) or None
        As of `roof_odds.roof_evidence`, without the halo; None for methods without a network of roofs.
    """
    if method.roofs is None:
        return None
    rim = min(halo_px, roof_halo_px(gsd_m))
    height, width = (size - 2 * halo_px for size in network.shape)
    out = np.empty((height, width), np.float32)
    core = slice(rim, -rim)
    for cell in tiles((height, width), LATTICE_PX):
        wide = Window(cell.y + halo_px, cell.x + halo_px, *cell.shape).grown(rim)
        blocks = [image[(..., *wide.slices)] for image in (*pair, network)]
        out[cell.slices] = method.roofs(*blocks, model=change)[core, core]
    return out
