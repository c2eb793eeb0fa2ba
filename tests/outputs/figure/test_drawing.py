"""Figures: what stands in them, that the same data give the same bytes, and that no setting is left changed."""

from __future__ import annotations

import io
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
import shapely
from made_up_run import build_run
from PIL import Image

from changedet.outputs.figure.data import FigureData, Ground, Panel
from changedet.outputs.figure.drawing import drawn, encoded
from changedet.outputs.figure.furniture import legend_entries
from changedet.outputs.figure.panels import wrapped

FRAME = (500_000.0, 2_999_690.0, 500_350.0, 3_000_000.0)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    build_run(folder)
    return folder


def figure(folder: Path | None, **changed: object) -> FigureData:
    box = shapely.box(500_100, 2_999_900, 500_112, 2_999_903)
    scenes = [folder and folder / f"scenes/2023-{month}-04.tif" for month in ("06", "08")]
    panels = [
        Panel("4 June 2023", "3 containers (2–6)", scenes[0], boxes={"left": [box]}),
        Panel("4 August 2023", "", scenes[1],
              boxes={"arrived": [box, shapely.box(500_200, 2_999_900, 500_212, 2_999_903)]},
              ground=[Ground(shapely.box(500_040, 2_999_800, 500_150, 2_999_850), "New yard")]),
    ]  # fmt: skip
    given: dict[str, object] = {
        "title": "Depot $x^2$ <b>: 3 to 9", "place": "Here", "panels": panels, "frame": FRAME, "site": FRAME,
        "zones": [("north & co", shapely.box(500_000, 2_999_860, 500_350, 3_000_000))], "notes": ["© A & B, MIT"],
        "stretch": dict.fromkeys(("red", "green", "blue", "nir"), (400.0, 1500.0)),
    }  # fmt: skip
    return FigureData(**{**given, **changed})  # type: ignore[arg-type]


def test_drawn_gives_the_same_bytes_again_without_a_date(made: Path) -> None:
    for ending, begins in ((".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")):
        one, other = (encoded(drawn(figure(made), dots_per_inch=60), ending) for _ in range(2))
        assert one == other
        assert one.startswith(begins)
        assert b"20" + b"26-" not in one


def test_an_svg_keeps_its_words_as_words_and_escapes_them(made: Path) -> None:
    text = encoded(drawn(figure(made), dots_per_inch=60), ".svg").decode()
    for words in (
        "Depot $x^2$ &lt;b&gt;: 3 to 9",
        "north &amp; co",
        "© A &amp; B, MIT",
        "arrived in between (2)",
        "New yard",
    ):
        assert words in text
    assert "<b>" not in text


def test_the_legend_says_of_boxes_that_they_may_be_none(made: Path) -> None:
    doubtful = figure(made, boxes_doubt=", within the error")
    words = [words for _, _, words in legend_entries(doubtful)]
    assert words[:2] == ["arrived in between, within the error (2)", "left in between, within the error (1)"]


def test_the_legend_says_of_moves_that_they_may_be_none(made: Path) -> None:
    words = [words for _, _, words in legend_entries(figure(made, moves_doubt=", within the error"))]
    assert words[:2] == ["arrived in between, within the error (2)", "left in between, within the error (1)"]
    assert not any("container" in text and "error" in text for text in words[2:])


def test_drawing_leaves_the_settings_of_matplotlib_as_they_were(made: Path) -> None:
    before = dict(mpl.rcParams)
    encoded(drawn(figure(made), dots_per_inch=60), ".svg")
    assert dict(mpl.rcParams) == before


def test_a_figure_without_scenes_holds_no_pixels_but_its_outlines() -> None:
    text = encoded(drawn(figure(None), dots_per_inch=60), ".svg").decode()
    assert "<image" not in text
    assert "arrived in between (2)" in text


def test_a_figure_with_scenes_shows_them(made: Path) -> None:
    text = encoded(drawn(figure(made), dots_per_inch=60), ".svg").decode()
    assert text.count("<image") == 2


def test_a_small_frame_of_a_large_site_has_an_inset_of_the_whole(made: Path) -> None:
    small = (500_100.0, 2_999_850.0, 500_180.0, 2_999_920.0)
    assert encoded(drawn(figure(made, frame=small), dots_per_inch=60), ".svg").decode().count("<image") == 3


@pytest.mark.parametrize(("width", "height"), [(6.0, None), (8.0, 4.5), (4.0, 9.0)])
def test_a_sheet_has_the_size_that_was_asked_for(made: Path, width: float, height: float | None) -> None:
    sheet = drawn(figure(made), width, height, dots_per_inch=50)
    shown = Image.open(io.BytesIO(encoded(sheet, ".png")))
    assert shown.width == round(width * 50)
    assert height is None or shown.height == round(height * 50)


def test_a_panel_draws_bright_lines_where_a_box_arrived(made: Path) -> None:
    pixels = np.asarray(
        Image.open(io.BytesIO(encoded(drawn(figure(made), dots_per_inch=150), ".png"))).convert("RGB"), int
    )
    yellow = (abs(pixels - [240, 228, 66]).max(axis=-1) < 40).any(axis=0)
    assert yellow[: yellow.size // 2].sum() < 5 + 0.09 * yellow.size, (
        "but for the legend, nothing arrived on the earlier panel"
    )
    assert yellow[yellow.size // 2 :].any()


def test_wrapped_breaks_what_a_panel_is_too_narrow_for() -> None:
    words = "New paving, about 1,990 m²\nin part between 19 September and 21 November 2022,\nthe rest by 26 March 2023"
    assert wrapped(words, 10, 9.0) == words
    assert wrapped(words, 10, 2.6).split("\n") == [
        "New paving, about 1,990 m²",
        "in part between 19 September",
        "and 21 November 2022,",
        "the rest by 26 March 2023",
    ]
    assert wrapped("Donaudampfschifffahrt", 10, 0.1) == "Donaudampfschifffahrt"


def test_the_label_of_new_ground_hides_no_other(made: Path) -> None:
    """Beside the one that it names lies another, on the way to which nothing else would keep the label."""
    panels = figure(made).panels
    other = shapely.box(500_020, 2_999_780, 500_330, 2_999_850)
    ground = [Ground(shapely.box(500_150, 2_999_852, 500_200, 2_999_900), "New yard"), Ground(other)]
    sheet = drawn(figure(made, panels=[panels[0], Panel("4 August 2023", "", None, ground=ground)]), dots_per_inch=60)
    sheet.canvas.draw()
    (axes, label), *_ = [(a, t) for a in sheet.axes for t in a.texts if t.get_text() == "New yard"]
    corners = axes.transData.inverted().transform(label.get_window_extent().get_points())
    assert not shapely.box(*corners.ravel()).intersects(other)


def test_labels_without_room_say_what_it_is_or_nothing(made: Path) -> None:
    """Of many regions at one place the first are named; none lies upon another."""
    shape = shapely.box(500_040, 2_999_800, 500_150, 2_999_850)
    ground = [Ground(shape, f"New yard {k}\nbetween 4 June and 4 August 2023") for k in range(60)]
    panels = figure(made).panels
    crowded = [panels[0], Panel("4 August 2023", "", panels[1].scene, ground=ground)]
    text = encoded(drawn(figure(made, panels=crowded), dots_per_inch=60), ".svg").decode()
    named, dated = text.count("New yard"), text.count("between 4 June")
    assert 0 < dated <= named < 60
