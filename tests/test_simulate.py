"""The simulator: same seed, same bytes; a window is a crop; the truth is what the pixels show."""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import rasterio
import shapely
import yaml
from pyproj import Transformer
from skimage.registration import phase_cross_correlation

from changedet.errors import InputError
from changedet.imagery.opening import open_scene
from changedet.simulate import KINDS, Truth, World, make_world, render, simulate
from changedet.simulate.kinds import sensors
from changedet.simulate.looks import sun_position
from changedet.simulate.render import supersampling, weather
from changedet.simulate.twins import twin_worlds

BGRN = ("blue", "green", "red", "nir")


@functools.cache
def world(kind: str = "growth", seed: int = 3, gsd_m: float = 1.0, size_m: float = 160.0) -> World:
    return make_world(kind, 4, seed, gsd_m, size_m)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("series")
    return simulate(folder, kind="growth", dates=3, seed=3, gsd_m=1.0, size_m=160.0)


def test_same_seed_same_bytes(written: Path, tmp_path: Path) -> None:
    again = simulate(tmp_path, kind="growth", dates=3, seed=3, gsd_m=1.0, size_m=160.0).parent
    names = [p.relative_to(again) for p in sorted(again.rglob("*")) if p.is_file()]
    assert len(names) == 3 + 2 + 2 + 3  # scenes, masks, truth.gpkg and .csv, workflow and two geojson
    for name in names:
        assert (again / name).read_bytes() == (written.parent / name).read_bytes(), name


def test_another_seed_another_picture() -> None:
    assert (render(world(), 0).image != render(world(seed=4), 0).image).mean() > 0.5


@pytest.mark.parametrize(
    ("kind", "window"), [("clouds", (250, 240, 40, 60)), ("trains", (0, 255, 300, 2)), ("winter", (17, 3, 1, 1))]
)
def test_a_window_is_a_crop(kind: str, window: tuple[int, int, int, int]) -> None:
    site = world(kind, gsd_m=0.5)
    row, column, rows, columns = window
    whole, part = render(site, 2), render(site, 2, window)
    np.testing.assert_array_equal(part.image, whole.image[:, row : row + rows, column : column + columns])
    np.testing.assert_array_equal(part.hidden, whole.hidden[row : row + rows, column : column + columns])


def test_no_seams_between_blocks() -> None:
    image = render(world("quiet", gsd_m=0.5), 0).image.astype(float)
    step = np.abs(np.diff(image, axis=2)).mean(axis=(0, 1))
    assert step[255] < 1.15 * step[245:267].max()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_renders(kind: str) -> None:
    size = 1280.0 if kind == "coarse" else 128.0
    site = twin_worlds(3, 1, 1.0, size, BGRN, "uint16", dt.date(2023, 3, 12), 45)[1] if kind == "twin_sites" else None
    site = site or make_world(kind, 3, 1, 10.0 if kind == "coarse" else 1.0, size)
    for index in range(len(site.looks)):
        image = render(site, index).image
        assert image.shape == (len(site.looks[index].bands), *site.looks[index].shape)
        assert image.std() > 0
    assert site.containers or kind in ("decoys", "coarse")


@pytest.mark.parametrize(("gsd_m", "fine"), [(0.3, 3), (0.5, 4), (1.0, 6), (10.0, 6)])
def test_supersampling(gsd_m: float, fine: int) -> None:
    assert supersampling(gsd_m) == fine


def test_boxes_have_their_colour_where_they_stand() -> None:
    """Red, blue and white single-tier boxes look it in the picture, at the place that the truth gives."""
    site = world("quiet", gsd_m=0.5)
    table, view = Truth(site).containers(), render(site, 0)
    table = table[table["date"] == pd.Timestamp(site.dates[0], tz="UTC")]
    look, seen, told = site.looks[0], [], []
    for row in table.itertuples():
        x, y = (
            shapely.get_coordinates(row.geometry.centroid)[0]
            - (site.centre_east_m, site.centre_north_m)
            + look.lean * 2.59 * row.tiers
        )
        a, _, c, _, e, f = view.to_ground
        q, r = int((x - c) / a), int((y - f) / e)
        if 1 < q < 318 and 1 < r < 318:
            seen.append(view.image[:3, r, q] / 1e4)
            told.append([(int(row.color[k : k + 2], 16) / 255) ** 2.2 for k in (5, 3, 1)])
    assert len(told) > 15
    chroma = [np.asarray(v)[:, 2] - np.asarray(v)[:, 0] for v in (seen, told)]
    assert np.corrcoef(*chroma)[0, 1] > 0.8
    assert np.corrcoef(np.ravel(seen), np.ravel(told))[0, 1] > 0.8


