"""Rows of ships: colours along the deck, kinds, errors."""

from __future__ import annotations

import numpy as np

from changedet.pipeline.things.kernels.vessels import Outline
from changedet.pipeline.things.ship_rows import deck_colours, kind_of, length_error_m


def test_deck_colours_run_from_one_end_to_the_other() -> None:
    light = np.zeros((3, 40, 100), np.float32)
    light[0, :, :50], light[2, :, 50:] = 1.0, 1.0
    ship = Outline(np.array([[0, 10], [100, 10], [100, 30], [0, 30]], float), 50.0, 10.0, 0.9, 0.5)
    colours = deck_colours(light, ship).split()
    assert len(colours) == 5
    assert (colours[0], colours[-1]) == ("#ff0000", "#0000ff")


def test_kinds_and_errors() -> None:
    corners = np.zeros((4, 2))
    assert kind_of(Outline(corners, 20.0, 5.0, 0.9, 0.5)) == "boat"
    assert kind_of(Outline(corners, 80.0, 15.0, 0.9, 0.5)) == "ship"
    assert kind_of(Outline(corners, 80.0, 15.0, 0.9, 0.1)) == "barge"
    alone, cut = (Outline(corners, 80.0, 15.0, 0.9, 0.1, is_cut) for is_cut in (False, True))
    assert 2.0 < length_error_m(alone, 0.5) < length_error_m(cut, 0.5)
