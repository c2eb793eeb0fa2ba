"""Labelled tiles: drawn, checked row by row, and turned into a threshold, a bias and an interval that hold."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import rasterio
import shapely
from affine import Affine
from click.testing import CliRunner
from scipy.special import expit, logit

from changedet.assess.calibrate import calibrate
from changedet.assess.calibration_file import format_calibration
from changedet.assess.labels import match_labels
from changedet.assess.tiles_to_label import draw_labels
from changedet.cli.app import cli
from changedet.errors import InputError
from changedet.grid import Grid
from changedet.kernels import calibration as kernel
from changedet.outputs import json_files, tables
from changedet.outputs.gpkg import vector_layers
from changedet.outputs.gpkg.labels import LABELS, TILES
from changedet.pipeline.boxes import counted_rows, kept_boxes
from changedet.pipeline.finished import open_run
from changedet.pipeline.looks import SeenLooks
from changedet.simulate import simulate
from changedet.stages.objects.boxes import georeferenced
from changedet.stages.objects.stage import STAGE as OBJECTS
from changedet.stages.registry import Facts
from changedet.stages.series.table import DateMeasurements, timeseries
from changedet.stages.tracks.stage import STAGE as TRACKS
from changedet.stages.tracks.stage import hmm
from changedet.store import RunFolder, write_frame, write_json

DAYS = [dt.date(2024, 3, 1) + dt.timedelta(days=30 * k) for k in range(3)]
SIDE_PX = 800
GRID = Grid("EPSG:32633", Affine(0.5, 0, 400000, 0, -0.5, 5600400), (SIDE_PX, SIDE_PX))
SLOPE, OFFSET = 1.0, -2.0
"""What the made-up detector's confidences have to be put through to be true."""


def test_a_confidence_and_its_original_are_each_others_inverse() -> None:
    told = np.array([0.0, 0.02, 0.5, 0.97, 1.0])
    assert np.allclose(kernel.original(kernel.recalibrated(told, 1.7, -0.6), 1.7, -0.6), told, atol=1e-12)
    assert (np.diff(kernel.recalibrated(told, 0.3, 4.0)) >= 0).all()


def test_many_labels_find_the_planted_scale_and_few_change_little() -> None:
    rng = np.random.default_rng(1)
    confidence = rng.uniform(0.02, 0.98, 20_000)
    is_true = rng.uniform(size=20_000) < expit(0.6 * logit(confidence) - 1.1)
    found = kernel.fit_confidence(confidence, is_true, np.ones(20_000))
    assert found == pytest.approx((0.6, -1.1), abs=0.06)
    few = kernel.fit_confidence(confidence[:4], is_true[:4], np.ones(4))
    assert abs(few.slope - 1) < 0.4
    assert abs(few.offset) < abs(found.offset)


@pytest.mark.parametrize("truth", [True, False])
def test_labels_that_all_agree_leave_a_finite_scale(truth: bool) -> None:
    found = kernel.fit_confidence(np.array([0.9, 0.95, 0.6]), np.full(3, truth), np.ones(3))
    assert np.isfinite(found).all()
    assert found.slope > 0
    assert (found.offset > 0) == truth


def test_intervals_of_large_counts_hold_what_tiles_of_the_same_sensor_said() -> None:
    held, widths = [], []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        bias = rng.uniform(0.8, 1.25)
        expected = rng.uniform(1, 12, 20)
        true = rng.poisson(bias * expected).astype(float)
        spread = np.sqrt(expected + 1 + (0.08 * expected) ** 2)
        found = kernel.fit_counts(expected, spread, true, np.ones(20), 1.0, 1.2)
        site = 90.0
        half = found.half_width * np.sqrt(site + 1 + (0.08 * site) ** 2)
        held.append(abs(found.scale * site - rng.poisson(bias * site)) <= half)
        widths.append(2 * half / site)
    assert 0.93 <= np.mean(held) <= 1.0
    assert np.mean(widths) < 0.75


def test_a_scale_that_few_labels_tell_widens_large_counts() -> None:
    expected, spread, weight = np.full(8, 4.0), np.full(8, 1e3), np.ones(8)
    true = np.array([0.0, 8, 1, 7, 2, 6, 3, 5])
    found = kernel.fit_counts(expected, spread, true, weight, 1.0, 0.01)
    assert found.half_width * 0.08 >= 1.96 * found.scale_error


