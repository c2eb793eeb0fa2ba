"""A workflow in a notebook."""

from __future__ import annotations

from pathlib import Path

from workflow_cases import GOOD, load


def test_a_card_says_what_the_file_asks_for(folder: Path) -> None:
    made = load(GOOD + "change: {method: irmad}\n")._repr_html_()
    assert "Workflow depot" in made
    assert "1: 2023-06-04 to 2023-06-04" in made
    assert "change irmad" in made
    assert "http" not in made
    assert "nothing: all is chosen from the scenes" in load(GOOD)._repr_html_()


def test_a_card_escapes_what_the_file_holds(folder: Path) -> None:
    text = GOOD.replace("{id: depot}", "{id: depot, name: '<script>alert(1)</script>'}")
    assert "<script" not in load(text)._repr_html_()
