"""How the scenes of `wide_sites` are looked at: aslant, in low sun, under snow; and which boxes still show."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from changedet.kernels.containers import HEIGHT_M
from changedet.simulate.elements import Decal
from changedet.simulate.looks import Look
from changedet.simulate.palette import Paint
from changedet.simulate.raster import KEEP_LABEL
from changedet.simulate.shapes import Points, blob
from changedet.simulate.world import World
from scenarios.yards import leant
from training.vehicles import piece
from training.wide_sites import open_top

Boxes = NDArray[np.float64]
MOST_LEAN_DEG = 25.0
SHOWN, GONE = 0.6, 0.25
"""Share of a roof that is in view from which a box counts, and below which it is no box."""


def aslant(look: Look, rng: np.random.Generator) -> Look:
    """A look from up to 25 degrees off nadir, half of them in low sun, some with a little snow, wet, or green."""
    low = rng.random() < 0.5
    sun = float(rng.uniform(10, 35) if low else rng.uniform(35, 72))
    return replace(
        look,
        off_nadir_deg=float(MOST_LEAN_DEG * rng.random() ** 0.8),
        view_azimuth_deg=float(rng.uniform(0, 360)),
        sun_elevation_deg=sun,
        sun_azimuth_deg=float(rng.uniform(60, 300)),
        greenness=float(rng.uniform(0.05, 1.0)),
        wetness=float(rng.uniform(0, 1)) if rng.random() < 0.3 else 0.0,
        snow=float(rng.uniform(0.35, 0.8)) if rng.random() < 0.12 else 0.0,
    )


def snowed(world: World, rng: np.random.Generator) -> None:
    """Snow in patches with sharp rims, on ground, roofs and boxes."""
    snow = world.palette.add(Paint((0.78, 0.79, 0.78, 0.7), (0.5, 0.52, 0.53, 0.5), 0.05, 0.1, 0.15, 0.05, snow=0.0))
    half, share = world.size_m / 2, float(rng.uniform(0.1, 1.0))
    size = float(rng.uniform(0.4, 1.4))
    for _ in range(int(share * world.size_m**2 / 60)):
        x, y = rng.uniform(-half, half, 2)
        spot = blob(rng, float(x), float(y), float(np.exp(rng.normal(0.7, 0.7))), float(rng.uniform(1, 2.5)), 18)
        world.patches.append(replace(world.patches[0], outline=spot, label=snow, tone=100, role="none"))
    for box in world.containers:
        outline = world.box_outline(box)
        if rng.random() < 0.1:
            box.decals = (*box.decals, Decal(piece(outline, (0.02, 0.98), (0.05, 0.95)), snow))
            continue
        box.decals = (*box.decals, *_patches(rng, outline, share, size, snow))
    for k, solid in enumerate(world.solids):
        if len(solid.outline) == 4 and rng.random() < 0.8:
            world.solids[k] = replace(
                solid, decals=(*solid.decals, *_patches(rng, solid.outline, share, 1.6 * size, snow))
            )


def _patches(rng: np.random.Generator, outline: Points, share: float, size: float, snow: int) -> list[Decal]:
    sides = [float(np.hypot(*(outline[k] - outline[0]))) for k in (1, 3)]
    many = int(rng.poisson(min(120.0, share * sides[0] * sides[1] / (3 * size * size))))
    found = []
    for s, t in rng.uniform(0.03, 0.97, (many, 2)):
        x, y = piece(outline, (s, s), (t, t))[0]
        found.append(Decal(blob(rng, float(x), float(y), size * float(rng.uniform(0.3, 1.0)), 1.6, 9), snow))
    return found


def refitted(world: World, rng: np.random.Generator) -> None:
    """Open tops and tanks in frames among the boxes of any size."""
    for box in world.containers:
        look, outline = rng.random(), world.box_outline(box)
        if look < 0.07:
            load = world.palette.add(Paint(tuple(float(v) for v in rng.uniform(0.02, 0.2, 4)), grain=0.2))
            box.decals = (*box.decals, *open_top(rng, outline, load))
        elif look < 0.11:
            sides = [
                Decal(piece(outline, (0, 1), s), KEEP_LABEL, int(rng.uniform(35, 60))) for s in ((0, 0.18), (0.82, 1))
            ]
            crown = Decal(piece(outline, (0.05, 0.95), (0.38, 0.58)), KEEP_LABEL, int(rng.uniform(120, 170)))
            box.decals = (*box.decals, *sides, crown)
        elif look < 0.2:
            half = piece(outline, (0, 1), (0, 0.5) if rng.random() < 0.5 else (0.5, 1))
            box.decals = (*box.decals, Decal(half, KEEP_LABEL, int(rng.uniform(70, 95))))


def shown(world: World, index: int) -> tuple[Boxes, Boxes]:
    """Top boxes (n, 5) as `scenarios.yards.seen_boxes` has them: those in view, and those that are half hidden."""
    look, owner = world.looks[index], _owners(world, index)
    kept, partly = [], []
    for slot, boxes in world.stacks(index).items():
        outline, top_m = world.box_outline(boxes[-1]), world.slots[slot].base_m + HEIGHT_M * len(boxes)
        box = leant(world, index, [(outline, top_m)])
        share = _share(owner, _pixels(look, outline + look.lean * top_m), slot + 1) if len(box) else 0.0
        if share >= GONE:
            (kept if share >= SHOWN else partly).append(box[0])
    return np.array(kept).reshape(-1, 5), np.array(partly).reshape(-1, 5)


def _owners(world: World, index: int) -> NDArray[np.int32]:
    """Number of the place, and one, whose top box's roof shows at each pixel; 0 for all else."""
    look = world.looks[index]
    bodies: list[tuple[tuple[float, float], Points, float, float, int]] = []
    for slot, boxes in world.stacks(index).items():
        base_m = world.slots[slot].base_m
        order = _order(look, world.box_outline(boxes[0]), base_m)
        bodies.append((order, world.box_outline(boxes[-1]), base_m, base_m + HEIGHT_M * len(boxes), slot + 1))
    standing = (solid for solid in world.solids if solid.born <= index < solid.gone)
    bodies += [(_order(look, s.outline, s.base_m), s.outline, s.base_m, s.height_m, 0) for s in standing]
    owner = np.zeros(look.shape, np.int32)
    for _, outline, base_m, top_m, number in sorted(bodies, key=lambda body: body[0]):
        low, high = (_pixels(look, outline + look.lean * at) for at in (base_m, top_m))
        for k in range(len(low)):
            j = (k + 1) % len(low)
            cv2.fillConvexPoly(owner, np.array([low[k], low[j], high[j], high[k]]), 0)
        cv2.fillPoly(owner, [high], number)
    return owner


