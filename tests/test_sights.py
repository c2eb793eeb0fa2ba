"""What pixels say of a box: features on built light, bins, how the chain takes them, how pictures are read."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pytest
from affine import Affine

from changedet.blocks import Window
from changedet.grid import Grid
from changedet.grid.displacement import Displacement
from changedet.pipeline import looks as seen
from changedet.pipeline.date_model import DateModel, LightLevels
from changedet.stages.align.alignment import Alignment
from changedet.stages.tracks import appearance
from changedet.stages.tracks.appearance import light_of_boxes, place_appearance
from changedet.stages.tracks.kernels.appearance import DARK, FEATURES, appearance_bins, appearance_features, look_groups
from changedet.stages.tracks.kernels.boxes import Boxes
from changedet.stages.tracks.kernels.detector_tables import TABLES
from changedet.stages.tracks.kernels.presence_hmm import PlaceLooks, infer_presence
from changedet.stages.tracks.kernels.site_model import Rates
from changedet.stages.tracks.visibility import GivenVisibility
from changedet.store import RunFolder

AT_REST = Alignment(Displacement(), 0.0, 0.0, 0, True, "the reference")
RED, GREY, BLUE = np.array([1.6, 0.4, 0.4]), np.array([1.0, 1.0, 1.0]), np.array([0.3, 0.5, 1.8])
BOX, GROUND = slice(0, 2), slice(2, 4)


def light_of(*colours):
    """Light (place, date, band) of ten places that all show the same colours."""
    return np.repeat(np.array(colours)[None], 10, axis=0)


def described(inner, bins, lit=None):
    lit = np.ones(bins.shape, bool) if lit is None else lit
    ring = np.broadcast_to(GREY, inner.shape)
    return appearance_features(inner, ring, np.full(bins.shape, 0.1), bins, lit, np.ones(bins.shape, bool))


def test_a_look_without_a_row_lies_nearer_to_what_it_shows():
    bins = np.tile([5, 0, 0, 5], (10, 1))
    missed = described(light_of(RED, GREY, RED, RED), bins)[:, 2]
    gone = described(light_of(RED, GREY, GREY, RED), bins)[:, 2]
    assert (missed[:, BOX] < missed[:, GROUND]).all()
    assert (gone[:, BOX] > gone[:, GROUND]).all()


def test_a_dates_own_cast_changes_nothing():
    bins = np.tile([5, 0, 5, 5], (10, 1))
    inner = light_of(RED, GREY, RED, RED)
    bins[5:, 1], inner[5:, 1] = 5, RED
    bins[:3, 3], inner[:3, 3] = 0, GREY
    plain = described(inner, bins)
    veiled = inner.copy()
    # A gain before the logarithm's small offset, for those that show boxes as for those that show ground.
    veiled[:, 3] = 1.7 * (inner[:, 3] + DARK) - DARK
    told = described(veiled, bins)
    np.testing.assert_allclose(told[:3, 3, :4], plain[:3, 3, :4], atol=1e-9)


def test_shade_is_told_by_the_boxes_seen_in_it():
    bins, lit = np.tile([5, 5, 5, 3], (10, 1)), np.tile([True, True, True, False], (10, 1))
    bins[:4, 3] = 0
    inner = light_of(RED, RED, RED, 0.15 * RED)
    inner[:2, 3] = 0.15 * BLUE
    features = described(inner, bins, lit)[:, 3]
    assert (features[2:4, 1] < np.log(0.02 + DARK)).all()
    assert (features[:2, 1] > np.log(0.3)).all()


def test_places_whose_box_no_look_shows_are_told_nothing():
    bins = np.tile([3, 0, 2], (10, 1))
    features = described(light_of(RED, GREY, RED), bins)
    weights = np.ones(len(FEATURES) + 1)
    assert np.isnan(features[..., 0]).all()
    assert (appearance_bins(features, weights) == 0).all()


def test_bins_rise_with_the_odds_and_haze_has_none():
    features = np.full((1, 6, len(FEATURES)), np.log(0.1 + DARK))
    features[0, :5, 6] = [-4.0, -2.0, 0.0, 2.0, 4.0]
    features[0, 5, :4] = np.log(2.0)
    weights = np.array([0, 0, 0, 0, 0, 0, 1.0, 0])
    assert appearance_bins(features, weights).tolist() == [[1, 2, 3, 4, 5, 0]]


def test_groups_are_weak_looks_only():
    bins, lit = np.array([[0, 2, 3, 4, 0, 2, 3]]), np.array([[True] * 4 + [False] * 3])
    assert look_groups(bins, lit).tolist() == [[0, 1, 1, -1, 2, 3, -1]]


@pytest.mark.parametrize(("pixels", "stays"), [(5, True), (0, False), (1, False)])
def test_a_box_that_pixels_show_was_missed_and_has_not_left(pixels, stays):
    bins = np.full((30, 8), 5)
    bins[0, 7] = 0
    appearance_bin = np.zeros((30, 8), np.int64)
    appearance_bin[0, 7] = pixels
    everywhere = np.ones((30, 8), bool)
    looks = PlaceLooks(bins, everywhere, everywhere, np.full(30, 8.0), np.zeros(30, int))
    arguments = np.zeros((30, 8)), Rates(0.08, 0.03, 0.05, 0.5), TABLES["learned"]
    read = infer_presence(looks._replace(appearance=appearance_bin), *arguments)
    assert read.path[0, 7] == stays
    assert read.path[1:].all()


def test_without_pictures_the_detectors_rows_speak_alone():
    bins = np.full((30, 8), 5)
    bins[:4, 5:] = 0
    everywhere = np.ones((30, 8), bool)
    looks = PlaceLooks(bins, everywhere, everywhere, np.full(30, 8.0), np.zeros(30, int))
    arguments = np.zeros((30, 8)), Rates(0.08, 0.03, 0.05, 0.5), TABLES["learned"]
    alone = infer_presence(looks, *arguments)
    silent = infer_presence(looks._replace(appearance=np.zeros((30, 8), np.int64)), *arguments)
    np.testing.assert_array_equal(alone.present, silent.present)


@dataclass(frozen=True)
class Painted(GivenVisibility):
    """SeriesVisibility of red boxes, 2.4 m by 6 m and turned by 30 degrees, on grey ground; the second date shows none."""

    centres: np.ndarray = None

    def light(self, i, xy, length, angle):
        return light_of_boxes(lambda points: self.shown(i, points), xy, length, angle)

    def shown(self, i, points):
        apart = points[:, None] - self.centres[None]
        turn = np.deg2rad(30.0)
        along = apart @ np.array([np.sin(turn), np.cos(turn)])
        across = apart @ np.array([np.cos(turn), -np.sin(turn)])
        inside = ((np.abs(along) < 3.0) & (np.abs(across) < 1.2)).any(1) & (i != 1)
        return np.where(inside[:, None], RED, GREY)


def test_light_is_taken_within_and_beside_the_boxes_and_parts_do_not_show(monkeypatch):
    centres = np.array([[20.0 * (k % 7), 300.0 * (k // 7)] for k in range(20)])
    boxes = Boxes(centres, np.full(20, 6.0), np.full(20, 30.0), np.zeros((20, 3)), np.ones(20), np.zeros(20))
    looks = Painted([dt.date(2023, 1, k + 1) for k in range(3)], centres=centres - [0.4, -0.3])
    bins = np.tile([5, 0, 5], (20, 1))
    arguments = (looks, centres, boxes, np.tile([0.4, -0.3], (3, 1)), (bins, bins >= 0, bins >= 0))
    whole = place_appearance(*arguments)
    assert np.allclose(whole[:, 0, BOX], np.log(DARK))
    assert (whole[:, 1, BOX].sum(1) > whole[:, 1, GROUND].sum(1)).all()
    monkeypatch.setattr(appearance, "PLACES_AT_ONCE", 3)
    np.testing.assert_array_equal(place_appearance(*arguments), whole)


def test_no_pictures_no_sights():
    centres = np.zeros((1, 2))
    boxes = Boxes(centres, np.ones(1), np.ones(1), np.zeros((1, 3)), np.ones(1), np.zeros(1))
    bins = np.ones((1, 1), np.int64)
    seen_so = bins, bins > 0, bins > 0
    assert place_appearance(GivenVisibility([dt.date(2023, 1, 1)]), centres, boxes, np.zeros((1, 2)), seen_so) is None


class Ramp:
    """A look whose bands are the pixels' rows and columns."""

    date = dt.date(2023, 1, 1)

    def read(self, grid, window, roles, displacement):
        rows = np.arange(window.y, window.y + window.height, dtype=np.float32)[:, None]
        columns = np.arange(window.x, window.x + window.width, dtype=np.float32)[None]
        image = np.stack(np.broadcast_arrays(rows, columns))
        return image, np.zeros(image.shape[1:], np.uint8)


