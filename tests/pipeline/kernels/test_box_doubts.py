"""Which boxes ask the pixels, and how much change these must show."""

from __future__ import annotations

import numpy as np
import pytest

from changedet.pipeline.kernels.box_decisions import ARRIVED, LEFT, MOVER, NONE, STAYED
from changedet.pipeline.kernels.box_doubts import BUSY, EVEN_SCORE, BoxLooks, box_doubts, without_doubts

NAN = float("nan")


def doubts(decision, probability=0.9, before=True, after=True, only=NAN, beside=()):
    """Of one box among others of sure decisions, which show a busy site without being given."""
    others = list(beside or (ARRIVED, STAYED))
    n = len(others)
    looks = BoxLooks(
        np.array([decision, *others]),
        np.array([probability, *[0.9] * n]),
        np.array([before, *[True] * n]),
        np.array([after, *[True] * n]),
        np.array([only, *[NAN] * n]),
    )
    found = box_doubts(looks)
    assert (found.asked[1:] == -1).all()
    return int(found.moved[0]), int(found.still[0]), float(found.asked[0])


@pytest.mark.parametrize("decision", [ARRIVED, LEFT])
def test_box_doubts_ask_the_more_of_a_box_seen_once_the_fainter_it_is(decision):
    assert doubts(decision, only=0.5) == (decision, NONE, pytest.approx(EVEN_SCORE))
    assert doubts(decision, only=0.25) == (decision, NONE, pytest.approx(3 * EVEN_SCORE))
    assert doubts(decision, only=0.95) == (decision, decision, -1)
    assert doubts(decision) == (decision, decision, -1)


def test_box_doubts_let_a_box_move_that_only_one_of_both_dates_counts():
    assert doubts(STAYED, 0.5, after=False) == (LEFT, STAYED, pytest.approx(EVEN_SCORE))
    assert doubts(STAYED, 0.25, before=False) == (ARRIVED, STAYED, pytest.approx(9 * EVEN_SCORE))
    assert doubts(NONE, 0.5, before=False) == (ARRIVED, NONE, pytest.approx(EVEN_SCORE))
    assert doubts(STAYED, 0.9, after=False) == (LEFT, STAYED, -1)
    assert doubts(STAYED, 0.5) == (STAYED, STAYED, -1)
    assert doubts(MOVER, 0.5, after=False) == (MOVER, MOVER, -1)


def test_box_doubts_ask_more_at_a_site_at_rest():
    # none moved and nine stayed, both counted with one more
    at_rest = doubts(STAYED, 0.5, after=False, beside=(STAYED,) * 8)
    assert at_rest[2] == pytest.approx(EVEN_SCORE * BUSY * 10)


def test_settled_boxes_have_moved_where_their_base_shows_more_than_is_asked():
    looks = BoxLooks(*(np.array(part) for part in ([STAYED] * 4, [0.5] * 4, [True] * 4, [False] * 4, [NAN] * 4)))
    asked = box_doubts(looks).asked
    shown = np.array([asked[0] - 0.001, asked[1] + 0.001, NAN, asked[3] + 0.5])
    # not seen: neither for a change nor against it
    assert box_doubts(looks).settled(shown).tolist() == [STAYED, LEFT, STAYED, LEFT]
    assert without_doubts(looks.decision).settled(np.ones(4)).tolist() == [STAYED] * 4
