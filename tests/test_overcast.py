"""Dates that show no ground: overcast or empty pictures are not seen, whatever they would seem to say."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from small_scenes import ground, write_scene, write_workflow

from changedet.kernels.pixel_classes import CLEAR, CLOUD, NODATA, SNOW
from changedet.pipeline.date_model import LightLevels
from changedet.pipeline.finished import open_run
from changedet.pipeline.measure import without_clouds
from changedet.pipeline.run import run
from changedet.stages.mask.kernels.cloud_trees import Bands
from changedet.stages.mask.kernels.clouds import _thick
from changedet.stages.mask.kernels.overcast import hides_ground, is_doubtful, is_featureless
from changedet.stages.mask.stage import mask

ROLES = ["blue", "green", "red", "nir"]
DATES = ("2023-01-01", "2023-03-01", "2023-05-01", "2023-07-01")
SIZE = 300


def sky(shape: tuple[int, int], contrast: float = 0.05, seed: int = 0) -> np.ndarray:
    """The top of an overcast sky ``(4, y, x)``: white, its unevenness falling off with the third power of frequency."""
    rng = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1]))
    frequency[0, 0] = 1.0
    spectrum = rng.normal(size=frequency.shape) + 1j * rng.normal(size=frequency.shape)
    uneven = np.fft.irfft2(spectrum * frequency**-1.75, s=shape)
    level = 7000 * (1 + contrast * uneven / uneven.std())
    return np.stack([level * gain for gain in (1.0, 0.99, 0.98, 0.96)]) + rng.normal(0, 20, (4, *shape))


EMPTY = {
    "overcast": sky((SIZE, SIZE)),
    "constant": np.full((4, SIZE, SIZE), 900.0),
    "nearly constant": 2500 + np.random.default_rng(3).normal(0, 25, (4, SIZE, SIZE)),
}


def image(values: np.ndarray) -> xr.DataArray:
    y, x = (np.arange(n, dtype=float) * 2 for n in values.shape[1:])
    return xr.DataArray(
        values.astype(np.float32), dims=("band", "y", "x"), coords={"band": ROLES[: len(values)], "y": -y, "x": x}
    )


@pytest.mark.parametrize("name", EMPTY)
def test_an_empty_picture_is_cloud_beside_a_reference_and_alone(name: str) -> None:
    empty = image(EMPTY[name])
    assert (mask(empty, reference=image(ground(SIZE, SIZE))) == CLOUD).all()
    assert (mask(empty) == CLOUD).all()


def test_ground_is_not_cloud_whatever_it_is_compared_with() -> None:
    before = ground(SIZE, SIZE)
    grain = np.random.default_rng(5).normal(0, 15, before.shape)
    # Snow takes the colour and leaves borders, as dark as the bare ground was uneven.
    snow = 6500 + 4 * (before - before.mean(axis=(1, 2), keepdims=True)).mean(axis=0) + grain
    for values, wanted in ((before * 1.3 + 200, (CLEAR,)), (snow, (CLEAR, SNOW))):
        for other in (before, sky((SIZE, SIZE)), EMPTY["constant"]):
            assert np.isin(mask(image(values), reference=image(other)), wanted).all()
        assert np.isin(mask(image(values)), wanted).all()


def test_two_seas_are_not_each_others_cloud() -> None:
    seas = [300 + np.random.default_rng(seed).normal(0, 12, (SIZE, SIZE)).astype(np.float32) for seed in (0, 1)]
    assert not hides_ground(*seas)


def test_a_coarse_date_shows_the_same_place() -> None:
    before = ground(SIZE, SIZE).mean(axis=0).astype(np.float32)
    coarse = before.reshape(SIZE // 10, 10, SIZE // 10, 10).mean(axis=(1, 3))
    assert not hides_ground(np.kron(coarse, np.ones((10, 10))).astype(np.float32), before)


def test_what_no_data_leaves_decides() -> None:
    before, over = ground(SIZE, SIZE).mean(axis=0), EMPTY["overcast"].mean(axis=0)
    half = np.where(np.arange(SIZE) < SIZE // 2, np.nan, over).astype(np.float32)
    assert hides_ground(half, before.astype(np.float32))
    assert is_doubtful(half)
    rough = before * (1 + 0.1 * np.random.default_rng(2).normal(size=before.shape))
    assert not is_doubtful(np.where(np.arange(SIZE) < SIZE // 2, np.nan, rough).astype(np.float32))
    nothing = np.full((SIZE, SIZE), np.nan, np.float32)
    assert not hides_ground(nothing, before.astype(np.float32))
    assert not is_doubtful(nothing)
    assert not is_featureless(np.stack([nothing] * 3), 2200.0)


@pytest.mark.parametrize("cover", [0.8, 0.9, 1.0])
def test_skies_that_are_mostly_cloud(cover: float) -> None:
    from changedet.simulate import Renderer, make_world
    from changedet.simulate.render import weather
    from changedet.simulate.schedule import Sky

    world = make_world("growth", seed=31, dates=2, gsd_m=1.0, changes={1: (None, Sky(cloud_cover=cover))})
    pictures = [Renderer(world, index).window() for index in (0, 1)]
    covered = weather(world, world.looks[1], world.looks[1].to_ground, world.looks[1].shape).cloud > 0.5
    assert covered.mean() > 0.65
    found = mask(image(pictures[1]), reference=image(pictures[0])).values
    assert (found[covered] == CLOUD).mean() > 0.95


# The rule was set on seeds 660 and 817.
@pytest.mark.parametrize(("seed", "index"), [(819, 4), (820, 2), (820, 5)])
def test_clouds_with_firm_edges_are_told_by_their_outline(seed: int, index: int) -> None:
    from changedet.simulate import Renderer, make_world
    from changedet.simulate.render import weather

    world = make_world("clouds", seed=seed, dates=6, gsd_m=0.5, size_m=128.0)
    look = world.looks[index]
    covered = weather(world, look, look.to_ground, look.shape).cloud > 0.5
    pictures = [image(Renderer(world, k).window()) for k in (0, index)]
    before, after = (one.assign_coords(x=one["x"] / 4, y=one["y"] / 4) for one in pictures)
    found = mask(after, reference=before).values
    seen = found != NODATA
    assert covered.mean() > 0.1
    assert (found[covered & seen] == CLOUD).mean() > 0.8


@pytest.mark.parametrize("shape", ["hall", "wing", "tee"])
def test_new_white_roofs_are_no_cloud(shape: str) -> None:
    rng = np.random.default_rng(2)
    before = np.kron(rng.normal(900, 120, (3, 60, 60)), np.ones((4, 4))) + rng.normal(0, 30, (3, 240, 240))
    after = before + rng.normal(0, 30, before.shape)
    after[:, 40:200, 40:110] = 5200 + rng.normal(0, 120, (3, 160, 70))
    if shape == "wing":
        after[:, 130:200, 110:200] = 5200 + rng.normal(0, 120, (3, 70, 90))
    if shape == "tee":
        after[:, 90:150, 110:200] = 5200 + rng.normal(0, 120, (3, 60, 90))
    found = mask(image(after.astype(np.float32)), reference=image(before.astype(np.float32))).values
    assert not (found == CLOUD).any()


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four dates at 1 m: the second overcast, the third without features."""
    folder = tmp_path_factory.mktemp("series")
    rng = np.random.default_rng(9)
    base = ground(SIZE, SIZE)
    pictures = [base, sky(base.shape[1:], seed=4), np.full(base.shape, 900.0), base * 1.05]
    for day, values in zip(DATES, pictures, strict=True):
        noise = 0 if day == DATES[2] else rng.normal(0, 10, base.shape)
        write_scene(folder / f"{day}.tif", values + noise, resolution_m=1.0)
    return folder


