"""What boxes decide about a score: planted boxes on small rasters."""

from __future__ import annotations

import numpy as np

from changedet.pipeline.kernels.box_decisions import ARRIVED, LEFT, MOVER, STAYED, BoxPixels, with_boxes

SHAPE = (20, 30)
BASE, SWEPT, AROUND = np.s_[8:12, 10:16], np.s_[7:12, 10:16], np.s_[4:15, 7:19]


def pixels(decision):
    """One box, its roof a pixel above its base."""
    empty = np.zeros((6, *SHAPE), np.int32)
    arrived, left, still, swept, around, exchanged = empty
    {ARRIVED: arrived, LEFT: left}.get(decision, still)[BASE] = 1
    around[AROUND] = 1
    around[SWEPT] = 0
    swept[SWEPT] = 1
    return BoxPixels(arrived, left, still, swept, around, exchanged)


def decided(score, decision, probability=0.9):
    return with_boxes(score, 0.5, pixels(decision), np.array([decision]), np.array([probability]))


def test_with_boxes_marks_what_came_and_what_left_and_signs_it():
    score = np.full(SHAPE, 0.1, np.float32)
    for decision in (ARRIVED, LEFT):
        found = decided(score, decision)
        marked = found.score > 0.5
        assert marked[BASE].all()
        assert marked.sum() == marked[BASE].sum()
        assert np.float32(found.score[BASE].max()) == np.float32(0.9)
        gained, lost = (sign.sum() for sign in (found.gained, found.lost))
        assert (gained, lost) == ((24, 0) if decision == ARRIVED else (0, 24))
    assert (score == np.float32(0.1)).all()


def test_with_boxes_signs_a_box_in_the_place_of_another_as_both():
    score = np.full(SHAPE, 0.1, np.float32)
    drawn = pixels(ARRIVED)
    found = with_boxes(score, 0.5, drawn._replace(exchanged=drawn.arrived), np.array([ARRIVED]), np.array([0.9]))
    assert (found.gained.sum(), found.lost.sum()) == (24, 24)
    assert (found.score == decided(score, ARRIVED).score).all()


def test_with_boxes_marks_a_box_that_came_also_where_its_probability_is_low():
    assert (decided(np.zeros(SHAPE, np.float32), ARRIVED, 0.2).score[BASE] > 0.5).all()


def test_with_boxes_unmarks_walls_and_what_stayed():
    score = np.full(SHAPE, 0.1, np.float32)
    score[SWEPT] = 0.9
    assert not (decided(score, STAYED).score > 0.5).any()
    wall = decided(score, ARRIVED).score > 0.5
    assert wall[BASE].all()
    assert not wall[7, 10:16].any()


def test_with_boxes_leaves_new_ground_below_movers_but_not_below_what_stayed():
    score = np.full(SHAPE, 0.9, np.float32)
    assert (decided(score, MOVER).score > 0.5).all()
    found = decided(score, STAYED).score > 0.5
    assert not found[BASE].any()
    assert found[7, 10:16].all()
    score[AROUND] = 0.1
    score[SWEPT] = 0.9
    assert not (decided(score, MOVER).score[AROUND] > 0.5).any()


def test_with_boxes_sees_nothing_where_nothing_was_seen():
    score = np.full(SHAPE, np.nan, np.float32)
    for decision in (ARRIVED, LEFT, STAYED, MOVER):
        assert np.isnan(decided(score, decision).score).all()


def test_with_boxes_marks_boxes_in_patches_of_snow_and_leaves_the_ground_there_unseen():
    score = np.full(SHAPE, np.nan, np.float32)
    patched = np.ones(SHAPE, bool)
    patched[8:12, 10:13] = False  # under cloud on one of the dates
    for decision, share in ((ARRIVED, 0.5), (LEFT, 0.5), (STAYED, 0.0)):
        found = with_boxes(score, 0.5, pixels(decision), np.array([decision]), np.array([0.9]), patched).score
        assert (found[BASE] > 0.5).mean() == share
        assert np.isfinite(found).sum() == (found > 0.5).sum()
