"""Painted sites as scenes of the training: where the roofs are, what counts, what does not."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from affine import Affine

from training import painted_sites
from training.network_scenes import BRIGHTEST, PIXEL_M, Scene

CORNER = 500000.0, 5000000.0
DAYS = "2021-03-11", "2021-06-10"
TOP_M, OFF_NADIR_DEG = 5.0, 20.0
LEAN_M = TOP_M * np.tan(np.radians(OFF_NADIR_DEG))
SHIFT_M = 0.25


def standing(x_m: float, y_m: float, length_m: float = 12.0, width_m: float = 2.4) -> shapely.Polygon:
    """An outline around a place right of and below the corner, long from north to south."""
    east, north = CORNER[0] + x_m, CORNER[1] - y_m
    return shapely.box(east - width_m / 2, north - length_m / 2, east + width_m / 2, north + length_m / 2)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site in the painter's form: two looks from 20 degrees off nadir, the second one cloudy."""
    folder = tmp_path / "rail-1001"
    (folder / "scenes").mkdir(parents=True)
    (folder / "truth").mkdir()
    picture = np.full((4, 80, 80), 2000, np.uint16)
    profile = {"driver": "GTiff", "height": 80, "width": 80, "count": 4, "dtype": "uint16", "crs": "EPSG:32633"}
    lines = ["scenes:"]
    for day in DAYS:
        with rasterio.open(
            folder / "scenes" / f"{day}.tif", "w", transform=Affine(0.5, 0, CORNER[0], 0, -0.5, CORNER[1]), **profile
        ) as target:
            target.write(picture)
        lines.append(f"  - {{date: {day}, path: scenes/{day}.tif}}")
    (folder / "workflow.yaml").write_text("\n".join(lines))
    look = {"view_azimuth_deg": 90.0, "off_nadir_deg": OFF_NADIR_DEG, "shift_east_m": 0.0, "shift_north_m": SHIFT_M}
    table = pd.DataFrame([look | {"date": day, "cloud_fraction": 0.3 * k} for k, day in enumerate(DAYS)])
    table.to_csv(folder / "truth" / "truth.csv", index=False)
    rows = [
        ("container", "open", standing(8, 20), 0.9),
        ("container", "half hidden", standing(14, 20), 0.4),
        ("container", "below another", standing(20, 20), 0.0),
        ("trailer", "", standing(26, 20, 13.6, 2.55), 0.0),
        ("open trailer", "", standing(32, 20), 0.0),
    ]
    what, name, shapes, seen = zip(*rows, strict=True)
    kept = gpd.GeoDataFrame({"what": what, "object_id": name, "top_m": TOP_M}, geometry=list(shapes), crs="EPSG:32633")
    tops = pd.concat([kept.assign(date=pd.Timestamp(day, tz="UTC")) for day in DAYS])
    tops.to_file(folder / "truth" / "tops.gpkg", layer="tops")
    boxes = kept.iloc[:2].assign(date=pd.Timestamp(DAYS[0], tz="UTC"), seen=seen[:2])
    boxes.to_file(folder / "truth" / "truth.gpkg", layer="containers")
    return folder


@pytest.fixture
def scene(site: Path) -> Scene:
    """The scene of the clear look."""
    (only,) = painted_sites.scenes(site)
    return only


def test_scenes_have_boxes_where_the_picture_shows_their_roofs(scene: Scene) -> None:
    np.testing.assert_allclose(scene.boxes[0], [8 + LEAN_M, 20 - SHIFT_M, 12.0, 2.4, 0.0], atol=1e-6)


def test_scenes_count_open_roofs_and_trailers_alone(scene: Scene) -> None:
    np.testing.assert_array_equal(scene.other, [False, True])
    np.testing.assert_allclose(scene.boxes[1, :3], [26 + LEAN_M, 20 - SHIFT_M, 13.6], atol=1e-6)


def test_scenes_hide_what_is_ambiguous(scene: Scene) -> None:
    row = int((20 - SHIFT_M) / PIXEL_M)
    hidden = [bool(scene.hidden[row, int((x + LEAN_M) / PIXEL_M)]) for x in (8, 14, 20, 26, 32)]
    assert hidden == [False, True, False, False, True]


def test_scenes_keep_reflectance_and_the_painted_pixel(scene: Scene) -> None:
    assert scene.codes.shape == (160, 160, 3)
    assert np.ptp(scene.codes) == 0
    assert (scene.codes[0, 0, 0] / 255) ** 2 * BRIGHTEST == pytest.approx(0.2, abs=0.002)
    assert scene.finest_m == 0.5


def test_yards_have_no_finer_pixels_than_the_painted_ones(site: Path) -> None:
    assert [yard.gsd_m for yard in painted_sites.yards([site], (0.3, 0.5, 1.0))] == [0.5, 1.0]


def found(boxes: list[tuple[float, float, float, str]]) -> gpd.GeoDataFrame:
    """Found boxes of 12 m by 2.4 m, north to south: place in metres from the corner, confidence, kind."""
    x, y, confidence, kind = zip(*boxes, strict=True)
    shapes = [
        shapely.box(500000 + a - 1.2, 5000000 - b - 6, 500000 + a + 1.2, 5000000 - b + 6)
        for a, b in zip(x, y, strict=True)
    ]
    size = {"length_m": 12.0, "width_m": 2.4, "angle_deg": 0.0}
    return gpd.GeoDataFrame({"confidence": confidence, "kind": kind} | size, geometry=shapes, crs="EPSG:32633")


def test_mistakes_are_false_boxes_wrong_kinds_and_missed_boxes(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = pd.read_csv(site / "truth" / "truth.csv").assign(cloud_fraction=0.0)
    table.to_csv(site / "truth" / "truth.csv", index=False)
    seen = gpd.read_file(site / "truth" / "truth.gpkg", layer="containers")
    both = pd.concat([seen.assign(date=pd.Timestamp(day, tz="UTC")) for day in DAYS])
    both.to_file(site / "truth" / "truth.gpkg", layer="containers")
    y = 20 - SHIFT_M
    answers = iter(
        [
            found([(8 + LEAN_M, y, 0.9, "40ft"), (26 + LEAN_M, y, 0.9, "other"), (3.0, 30.0, 0.3, "20ft")]),
            found([(8 + LEAN_M, y, 0.4, "40ft"), (26 + LEAN_M, y, 0.9, "40ft"), (32 + LEAN_M, y, 0.9, "40ft")]),
        ]
    )
    monkeypatch.setattr(painted_sites, "detect_containers", lambda *_args, **_named: next(answers))
    noted = painted_sites.mistakes(site)
    np.testing.assert_allclose(noted[DAYS[0]], [[3.0, 30.0]], atol=1e-6)
    # A faint box is missed, a trailer read as a container is wrong; what counts neither way is no mistake.
    np.testing.assert_allclose(sorted(noted[DAYS[1]].tolist()), [[8 + LEAN_M, y], [26 + LEAN_M, y]], atol=1e-6)
    np.savez(site / painted_sites.MISTAKES, **noted)
    np.testing.assert_array_equal(next(painted_sites.scenes(site)).mistakes, noted[DAYS[0]])


def test_sites_that_teach_and_those_that_calibrate_are_others_than_judges() -> None:
    taught = (*painted_sites.TAUGHT, *painted_sites.ONCE_MORE, *painted_sites.IN_ROWS)
    sites = (*taught, *painted_sites.LOOKED_AT, *painted_sites.ROOFED, *painted_sites.CHECKED, *painted_sites.SERIES)
    assert min(site.seed for site in sites) >= 1000
    assert len({site.name for site in sites}) == len(sites)
