"""The learned detector: planted boxes, any tiling, grey and missing pixels, the file that comes with it."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from affine import Affine

from changedet.errors import MethodError
from changedet.grid import Grid
from changedet.simulate.command import render
from changedet.simulate.kinds import make_world
from changedet.stages.objects import detector
from changedet.stages.objects.boxes import COLUMNS, suppress
from changedet.stages.objects.kernels import network, network_grid, network_peaks, rectangles, rows
from changedet.stages.objects.lattice import ObjectMethod
from changedet.stages.objects.stage import STAGE as OBJECTS
from changedet.stages.objects.whole import detect_containers, find
from changedet.stages.registry import Facts

FOLDER = Path(detector.__file__).parents[2] / "models"
RGB = ("red", "green", "blue")


def yard(gsd_m: float, seed: int = 906, kind: str = "quiet", size_m: float = 170.0) -> tuple[xr.DataArray, np.ndarray]:
    """A simulated picture on a grid, and the centres of its top boxes in pixels as the picture shows them."""
    world = make_world(kind, 1, seed, gsd_m, size_m, RGB, "uint16")
    image = render(world, 0).image.astype(np.float32)
    a, b, c, d, e, f = world.looks[0].to_ground
    back = np.linalg.inv(np.array([[a, b], [d, e]]))
    centres = [
        (world.box_outline(s[-1]).mean(axis=0) + (world.slots[s[-1].slot].base_m + 2.59 * len(s)) * world.looks[0].lean)
        for s in world.stacks(0).values()
    ]
    pixels = (np.array(centres) - [c, f]) @ back.T
    grid = Grid("EPSG:32633", Affine(gsd_m, 0.0, 500000.0, 0.0, -gsd_m, 5000000.0), image.shape[1:])
    array = xr.DataArray(image, dims=("band", "y", "x"), coords=grid.coords()).assign_coords(band=list(RGB))
    inside = ((pixels > 0) & (pixels < np.array(image.shape[2:0:-1]))).all(axis=1)
    return array, pixels[inside]


def recall(found: object, truth_px: np.ndarray, gsd_m: float) -> float:
    """Share of true centres with a found centre within 1.2 m: half a box's width."""
    centre = found.geometry.centroid  # type: ignore[attr-defined]
    at = np.column_stack([centre.x - 500000.0, 5000000.0 - centre.y])
    away = np.hypot(*(truth_px[:, None] * gsd_m - at[None]).transpose(2, 0, 1))
    return float((away.min(axis=1) < 1.2).mean())


@pytest.mark.parametrize("gsd_m", [0.3, 0.5, 0.8])
def test_planted_boxes_are_found(gsd_m: float) -> None:
    image, truth = yard(gsd_m)
    found = detect_containers(image, method="learned")
    assert len(truth) > 20
    # Of 49 boxes a few stand in the deep shade of a stack, where shaded ground looks alike.
    assert recall(found, truth, gsd_m) > 0.85
    assert 0.85 * len(truth) < (found["kind"] != "other").sum() < 1.15 * len(truth)
    assert found["confidence"].between(0.5, 1).all()
    assert found["length_m"].between(5, 17).all()
    assert set(found["kind"]) <= {"20ft", "40ft", "45ft", "other"}


def test_grey_pictures_work() -> None:
    image, truth = yard(0.5)
    grey = image.mean("band").expand_dims("band").assign_coords(band=["pan"])
    found = detect_containers(grey, method="learned")
    assert recall(found, truth, 0.5) > 0.85


@pytest.mark.parametrize("resolution_m", [0.3, 0.5])
def test_cells_of_any_size_give_the_same_boxes(resolution_m: float) -> None:
    image, _ = yard(resolution_m, seed=901, kind="dense", size_m=190.0)
    facts = Facts(resolution_m, RGB, dates=1, gsd_m=(resolution_m,), dtype="uint16")
    method = OBJECTS.get("learned").function(facts)
    tables = []
    for cell_px in (256, 512, 1024):
        # Trees go by steps: what they make of a logit's third digit is not asked here.
        alone = partial(suppress, resolution_m=resolution_m)
        sized = ObjectMethod(method.fit, method.detect, alone, cell_px, method.halo_px)
        tables.append(find(image, sized))
    assert len(tables[0]) > 50
    columns = [name for name in COLUMNS if name != "color"]
    for other in tables[1:]:
        pd.testing.assert_frame_equal(*(t[columns] for t in (tables[0], other)), atol=2e-3, rtol=1e-3)