def test_shift_is_where_the_content_lies() -> None:
    """The same date drawn with and without its shift: phase correlation finds what the truth reports."""
    site = world("quiet", gsd_m=0.5)
    look = site.looks[2]
    assert (site.looks[0].shift_east_m, site.looks[0].shift_north_m) == (0, 0)
    back = np.array([0, 0, look.shift_east_m, 0, 0, look.shift_north_m])
    still = replace(site, looks=[replace(look, to_ground=look.to_ground + back)])
    moved, kept = (np.float32(render(s, k).image[2]) for s, k in ((replace(site, looks=[look]), 0), (still, 0)))
    (down, right), _, _ = phase_cross_correlation(moved, kept, upsample_factor=50, normalization=None)
    assert right * look.gsd_m == pytest.approx(look.shift_east_m, abs=0.1)
    assert -down * look.gsd_m == pytest.approx(look.shift_north_m, abs=0.1)
    assert abs(look.shift_east_m) + abs(look.shift_north_m) > 0.3


def test_identities_last() -> None:
    site = world()
    tracks, boxes = Truth(site).tracks(), Truth(site).containers()
    assert tracks["object_id"].is_unique
    assert set(boxes["object_id"]) <= set(tracks["object_id"])
    assert not boxes.drop_duplicates(["object_id", "kind", "color"])["object_id"].duplicated().any()
    spans = boxes.merge(tracks.drop(columns="geometry"), on="object_id")
    assert (spans["arrived"] <= spans["date"]).all()
    assert (spans["departed"].isna() | (spans["departed"] <= spans["date"].max())).all()
    gone = spans["departed"].notna()
    assert (spans.loc[gone, "date"] < spans.loc[gone, "departed"]).all()


def test_boxes_do_not_overlap() -> None:
    site = world("dense", gsd_m=0.5)
    shapes = [site.box_outline(stack[-1]) for stack in site.stacks(0).values()]
    polygons = [shapely.Polygon(s) for s in shapes]
    assert sum(p.area for p in polygons) < 1.03 * shapely.union_all(polygons).area


def test_growth_starts_when_it_says() -> None:
    site = make_world("growth", 6, 3, 1.0, 200.0)
    series = Truth(site).series()
    assert site.onset_containers is not None
    assert site.onset_footprint is not None
    before, after = series["containers"][: site.onset_containers], series["containers"][site.onset_containers :]
    assert after.min() > before.max() + 4
    area = series["footprint_area_m2"]
    assert area[site.onset_footprint :].min() > 1.2 * area[: site.onset_footprint].max()
    assert set(series["onset_containers"]) == {site.dates[site.onset_containers].isoformat()}


def test_quiet_has_no_onset() -> None:
    assert set(Truth(world("quiet")).series()["onset_containers"]) == {""}


def test_mask_follows_the_polygons() -> None:
    site = world()
    truth = Truth(site)
    mask = truth.mask(3)
    area = truth.changed_by_place(3).intersection(truth.site()).area
    assert (mask == 1).sum() == pytest.approx(area, rel=0.03)
    assert not (truth.mask(0) == 1).any()


def test_clouds_hide() -> None:
    site = world("clouds", seed=2)
    cloudy = [k for k, look in enumerate(site.looks) if look.cloud_cover > 0]
    assert cloudy
    assert cloudy[0] > 0
    truth, look = Truth(site), site.looks[cloudy[0]]
    hidden, share = truth.hidden(cloudy[0])
    assert abs(share - look.cloud_cover) < 0.25
    assert (truth.mask(cloudy[0])[hidden] == 255).all()
    sky = weather(site, look, look.to_ground, look.shape)
    image = render(site, cloudy[0]).image[0].astype(float)
    assert image[(sky.cloud > 0.95) & ~sky.nodata].mean() > 2 * image[~sky.hidden].mean()
    assert (image[sky.nodata] == 0).all()
    assert (image[~sky.nodata] > 0).all()


