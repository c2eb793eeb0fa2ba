"""Light and view: what a satellite's ray meets at each cell, whether the sun sees it too, how bright it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.third_hand.canvas import Array, Beam, Bools, Canvas

MOST_RISE_M = 0.6
"""Greatest step of height of the view's layers."""
LIT_SLACK_M = 0.12
NATURAL = -1
MOST_SIDES = 6
"""Tiers whose walls have a paint of their own."""


@dataclass(frozen=True)
class Light:
    """Sun and view of a date in degrees; the view's azimuth points from below the satellite to the scene."""

    sun_azimuth: float
    sun_elevation: float
    view_azimuth: float
    off_nadir: float
    haze: float

    @property
    def sky(self) -> Array:
        """Share of the light that comes from the sky, by band."""
        low = 1 / max(np.sin(np.radians(self.sun_elevation)), 0.2)
        clear = np.array([0.19, 0.125, 0.085, 0.05]) * (0.55 + 0.45 * low)
        return np.asarray(np.clip(clear * (1 + 1.6 * self.haze), 0, 0.75), np.float32)

    @property
    def path(self) -> Array:
        """Reflectance that the air adds, by band."""
        return np.array([0.062, 0.038, 0.022, 0.011], np.float32) * (1 + 2.2 * self.haze)

    @property
    def clearness(self) -> Array:
        """Share of the ground's light that reaches the satellite, by band."""
        return np.asarray(1 - np.array([0.2, 0.14, 0.1, 0.06]) * (1 + 0.8 * self.haze), np.float32)


class Top(NamedTuple):
    """The share of a roof in view, of that the share in the sun, and its light as a share of full sun's."""

    view: float
    sun: float
    light: float


def towards(azimuth: float) -> NDArray[np.float64]:
    """East and north of an azimuth in degrees."""
    return np.array([np.sin(np.radians(azimuth)), np.cos(np.radians(azimuth))])


def moved(image: Array, rows: int, columns: int, fill: float) -> Array:
    """What lies `rows` below and `columns` right of each cell."""
    out = np.full_like(image, fill)
    n, m = image.shape[:2]
    if abs(rows) < n and abs(columns) < m:
        to = slice(max(-rows, 0), min(n - rows, n)), slice(max(-columns, 0), min(m - columns, m))
        out[to] = image[max(rows, 0) : n + min(rows, 0), max(columns, 0) : m + min(columns, 0)]
    return out


def shade_height(canvas: Canvas, light: Light) -> Array:
    """Height up to which each cell's air is shaded by what stands towards the sun."""
    east, north = towards(light.sun_azimuth)
    drop = canvas.step * np.tan(np.radians(light.sun_elevation))
    reach = max(int(np.ceil(float(canvas.height.max() - canvas.height.min()) / drop)), 1)
    made = moved(canvas.height, round(-north), round(east), -99.0) - np.float32(drop)
    done = 1
    while done < reach:
        further = moved(made, round(-north * done), round(east * done), -99.0)
        made = np.maximum(made, further - np.float32(drop * done))
        done *= 2
    return made


def seen(canvas: Canvas, light: Light) -> tuple[NDArray[np.int32], Array, Bools]:
    """The cell whose surface each ray meets, at which height, and whether on a wall."""
    n = canvas.side
    lean = np.tan(np.radians(light.off_nadir))
    east, north = towards(light.view_azimuth)
    rise = min(MOST_RISE_M, canvas.step / max(lean, 1e-3))
    cell = np.arange(n * n, dtype=np.int32).reshape(n, n)
    source, level = cell.copy(), np.zeros((n, n), np.float32)
    for k in range(1, int(canvas.height.max() / rise) + 1):
        z = k * rise
        tall = canvas.height >= z
        rows, columns = np.flatnonzero(tall.any(1)), np.flatnonzero(tall.any(0))
        down, right = round(-north * lean * z / canvas.step), round(east * lean * z / canvas.step)
        top, bottom = max(rows[0], -down, 0), min(rows[-1] + 1, n - down, n)
        left, end = max(columns[0], -right, 0), min(columns[-1] + 1, n - right, n)
        if bottom <= top or end <= left:
            continue
        part = tall[top:bottom, left:end]
        to = slice(top + down, bottom + down), slice(left + right, end + right)
        np.copyto(source[to], cell[top:bottom, left:end], where=part)
        np.copyto(level[to], np.float32(z), where=part)
    height = canvas.height.ravel()[source]
    wall = (height - level > rise) & (canvas.owner.ravel()[source] != NATURAL)
    return source, np.where(wall, level, height), wall


