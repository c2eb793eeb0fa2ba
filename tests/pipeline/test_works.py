"""Works: what is one and what is none, and the floor within it."""

from __future__ import annotations

import numpy as np
import pytest
from shapely import box
from shapely.geometry.base import BaseGeometry

from changedet.pipeline.kernels import work_states
from changedet.pipeline.thing_states import Thing
from changedet.pipeline.works import core, is_work

FLOOR = box(500_020, 3_999_940, 500_040, 3_999_960)


def thing(
    shape: BaseGeometry = FLOOR, state: int = 0, roof: float = 0.0, share: float = 0.0, kind: str = "earth"
) -> Thing:
    likelihood = np.full((2, work_states.STATES), 0.01)
    likelihood[:, state] = 1
    return Thing(shape, 1, work_states.read(likelihood), np.ones(2, bool), np.full(2, share), roof, kind)


def test_buildings_stacks_and_roads_are_no_works() -> None:
    assert is_work(thing())
    assert not is_work(thing(state=work_states.ROOFED, roof=1.0))
    assert is_work(thing(state=work_states.ROOFED, roof=0.3))
    assert not is_work(thing(share=0.7))
    assert not is_work(thing(box(0, 0, 60, 6)))
    assert is_work(thing(box(0, 0, 60, 6), kind="bank"))


def test_the_core_is_what_lies_within_the_banks() -> None:
    assert core(FLOOR).area == pytest.approx(14 * 14)
    assert core(box(0, 0, 100, 1)).area == 100
