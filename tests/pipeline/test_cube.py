"""A run as one Dataset: lazy, true to its rasters, with the metadata of the CF conventions."""

from __future__ import annotations

import shutil
from pathlib import Path

import dask
import numpy as np
import pytest
import xarray as xr
from small_runs import DATES, SHAPE

from changedet.errors import InputError
from changedet.pipeline.finished import open_run


def test_a_cube_holds_every_raster_of_the_run(reference_run: Path) -> None:
    run = open_run(reference_run)
    cube = run.cube()
    assert dict(cube.sizes) == {"time": 3, "band": 4, "y": SHAPE[0], "x": SHAPE[1]}
    assert list(cube["time"].dt.strftime("%Y-%m-%d").values) == list(DATES)
    assert {"scene", "mask", "score"} <= set(cube.data_vars)
    for name, found in cube.data_vars.items():
        assert dask.is_dask_collection(found.data), name
        assert found.encoding["grid_mapping"] == "spatial_ref"
        assert found.attrs["long_name"]
    last = cube.isel(time=-1)
    xr.testing.assert_equal(last["scene"].drop_vars(["time", "valid_fraction"]), run.scene(DATES[-1]))
    np.testing.assert_array_equal(last["mask"], run.mask(DATES[-1]))
    np.testing.assert_array_equal(last["score"], run.score(DATES[-1]))
    first = cube.isel(time=0)
    assert (first["mask"] == 255).all()
    assert np.isnan(first["score"]).all()
    assert cube["mask"].dtype == np.uint8
    assert cube["spatial_ref"].attrs["crs_wkt"]
    assert float(cube["valid_fraction"][0]) == pytest.approx(float(run.series["valid_fraction"].iloc[0]))


def test_its_classes_have_names_and_its_images_no_value_for_no_data(reference_run: Path) -> None:
    cube = open_run(reference_run).cube()
    flags = cube["mask"].attrs
    assert flags["flag_values"].dtype == np.uint8
    assert dict(zip(flags["flag_values"].tolist(), flags["flag_meanings"].split(), strict=True)) == {
        0: "unchanged", 1: "changed", 255: "no_data"}  # fmt: skip
    assert "_FillValue" not in cube["scene"].attrs
    assert cube["score"].attrs["units"] == "1"
    assert cube.attrs["Conventions"] == "CF-1.11"
    assert cube.attrs["reference_date"] == DATES[0]


def test_a_cube_goes_through_netcdf_and_cf_decoding(reference_run: Path, tmp_path: Path) -> None:
    small = open_run(reference_run).cube()[["mask", "score"]].isel(x=slice(20, 60), y=slice(30, 60))
    # The third version of netCDF, which scipy writes, has no unsigned bytes.
    small[["score"]].to_netcdf(tmp_path / "cube.nc", engine="scipy")
    with xr.open_dataset(tmp_path / "cube.nc", engine="scipy", decode_coords="all") as read:
        np.testing.assert_array_equal(read["score"], small["score"])
        assert list(read["time"].values) == list(small["time"].values)
        assert read["score"].attrs["long_name"]
        assert "UTM" in read.coords["spatial_ref"].attrs["crs_wkt"]
    decoded = xr.decode_cf(small)["mask"]
    np.testing.assert_array_equal(np.isnan(decoded), small["mask"] == 255)
    assert small["mask"].attrs["_FillValue"].dtype == np.uint8


def test_a_cube_holds_what_the_run_wrote(reference_run: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(reference_run, tmp_path / "run"))
    shutil.rmtree(copy / "scenes")
    for path in copy.glob("change/*_score.tif"):
        path.unlink()
    assert set(open_run(copy).cube().data_vars) == {"mask", "quality"}
    table = (copy / "timeseries.csv").read_text().splitlines(keepends=True)
    zones = [line.replace(",,", ",north,", 1).replace(",0.", ",0.1", 1) for line in table[1:]]
    (copy / "timeseries.csv").write_text("".join([*table, *zones]))
    assert len(open_run(copy).series) == 6
    expected = open_run(reference_run).series["valid_fraction"]
    np.testing.assert_array_equal(open_run(copy).cube()["valid_fraction"], expected)
    (copy / "timeseries.csv").unlink()
    assert "valid_fraction" not in open_run(copy).cube().coords
    for path in copy.glob("change/*_mask.tif"):
        path.unlink()
    with pytest.raises(InputError, match="no masks, scores or scenes; was the run made with them"):
        open_run(copy).cube()
