"""Places that one box fills again."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.tracks.kernels.returns import AGAIN, refill_shares
from changedet.stages.tracks.kernels.stretches import Surfaces


def _rows(rgb: list[list[int]], date: list[int], usable: list[bool] | None = None) -> Surfaces:
    n = len(date)
    none, sure = np.zeros(n, bool), np.ones(n, bool) if usable is None else np.array(usable)
    known, away = np.full(n, np.nan), np.zeros((n, 2))
    return Surfaces(np.array(date), np.array(rgb, float), sure, none, none, none, known, away, away)


RED, DULL_RED, BLUE = [170, 60, 50], [158, 58, 50], [50, 80, 160]


@pytest.mark.parametrize(
    ("colours", "dates", "share"),
    [
        ([RED, DULL_RED, RED], [0, 4, 8], AGAIN),
        ([RED, BLUE, RED], [0, 4, 8], 1.0),
        ([RED, RED, RED], [0, 1, 2], 1.0),
        ([RED, BLUE, DULL_RED, RED], [0, 1, 4, 8], 1.0),
        ([RED, BLUE, BLUE, DULL_RED, RED, RED], [0, 1, 4, 5, 8, 11], AGAIN),
    ],
)
def test_colours_before_and_after_an_empty_look_decide(colours, dates, share):
    # Boxes that stay, without which all colours of a date are its cast.
    others = np.random.default_rng(2).integers(30, 200, (20, 3)).repeat(12, axis=0).tolist()
    place = np.r_[np.zeros(len(dates), int), np.arange(1, 21).repeat(12)]
    rows = _rows([*colours, *others], [*dates, *np.tile(np.arange(12), 20).tolist()])
    assert refill_shares(rows, place, 21).tolist() == [share] + [1.0] * 20


def test_faint_looks_and_rows_without_a_place_or_colour_say_nothing():
    rows = _rows([RED, RED, RED, RED, [np.nan] * 3], [0, 4, 0, 4, 9], [True, False, True, True, True])
    assert refill_shares(rows, np.array([0, 0, -1, -1, 0]), 2).tolist() == [1.0, 1.0]
