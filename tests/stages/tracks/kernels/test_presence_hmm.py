"""Presence of places from scores and pixels."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.tracks.kernels.detector_tables import HARD_TABLES, TABLES
from changedet.stages.tracks.kernels.presence_hmm import PlaceLooks, infer_presence
from changedet.stages.tracks.kernels.site_model import FAMILIAR_SD, Rates, detectability_sds


def test_infer_presence_ends_no_box_on_a_date_that_shows_few():
    """Low sun: on the last two dates two of three boxes are missed, scattered over the site."""
    rng = np.random.default_rng(4)
    bins = np.full((60, 8), 5)
    bins[rng.random(60) < 0.66, 7] = 0
    bins[rng.random(60) < 0.66, 6] = 0
    bins[:, 6:] = np.where((bins[:, 6:] == 5) & (rng.random((60, 2)) < 0.5), 2, bins[:, 6:])
    everywhere = np.ones((60, 8), bool)
    looks = PlaceLooks(bins, everywhere, everywhere, np.full(60, 8.0), np.zeros(60, int))
    uneven = TABLES["learned"]._replace(detectability_sd=1.2)
    read = infer_presence(looks, np.zeros((60, 8)), Rates(0.08, 0.03, 0.05, 0.3), uneven)
    assert read.model.detectability[6:].max() < read.model.detectability[:6].min() - 1
    assert read.path.mean() > 0.97


@pytest.mark.parametrize(("pixels", "stays"), [(5, True), (0, False), (1, False)])
def test_infer_presence_keeps_a_box_that_pixels_show(pixels, stays):
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


@pytest.mark.parametrize(("outline", "grows"), [(4, True), (3, True), (1, False)])
def test_infer_presence_hears_the_outline_beside_the_other_looks(outline, grows):
    bins = np.full((30, 8), 5)
    bins[0, 7] = 0
    alike, shown = np.zeros((30, 8), np.int64), np.zeros((30, 8), np.int64)
    alike[0, 7], shown[0, 7] = 3, outline
    everywhere = np.ones((30, 8), bool)
    looks = PlaceLooks(bins, everywhere, everywhere, np.full(30, 8.0), np.zeros(30, int))
    arguments = np.zeros((30, 8)), Rates(0.08, 0.03, 0.05, 0.5), HARD_TABLES["learned"]
    alone = infer_presence(looks, *arguments)
    read = infer_presence(looks._replace(outline=shown), *arguments)
    assert (read.present[0, 7] > alone.present[0, 7]) == grows
    both = infer_presence(looks._replace(appearance=alike, outline=shown), *arguments)
    told = np.sqrt(HARD_TABLES["learned"].appearance[0, :, 2] * HARD_TABLES["learned"].outline[:, outline - 1]) ** 0.75
    odds = both.evidence[0, 7] - infer_presence(looks, *arguments).evidence[0, 7]
    assert odds == pytest.approx(np.log(told[1] / told[0]), abs=0.4)


def test_infer_presence_without_pictures_uses_the_scores_alone():
    bins = np.full((30, 8), 5)
    bins[:4, 5:] = 0
    everywhere = np.ones((30, 8), bool)
    looks = PlaceLooks(bins, everywhere, everywhere, np.full(30, 8.0), np.zeros(30, int))
    arguments = np.zeros((30, 8)), Rates(0.08, 0.03, 0.05, 0.5), TABLES["learned"]
    alone = infer_presence(looks, *arguments)
    silent = infer_presence(looks._replace(appearance=np.zeros((30, 8), np.int64)), *arguments)
    np.testing.assert_array_equal(alone.present, silent.present)


def test_infer_presence_takes_few_boxes_on_a_familiar_scene_for_few_boxes():
    """A yard that grew: of 80 boxes that later looks show the first shows 20, and a faint row at a few empty spots."""
    rng = np.random.default_rng(6)
    bins = np.where(rng.random((80, 5)) < 0.6, 5, 4)
    bins[20:, 0] = np.where(rng.random(60) < 0.1, 1, 0)
    everywhere, first = np.ones((80, 5), bool), np.arange(5) == 0
    looks = PlaceLooks(bins, everywhere, everywhere, np.full(80, 4.0), np.zeros(80, int))
    arguments = np.zeros((80, 5)), Rates(0.08, 0.03, 0.05, 0.5), HARD_TABLES["learned"]

    def _on_the_first(familiar):
        return infer_presence(looks._replace(familiar=familiar), *arguments).present[:, 0].sum()

    assert _on_the_first(first) < 35
    assert min(_on_the_first(None), _on_the_first(~first)) > 65


def test_detectability_sds_are_small_on_familiar_dates_alone():
    tables = TABLES["learned"]
    np.testing.assert_array_equal(detectability_sds(None, 3, tables), [tables.detectability_sd] * 3)
    found = detectability_sds(np.array([True, False]), 2, tables)
    np.testing.assert_array_equal(found, [FAMILIAR_SD, tables.detectability_sd])
    narrow = tables._replace(detectability_sd=0.1)
    np.testing.assert_array_equal(detectability_sds(np.array([True]), 1, narrow), [0.1])


def test_infer_presence_keeps_a_box_that_two_winters_hide():
    """Of 60 boxes over twelve looks eight are missed in both winters; places of two boxes are left empty between."""
    rng = np.random.default_rng(6)
    bins = np.full((60, 12), 5)
    winters = [2, 3, 8, 9]
    bins[np.ix_(range(8), winters)] = rng.choice([0, 1], (8, 4))
    bins[52:, 4:7] = 0
    pixels = np.zeros((60, 12), np.int64)
    pixels[np.ix_(range(8), winters)], pixels[52:, 4:7] = 2, 1
    everywhere, nothing = np.ones((60, 12), bool), np.zeros((60, 12))
    looks = PlaceLooks(bins, everywhere, everywhere, (bins > 2).sum(axis=1).astype(float), np.zeros(60, int), pixels)
    rates = Rates(0.08, 0.03, 0.05, 0.5)
    before = infer_presence(looks, nothing, rates, TABLES["learned"])
    read = infer_presence(
        looks._replace(refills=np.r_[np.full(52, 0.1), np.ones(8)]), nothing, rates, TABLES["learned"]
    )
    assert not before.path[:8].all()
    assert read.path[:52].all()
    assert not read.path[52:, 4:7].any()
    assert read.births[:8].sum() < 0.3 * before.births[:8].sum()


@pytest.mark.parametrize(("rows", "lowered"), [(1, True), (2, True), (4, False)])
def test_infer_presence_believes_few_rows_less_where_sides_of_stacks_show(rows, lowered):
    bins = np.full((30, 6), 5)
    bins[0] = 0
    bins[0, :rows] = 4
    everywhere, on_sides = np.ones((30, 6), bool), np.arange(30) == 0
    looks = PlaceLooks(bins, everywhere, everywhere, (bins > 2).sum(1).astype(float), np.full(30, 2))
    arguments = np.zeros((30, 6)), Rates(0.08, 0.03, 0.05, 0.5), TABLES["learned"]
    usual, read = infer_presence(looks, *arguments), infer_presence(looks._replace(on_sides=on_sides), *arguments)
    assert (read.present[0, 0] < usual.present[0, 0] - 0.01) == lowered
    assert (read.classes[0, :4].sum() < usual.classes[0, :4].sum() - 0.01) == lowered
