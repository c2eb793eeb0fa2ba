"""What tops look like: a factor on their paint, how they rise, how they slant across; each from its own seed."""

from __future__ import annotations

import numpy as np

from benchmarks.third_hand.canvas import Array, Prism
from benchmarks.third_hand.noise import Noise
from benchmarks.third_hand.spectra import spectrum

RUST = spectrum(0.055, 0.075, 0.135, 0.19)
RIB_M = 0.28
"""From corrugation to corrugation of a container's roof."""
Top = tuple[Array, Array | None, Array | None]


def roof(u: Array, v: Array, one: Prism, noise: Noise) -> Top:
    """The top of a prism by the name of its texture."""
    return TEXTURES[one.texture](u, v, one, noise, np.random.default_rng(one.seed))


def plain(u: Array, v: Array, one: Prism, noise: Noise, rng: np.random.Generator) -> Top:  # noqa: ARG001
    """Paint, a little uneven."""
    return (1 + 0.06 * noise.read("rough", u.shape, rng, 2.0))[..., None], None, None


def container(u: Array, v: Array, one: Prism, noise: Noise, rng: np.random.Generator) -> Top:
    """Corrugations, rails, castings, dirt, rust, patches of paint, numbers."""
    half_l, half_w = one.length / 2, one.width / 2
    factor = 1 + 0.025 * np.sin(2 * np.pi * u / RIB_M) + rng.uniform(0.02, 0.1) * noise.read("rough", u.shape, rng, 3.0)
    factor += rng.uniform(0, 0.07) * noise.read("cloud", u.shape, rng, 0.5)
    edge = (np.abs(v) > half_w - 0.13) | (np.abs(u) > half_l - 0.16)
    factor = np.where(edge, factor * rng.uniform(0.7, 1.12), factor)
    factor = np.where((np.abs(v) > half_w - 0.2) & (np.abs(u) > half_l - 0.22), factor * 0.7, factor)
    tint = np.repeat(factor[..., None], 4, -1).astype(np.float32)
    if rng.random() < 0.35:
        bare = noise.read("cloud", u.shape, rng, 0.35) > rng.uniform(0.9, 2.2)
        tint[bare] = (RUST * 1.2 / np.maximum(one.roof, 0.01)) * factor[bare][..., None]
    if rng.random() < 0.2:
        at, wide = rng.uniform(-half_l, half_l), rng.uniform(0.6, 2.5)
        tint[np.abs(u - at) < wide / 2] *= rng.uniform(0.75, 1.25)
    if rng.random() < 0.15:
        mark = (np.abs(u - rng.uniform(-half_l + 1, half_l - 1)) < 0.9) & (np.abs(v - rng.uniform(-0.4, 0.4)) < 0.35)
        tint[mark] = 0.5 / np.maximum(one.roof, 0.05)
    return tint, None, None


def opened(u: Array, v: Array, one: Prism, noise: Noise, rng: np.random.Generator) -> Top:
    """An open skip: a bright rim and what lies within, or a dark floor."""
    rim = (np.abs(v) > one.width / 2 - 0.18) | (np.abs(u) > one.length / 2 - 0.18)
    load = rng.uniform(0.25, 0.8) * (1 + 0.5 * noise.read("rough", u.shape, rng, 1.5))
    return np.where(rim, 1.1, np.clip(load, 0.1, 1.4))[..., None].astype(np.float32), None, None


def ribbed(u: Array, v: Array, one: Prism, noise: Noise, rng: np.random.Generator) -> Top:
    """Sheet metal: ribs, sheets of other age, strips of skylight, streaks of rust; gabled where it has a pitch."""
    pitch_m = rng.uniform(0.6, 1.4)
    sheets = rng.normal(1, 0.035, 400)[np.clip((u / rng.uniform(3, 7) + 100).astype(int), 0, 399)]
    factor = sheets * (1 + 0.05 * np.sin(2 * np.pi * u / pitch_m) + 0.05 * noise.read("streak", u.shape, rng, 2.0))
    if rng.random() < 0.5:
        every, wide = rng.uniform(5, 9), rng.uniform(0.7, 1.4)
        strip = (np.abs((u + every / 2) % every - every / 2) < wide / 2) & (np.abs(v) < one.width * 0.42)
        factor = np.where(strip & (np.abs(v) > one.width * 0.06), factor * rng.uniform(1.2, 1.5), factor)
    return _gabled(v, one, factor)


def tiled(u: Array, v: Array, one: Prism, noise: Noise, rng: np.random.Generator) -> Top:
    """Tiles of clay on a gable."""
    rows = 1 + 0.08 * np.sin(2 * np.pi * v / 0.33) + 0.1 * noise.read("rough", u.shape, rng, 1.5)
    return _gabled(v, one, rows)


def _gabled(v: Array, one: Prism, factor: Array) -> Top:
    ridge = np.abs(v) < 0.12
    factor = np.where(ridge & (one.pitch > 0), factor * 1.15, factor)[..., None].astype(np.float32)
    if not one.pitch:
        return factor, None, None
    rise = (one.pitch * (one.width / 2 - np.abs(v))).astype(np.float32)
    return factor, rise, (-one.pitch * np.sign(v)).astype(np.float32)


