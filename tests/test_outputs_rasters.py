"""COGs: what was written comes back, in any order of blocks; unfinished files never look finished."""

from __future__ import annotations

import math
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.enums import ColorInterp
from rio_cogeo.cogeo import cog_validate

from changedet.blocks import Window, tiles
from changedet.errors import ChangedetError
from changedet.outputs.rasters.classes import MASK_CLASSES, date_classes
from changedet.outputs.rasters.display import scene_stretch
from changedet.outputs.rasters.encoding import default_nodata, encode
from changedet.outputs.rasters.reading import open_lazily, read_overview, read_window
from changedet.outputs.rasters.styling import style
from changedet.outputs.rasters.writing import RasterWriter
from changedet.store.files import replacing

TRANSFORM = Affine(2, 0, 500_000, 0, -2, 3_000_000)
KINDS: dict[str, tuple[str, float]] = {
    "mask": ("uint8", 255),
    "quality": ("uint8", 1),
    "first_change": ("int32", -1),
    "score": ("float32", math.nan),
    "scene": ("uint16", 0),
}


def writer(path: Path, kind: Any, shape: tuple[int, int], **more: Any) -> RasterWriter:
    dtype, nodata = KINDS[kind]
    bands = ["blue", "green", "red", "nir"] if kind == "scene" else [f"meaning of {kind}"]
    given = {
        "bands": bands,
        "dtype": dtype,
        "nodata": nodata,
        "tags": {"DATE": "2023-06-04", "THRESHOLD": "2.5"},
    } | more
    return RasterWriter(
        path, crs="EPSG:32651", transform=TRANSFORM, shape=shape, kind=kind, description="what it is", **given
    )


def content(kind: str, shape: tuple[int, int]) -> np.ndarray:
    rng = np.random.default_rng(7)
    if kind == "scene":
        array = rng.integers(1, 4000, (4, *shape)).astype(np.float32)
    elif kind == "score":
        array = rng.random((1, *shape), dtype=np.float32) * 9
    else:
        top = 2 if kind == "mask" else 8 if kind == "quality" else 20_000
        return rng.integers(0, top, (1, *shape)).astype(KINDS[kind][0])
    array[:, :40, :30] = np.nan
    return array


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("edge", [97, 512])
def test_blocks_in_any_order_come_back(tmp_path: Path, kind: str, edge: int) -> None:
    shape = (700, 1100)
    array = content(kind, shape)
    windows = tiles(shape, edge)
    np.random.default_rng(1).shuffle(windows)
    with writer(tmp_path / "x.tif", kind, shape) as out:
        for window in windows:
            out.write(window, array[(slice(None), *window.slices)])
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(p.name for p in out.paths)
    valid, errors, warnings = cog_validate(str(tmp_path / "x.tif"), strict=True)
    assert valid, (errors, warnings)
    with rasterio.open(tmp_path / "x.tif") as source:
        read = source.read()
        expected = encode(array, np.dtype(source.dtypes[0]), source.nodata)
        np.testing.assert_array_equal(read, expected)
        assert source.dtypes[0] == KINDS[kind][0]
        assert source.overviews(1) == [2, 4]
        assert source.tags()["DATE"] == "2023-06-04"
        assert source.descriptions == out.bands
        assert "STATISTICS_MEAN" in source.tags(1)


@pytest.mark.parametrize("kind", KINDS)
def test_overviews_are_made_as_the_kind_asks(tmp_path: Path, kind: str) -> None:
    shape = (1024, 1024)
    array = content(kind, shape)
    if kind == "mask":
        array = np.zeros((1, *shape), np.uint8)
        array[0, ::2, ::2], array[0, 512:], array[0, 900:, 900:] = 1, 1, 255
    with writer(tmp_path / "x.tif", kind, shape) as out:
        out.write(Window(0, 0, *shape), array)
    with rasterio.open(tmp_path / "x.tif", overview_level=0) as source:
        small = source.read(masked=True)
    cells = encode(array, np.dtype(KINDS[kind][0]), KINDS[kind][1]).reshape(len(array), 512, 2, 512, 2)
    cells = cells.transpose(0, 1, 3, 2, 4).reshape(len(array), 512, 512, 4)
    assert small.filled(0).any(), "overviews must not be all zero"
    if kind == "mask":
        assert small[0, :256].max() == 0
        assert small[0, 256:440, :440].min() == 1
        assert small.mask[0, 460:, 460:].all()
    elif kind in {"score", "scene"}:
        inner = (slice(None), slice(30, None), slice(30, None))
        np.testing.assert_allclose(
            small[inner].filled(np.nan if kind == "score" else 0), cells[inner].mean(axis=-1), atol=0.51, rtol=1e-5
        )
    else:
        assert (small.data[..., None] == cells).any(axis=-1).mean() > 0.999, "only values that are there"


