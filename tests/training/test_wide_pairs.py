"""Yards with pairs of the training: two boxes of 20 feet touch on a few places of one of 40, old lots stay."""

from __future__ import annotations

import datetime as dt

import numpy as np

from changedet.kernels.containers import LENGTH_OF_KIND_M
from changedet.simulate.builder import Builder
from changedet.simulate.kinds import build
from changedet.simulate.world import World
from training import recipes, wide_pairs
from training.network_scenes import PAIRS_FROM, PIXEL_M


def laid_out(kind: str, seed: int) -> World:
    """A world of one date with a site of a kind."""
    world = build("quiet", 1, seed, PIXEL_M, 150.0, ("red", "green", "blue"), "uint16", dt.date(2023, 6, 1), 30)
    wide_pairs.SITES[kind](Builder(world, np.random.default_rng([seed, 13])))
    return world


def touching(world: World) -> int:
    """Pairs of places of 20 feet whose ends lie at most .2 m apart."""
    slots = [slot for slot in world.slots if slot.kind == "20ft"]
    xy, turn = np.array([(s.x, s.y) for s in slots]), np.radians([s.angle_deg for s in slots])
    apart = xy[None] - xy[:, None]
    along = np.abs(apart[..., 0] * np.sin(turn)[:, None] + apart[..., 1] * np.cos(turn)[:, None])
    aside = np.abs(apart[..., 0] * np.cos(turn)[:, None] - apart[..., 1] * np.sin(turn)[:, None])
    gap = along - LENGTH_OF_KIND_M["20ft"]
    near = (aside < 0.5) & (gap >= wide_pairs.TOUCHING_M[0] - 1e-6) & (gap <= wide_pairs.TOUCHING_M[1] + 1e-6)
    return int(near.sum()) // 2


def test_a_few_pairs_touch_end_to_end_beside_single_boxes() -> None:
    worlds = [laid_out("seldom", seed) for seed in range(4)]
    single = sum(slot.kind == "40ft" for world in worlds for slot in world.slots)
    pairs = sum(map(touching, worlds))
    assert pairs > 10
    assert 0.02 < pairs / (pairs + single) < 0.25


def test_single_rows_are_emptier() -> None:
    rows, yards = (sum(len(laid_out(kind, seed).slots) for seed in range(4)) for kind in ("shadowed", "seldom"))
    assert 0 < rows < 0.6 * yards


def test_cranes_stand_over_the_same_yards() -> None:
    with_cranes, without = (laid_out(kind, 3) for kind in ("craned", "seldom"))
    assert sum(solid.base_m > 0 for solid in with_cranes.solids) > sum(solid.base_m > 0 for solid in without.solids)


def test_pairs_are_rehearsed_beside_the_lot_of_the_rounds_before() -> None:
    before, now = (recipes.rehearsed(recipes.RECIPES[name][0]) for name in ("rows", "fleets"))
    kept = now[now < PAIRS_FROM]
    np.testing.assert_array_equal(kept, before[: len(kept)])
    np.testing.assert_array_equal(now[len(kept) :][:150], np.arange(PAIRS_FROM, PAIRS_FROM + 150))
