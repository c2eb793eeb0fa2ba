"""Dates that waiting threads begin while the reference is measured: the same statistics, each scene read once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from small_runs import DATES
from small_scenes import write_workflow

from changedet.blocks import Pools
from changedet.grid import Grid
from changedet.imagery.look import Look
from changedet.imagery.on_grid import Read
from changedet.pipeline.measure_dates import measure_dates
from changedet.pipeline.scheduling import Session
from changedet.plan import make_plan


def _measured(folder: Path, out: Path, workers: int) -> dict[str, str]:
    plan = make_plan(write_workflow(folder, DATES), out=str(out))
    plan.folder.path.mkdir(parents=True)
    with Pools(workers) as pools:
        measure_dates(Session(plan, pools))
    return {look.date.isoformat(): plan.folder.model(look.date).read_text() for look in plan.looks}


@pytest.fixture(scope="module")
def alone(narrow_scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """By one thread."""
    return _measured(narrow_scenes, tmp_path_factory.mktemp("alone"), 1)


@pytest.mark.parametrize("workers", [2, 3, 7])
def test_measure_dates_gives_the_same_with_any_threads(
    narrow_scenes: Path, alone: dict[str, str], tmp_path: Path, workers: int
) -> None:
    assert len(alone) == len(DATES)
    assert _measured(narrow_scenes, tmp_path / "shared", workers) == alone


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_measure_dates_reads_each_overview_once(
    scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    read: list[str] = []
    overview = Look.overview

    def _noted(look: Look, grid: Grid, factor: int, roles: Sequence[str]) -> Read:
        read.append(str(look.date))
        return overview(look, grid, factor, roles)

    monkeypatch.setattr(Look, "overview", _noted)
    _measured(scenes, tmp_path / "out", workers)
    assert sorted(read) == list(DATES)
