"""RasterWriter: what was written comes back, in any order of blocks; unfinished files never look finished."""

from __future__ import annotations

import errno
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
from rasterio.enums import ColorInterp
from rio_cogeo.cogeo import cog_validate
from written_rasters import KINDS, content, writer

from changedet.blocks import Window, tiles
from changedet.errors import ChangedetError
from changedet.outputs.rasters.classes import MASK_CLASSES
from changedet.outputs.rasters.encoding import encode
from changedet.outputs.rasters.reading import read_overview
from changedet.store.files import replacing


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("edge", [97, 512])
def test_raster_writer_blocks_in_any_order_come_back(tmp_path: Path, kind: str, edge: int) -> None:
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
@pytest.mark.parametrize(
    "shape", [(700, 512), (512, 512), (512, 700), (500, 513), (513, 500), (100, 100), (1024, 1024)]
)
def test_raster_writer_files_of_every_size_are_valid_cogs(tmp_path: Path, kind: str, shape: tuple[int, int]) -> None:
    with writer(tmp_path / "x.tif", kind, shape) as out:
        out.write(Window(0, 0, *shape), content(kind, shape))
    valid, errors, warnings = cog_validate(str(tmp_path / "x.tif"), strict=True)
    assert valid, (errors, warnings)


@pytest.mark.parametrize("kind", KINDS)
def test_raster_writer_overviews_are_made_as_the_kind_asks(tmp_path: Path, kind: str) -> None:
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


def test_raster_writer_what_is_never_written_is_no_data(tmp_path: Path) -> None:
    for kind, (_, nodata) in KINDS.items():
        with writer(tmp_path / f"{kind}.tif", kind, (600, 600)) as out:
            block = content(kind, (10, 10))
            out.write(Window(0, 0, 10, 10), block)
        with rasterio.open(tmp_path / f"{kind}.tif") as source:
            rest = source.read(1)[10:]
            assert np.isnan(rest).all() if math.isnan(nodata) else (rest == nodata).all()


def test_raster_writer_a_raster_without_any_data_is_written_and_styled(tmp_path: Path) -> None:
    for kind in KINDS:
        with writer(tmp_path / f"{kind}.tif", kind, (20, 30)):
            pass
        assert ET.parse(tmp_path / f"{kind}.qml").getroot().find("pipe/rasterrenderer") is not None
        assert np.isnan(read_overview(tmp_path / f"{kind}.tif", 64)).all()


def test_raster_writer_what_a_run_keeps_for_itself_has_no_style(tmp_path: Path) -> None:
    """Earlier versions wrote one: it is taken away with the raster that it belonged to."""
    for name in ("x.qml", "x.gtif.aux.xml"):
        (tmp_path / name).write_text("old")
    with writer(tmp_path / "x.gtif", "mask", (20, 30)) as out:
        out.write(Window(0, 0, 20, 30), np.ones((20, 30), np.uint8))
    assert out.paths == (tmp_path / "x.gtif",)
    assert [path.name for path in tmp_path.iterdir()] == ["x.gtif"]


def test_raster_writer_classes_are_named_and_coloured(tmp_path: Path) -> None:
    with writer(tmp_path / "m.tif", "mask", (20, 30)) as out:
        out.write(Window(0, 0, 20, 30), np.ones((20, 30), np.uint8))
    table = ET.parse(tmp_path / "m.tif.aux.xml").getroot()
    rows = [[cell.text for cell in row] for row in table.iter("Row")]
    assert [row[:2] for row in rows] == [["0", "unchanged"], ["1", "changed"]]
    entries = ET.parse(tmp_path / "m.qml").getroot().findall(".//paletteEntry")
    assert [(e.get("value"), e.get("label"), e.get("alpha")) for e in entries] == [
        ("1", "changed", "215"),
    ]
    with rasterio.open(tmp_path / "m.tif") as source:
        assert source.colormap(1)[1][:3] == MASK_CLASSES[1].rgba[:3]


