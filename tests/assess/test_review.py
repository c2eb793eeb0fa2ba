"""A person's verdicts: written for QGIS, and counted again to what truly stands there."""

from __future__ import annotations

import json
import shutil
import sqlite3
import warnings
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import rasterio
import shapely
import shapely.affinity
from click.testing import CliRunner
from reviewed_site import DAYS, FALSE, GRID, MISSED, TRUE, another_count, draw, false_ones, judge, pixels, true_ones
from summary_rules import summary_problems

from changedet.assess.review import review_run
from changedet.cli.app import cli
from changedet.errors import InputError
from changedet.outputs import json_files, tables
from changedet.outputs.gpkg import vector_layers
from changedet.pipeline.boxes import counted_rows, kept_boxes
from changedet.pipeline.finished import open_run
from changedet.pipeline.looks import RunLooks
from changedet.pipeline.summary import with_nulls
from changedet.stages.registry import Facts
from changedet.stages.series.area_rows import rows_of_site
from changedet.stages.series.estimates import Estimate
from changedet.stages.series.onsets import find_onsets
from changedet.stages.series.stage import staircase
from changedet.stages.series.table import DateMeasurements, timeseries
from changedet.stages.series.totals import totals
from changedet.stages.tracks.stage import hmm
from changedet.store import RunFolder, write_frame, write_json


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = RunFolder(tmp_path_factory.mktemp("review") / "depot")
    for k, day in enumerate(DAYS):
        last = k == len(DAYS) - 1
        found = [pixels([spot for spot in TRUE if not (last and spot in MISSED)], 0.9)]
        found += [pixels(FALSE, 0.95), pixels([(FALSE[0][0] + 0.5, 90.5)], 0.2, counted=False)] if last else []
        write_frame(folder.table("boxes", day), pd.concat(found, ignore_index=True))
        quality = np.zeros((1, 240, 240), np.uint8)
        quality[:, 190:, 190:] = 3 if k == 2 else 0
        folder.quality(day).parent.mkdir(parents=True, exist_ok=True)
        profile = {"driver": "GTiff", "height": 240, "width": 240, "count": 1, "dtype": "uint8"}
        with rasterio.open(folder.quality(day), "w", crs=GRID.crs, transform=GRID.transform, **profile) as file:
            file.write(quality)
    boxes = kept_boxes(folder, GRID, DAYS)
    follow = hmm(Facts(0.5))
    followed = follow(boxes, RunLooks(folder, GRID, tuple(DAYS)))
    zones = gpd.GeoDataFrame(
        {"name": ["north"]}, geometry=[shapely.box(400000, 5600080, 400120, 5600120)], crs=GRID.crs
    )
    area = Estimate(100.0, 80.0, 130.0)
    looks = [
        DateMeasurements(d, f"scene-{d}", 0.5, 0.1, -0.2, {"": 0.98, "north": 1.0}, {"": area} if k else {}, {"": area})
        for k, d in enumerate(DAYS)
    ]
    table = timeseries(looks, followed, zones)
    layers = {"containers": counted_rows(followed.detections, zones), "tracks": followed.tracks, "zones": zones}
    vector_layers.write_objects(folder.objects, layers, GRID.crs)
    tables.write_timeseries(folder.timeseries, table)
    onset = find_onsets(table, staircase(Facts(0.5)), DAYS[0])
    summary = {
        "schema_version": 1,
        "site": "depot",
        "dates": [str(day) for day in DAYS],
        "reference_date": str(DAYS[0]),
        "totals": with_nulls(totals(rows_of_site(table))),
        "onset": {name: one.to_json() for name, one in onset.items()},
        "unavailable": {},
        "warnings": ["said before"],
    }
    json_files.write_json(folder.summary, summary)
    methods = [
        {"stage": "tracks", "method": "hmm", "parameters": {"precision": 0.8}},
        {"stage": "series", "method": "staircase", "parameters": {}},
    ]
    write_json(folder.provenance, {"grid": GRID.to_json(), "methods": methods})
    return folder.path


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "depot"))


def series_of(path: Path) -> pd.DataFrame:
    table = tables.read_timeseries(path)
    return table[table["zone"] == ""].set_index("date")


def test_review_run_the_first_call_writes_a_file_to_judge(run: Path) -> None:
    said = review_run(run)
    path = run / "review.gpkg"
    assert said.startswith(str(path))
    assert "holds 103 boxes" in said
    judged = pyogrio.read_dataframe(path, layer="containers")
    assert len(judged) == 103
    assert judged["verdict"].isna().all()
    assert pyogrio.read_info(path, layer="containers")["dtypes"][-1] == "object"
    added = pyogrio.read_info(path, layer="added")
    assert (added["geometry_type"], list(added["fields"]), added["features"]) == ("Polygon", ["date", "kind"], 0)
    with closing(sqlite3.connect(path)) as database:
        styles = dict(database.execute("SELECT f_table_name, styleQML FROM layer_styles").fetchall())
    assert set(styles) == {"containers", "added"}
    for word in ("verdict", "accept", "reject", "ValueMap"):
        assert word in styles["containers"]
    assert all(str(day) in styles["added"] for day in DAYS)


