"""What a sensor makes of the light: blur, noise, colours at a quarter of the sharpness, sharpening, a map grid."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.third_hand.camera import Light, moved, towards
from benchmarks.third_hand.canvas import Array
from benchmarks.third_hand.noise import Noise

COLOUR_TIMES = 4
"""Sides of a panchromatic pixel in one of colour."""
PAN = np.array([0.2, 0.31, 0.33, 0.16], np.float32)
PAD_PX = 8
CLOUD_HEIGHT_M = 420.0
"""Low clouds: their shadows fall within or near a small scene."""
HIDDEN = 0.35
"""Opacity from which a cloud hides what lies below."""


@dataclass(frozen=True)
class Sensor:
    """One date's instrument and its delivery; lengths in pixels."""

    blur: float
    sharpening: float
    noise: float
    pansharpened: bool
    gain: NDArray[np.float32]
    offset: NDArray[np.float32]
    shift_east_m: float
    shift_north_m: float
    turn_deg: float
    seed: int


@dataclass(frozen=True)
class Sky:
    """Clouds over the scene's pixels: how opaque, and how deep their shadow, 0 to 1."""

    opacity: Array
    shadow: Array


def clear(side: int) -> Sky:
    """No cloud."""
    return Sky(np.zeros((side, side), np.float32), np.zeros((side, side), np.float32))


def clouded(noise: Noise, side: int, gsd_m: float, light: Light, cover: float, seed: int) -> Sky:
    """Cumulus over a share `cover` of the scene, its shadow away from the sun, and a veil around it."""
    rng = np.random.default_rng(seed)
    around = 2 * int(CLOUD_HEIGHT_M / gsd_m / max(np.tan(np.radians(light.sun_elevation)), 0.3) * 0.25) + side
    wide = around + side
    body = noise.read("broad", (wide, wide), rng, wide / 420) + 0.35 * noise.read(
        "cloud", (wide, wide), rng, wide / 700
    )
    middle = slice((wide - side) // 2, (wide - side) // 2 + side)
    edge = np.quantile(body[middle, middle], 1 - cover)
    depth = np.clip((body - edge) / 0.32 + 0.3, 0, 1)
    depth = depth * depth * (3 - 2 * depth)
    far_m = 0.12 * CLOUD_HEIGHT_M / np.tan(np.radians(light.sun_elevation)) + 20
    east, north = towards(light.sun_azimuth) * far_m / gsd_m
    shadow = cv2.GaussianBlur(moved(depth, round(-north), round(east), 0.0), (0, 0), 2.0 / gsd_m)
    return Sky(depth[middle, middle].astype(np.float32), np.clip(shadow, 0, 1)[middle, middle].astype(np.float32))


def exposed(fine: Array, cells: int, light: Light, sky: Sky, sensor: Sensor, noise: Noise) -> Array:
    """Reflectance (side, side, 4) on the map, from that of a grid of `cells` a pixel with a margin all round."""
    side = sky.opacity.shape[0]
    big = side + 2 * PAD_PX
    margin = (fine.shape[0] - big * cells) // 2
    view = fine[margin : margin + big * cells, margin : margin + big * cells]
    sharp = cv2.resize(cv2.GaussianBlur(view, (0, 0), sensor.blur * cells), (big, big), interpolation=cv2.INTER_AREA)
    sharp = _under(sharp, sky, light, noise, sensor.seed)
    rng = np.random.default_rng(sensor.seed)
    if sensor.pansharpened:
        made = _fused(sharp, sensor, rng)
    else:
        made = sharp + _grain(sharp, sensor.noise, rng)
        made += sensor.sharpening * (made - cv2.GaussianBlur(made, (0, 0), 1.0))
    return made * sensor.gain + sensor.offset


def on_map(made: Array, gsd_m: float, sensor: Sensor) -> Array:
    """The picture on the map grid, its content moved and turned as an imperfect orthorectification leaves it."""
    big = made.shape[0]
    centre = (big - 1) / 2
    turn = cv2.getRotationMatrix2D((centre, centre), sensor.turn_deg, 1.0)
    turn[:, 2] += sensor.shift_east_m / gsd_m, -sensor.shift_north_m / gsd_m
    warped = cv2.warpAffine(made, turn, (big, big), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(warped[PAD_PX:-PAD_PX, PAD_PX:-PAD_PX], np.float32)


def _grain(image: Array, noise: float, rng: np.random.Generator) -> Array:
    deviation = noise * np.sqrt(0.25 + np.maximum(image, 0) / 0.15)
    return (deviation * rng.standard_normal(image.shape)).astype(np.float32)


def _fused(sharp: Array, sensor: Sensor, rng: np.random.Generator) -> Array:
    """Colours of coarse pixels with the detail of a sharp grey picture, laid a fraction of a pixel off."""
    big = sharp.shape[0]
    grey = (sharp @ PAN)[..., None]
    grey = grey + _grain(grey, sensor.noise, rng)
    grey = grey[..., 0]
    grey = grey + sensor.sharpening * (grey - cv2.GaussianBlur(grey, (0, 0), 1.0))
    size = big // COLOUR_TIMES
    colour = cv2.resize(sharp, (size, size), interpolation=cv2.INTER_AREA)
    colour = colour + _grain(colour, 0.6 * sensor.noise, rng)
    colour = cv2.resize(colour, (big, big), interpolation=cv2.INTER_CUBIC)
    off = rng.normal(0, 0.35, 2)
    colour = cv2.warpAffine(
        colour, np.array([[1, 0, off[0]], [0, 1, off[1]]]), (big, big), borderMode=cv2.BORDER_REFLECT
    )
    low = np.maximum(colour @ PAN, 0.01)
    ratio = np.clip(grey / low, 0.25, 3.5)[..., None]
    return np.asarray(0.55 * colour * ratio + 0.45 * (colour + (grey - low)[..., None]), np.float32)


def _under(sharp: Array, sky: Sky, light: Light, noise: Noise, seed: int) -> Array:
    if not sky.opacity.any():
        return sharp
    rng = np.random.default_rng(seed + 1)
    opacity, shadow = (np.pad(part, PAD_PX, mode="edge")[..., None] for part in (sky.opacity, sky.shadow))
    dim = 1 - shadow * (0.9 - 1.3 * light.sky)
    dimmed = light.path + (sharp - light.path) * dim
    white = 0.62 + 0.07 * noise.read("cloud", sharp.shape[:2], rng, 6.0)
    return np.asarray((1 - opacity) * dimmed + opacity * white[..., None] * np.array([1.04, 1, 0.98, 0.93]), np.float32)
