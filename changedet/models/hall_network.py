"""The network of halls: how likely a roof covers each place of a look."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import cv2
import numpy as np

from changedet.arrays import Singles
from changedet.kernels import hall_pictures
from changedet.kernels.hall_pictures import STEP_M
from changedet.kernels.onnx_session import Session, session
from changedet.models.loader import released_content

MODEL: Final = "buildings.onnx"
TILE_PX: Final = 512
HALO_PX: Final = 96
"""Tiles that the network sees, and what it sees around each: what lies farther off changes little. Multiples of its
coarsest step of 16."""
MAP_STEPS_PX: Final = (8, 16)
"""Pixels of the picture that one of each of its maps stands for."""


class Answer(NamedTuple):
    """What the network says of a picture.

    Attributes
    ----------
    odds : float32 (2, y, x)
        Log odds that a hall stands there, and that the edge of one lies there.
    maps : tuple of float32 (channel, y, x)
        What it makes of what stands there, one for each of `MAP_STEPS_PX`; at the right and lower end the last pixel
        may reach beyond the picture.
    """

    odds: Singles
    maps: tuple[Singles, ...]


@lru_cache(maxsize=1)
def _session() -> Session:
    return session(released_content(MODEL))


def odds_of(picture: Singles) -> Singles:
    """What the network says of a look.

    Parameters
    ----------
    picture : float32 (3, y, x)
        Of `hall_pictures.shown`.

    Returns
    -------
    float32 (2, y, x)
        Log odds that a hall stands there, and that the edge of one lies there.
    """
    return answer_of(picture).odds


def answer_of(picture: Singles) -> Answer:
    """What the network says of a look, with its maps.

    Parameters
    ----------
    picture : float32 (3, y, x)
        Of `hall_pictures.shown`.

    Returns
    -------
    Answer
        Tile by tile, as a picture of any size is looked at.
    """
    rows, columns = picture.shape[1:]
    whole: list[Singles] = []
    # what fits into a tile with its halo is seen at once
    edge = TILE_PX if max(rows, columns) > TILE_PX + 2 * HALO_PX else max(rows, columns)
    for top in range(0, rows, edge):
        for left in range(0, columns, edge):
            low, high = (max(0, top - HALO_PX), max(0, left - HALO_PX)), (top + edge, left + edge)
            cut = picture[:, low[0] : high[0] + HALO_PX, low[1] : high[1] + HALO_PX]
            spare = [(0, -size % hall_pictures.MULTIPLE_PX) for size in cut.shape[1:]]
            found = _session().run(None, {"picture": np.pad(cut, ((0, 0), *spare), mode="edge")[None]})
            for k, (part, step) in enumerate(zip(found, (1, *MAP_STEPS_PX), strict=True)):
                if len(whole) == k:
                    whole.append(np.empty((part.shape[1], -(-rows // step), -(-columns // step)), np.float32))
                y, x, wide = top // step, left // step, -(-edge // step)
                place = whole[k][:, y : y + wide, x : x + wide]
                own = part[0, :, y - low[0] // step :, x - low[1] // step :]
                place[:] = own[:, : place.shape[1], : place.shape[2]]
    return Answer(whole[0], tuple(whole[1:]))


def roof_odds(image: Singles, pixel_m: float) -> Singles:
    """Log odds that a hall stands at each pixel of a picture of another pixel size.

    Parameters
    ----------
    image : float32 (band, y, x)
        Blue, green, red, or one band; NaN where nothing is shown.
    pixel_m : float

    Returns
    -------
    float32 (y, x)
        Those beside what is not shown are as if it were of middle brightness; 0 where nothing at all is shown.
    """
    shown = np.isfinite(image).all(axis=0)
    if not shown.any():
        return np.zeros(shown.shape, np.float32)
    colours = image[::-1] if len(image) == 3 else np.repeat(image[:1], 3, axis=0)
    height, width = (max(1, round(n * pixel_m / STEP_M)) for n in shown.shape)
    small = np.stack(
        [
            cv2.resize(
                np.where(shown, band, np.median(band[shown])).astype(np.float32),
                (width, height),
                interpolation=cv2.INTER_AREA,
            )
            for band in colours
        ]
    )
    odds = odds_of(hall_pictures.shown(small, hall_pictures.fit_limits(small)))[0]
    return np.asarray(cv2.resize(odds, shown.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)
