"""Variants of a run: what is carried out, kept, taken up again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from small_scenes import ground, grown_over, write_scene, write_workflow

from changedet.errors import InputError
from changedet.pipeline.robust import kept_variants, run_robust
from changedet.pipeline.run import carry_out
from changedet.plan import Plan, make_plan

DATES = ("2023-01-01", "2023-02-01", "2023-03-01")
NAMES = [
    "before 2023-02-01", "before 2023-03-01",
    "without 2023-01-01", "without 2023-02-01", "without 2023-03-01",
]  # fmt: skip


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three dates of ground; a square of it changes on the third."""
    folder = tmp_path_factory.mktemp("series")
    for k, date in enumerate(DATES):
        image = grown_over(ground(200, 240), 160)
        image[:, 40:80, 40:80] = 5200 - 200 * k if k == 2 else image[:, 40:80, 40:80]
        write_scene(folder / f"{date}.tif", image)
    return folder


def rasters(folder: Path) -> dict[str, bytes]:
    found = [*folder.glob("*/*.tif"), *folder.rglob("*.gtif")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_a_robust_run_keeps_its_own_results_and_the_figures_of_all_variants(series: Path) -> None:
    plan = make_plan(write_workflow(series, DATES, "robust", mask="none"), out=str(series / "out"))
    plain = carry_out(plan)
    assert plain.summary["robust"] is None
    before = rasters(plain.path)
    found = carry_out(plan, robust=True)
    assert found.summary["robust"]["variants"] == NAMES
    assert found.summary["robust"]["failed"] == {}
    assert rasters(found.path) == before
    assert not (found.path / ".changedet" / "robust").exists()
    said: list[str] = []
    again = carry_out(plan, robust=True, progress=lambda what, *_: said.append(what))
    assert said == []
    assert again.summary == found.summary == carry_out(plan).summary


def fake(made: list[str], fails: str = "") -> Any:
    def compute(plan: Plan) -> dict[str, Any]:
        made.append(f"{plan.looks[plan.reference].date} {len(plan.looks)}")
        if len(made) == 2 and fails == "killed":
            raise KeyboardInterrupt
        if fails == "refused":
            raise InputError("the reference shows nothing")
        return {"totals": {}, "onset": {}, "claims": []}

    return compute


def test_variants_are_taken_up_after_an_interruption_and_a_refused_one_is_named(series: Path) -> None:
    plan = make_plan(write_workflow(series, DATES, "killed", mask="none"), out=str(series / "out"))
    carry_out(plan)
    made: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        run_robust(plan, fake(made, "killed"))
    assert kept_variants(plan) is None
    made.clear()
    run_robust(plan, fake(made))
    assert made == ["2023-03-01 3", "2023-02-01 2", "2023-01-01 2", "2023-01-01 2"]
    assert [one["name"] for one in kept_variants(plan) or ()] == NAMES
    other = make_plan(write_workflow(series, DATES[:2], "killed", mask="none"), out=str(series / "out"))
    assert kept_variants(other) is None
    run_robust(other, fake([], "refused"))
    assert [one.get("error") for one in kept_variants(other) or ()] == ["the reference shows nothing"]
