"""Scenes with the outlines of all halls, painted ones among them, and what a network draws there set against them.

Of painted sites `truth/things.gpkg` is read; those painted before it held buildings that the frame cuts get it by
`paint.py KIND DIR --seed N .. --tops`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import cv2
import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
from numpy.typing import NDArray
from rasterio.features import rasterize
from shapely.affinity import affine_transform, translate
from shapely.geometry.base import BaseGeometry

from changedet.kernels import hall_pictures
from changedet.kernels.hall_pictures import STEP_M
from changedet.pipeline.things.kernels import hall_outlines, hall_presence
from changedet.pipeline.things.kernels.hall_outlines import Drawn

LEAST_M2 = 40.0
"""Smaller roofs are neither halls nor none."""
UNKNOWN = -1
UNSURE = 0.4
"""Share of a part over roofs that count neither way from which on it does not either."""
SAME = 0.5
"""Intersection over union from which on a part is a hall's."""
HELD = 0.4
"""Share under boxes of the looks on which a part stands from which on it is dropped, as in `pipeline.buildings`."""
BOX_RIM_M = 1.0


class Scene(NamedTuple):
    """A picture with its halls, in pixels of `STEP_M`.

    Attributes
    ----------
    colours : float32 (3, y, x)
        Red, green, blue, 0 (black) to 1 (white) at its own limits, linear; NaN for no data.
    halls : int16 (y, x)
        The number of the hall whose base covers a pixel, 0 none, `UNKNOWN`.
    boxes : bool (y, x)
        Where boxes stand.
    name : str
        Of its site.
    """

    colours: NDArray[np.float32]
    halls: NDArray[np.int16]
    boxes: NDArray[np.bool_]
    name: str


class Place(NamedTuple):
    """A part that a network draws on a site.

    Attributes
    ----------
    site : str
    part : Drawn
    overlap : float64 (look,)
        Its greatest intersection over union with a hall of each look.
    """

    site: str
    part: Drawn
    overlap: NDArray[np.float64]

    @property
    def is_hall(self) -> bool:
        """Whether it is a hall's on any look."""
        return bool(self.overlap.max() >= SAME)


def scaled(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Colours at their own limits."""
    low, high = hall_pictures.fit_limits(image)
    return ((image - low) / max(high - low, hall_pictures.SPAN_LEAST)).astype(np.float32)


def burnt(halls: Sequence[BaseGeometry], unsure: Sequence[BaseGeometry], shape: Sequence[int]) -> NDArray[np.int16]:
    """Numbers of outlines in pixels, as `Scene` has them."""
    found = np.zeros(tuple(shape), np.int16)
    marked = [(one, UNKNOWN) for one in unsure] + [(one, k) for k, one in enumerate(halls, 1)]
    marked = [(one, k) for one, k in marked if not one.is_empty]
    if marked:
        rasterize(marked, out=found)
    return found


def painted_scenes(site: Path, *, judged: bool) -> Iterator[Scene]:
    """The looks of a painted site without cloud; what the frame cuts teaches, but is not judged."""
    for look in pd.read_csv(site / "truth" / "truth.csv").itertuples():
        if look.cloud_fraction > 0:
            continue
        with rasterio.open(site / "scenes" / f"{look.date}.tif") as scene:
            image = scene.read([3, 2, 1] if scene.count > 2 else [1, 1, 1]).astype(np.float32)
            back, gsd_m = ~scene.transform, float(scene.res[0])
        image[:, (image == 0).all(axis=0)] = np.nan
        placed = partial(_placed, site / "truth", look.date, (look.shift_east_m, look.shift_north_m), back)
        halls, cut = placed("things.gpkg", "buildings"), placed("things.gpkg", "buildings_cut")
        large = [one for one in halls if one.area >= LEAST_M2 / gsd_m**2]
        small = [one for one in halls if one.area < LEAST_M2 / gsd_m**2]
        numbers = burnt(large if judged else [*large, *cut], [*small, *cut] if judged else small, image.shape[1:])
        boxes = burnt(placed("truth.gpkg", "containers", BOX_RIM_M), [], image.shape[1:]) > 0
        size = tuple(round(n * gsd_m / STEP_M) for n in numbers.shape[::-1])
        colours = np.stack([cv2.resize(band, size, interpolation=cv2.INTER_AREA) for band in image])
        numbers, covered = (
            cv2.resize(a, size, interpolation=cv2.INTER_NEAREST) for a in (numbers, boxes.astype(np.uint8))
        )
        yield Scene(scaled(colours), numbers, covered > 0, site.name)


def _placed(
    truth: Path,
    day: str,
    shift_m: tuple[float, float],
    to_pixels: rasterio.Affine,
    file: str,
    layer: str,
    rim_m: float = 0.0,
) -> list[BaseGeometry]:
    """Outlines of a layer on a date, in pixels of its scene."""
    matrix = [to_pixels.a, to_pixels.b, to_pixels.d, to_pixels.e, to_pixels.c, to_pixels.f]
    shapes = [one.buffer(rim_m) if rim_m else one for one in outlines_of(truth / file, layer, day)]
    return [affine_transform(translate(one, *shift_m), matrix) for one in shapes]


def clear_days(site: Path) -> list[str]:
    """Dates of a painted site without cloud."""
    table = pd.read_csv(site / "truth" / "truth.csv")
    return list(table["date"][table["cloud_fraction"] <= 0].astype(str))


def outlines_of(path: Path, layer: str, date: str) -> list[BaseGeometry]:
    """Outlines of a layer on a date; none where the layer is not there."""
    if layer not in gpd.list_layers(path)["name"].tolist():
        return []
    table = gpd.read_file(path, layer=layer)
    return list(table.geometry[pd.to_datetime(table["date"]).dt.strftime("%Y-%m-%d") == date])


def places_of(scenes: Sequence[Scene], odds_of: Callable[[NDArray[np.float32]], NDArray[np.float32]]) -> list[Place]:
    """What a network draws on the looks of a site, without stacks of boxes and what counts neither way."""
    looks = []
    for scene in scenes:
        picture = hall_pictures.shown(scene.colours, (0.0, 1.0))
        looks.append((hall_outlines.packed(odds_of(picture)), np.isfinite(scene.colours).all(axis=0)))
    found = []
    for part in hall_outlines.places(looks):
        inside = part.inside
        window = slice(part.y, part.y + inside.shape[0]), slice(part.x, part.x + inside.shape[1])
        stands = hall_presence.stay(part.core).stands > hall_presence.RATHER
        own = [scene.boxes[window][inside] for scene, on in zip(scenes, stands, strict=True) if on]
        held = np.any(own, axis=0).mean() if own else 0.0
        unsure = max((scene.halls[window][inside] == UNKNOWN).mean() for scene in scenes)
        if held < HELD and unsure < UNSURE:
            found.append(
                Place(scenes[0].name, part, np.array([_overlap(scene.halls, window, inside) for scene in scenes]))
            )
    return found


def _overlap(halls: NDArray[np.int16], window: tuple[slice, slice], inside: NDArray[np.bool_]) -> float:
    numbers, counts = np.unique(halls[window][inside], return_counts=True)
    shares = [
        both / (inside.sum() + (halls == number).sum() - both)
        for number, both in zip(numbers.tolist(), counts.tolist(), strict=True)
        if number > 0
    ]
    return float(max(shares, default=0.0))


def signs_of(place: Place) -> NDArray[np.float64]:
    """The signs by which a place is judged."""
    return hall_presence.signs(place.part, hall_presence.stay(place.part.core).stands)
