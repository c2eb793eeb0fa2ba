"""Rasters read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from written_rasters import writer

from changedet.blocks import Window
from changedet.errors import InputError
from changedet.outputs.rasters.lazy_arrays import open_lazily
from changedet.outputs.rasters.reading import header, read_overview, read_window, read_windows


def test_read_window_a_window_of_a_mask_reaches_beyond_the_edge(tmp_path: Path) -> None:
    with writer(tmp_path / "x.tif", "mask", (30, 40)) as out:
        out.write(Window(0, 0, 30, 40), np.ones((30, 40), np.uint8))
    block = read_window(tmp_path / "x.tif", Window(-2, 38, 4, 5))
    assert block.dtype == np.uint8
    assert block.tolist() == [[255] * 5] * 2 + [[1, 1, 255, 255, 255]] * 2


def test_read_windows_are_those_of_read_window(tmp_path: Path) -> None:
    array = np.random.default_rng(2).integers(0, 2, (60, 70)).astype(np.uint8)
    with writer(tmp_path / "x.tif", "mask", (60, 70)) as out:
        out.write(Window(0, 0, 60, 70), array)
    some = [Window(0, 0, 60, 70), Window(50, 60, 20, 20), Window(-30, 0, 10, 10), Window(5, 7, 3, 2)]
    found = list(read_windows(tmp_path / "x.tif", some))
    for window, pixels in zip(some, found, strict=True):
        np.testing.assert_array_equal(pixels, read_window(tmp_path / "x.tif", window))
    assert found[1][:10, :10].tolist() == array[50:, 60:].tolist()
    assert (found[1][10:] == 255).all()
    assert (found[2] == 255).all()


@pytest.mark.parametrize("kind", ["vrt", "OVERVIEW_FILE", "Overview_File", "relative", "beside"])
def test_a_raster_of_a_run_leads_to_no_other_file(tmp_path: Path, kind: str) -> None:
    """A run folder may be sent by anybody: what stands in place of its rasters must not show other files."""
    secret = tmp_path / "secret.bin"
    secret.write_bytes(b"private" * 100)
    path = tmp_path / "2023-06-04.tif"
    raw = (
        '<VRTDataset rasterXSize="8" rasterYSize="8"><VRTRasterBand dataType="Byte" band="1" '
        'subClass="VRTRawRasterBand"><SourceFilename>secret.bin</SourceFilename></VRTRasterBand></VRTDataset>'
    )
    if kind == "vrt":
        path.write_text(raw)
    else:
        with rasterio.open(path, "w", driver="GTiff", width=8, height=8, count=1, dtype="uint8") as out:
            out.write(np.zeros((1, 8, 8), np.uint8))
            if kind != "beside":
                name = "overview_file" if kind == "in small letters" else "OVERVIEW_FILE"
                led = f":::BASE:::{secret.name}" if kind == "relative" else str(secret)
                out.update_tags(ns="OVERVIEWS", **{name: led})
    if kind == "beside":
        path.with_name(path.name + ".msk").write_text(raw)
        assert (read_overview(path, 4) == 0).all()
        return
    for read in (header, lambda one: read_overview(one, 4), open_lazily):
        with pytest.raises(InputError, match=r"no GeoTIFF|leads to overviews elsewhere"):
            read(path)


def test_a_header_is_read_once_and_again_when_the_raster_is_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "score.tif"
    opened: list[str] = []
    real = rasterio.open

    def counted(name: str | Path, *more: object, **options: object) -> object:
        opened.append(str(name))
        return real(name, *more, **options)

    for tag in ("0.25", "0.5"):
        with writer(path, "score", (40, 50), tags={"THRESHOLD": tag}) as out:
            out.write(Window(0, 0, 40, 50), np.zeros((40, 50), np.float32))
        with monkeypatch.context() as patched:
            patched.setattr(rasterio, "open", counted)
            assert header(path) == header(path)
        assert header(path).tags["THRESHOLD"] == tag
        assert len(header(path).names) == 1
        assert not header(path).has_mask_band
    # writing made its style, and asked for it, too
    assert not opened


def test_a_raster_whose_blocks_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mask.tif"
    with writer(path, "mask", (600, 700)) as out:
        out.write(Window(0, 0, 600, 700), np.random.default_rng(3).integers(0, 2, (600, 700)).astype(np.uint8))
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    path.write_bytes(content)
    with pytest.raises(rasterio.errors.RasterioIOError, match=r"mask\.tif: cannot be read \(.+\); free") as error:
        read_window(path, Window(0, 0, 600, 700))
    assert "\n" not in str(error.value)