def test_points_are_met_by_the_box_that_holds_them_and_rectangles_by_overlap() -> None:
    row = np.array([shapely.box(0, 2.6 * k, 6, 2.6 * k + 2.4) for k in range(4)])
    points = np.array([shapely.Point(3.2, 2.6 * k + 1.0) for k in (3, 1)])
    assert sorted(match_labels(row, points, np.array([0.6, 0.9, 0.8, 0.7]))) == [(1, 1), (3, 0)]
    shifted = shapely.transform(row, lambda xy: xy + np.array([0.5, 0.3]))
    assert sorted(match_labels(row, shifted, np.ones(4))) == [(k, k) for k in range(4)]
    far = shapely.transform(row, lambda xy: xy + np.array([5.0, 0.0]))
    assert match_labels(row, far, np.ones(4)) == []


def _boxes(rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    """Spots of a made-up detector that is far too sure, and which of them hold a box."""
    x, y = np.meshgrid(np.arange(12.0, 390, 9.5), np.arange(12.0, 390, 24))
    confidence = rng.uniform(0.12, 0.98, x.size)
    true = rng.uniform(size=x.size) < expit(SLOPE * logit(confidence) + OFFSET)
    n = x.size
    table = pd.DataFrame({"x_px": 2 * x.ravel(), "y_px": 2 * y.ravel(), "length_m": 6.06, "width_m": 2.44})
    table = table.assign(angle_deg=0.0, confidence=confidence, kind="20ft", color="#7d3b33", tiers=None, inferred=False)
    assert len(table) == n
    return table.assign(counted=confidence >= 0.5), true


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = RunFolder(tmp_path_factory.mktemp("calibrate") / "yard")
    true = {}
    for k, day in enumerate(DAYS):
        table, true[str(day)] = _boxes(np.random.default_rng(7))
        write_frame(folder.table("boxes", day), table)
        quality = np.zeros((1, SIDE_PX, SIDE_PX), np.uint8)
        quality[:, :, 500:] = 3 if k == 1 else 0
        folder.quality(day).parent.mkdir(parents=True, exist_ok=True)
        profile = {"driver": "GTiff", "height": SIDE_PX, "width": SIDE_PX, "count": 1, "dtype": "uint8"}
        with rasterio.open(folder.quality(day), "w", crs=GRID.crs, transform=GRID.transform, **profile) as file:
            file.write(quality)
    boxes = kept_boxes(folder, GRID, DAYS)
    followed = hmm(Facts(0.5, detector="learned"))(boxes, SeenLooks(folder, GRID, tuple(DAYS)))
    looks = [DateMeasurements(day, f"scene-{day}", 0.5, 0.0, 0.0, {"": 1.0}, {}, {}) for day in DAYS]
    layers = {"containers": counted_rows(followed.detections, None), "tracks": followed.tracks}
    vector_layers.write_objects(folder.objects, layers, GRID.crs)
    tables.write_timeseries(folder.timeseries, timeseries(looks, followed, None))
    summary = {"schema_version": 1, "site": "yard", "dates": [str(day) for day in DAYS], "warnings": []}
    json_files.write_json(folder.summary, {**summary, "reference_date": str(DAYS[0])})
    methods = [{"stage": "objects", "method": "learned", "parameters": {"min_confidence": 0.5}}]
    methods += [{"stage": "tracks", "method": "hmm", "parameters": {"precision": 0.9}}]
    write_json(folder.provenance, {"grid": GRID.to_json(), "methods": methods})
    placed = georeferenced(_boxes(np.random.default_rng(7))[0], GRID.geobox, 0.5)
    standing = [placed[true[str(day)]][["geometry"]].assign(date=str(day)) for day in DAYS]
    pd.concat(standing).to_file(folder.path / "truth.gpkg", layer="standing")
    return folder.path


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "yard"))


def label(run: Path, path: Path, tiles: int = 24, seed: int = 0) -> None:
    """Draw tiles and fill them as a careful person would."""
    draw_labels(open_run(run), path, tiles=tiles, seed=seed)
    squares = pyogrio.read_dataframe(path, layer=TILES)
    truth = pyogrio.read_dataframe(run / "truth.gpkg")
    own = [
        truth[(truth["date"] == row.date) & truth.geometry.centroid.within(row.geometry)]
        for row in squares.itertuples()
    ]
    drawn = gpd.GeoDataFrame(pd.concat(own)[["date", "geometry"]], crs=GRID.crs)
    write(path, squares.assign(labelled=True), drawn.assign(kind="20ft"))


def write(path: Path, tiles: gpd.GeoDataFrame, labels: gpd.GeoDataFrame) -> None:
    path.unlink(missing_ok=True)
    pyogrio.write_dataframe(tiles, path, layer=TILES, driver="GPKG")
    pyogrio.write_dataframe(labels, path, layer=LABELS, driver="GPKG", append=True)


