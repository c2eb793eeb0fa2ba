"""Drawn harbours: water, a quay, ships, rafts of barges side by side, jetties; with the outline of every vessel."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter

FINE_M: Final = 0.25
"""Pixels of the canvas on which things are drawn."""
SHADE: Final = 0.45
"""Light in the shade of a hull, of what the water has in the sun."""


@dataclass(frozen=True)
class Vessel:
    """A vessel as it was drawn.

    Attributes
    ----------
    x_m, y_m : float
        Centre, from the picture's upper left corner, y down.
    length_m, width_m, angle_rad : float
        Of its rectangle; the long side's direction against x, y down.
    kind : str
        ``ship`` or ``barge``.
    boxes : int
        Containers on its deck.
    """

    x_m: float
    y_m: float
    length_m: float
    width_m: float
    angle_rad: float
    kind: str
    boxes: int = 0


@dataclass(frozen=True)
class Harbour:
    """A picture and what lies in it.

    Attributes
    ----------
    image : float32 (3, y, x)
        Red, green, blue; digital numbers.
    gsd_m : float
        Pixel size.
    vessels : tuple of Vessel
        All that lie wholly within.
    quay_m : float or None
        The quay's edge: land lies above this y; None where there is none.
    """

    image: np.ndarray
    gsd_m: float
    vessels: tuple[Vessel, ...]
    quay_m: float | None


class _Canvas:
    """What is drawn so far, in reflectance-like units of 0 to 1."""

    def __init__(self, rng: np.random.Generator, size_m: float) -> None:
        self.rng = rng
        n = self.n = round(size_m / FINE_M)
        tint = np.array([0.9, 1.0, 1.0]) * rng.uniform(0.85, 1.15, 3)
        level = rng.uniform(0.05, 0.13)
        wide = gaussian_filter(rng.normal(0, 1, (n // 16 + 1, n // 16 + 1)), 12)
        wide = cv2.resize(wide / wide.std(), (n, n), interpolation=cv2.INTER_CUBIC)
        waves = gaussian_filter(rng.normal(0, 1, (n, n)), rng.uniform(2, 6))
        self.water = level * (1 + 0.04 * wide + rng.uniform(0.005, 0.03) * waves / waves.std())
        self.image = np.repeat((self.water * 1.0)[..., None], 3, 2) * tint

    def polygon(self, corners_m: np.ndarray, colour: np.ndarray, rough: float = 0.0) -> None:
        rows, columns, mask = self._mask(corners_m)
        ys, xs = np.nonzero(mask)
        if len(ys):
            texture = self.rng.normal(1, rough, (len(ys), 1)) if rough else 1.0
            self.image[rows, columns][ys, xs] = colour * texture

    def _mask(self, corners_m: np.ndarray) -> tuple[slice, slice, np.ndarray]:
        """The rectangle around a polygon within the canvas, and where the polygon lies in it."""
        at = corners_m / FINE_M
        left, top = np.clip(np.floor(at.min(axis=0)).astype(int), 0, self.n)
        right, bottom = np.clip(np.ceil(at.max(axis=0)).astype(int) + 1, 0, self.n)
        mask = np.zeros((max(0, bottom - top), max(0, right - left)), np.uint8)
        if mask.size:
            cv2.fillPoly(mask, [np.round((at - (left, top)) * 16).astype(np.int32)], 1, shift=4)
        return slice(top, bottom), slice(left, right), mask

    def shade(self, corners_m: np.ndarray, move_m: np.ndarray) -> None:
        hull = cv2.convexHull(np.vstack([corners_m, corners_m + move_m]).astype(np.float32))[:, 0]
        rows, columns, mask = self._mask(hull.astype(float))
        self.image[rows, columns][mask > 0] *= SHADE


def _turned(xy: np.ndarray, centre: tuple[float, float], angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return xy @ np.array([[c, s], [-s, c]]) + centre


def _box(u0: float, v0: float, u1: float, v1: float) -> np.ndarray:
    return np.array([[u0, v0], [u1, v0], [u1, v1], [u0, v1]], float)


def _colour(rng: np.random.Generator, low: float, high: float, tint: float = 0.12) -> np.ndarray:
    return rng.uniform(low, high) * rng.uniform(1 - tint, 1 + tint, 3)


def _draw(canvas: _Canvas, one: Vessel, sun: np.ndarray, water: float) -> int:
    """Draw a vessel; returns the number of containers on its deck."""
    rng = canvas.rng
    long, wide, at = one.length_m / 2, one.width_m / 2, (one.x_m, one.y_m)

    def put(corners: np.ndarray, colour: np.ndarray, rough: float = 0.05) -> None:
        canvas.polygon(_turned(corners, at, one.angle_rad), colour, rough)

    bow = rng.uniform(0.12, 0.25) * 2 * long if one.kind == "ship" else rng.uniform(0, 0.06) * 2 * long
    tip = 0.05 if one.kind == "ship" else rng.uniform(0.5, 1.0)
    hull = np.array(
        [
            [-long, -wide * 0.85],
            [-long + 0.06 * long, -wide],
            [long - bow, -wide],
            [long - bow * 0.4, -wide * (0.55 + 0.45 * tip)],
            [long, -wide * tip],
            [long, wide * tip],
            [long - bow * 0.4, wide * (0.55 + 0.45 * tip)],
            [long - bow, wide],
            [-long + 0.06 * long, wide],
            [-long, wide * 0.85],
        ]
    )
    canvas.shade(_turned(hull, at, one.angle_rad), sun * rng.uniform(0.8, 4.0 if one.kind == "barge" else 9.0))
    # A deck is seldom as dark as the water around it.
    deck = _colour(rng, 1.15 * water + 0.02, 0.32)
    put(hull, deck, 0.06)
    if one.kind == "ship":
        return _ship_deck(rng, put, long, wide, bow)
    _barge_deck(rng, put, long, wide, water)
    return 0


def _ship_deck(rng: np.random.Generator, put: object, long: float, wide: float, bow: float) -> int:
    boxes = 0
    house = rng.uniform(0.08, 0.2) * 2 * long
    put(_box(-0.93 * long, -0.8 * wide, -0.93 * long + house, 0.8 * wide), _colour(rng, 0.4, 0.7, 0.05))
    u, stop = -0.93 * long + house + 1.0, long - bow
    loaded = rng.random() < 0.5 and wide > 5
    hatch = _colour(rng, 0.1, 0.35)
    bay = 12.6 if loaded else rng.uniform(6, 16)
    while u + bay < stop:
        put(_box(u, -0.78 * wide, u + bay - 0.8, 0.78 * wide), hatch)
        if loaded and rng.random() < 0.8:
            rows = int(1.56 * wide / 2.5)
            for k in range(rows):
                if rng.random() < 0.85:
                    v = (k - rows / 2) * 2.5
                    put(_box(u, v, u + 12.2, v + 2.44), _colour(rng, 0.06, 0.5, 0.6), 0.03)
                    boxes += 1
        u += bay
    return boxes


def _barge_deck(rng: np.random.Generator, put: object, long: float, wide: float, water: float) -> None:
    style = rng.integers(4)
    rim_u, rim_v = rng.uniform(1.0, 5.0), rng.uniform(0.6, 1.8)
    if style == 0:
        hold = _colour(rng, 0.9 * water, 0.25)
        put(_box(-long + rim_u, -wide + rim_v, long - rim_u, wide - rim_v), hold, 0.08)
        if rng.random() < 0.5:
            cut = rng.uniform(-0.5, 0.9) * wide
            put(_box(-long + rim_u, cut, long - rim_u, wide - rim_v), hold * 0.5)
    elif style == 1:
        edges = np.linspace(-long + rim_u, long - rim_u, int(rng.integers(3, 8)))
        for a, b in pairwise(edges):
            put(_box(a + 0.3, -wide + rim_v, b - 0.3, wide - rim_v), _colour(rng, 0.08, 0.35), 0.06)
    for _ in range(int(rng.integers(0, 4 if style < 2 else 50))):
        u, v = rng.uniform(-0.9, 0.8) * long, rng.uniform(-0.85, 0.6) * wide
        a, b = rng.uniform(0.5, 3.5), rng.uniform(0.5, 2.5)
        put(_box(u, v, min(u + a, long), min(v + b, wide)), _colour(rng, 0.03, 0.6, 0.3))
    if rng.random() < 0.4:
        put(
            _box(-0.97 * long, -0.7 * wide, -0.97 * long + rng.uniform(2, 5), 0.7 * wide),
            _colour(rng, 0.25, 0.65, 0.05),
        )
    if rng.random() < 0.25:
        a, b = rng.uniform(-0.8, 0.8, 2) * (long, wide)
        turn = rng.uniform(0, np.pi)
        reach = rng.uniform(6, 16)
        line = _turned(_box(0, -0.5, reach, 0.5), (a, b), turn)
        put(line.clip([-long, -wide], [long, wide]), _colour(rng, 0.3, 0.6, 0.3))


def _raft(rng: np.random.Generator, x: float, y: float, angle: float, least_m: float) -> list[Vessel]:
    """Vessels side by side, all of nearly one heading."""
    found, across = [], 0.0
    typical, kind = rng.uniform(18, 55), "barge"
    fan, rough = rng.normal(0, 0.025), rng.choice([0.008, 0.03])
    for _ in range(int(rng.integers(1, 9))):
        length = float(np.clip(typical * rng.uniform(0.7, 1.3), least_m, 90))
        wide = float(np.clip(length / rng.uniform(2.2, 5.5), 4.0, 16.0))
        kind = "ship" if rng.random() < 0.2 else "barge"
        centre = _turned(np.array([[rng.normal(0, 0.12) * length, across + wide / 2]]), (x, y), angle)[0]
        found.append(Vessel(float(centre[0]), float(centre[1]), length, wide, angle + rng.normal(0, rough), kind))
        angle += fan
        across += wide + (rng.uniform(0, 0.6) if rng.random() < 0.7 else rng.uniform(0.6, 3.0))
    return found


def _overlaps(one: Vessel, others: list[Vessel], apart_m: float) -> bool:
    corners = cv2.boxPoints(
        ((one.x_m, one.y_m), (one.length_m + apart_m, one.width_m + apart_m), np.degrees(one.angle_rad))
    )
    for other in others:
        hit, _ = cv2.rotatedRectangleIntersection(
            ((one.x_m, one.y_m), (one.length_m + apart_m, one.width_m + apart_m), float(np.degrees(one.angle_rad))),
            ((other.x_m, other.y_m), (other.length_m, other.width_m), float(np.degrees(other.angle_rad))),
        )
        if hit:
            return True
    return bool(corners.size == 0)


def _land(canvas: _Canvas, quay_m: float, size_m: float) -> None:
    rng = canvas.rng
    canvas.polygon(_box(-9, -9, size_m + 9, quay_m), _colour(rng, 0.14, 0.3, 0.06), 0.05)
    for _ in range(int(size_m)):
        u, v = rng.uniform(0, size_m), rng.uniform(-5, quay_m - 14)
        canvas.polygon(
            _box(u, v, u + rng.uniform(2, 25), min(v + rng.uniform(2, 10), quay_m - 1.5)),
            _colour(rng, 0.04, 0.5, 0.3),
            0.03,
        )
    canvas.polygon(_box(-9, quay_m - 1.2, size_m + 9, quay_m), _colour(rng, 0.2, 0.35, 0.05), 0.05)


def _placed(rng: np.random.Generator, size_m: float, quay: float | None, heading: float) -> list[Vessel]:
    found: list[Vessel] = []
    top = 0.0 if quay is None else quay
    if quay is not None:
        x = rng.uniform(0, 60)
        while x < size_m:
            length = rng.uniform(40, min(180.0, 0.7 * size_m))
            wide = float(np.clip(length / rng.uniform(5, 7.5), 7, 32))
            if rng.random() < 0.7:
                turn = np.pi if rng.random() < 0.5 else 0.0
                found.append(Vessel(x + length / 2, quay + 0.8 + wide / 2, length, wide, turn, "ship"))
            x += length + rng.uniform(8, 60)
    for _ in range(int(rng.integers(2, 9))):
        angle = heading + np.pi / 2 * rng.integers(0, 4)
        x, y = rng.uniform(0, size_m), rng.uniform(top, size_m)
        raft = _raft(rng, x, y, angle, 9.0)
        if rng.random() < 0.3:
            # A second row, end to end with the first.
            far = raft[0].length_m / 2 + rng.uniform(8, 24)
            at = _turned(np.array([[far, 0.0]]), (x, y), angle)[0]
            raft += _raft(rng, float(at[0]), float(at[1]), angle, 9.0)
        raft = [one for one in raft if one.y_m - one.length_m / 2 > top]
        kept = []
        for one in raft:
            if not _overlaps(one, kept, -0.3) and not _overlaps(one, found, 1.5):
                kept.append(one)
        found += kept
    return found


def harbour(seed: int, size_m: float = 280.0) -> Harbour:
    """Draw a harbour.

    Parameters
    ----------
    seed : int
        1000 to 1999 teach, those below 100 judge.
    size_m : float
        Side of the picture.

    Returns
    -------
    Harbour
        The picture and its vessels.
    """
    rng = np.random.default_rng([seed, 17])
    canvas = _Canvas(rng, size_m)
    water = float(canvas.water.mean())
    quay = rng.uniform(0.15, 0.45) * size_m if rng.random() < 0.5 else None
    heading = 0.0 if quay is not None else rng.uniform(0, np.pi)
    if quay is not None:
        _land(canvas, quay, size_m)
    for _ in range(int(rng.integers(0, 3))):
        u, v = rng.uniform(0, size_m), rng.uniform(quay or 0, size_m)
        turn = heading + rng.normal(0, 0.1)
        canvas.polygon(
            _turned(_box(0, 0, rng.uniform(40, 150), rng.uniform(1.5, 3.0)), (u, v), turn),
            _colour(rng, 0.2, 0.4, 0.05),
            0.04,
        )
    direction = rng.uniform(0, 2 * np.pi)
    sun = np.array([np.cos(direction), np.sin(direction)])
    drawn = []
    for one in _placed(rng, size_m, quay, heading):
        boxes = _draw(canvas, one, sun, water)
        drawn.append(Vessel(one.x_m, one.y_m, one.length_m, one.width_m, one.angle_rad, one.kind, boxes))
    return Harbour(*_photographed(canvas, size_m), tuple(drawn), quay)


def _photographed(canvas: _Canvas, size_m: float) -> tuple[np.ndarray, float]:
    """Blurred, sampled, noisy; digital numbers and the pixel size."""
    rng = canvas.rng
    gsd = float(rng.uniform(0.35, 0.7))
    blur = rng.uniform(0.45, 0.9) * gsd / FINE_M
    sharp = gaussian_filter(canvas.image, (blur, blur, 0))
    n = int(size_m / gsd)
    image = cv2.resize(sharp, (n, n), interpolation=cv2.INTER_AREA)
    image = image * rng.uniform(250, 500) + rng.uniform(5, 40)
    image = np.round(image + rng.normal(0, rng.uniform(0.4, 2.0), image.shape)).clip(0, 2047)
    if rng.random() < 0.6:
        image = _as_jpeg(image / image.max() * 255.0, int(rng.integers(75, 96)))
    return np.moveaxis(image, 2, 0).astype(np.float32), gsd


def _as_jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    packed = cv2.imencode(".jpg", np.round(image).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.float32)
