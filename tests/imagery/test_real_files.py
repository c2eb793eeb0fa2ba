"""Real files that stress readers: each read right, by another reader's account, or refused in one clear line."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import rasterio
import rasterio.enums
import rasterio.errors
import rasterio.vrt
import rasterio.warp
from affine import Affine
from numpy.typing import NDArray
from real import DATA, needs_data

from changedet.blocks import Window
from changedet.errors import InputError
from changedet.grid import Displacement, Frame, Grid, make_grid
from changedet.imagery.grouping import group_looks, shared_roles
from changedet.imagery.opening import open_scene
from changedet.imagery.pixel_map import pixel_map_of
from changedet.imagery.scene import Scene
from changedet.kernels.pixel_classes import CLEAR, NODATA

READERS = DATA / "readers"
pytestmark = [
    needs_data,
    # GDAL's readers of GCPs and rasterio's WarpedVRT use affine's old operator.
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
]

REFUSED = {
    "byte_gcp.tif": "has 2 ground control points, at least 3",
    "byte_truncated.tif": "cannot be read, it is truncated",
    "cint16.tif": "complex numbers",
    "corrupt.tif": "cannot be read, it is truncated, corrupt",
    "float_nan.tif": "no coordinate reference system",
    "image_colormap.tif": "colour palette",
    "inverted_lat.tif": "too wide",
    "miniswhite.tif": "colour palette",
    "non_square_pixels.tif": "no coordinate reference system",
    "rotated.tif": "no coordinate reference system",
    "slc.tif": "complex numbers",
    "sparse_tiled_contig.tif": "no coordinate reference system",
}
# North-up in metres: read bit for bit.
EXACT = {
    "RGB.byte.tif", "RGB2.byte.tif", "RGBA.uint16.tif", "all-nodata.tif", "byte_LERC.tif", "cog_dateline.tif",
    "cog_scale.tif", "float16.tif", "image_rgb_mask.tif", "image_webp.tif", "int16_big_endian.tif",
}  # fmt: skip
WARPED = {"geomatrix.tif", "image_nan.tif", "rgbsmall_JPEG_ycbcr.tif"}
BY_POINTS = {"RGB.byte.gcp.vrt", "cog_gcps.tif", "RGB.byte.rpc.vrt", "byte_rpc.tif"}


def opened(name: str) -> Scene:
    return open_scene(str(READERS / name), date="2020-01-01")


def whole(grid: Grid) -> Window:
    return Window(0, 0, *grid.shape)


def test_every_file_is_judged() -> None:
    assert {path.name for path in READERS.iterdir()} == {*REFUSED, *EXACT, *WARPED, *BY_POINTS}


def _read_all(name: str) -> None:
    scene = opened(name)
    grid = make_grid(scene.frame)
    scene.read(grid, whole(grid), scene.roles)


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_refused_with_one_clear_line(name: str) -> None:
    with pytest.raises(InputError, match=REFUSED[name]) as error:
        _read_all(name)
    assert len(error.value.problems) == 1
    assert "\n" not in str(error.value)
    assert name in str(error.value) or "site.aoi" in str(error.value)


@pytest.mark.parametrize("name", sorted(EXACT))
def test_north_up_files_are_read_bit_for_bit(name: str) -> None:
    scene = opened(name)
    grid = make_grid(scene.frame)
    image, quality = scene.read(grid, whole(grid), scene.roles)
    with rasterio.open(READERS / name) as source:
        assert grid.shape == source.shape
        assert grid.transform == source.transform
        values = source.read([scene.bands[role].index for role in scene.roles]).astype(np.float32)
        valid = source.dataset_mask() > 0
    assert np.array_equal(quality == CLEAR, valid)
    assert np.array_equal(image[:, valid], values[:, valid])
    assert np.isnan(image[:, ~valid]).all()


def gdal_warp(
    name: str, grid: Grid, bands: list[int], **options: object
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    with (
        rasterio.open(READERS / name) as source,
        rasterio.vrt.WarpedVRT(
            source,
            crs=grid.crs,
            transform=grid.transform,
            width=grid.shape[1],
            height=grid.shape[0],
            resampling=rasterio.enums.Resampling.bilinear,
            add_alpha=source.nodata is None,
            **options,
        ) as vrt,
    ):
        return vrt.read(bands).astype(np.float64), vrt.dataset_mask() > 0


@pytest.mark.parametrize("name", sorted(WARPED))
def test_warped_files_agree_with_gdal(name: str) -> None:
    scene = opened(name)
    grid = make_grid(scene.frame)
    image, quality = scene.read(grid, whole(grid), scene.roles)
    theirs, valid = gdal_warp(name, grid, [scene.bands[role].index for role in scene.roles])
    both = valid & (quality == CLEAR)
    # We are stricter at the edges of gaps; nowhere do we see where GDAL does not.
    assert both.sum() > 0.85 * valid.sum() > 0
    assert (quality == CLEAR).sum() < 1.03 * valid.sum()
    # GDAL rounds to the source's integers, and its positions are good to an eighth of a pixel.
    spread = np.nanstd(image)
    rounding = 0.0 if image.dtype.kind == "f" and scene.dtype.startswith("float") else 0.5
    assert np.abs(image - theirs)[:, both].mean() < rounding + 0.01 * spread


@pytest.mark.parametrize("name", sorted(BY_POINTS))
def test_files_placed_by_points_agree_with_gdal(name: str) -> None:
    scene = opened(name)
    raster = next(iter(scene.rasters.values()))
    grid = make_grid(scene.frame)
    # Rows and columns instead of what the file shows: positions are compared, and no gap hides a difference.
    image = np.stack(np.meshgrid(*map(np.arange, raster.shape), indexing="ij")).astype(np.float32)
    theirs = np.full((2, *grid.shape), -1.0, np.float32)
    with rasterio.open(READERS / name) as source:
        points, crs = source.gcps
        how = {"gcps": points, "src_crs": crs} if points else {"rpcs": source.rpcs, "src_crs": "EPSG:4326"}
    if raster.rpcs is not None:
        how["RPC_HEIGHT"] = raster.rpcs["height_off"]
        assert any("RPCs" in warning for warning in scene.warnings)
    else:
        # By itself GDAL takes a homography for four or five points from version 3.11 on.
        how["SRC_METHOD"] = "GCP_TPS" if len(points) > 20 else "GCP_POLYNOMIAL"
    rasterio.warp.reproject(
        image,
        theirs,
        dst_transform=grid.transform,
        dst_crs=grid.crs,
        resampling=rasterio.enums.Resampling.bilinear,
        init_dest_nodata=False,
        tolerance=0.0,
        XSCALE="1",
        YSCALE="1",
        **how,
    )
    rows, columns = np.meshgrid(*(np.arange(n, dtype=float) for n in grid.shape), indexing="ij")
    ours = np.stack(pixel_map_of(raster, grid, Displacement(), None).locate(rows, columns))
    inner = (theirs > 1).all(axis=0) & (ours > 1).all(axis=0)
    inner &= (ours[0] < raster.shape[0] - 2) & (ours[1] < raster.shape[1] - 2)
    assert inner.mean() > 0.4
    # GDAL interpolates its own transformer along rows: a third of a pixel apart at worst among the splines.
    assert np.percentile(np.abs(ours - theirs)[:, inner], 99) < 0.1
    assert np.abs(ours - theirs)[:, inner].max() < 0.5
    # And what is read is what lies there.
    values, quality = scene.read(grid, whole(grid), scene.roles[:1])
    with rasterio.open(READERS / name) as source:
        band = source.read(scene.bands[scene.roles[0]].index).astype(np.float32)
    whereabouts = np.moveaxis(np.argwhere(inner & (quality == CLEAR))[:: max(1, int(inner.sum()) // 500)], 1, 0)
    y, x = ours[:, whereabouts[0], whereabouts[1]]
    j, i = np.floor(y).astype(int), np.floor(x).astype(int)
    corners = np.stack([band[j, i], band[j, i + 1], band[j + 1, i], band[j + 1, i + 1]])
    seen = values[0, whereabouts[0], whereabouts[1]]
    # Positions between nodes are good to some hundredths of a pixel: a corner may just be missed.
    slack = 0.05 * (corners.max(axis=0) - corners.min(axis=0)) + 0.5
    near = (seen >= corners.min(axis=0) - slack) & (seen <= corners.max(axis=0) + slack)
    assert near.mean() > 0.97


def test_what_the_files_say_of_themselves() -> None:
    assert opened("RGBA.uint16.tif").roles == ("blue", "green", "red")
    planet = opened("all-nodata.tif")
    assert planet.roles == ("blue", "green", "red", "nir")
    assert planet.sun is not None
    assert (planet.sun.azimuth_deg, planet.sun.elevation_deg) == pytest.approx((132.192, 90 - 51.361))
    assert opened("cog_gcps.tif").roles == ("amplitude",)
    west, _, east, _ = opened("cog_dateline.tif").footprint.bounds
    assert west < 180 < east
    assert opened("image_rgb_mask.tif").gsd_m < 1.19433 < opened("image_rgb_mask.tif").frame.transform.a + 1e-4


def test_south_up_degrees_without_data_are_read_within_an_aoi() -> None:
    scene = opened("inverted_lat.tif")
    grid = Grid("EPSG:32633", Affine(20_000, 0, 300_000, 0, -20_000, 5_600_000), (20, 20))
    image, quality = scene.read(grid, whole(grid), scene.roles)
    with rasterio.open(READERS / "inverted_lat.tif") as source:
        assert (source.read(1) == source.nodata).all()
    assert (quality == NODATA).all()
    assert np.isnan(image).all()
    assert scene.gsd_m > 30_000


@pytest.mark.parametrize("name", ["rotated.tif", "non_square_pixels.tif", "float_nan.tif"])
def test_a_crs_makes_files_without_one_usable(name: str) -> None:
    scene = open_scene(str(READERS / name), date="2020-01-01", crs="EPSG:32633", bands={"pan": 1})
    with rasterio.open(READERS / name) as source:
        values = source.read(1).astype(np.float32)
        assert scene.frame.transform == source.transform
    # Far from any edge, at the middle of each pixel, the value is the pixel's own.
    height, width = values.shape
    t = scene.frame.transform
    for row, column in ((0, 0), (height - 1, width - 1), (height // 2, width // 2)):
        x = t.a * (column + 0.5) + t.b * (row + 0.5) + t.c
        y = t.d * (column + 0.5) + t.e * (row + 0.5) + t.f
        grid = Grid("EPSG:32633", Affine(1e-3, 0, x - 5e-4, 0, -1e-3, y + 5e-4), (1, 1))
        image, _ = scene.read(grid, Window(0, 0, 1, 1), ("pan",))
        assert np.array_equal(image[0, 0, 0], values[row, column], equal_nan=True)


def test_a_picture_without_a_place_is_placed_by_bounds() -> None:
    scene = open_scene(
        str(READERS / "sparse_tiled_contig.tif"), date="2020-01-01", crs="EPSG:32633", bounds=(500_000, 0, 500_040, 21)
    )
    grid = make_grid(scene.frame)
    image, quality = scene.read(grid, whole(grid), scene.roles)
    with rasterio.open(READERS / "sparse_tiled_contig.tif") as source:
        values, valid = source.read(), source.dataset_mask() > 0
    assert np.array_equal(quality == CLEAR, valid)
    assert np.array_equal(image[:, valid], values[::-1].astype(np.float32)[:, valid])


def test_null_series() -> None:
    paths = sorted((DATA / "null").glob("*.tif"))
    scenes = [
        open_scene(str(path), date=path.stem[-8:], bands={"red": 1, "green": 2, "blue": 3, "nir": 4}) for path in paths
    ]
    looks = group_looks(scenes)
    grid = make_grid(looks[0].frame)
    assert grid.transform == looks[0].frame.transform
    images = [look.read(grid, whole(grid), shared_roles(looks))[0] for look in looks]
    assert images[0].tobytes() == images[1].tobytes() == images[2].tobytes()
    plain = open_scene(str(paths[0]), date="2016-01-01")
    assert plain.roles == ("blue", "green", "red", "band4")
    assert len(plain.warnings) == 1


def test_pucallpa_series_of_degrees() -> None:
    paths = sorted((DATA / "pucallpa").glob("*.tif"))
    looks = group_looks(
        [
            open_scene(str(p), date=f"{p.stem}-07-01", default_bands={"swir1": 1, "nir": 2, "red": 3, "green": 4})
            for p in paths
        ]
    )
    assert len(looks) == 8
    assert shared_roles(looks) == ["green", "red", "nir", "swir1"]
    grid = make_grid(looks[0].frame)
    assert grid.crs == "EPSG:32718"
    assert 85 < grid.resolution_m < 93
    inside = grid.inside(whole(grid))
    for look in looks:
        _, quality = look.read(grid, whole(grid), shared_roles(looks))
        # Band 4 is data, not alpha: the scene is there all but at its rim.
        assert (quality[inside] == NODATA).mean() < 0.01


def test_taizhou_is_known_by_its_wavelengths() -> None:
    scene = open_scene(str(DATA / "taizhou" / "2000TM"), date="2000-03-17")
    assert {role: source.index for role, source in scene.bands.items()} == {
        "blue": 1, "green": 2, "red": 3, "nir": 4, "swir1": 5, "swir2": 6,
    }  # fmt: skip
    grid = make_grid(scene.frame)
    assert (grid.crs, grid.shape, grid.resolution_m) == ("EPSG:32651", (400, 400), 30)
    image, quality = scene.read(grid, whole(grid), scene.roles)
    with rasterio.open(DATA / "taizhou" / "2000TM") as source:
        assert np.array_equal(image, source.read().astype(np.float32))
    assert not quality.any()


def test_frames_of_points_are_near() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame: Frame = opened("RGB.byte.gcp.vrt").frame
    assert frame.approximate
    assert not frame.is_north_up
    assert 5 < frame.gsd_m < 7
