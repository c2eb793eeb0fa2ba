"""Places of halls: each once, over looks that draw it, parted along edges; what was not seen says nothing."""

from __future__ import annotations

import numpy as np

from changedet.pipeline.things.kernels.hall_outlines import LIMIT, Drawn, packed, places, unpacked

SHAPE = (80, 120)
ALL = np.ones(SHAPE, bool)


def look(*halls: tuple[int, int, int, int], edges: tuple[tuple[int, int, int, int], ...] = ()) -> np.ndarray:
    """Log odds of a look with halls at (top, bottom, left, right)."""
    odds = np.full((2, *SHAPE), -3.0, np.float32)
    for top, bottom, left, right in halls:
        odds[0, top:bottom, left:right] = 3.0
    for top, bottom, left, right in edges:
        odds[1, top:bottom, left:right] = 3.0
    return odds


def found(*looks: np.ndarray) -> list[Drawn]:
    return places([(packed(odds), ALL) for odds in looks])


def test_packed_odds_come_back_to_a_twenty_fifth() -> None:
    odds = np.random.default_rng(1).uniform(-9, 9, (2, 5, 5)).astype(np.float32)
    stored = packed(odds)
    assert np.abs(unpacked(stored) - np.clip(odds, -LIMIT, LIMIT)).max() <= 0.0201


def test_a_hall_on_three_looks_is_one_place() -> None:
    hall = (20, 50, 30, 70)
    (one,) = found(look(hall), look((21, 50, 30, 70)), look(hall))
    assert one.drawn_on == 3
    assert abs(one.area_m2 - 30 * 40 * 0.75**2) < 30
    assert one.fill > 0.9
    assert np.allclose(one.core, 3, atol=0.05)
    assert np.allclose(one.rim, -3, atol=0.05)


def test_an_edge_parts_halls_that_touch() -> None:
    both = look((20, 50, 30, 90), edges=((20, 50, 58, 62),))
    assert len(found(both)) == 2
    assert len(found(look((20, 50, 30, 90)))) == 1


def test_small_parts_are_none() -> None:
    assert found(look((20, 26, 30, 36))) == []


def test_a_hall_that_comes_is_there_on_the_looks_that_show_it() -> None:
    (one,) = found(look(), look((20, 50, 30, 70)))
    assert one.core[0] < 0 < one.core[1]


def test_a_look_that_does_not_show_it_says_nothing() -> None:
    hidden = ALL.copy()
    hidden[:, 30:60] = False
    hall = look((20, 50, 30, 70))
    (one,) = places([(packed(hall), ALL), (packed(hall), hidden)])
    assert np.isfinite(one.core).tolist() == [True, False]


def test_no_looks_no_places() -> None:
    assert places([]) == []
