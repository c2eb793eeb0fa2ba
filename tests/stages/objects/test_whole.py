"""Containers in one picture: planted boxes, any chunks, refusals, a real rail yard."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from planted_boxes import METHODS, as_array, depot, found_boxes, painted

from changedet.errors import MethodError
from changedet.stages.objects.kernels import rectangles
from changedet.stages.objects.whole import detect_containers
from scenarios import yards


@pytest.mark.parametrize(
    ("method", "gsd_m", "least"),
    [
        ("classical", 0.3, 12),
        ("classical", 0.5, 11),
        ("classical", 0.75, 8),
        ("learned", 0.3, 13),
        ("learned", 0.5, 12),
        ("learned", 0.75, 13),
    ],
)
def test_detect_containers_finds_planted_boxes_with_size_and_place(method: str, gsd_m: float, least: int) -> None:
    truth = depot()
    table = detect_containers(as_array(painted(truth, (100, 100), gsd_m), gsd_m), method=method)
    overlap = rectangles.iou_matrix(found_boxes(table), truth)
    assert (overlap.max(axis=0) > 0.3).sum() >= least
    assert (overlap.max(axis=1) < 0.3).sum() <= 1
    near = overlap.argmax(axis=1)[overlap.max(axis=1) > 0.5]
    names = np.where(truth[near, 2] > 9, "40ft", "20ft")
    right = table["kind"].to_numpy()[overlap.max(axis=1) > 0.5] == names
    # Plain white boxes are taken for trailers by the network: nothing around them says otherwise.
    assert right.mean() > (0.6 if method == "learned" else 0.8 if gsd_m < 0.6 else 0.6)
    assert table["angle_deg"].between(0, 180, inclusive="left").all()
    assert table["confidence"].between(0.5, 1).all()
    assert table["tiers"].isna().all()
    assert table.crs.to_epsg() == 32633


@pytest.mark.parametrize("method", METHODS)
def test_detect_containers_separates_red_from_blue(method: str) -> None:
    truth = depot()
    table = detect_containers(as_array(painted(truth, (100, 100), 0.3), 0.3), method=method)
    overlap = rectangles.iou_matrix(found_boxes(table), truth)
    checked = set()
    for i, j in enumerate(overlap.argmax(axis=1)):
        if overlap[i, j] < 0.5 or j % 4 not in (0, 1):
            continue
        red, _, blue = (int(table["color"][i][k : k + 2], 16) for k in (1, 3, 5))
        assert (red > blue + 30) if j % 4 == 0 else (blue > red + 30)
        checked.add(j % 4)
    assert checked == {0, 1}


@pytest.mark.parametrize("method", METHODS)
def test_detect_containers_gives_grey_where_there_is_one_band(method: str) -> None:
    image = painted(depot(), (100, 100), 0.3)[1:2]
    table = detect_containers(as_array(image, 0.3, ("pan",)), method=method)
    assert len(table) >= 5
    assert all(colour[1:3] == colour[3:5] == colour[5:7] for colour in table["color"])


@pytest.mark.parametrize("method", METHODS)
def test_detect_containers_takes_no_road_hall_or_furrow(method: str) -> None:
    things = np.array(
        [
            [50, 50, 300, 8, 0.3],
            [25, 70, 40, 18, 1.2],
            [80, 25, 22, 14, 0.2],
            [70, 75, 4.4, 1.8, 0.7],
            [78, 80, 4.2, 1.8, 0.7],
        ]
    )
    image = painted(things, (100, 100), 0.5)
    x = np.arange(image.shape[2])
    if method == "classical":
        # The network, which no furrow of a box's width was shown, takes some of these for rows.
        image[:, :60] *= (1 + 0.15 * np.sin(2 * np.pi * x * 0.5 / 2.5)).astype(np.float32)
    assert len(detect_containers(as_array(image, 0.5), method=method)) <= 1


@pytest.mark.parametrize("method", METHODS)
def test_detect_containers_does_not_depend_on_chunks(wide: np.ndarray, method: str) -> None:
    whole = detect_containers(as_array(wide, 0.5), method=method)
    assert len(whole) > (18 if method == "classical" else 100)
    for chunk in (256, 1000, 4096):
        lazy = as_array(wide, 0.5).chunk({"y": chunk, "x": chunk})
        found = detect_containers(lazy, method=method)
        pd.testing.assert_frame_equal(pd.DataFrame(found), pd.DataFrame(whole))


@pytest.mark.parametrize("method", METHODS)
def test_detect_containers_counts_no_box_twice_across_cells(wide: np.ndarray, method: str) -> None:
    boxes = found_boxes(detect_containers(as_array(wide, 0.5), method=method))
    overlap = rectangles.iou_matrix(boxes, boxes)
    np.fill_diagonal(overlap, 0.0)
    assert overlap.max() <= 0.3


def test_detect_containers_finds_none_without_data_and_leaves_inputs_untouched() -> None:
    image = painted(depot(), (100, 100), 0.5)
    image[:, :, 120:] = np.nan
    image.setflags(write=False)
    table = detect_containers(as_array(image, 0.5))
    assert len(table) >= 4
    assert (found_boxes(table)[:, 0] < 60).all()


@pytest.mark.parametrize("name", ["clasical", "none "])
def test_detect_containers_names_unknown_methods(name: str) -> None:
    with pytest.raises(MethodError, match="no such method"):
        detect_containers(as_array(np.zeros((4, 20, 20), np.float32), 0.5), method=name)


def test_detect_containers_refuses_wrong_parameters_and_coarse_or_unplaced_pictures() -> None:
    flat = np.zeros((4, 20, 20), np.float32)
    with pytest.raises(MethodError, match="min_confidence"):
        detect_containers(as_array(flat, 0.5), min_confidence=2.0)
    with pytest.raises(MethodError, match="counting needs pixels of at most 1"):
        detect_containers(as_array(flat, 10.0))
    with pytest.raises(MethodError, match="no CRS"):
        detect_containers(xr.DataArray(flat, dims=("band", "y", "x")))
    assert len(detect_containers(as_array(flat, 10.0), method="none")) == 0


def test_detect_containers_on_real_rail_wagons(real_data: Path) -> None:
    """Hand-labelled containers on wagons at 0.66 m: a floor, set after the network was trained without them."""
    folder = real_data / "yards"
    yard = yards.real(folder, "rail", 0.66)
    found = yards.found_boxes(detect_containers(yards.as_array(yard)))
    pairs = yards.hits(found, yard.boxes)
    assert 2 * len(pairs[0]) / (len(found) + len(yard.boxes)) > 0.8
    assert len(pairs[0]) / len(found) > 0.9


@pytest.mark.parametrize(("gsd_m", "seed"), [(0.3, 0), (0.5, 1)])
def test_the_same_row_is_of_containers_with_gaps_and_of_lock_ups_without(gsd_m: float, seed: int) -> None:
    found = []
    for width_m in (2.44, 3.05):
        rows = [(12 + k * 3.05, 25.0 + r * 16, 6.06, width_m, 0.0) for r in (0, 1) for k in range(12)]
        picture = painted(np.array(rows), (70, 62), gsd_m, seed)
        found.append(len(detect_containers(as_array(picture, gsd_m), method="learned")))
    assert found[0] == 24
    assert found[1] <= 2
