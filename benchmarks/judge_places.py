"""The judges' looks put on the ground badly: by hand, or with a coarse elevation model. The first stays as it is."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import rasterio
import yaml
from numpy.typing import NDArray

TURN_DEG, STRETCH, SHIFT_PX = (0.4, 0.8), (0.006, 0.012), 3.0
"""Between what limits, of either sign, pictures that somebody put on a map by hand are turned and stretched, and how
far they are moved at the most. Chosen by hand: 1 to 2 m at the edge of a site of 260 m."""
ASKEW_DEG, ASKEW_STRETCH, ASKEW_PX = (3.0, 6.0), (0.03, 0.08), 40.0
"""The same of pictures laid by rough corners, as of a screenshot: 10 to 20 m at that edge."""
HEIGHT_SD_M, HEIGHT_SIGMA_M = 2.0, 48.0
"""Standard deviation of heights that an elevation model of some 30 m missed, and the Gaussian that smooths them."""
Grid = NDArray[np.float64]
Places = Callable[[tuple[int, ...], float], tuple[Grid, Grid]]
"""``places(shape, gsd_m) -> y, x``: where in the scene each pixel's value is taken from."""


def turned(source: Path, target: Path) -> None:
    """A look turned, stretched and moved, another way than the others."""
    _by_hand(source, target, TURN_DEG, STRETCH, SHIFT_PX)


def askew(source: Path, target: Path) -> None:
    """The same so far that nothing near a pixel's place in it is what the others show there."""
    _by_hand(source, target, ASKEW_DEG, ASKEW_STRETCH, ASKEW_PX)


def _by_hand(
    source: Path, target: Path, turn_deg: tuple[float, float], stretches: tuple[float, float], shift_px: float
) -> None:
    random = np.random.default_rng(zlib.crc32(f"{source.parents[1].name}/{source.name}".encode()))
    signs = random.choice([-1.0, 1.0], 2)
    angle, stretch = np.radians(signs[0] * random.uniform(*turn_deg)), 1 + signs[1] * random.uniform(*stretches)
    move = random.uniform(-shift_px, shift_px, 2)

    def _places(shape: tuple[int, ...], _: float) -> tuple[Grid, Grid]:
        y, x = np.indices(shape, np.float64)
        down, right = y - y.mean(), x - x.mean()
        cosine, sine = np.cos(angle) / stretch, np.sin(angle) / stretch
        return y.mean() + cosine * down - sine * right + move[0], x.mean() + sine * down + cosine * right + move[1]

    _placed(source, target, _places)


def hilly(source: Path, target: Path) -> None:
    """A look on ground whose heights nobody knew: moved by them times how its view differs from the first one's."""
    views = _views(source.parents[1] / "workflow.yaml")
    east, north = views[source.name] - views[min(views)]

    def _places(shape: tuple[int, ...], gsd_m: float) -> tuple[Grid, Grid]:
        random = np.random.default_rng(zlib.crc32(source.parents[1].name.encode()))
        sigma_px = HEIGHT_SIGMA_M / gsd_m
        heights = cv2.GaussianBlur(random.normal(size=shape), (0, 0), sigma_px, borderType=cv2.BORDER_REFLECT)
        heights = (heights - heights.mean()) * (HEIGHT_SD_M / heights.std() / gsd_m)
        y, x = np.indices(shape, np.float64)
        # What stands higher lies farther from the satellite; rows run south.
        return y - heights * north, x + heights * east

    _placed(source, target, _places)


def _views(workflow: Path) -> dict[str, NDArray[np.float64]]:
    """East and north by which each scene's view leans for a metre of height, by the scene's file."""
    found = {}
    for scene in yaml.safe_load(workflow.read_text())["scenes"]:
        azimuth, off_nadir = (np.radians(scene["view"][key]) for key in ("azimuth_deg", "off_nadir_deg"))
        found[Path(scene["path"]).name] = np.tan(off_nadir) * np.array([np.sin(azimuth), np.cos(azimuth)])
    return found


def _placed(source: Path, target: Path, places: Places) -> None:
    """A scene's pixels taken from elsewhere in it; unseen where these are unseen or beyond. The first one as it is."""
    with rasterio.open(source) as file:
        values, profile, names, tags = file.read(), file.profile, file.descriptions, file.tags()
    if source != min(source.parent.glob("*.tif")):
        y, x = (part.astype(np.float32) for part in places(values.shape[1:], abs(profile["transform"].a)))
        bands = values.astype(np.float32)
        moved = [cv2.remap(band, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE) for band in bands]
        seen = cv2.remap((values != 0).any(0).astype(np.float32), x, y, cv2.INTER_LINEAR, borderValue=0) > 0.99
        most = np.iinfo(values.dtype).max
        values = np.where(seen, np.clip(np.rint(moved), 1, most), 0).astype(values.dtype)
    with rasterio.open(target, "w", **profile) as file:
        file.write(values)
        file.update_tags(**tags)
        file.descriptions = names
