"""A site on a fine grid: reflectance, height and slope of each cell; prisms, polygons and heaps are painted on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.third_hand.noise import Noise
from benchmarks.third_hand.spectra import Spectrum

Array = NDArray[np.float32]
Bools = NDArray[np.bool_]
Window = tuple[slice, slice]
SHIFT_BITS = 4
"""Fractions of a cell that OpenCV fills polygons to."""
LEAST_SLOPED = 2
"""Cells along each side from which a slope can be taken; less of a heap lies in view only at the edge."""


@dataclass
class Prism:
    """An upright thing on a rotated rectangle; lengths in m, its angle in radians from east to north."""

    x: float
    y: float
    length: float
    width: float
    angle: float
    top: float
    roof: Spectrum
    sides: list[Spectrum]
    texture: str = "plain"
    bottom: float = 0.0
    pitch: float = 0.0
    seed: int = 0

    def corners(self) -> NDArray[np.float64]:
        """The base, (4, 2)."""
        return rectangle(self.x, self.y, self.length, self.width, self.angle)


@dataclass
class Beam:
    """A thing in the air, seen and shadowed but not part of the heights: a polygon from `bottom` to `top`."""

    ring: NDArray[np.float64]
    bottom: float
    top: float
    paint: Spectrum


@dataclass
class Heap:
    """A rounded natural height: a tree, a berm, a tarpaulin over goods, a pit where `height` is negative."""

    x: float
    y: float
    length: float
    width: float
    angle: float
    height: float
    paint: Spectrum
    rough: float = 0.3
    power: float = 2.0
    seed: int = 0


def rectangle(x: float, y: float, length: float, width: float, angle: float) -> NDArray[np.float64]:
    """Corners of a rotated rectangle, (4, 2)."""
    along = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    across = np.array([-np.sin(angle), np.cos(angle)]) * width / 2
    return np.array([x, y]) + np.array([-along - across, along - across, along + across, across - along])


@dataclass
class Canvas:
    """The grid: a square of `half` m to each side of 0, 0, in cells of `step` m; rows go south."""

    half: float
    step: float
    noise: Noise
    albedo: Array = field(init=False)
    height: Array = field(init=False)
    slope: Array = field(init=False)
    owner: NDArray[np.int32] = field(init=False)
    prisms: list[Prism] = field(default_factory=list)
    beams: list[Beam] = field(default_factory=list)

    def __post_init__(self) -> None:
        n = round(2 * self.half / self.step)
        self.albedo = np.zeros((n, n, 4), np.float32)
        self.height = np.zeros((n, n), np.float32)
        self.slope = np.zeros((n, n, 2), np.float32)
        self.owner = np.full((n, n), -1, np.int32)

    @property
    def side(self) -> int:
        """Cells of a side."""
        return self.height.shape[0]

    def copy(self) -> Canvas:
        """The same ground, to put other things on."""
        other = Canvas.__new__(Canvas)
        other.half, other.step, other.noise = self.half, self.step, self.noise
        other.albedo, other.height, other.slope = self.albedo.copy(), self.height.copy(), self.slope.copy()
        other.owner, other.prisms, other.beams = self.owner.copy(), list(self.prisms), list(self.beams)
        return other

    def cells(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Columns and rows of points."""
        return np.column_stack([points[:, 0] + self.half, self.half - points[:, 1]]) / self.step

    def window(self, points: NDArray[np.float64], margin: int = 1) -> Window | None:
        """The rows and columns around points, None where they lie outside."""
        at = self.cells(points)
        low, high = np.floor(at.min(0)).astype(int) - margin, np.ceil(at.max(0)).astype(int) + margin
        low, high = np.maximum(low, 0), np.minimum(high, self.side)
        return (slice(low[1], high[1]), slice(low[0], high[0])) if (high > low).all() else None

    def local(self, window: Window, x: float, y: float, angle: float) -> tuple[Array, Array]:
        """Metres along and across a direction through a point, of each cell of a window."""
        rows, columns = window
        east = (np.arange(columns.start, columns.stop) + 0.5) * self.step - self.half - x
        north = self.half - (np.arange(rows.start, rows.stop) + 0.5) * self.step - y
        cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        east, north = east.astype(np.float32)[None], north.astype(np.float32)[:, None]
        return east * cos + north * sin, north * cos - east * sin

    def inside(self, ring: NDArray[np.float64], window: Window) -> Bools:
        """Cells of a window within a polygon."""
        at = self.cells(ring) - [window[1].start, window[0].start] - 0.5
        shape = window[0].stop - window[0].start, window[1].stop - window[1].start
        mask = np.zeros(shape, np.uint8)
        cv2.fillPoly(mask, [np.round(at * 2**SHIFT_BITS).astype(np.int32)], 1, shift=SHIFT_BITS)
        return mask == 1

    def surface(self, ring: NDArray[np.float64], paint: Callable[[tuple[int, int]], Array], keep: float = 1.0) -> None:
        """Lay a surface within a polygon; `paint` gives its reflectance, `keep` how much of it covers what is below."""
        window = self.window(ring)
        if window is None:
            return
        mask = self.inside(ring, window)
        made = paint(mask.shape)
        below = self.albedo[window]
        below[mask] = keep * made[mask] + (1 - keep) * below[mask]

    def prism(self, one: Prism, roof: Callable[..., tuple[Array, Array | None, Array | None]]) -> None:
        """Put a prism down, higher than what is there; `roof` gives its top's factor, its slopes and its rise."""
        window = self.window(one.corners())
        if window is None:
            return
        u, v = self.local(window, one.x, one.y, one.angle)
        mask = (np.abs(u) <= one.length / 2) & (np.abs(v) <= one.width / 2)
        mask &= self.height[window] < one.top
        if not mask.any():
            return
        factor, rise, slant = roof(u, v, one, self.noise)
        self.albedo[window][mask] = np.clip(one.roof * factor, 0.004, 0.95)[mask]
        self.height[window][mask] = (one.top + (rise if rise is not None else np.zeros_like(u)))[mask]
        across = np.zeros_like(u) if slant is None else slant
        tilt = np.stack([-np.sin(one.angle) * across, np.cos(one.angle) * across], -1)
        self.slope[window][mask] = tilt[mask]
        self.owner[window][mask] = len(self.prisms)
        self.prisms.append(one)

    def heap(self, one: Heap) -> None:
        """Pile a heap, or dig a pit where its height is negative."""
        ring = rectangle(one.x, one.y, one.length, one.width, one.angle)
        window = self.window(ring, 2)
        if window is None:
            return
        u, v = self.local(window, one.x, one.y, one.angle)
        if min(u.shape) < LEAST_SLOPED:
            return
        rng = np.random.default_rng(one.seed)
        bumps = self.noise.read("cloud", u.shape, rng, max(0.5, 0.06 * one.width / self.step))
        radius = np.hypot(u / one.length, v / one.width) * 2 * (1 + 0.35 * one.rough * np.clip(bumps + 1.2, 0, 3))
        shape = np.clip(1 - radius**one.power, 0, 1) * (1 + one.rough * 0.4 * np.clip(bumps, -1.5, 1.5))
        rise = np.where(radius < 1, one.height * shape, 0).astype(np.float32)
        now = self.height[window]
        mask = (radius < 1) & ((rise > now) if one.height > 0 else (rise < now))
        now[mask] = rise[mask]
        speckle = 1 + 0.22 * one.rough * self.noise.read("grain", u.shape, rng, 2.5)
        self.albedo[window][mask] = np.clip(one.paint * speckle[..., None], 0.004, 0.95)[mask]
        down, right = np.gradient(rise, self.step)
        self.slope[window][mask] = np.stack([right, -down], -1)[mask]
        self.owner[window][mask] = -1
