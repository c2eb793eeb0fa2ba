"""Colonies and rakes of the training: boxes stand clear of houses, coaches are no boxes, old lots stay as drawn."""

from __future__ import annotations

import datetime as dt

import numpy as np
import shapely

from changedet.simulate.builder import Builder
from changedet.simulate.kinds import build
from changedet.simulate.world import World
from training import recipes, wide_homes
from training.network_scenes import HOMES_FROM, PIXEL_M


def laid_out(kind: str, seed: int) -> World:
    """A world of one date with a site of a kind."""
    world = build("quiet", 1, seed, PIXEL_M, 150.0, ("red", "green", "blue"), "uint16", dt.date(2023, 6, 1), 30)
    wide_homes.SITES[kind](Builder(world, np.random.default_rng([seed, 13])))
    return world


def test_boxes_of_a_colony_stand_clear_of_its_houses() -> None:
    worlds = [laid_out("colony", seed) for seed in range(6)]
    assert sum(len(world.containers) for world in worlds) > 6
    for world in worlds:
        houses = [shapely.Polygon(solid.outline) for solid in world.solids if solid.role == "building"]
        assert len(houses) > 20
        for box in world.containers:
            body = shapely.Polygon(world.box_outline(box))
            assert shapely.distance(houses, body).min() > wide_homes.APART_M - 0.3


def test_rakes_hold_more_cars_than_boxes_and_some_boxes() -> None:
    worlds = [laid_out("rakes", seed) for seed in range(6)]
    assert sum(len(world.containers) for world in worlds) > 0
    cars = sum(sum(solid.role == "object" for solid in world.solids) for world in worlds)
    assert cars > sum(len(world.containers) for world in worlds)


def test_homes_are_rehearsed_beside_the_lot_of_the_round_before() -> None:
    before, now = (recipes.rehearsed(recipes.RECIPES[name][0]) for name in ("rows", "homes"))
    np.testing.assert_array_equal(now[: len(before)], before)
    np.testing.assert_array_equal(now[len(before) :], np.arange(HOMES_FROM, HOMES_FROM + 100))
