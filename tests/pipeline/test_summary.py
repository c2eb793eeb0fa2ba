"""What ``summary.json`` holds, and that docs/outputs.md says of it."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pandas as pd
import pytest
from box_rows import made
from small_runs import DATES
from small_scenes import ground, series, write_scene, write_workflow

from changedet.kernels.pixel_classes import CLEAR, CLOUD, NODATA, SNOW
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.run import run
from changedet.pipeline.summary import OPPOSED_VIEWS, _not_shown, _snow_everywhere, _what_hides, as_early_as_changed
from changedet.pipeline.unavailable import _why_no_counts
from changedet.stages.series.growth import Onset
from changedet.stages.series.site_boxes import shown_boxes

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "outputs.md").read_text()
PLAIN = {"site", "name", "grid", "dates", "reference_date", "totals", "onset", "warnings", "zones"}
"""Keys whose name says what they are."""


def test_summary_of_every_key_the_page_of_outputs_says_something(reference_run: Path) -> None:
    keys = set(json.loads((reference_run / "summary.json").read_text())) - PLAIN
    assert {key for key in keys if f"`{key}`" not in PAGE} == set()


@pytest.mark.parametrize(("began", "expected"), [(6, 5), (9, 5), (10, 10), (4, 4)])
def test_ground_told_by_masks_began_with_the_changed_area_where_their_gaps_meet(began: int, expected: int) -> None:
    changed = Onset(dt.date(2021, 8, 1), dt.date(2021, 5, 1), dt.date(2021, 9, 1), 0.99, "")
    built = Onset(dt.date(2021, 11, 1), dt.date(2021, began, 1), dt.date(2021, 12, 1), 0.99, "")
    told = as_early_as_changed({"changed_area": changed, "footprint": built})
    assert told["footprint"] == replace(built, low=dt.date(2021, expected, 1))
    none = Onset(None, None, None, 0.2, "no growth")
    assert as_early_as_changed({"changed_area": none, "footprint": built})["footprint"] == built


def test_warnings_name_figures_in_words(reference_run: Path) -> None:
    said = json.loads((reference_run / "summary.json").read_text())["warnings"]
    assert [
        text for text in said if text.startswith("containers, TEU, arrivals, departures: cannot be counted: in pixels")
    ]


def test_summary_tells_why_there_is_no_onset_of_a_figure_that_cannot_be_had(tmp_path: Path) -> None:
    series(tmp_path, 240, 300, DATES)
    off = {stage: {"method": "none"} for stage in ("objects", "tracks")}
    workflow = write_workflow(tmp_path, DATES, bands={"red": 1}, **off)
    summary = run(workflow, out=str(tmp_path / "out")).summary
    assert summary["onset"]["footprint"]["reason"] == summary["unavailable"]["footprint_area_m2"]
    assert "needs the bands red, nir" in summary["onset"]["footprint"]["reason"]
    assert "switched off" in summary["onset"]["containers"]["reason"]
    codes = summary["unavailable_codes"]
    assert codes == dict.fromkeys(summary["unavailable"], "other") | dict.fromkeys(
        ("containers", "teu", "arrivals", "departures"), "switched_off"
    )
    assert not [line for line in summary["warnings"] if line.startswith("containers")], "the user did not want them"
    assert "footprint" not in summary["onset"]["changed_area"]["reason"]


def test_summary_calls_no_look_clear_on_which_clouds_were_not_looked_for(tmp_path: Path) -> None:
    series(tmp_path, 240, 300, DATES)
    off = {stage: {"method": "none"} for stage in ("objects", "tracks")}
    one = run(write_workflow(tmp_path, DATES, bands={"red": 1}, **off), out=str(tmp_path / "red")).summary
    why = "clouds: cannot be told from the ground without blue, green and red"
    assert [said for said in one["warnings"] if said.startswith(why)]
    asked = write_workflow(tmp_path, DATES, mask={"method": "nodata_only"}, **off)
    two = run(asked, out=str(tmp_path / "asked")).summary
    assert "switched off by mask.method nodata_only" in two["unavailable"]["clouds"]
    assert not [said for said in two["warnings"] if said.startswith("clouds")], "the user did not want it"
    assert two["unavailable_codes"]["clouds"] == "switched_off"
    (tmp_path / "fine").mkdir()
    for k, day in enumerate(DATES):
        write_scene(tmp_path / "fine" / f"{day}.tif", ground(120, 150, seed=k)[:1], resolution_m=0.5)
    grey = run(write_workflow(tmp_path / "fine", DATES, bands={"pan": 1}, **off), out=str(tmp_path / "grey")).summary
    assert "in grey pictures" in grey["unavailable"]["clouds"]
    assert grey["unavailable_codes"]["clouds"] == "other"
    for summary in (one, two, grey):
        (looks,) = [told["text"] for told in summary["sentences"] if told["about"] == "looks"]
        assert looks.endswith("; clouds that may hide it were not looked for.")
    usual = run(write_workflow(tmp_path, DATES, **off), out=str(tmp_path / "usual")).summary
    assert "clouds" not in usual["unavailable"]


def test_why_no_counts_says_whether_looks_hide_the_site_or_are_unlike() -> None:
    assert _why_no_counts(pd.DataFrame({"valid_fraction": [0.9, 1.0]})).startswith("every look is too unlike")
    assert _why_no_counts(pd.DataFrame({"valid_fraction": [0.0, 0.04]})) == "every look hides the site"
    assert "hides the site, or is too unlike" in _why_no_counts(pd.DataFrame({"valid_fraction": [0.0, 1.0]}))


def test_warnings_name_dates_of_one_picture(tmp_path: Path) -> None:
    series(tmp_path, 240, 300, DATES)
    shutil.copy(tmp_path / f"{DATES[0]}.tif", tmp_path / f"{DATES[2]}.tif")
    workflow = write_workflow(tmp_path, DATES, **{stage: {"method": "none"} for stage in ("objects", "tracks")})
    said = run(workflow, out=str(tmp_path / "out")).summary["warnings"]
    (line,) = [text for text in said if "one and the same picture" in text]
    assert line.startswith(f"{DATES[0]}, {DATES[2]}: are one and the same picture ({DATES[0]}.tif)")


def test_a_date_whose_boxes_lie_under_cloud_is_not_said_to_show_none() -> None:
    tracks = made(6, change=0.1)[1]
    day = pd.Timestamp(tracks.dates[2], tz="UTC")
    others = tracks.detections[tracks.detections["date"].dt.normalize() != day]
    counts = pd.DataFrame({"containers": 1, "containers_expected": 30.0}, index=[str(one) for one in tracks.dates])
    snowed = replace(tracks, detections=others, place_clear=np.ones_like(tracks.place_clear))
    (line,) = _not_shown(counts, snowed)
    expected = tracks.place_presence[:, 2].sum()
    assert line.startswith(
        f"{tracks.dates[2]}: 0 containers are recognised by its picture alone where {expected:.0f} are expected"
    )
    clear = snowed.place_clear.copy()
    clear[:, 2] = np.arange(len(clear)) < 3
    clouded = replace(snowed, place_clear=clear)
    assert shown_boxes(clouded)[1][2] <= 3
    assert _not_shown(counts, clouded) == []


@pytest.mark.parametrize(
    ("classes", "said"),
    [([SNOW, SNOW, CLOUD, CLEAR, CLEAR, CLEAR], " (mostly snow)"), ([NODATA], " (mostly no data)"), ([CLEAR], "")],
)
def test_what_hides_a_date_is_named(classes: list[int], said: str) -> None:
    mask = SimpleNamespace(unpacked=lambda: np.array([classes], np.uint8))
    assert _what_hides(cast("DateModel", SimpleNamespace(mask=mask))) == said
    assert not _what_hides(cast("DateModel", SimpleNamespace(mask=None)))


@pytest.mark.parametrize(
    ("classes", "shares", "says"),
    [
        (([SNOW, CLEAR], [SNOW, SNOW]), (0.0, 0.02), True),
        (([SNOW, CLEAR], [SNOW, SNOW]), (0.0, 0.3), False),
        (([SNOW, SNOW], [CLOUD, SNOW, CLOUD]), (0.0, 0.0), False),
    ],
)
def test_where_snow_hides_all_looks_it_is_said_how_a_cleared_yard_is_seen(
    classes: tuple[list[int], ...], shares: tuple[float, ...], says: bool
) -> None:
    days = [pd.Timestamp(day).date() for day in ("2023-01-01", "2023-02-01")]
    models = {
        day: cast(
            "DateModel", SimpleNamespace(mask=SimpleNamespace(unpacked=lambda own=own: np.array([own], np.uint8)))
        )
        for day, own in zip(days, classes, strict=True)
    }
    whole = pd.DataFrame({"valid_fraction": shares}, index=[str(day) for day in days])
    said = _snow_everywhere(models, whole)
    assert len(said) == says
    assert all("nodata_only" in line for line in said)
    assert _snow_everywhere({}, whole) == []


@pytest.mark.parametrize("words", ["away from where the sensor is seen", "forest", "may be right"])
def test_opposed_views_may_be_a_forest_whose_crowns_the_looks_were_aligned_on(words: str) -> None:
    assert words in OPPOSED_VIEWS