def test_what_is_never_written_is_no_data(tmp_path: Path) -> None:
    for kind, (_, nodata) in KINDS.items():
        with writer(tmp_path / f"{kind}.tif", kind, (600, 600)) as out:
            block = content(kind, (10, 10))
            out.write(Window(0, 0, 10, 10), block)
        with rasterio.open(tmp_path / f"{kind}.tif") as source:
            rest = source.read(1)[10:]
            assert np.isnan(rest).all() if math.isnan(nodata) else (rest == nodata).all()


def test_a_raster_without_any_data_is_written_and_styled(tmp_path: Path) -> None:
    for kind in KINDS:
        with writer(tmp_path / f"{kind}.tif", kind, (20, 30)):
            pass
        assert ET.parse(tmp_path / f"{kind}.qml").getroot().find("pipe/rasterrenderer") is not None
        assert np.isnan(read_overview(tmp_path / f"{kind}.tif", 64)).all()


def test_classes_are_named_and_coloured(tmp_path: Path) -> None:
    with writer(tmp_path / "m.tif", "mask", (20, 30)) as out:
        out.write(Window(0, 0, 20, 30), np.ones((20, 30), np.uint8))
    table = ET.parse(tmp_path / "m.tif.aux.xml").getroot()
    rows = [[cell.text for cell in row] for row in table.iter("Row")]
    assert [row[:2] for row in rows] == [["0", "unchanged"], ["1", "changed"]]
    entries = ET.parse(tmp_path / "m.qml").getroot().findall(".//paletteEntry")
    assert [(e.get("value"), e.get("label"), e.get("alpha")) for e in entries] == [
        ("0", "unchanged", "0"),
        ("1", "changed", "215"),
    ]
    with rasterio.open(tmp_path / "m.tif") as source:
        assert source.colormap(1)[1][:3] == MASK_CLASSES[1].rgba[:3]


def test_dates_are_classes_up_to_a_legend_that_is_read() -> None:
    few = [f"2023-{month:02d}-01" for month in range(1, 13)]
    found = date_classes(few)
    assert [c.value for c in found][:2] == [0, 19358]
    assert [c.label for c in found][-1] == "2023-12-01"
    many = [f"{year}-01-01" for year in range(1950, 2020)]
    drawn = style(Path("never-opened.tif"), "first_change", dates=many)
    items = ET.fromstring(f"<x>{drawn}</x>").findall(".//item")
    assert [item.get("label") for item in items][2::7] == ["1950-01-01", "2019-01-01"]
    assert len(items) == 10


def test_the_score_is_drawn_from_its_threshold(tmp_path: Path) -> None:
    with writer(tmp_path / "s.tif", "score", (300, 300)) as out:
        out.write(Window(0, 0, 300, 300), np.linspace(0, 10, 90_000, dtype=np.float32).reshape(300, 300))
    stops = ET.parse(tmp_path / "s.qml").getroot().findall(".//item")
    assert [stop.get("label") for stop in stops][2] == "2.5 (threshold)"
    assert float(stops[3].get("value") or 0) == pytest.approx(9.95, abs=0.01)


def test_scenes_with_different_bands_share_the_stretch_of_those_they_share(tmp_path: Path) -> None:
    for name, bands, offset in (("a", ("blue", "green", "red", "nir"), 0), ("b", ("red", "pan"), 100)):
        block = np.linspace(1, 1000, 64 * 64).reshape(1, 64, 64) + offset
        profile = {"driver": "GTiff", "height": 64, "width": 64, "count": len(bands), "dtype": "float32"}
        with rasterio.open(tmp_path / f"{name}.tif", "w", nodata=0, transform=TRANSFORM, **profile) as file:
            file.write(np.repeat(block, len(bands), axis=0).astype("float32"))
            file.descriptions = bands
    found = scene_stretch([tmp_path / "a.tif", tmp_path / "b.tif"])
    assert set(found) == {"blue", "green", "red", "nir", "pan"}
    assert found["red"] == pytest.approx((found["blue"][0] + 50, found["blue"][1] + 50))
    assert found["pan"] == pytest.approx((found["blue"][0] + 100, found["blue"][1] + 100))


def test_scene_colours_follow_the_roles(tmp_path: Path) -> None:
    limits = dict(zip(("blue", "green", "red", "nir"), [(0, 1), (2, 3), (4, 5), (6, 7)], strict=True))
    with writer(tmp_path / "s.tif", "scene", (64, 64), stretch=limits) as out:
        out.write(Window(0, 0, 64, 64), content("scene", (64, 64)))
    drawn = ET.parse(tmp_path / "s.qml").getroot().find("pipe/rasterrenderer")
    assert drawn is not None
    assert [drawn.get(f"{name}Band") for name in ("red", "green", "blue")] == ["3", "2", "1"]
    assert drawn.findtext("redContrastEnhancement/minValue") == "4"
    with rasterio.open(tmp_path / "s.tif") as source:
        assert source.colorinterp[:3] == (ColorInterp.blue, ColorInterp.green, ColorInterp.red)
        assert ColorInterp.alpha not in source.colorinterp, "a fourth band is data"


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "int32", "float32"])
def test_encoding_loses_no_look_and_makes_none(dtype: str) -> None:
    values = np.array([np.nan, -1e12, -1.4, -1, 0, 0.4, 1, 254.6, 255, 70_000, 1e12], np.float32)
    for nodata in (0, 255, default_nodata(dtype)):
        if dtype == "float32":
            continue
        coded = encode(values, np.dtype(dtype), nodata)
        assert (coded == nodata).tolist() == np.isnan(values).tolist()
        near = np.clip(values[1:].astype(np.float64), np.iinfo(dtype).min, np.iinfo(dtype).max)
        assert np.abs(coded[1:] - near).max() <= 1.5
    kept = encode(values, np.dtype("float32"), math.nan)
    np.testing.assert_array_equal(kept, values)


