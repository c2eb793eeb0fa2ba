"""Light, read from scenes or kept, of the looks of a run."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import numpy as np
from affine import Affine
from mercator import NORTH, WEST, mercator_grid

from changedet.blocks import Window
from changedet.grid import Grid
from changedet.grid.displacement import Displacement
from changedet.pipeline import looks
from changedet.pipeline.date_model import DateModel, LightLevels
from changedet.pipeline.looks import RunLooks, SceneLight
from changedet.stages.align.alignment import Alignment
from changedet.store import RunFolder

AT_REST = Alignment(Displacement(), 0.0, 0.0, 0, True, "the reference")


class Ramp:
    """A look whose bands are the pixels' rows and columns."""

    date = dt.date(2023, 1, 1)
    scenes = (SimpleNamespace(bands={"red": 1, "nir": 2}),)

    def read(self, grid, window, roles, displacement):
        rows = np.arange(window.y, window.y + window.height, dtype=np.float32)[:, None]
        columns = np.arange(window.x, window.x + window.width, dtype=np.float32)[None]
        image = np.stack(np.broadcast_arrays(rows, columns))
        return image, np.zeros(image.shape[1:], np.uint8)


class ColourRamp(Ramp):
    """A look whose four bands are all the pixels' rows."""

    def read(self, grid, window, roles, displacement):
        image, quality = super().read(grid, window, roles, displacement)
        return np.repeat(image[:1], len(roles), axis=0), quality


def test_scene_light_is_read_alike_in_windows_of_any_size(tmp_path, monkeypatch):
    grid = Grid("EPSG:32633", Affine(0.5, 0, 500_000, 0, -0.5, 6_000_000), (90, 70))
    model = DateModel(AT_REST, None, LightLevels((0.0, 0.0), (10.0, 20.0)))
    light = SceneLight(grid, (Ramp(),), ("red", "nir"), {Ramp.date: model})
    rng = np.random.default_rng(3)
    row, column = rng.uniform(1, 89, 200), rng.uniform(1, 69, 200)
    points = np.column_stack([500_000 + 0.5 * column, 6_000_000 - 0.5 * row])
    expected = np.column_stack([(row - 0.5) / 10.0, (column - 0.5) / 20.0])
    for size in (512, 32, 7):
        monkeypatch.setattr(looks, "LOOKUP_PX", size)
        np.testing.assert_allclose(light.at(0, points), expected, atol=1e-4)
    beyond = light.at(0, np.array([[0.0, 0.0]]))
    assert np.isnan(beyond).all()
    blind = SceneLight(grid, (Ramp(),), ("red", "nir"), {Ramp.date: DateModel(AT_REST, None, None)})
    assert np.isnan(blind.read(0, Window(0, 0, 4, 4))).all()


def test_run_looks_of_a_finished_run_have_the_light_that_it_kept(tmp_path, monkeypatch):
    grid = Grid("EPSG:32633", Affine(0.5, 0, 500_000, 0, -0.5, 6_000_000), (90, 70))
    model = DateModel(AT_REST, None, LightLevels((0.0, 0.0), (10.0, 20.0)))
    folder = RunFolder(tmp_path)
    light = SceneLight(grid, (Ramp(),), ("red", "nir"), {Ramp.date: model})
    first_run = RunLooks(folder, grid, (Ramp.date,), light)
    xy = np.array([[500_010.0, 5_999_980.0], [500_020.0, 5_999_970.0], [400_000.0, 5_999_970.0]])
    boxes = xy, np.full(3, 6.0), np.array([0.0, 40.0, 0.0])
    first = first_run.light(0, *boxes)
    assert np.isfinite(first[:, :2]).all()
    assert np.isnan(first[:, 2]).all()
    again = RunLooks(folder, grid, (Ramp.date,))
    assert again.light(0, *boxes) is None
    first_run.keep_light()
    np.testing.assert_array_equal(again.light(0, *boxes), first)
    moved = again.light(0, xy + np.array([2.0, 0.0]), *boxes[1:])
    assert np.isnan(moved).all()


