"""The placebo of a run, from its single looks and its pairs."""

from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path

import numpy as np
import pytest
import rasterio
from golden.sites import golden_run
from small_runs import call
from small_scenes import changing_series, write_workflow

from changedet.pipeline import placebo
from changedet.pipeline.finished import open_run
from changedet.pipeline.kernels.single_looks import single_look_counts
from changedet.pipeline.placebo import Placebo
from changedet.pipeline.run import carry_out
from changedet.plan import make_plan
from changedet.stages.change.method import false_share

DATES = ("2023-01-01", "2023-02-01", "2023-03-01", "2023-04-01", "2023-05-01")


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    return changing_series(tmp_path_factory.mktemp("series"), DATES)


def workflow(folder, name="site", **more):
    return write_workflow(folder, DATES, name, **{"mask": "none", **more})


def test_the_placebo_is_what_single_looks_and_pairs_mark_where_nothing_happened(series: Path):
    plan = make_plan(workflow(series, "placebo"), out=str(series / "out"))
    first = carry_out(plan).summary["placebo"]
    # the bad look lies between two unchanged ones, a fortieth of the rest; the last date has none after it
    size = (300 * 340 - 2 * 1600) * 3 + 3 * 1600
    assert first["single_looks"] == pytest.approx(1600 / size, rel=0.15)
    assert first["pairs"] == []
    assert first["share"] == first["single_looks"]
    assert first["bound"] == max(first["share"], 0.037)
    assert first["false_area_m2"][DATES[1]] == pytest.approx(first["share"] * 300 * 340 * 100, rel=0.02)
    again = carry_out(plan, placebo=True).summary["placebo"]
    assert again["single_looks"] == first["single_looks"]
    assert [(pair["from"], pair["to"]) for pair in again["pairs"]] == list(itertools.pairwise(DATES[1:]))
    # the bad look shows in the pair that it is part of, and the fresh change, which the masks know, in none
    assert again["pairs"][0]["share"] == pytest.approx(1600 / (300 * 340 - 1600), rel=0.15)
    assert again["pairs"][1]["share"] == again["pairs"][2]["share"] == 0
    kept = carry_out(plan).summary["placebo"]
    assert kept == again
    said: list[str] = []
    assert carry_out(plan, placebo=True, progress=lambda what, *_: said.append(what)).summary["placebo"] == again
    assert said == []


def test_a_pair_of_dates_has_no_placebo_of_its_own(series: Path):
    path = write_workflow(series, DATES[:2], "pair", mask="none")
    done = call("run", path, "--out", series / "out", "--placebo")
    assert done.returncode == 0, done.stderr
    assert "placebo: 3.70% of what is seen may be marked where nothing happened" in done.stdout
    assert "as on simulated sites" in done.stdout
    assert open_run(series / "out" / "pair").summary["placebo"]["single_looks"] is None


def test_no_more_is_marked_falsely_than_is_marked() -> None:
    days = dt.date(2023, 1, 1), dt.date(2023, 2, 1)
    found = Placebo(0.09, 0.09, "as on simulated sites").to_json({days[0]: (500.0, 1e4), days[1]: (3000.0, 1e4)})
    assert found["false_area_m2"] == {"2023-01-01": 500.0, "2023-02-01": 900.0}


@pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")
def test_masks_that_leave_movers_out_have_a_placebo_of_their_own(tmp_path_factory, monkeypatch):
    """What single comparisons mark there, as vehicles and shade, is not in the masks."""
    path, site = golden_run("trains", tmp_path_factory)
    plan = make_plan(next(site.glob("*.yaml")), out=str(path.parent))
    assert plan.leaves_movers_out
    found = open_run(path).summary["placebo"]
    states = np.stack([read_mask(plan, look.date) for look in plan.looks[1:]])
    states = np.insert(states, 0, 0, axis=0)
    quiet, marked = single_look_counts(states, states)
    assert found["single_looks"] == pytest.approx(marked / quiet)
    assert found["bound"] == max(found["share"], false_share(plan.choices["change"].method, plan.facts))
    # two looks know nothing of movers: what they mark bounds nothing
    monkeypatch.setattr(placebo, "_kept_pairs", lambda plan: [(plan.looks[1].date, plan.looks[2].date, 0.5)])
    again = placebo.placebo(plan, 0.004)
    assert again.pairs[0][2] == 0.5
    assert again.share == found["single_looks"]


def read_mask(plan, day) -> np.ndarray:
    with rasterio.open(plan.folder.mask_file(day, plan.formats)) as source:
        return source.read(1)
