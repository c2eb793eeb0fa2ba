"""Pictures for people: quicklooks of scenes, overlays of masks, and what all of them may weigh."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from changedet.arrays import Bools, Bytes, Singles
from changedet.outputs.rasters.classes import MASK_CLASSES
from changedet.outputs.rasters.display import LEAST_SPAN, drawn_bands, scene_stretch, stretched
from changedet.outputs.rasters.reading import header, opened, read_overview

PICTURE_BYTES: Final = 3_600_000
"""Pictures are shrunk until all of them fit: a third more as base64, and the whole report stays under 6 MB."""
QUALITY: Final = 82
CHIP_QUALITY: Final = 75
"""Of a quicklook's and of a chip's JPEG."""
PALE: Final = 80
"""Opacity, of 255, of what may as well be none."""
WHITE_SHARE: Final = 0.35
"""Of a chip's pixels that the site's stretch draws white, from which the chip has its own. White boxes and roofs rarely
cover more of one. Chosen by hand."""
WHOLE_RANGE: Final = (1.0, 99.5)
"""Percentiles of such a chip that are drawn black and white."""


def quicklook(path: str | Path, max_px: int, stretch: Mapping[str, tuple[float, float]] | None) -> bytes:
    """A scene as a JPEG, read from its overviews.

    Parameters
    ----------
    path : path
        ``scenes/<date>.tif``.
    max_px : int
        Its longer side at most.
    stretch : mapping of str to (low, high), optional
        For each band by its name; give ``rasters.scene_stretch(paths)`` so that dates can be compared. By default the
        scene's own.

    Returns
    -------
    bytes
        JPEG; no data is mid-grey.
    """
    picture = read_overview(path, max_px)
    limits = stretch or scene_stretch([Path(path)])
    names = header(path).names
    drawn = drawn_bands(names)
    shown = np.stack([stretched(picture[i], limits[names[i]]) for i in drawn], axis=-1)
    return _encoded(".jpg", shown[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])


def overlay(path: str | Path, max_px: int, *, doubtful: float = 0.0) -> bytes:
    """A mask as a transparent picture in its own colours.

    Parameters
    ----------
    path : path
        A finished mask.
    max_px : int
        Its longer side at most.
    doubtful : float
        Area in the CRS of the mask; changed patches that cover less are drawn pale, by 0 none.

    Returns
    -------
    bytes
        PNG: changed is drawn, no data hatched in grey, unchanged is clear.
    """
    classes = read_overview(path, max_px)[0]
    drawn = np.zeros((*classes.shape, 4), np.uint8)
    for c in MASK_CLASSES:
        drawn[classes == c.value] = c.rgba
    if doubtful > 0:
        drawn[_small(classes == 1, doubtful / _cell_area(path, classes.shape)), 3] = PALE
    rows, columns = np.indices(classes.shape)
    drawn[np.isnan(classes) & ((rows + columns) % 6 < 2)] = (90, 90, 90, 200)
    return _encoded(".png", drawn[..., [2, 1, 0, 3]], [cv2.IMWRITE_PNG_COMPRESSION, 9])


def _cell_area(path: str | Path, shape: tuple[int, ...]) -> float:
    """Area of a pixel of an overview, in the CRS."""
    with opened(path) as source:
        left, bottom, right, top = source.bounds
    return float((right - left) * (top - bottom) / (shape[0] * shape[1]))


def _small(marked: Bools, least_px: float) -> Bools:
    """Where connected patches of fewer pixels lie."""
    _, labels, figures, _ = cv2.connectedComponentsWithStats(marked.astype(np.uint8), connectivity=8)
    return np.asarray(marked & (figures[:, cv2.CC_STAT_AREA] < least_px)[labels], bool)


def chip_picture(
    chip: Singles, names: Sequence[str], stretch: Mapping[str, tuple[float, float]], side_px: int
) -> bytes:
    """A small window of a scene as a JPEG.

    Parameters
    ----------
    chip : float32 (band, y, x)
        NaN for no data.
    names : sequence of str
        Of the bands.
    stretch : mapping of str to (low, high)
        As `changedet.outputs.rasters.display.scene_stretch` gives it for the site.
    side_px : int
        Of the picture.

    Returns
    -------
    bytes
        Empty where the window holds no data. What thin cloud would leave white in the site's brightness is drawn
        darker, so that the ground below is seen.
    """
    if not np.isfinite(chip).any():
        return b""
    drawn = drawn_bands(names)
    limits = [stretch[names[i]] for i in drawn]
    shown = np.stack(
        [stretched(chip[i], one) for i, one in zip(drawn, _seen_through(chip, drawn, limits), strict=True)], axis=-1
    )
    larger = cv2.resize(shown[..., ::-1], (side_px, side_px), interpolation=cv2.INTER_CUBIC)
    return _encoded(".jpg", np.asarray(larger, np.uint8), [cv2.IMWRITE_JPEG_QUALITY, CHIP_QUALITY])


def _seen_through(
    chip: Singles, drawn: Sequence[int], limits: Sequence[tuple[float, float]]
) -> list[tuple[float, float]]:
    """The stretch of a chip: the site's, or as wide as the chip needs where much of it would be white."""
    white = np.all([chip[i] >= high for i, (_, high) in zip(drawn, limits, strict=True)], axis=0)
    if white.mean() <= WHITE_SHARE:
        return list(limits)
    low, high = (float(np.nanpercentile(chip[list(drawn)], share)) for share in WHOLE_RANGE)
    return [(low, max(high, low + LEAST_SPAN))] * len(drawn)


def _encoded(ending: str, picture: Bytes, options: list[int]) -> bytes:
    _, data = cv2.imencode(ending, np.ascontiguousarray(picture), options)
    return bytes(data.tobytes())


def fitted(pictures: Mapping[tuple[str, str], bytes]) -> dict[tuple[str, str], bytes]:
    """The pictures, all shrunk alike where together they would make the report too large.

    Parameters
    ----------
    pictures : mapping of (str, str) to bytes
        JPEG or PNG by any key.

    Returns
    -------
    dict of (str, str) to bytes
        Under the same keys; at most `PICTURE_BYTES` together.
    """
    found, scale = dict(pictures), 1.0
    while sum(map(len, found.values())) > PICTURE_BYTES and scale > 0.05:
        scale *= 0.8
        found = {key: _shrunk(picture, scale) for key, picture in pictures.items()}
    return found


def _shrunk(picture: bytes, scale: float) -> bytes:
    whole = np.asarray(cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_UNCHANGED))
    png = picture.startswith(b"\x89PNG")
    size = (max(1, round(whole.shape[1] * scale)), max(1, round(whole.shape[0] * scale)))
    small = cv2.resize(whole, size, interpolation=cv2.INTER_NEAREST if png else cv2.INTER_AREA)
    options = [cv2.IMWRITE_PNG_COMPRESSION, 9] if png else [cv2.IMWRITE_JPEG_QUALITY, 78]
    return _encoded(".png" if png else ".jpg", small, options)


def data_uri(picture: bytes) -> str:
    """A picture as the source of an ``<img>``.

    Parameters
    ----------
    picture : bytes
        JPEG, PNG or SVG.

    Returns
    -------
    str
        A ``data:`` address.
    """
    kind = "png" if picture.startswith(b"\x89PNG") else ("jpeg" if picture.startswith(b"\xff\xd8") else "svg+xml")
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode('ascii')}"