def test_review_run_nothing_judged_writes_nothing(run: Path) -> None:
    first = review_run(run)
    before = (run / "review.gpkg").read_bytes()
    assert review_run(run) == first
    assert (run / "review.gpkg").read_bytes() == before
    assert not (run / "reviewed").exists()


def test_review_run_verdicts_bring_the_counts_to_the_truth(run: Path) -> None:
    before = series_of(run / "timeseries.csv")
    assert before["containers"].tolist() == [20, 20, 20, 20, 23]
    review_run(run)
    judge(run, "accept", true_ones)
    judge(run, "Reject ", false_ones)
    draw(run, MISSED)
    said = review_run(run)
    after = series_of(run / "reviewed" / "timeseries.csv")
    assert after["containers"].tolist() == [20] * 5
    np.testing.assert_allclose(after["containers_expected"], 20, atol=0.2)
    assert after["arrivals"].fillna(0).sum() == 0
    assert after["departures"].fillna(0).sum() == 0
    assert "95 accepted, 8 rejected, 5 added" in said
    assert "23 -> 20" in said
    assert "onset of containers: none -> none" in said or "-> none" in said
    for name in ("changed_area_m2", "footprint_high_m2", "valid_fraction", "shift_north_m", "gsd_m"):
        pd.testing.assert_series_equal(after[name], before[name])
    zoned = tables.read_timeseries(run / "reviewed" / "timeseries.csv")
    assert zoned[zoned["zone"] == "north"]["containers"].tolist() == [20] * 5


def test_review_run_keeps_what_was_detected_on_a_date_whose_estimate_was_refused(run: Path) -> None:
    table = pd.read_csv(run / "timeseries.csv")
    refused = [name for name in table if name.startswith(("containers_", "teu_", "arrivals_", "departures_"))]
    table.loc[table["date"] == str(DAYS[2]), refused] = np.nan
    table.to_csv(run / "timeseries.csv", index=False)
    review_run(run)
    judge(run, "reject", false_ones)
    draw(run, [(110, 110)], str(DAYS[2]))
    said = review_run(run)
    assert "20 -> 21" in said
    after = series_of(run / "reviewed" / "timeseries.csv")
    assert after["containers"].tolist() == [20, 20, 21, 20, 15]
    assert after[refused].isna().all(axis=1).tolist() == [False, False, True, False, False]


def test_review_run_takes_over_figures_that_are_not_of_boxes(run: Path) -> None:
    table = pd.read_csv(run / "timeseries.csv")
    for k, name in enumerate(("works", "works_in_use", "share_in_use")):
        table = table.assign(**{name: 0.5 * k, f"{name}_low": 0.4 * k, f"{name}_high": 0.6 * k})
    table.to_csv(run / "timeseries.csv", index=False)
    review_run(run)
    judge(run, "reject", false_ones)
    review_run(run)
    after = series_of(run / "reviewed" / "timeseries.csv")
    assert after[["works", "works_in_use_low", "share_in_use_high"]].to_numpy().tolist() == [[0, 0.4, 1.2]] * 5


def test_review_run_the_recount_leaves_all_its_files(run: Path) -> None:
    review_run(run)
    judge(run, "reject", false_ones)
    draw(run, MISSED[:2])
    review_run(run)
    rows = vector_layers.read_objects(run / "reviewed" / "objects.gpkg", "containers")
    assert len(rows) == 103 - 8 + 2
    drawn = rows[rows["object_id"] > 104]
    assert drawn["kind"].tolist() == ["20ft", "20ft"]
    np.testing.assert_allclose(drawn[["length_m", "width_m", "angle_deg"]], [[6.06, 2.44, 0.0]] * 2, rtol=2e-3)
    assert (drawn["confidence"] == 1).all()
    assert drawn["track_id"].notna().all()
    assert drawn["zone"].tolist() == ["north"] * 2
    assert len(vector_layers.read_objects(run / "reviewed" / "objects.gpkg", "tracks")) == 20
    summary = json.loads((run / "reviewed" / "summary.json").read_text())
    assert summary_problems({**summary, "grid": {"crs": 1, "resolution_m": 1, "shape": 1}}) == []
    assert summary["review"] == {"accepted": 0, "rejected": 8, "added": 2}
    assert summary["warnings"] == ["said before"]
    assert summary["totals"]["containers"]["last"]["date"] == str(DAYS[-1])
    last = f"{summary['totals']['containers']['last']['value']:.0f} ("
    assert last in summary["sentences"][0]["text"], "sentences are of the reviewed count"
    (least,) = (one for one in summary["claims"] if (one["about"], one["zone"]) == ("containers", ""))
    assert (least["low"], least["robust"]) == (summary["totals"]["containers"]["last"]["low"], None)
    assert [one["to"] for one in summary["flow"]] == [str(day) for day in DAYS[1:]]
    assert summary["robust"] is None
    first = {path.name: path.read_bytes() for path in (run / "reviewed").iterdir()}
    review_run(run)
    assert {path.name: path.read_bytes() for path in (run / "reviewed").iterdir()} == first


