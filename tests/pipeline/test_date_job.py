"""Bands on which dates are compared where some lack a band."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from small_runs import APART, DATES
from small_scenes import write_workflow

from changedet.pipeline.run import run


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
