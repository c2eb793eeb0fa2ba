"""Presence of places from scores and pixels."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.stages.tracks.kernels.detector_tables import TABLES
from changedet.stages.tracks.kernels.presence_hmm import PlaceLooks, infer_presence
from changedet.stages.tracks.kernels.site_model import Rates


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


def test_infer_presence_without_pictures_uses_the_scores_alone():
    bins = np.full((30, 8), 5)
    bins[:4, 5:] = 0
    everywhere = np.ones((30, 8), bool)
    looks = PlaceLooks(bins, everywhere, everywhere, np.full(30, 8.0), np.zeros(30, int))
    arguments = np.zeros((30, 8)), Rates(0.08, 0.03, 0.05, 0.5), TABLES["learned"]
    alone = infer_presence(looks, *arguments)
    silent = infer_presence(looks._replace(appearance=np.zeros((30, 8), np.int64)), *arguments)
    np.testing.assert_array_equal(alone.present, silent.present)
