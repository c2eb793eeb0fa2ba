"""A contact sheet: a scene in each order that its bands may have, and where it would be green."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import rasterio
import rasterio.errors
from rasterio.windows import Window

from changedet.arrays import Bytes, Singles
from changedet.imagery.datasets import gdal_options, is_remote, opened, reading

PANEL_PX: Final = 340
"""Longer side of each picture."""
_WINDOW_PX: Final = 2048
"""Of a large file without overviews its middle is drawn: all of it would take minutes to read."""
_GAP_PX, _CAPTION_PX, _LETTER_PX = 12, 46, 0.45
_PERCENTILES: Final = (2.0, 98.0)
_PLANTS: Final = 0.3
"""Normalised difference of near infrared and red, from which on plants are the usual reason."""
_WHITE, _BLACK = 255, 0


def draw_orders(path: str, orders: Sequence[Sequence[str]], out: Path) -> None:
    """Write a scene's contact sheet as PNG: a row for each order, natural colour and, with near infrared, plants.

    Parameters
    ----------
    path : str
        Of a raster with as many bands as each order has words.
    orders : sequence of sequence of str
        A role for each band, ``-`` for none.
    out : path
        Where to write.

    Raises
    ------
    InputError
        The scene cannot be read.
    """
    image = _small(path)
    rows = [_row(image, order, i) for i, order in enumerate(orders, 1)]
    _, data = cv2.imencode(".png", np.vstack(rows)[..., ::-1])
    part = out.with_name(f"{out.name}.part")
    part.write_bytes(data.tobytes())
    part.replace(out)


def free_name(base: Path) -> Path:
    """A name that no file has: nothing of the user's is written over.

    Parameters
    ----------
    base : path
        The wanted name.

    Returns
    -------
    path
        The same, or with a number before its ending.
    """
    names = [base, *(base.with_name(f"{base.stem}-{i}{base.suffix}") for i in range(2, 1000))]
    return next((name for name in names if not os.path.lexists(name)), base)


def _small(path: str) -> Singles:
    """All bands of a scene in few pixels, (band, y, x); NaN is no data."""
    with reading(path), warnings.catch_warnings(), rasterio.Env(**gdal_options(path)), opened(path) as dataset:
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        height, width = dataset.height, dataset.width
        if not dataset.overviews(1) or is_remote(path):
            height, width = min(height, _WINDOW_PX), min(width, _WINDOW_PX)
        window = Window((dataset.width - width) // 2, (dataset.height - height) // 2, width, height)
        scale = min(1.0, PANEL_PX / max(height, width))
        shape = (dataset.count, max(1, round(height * scale)), max(1, round(width * scale)))
        image = np.asarray(dataset.read(window=window, out_shape=shape), np.float32)
        nodata = dataset.nodata
    empty = (image == nodata).all(axis=0) if nodata is not None else (image == 0).all(axis=0)
    return np.where(empty, np.float32(np.nan), image)


def _row(image: Singles, order: Sequence[str], number: int) -> Bytes:
    bands = {role: image[i] for i, role in enumerate(order) if role != "-" and i < len(image)}
    panels = [_colour(bands), *([_plants(bands)] if {"nir", "red"} <= set(bands) else [])]
    panels += [np.full_like(panels[0], _WHITE)] * (2 - len(panels))
    gap = np.full((panels[0].shape[0], _GAP_PX, 3), _WHITE, np.uint8)
    drawn = np.hstack([gap, panels[0], gap, panels[1], gap])
    caption = np.full((_CAPTION_PX, drawn.shape[1], 3), _WHITE, np.uint8)
    _write(caption, f"{number}: {' '.join(order)}", _GAP_PX + 6)
    _write(caption, _words(bands), _GAP_PX + 26)
    return np.vstack([caption, drawn])


def _write(picture: Bytes, words: str, y: int) -> None:
    cv2.putText(picture, words, (_GAP_PX, y), cv2.FONT_HERSHEY_SIMPLEX, _LETTER_PX, (_BLACK,) * 3, 1, cv2.LINE_AA)


def _words(bands: Mapping[str, Singles]) -> str:
    colour = "natural colour" if {"red", "green", "blue"} <= set(bands) else "false colour (nir red green)"
    if not {"nir", "red"} <= set(bands):
        return colour
    share = float(np.nanmean(_index(bands) > _PLANTS)) if np.isfinite(bands["nir"]).any() else 0.0
    return f"{colour}; right: nir above red as on plants, {100 * share:.0f} %"


def _colour(bands: Mapping[str, Singles]) -> Bytes:
    wanted = ("red", "green", "blue") if {"red", "green", "blue"} <= set(bands) else ("nir", "red", "green")
    return np.stack([_stretched(bands[role]) for role in wanted], axis=-1)


def _stretched(band: Singles) -> Bytes:
    known = band[np.isfinite(band)]
    low, high = np.percentile(known, _PERCENTILES) if known.size else (0.0, 1.0)
    scaled = np.clip((band - low) / max(float(high - low), 1e-6), 0, 1)
    return np.asarray(np.nan_to_num(scaled, nan=0.5) * 255, np.uint8)


def _index(bands: Mapping[str, Singles]) -> Singles:
    nir, red = bands["nir"], bands["red"]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.nan_to_num((nir - red) / (nir + red), nan=0.0, posinf=0.0, neginf=0.0), np.float32)


def _plants(bands: Mapping[str, Singles]) -> Bytes:
    grey = _stretched(bands["red"]) // 2
    marked = _index(bands) > _PLANTS
    return np.stack(
        [np.where(marked, 0, grey), np.where(marked, 190, grey), np.where(marked, 60, grey)], axis=-1
    ).astype(np.uint8)
