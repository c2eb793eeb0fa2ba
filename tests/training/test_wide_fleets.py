"""Depots of dull boxes of the training: each stands on ground of its own, few side by side, some sites hold none."""

from __future__ import annotations

import datetime as dt
from functools import cache

import numpy as np
import shapely

from changedet.kernels.containers import LENGTH_OF_KIND_M, WIDTH_M
from changedet.simulate.builder import Builder
from changedet.simulate.kinds import build
from changedet.simulate.shapes import rectangle
from changedet.simulate.world import World
from training import recipes, wide_fleets
from training.network_scenes import FLEETS_FROM, PAIRS_FROM, PIXEL_M

SEEDS = range(6)


@cache
def laid_out(kind: str, seed: int) -> World:
    """A world of one date with a site of a kind."""
    world = build("quiet", 1, seed, PIXEL_M, 150.0, ("red", "green", "blue"), "uint16", dt.date(2023, 6, 1), 30)
    wide_fleets.SITES[kind](Builder(world, np.random.default_rng([seed, 13])))
    return world


def outlines(world: World) -> list[shapely.Polygon]:
    """Ground of each place."""
    return [shapely.Polygon(rectangle(s.x, s.y, LENGTH_OF_KIND_M[s.kind], WIDTH_M, s.angle_deg)) for s in world.slots]


def test_no_box_stands_in_another_or_in_a_bank() -> None:
    banks = 0
    for world in (laid_out(kind, seed) for kind in wide_fleets.SITES for seed in SEEDS):
        own = outlines(world)
        for k, one in enumerate(own):
            assert all(one.intersection(other).area < 0.5 for other in own[:k])
        for mound in world.mounds:
            if len(mound.foot) == 4:
                banks += 1
                assert all(shapely.Polygon(mound.foot).intersection(one).area < 0.5 for one in own)
    assert banks > 10


def test_boxes_stand_in_shorter_rows_where_they_are_scattered() -> None:
    fleet, scattered = ([outlines(laid_out(kind, seed)) for seed in SEEDS] for kind in ("fleet", "scattered"))
    beside = [
        np.mean([sum(one.distance(other) < 1.0 for other in own) - 1 for own in sites for one in own])
        for sites in (fleet, scattered)
    ]
    assert beside[1] < 0.8 * beside[0]


def test_most_sites_have_few_colours_and_some_no_box() -> None:
    worlds = [laid_out("fleet", seed) for seed in range(24)]
    assert any(not world.containers for world in worlds)
    spread = [
        float(np.median(np.std(np.log([world.palette.paints[box.label].first for box in world.containers]), axis=0)))
        for world in worlds
        if len(world.containers) > 20
    ]
    assert np.mean(np.array(spread) < 0.35) > 0.3


def test_they_are_taught_beside_pairs_and_the_scenes_of_before() -> None:
    stage = recipes.RECIPES["fleets"][0]
    numbers = recipes.rehearsed(stage)
    np.testing.assert_array_equal(numbers[-stage.fleets :], np.arange(FLEETS_FROM, FLEETS_FROM + stage.fleets))
    assert ((numbers >= PAIRS_FROM) & (numbers < FLEETS_FROM)).sum() == stage.pairs
    assert len(set(stage.painted)) == len(stage.painted) == 133
