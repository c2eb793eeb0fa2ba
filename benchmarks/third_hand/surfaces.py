"""Ground as it is seen from above: paving, soil, plants, water, tracks, lines; each by its own textures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.third_hand.canvas import Array, Canvas, rectangle
from benchmarks.third_hand.spectra import GROUND, spectrum

Ring = NDArray[np.float64]
Rng = np.random.Generator
SLAB_M = 5.5
GAUGE_M = 1.435
SLEEPER_M = 0.65
OIL = spectrum(0.055, 0.056, 0.056, 0.07)


@dataclass
class Surface:
    """An outline with its material, and the seed of its texture; `state` says what season made of plants."""

    ring: Ring
    material: str
    seed: int
    angle: float = 0.0
    state: float = 0.0
    keep: float = 1.0


def lay(canvas: Canvas, one: Surface) -> None:
    """Paint one surface on the ground."""
    paint = MATERIALS[one.material]

    def made(shape: tuple[int, int]) -> Array:
        rng = np.random.default_rng(one.seed)
        window = canvas.window(one.ring)
        assert window is not None
        u, v = canvas.local(window, 0.0, 0.0, one.angle)
        return paint(canvas, shape, u, v, rng, one)

    canvas.surface(one.ring, made, one.keep)


def _mix(base: Array, factor: Array) -> Array:
    return np.clip(base * factor[..., None], 0.003, 0.9).astype(np.float32)


def asphalt(canvas: Canvas, shape: tuple[int, int], u: Array, v: Array, rng: Rng, one: Surface) -> Array:
    """Asphalt of some age: patches, wear, cracks."""
    read = canvas.noise.read
    age = rng.random()
    base = age * GROUND["worn asphalt"] + (1 - age) * GROUND["asphalt"]
    factor = (
        1 + 0.13 * read("broad", shape, rng, 1.2) + 0.06 * read("rough", shape, rng) + 0.04 * read("grain", shape, rng)
    )
    factor *= 1 + 0.1 * np.clip(read("streak", shape, rng, 3.0), -1, 2)
    for _ in range(int(np.ptp(one.ring[:, 0])) // 7):
        at = rng.uniform(u.min(), u.max()), rng.uniform(v.min(), v.max())
        size = rng.uniform(1, 9), rng.uniform(0.8, 4)
        patch = (np.abs(u - at[0]) < size[0]) & (np.abs(v - at[1]) < size[1])
        factor[patch] *= rng.uniform(0.8, 1.15)
    factor[np.abs(read("cloud", shape, rng, 1.5)) < 0.012] *= 0.75
    return _mix(base, factor)


def concrete(canvas: Canvas, shape: tuple[int, int], u: Array, v: Array, rng: Rng, one: Surface) -> Array:  # noqa: ARG001
    """Slabs of slightly other tones with dark joints, stains, tyre marks along u, oil."""
    read = canvas.noise.read
    slab = rng.uniform(0.7, 1.6) * SLAB_M
    tones = rng.normal(1, 0.045, (97, 89))
    column, row = np.floor(u / slab).astype(int) % 97, np.floor(v / slab).astype(int) % 89
    factor = tones[column, row] * (1 + 0.07 * read("broad", shape, rng, 1.5) + 0.05 * read("rough", shape, rng, 1.5))
    joint = (u % slab < 0.12) | (v % slab < 0.12)
    factor = np.where(joint, factor * 0.82, factor)
    factor *= 1 - 0.16 * np.clip(read("streak", shape, rng, 2.0) - 0.9, 0, 1.5)
    made = _mix(GROUND["concrete"] * np.float32(rng.uniform(0.75, 1.1)), factor)
    oil = np.clip(read("cloud", shape, rng, 0.7) - 1.9, 0, 0.7)[..., None]
    return made * (1 - oil) + OIL * oil


def gravel(canvas: Canvas, shape: tuple[int, int], u: Array, v: Array, rng: Rng, one: Surface) -> Array:  # noqa: ARG001
    """Compacted gravel or dirt: broad tones, wheel tracks, puddles, weeds."""
    read = canvas.noise.read
    share = np.clip(0.45 + 0.3 * read("broad", shape, rng, 1.2), 0, 1)[..., None]
    base = share * GROUND["gravel"] + (1 - share) * GROUND[str(rng.choice(["soil", "sand", "gravel"]))]
    factor = 1 + 0.1 * read("rough", shape, rng, 1.5) + 0.05 * read("grain", shape, rng)
    factor *= 1 + 0.12 * np.clip(read("streak", shape, rng, 2.5) - 0.8, 0, 1)
    factor *= 1 - 0.35 * np.clip(read("cloud", shape, rng, 1.0) - 2.0, 0, 1)
    weeds = 0.4 * np.clip(read("cloud", shape, rng, 0.8) - 1.5, 0, 1)[..., None]
    return (1 - weeds) * _mix(base, factor) + weeds * GROUND["grass"]


def earth(canvas: Canvas, shape: tuple[int, int], u: Array, v: Array, rng: Rng, one: Surface) -> Array:  # noqa: ARG001
    """Soil laid bare by machines: clay and topsoil in swathes along u."""
    read = canvas.noise.read
    share = np.clip(0.5 + 0.45 * read("broad", shape, rng), 0, 1)[..., None]
    base = share * GROUND["clay"] + (1 - share) * GROUND["soil"]
    factor = 1 + 0.13 * read("rough", shape, rng, 2.0) + 0.14 * np.clip(read("streak", shape, rng, 3.0), -1, 1)
    return _mix(base, factor)


def meadow(canvas: Canvas, shape: tuple[int, int], u: Array, v: Array, rng: Rng, one: Surface) -> Array:  # noqa: ARG001
    """Grass in patches, from green (state 0) to dry (state 1), with paths of bare soil."""
    read = canvas.noise.read
    dry = np.clip(one.state + 0.28 * read("broad", shape, rng) + 0.12 * read("cloud", shape, rng), 0, 1)[..., None]
    base = (1 - dry) * GROUND["grass"] + dry * GROUND["dry grass"]
    bare = np.clip(read("cloud", shape, rng, 1.5) - 1.4, 0, 0.8)[..., None]
    base = (1 - bare) * base + bare * GROUND["soil"]
    return _mix(base, 1 + 0.12 * read("rough", shape, rng, 1.5) + 0.08 * read("grain", shape, rng, 1.5))


def field(canvas: Canvas, shape: tuple[int, int], u: Array, v: Array, rng: Rng, one: Surface) -> Array:  # noqa: ARG001
    """A field with rows along u: ploughed 0, sprouting 1, green 2, ripe 3, stubble 4."""
    read = canvas.noise.read
    chain = [
        GROUND["soil"],
        0.6 * GROUND["soil"] + 0.4 * GROUND["crop"],
        *(GROUND[k] for k in ("crop", "ripe", "stubble")),
    ]
    state = np.clip(one.state + 0.25 * read("broad", shape, rng), 0, 4)
    low = np.minimum(state.astype(int), 3)
    part = (state - low)[..., None]
    table = np.array(chain, np.float32)
    base = (1 - part) * table[low] + part * table[low + 1]
    row_m = rng.uniform(1.2, 3.0)
    factor = 1 + 0.035 * np.sin(2 * np.pi * v / row_m + 0.6 * read("streak", shape, rng, 2.0))
    factor += 0.07 * read("rough", shape, rng, 1.5)
    tram = (v % 18.0 < 0.4) | ((v - 1.9) % 18.0 < 0.4)
    base = np.where(tram[..., None] & (one.state > 0.5), 0.5 * base + 0.5 * GROUND["soil"], base)
    return _mix(base, factor)


def water(canvas: Canvas, shape: tuple[int, int], u: Array, v: Array, rng: Rng, one: Surface) -> Array:  # noqa: ARG001
    """Water of a harbour: dark, rippled; `state` brightens it by glint."""
    read = canvas.noise.read
    rng = np.random.default_rng([one.seed, int(1000 * one.state)])
    glint = one.state * (0.6 + 0.4 * np.clip(read("rough", shape, rng), -1, 3))[..., None]
    return np.clip(_mix(GROUND["water"], 1 + 0.1 * read("broad", shape, rng)) + 0.05 * glint, 0.003, 0.6)


def ballast(canvas: Canvas, shape: tuple[int, int], u: Array, v: Array, rng: Rng, one: Surface) -> Array:  # noqa: ARG001
    """Stones between and beside tracks, rusty near them."""
    read = canvas.noise.read
    factor = (
        1 + 0.12 * read("broad", shape, rng, 1.5) + 0.1 * read("rough", shape, rng) + 0.05 * read("grain", shape, rng)
    )
    return _mix(GROUND["ballast"] * spectrum(0.9, 0.95, 1.0, 1.0) * np.float32(rng.uniform(0.8, 1.25)), factor)


def wood(canvas: Canvas, shape: tuple[int, int], u: Array, v: Array, rng: Rng, one: Surface) -> Array:  # noqa: ARG001
    """A wood from above, crowns and the shade between them: `state` from bare 0 to in leaf 1."""
    read, leaf = canvas.noise.read, np.clip(1.6 * one.state - 0.3, 0, 1)
    base = (1 - leaf) * GROUND["bare tree"] + leaf * GROUND["tree"]
    crown = (
        1 + 0.3 * read("rough", shape, rng, 2.5) + 0.12 * read("broad", shape, rng) + 0.1 * read("grain", shape, rng)
    )
    return _mix(np.broadcast_to(base, (*shape, 4)), np.asarray(crown, np.float32))


def paint(canvas: Canvas, shape: tuple[int, int], u: Array, v: Array, rng: Rng, one: Surface) -> Array:  # noqa: ARG001
    """A painted line, worn."""
    worn = np.clip(0.75 + 0.2 * canvas.noise.read("rough", shape, rng), 0.3, 1.1)
    tone = GROUND["paint"] if one.state == 0 else spectrum(0.07, 0.3, 0.4, 0.42)
    return _mix(tone * 0.8, worn)


def blue(canvas: Canvas, shape: tuple[int, int], u: Array, v: Array, rng: Rng, one: Surface) -> Array:  # noqa: ARG001
    """A swimming pool's water."""
    return _mix(spectrum(0.34, 0.27, 0.1, 0.02), 1 + 0.1 * canvas.noise.read("cloud", shape, rng, 0.5))