def test_nothing_is_found_where_nothing_is() -> None:
    image, _ = yard(0.5)
    facts = Facts(0.5, RGB, dates=1, gsd_m=(0.5,), dtype="uint16")
    method = OBJECTS.get("learned").function(facts)
    empty = np.full((3, 256, 256), np.nan, np.float32)
    assert method.detect(empty, method.fit(empty[None])).empty
    assert detect_containers(image * 0 + 700.0, method="learned").empty


def test_boxes_lie_on_pixels_that_have_data() -> None:
    image, _ = yard(0.5)
    cut = image.copy()
    cut[:, :, : image.sizes["x"] // 2] = np.nan
    found = detect_containers(cut, method="learned")
    assert len(found)
    assert (found.geometry.centroid.x > 500000 + 0.5 * (image.sizes["x"] // 2)).all()


def test_inputs_stay_and_runs_agree() -> None:
    image, _ = yard(0.5)
    values = image.to_numpy()
    before = values.copy()
    first, second = (detect_containers(image, method="learned") for _ in range(2))
    np.testing.assert_array_equal(values, before)
    pd.testing.assert_frame_equal(pd.DataFrame(first.drop(columns="geometry")), second.drop(columns="geometry"))


def test_what_cannot_be_counted_is_refused() -> None:
    with pytest.raises(MethodError, match="counted"):
        OBJECTS.get("learned").function(Facts(1.5, RGB))


def test_the_file_is_the_one_of_its_card() -> None:
    content = (FOLDER / "containers.onnx").read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    assert len(content) < 3_000_000
    assert digest in (FOLDER / "containers.md").read_text()
    assert detector.model_bytes() == content
    table = detector.calibration()
    assert sorted(table["gsd_m"]) == table["gsd_m"]
    assert min(table["slope"]) > 0


@pytest.mark.parametrize("resolution_m", [0.15, 0.3, 0.31, 0.47, 0.5, 0.66, 0.75, 1.0, 1.19])
def test_the_lattice_fits_the_networks_pixel(resolution_m: float) -> None:
    scale = network_grid.ratio(resolution_m)
    assert abs(float(scale) * resolution_m / network_grid.PIXEL_M - 1) < 0.06
    for size in (network_grid.cell_px(resolution_m), network_grid.halo_px(resolution_m)):
        assert Fraction(size) / scale % 1 == 0
    assert network_grid.cell_px(resolution_m) / scale % network_grid.STRIDE_PX == 0
    assert network_grid.halo_px(resolution_m) / scale >= network_grid.REACH_PX


def test_resampling_keeps_places() -> None:
    ramp = np.stack([np.tile(np.arange(64, dtype=np.float32) + 0.5, (64, 1))])
    for scale in (Fraction(4, 3), Fraction(4, 5), Fraction(2, 1)):
        out = network_grid.resampled(ramp, scale)
        wanted = (np.arange(out.shape[2]) + 0.5) * float(scale)
        np.testing.assert_allclose(out[0, 8, 4:-4], wanted[4:-4], atol=0.09)


def test_peaks_become_boxes() -> None:
    yy, xx = np.mgrid[:64, :64] + 0.5
    true = np.array([[12.1, 8.23, 12.19, 2.44, 0.4], [14.7, 8.9, 12.19, 2.44, 0.4], [5.05, 18.1, 6.06, 2.44, 2.9]])
    maps = np.full((7, 64, 64), -9.0, np.float32)
    for x, y, length, width, angle in true:
        u = (xx * 0.4 - x) * np.sin(angle) - (yy * 0.4 - y) * np.cos(angle)
        v = (xx * 0.4 - x) * np.cos(angle) + (yy * 0.4 - y) * np.sin(angle)
        peak = 3 - 0.5 * ((u / (0.09 * length)) ** 2 + (v / (0.2 * width)) ** 2)
        better = peak > maps[0]
        maps[0] = np.maximum(maps[0], peak)
        values = (np.sin(2 * angle), np.cos(2 * angle), np.log(length / 6.06), np.log(width / 2.44), -5.0)
        for k, value in enumerate(values, 1):
            maps[k][better] = value
    raw = network_peaks.decoded(maps, 0.4, 0.0)
    order = np.lexsort((raw.boxes[:, 1], raw.boxes[:, 0]))
    np.testing.assert_allclose(raw.boxes[order], true[np.lexsort((true[:, 1], true[:, 0]))], atol=0.06)
    assert rectangles.iou_matrix(raw.boxes, true).max(axis=1).min() > 0.9


def test_confidence_rises_with_the_peak_and_with_the_margin() -> None:
    table = {"gsd_m": [0.3, 1.0], "slope": [1.0, 2.0], "margin": [0.5, 0.5], "intercept": [0.0, -1.0]}
    raw = network_peaks.Peaks(np.zeros((3, 5)), np.array([-2.0, 0.0, 2.0]), np.zeros(3))
    value = partial(network_peaks.confidence, raw, table=table)
    assert (np.diff(value(0.5)) > 0).all()
    np.testing.assert_allclose(value(0.1), 1 / (1 + np.exp([2.0, 0.0, -2.0])))
    np.testing.assert_allclose(value(3.0), 1 / (1 + np.exp([5.0, 1.0, -3.0])))
    told = network_peaks.Peaks(np.zeros((3, 5)), np.zeros(3), np.array([-9.0, 0.0, 2.0]))
    np.testing.assert_allclose(network_peaks.confidence(told, 0.1, table), 1 / (1 + np.exp([-2.0, 0.0, -1.0])))


def test_even_ground_has_no_steps() -> None:
    flat = np.full((3, 40, 40), 0.4, np.float32)
    assert network.steepest(flat) == 0.0
    flat[:, :, 20:] = 0.9
    assert network.steepest(flat) == pytest.approx(0.5)


def test_gaps_of_a_row_are_filled_by_its_pitch() -> None:
    row = np.array([[10.0 + 2.5 * k, 20.0, 12.19, 2.44, 0.0] for k in (0, 1, 4, 5, 9)])
    places, ends = rows.gaps(row, 2)
    np.testing.assert_allclose(np.sort(places[:, 0]), [15.0, 17.5])
    assert ends.tolist() == [[1, 2], [1, 2]]
    apart = np.array([[10.0, 20.0, 12.19, 2.44, 0.0], [13.9, 20.0, 12.19, 2.44, 0.0], [15.0, 40.0, 6.06, 2.44, 0.0]])
    assert len(rows.gaps(apart, 3)[0]) == 0


def test_one_colour_hides_no_box(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a row of one colour the network is made to see the ends: what lies between is counted by the pitch."""
    facts = Facts(0.4, RGB, dates=1, gsd_m=(0.4,), dtype="uint16")
    method = OBJECTS.get("learned").function(facts)
    image = np.full((3, 200, 200), 900.0, np.float32) + np.arange(200, dtype=np.float32) % 7 * 30
    image[:, 85:115, 60:110] = np.array([3000.0, 500.0, 500.0], np.float32)[:, None, None]
    ends = np.array([[(60 + 6.25 * k + 3.1) * 0.4, 40.0, 12.0, 2.44, 0.0] for k in (0, 4)])
    seen = network_peaks.Peaks(ends, np.array([8.0, 8.0]), np.array([-6.0, -6.0]))
    monkeypatch.setattr(network_peaks, "decoded", lambda *_: seen)
    found = method.detect(image, method.fit(image[None]))
    assert found["inferred"].sum() == 3
    np.testing.assert_allclose(np.sort(found["x_px"]), [(60 + 6.25 * k + 3.1) for k in range(5)], atol=0.1)
    image[0, 85:115, 75:90] = 900.0
    assert method.detect(image, method.fit(image[None]))["inferred"].sum() == 0