def rows(path: Path) -> list[dict[str, object]]:
    table = open_run(path).series
    return table[table["zone"] == ""].to_dict("records")


def test_a_date_that_shows_nothing_says_nothing(series: Path, tmp_path: Path) -> None:
    workflow = write_workflow(series, DATES, outputs={"formats": "all"})
    path = run(workflow, out=str(tmp_path)).path
    found = rows(path)
    assert [round(float(row["valid_fraction"])) for row in found] == [1, 0, 0, 1]
    for row in found[1:3]:
        assert np.isnan(row["changed_area_m2"])
        assert np.isnan(row["footprint_area_m2"])
        assert not row["departures"] > 0
        assert not row["containers"] > 0
    assert found[3]["changed_area_m2"] == 0
    assert (open_run(path).mask(DATES[1]).values == 255).all()
    warnings = json.loads((path / "summary.json").read_text())["warnings"]
    for day in DATES[1:3]:
        assert any(line.startswith(f"{day}: only 0.0% of the area is clear") for line in warnings), warnings


@pytest.mark.parametrize("reference", [1, 2])
def test_a_reference_that_shows_nothing_is_said_and_another_named(series: Path, tmp_path: Path, reference: int) -> None:
    workflow = write_workflow(series, DATES, name="clouded", before=DATES[reference])
    path = run(workflow, out=str(tmp_path)).path
    found = rows(path)
    assert [round(float(row["valid_fraction"])) for row in found] == [1, 0, 0, 1]
    assert all(np.isnan(row["changed_area_m2"]) for row in found)
    warnings = json.loads((path / "summary.json").read_text())["warnings"]
    assert any(DATES[reference] in line and f"give before: {DATES[0]}" in line for line in warnings), warnings