def test_drawn_tiles_lie_apart_on_ground_that_their_date_shows(run: Path, tmp_path: Path) -> None:
    said = draw_labels(open_run(run), tmp_path / "labels.gpkg", tiles=40, seed=3)
    assert "labelled" in said
    tiles = pyogrio.read_dataframe(tmp_path / "labels.gpkg", layer=TILES)
    assert len(tiles) == 40
    assert tiles["weight"].mean() == pytest.approx(1)
    assert not tiles["labelled"].any()
    for _, own in tiles.groupby("date"):
        assert own.geometry.area.sum() == pytest.approx(own.union_all().area)
    hidden = tiles[tiles["date"] == str(DAYS[1])].geometry.centroid.x
    assert len(hidden)
    assert (hidden < 400250).all()
    again = tmp_path / "again.gpkg"
    draw_labels(open_run(run), again, tiles=40, seed=3)
    assert pyogrio.read_dataframe(again, layer=TILES).equals(tiles)
    for target, tiles_wanted, said in (
        (again, 24, "may hold labels"),
        (tmp_path / "no" / "labels.gpkg", 24, "no folder"),
        (tmp_path / "few.gpkg", 3, "expected 8"),
    ):
        with pytest.raises(InputError, match=said):
            draw_labels(open_run(run), target, tiles=tiles_wanted)
        assert target == again or not target.exists()


def test_a_detector_that_is_too_sure_is_corrected(run: Path, tmp_path: Path) -> None:
    label(run, tmp_path / "labels.gpkg", tiles=36)
    found = calibrate(open_run(run), tmp_path / "labels.gpkg")
    true = len(pyogrio.read_dataframe(run / "truth.gpkg")) / len(DAYS)
    counted = (_boxes(np.random.default_rng(7))[0]["confidence"] >= 0.5).sum()
    assert counted > 1.5 * true
    assert found["objects"]["confidence_offset"] == pytest.approx(OFFSET, abs=0.6)
    assert found["objects"]["confidence_slope"] == pytest.approx(SLOPE, abs=0.4)
    assert 0.75 < found["threshold"] < 0.95
    before, after = found["before"], found["after"]
    assert abs(before["expected"] / before["labelled"] - 1) > 0.3
    assert after["expected"] == pytest.approx(after["labelled"], rel=0.15)
    assert found["labels"]["tiles"] == len(found["tiles"]) == 36
    assert found["bias"] < -0.25
    assert not found["borne_out"]
    within = [row["low"] <= row["labelled"] <= row["high"] for row in found["tiles"]]
    assert np.mean(within) >= 0.85
    assert json.loads((run / "calibration.json").read_text()) == found
    text = format_calibration(found)
    assert f"confidence_offset: {found['objects']['confidence_offset']:g}" in text
    # What it prints is a workflow's own words.
    for stage, registered in (("objects", OBJECTS), ("tracks", TRACKS)):
        method = registered.get({"objects": "learned", "tracks": "hmm"}[stage])
        assert method.resolve(found[stage]).items() >= found[stage].items()


def test_labels_that_say_what_the_run_says_bear_it_out(run: Path, tmp_path: Path) -> None:
    path = tmp_path / "labels.gpkg"
    label(run, path)
    tiles = pyogrio.read_dataframe(path, layer=TILES)
    found = open_run(run).containers
    found["date"] = found["date"].dt.strftime("%Y-%m-%d")
    write(path, tiles, found[["date", "geometry"]].sample(frac=0.97, random_state=1).assign(kind="20ft"))
    told = calibrate(open_run(run), path)
    assert told["borne_out"]
    assert abs(told["bias"]) <= told["bias_error"]
    assert "nothing needs to be changed" in format_calibration(told)


def test_a_run_that_is_calibrated_already_is_taken_back_to_the_detectors_own_scale(run: Path, tmp_path: Path) -> None:
    label(run, tmp_path / "labels.gpkg", tiles=36)
    first = calibrate(open_run(run), tmp_path / "labels.gpkg")
    folder = RunFolder(run)
    for day in DAYS:
        table = _boxes(np.random.default_rng(7))[0]
        told = kernel.recalibrated(table["confidence"].to_numpy(), *first["objects"].values())
        write_frame(folder.table("boxes", day), table.assign(confidence=told, counted=told >= 0.5))
    boxes = kept_boxes(folder, GRID, DAYS)
    followed = hmm(Facts(0.5, detector="learned"))(boxes, SeenLooks(folder, GRID, tuple(DAYS)))
    layers = {"containers": counted_rows(followed.detections, None), "tracks": followed.tracks}
    vector_layers.write_objects(folder.objects, layers, GRID.crs)
    provenance = json.loads(folder.provenance.read_text())
    provenance["methods"][0]["parameters"] |= first["objects"]
    write_json(folder.provenance, provenance)
    second = calibrate(open_run(run), tmp_path / "labels.gpkg")
    assert second["objects"] == pytest.approx(first["objects"], abs=0.01)


