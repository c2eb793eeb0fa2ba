"""What a workflow asks of a stage, and the method that it gets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from workflow_cases import GOOD, REGISTRY, load, problems

from changedet.errors import InputError
from changedet.stages.registry import Choice, Facts
from changedet.workflow import (
    STAGE_NAMES,
    load_workflow,
    resolve_stage,
)


def test_read_stage_takes_shorthand_and_sections_without_content(folder: Path) -> None:
    workflow = load(GOOD + "change: irmad\nobjects: none\ntracks:\ngrid:\nread:\noutputs:\ncompute:\nbands:\n")
    assert workflow.stages["change"].method == "irmad"
    assert workflow.stages["change"].line == 4
    assert workflow.stages["objects"].method == "none"
    assert workflow.stages["tracks"].method == "auto"
    assert workflow.bands is None


def test_read_stage_refuses_a_neighbourhood_beyond_all_memory(folder: Path) -> None:
    (found,) = problems(GOOD + "change: {method: irmad, window_px: 1000000}\n")
    assert found.startswith("w.yaml:4: change.window_px: got '1000000', expected")


@pytest.mark.parametrize("metres", ["1.0e+308", "100001"])
def test_read_stage_refuses_metres_beyond_all_maps(folder: Path, metres: str) -> None:
    Path("w.yaml").write_text(GOOD + f"mask: {{method: spectral, overview_resolution_m: {metres}}}\n")
    with pytest.raises(InputError) as caught:
        load_workflow("w.yaml")
    expected = f"got '{metres}', expected a number from 0 to 100000 (m)"
    assert str(caught.value) == f"w.yaml:4: mask.overview_resolution_m: {expected}"


def test_read_stage_refuses_factors_that_leave_no_number(folder: Path) -> None:
    for key in ("count_scale", "count_half_width"):
        Path("w.yaml").write_text(GOOD + f"tracks: {{method: hmm, {key}: 1.0e+308}}\n")
        with pytest.raises(InputError, match=rf"tracks\.{key}: got '1.0e\+308', expected .*at most 1e\+06"):
            load_workflow("w.yaml")


def test_resolve_stage_fills_in_defaults(folder: Path) -> None:
    choice = resolve_stage(load(GOOD + "change: {method: cva, min_area_m2: 5}\n"), "change", Facts(10.0), REGISTRY)
    assert choice == Choice("cva", {"min_area_m2": 5.0, "threshold": "otsu"}, "named in the workflow")


def test_resolve_stage_keeps_parameters_given_beside_auto(folder: Path) -> None:
    workflow = load(GOOD + "change: {min_area_m2: 7}\n")
    three = resolve_stage(workflow, "change", Facts(10.0, roles=("red", "green", "nir")), REGISTRY)
    assert (three.method, three.reason, three.parameters["min_area_m2"]) == ("irmad", "3 bands", 7)
    assert resolve_stage(load(GOOD), "change", Facts(10.0), REGISTRY).parameters["min_area_m2"] == 30


def test_resolve_stage_names_the_line_of_a_parameter_that_the_chosen_method_lacks(folder: Path) -> None:
    workflow = load(GOOD + "change:\n  min_area_m2: 7\n  window_px: 5\n")
    with pytest.raises(InputError) as caught:
        resolve_stage(workflow, "change", Facts(10.0, roles=("red",)), REGISTRY)
    assert str(caught.value) == (
        "w.yaml:6: change.window_px: auto chose 'cva' (1 bands), which has no such parameter; "
        "name the method or leave it out"
    )


def test_resolve_stage_of_a_stage_switched_off(folder: Path) -> None:
    assert resolve_stage(load(GOOD + "change: none\n"), "change", Facts(10.0), REGISTRY).method == "none"


@pytest.mark.parametrize("roles", [("red",), ("red", "green", "blue", "nir"), ("vv", "vh")])
@pytest.mark.parametrize("resolution", [0.3, 1.0, 30.0])
def test_resolve_stage_finds_a_method_by_auto_in_every_stage(
    folder: Path, roles: tuple[str, ...], resolution: float
) -> None:
    Path("w.yaml").write_text(GOOD)
    workflow = load_workflow("w.yaml")
    for name in STAGE_NAMES:
        choice = resolve_stage(workflow, name, Facts(resolution, roles=roles))
        assert choice.reason
        json.dumps(dict(choice.parameters), allow_nan=False)