def test_pictures_are_read_alike_in_windows_of_any_size(tmp_path, monkeypatch):
    grid = Grid("EPSG:32633", Affine(0.5, 0, 500_000, 0, -0.5, 6_000_000), (90, 70))
    model = DateModel(AT_REST, None, LightLevels((0.0, 0.0), (10.0, 20.0)))
    pictures = seen.Pictures(grid, (Ramp(),), ("red", "nir"), {Ramp.date: model})
    looks = seen.SeenLooks(RunFolder(tmp_path), grid, (Ramp.date,), pictures)
    rng = np.random.default_rng(3)
    row, column = rng.uniform(1, 89, 200), rng.uniform(1, 69, 200)
    points = np.column_stack([500_000 + 0.5 * column, 6_000_000 - 0.5 * row])
    expected = np.column_stack([(row - 0.5) / 10.0, (column - 0.5) / 20.0])
    for size in (512, 32, 7):
        monkeypatch.setattr(seen, "_LOOKUP_PX", size)
        np.testing.assert_allclose(looks._picture(pictures, 0, points), expected, atol=1e-4)
    beyond = looks._picture(pictures, 0, np.array([[0.0, 0.0]]))
    assert np.isnan(beyond).all()
    blind = seen.Pictures(grid, (Ramp(),), ("red", "nir"), {Ramp.date: DateModel(AT_REST, None, None)})
    assert np.isnan(blind.light(0, Window(0, 0, 4, 4))).all()


