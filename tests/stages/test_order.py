"""The table of stages: complete, and in the order of the data."""

from __future__ import annotations

from changedet.stages.order import STAGES
from changedet.workflow import STAGE_NAMES
from changedet.workflow.stage_requests import stages


def test_stages_are_those_of_a_workflow_in_data_order():
    assert tuple(STAGES) == STAGE_NAMES
    assert all(stage.name == name and stage.methods for name, stage in STAGES.items())
    assert stages() is STAGES
