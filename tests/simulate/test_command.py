"""Writing a series and drawing windows: same seed, same bytes; all mistakes are told at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from simulated_site import world

from changedet.errors import InputError
from changedet.simulate import render, simulate


def test_simulate_writes_the_same_bytes_for_a_seed(written: Path, tmp_path: Path) -> None:
    again = simulate(tmp_path, kind="growth", dates=3, seed=3, gsd_m=1.0, size_m=160.0).parent
    names = [p.relative_to(again) for p in sorted(again.rglob("*")) if p.is_file()]
    assert len(names) == 3 + 2 + 2 + 3  # scenes, masks, truth.gpkg and .csv, workflow and two geojson
    for name in names:
        assert (again / name).read_bytes() == (written.parent / name).read_bytes(), name


def test_simulate_coarse_and_twin_sites(tmp_path: Path) -> None:
    coarse = simulate(tmp_path / "coarse", kind="coarse", dates=2, seed=1, size_m=640.0)
    assert not (coarse.parent / "zones.geojson").exists()
    assert "zones" not in yaml.safe_load(coarse.read_text(encoding="utf-8"))["site"]
    first = simulate(tmp_path / "twins", kind="twin_sites", dates=2, seed=1, gsd_m=2.0, size_m=128.0)
    assert sorted(p.name for p in (tmp_path / "twins").iterdir()) == ["twin-sites-1-a", "twin-sites-1-b"]
    assert first.name == "twin-sites-1-a.yaml"
    assert first.is_file()


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ({"kind": "grwth"}, "kind"),
        ({"dates": 0}, "dates"),
        ({"gsd_m": 0.1}, "gsd_m"),
        ({"size_m": 5}, "size_m"),
        ({"seed": -1}, "seed"),
        ({"bands": ("blue", "infra")}, "bands"),
        ({"dtype": "int8"}, "dtype"),
        ({"start": "soon"}, "start"),
        ({"interval_days": 0}, "interval_days"),
        ({"interval_days": 10**12}, "interval_days"),
        ({"start": "2099-12-01"}, "interval_days"),
        ({"start": "9999-12-01", "dates": 1}, "start"),
        ({"name": "../elsewhere"}, "name"),
        ({"name": ""}, "name"),
    ],
)
def test_simulate_bad_input_is_one_error(tmp_path: Path, wrong: dict[str, object], key: str) -> None:
    with pytest.raises(InputError) as caught:
        simulate(tmp_path / "new", **wrong)  # type: ignore[arg-type]
    assert [p.key for p in caught.value.problems] == [key]
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("there", ["aoi.geojson", "quiet-1.yaml", "scenes/2020-01-01.tif", "other.yaml"])
def test_simulate_overwrites_nothing_but_the_same_series(tmp_path: Path, there: str) -> None:
    asked = {"kind": "quiet", "dates": 1, "seed": 1, "gsd_m": 2.0, "size_m": 64.0}
    (tmp_path / there).parent.mkdir(exist_ok=True)
    (tmp_path / there).write_text("mine")
    if there == "other.yaml":
        simulate(tmp_path, **asked)  # type: ignore[arg-type]
        simulate(tmp_path, **asked)  # type: ignore[arg-type]
        asked["seed"] = 2
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(InputError, match="choose an empty folder"):
        simulate(tmp_path, **asked)  # type: ignore[arg-type]
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_simulate_and_render_refuse_all_mistakes_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        simulate(tmp_path, dates=0, gsd_m=99.0)
    assert len(caught.value.problems) == 2
    for window in ((0, 0, 9999, 1), (-1, 0, 4, 4), (0, 0, 0, 1)):
        with pytest.raises(InputError):
            render(world(), 0, window)
    with pytest.raises(InputError):
        render(world(), 99)


def test_render_another_seed_another_image() -> None:
    assert (render(world(), 0).image != render(world(seed=4), 0).image).mean() > 0.5


@pytest.mark.parametrize(
    ("kind", "window"), [("clouds", (250, 240, 40, 60)), ("trains", (0, 255, 300, 2)), ("winter", (17, 3, 1, 1))]
)
def test_render_window_is_a_crop(kind: str, window: tuple[int, int, int, int]) -> None:
    site = world(kind, gsd_m=0.5)
    row, column, rows, columns = window
    whole, part = render(site, 2), render(site, 2, window)
    np.testing.assert_array_equal(part.image, whole.image[:, row : row + rows, column : column + columns])
    np.testing.assert_array_equal(part.hidden, whole.hidden[row : row + rows, column : column + columns])
