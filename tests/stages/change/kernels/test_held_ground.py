"""Wide ground of which all pairs to the last are sure is not bounded by what the network doubts."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.arrays import Bools, Bytes, Singles
from changedet.stages.change.kernels.held_ground import HELD, LEAST_ODDS, held_ground
from changedet.stages.change.kernels.wide_ground import EVEN, STEP, wide_halo_px

GSD_M = 1.0
HALO = wide_halo_px(GSD_M)
SURE, NO, GONE = HELD + 0.02, 0.5, np.nan


def _scores(says: tuple[float, ...], side_m: int = 30) -> list[Singles]:
    """A square of ground, sure or not by look, in the middle of 40 m that are not changed."""
    scores = []
    for score in says:
        image = np.full((40 + 2 * HALO,) * 2, 0.01, np.float32)
        low = HALO + 20 - side_m // 2
        image[low : low + side_m, low : low + side_m] = score
        scores.append(image)
    return scores


def _steps(scores: list[Singles], odds: float = -0.5) -> list[Bytes]:
    return [np.full(score.shape, EVEN + round(odds * STEP), np.uint8) for score in scores]


def _held(says: tuple[float, ...], odds: float = -0.5, side_m: int = 30, nir: bool = True) -> Bools:
    scores = _scores(says, side_m)
    return held_ground(scores, _steps(scores, odds), [nir] * len(says), GSD_M)


@pytest.mark.parametrize(
    ("says", "held"),
    [
        ((SURE, SURE, SURE), (1, 1, 1)),
        ((SURE, SURE), (0, 0)),
        ((NO, SURE, SURE), (0, 0, 0)),
        ((SURE, SURE, SURE, NO), (0, 0, 0, 0)),
        ((SURE, NO, SURE, SURE, SURE), (0, 0, 1, 1, 1)),
        ((SURE, GONE, SURE, SURE), (1, 0, 1, 1)),
    ],
)
def test_all_looks_to_the_last_are_sure(says: tuple[float, ...], held: tuple[int, ...]) -> None:
    assert _held(says)[:, 20, 20].astype(int).tolist() == list(held)


def test_all_of_the_ground_is_held_and_nothing_beside_it() -> None:
    held = _held((SURE, SURE, SURE))
    assert held[0, 5:35, 5:35].mean() > 0.98
    assert held[0].sum() == held[0, 5:35, 5:35].sum()


def test_what_is_narrow_is_not_held() -> None:
    assert not _held((SURE, SURE, SURE), side_m=6).any()


def test_where_the_network_is_sure_that_nothing_changed_it_bounds() -> None:
    assert not _held((SURE, SURE, SURE), odds=LEAST_ODDS - 0.5).any()


def test_in_colours_alone_nothing_is_held() -> None:
    assert not _held((SURE, SURE, SURE), nir=False).any()
    scores = _scores((SURE, NO, SURE, SURE))
    # A look without near infrared neither counts nor breaks the row.
    held = held_ground(scores, _steps(scores), [True, False, True, True], GSD_M)
    assert held[:, 20, 20].tolist() == [True, False, True, True]


def test_a_pixel_is_held_alike_in_any_block() -> None:
    rng = np.random.default_rng(5)
    scores = [np.where(rng.random((60 + 2 * HALO,) * 2) < 0.9, SURE, NO).astype(np.float32) for _ in range(3)]
    steps = [rng.integers(90, 140, score.shape).astype(np.uint8) for score in scores]
    scores[1][HALO + 10 : HALO + 40, HALO + 15 : HALO + 30] = NO
    whole = held_ground(scores, steps, [True] * 3, GSD_M)
    cut = slice(20, 50 + 2 * HALO)
    part = held_ground([s[cut, cut] for s in scores], [s[cut, cut] for s in steps], [True] * 3, GSD_M)
    assert whole.any()
    assert not whole.all()
    assert np.array_equal(part, whole[:, 20:50, 20:50])
