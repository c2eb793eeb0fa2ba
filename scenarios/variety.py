"""Simulated sites made more various, by what other simulators and real pictures showed to be missing.

None of it is a change: fields of all colours from date to date, furrows, harvested strips, wet and dry ground, paving
of another tone, snow in patches, trees that go, aircraft on paved ground, roofs of all paints, sun from other sides,
views far from nadir. The same seed makes the same site.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from changedet.simulate import World
from changedet.simulate.elements import FOREVER, Life, Patch, Role, Solid
from changedet.simulate.looks import sun_position
from changedet.simulate.materials import DIRT, SNOW, vary
from changedet.simulate.palette import Paint, Spectrum
from changedet.simulate.raster import KEEP_LABEL
from changedet.simulate.shapes import Points, blob, strip, unit

LEAST_FIELD_M2 = 300.0
QUILT_CORNERS = 8
"""Fields of the land have roughened outlines; strips and boxes have four corners."""
ROOF_CORNERS = 4
"""Of a roof that can have a ridge."""
LOW_SUN_DEG = 10.0
MOST_OFF_NADIR_DEG = 25.0

BARE: tuple[Spectrum, ...] = (
    (0.085, 0.118, 0.16, 0.235), (0.06, 0.08, 0.10, 0.15), (0.07, 0.105, 0.19, 0.29), (0.13, 0.16, 0.19, 0.25),
    (0.17, 0.235, 0.30, 0.37), (0.10, 0.125, 0.148, 0.20), (0.22, 0.26, 0.29, 0.34), (0.045, 0.058, 0.07, 0.11),
    (0.11, 0.15, 0.22, 0.30),
)  # fmt: skip
"""Brown, dark, red, grey, pale and black earth."""
GREEN: tuple[Spectrum, ...] = (
    (0.042, 0.078, 0.062, 0.33), (0.03, 0.06, 0.035, 0.42), (0.035, 0.09, 0.05, 0.48), (0.05, 0.085, 0.075, 0.27),
    (0.028, 0.05, 0.04, 0.25), (0.055, 0.11, 0.085, 0.38),
)  # fmt: skip
RIPE: tuple[Spectrum, ...] = (
    (0.072, 0.105, 0.132, 0.235), (0.09, 0.15, 0.20, 0.33), (0.12, 0.19, 0.26, 0.37), (0.06, 0.21, 0.22, 0.46),
    (0.10, 0.14, 0.17, 0.26), (0.15, 0.22, 0.28, 0.38),
)  # fmt: skip
"""Straw, corn, stubble, rape in flower."""
ROOF_COLOURS: tuple[Spectrum, ...] = (
    (0.62, 0.63, 0.62, 0.64), (0.30, 0.16, 0.08, 0.22), (0.07, 0.09, 0.24, 0.30), (0.10, 0.16, 0.09, 0.22),
    (0.09, 0.14, 0.30, 0.36), (0.05, 0.055, 0.06, 0.08), (0.13, 0.15, 0.19, 0.24), (0.42, 0.30, 0.18, 0.36),
    (0.24, 0.25, 0.26, 0.28),
)  # fmt: skip
"""Beside those of the simulator: white, blue, red, green, orange, black, brown, pale blue, grey sheet."""
PALE: Spectrum = (0.36, 0.39, 0.40, 0.43)
"""New concrete in the sun."""
AIRLINER: Points = np.array([
    [0, 18], [1.9, 14], [1.9, 4], [17, -4], [17, -6.5], [1.9, -2.5], [1.7, -12], [6.5, -16], [6.5, -17.8], [0.4, -16.5],
    [-0.4, -16.5], [-6.5, -17.8], [-6.5, -16], [-1.7, -12], [-1.9, -2.5], [-17, -6.5], [-17, -4], [-1.9, 4], [-1.9, 14],
])  # fmt: skip
"""Outline of an aircraft 36 m long, nose to the north."""


def make_various(world: World, seed: int) -> World:
    """Change a site in place, and return it.

    Parameters
    ----------
    world : World
        With all that stands on it; its truth stays as it is.
    seed : int
        Of the draws.

    Returns
    -------
    World
        The same one.
    """
    rng = np.random.default_rng([seed, 88])
    _looks(world, rng)
    _paints(world, rng)
    _patches(world, rng)
    if rng.random() < 0.3:
        world.trees[:] = [
            replace(tree, gone=int(rng.integers(1, len(world.looks)))) if rng.random() < 0.15 else tree
            for tree in world.trees
        ]
    if rng.random() < 0.3:
        _aircraft(world, rng)
    return world


def _looks(world: World, rng: np.random.Generator) -> None:
    for k, look in enumerate(world.looks):
        if rng.random() < 0.6:
            azimuth, elevation = sun_position(look.date, world.latitude_deg, float(rng.uniform(8.0, 15.5)))
            look = replace(look, sun_azimuth_deg=azimuth, sun_elevation_deg=max(LOW_SUN_DEG, elevation))
        if rng.random() < 0.3:
            look = replace(look, off_nadir_deg=float(rng.uniform(8.0, MOST_OFF_NADIR_DEG)))
        world.looks[k] = look


def _paints(world: World, rng: np.random.Generator) -> None:
    """Roofs of other colours, ribs and slopes; pale concrete."""
    roofs = {solid.roof for solid in world.solids if solid.role == "building"}
    for label in sorted(roofs):
        if rng.random() < 0.6:
            colour = vary(rng, ROOF_COLOURS[int(rng.integers(len(ROOF_COLOURS)))], 0.2)
            ribs = float(rng.uniform(0.8, 6)), float(rng.uniform(0, 180)), float(rng.uniform(0.02, 0.2)), 0.15
            own = world.palette.paints[label]
            world.palette.paints[label] = replace(own, first=colour, stripes=ribs if rng.random() < 0.6 else None)
    for k, solid in enumerate(world.solids):
        if solid.role == "building" and len(solid.outline) == ROOF_CORNERS and rng.random() < 0.35:
            world.solids[k] = replace(solid, ridged=not solid.ridged)
    paved = {patch.label for patch in world.patches if patch.role == "yard" and patch.label != KEEP_LABEL}
    for label in sorted(paved):
        if rng.random() < 0.2:
            world.palette.paints[label] = replace(world.palette.paints[label], first=vary(rng, PALE))


def _patches(world: World, rng: np.random.Generator) -> None:
    """What lies on the ground once more, with what covers parts of it on single dates."""
    turn_deg, restless = float(rng.uniform(0, 180)), float(rng.uniform(0.3, 0.9))
    snowy = _some_date(world, rng) if rng.random() < 0.12 else None
    is_land = True
    made: list[Patch] = []
    for patch in world.patches:
        made.append(patch)
        is_land &= patch.role == "none"
        if patch.label == KEEP_LABEL:
            continue
        if is_land and _is_field(patch):
            for number in range(len(world.looks)):
                if rng.random() < restless:
                    made += _sown(world, rng, patch.outline, turn_deg, (number, number + 1))
        elif patch.role in ("yard", "road") and rng.random() < 0.35:
            made += _toned(world, rng, patch)
        if snowy is not None and (_is_field(patch) or patch.role == "yard"):
            made += _snow(world, rng, patch, (snowy, snowy + 1))
    world.patches[:] = made


def _is_field(patch: Patch) -> bool:
    return (
        patch.role == "none"
        and (patch.born, patch.gone) == FOREVER
        and len(patch.outline) > QUILT_CORNERS
        and area_m2(patch.outline) > LEAST_FIELD_M2
    )


def area_m2(outline: Points) -> float:
    """Area of an outline.

    Parameters
    ----------
    outline : float64 (n, 2)
        Corners in metres.

    Returns
    -------
    float
        Square metres.
    """
    return float(cv2.contourArea(outline.astype(np.float32)))


def _some_date(world: World, rng: np.random.Generator) -> int:
    return int(rng.integers(0, len(world.looks)))


def field_paint(rng: np.random.Generator, angle_deg: float) -> Paint:
    """A field in any state: bare, green or ripe, even or uneven, with furrows or without.

    Parameters
    ----------
    rng : numpy.random.Generator
    angle_deg : float
        Of the furrows.

    Returns
    -------
    Paint
        Without a season of its own.
    """
    first, second = (_state(rng) for _ in range(2))
    share = float(rng.choice([0.0, 0.1, 0.25, 0.4]))
    deep, even = float(rng.uniform(0.01, 0.16)), float(rng.uniform(0.4, 1.5))
    rows = (float(rng.uniform(0.7, 8.0)), angle_deg, deep, float(rng.choice([0.0, 0.0, 0.3, 0.5])))
    return Paint(
        first, second, share, 0.15 * even if share else 0.0, 0.1 * even if share else 0.0, 0.07 * even, 0.06 * even,
        0.05 * even, stripes=rows if rng.random() < 0.7 else None,
    )  # fmt: skip


def _state(rng: np.random.Generator) -> Spectrum:
    kinds = (BARE, GREEN, RIPE)[int(rng.choice(3, p=[0.4, 0.35, 0.25]))]
    return vary(rng, kinds[int(rng.integers(len(kinds)))], 0.22, 0.05)


def _sown(world: World, rng: np.random.Generator, outline: Points, turn_deg: float, life: Life) -> list[Patch]:
    """A field in another state, at times in part alone, with wet or dry spots."""
    angle = turn_deg + float(rng.choice([0.0, 90.0])) + float(rng.normal(0, 8))
    label = world.palette.add(field_paint(rng, angle))
    if rng.random() < 0.25:
        outline = _part(rng, outline, angle)
    made = [Patch(outline, label, born=life[0], gone=life[1])]
    spots = int(rng.integers(1, 9)) if rng.random() < 0.35 else 0
    low, high = outline.min(axis=0), outline.max(axis=0)
    for _ in range(spots):
        x, y = rng.uniform(low, high)
        tone = int(rng.choice([72, 80, 87, 112, 122]))
        made.append(
            Patch(blob(rng, x, y, float(rng.uniform(2, 18)), 1.8, 20), KEEP_LABEL, tone, born=life[0], gone=life[1])
        )
    return made


def _part(rng: np.random.Generator, outline: Points, angle_deg: float) -> Points:
    """A swath through a field."""
    middle = outline[int(rng.integers(len(outline)))] * 0.5 + outline.mean(axis=0) * 0.5
    along = np.array(unit(angle_deg)) * float(np.ptp(outline, axis=0).max()) * 0.6
    ring = strip(middle - along, middle + along, float(rng.uniform(4, 40)))
    clipped = cv2.intersectConvexConvex(
        cv2.convexHull(outline.astype(np.float32)), cv2.convexHull(ring.astype(np.float32))
    )[1]
    return outline if clipped is None or len(clipped) < 3 else clipped[:, 0].astype(np.float64)


def _toned(world: World, rng: np.random.Generator, patch: Patch) -> list[Patch]:
    """Paving that is wet, dusty or bleached on some dates."""
    first, last = max(0, patch.born), min(len(world.looks), patch.gone)
    return [
        Patch(patch.outline, KEEP_LABEL, int(rng.choice([68, 76, 84, 92, 110, 120, 132])), born=k, gone=k + 1)
        for k in range(first, last)
        if rng.random() < 0.5
    ]


def _snow(world: World, rng: np.random.Generator, patch: Patch, life: Life) -> list[Patch]:
    label = world.palette.add(Paint(vary(rng, SNOW, 0.1), DIRT, 0.1, 0.15, 0.1, 0.06))
    low, high = patch.outline.min(axis=0), patch.outline.max(axis=0)
    found = []
    for _ in range(int(rng.integers(0, 7))):
        x, y = rng.uniform(low, high)
        outline = blob(rng, x, y, float(rng.uniform(1, 9)), 2.5, 20)
        found.append(Patch(outline, label, born=life[0], gone=life[1]))
    return found


def _aircraft(world: World, rng: np.random.Generator) -> None:
    """Aircraft on paved ground, most on a single date."""
    paved = [patch for patch in world.patches if patch.role == "yard" and area_m2(patch.outline) > 600]
    role: Role = "object"
    for _ in range(int(rng.integers(1, 9)) if paved else 0):
        patch = paved[int(rng.integers(len(paved)))]
        x, y = patch.outline.mean(axis=0) + (
            patch.outline[int(rng.integers(len(patch.outline)))] - patch.outline.mean(axis=0)
        ) * float(rng.uniform(0, 0.7))
        size, angle = float(rng.uniform(0.35, 1.3)), np.radians(float(rng.uniform(0, 360)))
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        outline = AIRLINER * size @ turn + (x, y)
        colour = vary(rng, ROOF_COLOURS[0 if rng.random() < 0.6 else int(rng.integers(len(ROOF_COLOURS)))], 0.1)
        paint = world.palette.add(Paint(colour, DIRT, 0.05, 0.05, 0.05, 0.02))
        k = _some_date(world, rng)
        world.solids.append(Solid(outline, 4.0 * size + 1.0, paint, paint, 1.5, role, k, k + int(rng.integers(1, 3))))
