"""Places for stacks of containers: blocks of touching rows with lanes between them, and single places."""

from __future__ import annotations

from changedet.kernels.containers import LENGTH_OF_KIND_M, WIDTH_M
from changedet.simulate.builder import Builder
from changedet.simulate.elements import Slot
from changedet.simulate.shapes import Rect


def blocks(b: Builder, rect: Rect, yard: str, most: int, lane_m: float = 16.0) -> None:
    """Cover a rectangle with blocks of places for containers, lanes between them.

    Parameters
    ----------
    b : Builder
        Of the site; the places are added to its world.
    rect : Rect
        Opposite corners (u0, v0, u1, v1) in metres.
    yard : str
        Name of the yard that the places belong to.
    most : int
        Boxes that a stack may have.
    lane_m : float
        Mean width of a lane.
    """
    rng = b.rng
    u0, v0, u1, v1 = rect
    turned = bool(rng.random() < 0.5)
    far, deep = (u1 - u0, v1 - v0) if not turned else (v1 - v0, u1 - u0)
    t = 0.0
    number = 0
    while t < deep - 6:
        rows = int(rng.choice([1, 2, 2, 3, 4]))
        t, number = _band(b, rect, turned, t, rows, far, deep, yard, most, number)
        t += float(rng.uniform(0.7, 1.3)) * lane_m


def _band(
    b: Builder,
    rect: Rect,
    turned: bool,
    t: float,
    rows: int,
    far: float,
    deep: float,
    yard: str,
    most: int,
    number: int,
) -> tuple[float, int]:
    """Rows end to end across the lanes, each split into runs of touching boxes."""
    rng = b.rng
    for _ in range(rows):
        kind = str(rng.choice(["40ft", "20ft", "45ft"], p=[0.62, 0.33, 0.05]))
        if t + LENGTH_OF_KIND_M[kind] > deep:
            break
        s = float(rng.uniform(0, 5))
        skew = float(rng.normal(0, 0.4))
        while s < far - WIDTH_M:
            run = int(rng.integers(3, 22))
            gap = float(rng.uniform(0.02, 0.15)) if rng.random() < 0.65 else float(rng.uniform(0.3, 0.5))
            for _ in range(run):
                if s + WIDTH_M > far:
                    break
                u, v = (rect[0] + s + WIDTH_M / 2, rect[1] + t + LENGTH_OF_KIND_M[kind] / 2)
                if turned:
                    u, v = (rect[0] + t + LENGTH_OF_KIND_M[kind] / 2, rect[1] + s + WIDTH_M / 2)
                add_slot(b, u, v, (90.0 if turned else 0.0) + skew, kind, yard, number + s / far * 0.5, most)
                s += WIDTH_M + gap
            s += float(rng.uniform(1.5, 9.0))
        t += LENGTH_OF_KIND_M[kind] + float(rng.uniform(0.3, 0.7))
        number += 1
    return t, number


def add_slot(
    b: Builder, u: float, v: float, turn: float, kind: str, yard: str, order: float, most: int, base_m: float = 0.0
) -> int:
    """Add one place for a stack.

    Parameters
    ----------
    b : Builder
        Of the site.
    u, v : float
        Centre in metres.
    turn : float
        Degrees clockwise of the long side against the site's v axis.
    kind : str
        "20ft", "40ft" or "45ft".
    yard : str
        Name of the yard.
    order : float
        Places with a smaller number are filled first.
    most : int
        Boxes that the stack may have.
    base_m : float
        Height of the stack's foot above the ground.

    Returns
    -------
    int
        The place's number in the world's `slots`.
    """
    x, y = b.frame.point(u, v)
    angle = (b.frame.angle_deg + turn) % 180
    b.world.slots.append(Slot(float(x), float(y), angle, kind, yard, order, most, base_m))
    return len(b.world.slots) - 1


def loners(b: Builder, rect: Rect, yard: str, count: int) -> None:
    """Add places for single boxes that stand at any angle, none closer than 15 m to another place.

    Parameters
    ----------
    b : Builder
        Of the site.
    rect : Rect
        Opposite corners (u0, v0, u1, v1) in metres, in which they stand.
    yard : str
        Name of the yard.
    count : int
        How many at most.
    """
    for _ in range(count):
        u, v = b.rng.uniform(rect[0], rect[2]), b.rng.uniform(rect[1], rect[3])
        kind = str(b.rng.choice(["20ft", "40ft"], p=[0.65, 0.35]))
        x, y = b.frame.point(float(u), float(v))
        near = any((s.x - x) ** 2 + (s.y - y) ** 2 < 15**2 for s in b.world.slots)
        if not near:
            add_slot(b, float(u), float(v), float(b.rng.uniform(0, 180)), kind, yard, float(b.rng.random() * 3), 1)