def test_review_run_a_vouched_for_box_of_one_date_counts_in_full(run: Path) -> None:
    expected = series_of(run / "timeseries.csv")["containers_expected"].iloc[-1]
    review_run(run)
    judge(run, "accept", false_ones)
    review_run(run)
    after = series_of(run / "reviewed" / "timeseries.csv").iloc[-1]
    assert after["containers_expected"] > expected
    tracked = vector_layers.read_objects(run / "reviewed" / "objects.gpkg", "containers")
    assert (tracked["confidence"] == 1).sum() == 8
    # Eight vouched for, fifteen seen ones, and five that are missing on a clear last date.
    assert after["containers_expected"] >= 8 + 15 - 0.2


def test_review_run_a_box_that_the_series_confirmed_can_be_vouched_for(run: Path) -> None:
    kept = kept_boxes(RunFolder(run), GRID, DAYS)
    weak = kept[~kept["counted"]].drop(columns="counted")
    layers = {
        name: vector_layers.read_objects(run / "objects.gpkg", name) for name in ("containers", "tracks", "zones")
    }
    listed = pd.concat(
        [layers["containers"].assign(tiers=None), weak.assign(confirmed=True, confidence=0.8, tiers=None)]
    ).sort_values("object_id")
    layers["containers"] = gpd.GeoDataFrame(listed, geometry="geometry", crs=GRID.crs)
    vector_layers.write_objects(run / "objects.gpkg", layers, GRID.crs)
    warned: list[str] = []
    review_run(run, warn=warned.append)
    judge(run, "accept", lambda rows: rows["object_id"].isin(weak["object_id"]))
    review_run(run, warn=warned.append)
    found = vector_layers.read_objects(run / "reviewed" / "objects.gpkg", "containers").set_index("object_id")
    assert found.loc[weak["object_id"], "confidence"].tolist() == [1.0]
    assert not found["confirmed"].any()
    assert warned == []


def test_review_run_what_is_accepted_is_of_the_kind_that_the_layer_shows(run: Path) -> None:
    """The run lists a box as what all dates show there, the kept rows have what its own look said."""
    layers = {
        name: vector_layers.read_objects(run / "objects.gpkg", name) for name in ("containers", "tracks", "zones")
    }
    rows = layers["containers"].assign(tiers=None)
    number = rows["object_id"].iloc[0]
    assert rows["kind"].iloc[0] == "20ft"
    layers["containers"] = rows.assign(kind=rows["kind"].mask(rows["object_id"] == number, "other"))
    vector_layers.write_objects(run / "objects.gpkg", layers, GRID.crs)
    review_run(run)
    judge(run, "accept", true_ones)
    review_run(run)
    found = vector_layers.read_objects(run / "reviewed" / "objects.gpkg", "containers").set_index("object_id")
    assert found["kind"].loc[number] == "other"
    assert (found["kind"].drop(number) == "20ft").all()


def test_review_run_an_unfamiliar_scene_keeps_its_wide_interval(run: Path) -> None:
    summary = json.loads((run / "summary.json").read_text())
    summary["familiarity"] = {str(DAYS[1]): {"distance": 0.95, "sentence": ""}, str(DAYS[2]): {"distance": None}}
    (run / "summary.json").write_text(json.dumps(summary))
    review_run(run)
    judge(run, "accept", true_ones)
    review_run(run)
    after = series_of(run / "reviewed" / "timeseries.csv")
    width = after["containers_high"] - after["containers_low"]
    assert width.iloc[1] > 1.5 * width.iloc[0]


def test_review_run_without_the_kept_state_it_warns_and_counts_all_the_same(run: Path) -> None:
    shutil.rmtree(run / ".changedet")
    shutil.rmtree(run / "change")
    review_run(run)
    judge(run, "reject", false_ones)
    done = CliRunner().invoke(cli, ["review", str(run)])
    assert [line.startswith("warning: ") for line in done.stderr.splitlines()] == [True, True]
    assert "23 -> 15" in done.stdout
    assert "warning" not in done.stdout
    summary = json.loads((run / "reviewed" / "summary.json").read_text())
    assert len(summary["warnings"]) == 3


