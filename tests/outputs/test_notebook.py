"""Cards for notebooks: every word escaped, short, nothing from a network."""

from __future__ import annotations

from changedet.outputs.notebook import LONGEST, MOST_NOTES, card

NASTY = "<script src=https://x.org/a.js></script>&\n'\""


def test_every_word_is_escaped() -> None:
    made = card(NASTY, [(NASTY, NASTY)], [NASTY])
    assert "<script" not in made
    assert made.count("&lt;script") == 4
    assert "src=&#34;" not in card("a", [("b", "c")])
    assert "http" not in card("a", [("b", "c")], ["d"])


def test_empty_rows_are_left_out_and_long_words_are_cut() -> None:
    made = card("a", [("empty", ""), ("long", "x" * 5000)], [f"note {i}" for i in range(MOST_NOTES + 3)])
    assert "empty" not in made
    assert "x" * (LONGEST - 2) + ".." in made
    assert "x" * (LONGEST - 1) not in made
    assert " word.." in card("a", [("cut", "word " * LONGEST)]), "cut after a whole word"
    assert f"note {MOST_NOTES - 1}" in made
    assert f"note {MOST_NOTES}" not in made
    assert "and 3 more" in made