def test_twins_share_consignments() -> None:
    here, there = twin_worlds(5, 2, 1.0, 200.0, BGRN, "uint16", dt.date(2023, 3, 12), 45)
    sent = {b.consignment: (b.line, b.kind, b.gone) for b in here.containers if b.consignment}
    got = {b.consignment: (b.line, b.kind, b.born) for b in there.containers if b.consignment}
    common = sent.keys() & got.keys()
    assert common
    assert all(sent[lot][:2] == got[lot][:2] and sent[lot][2] <= got[lot][2] for lot in common)


def test_files_and_their_schema(written: Path) -> None:
    package = written.parent / "truth" / "truth.gpkg"
    layers = dict(pyogrio.list_layers(package))
    assert set(layers) == {"containers", "tracks", "changed", "footprint"}
    boxes = gpd.read_file(package, layer="containers")
    assert {"date", "object_id", "length_m", "width_m", "angle_deg", "kind", "color", "tiers", "visible"} <= set(
        boxes.columns
    )
    for layer, column in (
        ("containers", "date"),
        ("tracks", "arrived"),
        ("tracks", "departed"),
        ("changed", "date"),
        ("footprint", "date"),
    ):
        info = pyogrio.read_info(package, layer=layer)
        assert dict(zip(info["fields"], info["dtypes"], strict=True))[column].startswith("datetime64")
    assert boxes["angle_deg"].between(0, 180, inclusive="left").all()
    assert set(boxes["kind"]) <= {"20ft", "40ft", "45ft"}
    series = pd.read_csv(package.with_name("truth.csv"))
    assert len(series) == 3
    assert {"containers", "teu", "changed_area_m2", "cloud_fraction", "onset_changed"} <= set(series.columns)


def test_empty_layers_are_typed(tmp_path: Path) -> None:
    folder = simulate(tmp_path, kind="decoys", dates=2, seed=1, gsd_m=1.0, size_m=100.0).parent
    for layer in ("containers", "tracks", "changed"):
        info = pyogrio.read_info(folder / "truth" / "truth.gpkg", layer=layer)
        assert info["features"] == 0
        assert any(str(kind).startswith("datetime64") for kind in info["dtypes"])


def test_scenes_and_workflow(written: Path) -> None:
    plan = yaml.safe_load(written.read_text(encoding="utf-8"))
    assert plan["site"]["id"] == "growth-3"
    assert len(plan["scenes"]) == 3
    for scene in plan["scenes"]:
        assert {"azimuth_deg", "elevation_deg"} == set(scene["sun"])
        assert {"azimuth_deg", "off_nadir_deg"} == set(scene["view"])
        with rasterio.open(written.parent / scene["path"]) as source:
            assert source.descriptions == BGRN
            assert source.dtypes == ("uint16",) * 4
            assert source.nodata == 0
            assert source.crs.is_projected
            assert source.res == (1.0, 1.0)
            assert source.tags()["TIFFTAG_DATETIME"].startswith(scene["date"].strftime("%Y:%m:%d"))
            np.testing.assert_array_equal(
                source.read(), render(make_world("growth", 3, 3, 1.0, 160.0), plan["scenes"].index(scene)).image
            )
        told = open_scene(written.parent / scene["path"], date=scene["date"])
        assert vars(told.sun) == scene["sun"]
        assert vars(told.view) == scene["view"]
    zones = gpd.read_file(written.parent / "zones.geojson")
    assert zones.crs.to_epsg() == 4326
    assert set(zones["name"]) == {"yard-a", "yard-b"}


