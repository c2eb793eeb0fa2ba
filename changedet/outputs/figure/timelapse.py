"""A time-lapse of a site: a frame for each look, as GIF, and as MP4 where an encoder is on the path."""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

import numpy as np

from changedet.arrays import Bytes
from changedet.errors import ChangedetError
from changedet.outputs.figure import furniture, styles
from changedet.outputs.figure.arrangement import LEADING, MARGIN_IN, POINTS_PER_INCH, text_width_in
from changedet.outputs.figure.data import BoxState, FigureData
from changedet.outputs.figure.letters import lettered
from changedet.outputs.figure.library import figure_class
from changedet.outputs.figure.panels import draw_panel
from changedet.outputs.figure.styles import Line
from changedet.store.files import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL.Image import Image

MOST_BYTES: Final = 8_000_000
"""A GIF is made smaller until it weighs no more: what pages and messages take."""
WIDTH_PX, LEAST_WIDTH_PX = 720, 240
SHRINK: Final = 0.8
FRAME_MS, LAST_MS = 1200, 3000
PER_SECOND: Final = 5
"""Frames of a film: a look is several of them."""
COLORS: Final = 255
"""Of a frame's own palette."""
_DPI: Final = 100.0
_TITLE_PT, _SMALL_PT = 11.0, 6.5
_STRIP_IN: Final = 0.75
"""Height of the curve below the picture."""
_WORDS: Final[dict[BoxState, str]] = {
    "arrived": "came since the look before",
    "stayed": "stood there before",
    "seen": "stood there",
    "hidden": "not detected on this date",
}
ENCODER: Final = "ffmpeg"


@dataclass(frozen=True)
class Curve:
    """A figure over all looks, drawn below the picture.

    Attributes
    ----------
    label : str
        With its unit.
    days : sequence of float
        Of each look; any origin.
    values, low, high : sequence of float
        NaN where there is none.
    """

    label: str
    days: Sequence[float]
    values: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


def write_timelapse(
    gif: Path, frames: Sequence[FigureData], curve: Curve | None, mp4: Path | None = None
) -> list[Path]:
    """Write a time-lapse.

    Parameters
    ----------
    gif : Path
        The animation; at most `MOST_BYTES`, where a smaller picture can make it so.
    frames : sequence of FigureData
        One for each look, of one panel and of one frame.
    curve : Curve or None
        None where there is no figure to draw.
    mp4 : Path or None
        The same as a film, where an encoder is found.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    ChangedetError
        The encoder failed.
    """
    width = WIDTH_PX
    while True:
        content = _animation(_pictures(frames, curve, width))
        if len(content) <= MOST_BYTES or width * SHRINK < LEAST_WIDTH_PX:
            break
        width = round(width * SHRINK)
    with replacing(gif) as part:
        part.write_bytes(content)
    if mp4 is None or encoder() is None:
        return [gif]
    with replacing(mp4) as part:
        wrong = _film(part, _pictures(frames, curve, WIDTH_PX), len(frames))
        if wrong:
            raise ChangedetError(f"{mp4}: {wrong}")
    return [gif, mp4]


def encoder() -> str | None:
    """The encoder of films on this machine.

    Returns
    -------
    str or None
        Its path.
    """
    return shutil.which(ENCODER)


def _pictures(frames: Sequence[FigureData], curve: Curve | None, width_px: int) -> Iterator[Bytes]:
    """The frames one after another, so that no more than one is held."""
    for k, data in enumerate(frames):
        figure = frame_drawn(data, curve, k, width_px / _DPI)
        yield _pixels(figure)


