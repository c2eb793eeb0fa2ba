"""Bands on which dates are compared where some lack a band."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from small_runs import APART, DATES
from small_scenes import ground, write_scene, write_workflow

from changedet.pipeline.date_job import DateJob, job_between, job_of
from changedet.pipeline.run import run
from changedet.plan import Plan, make_plan


def test_a_date_is_compared_on_all_bands_that_it_shares_with_the_reference(some_lack_nir: Path) -> None:
    """As if there were no other dates: what these lack costs it nothing."""
    own, plain = some_lack_nir, {"mask": {"method": "nodata_only"}, "align": {"method": "none"}}
    whole = run(write_workflow(own, DATES, **plain, **APART), out=str(own / "out"))
    pair = run(write_workflow(own, (DATES[0], DATES[2]), "pair", **plain, **APART), out=str(own / "out"))
    assert whole.score(DATES[2]).values.tobytes() == pair.score(DATES[2]).values.tobytes()
    assert whole.scene(DATES[2]).values.tobytes() == pair.scene(DATES[2]).values.tobytes()
    assert (whole.mask(DATES[2]).values[160:240, 310:390] == 1).all()
    told = {entry["date"]: entry["compared_bands"] for entry in whole.provenance["inputs"]}
    colours = ["blue", "green", "red"]
    assert told == {DATES[0]: [], DATES[1]: colours, DATES[2]: [*colours, "nir"]}


@pytest.mark.usefixtures("tiles_as_asked")
def test_what_some_dates_lack_does_not_make_results_depend_on_how_they_are_cut(some_lack_nir: Path) -> None:
    own = some_lack_nir
    runs = [
        run(write_workflow(own, DATES, name, compute={"chunk": chunk}), out=str(own / "out"))
        for name, chunk in (("one", 2048), ("many", 256))
    ]
    for day in DATES[1:]:
        assert len({one.score(day).values.tobytes() for one in runs}) == 1
        assert len({one.mask(day).values.tobytes() for one in runs}) == 1


def test_dates_are_compared_with_each_other_on_the_bands_of_both(some_lack_nir: Path) -> None:
    done = run(write_workflow(some_lack_nir, DATES), out=str(some_lack_nir / "out"), placebo=True)
    (pair,) = done.summary["placebo"]["pairs"]
    assert (pair["from"], pair["to"]) == DATES[1:]
    assert pair["share"] < 0.01


def test_built_ground_is_detected_with_near_infrared_on_the_dates_that_have_it(tmp_path: Path) -> None:
    def jobs(resolution_m: float, *, lacks: bool) -> tuple[Plan, list[DateJob]]:
        for day in DATES:
            write_scene(tmp_path / f"{day}.tif", ground(40, 50), resolution_m=resolution_m)
        colours = {"blue": 1, "green": 2, "red": 3}
        bands = {day: colours if lacks and day == DATES[1] else colours | {"nir": 4} for day in DATES}
        listed = [{"date": day, "path": f"{day}.tif", "bands": bands[day]} for day in DATES]
        plan = make_plan(write_workflow(tmp_path, DATES, scenes=listed))
        return plan, [job_of(plan, i) for i in range(len(DATES))]

    plan, mixed = jobs(0.5, lacks=True)
    assert [job.ground_by_extra for job in mixed] == [True, False, True]
    used = [job.methods.footprint.fit.keywords["roles"] for job in mixed if job.methods.footprint]  # type: ignore[attr-defined]
    assert ["nir" in roles for roles in used] == [True, False, True]
    assert not job_between(plan, 0, 2).ground_by_extra
    assert [job.ground_by_extra for job in jobs(0.5, lacks=False)[1]] == [False] * 3
    assert [job.ground_by_extra for job in jobs(10.0, lacks=True)[1]] == [False] * 3, (
        "there no colours tell built ground"
    )


def test_each_date_is_read_in_its_own_units(own: Path) -> None:
    """Reflectance beside a reference of 8 bits is neither all white nor on a scale of its own."""
    path = own / f"{DATES[0]}.tif"
    with rasterio.open(path) as source:
        values, profile = source.read(), source.profile
    with rasterio.open(path, "w", **(profile | {"dtype": "uint8"})) as out:
        out.write(np.clip(values / 25.0, 1, 255).astype(np.uint8))
    done = run(write_workflow(own, DATES), out=str(own / "out"))
    assert (done.series["valid_fraction"] > 0.9).all()
    shown = [done.scene(day).values.astype(float) for day in DATES]
    for later in shown[1:]:
        assert np.abs(np.median(later, (1, 2)) - np.median(shown[0], (1, 2))).max() < 8
