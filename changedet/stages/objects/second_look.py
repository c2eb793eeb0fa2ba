"""The second look at boxes in doubt: which of a cell's boxes get it, the roofs beneath, their places, and its files."""

from __future__ import annotations

import io
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

import cv2
import numpy as np

from changedet.arrays import Bools, Floats, Singles
from changedet.kernels import hall_pictures
from changedet.kernels.onnx_session import session
from changedet.models import hall_network
from changedet.models.loader import released_content, released_trees
from changedet.stages.objects import rescoring
from changedet.stages.objects.kernels import box_homes, box_looks, box_places, ground_colours, roof_evidence
from changedet.stages.objects.kernels.network import NetworkStatistics

if TYPE_CHECKING:
    import pandas as pd

ENCODER: Final = "box_looks.onnx"
WEIGHTS: Final = "box_looks.npz"
PLACES: Final = "box_places.npz"
HOMES: Final = "box_homes.npz"
GROUND_COLOURS: Final = "ground_colours.npz"
COARSEST_M: Final = 0.8
"""Pixel from which boxes are not compared with the ground: the trees know pixels of half a metre."""


@cache
def released_weights(name: str = WEIGHTS) -> box_looks.Weights:
    """The weights of features that come with the package.

    Parameters
    ----------
    name : str
        `WEIGHTS`, `PLACES` or `HOMES`.

    Returns
    -------
    Weights
        Read once a process.

    Raises
    ------
    ChangedetError
        The file is missing or damaged.
    """
    with np.load(io.BytesIO(released_content(name)), allow_pickle=False) as kept:
        return box_looks.Weights(kept["mean"], kept["spread"], kept["weight"], float(kept["offset"]))


class Looks(NamedTuple):
    """What a second look says of a block's boxes.

    Attributes
    ----------
    odds : float64 (n,)
        Log odds beside those that are known already; NaN where no look was taken.
    roof : float64 (n,)
        Log odds that a hall's roof lies there; NaN where none was looked for.
    ground : float64 (n,)
        Log odds beside both by the ground's own colours; NaN where a box was not compared with them.
    place : float64 (n,)
        Log odds beside all by the kind of place; NaN where none was looked at.
    home : float64 (n,)
        Log odds that a box lies among houses; NaN where none was looked at.
    """

    odds: Floats
    roof: Floats
    ground: Floats
    place: Floats
    home: Floats


def looks(
    table: pd.DataFrame,
    inside: Bools,
    stretched: Singles,
    boxes: Floats,
    model: NetworkStatistics,
    resolution_m: float,
    *,
    in_colour: bool,
) -> Looks:
    """A second look at those of a block's boxes that are in doubt, and at the roofs and the places of all of them.

    A box is in doubt by what its neighbours in the block say of it, before the whole scene's boxes are known: a block
    reaches as far beyond its cell as neighbours count. Only what stands in line with others gets the second look.

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
    in_colour : bool
        Whether the three bands are red, green and blue: in grey the network of halls takes too much for a roof.

    Returns
    -------
    Looks
        Where the cell has a box in doubt, roofs and places of all of its containers are looked at.

    Raises
    ------
    ChangedetError
        A model's file is missing or damaged.
    """
    odds, roof, ground, place, home = (np.full(len(table), np.nan) for _ in range(5))
    if table.empty:
        return Looks(odds, roof, ground, place, home)
    company = rescoring.by_company(table, resolution_m)
    sure, is_container = company.confidence, company.is_container
    own = inside & is_container
    doubtful = box_looks.doubtful(sure, own)
    if not doubtful.any():
        return Looks(odds, roof, ground, place, home)
    chosen = np.flatnonzero(doubtful & box_looks.in_line(company.known("row_sum")))
    mean, spread = (np.asarray(v, np.float32)[:, None, None] for v in (model.mean, model.spread))
    image = np.ascontiguousarray(np.moveaxis((stretched - mean) / spread, 0, 2))
    encoder = session(released_content(ENCODER))
    odds[chosen] = box_looks.log_odds(image, boxes[chosen], resolution_m, encoder, released_weights())
    if in_colour:
        halls = halls_of(stretched, resolution_m)
        roof[own] = roof_evidence.beneath(halls.odds[0], boxes[own, :2])
        maps, steps_px = halls.maps, hall_network.MAP_STEPS_PX
        place[own] = box_places.log_odds(maps, steps_px, boxes[own], released_weights(PLACES))
        home[own] = box_homes.log_odds(maps, steps_px, boxes[own, :2], released_weights(HOMES))
        if max(resolution_m, model.gsd_m or 0.0) <= COARSEST_M:
            known = np.where(is_container, box_looks.looked_at(sure, odds), 0.0)
            ground = _ground_odds(stretched, boxes, known, doubtful, resolution_m)
    return Looks(odds, roof, ground, place, home)


def _ground_odds(stretched: Singles, boxes: Floats, confidence: Floats, asked: Bools, resolution_m: float) -> Floats:
    """What the ground's own colours say of the boxes that are asked for, NaN of all others."""
    trees = released_trees(GROUND_COLOURS, ground_colours.NAMES)
    linear, offset = roof_evidence.hall_picture(stretched), float(trees.about["offset"])
    return ground_colours.log_odds(linear, boxes, confidence, asked, resolution_m, trees.forests[0], offset)


def halls_of(stretched: Singles, resolution_m: float) -> hall_network.Answer:
    """What the network of halls says of a part of a scene.

    Parameters
    ----------
    stretched : float32 (3, y, x)
        As for `looks`.
    resolution_m : float
        Pixel size on the ground, metres.

    Returns
    -------
    Answer
        On the network's own pixels.
    """
    size = [max(1, round(n * resolution_m / hall_pictures.STEP_M)) for n in stretched.shape[:0:-1]]
    linear = np.moveaxis(roof_evidence.hall_picture(stretched), 0, 2)
    small = np.moveaxis(cv2.resize(linear, size, interpolation=cv2.INTER_AREA), 2, 0)
    return hall_network.answer_of(hall_pictures.shown(np.ascontiguousarray(small), (0.0, 1.0)))