def flat(u: Array, v: Array, one: Prism, noise: Noise, rng: np.random.Generator) -> Top:
    """Bitumen or gravel behind a parapet, with puddles and repairs."""
    factor = 1 + 0.1 * noise.read("cloud", u.shape, rng, 2.0) + 0.08 * noise.read("rough", u.shape, rng, 1.0)
    for _ in range(rng.integers(0, 5)):
        at, size = rng.uniform(-0.5, 0.5, 2) * (one.length, one.width), rng.uniform(1.5, 8, 2)
        spot = (np.abs(u - at[0]) < size[0] / 2) & (np.abs(v - at[1]) < size[1] / 2)
        factor[spot] *= rng.uniform(0.7, 1.25)
    parapet = (np.abs(v) > one.width / 2 - 0.4) | (np.abs(u) > one.length / 2 - 0.4)
    return np.where(parapet, 1.3, factor)[..., None].astype(np.float32), None, None


def solar(u: Array, v: Array, one: Prism, noise: Noise, rng: np.random.Generator) -> Top:  # noqa: ARG001
    """Panels with pale seams."""
    seam = (np.abs(u) % 1.7 < 0.12) | (np.abs(v) % 1.0 < 0.1)
    factor = np.where(seam, 2.2, 1 + 0.05 * noise.read("grain", u.shape, rng, 8.0))
    return factor[..., None].astype(np.float32), None, None


def glasshouse(u: Array, v: Array, one: Prism, noise: Noise, rng: np.random.Generator) -> Top:
    """Film over arches: bright, with hoops, torn in places."""
    hoops = 1 + 0.12 * (np.abs(u) % 2.0 < 0.25) - 0.25 * (noise.read("cloud", u.shape, rng, 1.0) > 1.8)
    return _gabled(v, one, hoops + 0.06 * noise.read("streak", u.shape, rng, 1.0))


def lorry(u: Array, v: Array, one: Prism, noise: Noise, rng: np.random.Generator) -> Top:
    """A trailer's roof: seams, a paler front, dirt."""
    factor = 1 - 0.12 * (np.abs(u) % 2.3 < 0.12) + 0.06 * noise.read("rough", u.shape, rng, 3.0)
    factor = np.where(u > one.length / 2 - rng.uniform(0.3, 1.0), factor * 0.8, factor)
    return np.where(np.abs(v) > one.width / 2 - 0.1, factor * 0.85, factor)[..., None].astype(np.float32), None, None


def coach(u: Array, v: Array, one: Prism, noise: Noise, rng: np.random.Generator) -> Top:
    """A bus from above: hatches, cooling units, dark panes at the front."""
    factor = 1 + 0.04 * noise.read("rough", u.shape, rng, 3.0)
    for _ in range(rng.integers(2, 5)):
        at, long = rng.uniform(-0.42, 0.42) * one.length, rng.uniform(0.6, 2.4)
        factor[(np.abs(u - at) < long / 2) & (np.abs(v) < 0.75)] *= rng.choice([0.55, 0.8, 1.25])
    return np.where(u > one.length / 2 - 0.6, factor * 0.35, factor)[..., None].astype(np.float32), None, None


def logs(u: Array, v: Array, one: Prism, noise: Noise, rng: np.random.Generator) -> Top:  # noqa: ARG001
    """Timber or pipes side by side along the stack."""
    stripes = np.sin(2 * np.pi * v / rng.uniform(0.35, 0.7) + noise.read("streak", u.shape, rng, 2.0))
    factor = 1 + 0.22 * stripes + 0.1 * noise.read("grain", u.shape, rng, 2.0)
    return factor[..., None].astype(np.float32), None, None


def car(u: Array, v: Array, one: Prism, noise: Noise, rng: np.random.Generator) -> Top:  # noqa: ARG001
    """Bonnet, panes, roof, panes, boot."""
    along = u / one.length + 0.5
    panes = ((along > 0.24) & (along < 0.36)) | ((along > 0.7) & (along < 0.8))
    return np.where(panes, 0.25, 1.0)[..., None].astype(np.float32), None, None


def drum(u: Array, v: Array, one: Prism, noise: Noise, rng: np.random.Generator) -> Top:
    """A tank lying: round across, with a hatch and bands."""
    factor = 1 - 0.3 * (np.abs(u) % 3.1 < 0.15) + 0.06 * noise.read("streak", u.shape, rng, 2.0)
    factor = np.where(np.hypot(u, v) < 0.5, factor * 0.6, factor)
    lie = np.clip(v / (one.width / 2), -0.92, 0.92)
    return factor[..., None].astype(np.float32), None, (-lie / np.sqrt(1 - lie**2) * 0.8).astype(np.float32)


TEXTURES = {
    "drum": drum,
    "plain": plain,
    "container": container,
    "opened": opened,
    "ribbed": ribbed,
    "tiled": tiled,
    "flat": flat,
    "solar": solar,
    "glasshouse": glasshouse,
    "lorry": lorry,
    "coach": coach,
    "logs": logs,
    "car": car,
}
