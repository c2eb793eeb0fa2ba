"""matplotlib with and without the help of its classes; each in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

LOADED = """
from changedet.outputs.figure import library
{before}
figure = library.figure_class()
from matplotlib import artist
from matplotlib.figure import Figure
assert figure is Figure
print("antialiased" in (Figure.set.__doc__ or "") or "edgecolor" in Figure.set.__doc__, len(artist.kwdoc(Figure)) > 100)
"""


@pytest.mark.parametrize(("before", "told"), [("", "True True"), ("library.load_without_help()", "False True")])
def test_help_is_left_out_where_it_is_asked_for_and_can_be_made_later(before: str, told: str) -> None:
    script = [sys.executable, "-c", LOADED.format(before=before)]
    done = subprocess.run(script, capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == told
