"""Parts that most kinds of site share: the land, a road, a paved yard, a whole depot."""

from __future__ import annotations

import numpy as np

from changedet.simulate import structures, vehicles
from changedet.simulate.builder import Builder
from changedet.simulate.container_slots import blocks, loners
from changedet.simulate.elements import FOREVER, NEVER
from changedet.simulate.raster import KEEP_LABEL
from changedet.simulate.shapes import Rect, blob

FIELDS = ("meadow", "heath", "grass", "crop", "stubble", "soil", "heath", "meadow")


def land(b: Builder, trees: float = 1.0, fields: tuple[str, ...] = FIELDS) -> None:
    """Cover the site with fields, paths and bushes.

    Parameters
    ----------
    b : Builder
        Of an empty site.
    trees : float
        Factor on the number of clumps of trees.
    fields : tuple of str
        Surfaces of which four are drawn, see `ground_paint`.
    """
    rng, size = b.rng, b.world.size_m
    b.world.ground = b.surface(str(rng.choice(["heath", "meadow", "grass"])))
    names = tuple(str(n) for n in rng.choice(fields, 4, replace=False))
    b.land(names, float(np.clip(size / rng.uniform(2.2, 4.5), 45, 260)))
    reach = b.reach
    for _ in range(int(rng.poisson(3))):
        b.track(
            b.frame.point(*rng.uniform(-reach, reach, 2)),
            b.frame.point(*rng.uniform(-reach, reach, 2)),
            float(rng.uniform(1.2, 3)),
        )
    b.world.trees.clear()
    clumps = int(trees * rng.uniform(3, 12) * max(1.0, (size / 300) ** 1.3))
    for _ in range(min(90, clumps)):
        u, v = rng.uniform(-reach, reach, 2)
        b.wood(float(u), float(v), float(rng.uniform(3, 22)), int(rng.integers(3, 40)))


def clear(b: Builder, rect: Rect, margin_m: float = 3.0) -> None:
    """Remove the trees inside a rectangle.

    Parameters
    ----------
    b : Builder
        Of the site.
    rect : Rect
        Opposite corners (u0, v0, u1, v1) in metres.
    margin_m : float
        By which the rectangle is widened on each side.
    """
    middle = b.frame.point((rect[0] + rect[2]) / 2, (rect[1] + rect[3]) / 2)
    u_axis, v_axis = b.frame.point(1, 0), b.frame.point(0, 1)
    half = np.array([(rect[2] - rect[0]) / 2, (rect[3] - rect[1]) / 2]) + margin_m
    kept = []
    for tree in b.world.trees:
        d = np.array([tree.x, tree.y]) - middle
        if abs(d @ u_axis) > half[0] or abs(d @ v_axis) > half[1]:
            kept.append(tree)
    b.world.trees[:] = kept


def road(b: Builder, v: float) -> None:
    """Add a road along u through the whole site, with traffic and perhaps a hedge.

    Parameters
    ----------
    b : Builder
        Of the site.
    v : float
        Its centre line, in metres.
    """
    reach, width = b.reach, float(b.rng.uniform(7, 11))
    clear(b, (-reach, v - width / 2, reach, v + width / 2), 4)
    b.road((-reach, v), (reach, v), width, bool(b.rng.random() < 0.8))
    vehicles.traffic(b, v, width, 2.5 * b.world.size_m / 256, -reach, reach)
    if b.rng.random() < 0.5:
        b.hedge((-reach, v - width / 2 - 6), (reach, v - width / 2 - 6), float(b.rng.uniform(6, 14)))


def pave(b: Builder, rect: Rect, life: tuple[int, int] = FOREVER, name: str | None = None) -> None:
    """Pave a yard: worn ground around it, its surface, joints, stains and wheel marks.

    Parameters
    ----------
    b : Builder
        Of the site.
    rect : Rect
        Opposite corners (u0, v0, u1, v1) in metres.
    life : tuple of int
        Date indices from which (inclusive) to which (exclusive) it is there.
    name : str, optional
        Surface, see `ground_paint`; drawn where not given.
    """
    rng = b.rng
    u, v, w, h = (rect[0] + rect[2]) / 2, (rect[1] + rect[3]) / 2, rect[2] - rect[0], rect[3] - rect[1]
    name = name or str(rng.choice(["gravel", "concrete", "asphalt", "gravel", "dirt"]))
    stripes = (6.0, b.frame.angle_deg, 0.07, 0.05) if name == "concrete" else None
    outline = b.frame.box(u, v, w, h)
    rough = b.frame.box(u, v, w + 6, h + 6) + rng.normal(0, 1.5, (4, 2))
    b.patch(rough, b.surface("dirt"), life=life)
    b.patch(outline, b.surface(name, stripes=stripes), "yard", life)
    area = w * h
    dirty = float(rng.uniform(0.5, 2.0))
    b.blotches(outline, int(dirty * area / 350), (2, 12), (88, 112), life)
    b.blotches(outline, int(dirty * area / 200), (0.3, 1.8), (66, 94), life)
    b.tyre_tracks(outline, int(dirty * area / 600) + 3, life)
    if name in ("concrete", "asphalt") and rng.random() < 0.7:
        line = b.plain((0.33, 0.34, 0.3, 0.36) if rng.random() < 0.5 else (0.08, 0.26, 0.32, 0.36))
        for t in np.arange(rng.uniform(5, 15), h - 3, float(rng.uniform(16, 34))):
            b.patch(b.frame.box(u, rect[1] + t, w * 0.92, 0.18), line, life=life)