def test_raster_writer_the_score_is_drawn_from_its_threshold(tmp_path: Path) -> None:
    with writer(tmp_path / "s.tif", "score", (300, 300)) as out:
        out.write(Window(0, 0, 300, 300), np.linspace(0, 10, 90_000, dtype=np.float32).reshape(300, 300))
    stops = ET.parse(tmp_path / "s.qml").getroot().findall(".//item")
    assert [stop.get("label") for stop in stops][2] == "2.5 (threshold)"
    assert float(stops[3].get("value") or 0) == pytest.approx(9.95, abs=0.01)


def test_raster_writer_scene_colours_follow_the_roles(tmp_path: Path) -> None:
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


@pytest.mark.parametrize("window", [Window(-1, 0, 10, 10), Window(0, 95, 10, 10), Window(0, 0, 10, 11)])
def test_raster_writer_a_block_that_does_not_fit_is_refused(tmp_path: Path, window: Window) -> None:
    with pytest.raises(ValueError, match="does not fit"), writer(tmp_path / "x.tif", "mask", (100, 100)) as out:
        out.write(window, np.zeros((10, 10), np.uint8))
    assert list(tmp_path.iterdir()) == []


def test_raster_writer_an_error_leaves_the_earlier_file_as_it_was(tmp_path: Path) -> None:
    with writer(tmp_path / "x.tif", "mask", (30, 30)) as out:
        out.write(Window(0, 0, 30, 30), np.ones((30, 30), np.uint8))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(RuntimeError, match="stop"), writer(tmp_path / "x.tif", "mask", (30, 30)):
        raise RuntimeError("stop")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_raster_writer_a_kill_leaves_only_parts_and_the_next_run_clears_them(tmp_path: Path) -> None:
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
        writing.copy_as_cog = lambda *a: os.kill(os.getpid(), signal.SIGKILL)
        with out:
            out.write(Window(0, 0, 600, 600), np.zeros((600, 600), np.uint8))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], env=dict(os.environ), check=False)
    assert done.returncode == -signal.SIGKILL
    assert [path.suffix for path in tmp_path.iterdir()] == [".part"]
    with writer(tmp_path / "x.tif", "mask", (30, 30)):
        pass
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("room", [0, 1 << 40])
def test_raster_writer_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    """Libraries say `write failed`, or an SQL error; what is to be done is to make room."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(1 << 40, 0, room))  # type: ignore[attr-defined]

    class Broken:
        def write(self, *_: Any, **__: Any) -> None:
            raise rasterio.errors.RasterioIOError("Write failed. See previous exception for details.")

        def close(self) -> None: ...

    full = (ChangedetError, "cannot be written.*make room and run again")
    expected = (ChangedetError, r"x.tif: cannot be written \(Write failed") if room else full

    def write() -> None:
        with writer(tmp_path / "x.tif", "mask", (30, 30)) as out:
            out._dataset.close()
            out._dataset = Broken()
            out.write(Window(0, 0, 30, 30), np.ones((30, 30), np.uint8))

    with pytest.raises(expected[0], match=expected[1]):
        write()
    expected = (OSError, "failed") if room else full
    with pytest.raises(expected[0], match=expected[1]), replacing(tmp_path / "x.gpkg"):
        raise OSError("failed")
    assert not list(tmp_path.iterdir())


class Held:
    """A dataset that holds a file, and notes where the file leads when it is closed."""

    def __init__(self, path: Path) -> None:
        self.file, self.led_to = path.open("r+b"), ""

    def close(self) -> None:
        self.led_to = str(Path(f"/proc/self/fd/{self.file.fileno()}").readlink())
        self.file.close()


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are listed there alone")
@pytest.mark.parametrize("fault", ["elsewhere", "full"])
def test_raster_writer_closes_nowhere_what_is_not_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """libtiff never ends closing a file that takes nothing more: whatever failed, its descriptor is turned away."""
    held: list[Held] = []

    def full(_number: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def write() -> None:
        with writer(tmp_path / "x.tif", "mask", (30, 30)) as out:
            out._dataset.close()
            held.append(Held(out._raw))
            out._dataset = held[0]
            if fault == "elsewhere":
                raise KeyError(fault)
            monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(KeyError if fault == "elsewhere" else ChangedetError, match=r"elsewhere|No space left"):
        write()
    assert held[0].led_to == os.devnull
    assert not list(tmp_path.iterdir())
