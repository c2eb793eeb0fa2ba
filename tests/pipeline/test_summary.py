"""What ``summary.json`` holds, and that docs/outputs.md says of it."""

from __future__ import annotations

import json
from pathlib import Path

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "outputs.md").read_text()
PLAIN = {"site", "name", "grid", "dates", "reference_date", "totals", "onset", "warnings", "zones"}
"""Keys whose name says what they are."""


def test_summary_of_every_key_the_page_of_outputs_says_something(reference_run: Path) -> None:
    keys = set(json.loads((reference_run / "summary.json").read_text())) - PLAIN
    assert {key for key in keys if f"`{key}`" not in PAGE} == set()


def test_warnings_name_figures_in_words(reference_run: Path) -> None:
    said = json.loads((reference_run / "summary.json").read_text())["warnings"]
    assert [
        text for text in said if text.startswith("containers, TEU, arrivals, departures: cannot be counted: in pixels")
    ]