def test_kept_light_is_looked_up_as_near_on_the_ground_in_web_mercator(tmp_path):
    grid = mercator_grid(90, 70)
    model = DateModel(AT_REST, None, LightLevels((0.0, 0.0), (10.0, 20.0)))
    light = SceneLight(grid, (Ramp(),), ("red", "nir"), {Ramp.date: model})
    first_run = RunLooks(RunFolder(tmp_path), grid, (Ramp.date,), light)
    xy, box = np.array([[WEST + 30.0, NORTH - 40.0]]), (np.full(1, 6.0), np.zeros(1))
    first = first_run.light(0, xy, *box)
    unit, east = grid.ground_metre, np.array([1.0, 0.0])
    np.testing.assert_allclose(first[0, 0] * (10, 20), [39.5, 29.5], atol=1e-2)
    first_run.keep_light()
    again = RunLooks(RunFolder(tmp_path), grid, (Ramp.date,))
    assert np.isfinite(again.light(0, xy + 0.45 * unit * east, *box)).all()
    assert np.isnan(again.light(0, xy + 0.55 * unit * east, *box)).all()


def test_run_looks_keep_the_light_along_roofs_in_one_order_of_bands(tmp_path):
    grid = Grid("EPSG:32633", Affine(0.5, 0, 500_000, 0, -0.5, 6_000_000), (90, 70))
    model = DateModel(AT_REST, None, LightLevels((0.0,) * 4, (10.0, 20.0, 30.0, 40.0)))
    light = SceneLight(grid, (ColourRamp(),), ("red", "nir", "green", "blue"), {ColourRamp.date: model})
    first_run = RunLooks(RunFolder(tmp_path), grid, (ColourRamp.date,), light)
    boxes = np.array([[500_010.0, 5_999_980.0], [500_020.0, 5_999_970.0]]), np.full(2, 6.0), np.zeros(2)
    first = first_run.roof_light(0, *boxes)
    assert first.shape == (2, 9, 4)
    np.testing.assert_allclose(first[..., 0] * 40, first[..., 2] * 10, rtol=1e-3)
    np.testing.assert_allclose(first[..., 1] * 30, first[..., 3] * 20, rtol=1e-3)
    again = RunLooks(RunFolder(tmp_path), grid, (ColourRamp.date,))
    assert again.roof_light(0, *boxes) is None
    first_run.keep_light()
    np.testing.assert_array_equal(again.roof_light(0, *boxes), first)


def test_run_looks_keep_the_light_about_outlines(tmp_path):
    grid = Grid("EPSG:32633", Affine(0.5, 0, 500_000, 0, -0.5, 6_000_000), (90, 70))
    model = DateModel(AT_REST, None, LightLevels((0.0,) * 4, (10.0, 20.0, 30.0, 40.0)))
    light = SceneLight(grid, (ColourRamp(),), ("red", "nir", "green", "blue"), {ColourRamp.date: model})
    first_run = RunLooks(RunFolder(tmp_path), grid, (ColourRamp.date,), light)
    boxes = np.array([[500_010.0, 5_999_980.0], [500_020.0, 5_999_970.0]]), np.full(2, 6.0), np.zeros(2)
    first = first_run.outline_light(0, *boxes)
    assert first.shape == (2, 32, 4)
    np.testing.assert_allclose(first[..., 0] * 40, first[..., 2] * 10, rtol=1e-3)
    again = RunLooks(RunFolder(tmp_path), grid, (ColourRamp.date,))
    assert again.outline_light(0, *boxes) is None
    first_run.keep_light()
    np.testing.assert_array_equal(again.outline_light(0, *boxes), first)
    grey = RunLooks(RunFolder(tmp_path), grid, (Ramp.date,), SceneLight(grid, (Ramp(),), ("red", "nir"), {}))
    assert grey.outline_light(0, *boxes) is None


def test_pictures_without_colours_have_no_light_along_roofs(tmp_path):
    grid = Grid("EPSG:32633", Affine(0.5, 0, 500_000, 0, -0.5, 6_000_000), (90, 70))
    model = DateModel(AT_REST, None, LightLevels((0.0, 0.0), (10.0, 20.0)))
    looks = RunLooks(
        RunFolder(tmp_path), grid, (Ramp.date,), SceneLight(grid, (Ramp(),), ("red", "nir"), {Ramp.date: model})
    )
    assert looks.roof_light(0, np.array([[500_010.0, 5_999_980.0]]), np.full(1, 6.0), np.zeros(1)) is None
