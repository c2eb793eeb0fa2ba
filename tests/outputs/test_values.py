"""Single values of tables and records."""

from __future__ import annotations

from changedet.outputs.values import left_to_right


def test_left_to_right_keeps_the_numbers_after_a_name_in_their_order() -> None:
    arabic = "\u0645\u062f\u064a\u0646\u0629"
    assert left_to_right(arabic) == f"\u200e{arabic}\u200e"
    assert left_to_right("D\u00e9p\u00f4t 7 \u53f0") == "D\u00e9p\u00f4t 7 \u53f0"
