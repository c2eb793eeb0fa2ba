"""Looks of another place, and what is told of them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from small_scenes import blocks_and_grain, write_scene, write_workflow

from changedet.pipeline.other_ground import foreign_looks, other_ground_json, reference_is_odd, without_claims
from changedet.pipeline.run import run
from changedet.stages.series.estimates import Estimate
from changedet.stages.series.table import DateMeasurements

DAYS = [dt.date(2023, month, 1) for month in range(1, 6)]


def models(odd: tuple[int, ...], count: int = 5) -> dict[dt.date, Any]:
    """Of five dates, of which these do not show the reference's ground."""
    return {
        day: SimpleNamespace(alignment=SimpleNamespace(elsewhere=k in odd, reason="not moved"))
        for k, day in enumerate(DAYS[:count])
    }


@pytest.mark.parametrize(
    ("odd", "count", "is_odd", "left_out"),
    [
        ((), 5, False, []),
        ((2,), 5, False, [2]),
        ((1, 4), 5, False, [1, 4]),
        ((1, 2, 3), 5, True, []),
        ((1,), 2, True, []),
    ],
)
def test_the_reference_is_the_odd_one_where_most_others_are(
    odd: tuple[int, ...], count: int, is_odd: bool, left_out: list[int]
) -> None:
    known = models(odd, count)
    assert reference_is_odd(known) == is_odd
    plan = SimpleNamespace(looks=[SimpleNamespace(date=day) for day in known])
    assert foreign_looks(plan, known) == {  # type: ignore[arg-type]
        k: f"{DAYS[k]} is left out: not moved" for k in left_out
    }
    assert other_ground_json(DAYS[0] if is_odd else None) == ({"other_ground": str(DAYS[0])} if is_odd else {})


def test_nothing_is_counted_or_built_on_an_odd_reference_and_all_that_is_seen_may_differ_from_it() -> None:
    area = Estimate(700.0, 500.0, 1900.0)
    looks = [DateMeasurements(day, changed_area_m2={"": area}, footprint_m2={"": area}) for day in DAYS]
    found = without_claims(looks, DAYS[0], {day: {"": (700.0, 40_000.0)} for day in DAYS[1:]})
    assert found[0].is_refused
    assert found[0].footprint_m2 == {}
    assert all(one.changed_area_m2 == {"": Estimate(700.0, 0.0, 40_000.0)} for one in found[1:])
    assert [one.footprint_m2 for one in found[1:]] == [look.footprint_m2 for look in looks[1:]]


def test_a_look_at_another_place_is_left_out_and_named(tmp_path: Path) -> None:
    here, there = (np.tile(blocks_and_grain(seed, 384, 4), (1, 2, 2))[:, :400, :400] for seed in (4, 9))
    days = tuple(f"2023-0{month}-01" for month in (1, 2, 3, 4))
    for day in days:
        write_scene(tmp_path / f"{day}.tif", there if day == days[2] else here, resolution_m=0.5)
    workflow = write_workflow(tmp_path, days, objects={"method": "none"}, outputs={"formats": ["tables", "masks"]})
    done = run(workflow, out=str(tmp_path / "out"))
    assert [str(day.date()) for day in done.series["date"]] == [days[0], days[1], days[3]]
    assert any(
        f"{days[2]} is left out" in line and "check that it is of this place" in line
        for line in done.summary["warnings"]
    )
    assert not done.series["changed_area_m2"].fillna(0).any()
