"""What a map needs beside its picture: scale bar, north arrow, legend, an inset of where the frame lies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.outputs.figure import styles
from changedet.outputs.figure.arrangement import LEADING, MARGIN_IN, POINTS_PER_INCH, Sheet, text_width_in
from changedet.outputs.figure.data import Box, FigureData, Panel
from changedet.outputs.figure.pictures import picture
from changedet.outputs.figure.styles import BOX_WORDS, MOVED, Line
from changedet.outputs.values import round_length

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BAR_SHARE: Final = 0.3
"""Of the panel's width that the scale bar may take."""
_ARROW_IN: Final = 0.26
_INSET_SHARE: Final = 0.24
INSET_FROM: Final = 0.5
"""Where the frame is a smaller share of the site's width and height, an inset shows where it lies."""
_SAMPLE_IN: Final = 0.3
_APART_IN: Final = 0.14


def length_words(metres: float) -> str:
    """A length in the unit that fits it.

    Parameters
    ----------
    metres : float
        As `changedet.outputs.values.round_length` gives it.

    Returns
    -------
    str
        Such as ``50 m`` or ``2 km``.
    """
    return f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"


def draw_scale_and_north(axes: Axes, data: FigureData, panel: Panel, width_in: float, points: float) -> None:
    """Draw the scale bar and the arrow to true north in a panel's lower right corner.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The panel.
    data : FigureData
        Its frame and scale.
    panel : Panel
        Whether it has a picture.
    width_in : float
        Of the panel.
    points : float
        Size of the words.
    """
    # Imported here, as all that draws: it takes half a second, which most commands need not wait for.
    from matplotlib.patheffects import AbstractPathEffect, withStroke

    west, south, east, _ = data.frame
    unit_in = width_in / (east - west)
    metres = round_length(_BAR_SHARE * (east - west) * data.ground_scale)
    long = metres / data.ground_scale
    right, low = east - 0.1 / unit_in, south + 0.13 / unit_in
    color = styles.PAPER if panel.scene else styles.INK
    around: list[AbstractPathEffect] = []
    thick: list[AbstractPathEffect] = []
    if panel.scene:
        around.append(withStroke(linewidth=2.2, foreground=styles.CASING))
        thick.append(withStroke(linewidth=3.4, foreground=styles.CASING))
    (bar,) = axes.plot([right - long, right], [low, low], color=color, linewidth=2, solid_capstyle="butt", zorder=9)
    bar.set_path_effects(thick)
    words = axes.text(
        right - long / 2, low + 0.05 / unit_in, length_words(metres), fontsize=points, color=color,
        ha="center", va="bottom", zorder=9, parse_math=False, fontweight="bold",
    )  # fmt: skip
    words.set_path_effects(around)
    turn = math.radians(data.north_deg)
    x, y = right - 0.1 / unit_in, low + 0.3 / unit_in
    tip = (x + _ARROW_IN / unit_in * math.sin(turn), y + _ARROW_IN / unit_in * math.cos(turn))
    arrow = axes.annotate(
        "", xy=tip, xytext=(x, y), zorder=9, annotation_clip=False,
        arrowprops={"arrowstyle": "-|>,head_width=0.28,head_length=0.5", "color": color, "linewidth": 1.4,
                    "shrinkA": 0, "shrinkB": 0, "path_effects": around},
    )  # fmt: skip
    arrow.set_in_layout(False)
    letter = axes.text(
        tip[0], tip[1] + 0.02 / unit_in, "N", fontsize=points, color=color, ha="center", va="bottom",
        fontweight="bold", zorder=9, parse_math=False,
    )  # fmt: skip
    letter.set_path_effects(around)


def legend_entries(data: FigureData) -> list[tuple[Line, float, str]]:
    """What the legend explains.

    Parameters
    ----------
    data : FigureData
        Only what is drawn is explained.

    Returns
    -------
    list of (Line, casing, words)
        In the order of the legend; a line without a width stands for the hatching.
    """
    style = styles.ON_PICTURE if any(panel.scene for panel in data.panels) else styles.WITHOUT_PICTURE
    found = []
    for state, words in BOX_WORDS.items():
        number = max((_in_frame(panel.boxes.get(state, ()), data.frame) for panel in data.panels), default=0)
        if number:
            doubt = data.boxes_doubt or (data.moves_doubt if state in MOVED else "")
            found.append((style.boxes[state], style.casing_pt, f"{words}{doubt} ({number})"))
    if any(panel.ground for panel in data.panels):
        found.append((style.ground, style.casing_pt, data.ground_words))
    if data.zones:
        found.append((style.zone, style.casing_pt, "zone"))
    return found


