"""Scenes for the network: simulated yards and lots rendered once at 0.25 m, and cameras that picture parts of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from changedet.kernels.containers import LENGTH_20FT_M, LENGTH_OF_KIND_M
from changedet.simulate import structures
from changedet.simulate.builder import Builder
from changedet.simulate.command import render
from changedet.simulate.elements import Decal, Solid
from changedet.simulate.kinds import build, make_world
from changedet.simulate.materials import vary
from changedet.simulate.raster import KEEP_LABEL
from changedet.simulate.shapes import rectangle
from changedet.simulate.world import World
from changedet.stages.objects.kernels import rectangles
from scenarios.yards import Yard, leant, seen_boxes, vehicles
from training import (
    hard_sites,
    network_sites,
    wide_fleets,
    wide_homes,
    wide_looks,
    wide_lots,
    wide_pairs,
    wide_panels,
    wide_sites,
)
from training.vehicles import Parked, bus, piece, trailer

KINDS = (
    "growth", "lot", "dense", "tracks", "decoys", "rows", "trains", "lot", "port", "works", "quiet", "tracks",
    "dense", "lot", "clouds", "rows", "winter", "works", "trains", "lot", "growth", "tracks", "earthworks", "lot",
)  # fmt: skip
HARD_KINDS = ("gaps", "depot", "faint", "country", "faint", "depot", "country", "gaps", "faint", "depot")
WIDE_KINDS = (
    "packed", "roofscape", "dark-rows", "siding", "roadside", "roofscape", "dense", "quay", "packed", "roadside",
    "roofscape", "trains", "dark-rows", "apron", "packed", "winter", "roadside", "siding", "growth", "roofscape",
)  # fmt: skip
LOT_KINDS = (
    "goods-yard",
    "packed",
    "homes",
    "goods-yard",
    "quay",
    "roofscape",
    "goods-yard",
    "siding",
    "homes",
    "packed",
)
PANEL_KINDS = ("panels", "panels", "siding", "apron", "panels", "packed")
HOME_KINDS = ("colony", "rakes")
TRAIN_KINDS = ("faint", "consists", "siding")
SHADOW_KINDS = ("shadowed",)
SELDOM_KINDS = ("seldom",)
CRANED_KINDS = ("craned",)
FLEET_KINDS = ("fleet", "scattered", "fleet")
DRY_KINDS = ("fleet", "scattered", "packed", "seldom")
SITES = (
    network_sites.SITES
    | hard_sites.SITES
    | wide_sites.SITES
    | wide_lots.SITES
    | wide_panels.SITES
    | wide_homes.SITES
    | wide_pairs.SITES
    | wide_fleets.SITES
)
HARD_FROM, LOTS_FROM, WIDE_FROM, LAST_FROM, PANELS_FROM, HOMES_FROM, TRAINS_FROM = 264, 440, 500, 740, 880, 940, 1040
PAIRS_FROM, SELDOM_FROM, CRANED_FROM, FLEETS_FROM, DRY_FROM = 1290, 1340, 1400, 1500, 1700
"""Of each ten thousand seeds the first so many are of `KINDS`, the next of `HARD_KINDS`, the next the simulator's
lots of plain trailers and buses, on which a network fitted on `HARD_KINDS` last gets worse, the next of `WIDE_KINDS`,
looked at aslant, as all others are, the next of `LOT_KINDS`, of `PANEL_KINDS`, of `HOME_KINDS`, of
`TRAIN_KINDS`, of `SHADOW_KINDS`, of `SELDOM_KINDS`, of `CRANED_KINDS`, of `FLEET_KINDS`, the last of `DRY_KINDS`,
under skies of any blue."""
SNOWED = 0.14
"""Share of these under snow in patches."""
PIXEL_M = 0.25
BRIGHTEST = 0.8
"""Reflectance of code 255; codes are the square root, as film and eyes have it."""
HAZE = np.array([0.045, 0.065, 0.095], np.float32)
Floats = NDArray[np.float32]
Boxes = NDArray[np.float64]


@dataclass(frozen=True)
class Scene:
    """A rendered scene with its truth.

    Attributes
    ----------
    codes : uint8 (y, x, 3)
        At `PIXEL_M`, see `reflectance`.
    boxes : float64 (n, 5)
        In metres from the corner.
    other : bool (n,)
        Boxes that are no containers.
    hidden : bool (y, x)
        Pixels that do not count.
    finest_m : float
        Cameras have pixels of at least this size: of a picture that was painted with these.
    mistakes : float64 (n, 2)
        Where an earlier network was wrong, in metres from the corner: boxes that are none, boxes that were missed.
    """

    codes: NDArray[np.uint8]
    boxes: Boxes
    other: NDArray[np.bool_]
    hidden: NDArray[np.bool_]
    finest_m: float = 0.0
    mistakes: Boxes = field(default_factory=lambda: np.empty((0, 2)))


def reflectance(codes: NDArray[np.uint8]) -> Floats:
    """Reflectance of codes."""
    return np.asarray((codes.astype(np.float32) / 255) ** 2 * np.float32(BRIGHTEST), np.float32)


def scene(seed: int) -> Scene:
    """The scene of a seed; the kinds follow each other, all else is random."""
    rng = np.random.default_rng([seed, 77])
    number = seed % 10000
    wide = number >= WIDE_FROM
    ends = (
        HARD_FROM, LOTS_FROM, WIDE_FROM, LAST_FROM, PANELS_FROM, HOMES_FROM, TRAINS_FROM,
        PAIRS_FROM, SELDOM_FROM, CRANED_FROM, FLEETS_FROM, DRY_FROM,
    )  # fmt: skip
    lists = (
        KINDS, HARD_KINDS, ("decoys",), WIDE_KINDS, LOT_KINDS, PANEL_KINDS, HOME_KINDS, TRAIN_KINDS,
        SHADOW_KINDS, SELDOM_KINDS, CRANED_KINDS, FLEET_KINDS, DRY_KINDS,
    )  # fmt: skip
    kinds: tuple[str, ...] = lists[int(np.searchsorted(ends, number, side="right"))]
    kind, size_m = kinds[seed % len(kinds)], float(rng.uniform(130, 190))
    bands = ("red", "green", "blue")
    parked: list[Parked] = []
    if kind in SITES:
        day = dt.date(2023, 1, 1) + dt.timedelta(days=int(rng.integers(365)))
        world = build("quiet", 1, seed, PIXEL_M, size_m, bands, "uint16", day, 30)
        parked = SITES[kind](Builder(world, np.random.default_rng([seed, 13])))
        index = 0
    else:
        world, index = make_world(kind, 2, seed, PIXEL_M, size_m, bands, "uint16"), 1
        parked = [Parked(*vehicle) for vehicle in vehicles(world, index)]
        parked += clutter(world, np.random.default_rng([seed, 78]), index)
    low_sun = {"sun_elevation_deg": float(rng.uniform(14, 35))} if rng.random() < 0.3 else {}
    world.looks[index] = replace(world.looks[index], haze=0.0, psf_px=0.5, noise=0.001, **low_sun)  # type: ignore[arg-type]
    dressed(world, np.random.default_rng([seed, 79]))
    if wide:
        _widened(world, index, np.random.default_rng([seed, 80]))
    if number >= DRY_FROM:
        world.looks[index] = replace(world.looks[index], dry=float(np.random.default_rng([seed, 81]).random()))
    drawn = render(world, index)
    measured = np.moveaxis(drawn.image, 0, 2).astype(np.float32) / 10000
    codes = np.round(np.sqrt(np.clip(measured / BRIGHTEST, 0, 1)) * 255).astype(np.uint8)
    boxes, other, aside = truth(world, index, parked, wide)
    hidden = drawn.hidden | _covered(aside, codes.shape[:2])
    return Scene(codes, boxes, other, hidden)


def _widened(world: World, index: int, rng: np.random.Generator) -> None:
    """Look at a world aslant, with more kinds of boxes, at times under snow in patches."""
    world.looks[index] = wide_looks.aslant(world.looks[index], rng)
    wide_looks.refitted(world, rng)
    if rng.random() < SNOWED:
        wide_looks.snowed(world, rng)


def truth(world: World, index: int, parked: list[Parked], aslant: bool) -> tuple[Boxes, NDArray[np.bool_], list[Boxes]]:
    """Boxes where the date shows them, which of them are no containers, and outlines that count neither way.

    Boxes are (n, 5) in metres from the scene's corner, outlines (4, 2) in pixels. Of boxes seen `aslant` those that
    others hide are left out.
    """
    containers, partly = wide_looks.shown(world, index) if aslant else (seen_boxes(world, index), np.empty((0, 5)))
    others = leant(world, index, [(p.outline, p.height_m) for p in parked if p.counts])
    aside = leant(world, index, [(p.outline, p.height_m) for p in parked if not p.counts])
    other = np.arange(len(containers) + len(others)) >= len(containers)
    hidden = np.concatenate([aside, partly])
    return np.concatenate([containers, others]), other, list(rectangles.corners(hidden) / PIXEL_M)


def _covered(outlines: list[Boxes], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [np.round(points).astype(np.int32) for points in outlines], 1)
    return mask > 0


def dressed(world: World, rng: np.random.Generator) -> None:
    """Repaint some containers: colours of no fleet, open tops under tarpaulins, tanks in frames, ends of reefers."""
    paints = world.palette.paints
    for box in world.containers:
        look, outline = rng.random(), world.box_outline(box)
        paint = paints[box.label]
        if look < 0.15:
            hue = rng.dirichlet([0.7, 0.7, 0.7]) * float(rng.uniform(0.2, 0.9))
            blue, green, red = (float(v) for v in 0.02 + 0.8 * hue)
            paints[box.label] = replace(paint, first=(blue, green, red, 0.3))
        elif look < 0.2:
            paints[box.label] = replace(paint, first=vary(rng, (0.55, 0.56, 0.55, 0.57), 0.12), mix=0.02, mix_fine=0.05)
            end = piece(outline, (0.0, 0.5 / 12), (0.1, 0.9))
            box.decals = (*box.decals, Decal(end, KEEP_LABEL, 60))
        elif look < 0.24:
            bows = [piece(outline, (t, t + 0.02), (0.0, 1.0)) for t in np.arange(0.1, 0.95, 0.12)]
            box.decals = (*box.decals, *(Decal(bow, KEEP_LABEL, int(rng.choice([80, 120]))) for bow in bows))
        elif look < 0.28 and box.kind == "20ft":
            sides = [(0.0, 0.22), (0.78, 1.0)]
            box.decals = tuple(Decal(piece(outline, (0.0, 1.0), s), KEEP_LABEL, 45) for s in sides)


def clutter(world: World, rng: np.random.Generator, index: int) -> list[Parked]:
    """Rows of trailers and buses, sheds, strips, kerbs and container-sized patches on free ground."""
    b = Builder(world, rng)
    half = 0.48 * world.size_m
    found: list[Parked] = []
    for _ in range(int(rng.integers(0, 4))):
        found += _vehicle_row(b, half, index)
    for _ in range(int(rng.integers(10, 40))):
        _mark(b, half)
    for _ in range(int(rng.integers(0, 6))):
        x, y = rng.uniform(-half, half, 2)
        if _free(world, np.array([x, y]), 8.0):
            u, v = _uv(b, x, y)
            structures.shed(b, u, v, float(rng.uniform(0, 180)))
    return found


def _uv(b: Builder, x: float, y: float) -> tuple[float, float]:
    """Site axes of a local point, by inverting the frame, which is affine."""
    o = b.frame.point(0.0, 0.0)
    m = np.column_stack([b.frame.point(1.0, 0.0) - o, b.frame.point(0.0, 1.0) - o])
    u, v = np.linalg.solve(m, np.array([x, y]) - o)
    return float(u), float(v)


def _free(world: World, place: Boxes, radius_m: float, among: list[Solid] | None = None) -> bool:
    x, y = place
    if any((s.x - x) ** 2 + (s.y - y) ** 2 < (radius_m + 7) ** 2 for s in world.slots):
        return False
    for solid in world.solids if among is None else among:
        at = solid.outline.mean(axis=0)
        if np.hypot(*(at - (x, y))) < radius_m + np.hypot(*(solid.outline[0] - at)):
            return False
    return all(float(np.hypot(*(m.foot.mean(axis=0) - (x, y)))) > radius_m + 8 for m in world.mounds)


def _vehicle_row(b: Builder, half: float, index: int) -> list[Parked]:
    """Trailers or buses parked side by side, sometimes nearly touching, on tarmac with or without slot lines."""
    rng, world = b.rng, b.world
    pitch, count = float(rng.uniform(2.75, 4.5)), int(rng.integers(4, 22))
    x, y = rng.uniform(-half, half, 2)
    u, v = _uv(b, x, y)
    if rng.random() < 0.7:
        outline = b.frame.box(u, v, count * pitch + 8, 22)
        if all(_free(world, b.frame.point(u + (k - count / 2) * pitch, v), 8.0) for k in range(0, count, 3)):
            b.patch(outline, b.surface(str(rng.choice(["asphalt", "concrete", "gravel"]))), "yard")
    vehicle, lines = (bus if rng.random() < 0.4 else trailer), rng.random() < 0.5
    line = b.plain((0.4, 0.41, 0.41, 0.42))
    before, found = list(world.solids), []
    for k in range(count):
        at = u + (k - count / 2) * pitch
        if lines:
            b.patch(b.frame.box(at + pitch / 2, v, 0.15, 14), line)
        if rng.random() < 0.8 and _free(world, b.frame.point(at, v), 3.0, before):
            turn = float(rng.choice([0, 180]) + rng.normal(0, 1.2))
            found.append(vehicle(b, at, v + float(rng.normal(0, 0.5)), turn, (index, index + 1)))
    return found


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
        else (rng.choice([LENGTH_20FT_M, 9.0, LENGTH_OF_KIND_M["40ft"]]), rng.uniform(1.8, 3.2))
    )
    shape = rectangle(float(x), float(y), float(length), float(width), turn)
    if rng.random() < 0.6:
        b.patch(shape, KEEP_LABEL, tone=int(rng.choice([45, 60, 75, 125, 145])))
    else:
        grey = float(rng.uniform(0.05, 0.45))
        b.patch(shape, b.plain((round(grey, 2),) * 4, 0.04))


@dataclass(frozen=True)
class Camera:
    """How reflectance becomes a picture: tones point by point, then optics on the sensor's pixels."""

    gsd_m: float
    haze: float
    gain: Floats
    gamma: float
    clip: tuple[float, float]
    chroma: float
    mix: Floats
    blur: float
    sharpen: float
    chroma_blur: float
    noise: float
    quality: int
    levels: int
    top: float

    @staticmethod
    def drawn(rng: np.random.Generator, sample: NDArray[np.uint8], dim: bool = False) -> Camera:
        """A random camera; `sample` is some of the scene's codes.

        Where `dim` is set, some are soft and use only a part of their levels.
        """
        grey, swap = rng.random() < 0.15, rng.random() < 0.1
        mix = np.eye(3)[rng.permutation(3)] if swap else np.eye(3)
        mix = np.tile(rng.dirichlet([2, 2, 2]), (3, 1)) if grey else mix
        screen = rng.random() < 0.6
        low, high = np.percentile(reflectance(sample), [0.3, 99.5]) if screen else (0.0, BRIGHTEST)
        high = low + (high - low) * float(np.exp(rng.normal(0, 0.3)))
        camera = Camera(
            gsd_m=float(np.exp(rng.uniform(np.log(0.28), np.log(1.1)))),
            haze=float(rng.beta(1.2, 3.0)),
            gain=np.exp(rng.normal(0, 0.06, 3)).astype(np.float32),
            gamma=float(np.exp(rng.normal(-0.45, 0.3))) if screen else float(np.exp(rng.normal(0, 0.1))),
            clip=(float(low * rng.uniform(0, 1)), float(high)),
            chroma=float(np.exp(rng.normal(0, 0.45))),
            mix=mix.astype(np.float32),
            blur=float(rng.uniform(0.3, 0.8)) if rng.random() < 0.5 else 0.0,
            sharpen=float(rng.uniform(0.3, 1.2)) if rng.random() < 0.35 else 0.0,
            chroma_blur=float(rng.uniform(0.8, 2.4)) if rng.random() < 0.35 else 0.0,
            noise=float(rng.uniform(0, 0.025)) if rng.random() < 0.6 else 0.0,
            quality=int(rng.integers(50, 96)) if rng.random() < 0.4 else 0,
            levels=255 if screen else 4000,
            top=1.0 if screen else 4.0,
        )
        if not dim or rng.random() > 0.35:
            return camera
        levels = int(rng.uniform(50, 160)) if screen else 600
        return replace(camera, levels=levels, blur=float(rng.uniform(0.5, 1.1)))

    def tones(self, codes: NDArray[np.uint8]) -> Floats:
        """Point by point, a scene's codes (y, x, 3) to (y, x, 3)."""
        low, high = self.clip
        z = reflectance(np.arange(256, dtype=np.uint8))[:, None] * (1 - np.float32(2.2 * self.haze) * HAZE)
        z = (z + np.float32(self.haze) * HAZE) * self.gain
        z = np.clip((z - low) / (high - low), 0, self.top) ** np.float32(self.gamma)
        table = np.ascontiguousarray(z, np.float32)
        colour = self.mix @ (self.chroma * np.eye(3) + (1 - self.chroma) / 3)
        toned = np.stack([table[codes[..., k], k] for k in range(3)], axis=-1)
        return np.asarray(cv2.transform(toned, colour.astype(np.float32)), np.float32)

    def optics(self, picture: Floats, rng: np.random.Generator) -> Floats:
        """Blur, halo, colours coarser than brightness, noise, JPEG, levels; (y, x, 3) on the sensor's pixels."""
        z = picture
        if self.blur:
            z = cv2.GaussianBlur(z, (0, 0), self.blur)
        if self.sharpen:
            z = z + np.float32(self.sharpen) * (z - cv2.GaussianBlur(z, (0, 0), 1.2))
        if self.chroma_blur:
            soft = cv2.GaussianBlur(z, (0, 0), self.chroma_blur)
            z = z.mean(axis=2, keepdims=True) + soft - soft.mean(axis=2, keepdims=True)
        if self.noise:
            z = z + rng.standard_normal(z.shape, np.float32) * np.float32(self.noise)
        if self.quality:
            coded = np.uint8(np.clip(z, 0, 1.2) / 1.2 * 255)
            _, code = cv2.imencode(".jpg", coded, [cv2.IMWRITE_JPEG_QUALITY, self.quality])
            z = np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR)).astype(np.float32) / np.float32(255) * np.float32(1.2)
        return np.asarray(np.round(np.clip(z, 0, self.top) * self.levels) / self.levels, np.float32)


