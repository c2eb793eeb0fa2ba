"""Letters that the figures' own font lacks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from changedet.outputs.figure import letters
from changedet.outputs.figure.drawing import encoded

CUNEIFORM = "\U00012000\U00012001"
"""Letters of no font that a machine is likely to have."""
OTHERS = Path(mpl.get_data_path()) / "fonts" / "ttf"


@pytest.fixture
def fonts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No fonts but those of matplotlib."""
    monkeypatch.setattr(letters, "_system_fonts", lambda: tuple(map(str, sorted(OTHERS.glob("*.ttf")))))
    letters._substitute.cache_clear()
    yield
    letters._substitute.cache_clear()


def sheet(words: str) -> Figure:
    figure = Figure(figsize=(3, 0.5))
    figure.text(0.1, 0.4, words, parse_math=False)
    return figure


def test_font_file_is_the_usual_one_where_it_has_all_letters(fonts: None) -> None:
    for words in ("Depot", "D\u00e9p\u00f4t \u2013 m\u00b2", "\u0421\u043a\u043b\u0430\u0434", CUNEIFORM):
        assert Path(letters.font_file(words)).name == "DejaVuSans.ttf"
    assert Path(letters.font_file("Depot", bold=True)).name == "DejaVuSans-Bold.ttf"


def test_font_file_is_one_that_has_what_the_usual_one_lacks(fonts: None) -> None:
    mine, other = (letters._letters_of(str(OTHERS / name)) for name in ("DejaVuSans.ttf", "STIXGeneral.ttf"))
    letter = next(chr(code) for code in sorted(other - mine) if chr(code).isprintable())
    found = letters.font_file(f"Depot {letter}")
    assert not letters._lacking(f"Depot {letter}", found)
    assert found != letters.font_file("Depot")
    assert letters.undrawable(f"Depot {letter}") == ""


def test_undrawable_names_each_letter_once(fonts: None) -> None:
    assert letters.undrawable(f"Depot {CUNEIFORM}{CUNEIFORM} \u00e9") == CUNEIFORM
    assert letters.undrawable("Depot \u00e9 \u0421") == ""


def test_encoded_draws_a_stand_in_and_keeps_the_text_of_an_svg(fonts: None) -> None:
    figure = sheet(f"Depot {CUNEIFORM}")
    assert encoded(figure, ".png") == encoded(sheet("Depot ??"), ".png") != encoded(sheet("Depot"), ".png")
    assert CUNEIFORM in encoded(figure, ".svg").decode()
    assert figure.texts[0].get_text() == f"Depot {CUNEIFORM}"
