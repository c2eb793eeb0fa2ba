"""In how many variants a claim holds, from made-up summaries."""

from __future__ import annotations

from typing import Any

from changedet.pipeline.robust_ranges import robustness, with_robustness


def variant(name: str, left_out: str | None, claims: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    before = name.removeprefix("before ") if name.startswith("before") else "2023-01-01"
    return {"name": name, "before": before, "left_out": left_out, "claims": claims, **more}


def record(date: str, value: float) -> dict[str, Any]:
    return {"kind": "record", "about": "containers", "zone": "", "date": date, "value": value}


def test_a_claim_is_held_against_the_runs_that_have_its_date() -> None:
    own = record("2023-03-01", 90)
    variants = [
        variant("before 2023-02-01", None, [record("2023-03-01", 94)]),
        variant("without 2023-02-01", "2023-02-01", [record("2023-04-01", 70)]),
        variant("without 2023-03-01", "2023-03-01", []),
        {"name": "before 2023-04-01", "before": "2023-04-01", "left_out": None, "error": "shows nothing"},
    ]
    (found,) = with_robustness([own], variants)
    assert found == {**own, "robust": {"held": 1, "of": 2, "least": 94, "most": 94}}
    assert with_robustness([own], None) == [{**own, "robust": None}]


def summary(onset: str | None, low: str = "", last: float = 50) -> dict[str, Any]:
    one = {"date": onset, "low": low or None, "high": onset}
    figure = {"value": last, "date": "2023-04-01"}
    return {"onset": {"containers": one, "changed_area": one}, "totals": {"containers": {"last": figure}}}


def test_onsets_agree_where_their_bounds_overlap_and_later_references_are_no_witness_of_change() -> None:
    variants = [
        variant("before 2023-04-01", None, [], **summary("2023-03-01", "2023-02-02", 60)),
        variant("without 2023-03-01", "2023-03-01", [], **summary("2023-04-01", "2023-02-02")),
        variant("without 2023-02-01", "2023-02-01", [], **summary("2023-02-01", "2023-01-02", 45)),
        variant("without 2023-04-01", "2023-04-01", [], **summary(None)),
    ]
    found: Any = robustness(summary("2023-03-01", "2023-02-02"), variants)
    assert found["onset"]["containers"] == {"held": 2, "of": 4, "low": "2023-01-02", "high": "2023-04-01"}
    assert found["onset"]["changed_area"]["of"] == 3
    assert found["totals"]["containers"]["last"] == {"least": 45, "most": 60}
    quiet: Any = robustness(summary(None), variants)
    assert quiet["onset"]["containers"]["held"] == 1
    assert (found["variants"], found["failed"]) == ([one["name"] for one in variants], {})
