"""Which boxes ask the pixels, and how much change these must show."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.pipeline.kernels.box_decisions import ARRIVED, LEFT, MOVER, NONE, STAYED
from changedet.pipeline.kernels.box_doubts import EVEN_SCORE, BoxLooks, box_doubts, without_doubts

NAN = float("nan")


def doubts(decision, probability=0.9, before=True, after=True, only=NAN):
    """What one box does where its pixels changed, and how much they must show."""
    found = box_doubts(BoxLooks(*(np.array([part]) for part in (decision, probability, before, after, only))))
    return int(found.moved[0]), float(found.asked[0])


@pytest.mark.parametrize("decision", [ARRIVED, LEFT])
def test_box_doubts_ask_the_more_of_a_box_seen_once_the_fainter_it_is(decision):
    assert doubts(decision, only=0.5) == (decision, pytest.approx(EVEN_SCORE))
    assert doubts(decision, only=0.25) == (decision, pytest.approx(3 * EVEN_SCORE))
    assert doubts(decision, only=0.95) == (decision, -1)
    assert doubts(decision) == (decision, -1)


def test_box_doubts_let_a_box_move_that_one_of_both_dates_counts_where_its_track_does_not_know():
    assert doubts(NONE, 0.5, after=False) == (LEFT, pytest.approx(EVEN_SCORE))
    assert doubts(NONE, 0.25, before=False) == (ARRIVED, pytest.approx(9 * EVEN_SCORE))
    assert doubts(NONE, 0.9, after=False) == (LEFT, -1)
    assert doubts(NONE, 0.5) == (NONE, -1)


@pytest.mark.parametrize("decision", [STAYED, MOVER])
def test_box_doubts_never_let_a_box_move_of_which_the_track_knows_that_it_stayed(decision):
    assert doubts(decision, 0.9, after=False) == (decision, -1)
    assert doubts(decision, 0.9, before=False, only=0.3) == (decision, -1)


def test_settled_boxes_have_moved_where_their_base_shows_more_than_is_asked():
    looks = BoxLooks(*(np.array(part) for part in ([LEFT] * 4, [0.9] * 4, [True] * 4, [False] * 4, [0.5] * 4)))
    asked = box_doubts(looks).asked
    shown = np.array([asked[0] - 0.001, asked[1] + 0.001, NAN, asked[3] + 0.5])
    # not seen: neither for a change nor against it
    assert box_doubts(looks).settled(shown).tolist() == [NONE, LEFT, NONE, LEFT]
    assert without_doubts(looks.decision).settled(np.zeros(4)).tolist() == [LEFT] * 4