def depot(b: Builder, scale: float, split: int | None, most: int, name: str | None = None) -> Rect:
    """Lay out a depot: road, two paved yards with places for containers, hall, fence.

    Parameters
    ----------
    b : Builder
        Of the site.
    scale : float
        Side of the square that it is laid out in, in metres.
    split : int, optional
        Date index from which yard-b is paved; from the start where None.
    most : int
        Boxes that a stack may have.
    name : str, optional
        Surface of the yards, see `ground_paint`; drawn where not given.

    Returns
    -------
    Rect
        Opposite corners (u0, v0, u1, v1) of both yards together, in metres.
    """
    rng = b.rng
    half_u, top, low = 0.33 * scale, 0.24 * scale, -0.22 * scale
    rect = (-half_u, low, half_u, top)
    road(b, low - 0.12 * scale - 4)
    clear(b, (rect[0] - 6, rect[1] - 8, rect[2] + 6, rect[3] + 8))
    b.road((-half_u * 0.6, low - 0.12 * scale - 4), (-half_u * 0.6, low + 6), 6.5, False)
    middle = float(rng.uniform(-0.06, 0.08)) * scale
    hall = low + 0.34 * scale
    pave(b, (rect[0], low, middle, top), name=name)
    if split is None:
        pave(b, (middle, low, half_u, top), name=name)
    else:
        pave(b, (middle, low, half_u, top), (split, NEVER), name)
    deep = float(rng.uniform(0.09, 0.12)) * scale
    long = float(rng.uniform(0.55, 0.8)) * (middle - rect[0])
    b.house(rect[0] + long / 2 + 5, top - deep / 2 - 4, long, deep, float(rng.uniform(7, 11)))
    b.house(rect[0] + 9, low + 9, 12, 8, float(rng.uniform(3.5, 7)))
    blocks(b, (rect[0] + 6, low + 22, middle - 5, min(hall, top - deep - 16)), "yard-a", most)
    blocks(b, (middle + 6, low + 8, half_u - 6, top - 6), "yard-b", most)
    loners(b, (rect[0] + 4, low + 4, middle - 4, low + 20), "yard-a", 3)
    _ghosts(b, split)
    b.world.zones["yard-a"] = b.frame.box((rect[0] + middle) / 2, (low + top) / 2, middle - rect[0], top - low)
    b.world.zones["yard-b"] = b.frame.box((half_u + middle) / 2, (low + top) / 2, half_u - middle, top - low)
    _fittings(b, rect, middle, split)
    return rect


def _ghosts(b: Builder, split: int | None) -> None:
    """Marks that boxes leave on the ground, each the size of a box."""
    for slot in b.world.slots:
        if b.rng.random() < 0.2:
            life = (split, NEVER) if split is not None and slot.yard == "yard-b" else FOREVER
            b.patch(slot.outline, KEEP_LABEL, life=life, tone=int(b.rng.choice([86, 92, 95, 107, 112])))


def _fittings(b: Builder, rect: Rect, middle: float, split: int | None) -> None:
    rng = b.rng
    b.fence(rect[0] - 2, rect[1] - 2, rect[2] + 2, rect[3] + 2)
    for u, v in (
        (rect[0] + 2, rect[1] + 3),
        (rect[0] + 3, rect[3] - 3),
        (middle - 2, rect[3] - 3),
        (middle, rect[1] + 3),
    ):
        b.mast(u, v, float(rng.uniform(9, 16)))
    vehicles.parking(b, rect[0] + 38, rect[1] - 15, 1, int(rng.integers(8, 18)), float(rng.uniform(0.4, 0.9)))
    vehicles.lorries(b, (rect[0] + 26, rect[1] + 7, middle - 8, rect[1] + 13), 1.6, (90, 270))
    structures.junk(b, (rect[0] + 2, rect[1] + 1, middle, rect[1] + 4), 14)
    structures.junk(b, (rect[0], rect[3] - 3, rect[2], rect[3] + 1), 22)
    for _ in range(int(rng.integers(0, 3))):
        x, y = b.frame.point(float(rng.uniform(rect[2] + 12, rect[2] + 30)), float(rng.uniform(rect[1], rect[3])))
        b.mound(blob(rng, float(x), float(y), float(rng.uniform(3, 8)), 1.6, 20), float(rng.uniform(1, 3)))
    if split is None:
        vehicles.lorries(b, (middle + 10, rect[1] + 3, rect[2] - 10, rect[1] + 5), 1.0, (90, 270))


def capacity(b: Builder, yard: str) -> int:
    """Number of places for containers in a yard.

    Parameters
    ----------
    b : Builder
        Of the site.
    yard : str
        Its name.

    Returns
    -------
    int
        0 or more.
    """
    return sum(slot.yard == yard for slot in b.world.slots)


def depot_size(b: Builder) -> float:
    """Side of the square that a depot is laid out in.

    Parameters
    ----------
    b : Builder
        Of the site.

    Returns
    -------
    float
        The scene's side, but 150 to 420 m.
    """
    return float(np.clip(b.world.size_m, 150, 420))
