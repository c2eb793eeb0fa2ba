"""Small structures, some of which are easily mistaken for containers."""

from __future__ import annotations

import numpy as np

from changedet.simulate.builder import Builder
from changedet.simulate.elements import Decal, Solid
from changedet.simulate.materials import CARS, vary
from changedet.simulate.raster import KEEP_LABEL
from changedet.simulate.shapes import Rect


def junk(b: Builder, rect: Rect, count: int) -> None:
    """Add pallets, pipes and scrap that lie there on every date.

    Parameters
    ----------
    b : Builder
        Of the site.
    rect : Rect
        Opposite corners (u0, v0, u1, v1) in metres, in which they lie.
    count : int
        How many.
    """
    for _ in range(count):
        u, v = b.rng.uniform(rect[0], rect[2]), b.rng.uniform(rect[1], rect[3])
        colour = vary(b.rng, CARS[int(b.rng.integers(len(CARS)))], 0.3)
        size = b.rng.uniform(0.5, 3.0, 2)
        outline = b.frame.box(float(u), float(v), float(size[0]), float(size[1]), float(b.rng.uniform(0, 90)))
        label = b.plain(colour, 0.05)
        b.world.solids.append(Solid(outline, float(b.rng.uniform(0.3, 1.8)), label, label, 0.0, "none"))


def tank(b: Builder, u: float, v: float, radius_m: float, height_m: float) -> None:
    """Add a round storage tank.

    Parameters
    ----------
    b : Builder
        Of the site.
    u, v : float
        Centre in metres.
    radius_m, height_m : float
        Of the cylinder.
    """
    turn = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    outline = b.frame.point(u, v) + radius_m * np.column_stack([np.cos(turn), np.sin(turn)])
    roof, wall = b.plain(vary(b.rng, (0.45, 0.46, 0.45, 0.48))), b.plain(vary(b.rng, (0.35, 0.36, 0.36, 0.38)))
    hat = b.frame.point(u, v) + 0.2 * (outline - b.frame.point(u, v))
    b.world.solids.append(Solid(outline, height_m, roof, wall, 0.0, "building", decals=(Decal(hat, KEEP_LABEL, 85),)))


def greenhouse(b: Builder, u: float, v: float, spans: int) -> None:
    """Add plastic tunnels side by side, each like a long box from above.

    Parameters
    ----------
    b : Builder
        Of the site.
    u, v : float
        Centre of the first tunnel, in metres.
    spans : int
        How many tunnels, 7.6 m apart along u.
    """
    for k in range(spans):
        label = b.plain(vary(b.rng, (0.40, 0.44, 0.44, 0.5), 0.12), 0.04)
        outline = b.frame.box(u + k * 7.6, v, 6.4, float(b.rng.uniform(28, 34)))
        b.world.solids.append(Solid(outline, 3.0, label, label, 0.0, "building", ridged=True))


def pool(b: Builder, u: float, v: float) -> None:
    """Add a swimming pool with its terrace.

    Parameters
    ----------
    b : Builder
        Of the site.
    u, v : float
        Centre in metres.
    """
    b.patch(b.frame.box(u, v, 8, 14), b.surface("concrete"))
    b.patch(b.frame.box(u, v, 4, 9.5), b.plain((0.36, 0.34, 0.14, 0.05), 0.02))


def shed(b: Builder, u: float, v: float, turn_deg: float) -> None:
    """Add a shed about the size of a container.

    Parameters
    ----------
    b : Builder
        Of the site.
    u, v : float
        Centre in metres.
    turn_deg : float
        Clockwise against the site's v axis.
    """
    size = b.rng.uniform(2.2, 4.0), b.rng.uniform(4.5, 13.0)
    roof, wall = b.roof_paint(), b.plain((0.2, 0.2, 0.2, 0.22))
    outline = b.frame.box(u, v, float(size[0]), float(size[1]), turn_deg)
    b.world.solids.append(
        Solid(outline, float(b.rng.uniform(2.2, 3.2)), roof, wall, 0.0, "building", ridged=bool(b.rng.random() < 0.7))
    )
