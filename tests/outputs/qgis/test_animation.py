"""Frames of the animation."""

from __future__ import annotations

import pytest

from changedet.outputs.qgis.animation import frame_step


@pytest.mark.parametrize(("dates", "step"), [
    (["2023-06-04"], (1, "d")),
    (["2023-01-31", "2023-02-28"], (28, "d")),
    (["2020-03-01", "2021-03-01", "2023-03-01"], (12, "mon")),
    (["2010-01-01", "2010-01-08", "2020-05-05"], (26, "d")),
])  # fmt: skip
def test_frame_step_frames_meet_the_dates_and_stay_few(dates: list[str], step: tuple[int, str]) -> None:
    assert frame_step(dates) == step
