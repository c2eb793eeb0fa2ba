"""Probabilities by a site's seasons, of signs that are given."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from changedet.blocks import Window
from changedet.pipeline import season_scores
from changedet.pipeline.faint_change import SEASON_FAINT
from changedet.pipeline.series_job import SeriesJob
from changedet.stages.change.kernels.compact_marks import compact_halo_px
from changedet.stages.change.kernels.season_colours import SOIL

SIDE, HALO, ABOVE = 20, compact_halo_px(1), 0.5
WINDOW = Window(100, 100, SIDE, SIDE)
PLACE = (slice(6, 12), slice(6, 12))
JOB = cast("Any", SimpleNamespace(seasons=SimpleNamespace(reach_px=1)))


def probabilities(
    monkeypatch: pytest.MonkeyPatch, odds: tuple[float, ...], may_differ: bool = False, seen: bool = True
) -> np.ndarray:
    """Of a place on dates with such log odds; around it the log odds are -5."""
    signs = np.full((len(odds), SIDE + 2 * HALO, SIDE + 2 * HALO), -5.0, np.float32)
    differs = np.zeros(signs.shape, np.bool_)
    inner = signs[:, HALO:-HALO, HALO:-HALO], differs[:, HALO:-HALO, HALO:-HALO]
    inner[0][:, *PLACE] = np.array(odds)[:, None, None] if seen else np.nan
    inner[1][:, *PLACE] = may_differ

    def given(_job: object, window: Window) -> object:
        assert window == WINDOW.grown(HALO)
        return season_scores._Signs(signs, differs)

    monkeypatch.setattr(season_scores, "_signs", given)
    found = season_scores.season_probabilities(JOB, WINDOW, ABOVE)
    assert found.shape == (len(odds), SIDE, SIDE)
    outside = found.copy()
    outside[:, *PLACE] = 0
    assert outside.max() < season_scores.POSSIBLE
    return np.asarray(found[:, *PLACE])


def test_ground_that_may_be_another_is_possible_and_unmarked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert probabilities(monkeypatch, (-5.0, -5.0, -5.0)).max() < 0.5 * season_scores.POSSIBLE
    assert_array_equal(probabilities(monkeypatch, (-5.0, -5.0, -5.0), True), np.float32(season_scores.POSSIBLE))
    assert season_scores.POSSIBLE < ABOVE
    assert probabilities(monkeypatch, (-5.0, 6.0, 6.0), True)[1:].min() > 0.8
    assert np.isnan(probabilities(monkeypatch, (-5.0, -5.0), seen=False)).all()


def test_a_change_is_told_by_its_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    first = probabilities(monkeypatch, (-5.0, -5.0, 2.0))[2].max()
    second = probabilities(monkeypatch, (-5.0, -5.0, 2.0, 2.0))[2].min()
    assert first < ABOVE < second


def test_a_field_that_lies_bare_at_the_end_hints_at_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    # colours of fields, and each look makes it a little less likely that it is one
    told = probabilities(monkeypatch, (-3.0, -3.0, float(np.log(SOIL)), -0.4, -0.3))[-1].max()
    assert 0.1 < told < SEASON_FAINT < season_scores.POSSIBLE


def test_light_is_learnt_of_ground_without_plants_and_of_what_of_it_is_dry(monkeypatch: pytest.MonkeyPatch) -> None:
    states = np.broadcast_to(np.array([0.1, 0.3, 7.0], np.float32)[:, None, None], (4, 3, SIDE, SIDE)).copy()
    states[:, 0, :5], states[:, 0, 5:10] = 0.7, -0.2
    monkeypatch.setattr(season_scores, "states_of_dates", lambda _job, _window: states)
    told = season_scores._differences(JOB, WINDOW)
    bare, dry = (one[0, 0].sum() for one in told)
    assert (bare, dry) == (15 * SIDE, 10 * SIDE)


def test_land_and_water_have_their_own_light(monkeypatch: pytest.MonkeyPatch) -> None:
    states = np.broadcast_to(np.array([0.1, 0.3, 7.0], np.float32)[:, None, None], (3, 3, SIDE, SIDE)).copy()
    states[:, 0, 5:] = -0.3
    states[1, 1:, 5:] += 0.5
    monkeypatch.setattr(season_scores, "states_of_dates", lambda _job, _window: states.copy())
    grid = cast("Any", SimpleNamespace(ground_resolution_m=10.0))
    job = SeriesJob(grid, (), (), (), (), probabilities=False, weights=(), nir=(), days=(30, 60))

    def stream(_label: str, tasks: list[Any]) -> Iterator[tuple[int, object]]:
        return ((k, task(*given)) for k, (task, given) in enumerate(tasks))

    told = season_scores.with_seasons(job, 0, 10.0, [WINDOW], cast("Any", stream)).seasons
    assert told is not None
    assert_array_equal(told.lights.land.shift, 0)
    assert told.lights.water.shift[0] == pytest.approx([0, 0.5, 0.5], abs=0.011)
