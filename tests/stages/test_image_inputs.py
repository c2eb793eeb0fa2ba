"""Images as people have them: what is refused with a sentence, and what counts as no data."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from affine import Affine
from odc.geo.geobox import GeoBox
from odc.geo.xr import xr_coords

import changedet
from changedet.errors import MethodError
from changedet.stages.image_inputs import as_image, crs_of, ground_resolution_m, refuse_degrees

UTM = GeoBox((64, 72), Affine(10, 0, 500_000, 0, -10, 9_000_000), "EPSG:32718")
DEGREES = GeoBox((64, 72), Affine(0.0001, 0, -74.5, 0, -0.0001, -8.4), "EPSG:4326")
FEET = GeoBox((64, 72), Affine(10, 0, 980_000, 0, -10, 200_000), "EPSG:2263")


def image(box: GeoBox = UTM, dtype: str = "float32", seed: int = 0) -> xr.DataArray:
    values = np.random.default_rng(seed).normal(900, 60, (3, *box.shape)).astype(dtype)
    coords = {**xr_coords(box, always_yx=True), "band": ["blue", "green", "red"]}
    return xr.DataArray(values, dims=("band", "y", "x"), coords=coords, name="radiance")


CALLS = {
    "align": lambda one: changedet.align(one, image()),
    "align: reference": lambda one: changedet.align(image(), one),
    "normalise": lambda one: changedet.normalise(one, image()),
    "change_score: after": lambda one: changedet.change_score(image(), one),
    "change_mask": lambda one: changedet.change_mask(one, 1.0),
    "detect_containers": changedet.detect_containers,
}


@pytest.mark.parametrize("name", CALLS)
def test_what_is_no_dataarray_gets_a_sentence(name: str) -> None:
    with pytest.raises(TypeError, match=f"{name}.*a numpy array, .*xarray.DataArray.array, dims=.'band', 'y', 'x'"):
        CALLS[name](image().values)
    with pytest.raises(TypeError, match=r"a Dataset \(radiance\).*to_dataarray\('band'\)"):
        CALLS[name](image().to_dataset())
    with pytest.raises(TypeError, match=r"a dask Array, expected an xarray"):
        CALLS[name](image().chunk().data)
    with pytest.raises(TypeError, match=r"a list, expected an xarray\.DataArray"):
        CALLS[name]([1, 2])


@pytest.mark.parametrize("name", CALLS)
def test_complex_values_are_refused(name: str) -> None:
    with pytest.raises(MethodError, match=f"{name}.*complex64, expected real numbers; give amplitudes"):
        CALLS[name](image().astype("complex64"))


@pytest.mark.parametrize("name", ["align", "normalise"])
def test_bands_that_are_not_the_first_dimension_are_refused(name: str) -> None:
    call = getattr(changedet, name)
    for own in (image()[0], image().transpose("y", "x", "band")):
        with pytest.raises(MethodError, match=rf"{name}: moving: dims .*, expected \('band', 'y', 'x'\)"):
            call(own, own)


def test_bands_of_one_name_are_refused() -> None:
    with pytest.raises(MethodError, match="change_score: before: two bands are called 'red'"):
        changedet.change_score(image().assign_coords(band=["red", "green", "red"]), image())


def test_a_threshold_that_is_no_number_is_refused() -> None:
    with pytest.raises(MethodError, match="change_mask: threshold: nan"):
        changedet.change_mask(image()[0], float("nan"))


@pytest.mark.parametrize("name", ["change_score: after", "change_mask", "detect_containers", "align"])
@pytest.mark.parametrize(("box", "unit"), [(DEGREES, "degrees"), (FEET, "another unit")], ids=["degrees", "feet"])
def test_a_grid_that_is_not_in_metres_is_refused(name: str, box: GeoBox, unit: str) -> None:
    one = image(box)
    calls = {
        "align": lambda: changedet.align(one, one),
        "change_score: after": lambda: changedet.change_score(one, one),
        "change_mask": lambda: changedet.change_mask(one[0], 1.0, min_area_m2=0),
    }
    with pytest.raises(MethodError, match=f"coordinates in {unit}, expected a CRS that is projected in metres"):
        calls.get(name, lambda: CALLS[name](one))()
    assert changedet.normalise(one, one, method="mean_std").shape == one.shape


@pytest.mark.parametrize("name", ["align", "normalise", "change_score"])
def test_images_that_do_not_lie_on_each_other_are_refused(name: str) -> None:
    one = image()
    call = {"align": changedet.align, "normalise": changedet.normalise, "change_score": changedet.change_score}[name]
    moved = one.assign_coords(x=one["x"] + 10.0)
    with pytest.raises(MethodError, match=f"{name}: the images have other coordinates along x; bring them to one grid"):
        call(moved, one)
    elsewhere = image(GeoBox(UTM.shape, UTM.transform, "EPSG:32719"))
    with pytest.raises(MethodError, match=f"{name}: the images have different CRSs"):
        call(elsewhere, one)
    hardly = one.assign_coords(x=one["x"] + 0.01)
    assert call(hardly, one, method="none" if name != "change_score" else "cva").sizes["x"] == one.sizes["x"]


def test_degrees_are_known_by_the_coordinates_alone() -> None:
    bare = image(DEGREES).drop_vars("spatial_ref")
    with pytest.raises(MethodError, match="in degrees"):
        refuse_degrees(bare, "x")
    bare = bare.assign_coords(x=bare["x"] * 100, y=bare["y"] * 100)
    assert refuse_degrees(image(UTM).drop_vars("spatial_ref"), "x") == ""
    for dim in ("y", "x"):
        bare[dim].attrs["units"] = "degrees_north" if dim == "y" else "degrees_east"
    with pytest.raises(MethodError, match="in degrees"):
        refuse_degrees(bare, "x")
    broken = image()
    broken["spatial_ref"].attrs = {"crs_wkt": "PROJCS[nothing"}
    with pytest.raises(MethodError, match="its CRS cannot be read"):
        refuse_degrees(broken, "x")


def test_the_crs_is_found_where_grid_mapping_says() -> None:
    named = image().rename(spatial_ref="crs")
    assert crs_of(named) == ""
    named.encoding["grid_mapping"] = "crs"
    assert "UTM zone 18S" in crs_of(named)


def test_pixel_sizes_are_those_on_the_ground() -> None:
    mercator = GeoBox((64, 72), Affine(10, 0, 1_000_000, 0, -10, 8_399_737), "EPSG:3857")  # 60 degrees north
    assert ground_resolution_m(image(mercator), "x") == pytest.approx(5.0, rel=0.01)
    assert ground_resolution_m(image(), "x") == pytest.approx(10.0, rel=0.001)
    assert ground_resolution_m(xr.DataArray(np.zeros((4, 4)), dims=("y", "x")), "x") == 1.0


@pytest.mark.parametrize("key", ["_FillValue", "missing_value", "nodata"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "float32"])
def test_the_value_for_no_data_is_nan(key: str, dtype: str) -> None:
    given = image(dtype="float32").clip(1, 250).astype(dtype)
    given[:, 3, 4:9] = 0
    given.attrs = {key: 0, "units": "1"}
    found = as_image(given, "x")
    assert found.dtype == np.float32
    assert found.attrs == {"units": "1"}
    np.testing.assert_array_equal(np.isnan(found), given == 0)
    np.testing.assert_array_equal(as_image(given.chunk(y=20), "x").compute(scheduler="synchronous"), found)
    assert given.attrs[key] == 0


def test_the_encoding_counts_for_integers_alone() -> None:
    """Floats that carry it there, as rioxarray's `masked` and xarray's decoding leave them, have been decoded."""
    for dtype, count in (("uint16", 5 * 3), ("float32", 0)):
        given = image(dtype=dtype)
        given[:, 3, 4:9] = 0
        given.encoding["_FillValue"] = 0
        assert int(np.isnan(as_image(given, "x")).sum()) == count
    given.attrs["_FillValue"] = np.nan
    assert not np.isnan(as_image(given, "x")).any()


def test_integers_with_a_value_for_no_data_are_no_change() -> None:
    before, after = image(seed=1).clip(1, 60000).astype("uint16"), image(seed=2).clip(1, 60000).astype("uint16")
    after[:, 10:30, 10:30] = 0
    for one in (before, after):
        one.attrs["_FillValue"] = 0
    score = changedet.change_score(before, after, method="cva")
    assert np.isnan(score[10:30, 10:30]).all()
    assert (changedet.change_mask(score)[10:30, 10:30] == 255).all()


def test_bands_are_named_by_a_long_name_for_each() -> None:
    given = image().assign_coords(band=[1, 2, 3])
    given.attrs["long_name"] = ("blue", "green", "red")
    assert list(as_image(given, "x")["band"].values) == ["blue", "green", "red"]
    given.attrs["long_name"] = "radiance"
    assert list(as_image(given, "x")["band"].values) == [1, 2, 3]
    named = image()
    named.attrs["long_name"] = ("a", "b", "c")
    assert list(as_image(named, "x")["band"].values) == ["blue", "green", "red"]


def test_names_and_attributes_are_kept_and_say_what_was_done() -> None:
    moving, reference = image(seed=3), image(seed=3)
    moving = moving.roll(x=2).assign_attrs(platform="satellite", units="counts")
    reference = (reference * 2).assign_attrs(units="reflectance")
    aligned = changedet.align(moving, reference, method="phase_correlation", chip_px=32)
    assert (aligned.name, aligned.attrs) == (
        "radiance", {"platform": "satellite", "units": "counts", "align_method": "phase_correlation"})  # fmt: skip
    assert float(aligned["shift_east_m"]) == pytest.approx(20, abs=0.5)
    assert aligned["shift_north_m"].attrs["units"] == "m"
    scaled = changedet.normalise(aligned, reference, method="mean_std")
    assert scaled.attrs["units"] == "reflectance"
    assert {"platform", "align_method", "normalise_method"} <= set(scaled.attrs)
    assert float(scaled["shift_east_m"]) == float(aligned["shift_east_m"])
    score = changedet.change_score(reference, scaled, method="cva")
    assert (score.name, score.attrs["method"]) == ("change_score", "cva")
    marked = changedet.change_mask(score)
    assert (marked.name, marked.attrs["method"], marked.attrs["min_area_m2"]) == (
        "change_mask", "cva", score.attrs["min_area_m2"])  # fmt: skip
    assert dict(zip(marked.attrs["flag_values"].tolist(), marked.attrs["flag_meanings"].split(), strict=True)) == {
        0: "unchanged", 1: "changed", 255: "no_data"}  # fmt: skip
    assert (marked.attrs["_FillValue"], marked.attrs["_FillValue"].dtype) == (255, np.uint8)
    assert "spatial_ref" in marked.coords
    for lazy in (changedet.align(moving.chunk(y=30), reference), changedet.normalise(moving.chunk(y=30), reference)):
        assert lazy.name == "radiance"
        assert lazy.attrs["platform"] == "satellite"


def test_an_unknown_shift_is_nan_and_not_none() -> None:
    flat = image() * 0 + 7
    aligned = changedet.align(flat, flat)
    assert np.isnan(aligned["shift_east_m"])
    np.testing.assert_array_equal(aligned.values, flat.values)


def test_a_least_area_beyond_the_picture_reads_no_more_than_the_picture() -> None:
    score = image()[0] * 0
    score[:20] = 5
    whole = changedet.change_mask(score.chunk(y=20, x=20), 1.0, min_area_m2=1e9)
    assert max(block.nbytes for block in whole.data.blocks.ravel()) == 400
    assert int((whole == 1).sum()) == 0
    assert int((changedet.change_mask(score, 1.0, min_area_m2=20 * 72 * 90.0) == 1).sum()) == 20 * 72
