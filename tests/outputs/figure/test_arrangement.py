"""Lines that fit, panels that do not leave their sheet."""

from __future__ import annotations

import pytest
import shapely

from changedet.outputs.figure.arrangement import LEAST_PANEL_IN, arranged, text_width_in, wrapped
from changedet.outputs.figure.data import FigureData, Panel


def data(frame: tuple[float, float, float, float], title: str = "A title", notes: tuple[str, ...] = ()) -> FigureData:
    return FigureData(title, "Here", [Panel("1 May"), Panel("2 May")], frame, frame, notes=notes)


def test_wrapped_keeps_every_word_and_fits_every_line() -> None:
    words = "containers rose from 41 to 139 " * 8 + "x" * 300
    lines = wrapped(words, 10, 3.0)
    assert "".join(lines).replace(" ", "") == words.replace(" ", "")
    assert max(text_width_in(line, 10) for line in lines) <= 3.0
    assert len(lines) > 8


@pytest.mark.parametrize("frame", [(0, 0, 100, 60), (0, 0, 100, 150), (0, 0, 100, 100)])
@pytest.mark.parametrize("height", [None, 5.0, 12.0])
def test_arranged_panels_have_the_frames_shape_and_lie_apart_on_the_sheet(
    frame: tuple[float, float, float, float], height: float | None
) -> None:
    sheet = arranged(data(frame, notes=("a note",) * 3), 7.0, height, 2)
    boxes = [shapely.box(left, low, left + wide, low + high) for left, low, wide, high in sheet.panels]
    for (_, _, wide, high), box in zip(sheet.panels, boxes, strict=True):
        assert high / wide == pytest.approx((frame[3] - frame[1]) / (frame[2] - frame[0]))
        assert shapely.box(0, 0, sheet.width, sheet.height).contains(box)
        assert box.bounds[1] > sheet.legend_top > sheet.notes_top > 0
        assert box.bounds[3] < sheet.place_top < sheet.title_top
    assert not boxes[0].intersects(boxes[1])
    assert height is None or sheet.height == pytest.approx(height)


def test_arranged_grows_a_sheet_that_is_too_low_for_its_caption() -> None:
    sheet = arranged(data((0, 0, 100, 100), notes=("a note",) * 40), 7.0, 3.0, 2)
    assert sheet.height > 3.0
    assert sheet.panels[0][3] == pytest.approx(LEAST_PANEL_IN)