@pytest.mark.parametrize("window", [Window(-1, 0, 10, 10), Window(0, 95, 10, 10), Window(0, 0, 10, 11)])
def test_a_block_that_does_not_fit_is_refused(tmp_path: Path, window: Window) -> None:
    with pytest.raises(ValueError, match="does not fit"), writer(tmp_path / "x.tif", "mask", (100, 100)) as out:
        out.write(window, np.zeros((10, 10), np.uint8))
    assert list(tmp_path.iterdir()) == []


def test_an_error_leaves_the_earlier_file_as_it_was(tmp_path: Path) -> None:
    with writer(tmp_path / "x.tif", "mask", (30, 30)) as out:
        out.write(Window(0, 0, 30, 30), np.ones((30, 30), np.uint8))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(RuntimeError, match="stop"), writer(tmp_path / "x.tif", "mask", (30, 30)):
        raise RuntimeError("stop")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_kill_leaves_only_parts_and_the_next_run_clears_them(tmp_path: Path) -> None:
    script = f"""
        import os, signal, sys
        import numpy as np
        from pathlib import Path
        from affine import Affine
        from changedet.blocks import Window
        from changedet.outputs.rasters import writing
        out = writing.RasterWriter(
            Path({str(tmp_path)!r}) / "x.tif", crs="EPSG:32651", transform=Affine(1, 0, 0, 0, -1, 0), shape=(600, 600),
            kind="mask", bands=["m"], dtype="uint8", nodata=255, tags={{}}, description="",
        )
        writing._copy_as_cog = lambda *a: os.kill(os.getpid(), signal.SIGKILL)
        with out:
            out.write(Window(0, 0, 600, 600), np.zeros((600, 600), np.uint8))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], env=dict(os.environ), check=False)
    assert done.returncode == -signal.SIGKILL
    assert [path.suffix for path in tmp_path.iterdir()] == [".part"]
    with writer(tmp_path / "x.tif", "mask", (30, 30)):
        pass
    assert not list(tmp_path.glob("*.part"))


def test_a_window_of_a_mask_reaches_beyond_the_edge(tmp_path: Path) -> None:
    with writer(tmp_path / "x.tif", "mask", (30, 40)) as out:
        out.write(Window(0, 0, 30, 40), np.ones((30, 40), np.uint8))
    block = read_window(tmp_path / "x.tif", Window(-2, 38, 4, 5))
    assert block.dtype == np.uint8
    assert block.tolist() == [[255] * 5] * 2 + [[1, 1, 255, 255, 255]] * 2


def test_a_raster_opened_lazily_gives_what_lies_in_the_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    for bands in (1, 3):
        image = rng.integers(1, 900, (bands, 70, 50), dtype=np.uint16)
        path = tmp_path / f"{bands}.tif"
        profile = {"driver": "GTiff", "height": 70, "width": 50, "count": bands, "dtype": "uint16", "crs": "EPSG:32633"}
        with rasterio.open(path, "w", transform=Affine(1, 0, 5e5, 0, -1, 5e6), **profile) as file:
            file.write(image)
        opened = open_lazily(path, chunk=32)
        assert opened.dims == (("band", "y", "x") if bands > 1 else ("y", "x"))
        assert np.array_equal(opened.values, image if bands > 1 else image[0])


@pytest.mark.parametrize("room", [0, 1 << 40])
def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    """Libraries say `write failed`, or an SQL error; what is to be done is to make room."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(1 << 40, 0, room))  # type: ignore[attr-defined]

    class Broken:
        def write(self, *_: Any, **__: Any) -> None:
            raise rasterio.errors.RasterioIOError("Write failed. See previous exception for details.")

        def close(self) -> None: ...

    expected = (OSError, "failed") if room else (ChangedetError, "cannot be written.*make room and run again")

    def write() -> None:
        with writer(tmp_path / "x.tif", "mask", (30, 30)) as out:
            out._dataset.close()
            out._dataset = Broken()
            out.write(Window(0, 0, 30, 30), np.ones((30, 30), np.uint8))

    with pytest.raises(expected[0], match=expected[1]):
        write()
    with pytest.raises(expected[0], match=expected[1]), replacing(tmp_path / "x.gpkg"):
        raise OSError("failed")
    assert not list(tmp_path.iterdir())