def test_every_mistake_in_the_labels_is_told_at_once(run: Path, tmp_path: Path) -> None:
    path = tmp_path / "labels.gpkg"
    label(run, path)
    tiles, labels = (pyogrio.read_dataframe(path, layer=name) for name in (TILES, LABELS))
    tiles.loc[0, "date"] = "2019-01-01"
    tiles.loc[1, "weight"] = -1.0
    tiles.loc[2, "geometry"] = shapely.transform(tiles.geometry[2], lambda xy: xy + 5000.0)
    labels.loc[0, "kind"] = "40tf"
    labels.loc[1, "date"] = "soon"
    labels.loc[2, "geometry"] = None
    tiles.loc[3, "geometry"] = None
    write(path, tiles, labels)
    with pytest.raises(InputError) as caught:
        calibrate(open_run(run), path)
    said = "\n".join(str(problem) for problem in caught.value.problems)
    for words in (
        "tiles[1].date: '2019-01-01'",
        "tiles[2].weight",
        "outside the area",
        "did you mean '40ft'",
        "'soon'",
        "containers[3].geometry: no rectangle or point",
        "tiles[4].geometry: no valid polygon",
    ):
        assert words in said
    assert not (run / "calibration.json").exists()


def test_tiles_of_one_date_may_not_overlap_and_too_few_are_refused(run: Path, tmp_path: Path) -> None:
    path = tmp_path / "labels.gpkg"
    label(run, path)
    tiles, labels = (pyogrio.read_dataframe(path, layer=name) for name in (TILES, LABELS))
    twice = pd.concat([tiles, tiles.iloc[[4]]], ignore_index=True)
    write(path, twice, labels)
    with pytest.raises(InputError, match=r"tiles\[25\]: overlaps tile 5 of the same date"):
        calibrate(open_run(run), path)
    write(path, tiles.assign(labelled=np.where(np.arange(24) < 5, "yes", "no")), labels)
    with pytest.raises(InputError, match="5 labelled tiles"):
        calibrate(open_run(run), path)


def test_labels_outside_the_tiles_and_tiles_under_cloud_are_left_out_and_said(run: Path, tmp_path: Path) -> None:
    path = tmp_path / "labels.gpkg"
    label(run, path, tiles=30)
    tiles, labels = (pyogrio.read_dataframe(path, layer=name) for name in (TILES, LABELS))
    hidden = tiles.iloc[[0]].assign(date=str(DAYS[1]), geometry=[shapely.box(400300, 5600100, 400340, 5600140)])
    lost = labels.iloc[[0]].assign(geometry=[shapely.box(399000, 5600100, 399006, 5600102)])
    write(path, pd.concat([tiles, hidden], ignore_index=True), pd.concat([labels, lost], ignore_index=True))
    found = calibrate(open_run(run), path)
    assert found["labels"]["tiles"] == 30
    assert any("shows 0% of it" in said for said in found["warnings"])
    assert any(said.startswith("1 labelled containers lie in no labelled tile") for said in found["warnings"])


def test_the_command_draws_tiles_refuses_what_is_not_there_and_fits(tmp_path: Path) -> None:
    workflow = simulate(tmp_path / "site", kind="dense", dates=2, seed=5, gsd_m=0.5, size_m=150.0)
    path = tmp_path / "labels.gpkg"
    arguments = ["calibrate", str(workflow), "--labels", str(path)]
    missing = CliRunner().invoke(cli, arguments)
    assert isinstance(missing.exception, InputError)
    assert "--draw 24" in str(missing.exception)
    assert not (tmp_path / "site" / "out").exists()
    drawn = CliRunner().invoke(cli, [*arguments, "--draw", "9"])
    assert drawn.exit_code == 0, drawn.output
    tiles = pyogrio.read_dataframe(path, layer=TILES)
    truth = pyogrio.read_dataframe(tmp_path / "site" / "truth" / "truth.gpkg", layer="containers").to_crs(tiles.crs)
    truth = truth[truth["visible"].astype(bool)]
    truth["date"] = pd.to_datetime(truth["date"], utc=True).dt.strftime("%Y-%m-%d")
    write(path, tiles.assign(labelled=True), truth[["date", "kind", "geometry"]])
    fitted = CliRunner().invoke(cli, [*arguments, "--json"])
    assert fitted.exit_code == 0, fitted.output
    found = json.loads(fitted.stdout)
    assert found["labels"]["tiles"] == 9
    assert found["after"]["expected"] == pytest.approx(found["after"]["labelled"], rel=0.1)