def openness(canvas: Canvas) -> tuple[Array, Array]:
    """Mean heights around each cell, near and far."""
    n, fine = canvas.side, max(round(0.5 / canvas.step), 1)
    small = cv2.resize(canvas.height, (n // fine, n // fine), interpolation=cv2.INTER_AREA)
    both = [cv2.resize(cv2.GaussianBlur(small, (0, 0), sigma), (n, n)) for sigma in (1.3, 7.0)]
    return both[0], both[1]


def radiance(canvas: Canvas, light: Light) -> tuple[Array, dict[int, Top]]:
    """Reflectance above the air, (n, n, 4), as an ideal camera shows it on the plane of the ground; `tops_seen` too."""
    source, level, wall = seen(canvas, light)
    shade = shade_height(canvas, light)
    up = np.sin(np.radians(light.sun_elevation))
    flat = np.cos(np.radians(light.sun_elevation)) * towards(light.sun_azimuth)
    slope = canvas.slope.reshape(-1, 2)[source]
    facing = up - slope @ flat.astype(np.float32)
    facing /= np.sqrt(1 + (slope**2).sum(-1)) * up
    albedo = canvas.albedo.reshape(-1, 4)[source]
    where = source.copy()
    _walls(canvas, light, (source, level, wall), albedo, facing, where)
    lit = (shade.ravel()[where] <= level + LIT_SLACK_M) & ~_beams_shade(canvas, light, where, level)
    near, far = (field.ravel()[where] for field in openness(canvas))
    sky = np.exp(-0.3 * np.maximum(near - level, 0) - 0.16 * np.maximum(far - level, 0))
    sky = np.where(wall, 0.55 * sky, sky).astype(np.float32)
    sun = (lit * np.clip(facing, 0, 2.2)).astype(np.float32)
    share = light.sky
    light_of = sun[..., None] * (1 - share) + (0.06 + 0.94 * sky)[..., None] * share
    bright = albedo * light_of
    hidden = wall | _beams_seen(canvas, light, bright)
    return light.path + light.clearness * bright, tops_seen(canvas, source, hidden, lit, light_of[..., 1])


def tops_seen(canvas: Canvas, source: NDArray[np.int32], hidden: Bools, lit: Bools, bright: Array) -> dict[int, Top]:
    """What the picture shows of each container on top, by its number."""
    owner = np.where(hidden, NATURAL, canvas.owner.ravel()[source]).ravel() + 1
    sums = [np.bincount(owner, part, len(canvas.prisms) + 1)[1:] for part in (None, lit.ravel(), bright.ravel())]
    cells = [one.length * one.width / canvas.step**2 for one in canvas.prisms]
    return {
        one.seed: Top(min(float(view) / whole, 1.0), float(sun / max(view, 1)), float(light / max(view, 1)))
        for one, view, sun, light, whole in zip(canvas.prisms, *sums, cells, strict=True)
        if one.texture == "container"
    }


def _walls(
    canvas: Canvas, light: Light, rays: tuple[Array, Array, Bools], albedo: Array, facing: Array, where: Array
) -> None:
    """Give cells that show a wall its paint, its angle to the sun, and a place outside of it to ask for shade."""
    source, level, wall = rays
    if not wall.any():
        return
    at, z = source[wall], level[wall]
    owner = canvas.owner.ravel()[at]
    shapes = np.array([[p.x, p.y, p.length, p.width, p.angle, p.bottom, p.top, len(p.sides)] for p in canvas.prisms])
    x, y, length, width, angle, bottom, top, sides = shapes[owner].T
    n = canvas.side
    east = (at % n + 0.5) * canvas.step - canvas.half - x
    north = canvas.half - (at // n + 0.5) * canvas.step - y
    u, v = east * np.cos(angle) + north * np.sin(angle), north * np.cos(angle) - east * np.sin(angle)
    end = length / 2 - np.abs(u) < width / 2 - np.abs(v)
    turn = angle + np.where(end, np.where(u > 0, 0, np.pi), np.where(v > 0, np.pi / 2, -np.pi / 2))
    elevation = np.radians(light.sun_elevation)
    sun = towards(light.sun_azimuth)
    facing[wall] = (np.cos(turn) * sun[0] + np.sin(turn) * sun[1]) * np.cos(elevation) / np.sin(elevation)
    tier = np.clip((z - bottom) / np.maximum(top - bottom, 0.1) * sides, 0, sides - 1).astype(int)
    table = np.array(
        [[p.sides[min(k, len(p.sides) - 1)] for k in range(MOST_SIDES)] for p in canvas.prisms], np.float32
    )
    albedo[wall] = table[owner, np.minimum(tier, MOST_SIDES - 1)]
    out = np.clip(at % n + np.round(2 * np.cos(turn)).astype(int), 0, n - 1)
    down = np.clip(at // n - np.round(2 * np.sin(turn)).astype(int), 0, n - 1)
    where[wall] = (down * n + out).astype(np.int32)


def _swept(beam: Beam, move: NDArray[np.float64]) -> NDArray[np.float64]:
    """The outline of a beam moved by `move` m for each m of height."""
    both = np.vstack([beam.ring + move * beam.bottom, beam.ring + move * beam.top]).astype(np.float32)
    return cv2.convexHull(both)[:, 0].astype(float)


def _beams_shade(canvas: Canvas, light: Light, where: Array, level: Array) -> Bools:
    """Cells that lie in the shadow of a beam: asked where the sun's ray through them meets the ground."""
    if not canvas.beams:
        return np.zeros(level.shape, bool)
    per_m = -towards(light.sun_azimuth) / np.tan(np.radians(light.sun_elevation))
    dark = np.zeros((canvas.side, canvas.side), bool)
    for beam in canvas.beams:
        ring = _swept(beam, per_m)
        window = canvas.window(ring)
        if window is not None:
            dark[window] |= canvas.inside(ring, window)
    column = np.clip(where % canvas.side + np.round(per_m[0] * level / canvas.step).astype(int), 0, canvas.side - 1)
    row = np.clip(where // canvas.side - np.round(per_m[1] * level / canvas.step).astype(int), 0, canvas.side - 1)
    return dark[row, column]


def _beams_seen(canvas: Canvas, light: Light, bright: Array) -> Bools:
    """Draw beams over what lies below them, the lowest first; the cells that they cover."""
    covered = np.zeros(bright.shape[:2], bool)
    per_m = np.tan(np.radians(light.off_nadir)) * towards(light.view_azimuth)
    for beam in sorted(canvas.beams, key=lambda one: one.top):
        ring = _swept(beam, per_m)
        window = canvas.window(ring)
        if window is not None:
            inside = canvas.inside(ring, window)
            bright[window][inside] = beam.paint
            covered[window] |= inside
    return covered
