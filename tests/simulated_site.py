"""Small simulated sites, each built once."""

from __future__ import annotations

import functools

from changedet.simulate import World, make_world

BGRN = ("blue", "green", "red", "nir")


@functools.cache
def world(kind: str = "growth", seed: int = 3, gsd_m: float = 1.0, size_m: float = 160.0) -> World:
    """Four dates of a site of a kind, in memory."""
    return make_world(kind, 4, seed, gsd_m, size_m)
