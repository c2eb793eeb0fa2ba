"""Collages of real boxes on real ground: counts, moves and masks of their truth, and pixels where it says they are."""

from __future__ import annotations

import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))

from benchmarks.airport_outlines import APRON  # noqa: E402
from benchmarks.collage.cutouts import FINE_M, SHARES, Cutout, Source, kind_of  # noqa: E402
from benchmarks.collage.grounds import EAST_M, GROUNDS, GSD_M, LOOKS, NORTH_M, SIDE_PX, Ground  # noqa: E402
from benchmarks.collage.pasting import HEIGHT_M, fitted, in_pixels, pasted  # noqa: E402
from benchmarks.collage.series import COUNTS, counts_of, planned, rings  # noqa: E402
from benchmarks.collage.truth import CollageTruth  # noqa: E402
from benchmarks.third_hand.plan import LENGTHS_M, WIDTH_M  # noqa: E402
from benchmarks.third_hand.truth import write  # noqa: E402

GROUND_GREY, DARK = 100.0, 58
APART_M2 = 0.5
"""Boxes of a row are nudged by some centimetres, so that neighbours may touch."""


@pytest.fixture(scope="module")
def stock() -> list[Cutout]:
    """Plain tops of six colours, three lengths and all sources."""
    made = []
    for name in SHARES:
        source = Source(name, 0.5, np.zeros((1, 1, 3), np.float32), np.full(3, 90.0), np.full(3, 30.0))
        for kind, length in LENGTHS_M.items():
            shape = round(WIDTH_M / FINE_M), round(length / FINE_M)
            for k in range(6):
                colour = np.array([60 + 30 * (k % 3), 90, 60 + 60 * (k % 2)], np.float32)
                made.append(Cutout(source, kind, np.broadcast_to(colour, (*shape, 3)).copy()))
    return made


def ground(name: str) -> Ground:
    return next(one for one in GROUNDS if one.name == name)


@pytest.mark.parametrize("one", GROUNDS, ids=lambda one: one.name)
@pytest.mark.parametrize("kind", COUNTS)
def test_counts_moves_and_stays_agree(one: Ground, kind: str, stock: list[Cutout], tmp_path: Path) -> None:
    plan, tops = planned(one, kind, 3, stock)
    truth = CollageTruth(plan, one)
    write(truth, tmp_path, *truth.seen())
    table = pd.read_csv(tmp_path / "truth.csv")
    counts = counts_of(kind, len(LOOKS[one.place]))
    assert table["containers"].tolist() == counts
    assert (np.diff(counts) == (table["arrivals"] - table["departures"])[1:]).all()
    stays = gpd.read_file(tmp_path / "truth.gpkg", layer="tracks")
    assert stays["arrived"].notna().sum() == table["arrivals"].sum()
    assert stays["departed"].notna().sum() == table["departures"].sum()
    for date in plan.dates:
        standing = rings(plan, date)
        assert {number for number, _, _ in standing} <= tops.keys()
        assert all(tops[number].kind == slot.kind for number, slot, _ in standing)
        shapes = [shapely.Polygon(ring) for _, _, ring in standing]
        assert shapely.area(shapes).sum() - shapely.union_all(shapes).area <= APART_M2 * max(len(shapes), 1)
        assert all((np.abs(ring) < SIDE_PX * GSD_M / 2).all() for _, _, ring in standing)


def test_a_replaced_box_is_a_change_of_its_place(stock: list[Cutout]) -> None:
    one = ground("b curve")
    plan, tops = planned(one, "growth", 1, stock)
    swaps = [
        (slot.stacks[k][0].number, slot.stacks[k + 1][0].number)
        for slot in plan.slots
        for k in range(1, len(plan.days) - 1)
        if slot.stacks[k] and slot.stacks[k + 1] and slot.stacks[k] != slot.stacks[k + 1]
    ]
    assert swaps
    assert all(np.abs(tops[old].colour - tops[new].colour).max() >= 0.5 for old, new in swaps)


def test_the_mask_has_boxes_and_the_apron_and_leaves_other_asphalt_open(stock: list[Cutout]) -> None:
    one = ground("a south")
    plan, _ = planned(one, "growth", 1, stock)
    truth = CollageTruth(plan, one)
    skies = truth.seen()[2]
    first, low_sun, last = (truth.mask(date, skies) for date in (1, 2, 3))
    boxes = sum(shapely.Polygon(ring).area for _, _, ring in rings(plan, 1))
    assert first.sum() * GSD_M**2 == pytest.approx(boxes, rel=0.1)
    assert set(np.unique(low_sun)) == {0, 1, 255}
    column, row = np.mean(APRON, axis=0).astype(int) - one.corner_px
    # The middle of the apron lies north of the window's first row or in it.
    inside = (row + 40, column)
    assert (first[inside], last[inside]) == (0, 1)
    empty = CollageTruth(planned(one, "empty", 1, stock)[0], one)
    assert (empty.mask(1, skies) == 0).all()


def test_a_box_lies_where_the_truth_says_and_its_shadow_away_from_the_sun(stock: list[Cutout]) -> None:
    one, date = ground("a south"), 3
    look = LOOKS["a"][date]
    plan, tops = planned(one, "growth", 2, stock)
    number, slot, ring = rings(plan, date)[0]
    for other in plan.slots:
        other.stacks[date] = other.stacks[date] if other is slot else ()
    picture = np.full((SIDE_PX, SIDE_PX, 3), GROUND_GREY, np.float32)
    asphalt = np.full(3, GROUND_GREY)
    seen = pasted(picture, asphalt, one, date, look, plan, tops).astype(float)
    middle = in_pixels(ring).mean(axis=0) + one.yards[0].shifts_px[date]
    column, row = np.floor(middle).astype(int)
    colour = fitted(tops[number], asphalt, np.array(look.shade)).mean(axis=(0, 1))
    # An edge's blur reaches the middle of a box that is five pixels wide.
    assert seen[row, column] == pytest.approx(colour, abs=6)
    rows, columns = np.nonzero(seen.max(axis=2) < DARK)
    azimuth = np.radians(look.sun_azimuth_deg)
    away = np.array([-np.sin(azimuth), np.cos(azimuth)])
    along = (np.column_stack([columns, rows]) + 0.5 - middle) @ away
    cast_px = HEIGHT_M / np.tan(np.radians(look.sun_elevation_deg)) / GSD_M
    corner_px = ((in_pixels(ring) - in_pixels(ring).mean(axis=0)) @ away).max()
    assert along.max() == pytest.approx(corner_px + cast_px, abs=2.5)
    assert along.mean() > 0


def test_the_map_place_of_a_ground_is_that_of_its_pixels(stock: list[Cutout]) -> None:
    one = ground("b east")
    truth = CollageTruth(planned(one, "empty", 1, stock)[0], one)
    column, row = one.corner_px
    place = EAST_M + (column + 7.5) * GSD_M, NORTH_M - (row + 3.5) * GSD_M
    assert rasterio.transform.rowcol(truth.transform, *place) == (3, 7)


def test_lengths_become_kinds() -> None:
    assert [kind_of(length) for length in (6.0, 8.5, 12.2, 13.2, 16.0)] == ["20ft", None, "40ft", "40ft", None]
