"""Scenes for the network: simulated yards with more of what is taken for containers, seen by many cameras."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from changedet.kernels import network
from changedet.kernels.objects import stretch_limits
from changedet.simulate import things
from changedet.simulate.builder import Builder
from changedet.simulate.command import render
from changedet.simulate.kinds import make_world
from changedet.simulate.raster import KEEP_LABEL
from changedet.simulate.shapes import rectangle
from changedet.simulate.world import TIER_M, Solid, World

KINDS = (
    "growth",
    "dense",
    "trains",
    "port",
    "decoys",
    "dense",
    "trains",
    "growth",
    "quiet",
    "clouds",
    "winter",
    "decoys",
)
TRAILER_BASE_M, BUS_BASE_M = 1.0, 0.4
Floats = NDArray[np.float32]
Boxes = NDArray[np.float64]


@dataclass(frozen=True)
class Scene:
    """A picture (3, y, x) stretched, on the network's grid; its boxes (n, 5) in pixels, and which are no containers."""

    picture: Floats
    boxes: Boxes
    other: NDArray[np.bool_]
    hidden: NDArray[np.bool_]
    gsd_m: float
    pixel_m: float


def scene(seed: int) -> Scene:
    """The scene of a seed; the kind goes round with it, all else is drawn."""
    rng = np.random.default_rng([seed, 77])
    kind = KINDS[seed % len(KINDS)]
    gsd_m = float(np.exp(rng.uniform(np.log(0.27), np.log(1.1))))
    dtype = "uint8" if rng.random() < 0.35 else "uint16"
    world = make_world(kind, 2, seed, gsd_m, float(rng.uniform(140, 230)), ("red", "green", "blue"), dtype)
    index = 1
    low_sun = {"sun_elevation_deg": float(rng.uniform(14, 35))} if rng.random() < 0.35 else {}
    world.looks[index] = replace(world.looks[index], haze=float(rng.beta(1.3, 3.0)), **low_sun)
    clutter(world, np.random.default_rng([seed, 78]), index)
    drawn = render(world, index)
    image = drawn.image.astype(np.float32)
    low, high = stretch_limits(image[None])
    image = spoilt(image, low, high, rng)
    low, high = stretch_limits(image[None])
    scale = network.ratio(gsd_m)
    picture = network.resampled(network.stretched(image, low, high), scale)
    pixel_m = float(scale) * gsd_m
    boxes, other = truth(world, index)
    boxes[:, :4] /= pixel_m
    size = (picture.shape[2], picture.shape[1])
    hidden = cv2.resize(drawn.hidden.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    return Scene(picture, boxes, other, hidden, gsd_m, pixel_m)


def truth(world: World, index: int) -> tuple[Boxes, NDArray[np.bool_]]:
    """Boxes (n, 5) in metres from the scene's corner, as the date shows them, and which of them are no containers."""
    look = world.looks[index]
    a, b, c, d, e, f = look.to_ground
    back = np.linalg.inv(np.array([[a, b], [d, e]])).T * look.gsd_m
    tops = [
        (world.box_outline(stack[-1]), world.slots[stack[-1].slot].base_m + TIER_M * len(stack), False)
        for stack in world.stacks(index).values()
    ]
    tops += [(s.outline, s.height_m, True) for s in world.solids if s.born <= index < s.gone and _is_vehicle(s)]
    found, other = [], []
    for outline, height, vehicle in tops:
        points = (outline + height * look.lean - [c, f]) @ back
        along, across = points[1] - points[0], points[3] - points[0]
        size = float(np.hypot(*along)), float(np.hypot(*across))
        if size[0] < size[1]:
            along, size = across, size[::-1]
        found.append([*points.mean(axis=0), *size, np.arctan2(along[0], -along[1]) % np.pi])
        other.append(vehicle)
    boxes = np.array(found).reshape(-1, 5)
    inside = ((boxes[:, :2] > 0) & (boxes[:, :2] < np.array(look.shape[::-1]) * look.gsd_m)).all(axis=1)
    return boxes[inside], np.array(other, bool)[inside]


def _is_vehicle(solid: Solid) -> bool:
    return solid.role == "object" and len(solid.outline) == 4 and solid.base_m in (TRAILER_BASE_M, BUS_BASE_M)


def clutter(world: World, rng: np.random.Generator, index: int) -> None:
    """Rows of trailers and buses, sheds, strips, kerbs and container-sized patches where nothing stands yet."""
    b = Builder(world, rng)
    half = 0.48 * world.size_m
    for _ in range(int(rng.integers(0, 4))):
        _vehicle_row(b, half, index)
    for _ in range(int(rng.integers(10, 40))):
        _mark(b, half)
    for _ in range(int(rng.integers(0, 6))):
        x, y = rng.uniform(-half, half, 2)
        if _free(world, x, y, 8.0):
            u, v = _uv(b, x, y)
            things.shed(b, u, v, float(rng.uniform(0, 180)))


def _uv(b: Builder, x: float, y: float) -> tuple[float, float]:
    """Site axes of a local point, by inverting the frame, which is affine."""
    o = b.frame.point(0.0, 0.0)
    m = np.column_stack([b.frame.point(1.0, 0.0) - o, b.frame.point(0.0, 1.0) - o])
    u, v = np.linalg.solve(m, np.array([x, y]) - o)
    return float(u), float(v)


def _free(world: World, x: float, y: float, radius_m: float, among: list[Solid] | None = None) -> bool:
    if any((s.x - x) ** 2 + (s.y - y) ** 2 < (radius_m + 7) ** 2 for s in world.slots):
        return False
    for solid in world.solids if among is None else among:
        at = solid.outline.mean(axis=0)
        if np.hypot(*(at - (x, y))) < radius_m + np.hypot(*(solid.outline[0] - at)):
            return False
    return all(float(np.hypot(*(m.foot.mean(axis=0) - (x, y)))) > radius_m + 8 for m in world.mounds)


def _vehicle_row(b: Builder, half: float, index: int) -> None:
    """Trailers or buses parked side by side, sometimes nearly touching, on tarmac with or without slot lines."""
    rng, world = b.rng, b.world
    pitch, count = float(rng.uniform(2.75, 4.5)), int(rng.integers(4, 22))
    x, y = rng.uniform(-half, half, 2)
    u, v = _uv(b, x, y)
    if rng.random() < 0.7:
        outline = b.frame.box(u, v, count * pitch + 8, 22)
        if all(_free(world, *b.frame.point(u + (k - count / 2) * pitch, v), 8.0) for k in range(0, count, 3)):
            b.patch(outline, b.surface(str(rng.choice(["asphalt", "concrete", "gravel"]))), "yard")
    is_bus, lines = rng.random() < 0.4, rng.random() < 0.5
    line = b.plain((0.4, 0.41, 0.41, 0.42))
    before = list(world.solids)
    for k in range(count):
        at = u + (k - count / 2) * pitch
        if lines:
            b.patch(b.frame.box(at + pitch / 2, v, 0.15, 14), line)
        if rng.random() < 0.8 and _free(world, *b.frame.point(at, v), 3.0, before):
            turn = float(rng.choice([0, 180]) + rng.normal(0, 1.2))
            shift = v + float(rng.normal(0, 0.5))
            if is_bus:
                things.bus(b, at, shift, turn, (index, index + 1))
            else:
                things.box_trailer(b, at, shift, turn, (index, index + 1), cab=bool(rng.random() < 0.25))


def _mark(b: Builder, half: float) -> None:
    """A flat strip, kerb or patch: the shape of a box, a lane line or a row's shadow, without height."""
    rng = b.rng
    x, y = rng.uniform(-half, half, 2)
    slots = b.world.slots
    turn = float(rng.uniform(0, 180))
    if slots and rng.random() < 0.6:
        slot = slots[int(rng.integers(len(slots)))]
        turn = slot.angle_deg + float(rng.choice([0, 90]))
        x, y = slot.x + rng.normal(0, 9), slot.y + rng.normal(0, 9)
    style = rng.random()
    length, width = (
        (rng.uniform(8, 60), rng.uniform(0.12, 0.6))
        if style < 0.5
        else (rng.choice([6.06, 9.0, 12.19]), rng.uniform(1.8, 3.2))
    )
    shape = rectangle(float(x), float(y), float(length), float(width), turn)
    if rng.random() < 0.6:
        b.patch(shape, KEEP_LABEL, tone=int(rng.choice([45, 60, 75, 125, 145])))
    else:
        grey = float(rng.uniform(0.05, 0.45))
        b.patch(shape, b.plain((round(grey, 2),) * 4, 0.04))


def spoilt(image: Floats, low: list[float], high: list[float], rng: np.random.Generator) -> Floats:
    """A picture (band, y, x) as other sensors and archives show it: stretch, blur, halo, paleness, noise, JPEG."""
    a, b = (np.asarray(v, np.float32)[:, None, None] for v in (low, high))
    z = np.clip((image - a) / (rng.uniform(0.8, 1.4) * (b - a)) + rng.uniform(0, 0.08), 0, None)
    z = (z ** np.float32(np.exp(rng.normal(-0.2, 0.25)))).astype(np.float32)
    blur = float(rng.choice([0.0, rng.uniform(0.3, 0.9)]))
    z = np.stack([cv2.GaussianBlur(p, (0, 0), blur) if blur else p for p in z])
    if rng.random() < 0.3:
        z = z + np.float32(rng.uniform(0.3, 0.9)) * (z - np.stack([cv2.GaussianBlur(p, (0, 0), 1.2) for p in z]))
    if rng.random() < 0.3:
        soft = np.stack([cv2.GaussianBlur(p, (0, 0), 1.5) for p in z])
        z = z.mean(axis=0) + soft - soft.mean(axis=0)
    z = (z + rng.normal(0, rng.choice([0.0, rng.uniform(0, 0.025)]), z.shape)).astype(np.float32)
    if rng.random() < 0.4:
        coded = np.uint8(np.clip(np.moveaxis(z, 0, 2), 0, 1.2) / 1.2 * 255)
        _, code = cv2.imencode(".jpg", coded, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(55, 95))])
        z = np.moveaxis(cv2.imdecode(code, cv2.IMREAD_COLOR), 2, 0).astype(np.float32) / 255 * 1.2
    return np.ascontiguousarray(z)


def cached(seed: int, folder: Path) -> Scene:
    """A scene, drawn once and kept in `folder`."""
    path = folder / f"{seed}.npz"
    if not path.exists():
        made = scene(seed)
        part = path.with_suffix(".part.npz")
        np.savez(
            part,
            picture=np.uint8(np.round(np.clip(made.picture, 0, 1.33) * (255 / 1.33))),
            boxes=made.boxes,
            other=made.other,
            hidden=np.packbits(made.hidden, axis=-1),
            sizes=[made.gsd_m, made.pixel_m],
        )
        part.replace(path)
    kept = np.load(path)
    picture = kept["picture"].astype(np.float32) * np.float32(1.33 / 255)
    hidden = np.unpackbits(kept["hidden"], axis=-1)[:, : picture.shape[2]].astype(bool)
    return Scene(picture, kept["boxes"], kept["other"], hidden, *map(float, kept["sizes"]))
