"""Roofs that come and go between two looks."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.kernels.shown_pictures import ShownRange
from changedet.stages.change.kernels import roof_odds as kernel

LIMITS = ShownRange(10.0, 90.0, 0.0, 1.0)


def test_a_picture_is_shown_on_the_pixels_that_taught() -> None:
    """150 px of half a metre are 100 px of .75 m; what is missing is neither black nor white."""
    image = np.full((3, 150, 120), 10.0, np.float32)
    image[:, :, 60:] = np.nan
    found = kernel.roof_picture(image, LIMITS, 0.5)
    assert found.shape == (3, 100, 80)
    assert found[:, :, :39] == pytest.approx(-1.0)
    assert (found[:, :, 41:] == found[0, 0, -1]).all()
    assert -1 < found[0, 0, -1] < 0.5


def test_looks_differ_where_one_has_a_roof_in_either_order_of_time() -> None:
    """Log odds of 4 against -4 are some .96 apart; nothing is said of what is not seen."""
    bare = np.full((100, 80), -4.0, np.float32)
    built = bare.copy()
    built[40:60, 30:50] = 4.0
    seen = np.ones((150, 120), bool)
    seen[:, :60] = False
    for odds in ((bare, built), (built, bare)):
        found = kernel.roof_difference(odds, seen)
        assert found.shape == seen.shape
        assert found[75, 70] == pytest.approx(0.964, abs=0.01)
        assert found[75, 50] == 0
        assert found[10, 100] == pytest.approx(0, abs=1e-6)
    assert not kernel.roof_difference((built, built), seen).any()


def evidence_of(differs: float, network: float, size_px: int = 40) -> np.ndarray:
    """Evidence around a roof in the middle of ground on which the network sees nothing, half a metre a pixel."""
    apart, odds = np.zeros((200, 200), np.float32), np.full((200, 200), -3, np.float32)
    place = slice(100 - size_px // 2, 100 + size_px // 2)
    apart[place, place], odds[place, place] = differs, network
    return kernel.roof_evidence(apart, odds, 0.5)


def test_evidence_takes_both_networks() -> None:
    """It grows with what either says, and is 0 without one of them."""
    by_roofs = [float(evidence_of(differs, 1.0)[100, 100]) for differs in (0.0, 0.3, 0.6, 0.9)]
    assert by_roofs == sorted(by_roofs)
    assert by_roofs[0] == 0
    assert by_roofs[-1] == 1
    by_change = [float(evidence_of(0.9, network)[100, 100]) for network in (-3.0, -1.0, 1.0)]
    assert by_change == sorted(by_change)
    assert by_change[0] == 0
    assert 0 < by_change[1] < by_change[2]


def test_the_whole_roof_speaks_not_its_ridge() -> None:
    """A ridge that looks new by itself, as the sun has turned, on a hall that looks as before."""
    apart, odds = np.zeros((300, 300), np.float32), np.full((300, 300), -3, np.float32)
    apart[100:200, 100:200] = 0.9
    odds[145:155, 100:200] = 2.0
    assert not kernel.roof_evidence(apart, odds, 0.5).any()
    odds[100:200, 100:200] = 1.0
    assert kernel.roof_evidence(apart, odds, 0.5)[110:190, 110:190].min() == 1


def test_what_is_not_seen_says_nothing() -> None:
    """NaN of the network is neither for nor against, and nothing there is a roof."""
    apart, odds = np.full((200, 200), 0.9, np.float32), np.full((200, 200), 1, np.float32)
    odds[:, :90] = np.nan
    found = kernel.roof_evidence(apart, odds, 0.5)
    assert not found[:, :90].any()
    assert (found[:, 90:] == 1).all()


def test_any_block_gives_the_same_bits() -> None:
    """Where half of the square is there on each side."""
    rng = np.random.default_rng(2)
    apart, odds = rng.random((260, 240)).astype(np.float32), rng.normal(-0.5, 1, (260, 240)).astype(np.float32)
    whole, half = kernel.roof_evidence(apart, odds, 0.5), round(kernel.WHOLE_M)
    assert whole[half:-half, half:-half].max() > 0
    part = kernel.roof_evidence(apart[7:, 3:], odds[7:, 3:], 0.5)
    np.testing.assert_array_equal(part[half:-half, half:-half], whole[7 + half : -half, 3 + half : -half])


def test_a_pair_by_itself_gains_roofs_and_loses_nothing() -> None:
    """The score stays bit for bit where there is no evidence, and NaN stays NaN."""
    rng = np.random.default_rng(5)
    score, network = rng.random((90, 110), np.float32) / 10, np.full((90, 110), 0.5, np.float32)
    score[40:44] = np.nan
    evidence = np.zeros_like(score)
    evidence[30:60, 30:60] = 0.9
    found = kernel.with_roofs(score, network, evidence)
    assert np.isnan(found[40:44]).all()
    assert (found[30:40, 30:60] > 0.5).all()
    np.testing.assert_array_equal(found[evidence == 0], score[evidence == 0])


def test_a_building_is_what_there_is_more_evidence_for_than_not() -> None:
    """Half is the even chance."""
    assert kernel.is_building(np.array([0.2, 0.5, 0.51, 1.0], np.float32)).tolist() == [False, False, True, True]
