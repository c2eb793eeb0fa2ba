"""A COG that is laid out of encoded blocks is the file that GDAL's driver writes."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from rio_cogeo.cogeo import cog_validate
from written_rasters import content, writer

from changedet.blocks import Window, tiles
from changedet.outputs.rasters import cog_layout, copying
from changedet.outputs.rasters.checking import Expected, require_whole
from changedet.outputs.rasters.cog_layout import lay_out
from changedet.outputs.rasters.reading import environment

SHAPES = [(1400, 1100), (700, 1540), (1024, 2048)]
WHOLE = ["mask", "quality", "first_change", "scene", "score"]


def written(path: Path, kind: str, shape: tuple[int, int], edge: int = 512) -> Path:
    array = content(kind, shape)
    array[:, :300, :700], array[:, 600:] = 1, 0
    with writer(path, kind, shape) as out:
        for window in tiles(shape, edge):
            out.write(window, array[(slice(None), *window.slices)])
    return path


def assert_alike(own: Path, other: Path) -> None:
    """Whether two files hold the same at each level, and say the same."""
    for level in (None, 0, 1):
        more = {} if level is None else {"overview_level": level}
        with rasterio.open(own, **more) as one, rasterio.open(other, **more) as two:
            np.testing.assert_array_equal(one.read(), two.read())
            assert {**one.profile, "nodata": str(one.nodata)} == {**two.profile, "nodata": str(two.nodata)}
            assert one.overviews(1) == two.overviews(1)
            assert one.colorinterp == two.colorinterp
            if one.dtypes[0] == "uint8":
                assert one.colormap(1) == two.colormap(1)
    with rasterio.open(own) as one, rasterio.open(other) as two:
        assert (one.tags(), one.descriptions, one.units) == (two.tags(), two.descriptions, two.units)
        assert one.tags(ns="IMAGE_STRUCTURE") == two.tags(ns="IMAGE_STRUCTURE")
        for band in one.indexes:
            assert one.tags(band).keys() == two.tags(band).keys()
            for name, value in one.tags(band).items():
                assert float(value) == pytest.approx(float(two.tags(band)[name]), rel=1e-10)


@pytest.mark.parametrize("kind", WHOLE)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("edge", [512, 301])
def test_lay_out_gives_gdals_file(
    kind: str, shape: tuple[int, int], edge: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gdals = written(tmp_path / "gdals.tif", kind, shape)
    monkeypatch.setattr(copying, "LEAST_PX", 1)
    own = written(tmp_path / "own.tif", kind, shape, edge)
    if kind not in {"first_change", "score"} and shape == SHAPES[-1]:
        assert own.read_bytes() == gdals.read_bytes()
    else:
        # dates and scores are summed without rounding, and what fills up the last blocks of an overview is not seen
        assert_alike(own, gdals)
    assert sorted(path.name[:4] for path in tmp_path.iterdir()).count("own.") == len(list(tmp_path.glob("gdals.*")))


@pytest.mark.parametrize("kind", WHOLE)
def test_lay_out_of_64_bits_is_valid(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = written(tmp_path / "small.tif", kind, (1400, 1100))
    monkeypatch.setattr(copying, "LEAST_PX", 1)
    monkeypatch.setattr(cog_layout, "_MOST_CLASSIC", 0)
    path = written(tmp_path / "large.tif", kind, (1400, 1100))
    assert path.read_bytes()[:4] == b"II+\0"
    valid, errors, warnings = cog_validate(str(path), strict=True)
    assert valid, (errors, warnings)
    with rasterio.open(path) as one, rasterio.open(small) as other:
        np.testing.assert_array_equal(one.read(), other.read())
        assert one.overviews(1) == other.overviews(1)
        assert {**one.profile, "nodata": str(one.nodata)} == {**other.profile, "nodata": str(other.nodata)}
        expected = Expected(one.shape, one.descriptions, one.dtypes[0], False, 512)
    with environment():
        require_whole(path, expected)


@pytest.mark.parametrize("kind", ["mask", "score"])
def test_lay_out_of_a_raster_as_wide_as_a_block_has_smaller_ones(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gdals = written(tmp_path / "gdals.tif", kind, (1536, 512))
    monkeypatch.setattr(copying, "LEAST_PX", 1)
    own = written(tmp_path / "own.tif", kind, (1536, 512))
    assert_alike(own, gdals)
    with rasterio.open(own) as one:
        assert one.block_shapes == [(256, 256)]


def test_what_is_never_written_is_no_data_in_every_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "LEAST_PX", 1)
    with writer(tmp_path / "x.tif", "mask", (1400, 1100)) as out:
        out.write(Window(512, 0, 512, 512), np.ones((512, 512), np.uint8))
    with rasterio.open(tmp_path / "x.tif") as source:
        read = source.read(1)
        assert source.tags(1)["STATISTICS_MEAN"] == "1"
    assert (read[512:1024, :512] == 1).all()
    assert (read == 255).sum() == read.size - 512 * 512
    valid, errors, warnings = cog_validate(str(tmp_path / "x.tif"), strict=True)
    assert valid, (errors, warnings)


def test_lay_out_refuses_what_lacks_a_block_and_what_is_no_tiff(tmp_path: Path) -> None:
    profile = {"driver": "GTiff", "height": 512, "width": 512, "count": 1, "dtype": "uint8", "tiled": True}
    profile |= {"blockxsize": 256, "blockysize": 256, "sparse_ok": True, "compress": "deflate"}
    with rasterio.open(tmp_path / "raw.tif", "w", **profile) as out:
        out.write(np.ones((256, 256), np.uint8), 1, window=rasterio.windows.Window(0, 0, 256, 256))
    with pytest.raises(OSError, match="blocks"):
        lay_out(tmp_path / "raw.tif", [], tmp_path / "x.tif")
    (tmp_path / "no.tif").write_bytes(b"\x89PNG" * 9)
    with pytest.raises(OSError, match="GeoTIFF"):
        lay_out(tmp_path / "no.tif", [], tmp_path / "x.tif")


def test_scenes_whose_overviews_would_be_read_whole_are_left_to_gdal() -> None:
    def is_own(shape: tuple[int, int, int], dtype: str = "uint16", nodata: float | None = 0) -> bool:
        return copying.is_laid_out(Path("a.tif"), "scene", shape, np.dtype(dtype), nodata)

    assert is_own((4, 8192, 8192))
    # 10,980 px halve twice before they are odd
    assert is_own((4, 10_980, 10_980))
    assert not is_own((4, 8193, 8192))
    assert not is_own((4, 8192, 8192), "float32", np.nan)
    assert not is_own((4, 8192, 8192), nodata=None)
    assert not is_own((4, 1000, 1000))


def test_scores_are_laid_out_where_nan_is_no_data() -> None:
    def is_own(dtype: str, nodata: float | None) -> bool:
        return copying.is_laid_out(Path("a.tif"), "score", (1, 8192, 8192), np.dtype(dtype), nodata)

    assert is_own("float32", np.nan)
    assert not is_own("float32", -1.0)
    assert not is_own("float64", np.nan)
    assert not is_own("float32", None)
