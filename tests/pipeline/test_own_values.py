"""A reference that is not resampled stands in the run with its files' own values, bit by bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
import yaml
from small_rasters import write

import changedet

SIDE = 80
NONE = {stage: {"method": "none"} for stage in ("mask", "align", "normalise", "objects", "tracks")}


def _values(dtype: str) -> np.ndarray:
    rng = np.random.default_rng(5)
    bands = rng.integers(1, 200, (3, SIDE, SIDE)).astype(dtype)
    kind = np.dtype(dtype)
    bands[:, 3, 4] = 0
    if kind.kind in "iu":
        bands[0, 5, 6], bands[1, 5, 6] = np.iinfo(kind).max, np.iinfo(kind).max - 1
        bands[2, 7, 8] = np.iinfo(kind).min
    else:
        bands[0, 5, 6], bands[1, 5, 6], bands[2, 7, 8] = 16_777_217, 0.1, 1e30
    return bands


def _site(folder: Path, first: np.ndarray, later: np.ndarray, **options: object) -> Path:
    folder.mkdir(exist_ok=True)
    for day, values in (("2023-05-01", first), ("2023-07-01", later)):
        write(folder / f"{day}.tif", values, descriptions=("blue", "green", "red"), **options)
    site = {
        "site": {"id": "own"},
        "scenes": [{"date": day, "path": f"{day}.tif"} for day in ("2023-05-01", "2023-07-01")],
        **NONE,
        "change": {"method": "cva"},
        "outputs": {"dir": str(folder / "out"), "formats": ["scenes", "masks", "tables", "qgis", "stac"]},
    }
    (folder / "own.yaml").write_text(yaml.safe_dump(site))
    return changedet.run(changedet.load_workflow(folder / "own.yaml")).path


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "uint32", "int32", "float32", "float64"])
def test_own_values_of_a_reference_without_nodata(tmp_path: Path, dtype: str) -> None:
    values = _values(dtype)
    folder = _site(tmp_path, values, values[:, ::-1])
    with rasterio.open(folder / "scenes/2023-05-01.tif") as source:
        assert source.dtypes[0] == dtype
        np.testing.assert_array_equal(source.read(), values)
        expected = np.full((SIDE, SIDE), 255)
        if dtype.startswith("float"):
            expected[7, 8] = 0
        np.testing.assert_array_equal(source.dataset_mask(), expected)
    seen = changedet.open_run(folder).scene("2023-05-01").compute()
    assert seen.dtype == np.float32
    np.testing.assert_array_equal(np.isnan(seen.to_numpy()).any(0), expected == 0)


def test_own_values_where_the_file_names_nodata(tmp_path: Path) -> None:
    values = _values("uint8")
    values[:, 10:20, 10:20] = 0
    values[1, 30, 30] = 0
    folder = _site(tmp_path, values, values[:, ::-1], nodata=0)
    with rasterio.open(folder / "scenes/2023-05-01.tif") as source:
        assert source.nodata == 0
        np.testing.assert_array_equal(source.read(), values)


def test_own_values_beside_a_mask_band(tmp_path: Path) -> None:
    values, mask = _values("uint32"), np.full((SIDE, SIDE), 255, np.uint8)
    mask[40:50, 40:60] = 0
    folder = _site(tmp_path, values, values[:, ::-1], mask=mask)
    for day in ("2023-05-01", "2023-07-01"):
        with rasterio.open(folder / f"scenes/{day}.tif") as source:
            assert source.nodata is None
            np.testing.assert_array_equal(source.dataset_mask(), mask)
    assert 'alphaBand="4"' in (folder / "scenes/2023-05-01.qml").read_text()


@pytest.mark.parametrize(("dtype", "nodata"), [("uint16", -9999), ("uint8", 256), ("uint8", 0.5), ("int16", ".nan")])
def test_a_value_for_no_data_that_no_pixel_can_have_hides_none(tmp_path: Path, dtype: str, nodata: object) -> None:
    values = _values(dtype)
    for day in ("2023-05-01", "2023-07-01"):
        write(tmp_path / f"{day}.tif", values, descriptions=("blue", "green", "red"))
    scenes = [{"date": day, "path": f"{day}.tif", "nodata": nodata} for day in ("2023-05-01", "2023-07-01")]
    outputs = {"dir": str(tmp_path / "out"), "formats": ["scenes", "tables"]}
    site = {"site": {"id": "own"}, "scenes": scenes, **NONE, "change": {"method": "cva"}, "outputs": outputs}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(site).replace("'.nan'", ".nan"))
    path = changedet.run(changedet.load_workflow(tmp_path / "own.yaml")).path
    with rasterio.open(path / "scenes/2023-05-01.tif") as source:
        np.testing.assert_array_equal(source.read(), values)
        assert (source.dataset_mask() == 255).all()
