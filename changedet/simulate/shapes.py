"""Plane geometry in local ground metres: rectangles, outlines, circles."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from changedet.arrays import Floats

Points = Floats
"""East and north in local ground metres: (n, 2), or (2,) for one point."""

Rect = tuple[float, float, float, float]
"""Opposite corners (u0, v0, u1, v1) of a rectangle on the site's own axes, in metres."""


def unit(angle_deg: float) -> tuple[float, float]:
    """Components of a unit vector in a direction.

    Parameters
    ----------
    angle_deg : float
        Clockwise from north.

    Returns
    -------
    tuple of float
        East and north, -1 to 1.
    """
    turn = np.radians(angle_deg)
    return float(np.sin(turn)), float(np.cos(turn))


def rectangle(x: float, y: float, length_m: float, width_m: float, angle_deg: float) -> Points:
    """Corners of a rectangle.

    Parameters
    ----------
    x, y : float
        Centre in metres east and north.
    length_m, width_m : float
        Long and short side.
    angle_deg : float
        Direction of the long side, clockwise from north.

    Returns
    -------
    float64 (4, 2)
        Metres east and north.
    """
    e, n = unit(angle_deg)
    along, across = np.array([e, n]) * length_m / 2, np.array([n, -e]) * width_m / 2
    centre = np.array([x, y])
    return np.array(
        [centre - along - across, centre + along - across, centre + along + across, centre - along + across]
    )


def strip(start: ArrayLike, end: ArrayLike, width_m: float) -> Points:
    """Corners of a straight strip between two points.

    Parameters
    ----------
    start, end : array_like (2,)
        Metres east and north.
    width_m : float
        Across the line between them.

    Returns
    -------
    float64 (4, 2)
        Metres east and north.
    """
    a, b = np.asarray(start, float), np.asarray(end, float)
    along = (b - a) / max(1e-9, float(np.hypot(*(b - a))))
    side = np.array([-along[1], along[0]]) * width_m / 2
    return np.array([a - side, b - side, b + side, a + side])


def blob(rng: np.random.Generator, x: float, y: float, radius_m: float, stretch: float, corners: int = 14) -> Points:
    """An irregular, star-shaped outline.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws its shape and direction.
    x, y : float
        Centre in metres east and north.
    radius_m : float
        Mean radius across its long axis.
    stretch : float
        Length of the long axis over that of the short one.
    corners : int
        How many.

    Returns
    -------
    float64 (corners, 2)
        Metres east and north.
    """
    turn = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    radius = radius_m * (1 + 0.18 * rng.standard_normal(corners)).clip(0.5, 1.5)
    radius = (radius + np.roll(radius, 1) + np.roll(radius, -1)) / 3
    tilt = rng.uniform(0, np.pi)
    px, py = radius * np.cos(turn) * stretch, radius * np.sin(turn)
    return np.column_stack([x + px * np.cos(tilt) - py * np.sin(tilt), y + px * np.sin(tilt) + py * np.cos(tilt)])


def roughen(rng: np.random.Generator, outline: Points, step_m: float, by_m: float) -> Points:
    """The outline with its sides broken up and moved a little, as plants grow.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the moves.
    outline : float64 (n, 2)
        Metres east and north.
    step_m : float
        About the distance of the new corners; a side gets 2 to 60.
    by_m : float
        Standard deviation of a move along each axis.

    Returns
    -------
    float64 (m, 2)
        Metres east and north.
    """
    pieces = []
    for k in range(len(outline)):
        a, b = outline[k], outline[(k + 1) % len(outline)]
        n = int(np.clip(np.hypot(*(b - a)) / step_m, 2, 60))
        t = np.linspace(0, 1, n, endpoint=False)[:, None]
        wander = rng.normal(0, by_m, (n, 2))
        wander = (wander + np.roll(wander, 1, axis=0)) / 1.4
        pieces.append(a + t * (b - a) + wander)
    return np.concatenate(pieces)


def inset(corners: Points, by_m: float) -> Points:
    """A rectangle whose sides are moved inwards.

    Parameters
    ----------
    corners : float64 (4, 2)
        Metres east and north.
    by_m : float
        Outwards where below 0.

    Returns
    -------
    float64 (4, 2)
        Metres east and north.
    """
    along, across = corners[1] - corners[0], corners[3] - corners[0]
    a = along / max(1e-9, float(np.hypot(*along))) * by_m
    c = across / max(1e-9, float(np.hypot(*across))) * by_m
    return np.asarray(corners + np.array([a + c, -a + c, -a - c, a - c]), float)


def counterclockwise(points: Points) -> Points:
    """The same outline with its corners in counterclockwise order.

    Parameters
    ----------
    points : float64 (n, 2)
        Metres east and north.

    Returns
    -------
    float64 (n, 2)
        Metres east and north.
    """
    x, y = points[:, 0], points[:, 1]
    area = float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))
    return points if area > 0 else points[::-1]


class Frame:
    """The site's own axes: u along its main road, v across.

    Parameters
    ----------
    angle_deg : float
        Of v, clockwise from north.
    mirrored : bool
        Whether u points to the left of v instead of to its right.
    """

    def __init__(self, angle_deg: float, mirrored: bool = False) -> None:
        self.angle_deg = angle_deg
        east, north = unit(angle_deg)
        self._v = np.array([east, north])
        self._u = np.array([north, -east]) * (-1 if mirrored else 1)

    def point(self, u: float, v: float) -> Points:
        """A point given on the site's axes, in local ground metres.

        Parameters
        ----------
        u, v : float
            Metres from the site's centre.

        Returns
        -------
        float64 (2,)
            Metres east and north.
        """
        return np.asarray(u * self._u + v * self._v, float)

    def box(self, u: float, v: float, along_u_m: float, along_v_m: float, turn_deg: float = 0.0) -> Points:
        """Corners of a rectangle given on the site's axes.

        Parameters
        ----------
        u, v : float
            Centre in metres.
        along_u_m, along_v_m : float
            Sides, before the turn.
        turn_deg : float
            Clockwise against the site's axes.

        Returns
        -------
        float64 (4, 2)
            Metres east and north.
        """
        x, y = self.point(u, v)
        return rectangle(float(x), float(y), along_v_m, along_u_m, self.angle_deg + turn_deg)
