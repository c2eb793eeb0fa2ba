"""Real boxes cut out of real pictures: labelled tops of harbour windows, of a train, and of box trailers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.harbour_windows import GSD_M as HARBOUR_GSD_M
from benchmarks.harbour_windows import windows
from changedet.kernels.containers import LENGTH_OF_KIND_M, WIDTH_M
from scenarios.yards import real

FINE_M = 0.125
"""Pixel of a cut-out, as fine as the finest source."""
RIM_PX = 0.5
"""Of a source, left out on each side: a neighbour or the gap shines into it."""
LONGEST_20FT_M = 6.7
LENGTHS_40FT_M = (11.1, 13.25)
"""Labelled lengths of 40 ft, to a pixel of the coarsest source; no source but the trailers has longer boxes."""
LORRIES = {"P0004": ("20ft",)}
"""What is that short among the trailers is a lorry's body, its cab beside it."""
SPOILT = frozenset({26, 28, 30, 50, 58, 59, 60, 61, 62, 253})
"""Cut-outs whose end takes in a gap or a neighbour, by number in their order, looked at enlarged."""
RAIL_SHADE_PERCENTILE = 1.0
HALF_PX = 6
TARMAC_PX = {"01_05400_09600": (335, 308), "01_06600_07200": (82, 242), "rail": (57, 120), "P0004": (712, 950)}
"""Column and row of bare asphalt beside the boxes."""
SHADE_PX = {"01_05400_09600": (310, 145), "01_06600_07200": (44, 104), "P0004": (397, 624)}
"""Of a cast shadow on asphalt; the train has none that is wide enough."""
WIDE_PX = {"rail": 3}
SHARES = {"01_05400_09600": 0.4, "01_06600_07200": 0.3, "rail": 0.2, "P0004": 0.1}
"""How often a source is drawn from, trailers seldom: their roofs are mostly white."""


@dataclass(frozen=True)
class Source:
    """A picture (y, x, 3) in red, green and blue, with the levels of its asphalt in the sun and in shade."""

    name: str
    gsd_m: float
    image: NDArray[np.float32]
    tarmac: NDArray[np.float64]
    shade: NDArray[np.float64]


@dataclass(frozen=True)
class Cutout:
    """The top of one box: `texture` (across, along, 3), of the outer size of its kind, in pixels of `FINE_M`."""

    source: Source
    kind: str
    texture: NDArray[np.float32]

    @property
    def colour(self) -> NDArray[np.float64]:
        """Mean colour in units of its source's asphalt, red, green, blue."""
        level = self.texture.reshape(-1, 3).mean(axis=0) - self.source.shade
        return np.asarray(level / (self.source.tarmac - self.source.shade), np.float64)


def kind_of(length_m: float) -> str | None:
    """The kind of a labelled length, None where it is no container's."""
    if length_m <= LONGEST_20FT_M:
        return "20ft"
    return "40ft" if LENGTHS_40FT_M[0] <= length_m <= LENGTHS_40FT_M[1] else None


def cutouts(data: Path) -> list[Cutout]:
    """All cut-outs that the data folder has, always in the same order."""
    found = [*_of_harbours(data / "harbour"), *_of_yards(data / "yards")]
    return [one for k, one in enumerate(found) if k not in SPOILT]


def _of_harbours(folder: Path) -> Iterator[Cutout]:
    for window in windows():
        picture = cv2.imread(str(folder / f"{window.tile}.jpg"), cv2.IMREAD_COLOR)
        if picture is None:
            raise FileNotFoundError(folder / f"{window.tile}.jpg")
        source = _source(window.tile, HARBOUR_GSD_M, picture)
        yield from _cut(source, window.boxes[window.sure])


def _of_yards(folder: Path) -> Iterator[Cutout]:
    for name in ("rail", "P0004"):
        yard = real(folder, name, 0.0)
        source = _source(name, yard.gsd_m, np.moveaxis(yard.image, 0, 2))
        yield from (one for one in _cut(source, yard.boxes) if one.kind not in LORRIES.get(name, ()))


def _source(name: str, gsd_m: float, picture: NDArray[np.generic]) -> Source:
    image = np.ascontiguousarray(picture[..., ::-1], np.float32)
    tarmac = _level(image, TARMAC_PX[name], WIDE_PX.get(name, HALF_PX))
    if name in SHADE_PX:
        shade = _level(image, SHADE_PX[name], WIDE_PX.get(name, HALF_PX) // 2)
    else:
        shade = np.percentile(image.reshape(-1, 3), RAIL_SHADE_PERCENTILE, axis=0)
    return Source(name, gsd_m, image, tarmac, shade)


def _level(image: NDArray[np.float32], at: tuple[int, int], half: int) -> NDArray[np.float64]:
    column, row = at
    patch = image[row - half : row + half + 1, column - half : column + half + 1]
    return np.asarray(np.median(patch.reshape(-1, 3), axis=0), np.float64)


def _cut(source: Source, boxes: NDArray[np.float64]) -> Iterator[Cutout]:
    """Boxes (n, 5) in metres from the corner; a labelled length is stretched to the nominal one of its kind."""
    for x, y, length, width, angle in boxes:
        kind = kind_of(length)
        if kind is not None:
            rim = 2 * RIM_PX * source.gsd_m
            texture = _resampled(source, (x, y), (length - rim, width - rim), angle, LENGTH_OF_KIND_M[kind])
            yield Cutout(source, kind, texture)


def _resampled(
    source: Source, middle: tuple[float, float], size_m: tuple[float, float], angle: float, nominal_m: float
) -> NDArray[np.float32]:
    """The inside of a box, stretched over a whole top; `angle` of its long side from up, clockwise."""
    columns, rows = round(nominal_m / FINE_M), round(WIDTH_M / FINE_M)
    along = ((np.arange(columns) + 0.5) / columns - 0.5) * size_m[0]
    across = ((np.arange(rows) + 0.5) / rows - 0.5) * size_m[1]
    sin, cos = np.sin(angle), np.cos(angle)
    x = middle[0] + along[None, :] * sin + across[:, None] * cos
    y = middle[1] - along[None, :] * cos + across[:, None] * sin
    at = [np.asarray(values / source.gsd_m - 0.5, np.float32) for values in (x, y)]
    return np.asarray(cv2.remap(source.image, at[0], at[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