@pytest.mark.parametrize(
    ("date", "kind", "spot", "expected"),
    [
        ("2023-03-02", None, (110, 110), r"added\[1\]\.date: '2023-03-02' is no date on which boxes were counted"),
        (None, None, (110, 110), r"added\[1\]\.date: nothing is no date"),
        (str(DAYS[1]), "20 ft", (110, 110), r"added\[1\]\.kind: no such kind '20 ft'.*did you mean '20ft'"),
        (str(DAYS[1]), None, (300, 10), r"added\[1\]\.geometry: its centre lies outside the area of interest"),
        (str(DAYS[1]), None, TRUE[3], r"added\[1\]\.geometry: lies on container \d+ of that date"),
    ],
)
def test_review_run_what_was_drawn_is_checked(
    run: Path, date: object, kind: str | None, spot: tuple[float, float], expected: str
) -> None:
    review_run(run)
    draw(run, [spot], date, kind)
    with pytest.raises(InputError, match=expected) as caught:
        review_run(run)
    assert len(caught.value.problems) == 1
    assert "review.gpkg" in str(caught.value)
    assert not (run / "reviewed").exists()


def test_review_run_all_mistakes_are_said_at_once(run: Path) -> None:
    review_run(run)
    judge(run, "acept", lambda rows: np.arange(len(rows)) < 2)
    draw(run, [(300, 10)], "never")
    with pytest.raises(InputError) as caught:
        review_run(run)
    said = [str(problem) for problem in caught.value.problems]
    assert len(said) == 4
    assert sum("did you mean 'accept'" in line for line in said) == 2


def test_review_run_a_box_drawn_with_a_real_date_is_understood(run: Path) -> None:
    review_run(run)
    draw(run, MISSED, pd.Timestamp(DAYS[-1], tz="UTC").isoformat())
    assert "23 -> 28" in review_run(run)


def test_review_run_deleted_rows_are_not_taken_for_verdicts(run: Path) -> None:
    review_run(run)
    judge(run, "accept", true_ones)
    with closing(sqlite3.connect(run / "review.gpkg")) as database:
        database.execute("DELETE FROM containers WHERE object_id = 7")
        database.commit()
    with pytest.raises(InputError, match="1 rows were deleted, the first with object_id 7"):
        review_run(run)


def test_review_run_a_review_of_another_count_is_refused_and_kept(run: Path) -> None:
    review_run(run)
    judge(run, "reject", false_ones)
    another_count(run)
    before = (run / "review.gpkg").read_bytes()
    with pytest.raises(InputError, match="judges another count"):
        review_run(run)
    assert (run / "review.gpkg").read_bytes() == before


def test_review_run_an_unjudged_file_of_another_count_is_written_anew(run: Path) -> None:
    review_run(run)
    another_count(run)
    assert "counted anew" in review_run(run)
    assert set(pyogrio.read_dataframe(run / "review.gpkg", layer="containers")["confidence"]) == {0.5}


def test_review_run_an_edited_recount_is_not_overwritten(run: Path) -> None:
    review_run(run)
    judge(run, "reject", false_ones)
    review_run(run)
    (run / "reviewed" / "summary.json").write_text("{}")
    with pytest.raises(InputError, match="was changed by hand"):
        review_run(run)


def test_review_run_runs_that_cannot_be_reviewed(run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no finished run"):
        review_run(tmp_path / "nowhere")
    table = tables.read_timeseries(run / "timeseries.csv")
    tables.write_timeseries(run / "timeseries.csv", table.assign(containers_expected=np.nan))
    summary = open_run(run).summary
    json_files.write_json(run / "summary.json", {**summary, "unavailable": {"containers": "10 m is too coarse"}})
    with pytest.raises(InputError, match="10 m is too coarse"):
        review_run(run)


def test_review_run_drawn_boxes_without_a_place_are_refused(run: Path) -> None:
    review_run(run)
    columns = {"date": [str(DAYS[-1])], "kind": [None]}
    nowhere = gpd.GeoDataFrame(columns, geometry=[None], crs=GRID.crs)
    pyogrio.write_dataframe(nowhere, run / "review.gpkg", layer="added", geometry_type="Polygon")
    with pytest.raises(InputError, match=r"added\[1\]\.geometry: no valid polygon"):
        review_run(run)
    unplaced = gpd.GeoDataFrame(columns, geometry=[shapely.box(0, 0, 6, 2)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pyogrio.write_dataframe(unplaced, run / "review.gpkg", layer="added")
    with pytest.raises(InputError, match="layer 'added' has lost its CRS or its geometries; set them"):
        review_run(run)