def frame_drawn(data: FigureData, curve: Curve | None, number: int, width_in: float) -> Figure:
    """One look as a sheet; all looks of a site have sheets of one size and arrangement.

    Parameters
    ----------
    data : FigureData
        Of one panel.
    curve : Curve or None
        Drawn below it.
    number : int
        Which of its looks is marked.
    width_in : float
        Of the sheet.

    Returns
    -------
    matplotlib.figure.Figure
        An even number of pixels each way, as films need.
    """
    growth = width_in / (WIDTH_PX / _DPI)
    title_pt, small_pt = _TITLE_PT * growth, _SMALL_PT * growth
    west, south, east, north = data.frame
    inner = width_in - 2 * MARGIN_IN
    line, head = small_pt * LEADING / POINTS_PER_INCH, title_pt * LEADING / POINTS_PER_INCH
    strip = _STRIP_IN * growth if curve else 0.0
    foot = strip + 2 * line + 2 * MARGIN_IN
    panel = min(inner * (north - south) / (east - west), 1.3 * inner)
    wide = panel * (east - west) / (north - south)
    height = 2 * np.ceil((head + line + panel + foot + MARGIN_IN) * _DPI / 2) / _DPI
    figure = figure_class()(figsize=(2 * np.ceil(width_in * _DPI / 2) / _DPI, height), dpi=_DPI, facecolor=styles.PAPER)
    place = ((width_in - wide) / 2 / width_in, foot / height, wide / width_in, panel / height)
    axes = figure.add_axes(place, facecolor=styles.PAPER)
    draw_panel(axes, data, data.panels[0], wide, _DPI, 9 * growth)
    furniture.draw_scale_and_north(axes, data, data.panels[0], wide, 8 * growth)
    _write(figure, MARGIN_IN, height - MARGIN_IN, _cut(data.title, title_pt, inner, bold=True), title_pt, bold=True)
    _write(figure, MARGIN_IN, height - MARGIN_IN - head, _cut(data.place, small_pt, inner), small_pt)
    note = " ".join(data.notes)
    _write(figure, MARGIN_IN, MARGIN_IN + line, _cut(note, small_pt, inner), small_pt)
    _legend(figure, data, MARGIN_IN + 1.6 * line + strip, small_pt)
    if curve:
        _draw_curve(figure, curve, number, (MARGIN_IN, MARGIN_IN + 1.2 * line, inner, strip), small_pt)
    return figure


def _write(figure: Figure, x_in: float, top_in: float, words: str, points: float, *, bold: bool = False) -> None:
    wide, high = figure.get_size_inches()
    figure.text(
        x_in / wide, top_in / high, words, fontsize=points, fontweight="bold" if bold else "normal", va="top",
        color=styles.INK, parse_math=False,
    )  # fmt: skip


def _cut(words: str, points: float, width_in: float, *, bold: bool = False) -> str:
    """As much of a line as there is room for: a second one would move the picture."""
    if text_width_in(words, points, bold=bold) <= width_in:
        return words
    while words and text_width_in(f"{words}…", points, bold=bold) > width_in:
        words = words[:-1]
    return f"{words}…"


def _legend(figure: Figure, data: FigureData, y_in: float, points: float) -> None:
    # Imported here, as all that draws: it takes half a second, which most commands need not wait for.
    from matplotlib.lines import Line2D

    style = styles.ON_PICTURE if data.panels[0].scene else styles.WITHOUT_PICTURE
    entries: list[tuple[Line, str]] = [
        (style.boxes[state], words) for state, words in _WORDS.items() if state != "seen"
    ]
    if not any(data.panels[0].boxes.values()):
        entries = []
    wide, high = figure.get_size_inches()
    x, long = MARGIN_IN, 3.5 * points / POINTS_PER_INCH
    for line, words in entries:
        ends = ([x / wide, (x + long) / wide], [y_in / high] * 2)
        if style.casing_pt:
            figure.add_artist(Line2D(*ends, color=styles.CASING, linewidth=line.width_pt + style.casing_pt + 2.0))
        drawn = Line2D(*ends, color=line.color, linewidth=line.width_pt)
        if line.dashes:
            drawn.set_linestyle((0, line.dashes))
        figure.add_artist(drawn)
        figure.text(
            (x + long + 0.04) / wide, y_in / high, words, fontsize=points, va="center_baseline", color=styles.INK,
            parse_math=False,
        )  # fmt: skip
        x += long + 0.16 + text_width_in(words, points)


