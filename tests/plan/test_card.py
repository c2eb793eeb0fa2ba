"""A plan in a notebook."""

from __future__ import annotations

from pathlib import Path

from small_scenes import series, write_workflow

from changedet.plan import make_plan

DATES = ("2023-01-01", "2023-03-01")


def test_a_card_says_what_would_be_done_and_why(tmp_path: Path) -> None:
    series(tmp_path, 120, 160, DATES)
    plan = make_plan(write_workflow(tmp_path, DATES, site={"id": "a", "name": "<i>A</i>"}))
    made = plan._repr_html_()
    assert "Plan a: &lt;i&gt;A&lt;/i&gt;" in made
    assert "160 x 120 px of 10 m" in made
    assert "2023-01-01 (10 m), 2023-03-01 (10 m)" in made
    assert "cannot be counted" in made
    for name, choice in plan.choices.items():
        assert f"{choice.method}: {choice.reason}"[:60].split("&")[0].split("'")[0] in made, name
    assert "http" not in made