def test_another_zone_shows_the_same_ground() -> None:
    site = make_world("mixed", 4, 3, 1.0, 160.0)
    look = site.looks[3]
    assert look.epsg != site.epsg
    hall = max((s for s in site.solids if s.role == "building"), key=lambda s: s.height_m)
    a, b, c, d, e, f = look.to_ground
    ground = hall.outline.mean(axis=0) + look.lean * hall.height_m
    q, r = np.linalg.solve([[a, b], [d, e]], ground - (c, f))
    image = render(site, 3).image[1].astype(float)
    near = image[int(r) - 3 : int(r) + 4, int(q) - 3 : int(q) + 4]
    assert near.std() < image.std()
    to_crs = rasterio.Affine(*look.transform) @ (q, r)
    back = Transformer.from_crs(look.epsg, site.epsg, always_xy=True).transform(*to_crs)
    shift = np.array([look.shift_east_m, look.shift_north_m])
    np.testing.assert_allclose(np.array(back) - (site.centre_east_m, site.centre_north_m), ground + shift, atol=0.02)


def test_coarse_and_twins_on_disk(tmp_path: Path) -> None:
    coarse = simulate(tmp_path / "coarse", kind="coarse", dates=2, seed=1, size_m=640.0)
    assert not (coarse.parent / "zones.geojson").exists()
    assert "zones" not in yaml.safe_load(coarse.read_text(encoding="utf-8"))["site"]
    first = simulate(tmp_path / "twins", kind="twin_sites", dates=2, seed=1, gsd_m=2.0, size_m=128.0)
    assert sorted(p.name for p in (tmp_path / "twins").iterdir()) == ["twin-sites-1-a", "twin-sites-1-b"]
    assert first.name == "twin-sites-1-a.yaml"
    assert first.is_file()


def test_sun() -> None:
    azimuth, elevation = sun_position(dt.date(2023, 12, 21), 50.0, 10.5)
    assert 150 < azimuth < 165
    assert 10 < elevation < 16


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ({"kind": "grwth"}, "kind"),
        ({"dates": 0}, "dates"),
        ({"gsd_m": 0.1}, "gsd_m"),
        ({"size_m": 5}, "size_m"),
        ({"seed": -1}, "seed"),
        ({"bands": ("blue", "infra")}, "bands"),
        ({"dtype": "int8"}, "dtype"),
        ({"start": "soon"}, "start"),
        ({"interval_days": 0}, "interval_days"),
        ({"interval_days": 10**12}, "interval_days"),
        ({"start": "2099-12-01"}, "interval_days"),
        ({"start": "9999-12-01", "dates": 1}, "start"),
        ({"name": "../elsewhere"}, "name"),
        ({"name": ""}, "name"),
    ],
)
def test_bad_input_is_one_error(tmp_path: Path, wrong: dict[str, object], key: str) -> None:
    with pytest.raises(InputError) as caught:
        simulate(tmp_path / "new", **wrong)  # type: ignore[arg-type]
    assert [p.key for p in caught.value.problems] == [key]
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("there", ["aoi.geojson", "quiet-1.yaml", "scenes/2020-01-01.tif", "other.yaml"])
def test_nothing_of_anybody_elses_is_written_over(tmp_path: Path, there: str) -> None:
    asked = {"kind": "quiet", "dates": 1, "seed": 1, "gsd_m": 2.0, "size_m": 64.0}
    (tmp_path / there).parent.mkdir(exist_ok=True)
    (tmp_path / there).write_text("mine")
    if there == "other.yaml":
        simulate(tmp_path, **asked)  # type: ignore[arg-type]
        simulate(tmp_path, **asked)  # type: ignore[arg-type]
        asked["seed"] = 2
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(InputError, match="choose an empty folder"):
        simulate(tmp_path, **asked)  # type: ignore[arg-type]
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_all_mistakes_at_once_and_bad_windows(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        simulate(tmp_path, dates=0, gsd_m=99.0)
    assert len(caught.value.problems) == 2
    for window in ((0, 0, 9999, 1), (-1, 0, 4, 4), (0, 0, 0, 1)):
        with pytest.raises(InputError):
            render(world(), 0, window)
    with pytest.raises(InputError):
        render(world(), 99)


def test_the_cameras_of_a_mixed_series_share_what_is_compared() -> None:
    cameras = sensors("mixed", 12, 0.5, ("blue", "green", "red", "nir"), "uint16")
    assert len(set(cameras)) >= 5
    assert set.intersection(*(set(camera.bands) for camera in cameras)) == {"blue", "green", "red"}