def _draw_curve(
    figure: Figure, curve: Curve, number: int, box: tuple[float, float, float, float], points: float
) -> None:
    """The figure over all looks with its interval, this look marked."""
    wide, high = figure.get_size_inches()
    left, bottom, width, height = box
    room = max(text_width_in(f"{np.nanmax(curve.high):,.0f}", points), 0.3) + 0.1
    axes = figure.add_axes(
        ((left + room) / wide, (bottom + 0.02) / high, (width - room - 0.05) / wide, 0.72 * height / high)
    )
    axes.fill_between(curve.days, curve.low, curve.high, color="#56b4e9", alpha=0.35, linewidth=0)
    axes.plot(curve.days, curve.values, color="#0072b2", linewidth=1.2, marker="o", markersize=2.5)
    axes.axvline(curve.days[number], color="#d55e00", linewidth=1.4)
    axes.set_xlim(min(curve.days), max(curve.days) + 1e-9)
    axes.set_ylim(0, max(1.0, 1.05 * float(np.nanmax(curve.high))))
    axes.margins(x=0.02)
    axes.set_xticks([])
    axes.tick_params(axis="y", labelsize=points, length=2, pad=1.5)
    axes.locator_params(axis="y", nbins=3)
    for name, spine in axes.spines.items():
        spine.set(visible=name in {"left", "bottom"}, linewidth=0.6)
    axes.text(
        0.01, 0.97, curve.label, transform=axes.transAxes, fontsize=points, va="top", color=styles.INK, parse_math=False
    )


def _pixels(figure: Figure) -> Bytes:
    # Imported here, as all that draws: it takes half a second, which most commands need not wait for.
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    with lettered(figure):
        canvas.draw()  # type: ignore[no-untyped-call]
    shown: Bytes = np.asarray(canvas.buffer_rgba())[..., :3].copy()  # type: ignore[no-untyped-call]
    return shown


def _animation(pictures: Iterator[Bytes]) -> bytes:
    """Frames as an animated GIF, each with the palette that suits it, dithered so that ground has no bands."""
    # Imported here, as all that draws: it takes half a second, which most commands need not wait for.
    from PIL import Image as Pillow

    def _reduced(pixels: Bytes) -> Image:
        whole = Pillow.fromarray(pixels)
        # Thin lines are few pixels, whose colours a palette by number of pixels would not keep.
        weighted = Pillow.fromarray(np.vstack([pixels, _swatches(pixels.shape)]))
        palette = weighted.quantize(colors=COLORS, method=Pillow.Quantize.MEDIANCUT)
        return whole.quantize(palette=palette, dither=Pillow.Dither.FLOYDSTEINBERG)

    frames = [_reduced(pixels) for pixels in pictures]
    target = io.BytesIO()
    frames[0].save(
        target, "GIF", save_all=True, append_images=frames[1:], loop=0, optimize=False, disposal=1,
        duration=[FRAME_MS] * (len(frames) - 1) + [LAST_MS],
    )  # fmt: skip
    return target.getvalue()


def _swatches(shape: tuple[int, ...]) -> Bytes:
    """Rows of the colours of lines, as wide as a frame and a twelfth as high."""
    colors = [line.color for style in (styles.ON_PICTURE, styles.WITHOUT_PICTURE) for line in style.boxes.values()]
    found = [[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in dict.fromkeys(colors)]
    across = np.array(found, np.uint8)[np.arange(shape[1]) * len(found) // shape[1]]
    return np.broadcast_to(across, (max(1, shape[0] // 12), *across.shape)).copy()


def _film(path: Path, pictures: Iterator[Bytes], number: int) -> str:
    """Frames as a film in MP4, without a date, each as long as in the GIF; what went wrong, or nothing."""
    first = next(pictures)
    height, width = first.shape[:2]
    command = [
        encoder() or ENCODER, "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24",
        "-s", f"{width}x{height}", "-r", str(PER_SECOND), "-i", "-", "-an", "-pix_fmt", "yuv420p",
        "-fflags", "+bitexact", "-flags:v", "+bitexact", "-map_metadata", "-1", "-movflags", "+faststart",
        "-f", "mp4", str(path),
    ]  # fmt: skip
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said) as process,
    ):
        # An encoder that gives up reads no further; what it said of it is told below.
        with suppress(BrokenPipeError), cast("IO[bytes]", process.stdin) as stream:
            for k, pixels in enumerate(chain([first], pictures)):
                milliseconds = LAST_MS if k == number - 1 else FRAME_MS
                stream.write(pixels.tobytes() * (milliseconds * PER_SECOND // 1000))
        process.wait()
        said.seek(0)
        words = said.read().decode(errors="replace").strip()
    return f"{ENCODER} failed: {' '.join(words.split())[:120]}" if process.returncode else ""
