"""Beds of tracks traced through drawn answers of the network: straight, bent, fanned out, hidden, and what is none."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from changedet.arrays import Floats, Singles
from changedet.pipeline.things.kernels.rail_beds import LEAST_LENGTH_M, Bed, beds_of, mean_answer

SIZE = 160


def answer(*curves: Floats, shape: tuple[int, int] = (SIZE, SIZE)) -> Singles:
    """What the network would say of tracks along curves (n, 2) of columns and rows."""
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    apart, angle = np.full(shape, np.inf), np.zeros(shape)
    for curve in curves:
        for (x0, y0), (x1, y1) in itertools.pairwise(curve):
            length = np.hypot(x1 - x0, y1 - y0)
            t = np.clip(((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length**2, 0, 1)
            off = np.hypot(x - x0 - t * (x1 - x0), y - y0 - t * (y1 - y0))
            angle = np.where(off < apart, np.arctan2(y1 - y0, x1 - x0), angle)
            apart = np.minimum(apart, off)
    odds = np.where(apart < 2.4, 4.0, -6.0)
    return np.stack([odds, np.cos(2 * angle), np.sin(2 * angle)]).astype(np.float32)


def straight(x0: float, y0: float, x1: float, y1: float) -> Floats:
    return np.linspace([x0, y0], [x1, y1], 40)


def farthest(bed: Bed, curve: Floats) -> float:
    """Metres by which a curve strays from the middle of a bed, but for its ends."""
    fine = np.concatenate([np.linspace(a, b, 20) for a, b in itertools.pairwise(bed.points)])
    return float(np.hypot(*(curve[2:-2, None] - fine[None]).transpose(2, 0, 1)).min(axis=1).max())


def long(bed: Bed) -> float:
    return float(np.hypot(*np.diff(bed.points, axis=0).T).sum())


@pytest.mark.parametrize("angle", [0.0, 17.0, 45.0, 90.0, 140.0])
def test_tracks_side_by_side_are_a_bed(angle: float) -> None:
    ahead = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    side = np.array([-ahead[1], ahead[0]])
    curves = [np.linspace(80 + k * 4.7 * side - 60 * ahead, 80 + k * 4.7 * side + 60 * ahead, 30) for k in (-1, 0, 1)]
    (bed,) = beds_of(answer(*curves))
    assert farthest(bed, curves[1]) < 0.8
    assert long(bed) > 136
    assert np.median(bed.left + bed.right) == pytest.approx(2 * 4.7 + 4.8, abs=1.2)
    assert bed.share > 0.95


def test_a_bed_is_carried_on_to_an_edge_that_is_near() -> None:
    odds = answer(straight(2, 80, 158, 80))
    odds[0, :, :35], odds[0, :, 120:] = -6.0, -6.0
    (bed,) = beds_of(odds)
    assert bed.points[:, 0].min() < 3
    assert bed.points[:, 0].max() > 156
    odds[0, :, :60] = -6.0
    assert not beds_of(odds)
    wide = answer(straight(2, 80, 298, 80), shape=(160, 300))
    wide[0, :, :80] = wide[0, :, 200:] = -6.0
    (bed,) = beds_of(wide)
    assert (bed.points[:, 0].min(), bed.points[:, 0].max()) == pytest.approx((66, 214), abs=3)


def test_beds_apart_are_two() -> None:
    found = beds_of(answer(straight(2, 40, 158, 40), straight(2, 44.7, 158, 44.7), straight(2, 110, 158, 110)))
    assert [float(np.median(one.left + one.right)) for one in found] == pytest.approx([9.5, 4.8], abs=1.0)


def test_bends_are_followed() -> None:
    turn = np.linspace(0, np.pi / 3, 60)
    curve = np.stack([10 + 150 * np.sin(turn), 20 + 150 * (1 - np.cos(turn))], axis=1)
    beside = np.stack([10 + 155 * np.sin(turn), 25 - 5 + 150 - 155 * np.cos(turn)], axis=1)
    (bed,) = beds_of(answer(curve, beside))
    assert farthest(bed, (curve + beside) / 2) < 1.2
    assert long(bed) > 170


def test_a_fan_widens_its_bed() -> None:
    branches = [np.concatenate([straight(2, 80, 40, 80), straight(44, 80, 156, 80 + rise)]) for rise in (-10, 0, 10)]
    bed = max(beds_of(answer(*branches)), key=long)
    wide = (bed.left + bed.right)[np.argsort(bed.points[:, 0])]
    assert wide[5] < 6
    assert wide.max() > 9


def test_a_crane_hides_a_bed_and_does_not_end_it() -> None:
    odds = answer(straight(2, 80, 158, 80))
    odds[0, :, 70:86] = -6
    (bed,) = beds_of(odds)
    assert np.ptp(bed.points[:, 0]) > 155
    odds[0, :, 50:110] = -6
    assert all(np.ptp(one.points[:, 0]) < 76 for one in beds_of(odds))


def test_short_weak_and_wide_ones_are_none() -> None:
    assert not beds_of(answer(straight(40, 80, 40 + LEAST_LENGTH_M - 10, 80)))
    weak = answer(straight(2, 80, 158, 80))
    weak[0] -= 3.6
    assert not beds_of(weak)
    yard = answer(straight(2, 80, 158, 80))
    yard[0, 40:110, 40:120] = 4.0
    assert all(np.median(one.left + one.right) < 12 for one in beds_of(yard))
    assert not beds_of(np.full((3, 40, 40), np.nan, np.float32))


def test_the_least_sure_look_of_three_is_left_out_where_three_show_the_place() -> None:
    beds = np.array([[4.0, 4.0], [5.0, np.inf], [-6.0, -6.0]], np.float32)
    seen = np.array([[True, True], [True, False], [True, True]])
    total = np.stack([np.where(seen, beds, 0.0).sum(axis=0), seen.sum(axis=0) * 0.5, seen.sum(axis=0) * 0.25])
    lowest, looks = np.where(seen, beds, np.inf).min(axis=0), seen.sum(axis=0).astype(np.float32)
    found = mean_answer(total[:, None].astype(np.float32), lowest[None], looks[None])
    assert found[0, 0].tolist() == [4.5, -1.0]
    assert found[1, 0].tolist() == [0.5, 0.5]


def test_what_no_look_shows_has_no_answer() -> None:
    none = np.zeros((1, 2), np.float32)
    assert np.isnan(mean_answer(np.zeros((3, 1, 2), np.float32), none + np.inf, none)).all()