@pytest.mark.parametrize("folder", ["null", "pucallpa", "taizhou", "beijing_a"])
def test_real_clear_pairs_show_their_ground(folder: str) -> None:
    place = Path(os.environ.get("CHANGEDET_DATA", Path(__file__).parents[2] / "shared/data")) / folder
    if not place.is_dir():
        pytest.skip(f"{folder} is not there: set CHANGEDET_DATA")
    rasterio = pytest.importorskip("rasterio")
    names = {"taizhou": ["2000TM", "2003TM"], "beijing_a": ["beijing_A_1.jpg", "beijing_A_2.jpg"]}
    bright = []
    for path in [place / name for name in names[folder]] if folder in names else sorted(place.glob("*.tif")):
        with rasterio.open(path) as source:
            bright.append(source.read([1, 2, 3]).mean(axis=0, dtype=np.float32))
    assert not [k for k, one in enumerate(bright) if is_doubtful(one)]
    assert not [(i, j) for i, one in enumerate(bright) for j, other in enumerate(bright) if hides_ground(one, other)]


def test_white_within_a_cloud_is_cloud_however_even_and_a_white_roof_that_it_touches_is_not() -> None:
    bands, reference = np.full((2, 3, 40, 40), 0.2, np.float32)
    cloud = np.zeros((40, 40), bool)
    cloud[5:25, 5:25] = True
    # The cloud's own texture; its core is whiter than most of it, and nothing there was told.
    bands[:, cloud] = np.random.default_rng(3).uniform(0.7, 0.9, cloud.sum())
    bands[:, 10:16, 10:16] = 0.9
    told = cloud.copy()
    told[10:16, 10:16] = False
    # Roofs beside it: one as white before, one less bright; and as bright a thing that no cloud touches.
    bands[:, 12:16, 25:30] = reference[:, 12:16, 25:30] = 0.85
    bands[:, 18:22, 25:30] = 0.5
    bands[:, 32:36, 32:36] = 0.9
    found = _thick(told, told, bands, reference, Bands((0, 1, 2), None))
    np.testing.assert_array_equal(found & ~told, cloud & ~told)
    assert not _thick(np.zeros_like(told), told, bands, reference, Bands((0, 1, 2), None)).any()


@pytest.mark.parametrize("left_open", [0.0, 0.03, 0.2])
def test_the_bright_end_of_a_cloudy_date_is_that_of_its_ground(left_open: float) -> None:
    rng = np.random.default_rng(5)
    before = rng.uniform(300, 3000, (4, 3, 64, 64)).astype(np.float32)
    seen = 0.9 * before + rng.normal(0, 20, before.shape).astype(np.float32)
    clear = float(np.percentile(seen, 99))
    for cell, open_cloud in zip(seen, rng.random((4, 64, 64)) < left_open, strict=True):
        cell[:, open_cloud] = 9000
    roles = ("red", "green", "blue")
    levels, usual = (
        LightLevels(tuple(np.percentile(image, 0.5, (0, 2, 3))), tuple(np.median(image, (0, 2, 3))))
        for image in (seen, before)
    )
    kept = without_clouds(roles, seen, before, levels, usual)
    assert np.nanpercentile(kept, 99) == pytest.approx(clear, rel=0.02)
    assert np.isnan(kept).mean() == pytest.approx(left_open, abs=0.02)
    if left_open:
        assert np.percentile(seen, 99) > 2 * clear
    # Where nothing is known of the reference nothing is left out.
    np.testing.assert_array_equal(without_clouds(roles, seen, before * np.nan, levels, usual), seen)
