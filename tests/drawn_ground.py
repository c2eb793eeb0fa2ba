"""Ground with a yard, drawn in colours or in levels, for tests of footprints."""

from __future__ import annotations

import numpy as np
import shapely
from affine import Affine
from scipy.ndimage import gaussian_filter

from changedet.blocks import Window
from changedet.grid import Grid
from changedet.kernels.shown_pictures import ShownRange
from changedet.stages.footprint.kernels.ground import GroundStatistics
from changedet.stages.footprint.outlines import outlines

ROLES = ("blue", "green", "red", "nir")


GRAVEL, GRASS, WATER = (0.16, 0.18, 0.20, 0.23), (0.04, 0.08, 0.06, 0.40), (0.06, 0.05, 0.03, 0.01)


def scene(seed=0, shape=(120, 140)):
    """Grass with a gravel yard and a pond, in reflectance with noise; the yard and the pond as masks."""
    rng = np.random.default_rng(seed)
    yard, pond = np.zeros(shape, bool), np.zeros(shape, bool)
    yard[30:80, 20:100], pond[90:115, 60:120] = True, True
    image = np.where(yard, np.array(GRAVEL)[:, None, None], np.array(GRASS)[:, None, None])
    image = np.where(pond, np.array(WATER)[:, None, None], image)
    return (image * rng.normal(1, 0.05, image.shape)).astype(np.float32), yard, pond


def grid_of(shape, resolution=0.5):
    return Grid("EPSG:32633", Affine(resolution, 0, 500_000, 0, -resolution, 5_000_000), shape)


def drawn(*boxes, shape=(600, 700), level=3, holes=(), resolution=0.5):
    """Levels with rectangles (x0, y0, x1, y1) in metres from the upper left corner."""
    levels = np.zeros(shape, np.uint8)
    for value, parts in ((level, boxes), (0, holes)):
        for x0, y0, x1, y1 in (np.round(np.array(part) / resolution).astype(int) for part in parts):
            levels[y0:y1, x0:x1] = value
    return levels


def placed(x0, y0, x1, y1):
    return shapely.box(500_000 + x0, 5_000_000 - y1, 500_000 + x1, 5_000_000 - y0)


def found_in(levels, boxes=(), resolution=0.5):
    return outlines([([(0, 0, levels)], list(boxes))], grid_of(levels.shape, resolution))[0]


def patchy(seed, shape):
    rng = np.random.default_rng(seed)
    noise = gaussian_filter(rng.normal(size=shape), 9)
    return np.digitize(noise / noise.std(), [0.4, 0.7, 1.0]).astype(np.uint8)


PLANT = GroundStatistics(0.2, (0.0,) * 4, (0.5,) * 4, ShownRange(0.0, 0.5, 0.0, 0.5), sun=(0.6, 0.8))


def place_of(y, x, image):
    return Window(y, x, *image.shape[1:])


def ground_scene(seed=0, shape=(300, 330)):
    """A paved yard with a bright hall on it, a bank of earth with a lit and a shaded side, and grass."""
    rng = np.random.default_rng(seed)
    image = np.tile(np.array(GRASS)[:, None, None], (1, *shape))
    for colour, rows, columns in (
        (GRAVEL, slice(60, 240), slice(40, 220)),
        ((0.45, 0.46, 0.47, 0.5), slice(90, 150), slice(70, 160)),
        ((0.22, 0.24, 0.28, 0.33), slice(120, 128), slice(240, 320)),
        ((0.07, 0.08, 0.09, 0.11), slice(128, 134), slice(240, 320)),
    ):
        image[:, rows, columns] = np.array(colour)[:, None, None]
    return (image * rng.normal(1, 0.04, image.shape)).astype(np.float32)
