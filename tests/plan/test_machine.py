"""What a run takes of the machine on its own accord, alone and beside others."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from small_runs import DATES
from small_scenes import write_workflow

from changedet.plan import Share, available_bytes, machine, make_plan, share_of, without


@pytest.mark.parametrize(("runs", "cores"), [(1, 6), (2, 3), (4, 1), (9, 1)])
def test_share_of_divides_cores_and_half_the_free_memory(
    runs: int, cores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "cores", lambda: 6)
    monkeypatch.setattr(machine, "available_bytes", lambda: 72_000)
    assert share_of(runs) == Share(cores, 36_000 // runs)


def test_make_plan_keeps_to_its_share_where_the_workflow_says_auto(scenes: Path) -> None:
    share = Share(3, 5_000_000_000)
    plan = make_plan(write_workflow(scenes, DATES), share=share)
    assert plan.workers == 3
    assert without(plan, [2], []).workers == 3
    assert pickle.loads(pickle.dumps(plan)).share == share
    assert make_plan(write_workflow(scenes, DATES), share=Share(3, 1)).workers == 1
    own = write_workflow(scenes, DATES, compute={"workers": 2, "memory": "4GB"})
    assert make_plan(own, share=Share(3, 1)).workers == 2


def test_available_bytes_is_no_more_than_a_limit_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    free = available_bytes()
    assert free > 0
    monkeypatch.setattr(machine, "left_by_limits", lambda *_: [free // 4, free // 3])
    assert available_bytes() == free // 4