def _order(look: Look, outline: Points, base_m: float) -> tuple[float, float]:
    """In which bodies are drawn, see `scene_polygons`."""
    along = float(outline.mean(axis=0) @ look.lean) / (float(np.hypot(*look.lean)) + 1e-9)
    return 1.0 if base_m < 1.1 else 2.0, -along


def _pixels(look: Look, points: Points) -> NDArray[np.int32]:
    a, b, c, d, e, f = look.to_ground
    return np.round((points - [c, f]) @ np.linalg.inv(np.array([[a, b], [d, e]])).T).astype(np.int32)


def _share(owner: NDArray[np.int32], outline: NDArray[np.int32], number: int) -> float:
    """Share of a roof that is in view; what lies beyond the picture counts as hidden."""
    left, top = outline.min(axis=0)
    right, bottom = outline.max(axis=0) + 1
    mask = np.zeros((bottom - top, right - left), np.uint8)
    cv2.fillPoly(mask, [outline - np.array([left, top], np.int32)], 1)
    y0, x0 = max(0, top), max(0, left)
    part = owner[y0 : max(0, bottom), x0 : max(0, right)]
    inside = mask[y0 - top : y0 - top + part.shape[0], x0 - left : x0 - left + part.shape[1]]
    return float(((part == number) & (inside > 0)).sum() / max(1, mask.sum()))