def test_a_finished_run_is_followed_again_with_the_light_that_it_kept(tmp_path, monkeypatch):
    grid = Grid("EPSG:32633", Affine(0.5, 0, 500_000, 0, -0.5, 6_000_000), (90, 70))
    model = DateModel(AT_REST, None, LightLevels((0.0, 0.0), (10.0, 20.0)))
    folder = RunFolder(tmp_path)
    pictures = seen.Pictures(grid, (Ramp(),), ("red", "nir"), {Ramp.date: model})
    looks = seen.SeenLooks(folder, grid, (Ramp.date,), pictures)
    xy = np.array([[500_010.0, 5_999_980.0], [500_020.0, 5_999_970.0], [400_000.0, 5_999_970.0]])
    boxes = xy, np.full(3, 6.0), np.array([0.0, 40.0, 0.0])
    first = looks.light(0, *boxes)
    assert np.isfinite(first[:, :2]).all()
    assert np.isnan(first[:, 2]).all()
    again = seen.SeenLooks(folder, grid, (Ramp.date,))
    assert again.light(0, *boxes) is None
    looks.keep_light()
    np.testing.assert_array_equal(again.light(0, *boxes), first)
    moved = again.light(0, xy + np.array([2.0, 0.0]), *boxes[1:])
    assert np.isnan(moved).all()
