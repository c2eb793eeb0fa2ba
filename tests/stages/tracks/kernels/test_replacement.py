"""Stretches cut where the top box was replaced."""

from __future__ import annotations

import numpy as np

from changedet.arrays import Floats, Ints
from changedet.stages.tracks.kernels.replacement import split_at_replacements
from changedet.stages.tracks.kernels.stretches import Stretches, Surfaces, single_boxes

PLACES, DATES = 60, 5


def looks(rng: np.random.Generator, snowy: int | None, replaced: int) -> tuple[Stretches, Ints, Surfaces, Floats]:
    """Boxes of many colours on five dates; the first so many are other boxes from the fourth date on."""
    boxes = rng.uniform(30, 220, (PLACES, 3))
    shown = np.repeat(boxes[:, None], DATES, 1) + rng.normal(0, 1.0, (PLACES, DATES, 3))
    shown[:replaced, 3:] = rng.uniform(30, 220, (replaced, 1, 3))
    if snowy is not None:
        cover = rng.uniform(0.3, 1.0, (PLACES, 1))
        shown[:, snowy] = (1 - cover) * shown[:, snowy] + cover * 250
    place, date = (grid.ravel() for grid in np.mgrid[:PLACES, :DATES])
    n, zero = PLACES * DATES, np.zeros((PLACES * DATES, 2))
    rows = Surfaces(date, shown.reshape(n, 3), np.ones(n, bool), np.zeros(n, bool), np.full(n, np.nan), zero, zero)
    stretches = single_boxes(np.arange(PLACES), np.zeros(PLACES, int), np.full(PLACES, DATES - 1))
    return stretches, place, rows, np.full((PLACES, DATES), 5.0)


def cuts(rng: np.random.Generator, snowy: int | None, replaced: int) -> int:
    split, _, _ = split_at_replacements(*looks(rng, snowy, replaced), 1.0, 1.0)
    return len(split.place) - PLACES


def test_boxes_of_another_colour_are_other_boxes() -> None:
    assert 10 <= cuts(np.random.default_rng(1), None, 15) <= 16
    assert cuts(np.random.default_rng(1), None, 50) >= 40


def test_snow_on_the_roofs_is_no_other_box() -> None:
    """Of a date on which hardly any box keeps its colour nothing is told; the others are compared as before."""
    assert cuts(np.random.default_rng(2), 0, 0) == 0
    assert 10 <= cuts(np.random.default_rng(2), 0, 15) <= 16