Painter = Callable[[Canvas, tuple[int, int], Array, Array, Rng, Surface], Array]
MATERIALS: dict[str, Painter] = {
    "asphalt": asphalt,
    "concrete": concrete,
    "gravel": gravel,
    "earth": earth,
    "meadow": meadow,
    "field": field,
    "water": water,
    "ballast": ballast,
    "wood": wood,
    "paint": paint,
    "pool": blue,
}


def line(x: float, y: float, length: float, width: float, angle: float, seed: int, tone: float = 0.0) -> Surface:
    """A painted line."""
    return Surface(rectangle(x, y, length, width, angle), "paint", seed, angle, tone, 0.75)


def track(canvas: Canvas, x: float, y: float, length: float, angle: float, seed: int) -> None:
    """Rails on sleepers along a direction."""
    ring = rectangle(x, y, length, 2.6, angle)
    window = canvas.window(ring)
    if window is None:
        return
    u, v = canvas.local(window, x, y, angle)
    rng = np.random.default_rng(seed)
    inside = (np.abs(u) < length / 2) & (np.abs(v) < 1.3)
    sleeper = inside & (u % SLEEPER_M < 0.26)
    below = canvas.albedo[window]
    below[inside] *= spectrum(0.84, 0.86, 0.92, 0.95)
    below[sleeper] = 0.5 * below[sleeper] + 0.5 * GROUND["sleeper"] * np.float32(rng.uniform(0.7, 1.1))
    rail = inside & (np.abs(np.abs(v) - GAUGE_M / 2) < 0.08)
    below[rail] = GROUND["rail"] * np.float32(rng.uniform(0.7, 1.4))
