"""Rasters finished side by side: as whole as one by one, and nothing left of those that another's failure stopped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from written_rasters import content, writer

from changedet.blocks import Window
from changedet.blocks.tasks import Pools
from changedet.outputs.rasters.finishing import abandon, finish_together
from changedet.outputs.rasters.writing import RasterWriter

SHAPE = (300, 400)


def _written(path: Path) -> RasterWriter:
    opened = writer(path, "mask", SHAPE).__enter__()
    opened.write(Window(0, 0, *SHAPE), content("mask", SHAPE))
    return opened


@pytest.mark.parametrize("workers", [1, 3])
def test_finish_together_writes_what_one_after_the_other_are(tmp_path: Path, workers: int) -> None:
    with writer(tmp_path / "alone.tif", "mask", SHAPE) as alone:
        alone.write(Window(0, 0, *SHAPE), content("mask", SHAPE))
    done: list[str] = []
    with Pools(workers):
        finish_together([_written(tmp_path / f"{k}.tif") for k in range(3)], lambda: done.append("beside"))
    whole = (tmp_path / "alone.tif").read_bytes()
    assert [(tmp_path / f"{k}.tif").read_bytes() == whole for k in range(3)] == [True] * 3
    assert done == ["beside"]
    assert not list(tmp_path.glob("*.part*"))


@pytest.mark.parametrize("workers", [1, 3])
def test_finish_together_leaves_nothing_of_what_a_failure_stopped(tmp_path: Path, workers: int) -> None:
    rasters = [_written(tmp_path / f"{k}.tif") for k in range(4)]

    def failing(*_: object) -> None:
        raise OSError("no room")

    rasters[0]._write_sidecars = failing  # type: ignore[method-assign]
    with Pools(workers), pytest.raises(OSError, match="no room"):
        finish_together(rasters)
    assert not (tmp_path / "0.tif").exists()
    assert not list(tmp_path.glob("*.part*"))
    with pytest.raises(Exception, match="closed"):
        rasters[3].write(Window(0, 0, *SHAPE), np.zeros(SHAPE, np.uint8))


def test_abandon_leaves_nothing(tmp_path: Path) -> None:
    abandon([_written(tmp_path / "x.tif")], InterruptedError("not finished"))
    assert not list(tmp_path.iterdir())