def cached(seed: int, folder: Path) -> Scene:
    """A scene, rendered once and kept in `folder`."""
    path = folder / f"{seed}.npz"
    if not path.exists():
        made = scene(seed)
        part = path.with_suffix(".part.npz")
        hidden = np.packbits(made.hidden, axis=-1)
        np.savez(part, codes=made.codes, boxes=made.boxes, other=made.other, hidden=hidden)
        part.replace(path)
    kept = np.load(path)
    hidden = np.unpackbits(kept["hidden"], axis=-1)[:, : kept["codes"].shape[1]]
    return Scene(kept["codes"], kept["boxes"], kept["other"], hidden.astype(bool))


def photograph(scene: Scene, seed: int, gsd_m: float) -> Yard:
    """A whole scene by a random camera of a pixel size; what is hidden has no data."""
    rng = np.random.default_rng([seed, round(gsd_m * 100)])
    camera = replace(Camera.drawn(rng, scene.codes[::9, ::9], True), gsd_m=gsd_m)
    size = [round(n * PIXEL_M / gsd_m) for n in scene.codes.shape[1::-1]]
    shown = camera.optics(cv2.resize(camera.tones(scene.codes), size, interpolation=cv2.INTER_AREA), rng)
    shown[cv2.resize(scene.hidden.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0] = np.nan
    at = np.clip(np.floor(scene.boxes[:, :2] / PIXEL_M).astype(int), 0, scene.codes.shape[0] - 1)
    seen = ~scene.hidden[at[:, 1], at[:, 0]]
    image = np.ascontiguousarray(np.moveaxis(shown, 2, 0))
    boxes, others = scene.boxes[seen & ~scene.other], scene.boxes[seen & scene.other]
    return Yard(str(seed), gsd_m, image, ("red", "green", "blue"), boxes, "uint8", others)
