"""The judges' sites by other cameras: what the two satellites and the screen show of a small site."""

from __future__ import annotations

import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from rasterio.transform import Affine
from small_rasters import write

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))

from benchmarks.judge_cameras import COARSE_TIMES, UNSEEN, seen_by  # noqa: E402
from benchmarks.judge_sites import Site  # noqa: E402

DAYS = ("2023-05-01", "2023-06-01", "2023-07-01")
SIDE = 4 * COARSE_TIMES


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Three scenes of four bands that grow brighter to the right, one mask and a workflow."""
    folder = tmp_path / "port-1"
    for part in ("scenes", "truth"):
        (folder / part).mkdir(parents=True)
    values = np.broadcast_to(np.arange(SIDE, dtype=np.uint16) * 10 + 100, (4, SIDE, SIDE)).copy()
    values[:, 0, 0] = 0
    for day in DAYS:
        write(folder / "scenes" / f"{day}.tif", values, descriptions=("blue", "green", "red", "nir"), nodata=0)
    mask = np.zeros((1, SIDE, SIDE), np.uint8)
    mask[0, : SIDE // 2], mask[0, -1, -1] = 1, UNSEEN
    write(folder / "truth" / f"{DAYS[1]}_mask.tif", mask, nodata=UNSEEN)
    (folder / "workflow.yaml").write_text("site: {id: port}\nbands: {blue: 1, green: 2, red: 3, nir: 4}\n")
    return Site("port", "painter", 1, folder)


def read(path: Path) -> np.ndarray:
    with rasterio.open(path) as file:
        return file.read()


def test_two_satellites_give_every_second_scene_in_coarse_pixels(site: Site) -> None:
    made = seen_by("mixed", site)
    shapes = [read(made.folder / "scenes" / f"{day}.tif").shape[1:] for day in DAYS]
    assert shapes == [(SIDE, SIDE), (4, 4), (SIDE, SIDE)]
    first, coarse = (read(made.folder / "scenes" / f"{day}.tif") for day in DAYS[:2])
    assert (
        coarse[:, 1]
        == np.rint(first[:, COARSE_TIMES : 2 * COARSE_TIMES].mean(axis=1).reshape(4, 4, COARSE_TIMES).mean(2))
    ).all()
    assert (coarse[:, 0, 0] == 0).all(), "unseen where one of its pixels is"
    with rasterio.open(made.folder / "scenes" / f"{DAYS[1]}.tif") as file:
        assert file.res == (COARSE_TIMES * rasterio.open(site.folder / "scenes" / f"{DAYS[1]}.tif").res[0],) * 2
    assert (read(made.truth / f"{DAYS[1]}_mask.tif") == read(site.truth / f"{DAYS[1]}_mask.tif")).all()
    assert made.workflow.read_text() == site.workflow.read_text()
    assert seen_by("mixed", site) == made, "made once"


def test_a_metre_halves_masks_too_and_a_screen_has_no_infrared(site: Site) -> None:
    made = seen_by("1m", site)
    mask = read(made.truth / f"{DAYS[1]}_mask.tif")[0]
    assert mask.shape == (SIDE // 2, SIDE // 2)
    assert (mask[: SIDE // 4] == 1).all()
    assert mask[-1, -1] == UNSEEN
    screen = seen_by("rgb8", site)
    shown = read(screen.folder / "scenes" / f"{DAYS[0]}.tif")
    assert (shown.dtype, shown.shape, shown[:, 0, 0].max(), shown.max()) == (np.uint8, (3, SIDE, SIDE), 0, 255)
    assert "bands: {red: 1, green: 2, blue: 3}" in screen.workflow.read_text()


def test_a_published_picture_is_compressed_and_each_look_has_its_own_limits(site: Site) -> None:
    made = seen_by("jpeg", site)
    looks = [read(made.folder / "scenes" / f"{day}.tif") for day in DAYS]
    assert {(look.dtype, look.shape) for look in looks} == {(np.dtype(np.uint8), (3, SIDE, SIDE))}
    assert all((look[:, 0, 0] == 0).all() and look[:, 1:].min() > 0 for look in looks), "unseen stays unseen"
    assert (looks[0] != looks[1]).any(), "the scenes are alike"
    assert "bands: {red: 1, green: 2, blue: 3}" in made.workflow.read_text()
    again = Site(site.kind, site.hand, site.seed, site.folder)
    (made.folder / "workflow.yaml").unlink()
    assert (read(seen_by("jpeg", again).folder / "scenes" / f"{DAYS[1]}.tif") == looks[1]).all(), "the same each time"


def test_scenes_without_angles_have_the_same_pixels_and_no_word_of_sun_and_view(site: Site) -> None:
    scene = site.folder / "scenes" / f"{DAYS[0]}.tif"
    with rasterio.open(scene, "r+") as file:
        file.update_tags(sun_azimuth="150", off_nadir="12")
    angles = "sun: {azimuth_deg: 150.0, elevation_deg: 40.0}, view: {azimuth_deg: 10.0, off_nadir_deg: 12.0}"
    line = "  - {date: 2023-05-01, path: scenes/2023-05-01.tif, "
    site.workflow.write_text(f"scenes:\n{line}{angles}}}\n")
    made = seen_by("no-angles", site)
    assert made.workflow.read_text() == f"scenes:\n{line.rstrip(', ')}}}\n"
    with rasterio.open(made.folder / "scenes" / scene.name) as file:
        assert not {"sun_azimuth", "off_nadir"} & set(file.tags())
        assert file.descriptions == ("blue", "green", "red", "nir")
    assert (read(made.folder / "scenes" / scene.name) == read(scene)).all()


def test_cameras_of_other_bands_show_these(site: Site) -> None:
    made = seen_by("pan", site)
    shown, values = (read(one.folder / "scenes" / f"{DAYS[0]}.tif") for one in (made, site))
    assert (shown.dtype, shown.shape) == (values.dtype, (1, SIDE, SIDE))
    assert shown[0, 0, 0] == 0, "unseen where all bands are"
    assert (shown[0, 1:] == values[0, 1:]).all(), "bands that are alike give the same in grey"
    assert "bands: {pan: 1}" in made.workflow.read_text()
    infrared = seen_by("cir", site)
    assert (read(infrared.folder / "scenes" / f"{DAYS[0]}.tif") == values[1:]).all()
    assert "bands: {green: 1, red: 2, nir: 3}" in infrared.workflow.read_text()


def test_a_pair_is_the_first_and_the_last_look_with_their_truth(site: Site) -> None:
    write(site.truth / f"{DAYS[-1]}_mask.tif", read(site.truth / f"{DAYS[1]}_mask.tif"), nodata=UNSEEN)
    onsets = {"onset_containers": [DAYS[1]] * len(DAYS), "onset_footprint": [None] * len(DAYS)}
    table = pd.DataFrame(
        {"date": DAYS, "containers": [3, 5, 8], "arrivals": [np.nan, 2, 3], "departures": 0.0} | onsets
    )
    table.to_csv(site.truth / "truth.csv", index=False)
    boxes = gpd.GeoDataFrame({"date": DAYS}, geometry=gpd.points_from_xy([0, 1, 2], [0, 0, 0]), crs=32633)
    boxes.to_file(site.truth / "truth.gpkg", layer="containers")
    scenes = "".join(f"  - {{date: {day}, path: scenes/{day}.tif}}\n" for day in DAYS)
    site.workflow.write_text(f"scenes:\n{scenes}before: {DAYS[0]}\n")
    made = seen_by("pair", site)
    assert sorted(path.stem for path in (made.folder / "scenes").iterdir()) == [DAYS[0], DAYS[-1]]
    assert [path.name for path in made.truth.glob("*.tif")] == [f"{DAYS[-1]}_mask.tif"]
    told = pd.read_csv(made.truth / "truth.csv")
    assert told["containers"].tolist() == [3, 8]
    assert told["arrivals"].isna().all()
    assert told["onset_containers"].tolist() == [DAYS[-1]] * 2
    assert told["onset_footprint"].isna().all()
    assert len(gpd.read_file(made.truth / "truth.gpkg", layer="containers")) == 2
    assert made.workflow.read_text().count("scenes/") == 2
    assert f"before: {DAYS[0]}" in made.workflow.read_text()


def test_looks_put_on_the_map_by_hand_and_on_hills_lie_elsewhere_but_for_the_first(site: Site) -> None:
    scenes = "".join(
        f"  - {{date: {day}, path: scenes/{day}.tif, view: {{azimuth_deg: {90 * k}, off_nadir_deg: 20}}}}\n"
        for k, day in enumerate(DAYS)
    )
    site.workflow.write_text(f"site: {{id: port}}\nscenes:\n{scenes}bands: {{blue: 1, green: 2, red: 3, nir: 4}}\n")
    for camera in ("turned", "askew", "hills"):
        made = seen_by(camera, site)
        first, second = (read(made.folder / "scenes" / f"{day}.tif").astype(int) for day in DAYS[:2])
        given = read(site.folder / "scenes" / f"{DAYS[0]}.tif").astype(int)
        assert (first == given).all()
        assert (second != given).mean() > 0.5
        inside = (slice(None), slice(6, -6), slice(6, -6))
        if camera != "askew":
            assert 0 < np.abs(second - given)[inside].max() < 10 * 8, "a few pixels of a ramp of 10 a pixel"
        assert made.workflow.read_text() == site.workflow.read_text()


def test_coarse_cameras_blur_lay_aside_and_halve_the_truth(site: Site) -> None:
    for path in [*(site.folder / "scenes").glob("*.tif"), *site.truth.glob("*.tif")]:
        with rasterio.open(path, "r+") as file:
            file.transform = Affine(0.5, 0, 0, 0, -0.5, 0)
    made = seen_by("3m", site)
    given = read(site.folder / "scenes" / f"{DAYS[0]}.tif").astype(float)
    first, second = (read(made.folder / "scenes" / f"{day}.tif").astype(float) for day in DAYS[:2])
    assert first.shape == (4, 4, 4)
    assert (first[:, 0, 0] == 0).all(), "unseen where one of its pixels is"
    means = given.reshape(4, 4, COARSE_TIMES, 4, COARSE_TIMES).mean((2, 4))
    inside = (slice(None), slice(1, None), slice(1, -1))
    noise = 5 * (12 + 0.006 * means.max())
    assert np.abs(first - means)[inside].max() < noise
    assert 0 < np.abs(second - means)[inside].max() < 10 * COARSE_TIMES / 2 + noise, "at most half a pixel aside"
    with rasterio.open(made.folder / "scenes" / f"{DAYS[0]}.tif") as file:
        assert file.res == (3.0, 3.0)
    mask = read(made.truth / f"{DAYS[1]}_mask.tif")[0]
    assert (mask[:2] == 1).all()
    assert mask[-1, -1] == UNSEEN
    assert "grid: {resolution: 1.25}" in made.workflow.read_text()
    afar = seen_by("10m", site)
    assert "grid" not in afar.workflow.read_text()
    assert read(afar.folder / "scenes" / f"{DAYS[0]}.tif").shape == (4, 1, 1)
