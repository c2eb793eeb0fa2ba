"""Trains found again by the order of their boxes, and others that are not taken for them."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from mercator import in_mercator

from changedet.assess.compare.trains import match_trains, trains_of
from scenarios.made_up_yards import PAINTS, box


def train(
    rng: np.random.Generator, paints: list[str], sizes: list[str], cast: np.ndarray, left: list[int] | None = None
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """The layers `trains` and `containers` of one train, as a site shows it under its own light; `left` out are missed
    boxes."""
    lengths = np.array([6.06 if kind == "20ft" else 12.19 for kind in sizes])
    along = np.cumsum(lengths + 1.2) - lengths / 2 + rng.normal(0, 0.15, len(sizes))
    seen = [k for k in range(len(sizes)) if k not in (left or [])]
    colours = [box(rng, paints[k], cast) for k in seen]
    words = [f"{sizes[k]} {colour}" for k, colour in zip(seen, colours, strict=True)]
    words.insert(4, "(1-2 empty)")
    day = pd.Timestamp("2023-03-01", tz="UTC")
    row = {"date": day, "zone": "rail", "train_id": 1, "sequence": ", ".join(words)}
    line = shapely.LineString(np.column_stack([along[seen], np.zeros(len(seen))]))
    others = colours + [box(rng, paint, cast) for paint in PAINTS * 3]
    points = gpd.points_from_xy(range(len(others)), range(len(others)))
    containers = gpd.GeoDataFrame({"date": day, "color": others}, geometry=points, crs="EPSG:32633")
    return gpd.GeoDataFrame([row], geometry=[line], crs="EPSG:32633"), containers


def planted(seed: int, boxes: int = 14) -> tuple[list[str], list[str]]:
    rng = np.random.default_rng(seed)
    paints = [str(rng.choice(PAINTS)) for _ in range(boxes)]
    return paints, [str(rng.choice(["20ft", "40ft"])) for _ in range(boxes)]


@pytest.mark.parametrize("turned", [False, True])
def test_match_trains_a_train_is_met_again_with_boxes_missed_and_the_order_turned(turned: bool) -> None:
    found = 0
    for seed in range(12):
        rng, (paints, sizes) = np.random.default_rng([3, seed]), planted(seed)
        way = slice(None, None, -1) if turned else slice(None)
        first = trains_of(*train(rng, paints, sizes, np.ones(3)))
        second = trains_of(*train(rng, paints[way], sizes[way], np.array([1.0, 0.93, 0.8]), [5]))
        rows = match_trains(("one", first), ("other", second))
        found += len(rows) == 1 and rows[0]["turned"] == turned and rows[0]["boxes"] >= 10
    assert found >= 11


def test_trains_of_web_mercator_are_as_long_on_the_ground() -> None:
    layer, containers = train(np.random.default_rng(3), *planted(3), np.ones(3))
    (plain,), (found,) = trains_of(layer, containers), trains_of(in_mercator(layer, (0.0, 0.0)), containers)
    np.testing.assert_allclose(found.row.along, plain.row.along)


def test_match_trains_another_train_of_the_same_paints_is_not_taken_for_it() -> None:
    taken = 0
    for seed in range(40):
        rng, (paints, sizes) = np.random.default_rng([4, seed]), planted(seed)
        order = rng.permutation(14)
        other = [paints[k] for k in order], [sizes[k] for k in order]
        layers = [trains_of(*train(rng, *own, np.ones(3))) for own in ((paints, sizes), other)]
        taken += bool(match_trains(("one", layers[0]), ("other", layers[1])))
    assert taken <= 3


def test_match_trains_trains_loaded_lot_by_lot_from_the_same_few_paints_are_not_taken_for_one() -> None:
    taken = 0
    for seed in range(40):
        rng = np.random.default_rng([5, seed])
        paints = rng.choice(PAINTS, 4, replace=False)
        both = []
        for _ in range(2):
            lots = [(str(rng.choice(paints)), str(rng.choice(["20ft", "40ft"])), 2 + rng.integers(5)) for _ in range(6)]
            own = [paint for paint, _, n in lots for _ in range(n)], [kind for _, kind, n in lots for _ in range(n)]
            both.append(trains_of(*train(rng, *own, np.ones(3))))
        rows = match_trains(("one", both[0]), ("other", both[1]))
        taken += bool(rows) and rows[0]["p_value"] < 0.01
    assert taken <= 2
