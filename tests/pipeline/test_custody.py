"""The custody log: lines are added, chained and never altered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_scenes import series, write_workflow

from changedet.pipeline.custody import broken_line, log_inputs
from changedet.pipeline.inputs import take_in
from changedet.plan import Plan, make_plan

DATES = ("2023-01-01", "2023-03-01")


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    series(tmp_path, 64, 64, DATES)
    plan = make_plan(write_workflow(tmp_path, DATES))
    plan.folder.state.mkdir(parents=True)
    return plan


def test_log_inputs_adds_what_is_new_and_nothing_else(plan: Plan) -> None:
    _, inputs = take_in(plan)
    path = plan.folder.state / "custody.jsonl"
    log_inputs(plan, inputs.sums)
    first = path.read_bytes()
    log_inputs(plan, inputs.sums)
    assert path.read_bytes() == first
    log_inputs(plan, dict.fromkeys(inputs.sums, "0" * 64))
    assert path.read_bytes().startswith(first)
    rows = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert [row["what"] for row in rows] == ["workflow", "scene", "scene", "scene", "scene"]
    assert all("/" not in row["file"] for row in rows)
    assert broken_line(path.read_bytes()) is None


def test_log_outlives_a_fresh_start(plan: Plan) -> None:
    _, inputs = take_in(plan)
    log_inputs(plan, inputs.sums)
    plan.folder.clear()
    assert [path.name for path in plan.folder.state.iterdir()] == ["custody.jsonl"]


@pytest.mark.parametrize("altered", [0, 1, 2])
def test_broken_line_finds_what_was_taken_out_put_in_or_changed(plan: Plan, altered: int) -> None:
    _, inputs = take_in(plan)
    log_inputs(plan, inputs.sums)
    lines = (plan.folder.state / "custody.jsonl").read_bytes().splitlines()
    removed = b"\n".join([*lines[:altered], *lines[altered + 1 :]])
    assert broken_line(removed) == (altered + 1 if altered < 2 else None)
    changed = [line.replace(b'"changedet"', b'"Changedet"') if k == altered else line for k, line in enumerate(lines)]
    assert broken_line(b"\n".join(changed)) == (altered + 2 if altered < 2 else None)
    assert broken_line(b"\n".join([*lines[:altered], b"{}", *lines[altered:]])) == altered + 1
