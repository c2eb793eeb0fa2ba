"""Limits on memory are met before any pixel, in one line."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from small_rasters import write

from changedet.errors import ChangedetError
from changedet.grid import Grid
from changedet.plan.resources import LIBRARIES_BYTES, halls_px, require_addresses, season_halo_px
from changedet.stages.registry import Facts


def test_require_addresses_refuses_a_limit_that_a_run_would_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    require_addresses()
    monkeypatch.setattr(resource, "getrlimit", lambda _: (900_000_000, -1))
    with pytest.raises(ChangedetError, match=r"may take 0\.90 GB of addresses .*raise the limit to [0-9]+00000 kB"):
        require_addresses(LIBRARIES_BYTES + (1 << 30), 2)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1 << 50, -1))
    require_addresses()


@pytest.mark.parametrize(("limit_kb", "said"), [(400_000, "0.41 GB"), (900_000, "0.92 GB")])
def test_a_limit_on_addresses_is_named_and_not_what_fails_by_it(tmp_path: Path, limit_kb: int, said: str) -> None:
    write(tmp_path / "a.tif", np.full((3, 40, 40), 100, np.uint8), descriptions=("blue", "green", "red"))
    (tmp_path / "a.yaml").write_text("site: {id: a}\nscenes:\n  - {date: 2023-06-04, path: a.tif}\n")
    words = f"ulimit -v {limit_kb}; exec {sys.executable} -m changedet check {tmp_path / 'a.yaml'}"
    done = subprocess.run(["/bin/bash", "-c", words], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_halls_are_looked_for_in_their_own_pixels_on_sites_that_are_not_too_large() -> None:
    grid = Grid("EPSG:32636", Affine(0.5, 0, 500_000, 0, -0.5, 4_000_000), (3000, 3000))
    assert halls_px(grid) == pytest.approx(2000 * 2000, rel=0.01)
    assert halls_px(Grid(grid.crs, grid.transform, (9000, 9000))) == 0


def test_seasons_look_as_far_around_in_metres_and_a_few_pixels_of_the_scenes() -> None:
    near, far = (
        season_halo_px(
            Grid("EPSG:32636", Affine(side, 0, 500_000, 0, -side, 4_000_000), (500, 500)),
            Facts(resolution_m=side, gsd_m=(side,)),
        )
        for side in (10.0, 3.0)
    )
    assert near == 36 + 2 + 4
    assert far == 120 + 2 + 4