def _in_frame(shapes: Sequence[BaseGeometry], frame: Box) -> int:
    """How many lie in a frame with their centres."""
    return int(shapely.contains(shapely.box(*frame), shapely.centroid(np.array(shapes, object))).sum()) if shapes else 0


def legend_rows(entries: list[tuple[Line, float, str]], width_in: float, points: float) -> list[list[int]]:
    """Entries in rows that fit the sheet.

    Parameters
    ----------
    entries : list of (Line, casing, words)
        As `legend_entries` gives them.
    width_in : float
        Of a row.
    points : float
        Size of the words.

    Returns
    -------
    list of list of int
        Indices of entries.
    """
    rows: list[list[int]] = []
    used = width_in
    for k, (_, _, words) in enumerate(entries):
        need = _SAMPLE_IN + text_width_in(words, points) + _APART_IN + 0.05
        if used + need > width_in:
            rows.append([])
            used = 0.0
        rows[-1].append(k)
        used += need
    return rows


def draw_legend(figure: Figure, sheet: Sheet, entries: list[tuple[Line, float, str]], rows: list[list[int]]) -> None:
    """Draw the legend below the panels.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The sheet.
    sheet : Sheet
        Where it lies.
    entries : list of (Line, casing, words)
        As `legend_entries` gives them.
    rows : list of list of int
        As `legend_rows` gives them.
    """
    # Imported here, as all that draws: it takes half a second, which most commands need not wait for.
    from matplotlib.lines import Line2D

    points = sheet.fonts.small
    high = points * LEADING / POINTS_PER_INCH
    for i, row in enumerate(rows):
        y = sheet.legend_top - (i + 0.55) * high
        x = MARGIN_IN
        for line, casing, words in (entries[k] for k in row):
            ends = ([x / sheet.width, (x + _SAMPLE_IN) / sheet.width], [y / sheet.height] * 2)
            if casing:
                # What is bright needs the ground of a picture: here it has that of its casing.
                figure.add_artist(Line2D(*ends, color=styles.CASING, linewidth=line.width_pt + casing + 2.4))
            drawn = Line2D(*ends, color=line.color, linewidth=line.width_pt)
            if line.dashes:
                drawn.set_linestyle((0, line.dashes))
            figure.add_artist(drawn)
            x += _SAMPLE_IN + 0.05
            figure.text(
                x / sheet.width, y / sheet.height, words, fontsize=points, color=styles.INK, va="center_baseline",
                parse_math=False,
            )  # fmt: skip
            x += text_width_in(words, points) + _APART_IN


def needs_inset(data: FigureData) -> bool:
    """Whether the frame is so small a part of the site that a reader must be shown where it lies.

    Parameters
    ----------
    data : FigureData
        Its frame and its site.

    Returns
    -------
    bool
        False where there is no picture of the site to show.
    """
    west, south, east, north = data.frame
    left, low, right, high = data.site
    share = max((east - west) / (right - left), (north - south) / (high - low))
    return share < INSET_FROM and data.panels[0].scene is not None


def draw_inset(figure: Figure, sheet: Sheet, data: FigureData, dots_per_inch: float) -> None:
    """Draw where the frame lies in the site, in the first panel's lower left corner.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The sheet.
    sheet : Sheet
        Where its panels lie.
    data : FigureData
        Frame, site and the first panel's scene.
    dots_per_inch : float
        Of the inset's picture.
    """
    # Imported here, as all that draws: it takes half a second, which most commands need not wait for.
    from matplotlib.patches import Rectangle

    scene = data.panels[0].scene
    if scene is None:
        return
    left, bottom, wide, high = sheet.panels[0]
    west, south, east, north = data.site
    scale = min(_INSET_SHARE * wide * 1.4 / (east - west), _INSET_SHARE * high * 1.4 / (north - south))
    size = (scale * (east - west), scale * (north - south))
    rectangle = (
        (left + 0.05) / sheet.width,
        (bottom + 0.05) / sheet.height,
        size[0] / sheet.width,
        size[1] / sheet.height,
    )
    axes = figure.add_axes(rectangle, xlim=(west, east), ylim=(south, north), xticks=[], yticks=[], zorder=10)
    shown = picture(scene, data.site, max(32, round(size[0] * dots_per_inch)), data.stretch)
    axes.imshow(shown, extent=(west, east, south, north), interpolation="nearest", aspect="auto")
    for spine in axes.spines.values():
        spine.set(color=styles.PAPER, linewidth=1.0)
    x0, y0, x1, y1 = data.frame
    axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor=styles.CASING, linewidth=2.2))
    axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor=styles.PAPER, linewidth=1.0))
