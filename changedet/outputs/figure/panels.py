"""A date's panel: its picture, where it is not seen, the outlines of boxes, ground and zones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.outputs.figure import styles
from changedet.outputs.figure.arrangement import LEADING, POINTS_PER_INCH, text_width_in
from changedet.outputs.figure.data import Box, FigureData, Panel
from changedet.outputs.figure.pictures import picture, unseen
from changedet.outputs.figure.placing import placed
from changedet.outputs.figure.styles import Line, Style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.path import Path as Curve

_UNSEEN_GREY: Final = (0.55, 0.55, 0.55)
_UNSEEN_OPACITY: Final = 0.45
_PAD: Final = 0.3
"""Between the words of a label and its frame, in sizes of its font."""
_ROUNDED: Final = 1.06
"""Times its width by the font's metrics that a line is long where its letters are rounded to whole pixels, at most."""
_EDGE_IN: Final = 0.03
_CORNER: Final = 0.34
_CORNER_HIGH_IN: Final = 0.75
"""Where scale bar and north arrow stand: of the panel's width, and inches."""
MOST_NAMES: Final = 40
"""Zones whose names a panel bears; more cover what they name. Chosen by hand."""
ZONE_NAME: Final = 40
"""Letters of a zone's name that a panel has room for."""


def draw_panel(
    axes: Axes, data: FigureData, panel: Panel, width_in: float, dots_per_inch: float, label_pt: float
) -> None:
    """Draw a date.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Of the frame's shape; its coordinates become those of the grid.
    data : FigureData
        What is the same on all panels.
    panel : Panel
        What to draw.
    width_in : float
        Of the panel.
    dots_per_inch : float
        Of its picture at most.
    label_pt : float
        Size of its labels.
    """
    west, south, east, north = data.frame
    width_px = max(64, round(width_in * dots_per_inch))
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set(color=styles.FRAME, linewidth=0.6)
    style = styles.ON_PICTURE if panel.scene else styles.WITHOUT_PICTURE
    if panel.scene:
        shown = picture(panel.scene, data.frame, width_px, data.stretch)
        axes.imshow(shown, extent=(west, east, south, north), interpolation="nearest", aspect="auto", zorder=0)
    if panel.quality:
        _draw_unseen(axes, unseen(panel.quality, data.frame, width_px // 2), data.frame, on_picture=bool(panel.scene))
    _draw_zones(axes, data, style)
    draw_outlines(axes, [ground.shape for ground in panel.ground], style.ground, style.casing_pt, zorder=3)
    for order, (state, line) in enumerate(style.boxes.items()):
        draw_outlines(axes, panel.boxes.get(state, ()), line, style.casing_pt, zorder=4 + 0.1 * order)
    _draw_labels(axes, data, panel, width_in, label_pt, style)


def draw_outlines(axes: Axes, shapes: Sequence[BaseGeometry], line: Line, casing_pt: float, zorder: float) -> None:
    """Draw outlines without a fill.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        In the coordinates of the shapes.
    shapes : sequence of shapely geometry
        Polygons, or several as one.
    line : Line
        How they are drawn.
    casing_pt : float
        By which a dark line below them is wider; 0 for none.
    zorder : float
        What is higher lies above.
    """
    # Imported here, as all that draws: it takes half a second, which most commands need not wait for.
    from matplotlib.collections import PathCollection

    curves = [curve for shape in shapes for curve in _curves(shape)]
    if not curves:
        return
    common = {"facecolors": "none", "capstyle": "butt", "joinstyle": "miter"}
    if casing_pt:
        # Dashes are in widths of the line: those of the casing lie below those of the line.
        wider = line.width_pt + casing_pt
        under = tuple(part * line.width_pt / wider for part in line.dashes)
        below = PathCollection(curves, edgecolors=styles.CASING, linewidths=wider, linestyles=_dashed(under), **common)
        axes.add_collection(below, autolim=False)
        below.set(zorder=zorder - 0.01, alpha=0.75)
    drawn = PathCollection(
        curves,
        edgecolors=line.color,
        linewidths=line.width_pt,
        linestyles=_dashed(line.dashes),
        **common,
    )
    axes.add_collection(drawn, autolim=False)
    drawn.set_zorder(zorder)


def _dashed(dashes: tuple[float, ...]) -> list[Any] | str:
    return [(0, dashes)] if dashes else "solid"


def _curves(shape: BaseGeometry) -> list[Curve]:
    # Imported here, as all that draws: it takes half a second, which most commands need not wait for.
    from matplotlib.path import Path as Curve

    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and not part.is_empty]
    rings = [ring for part in parts for ring in (part.exterior, *part.interiors)]
    return [Curve(np.asarray(ring.coords)[:, :2], closed=True) for ring in rings]


def _draw_unseen(
    axes: Axes, hidden: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], frame: Box, *, on_picture: bool
) -> None:
    """Hatch what a date does not show."""
    if not hidden.any():
        return
    # Imported here, as all that draws: it takes half a second, which most commands need not wait for.
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Curve

    from changedet.outputs.figure.outlines import traced

    rings = traced(hidden, frame)
    shade = PathPatch(
        Curve.make_compound_path(*[Curve(ring, closed=True) for ring in rings]),
        # Grey below black: told from bright cloud as well as from dark shadow.
        facecolor=(*_UNSEEN_GREY, _UNSEEN_OPACITY if on_picture else 0.0),
        edgecolor=styles.CASING if on_picture else "#9a9a9a",
        hatch=styles.UNSEEN_HATCH,
        linewidth=0.5,
    )
    axes.add_patch(shade)
    shade.set_zorder(2)


def _draw_zones(axes: Axes, data: FigureData, style: Style) -> None:
    draw_outlines(axes, [shape for _, shape in data.zones], style.zone, style.casing_pt, zorder=2.5)


def _draw_labels(axes: Axes, data: FigureData, panel: Panel, width_in: float, label_pt: float, style: Style) -> None:
    """The date in the upper left corner; names of zones on the first panel, of new ground where it is drawn."""
    words = panel.date if not panel.count else f"{panel.date}\n{panel.count}"
    west, south, east, north = data.frame
    unit_in = width_in / (east - west)
    wide, high = (side / unit_in for side in _size_in(words, label_pt, bold=True))
    edge = _EDGE_IN / unit_in
    corner = (west + edge + wide / 2, north - edge - high / 2)
    _label(axes, *corner, words, label_pt, style, bold=True)
    taken = [shapely.box(west, corner[1] - high / 2, corner[0] + wide / 2, north)]
    taken += [shapely.box(east - _CORNER * (east - west), south, east, south + _CORNER_HIGH_IN / unit_in)]
    boxes = [shape for shapes in panel.boxes.values() for shape in shapes]
    named = [(ground.label, ground.shape, style.ground.color) for ground in panel.ground if ground.label]
    if panel is data.panels[0]:
        named += [(_short(name), shape, "none") for name, shape in _largest(data.zones)]
    for words, shape, color in named:
        if not shapely.intersects(shape, shapely.box(*data.frame)):
            continue
        # On other new ground a label would hide it, and seem to name it.
        beside = shapely.union_all([*boxes, *(one.shape for one in panel.ground if one.shape is not shape)])
        # Where there is no room for all of it, the first line says what it is; without room for that the outline alone.
        for said in (words, words.split("\n")[0]):
            lines = wrapped(said, 0.9 * label_pt, width_in - 2 * _EDGE_IN)
            wide, high = (side / unit_in for side in _size_in(lines, 0.9 * label_pt))
            place = placed((wide, high), shape, data.frame, beside, taken, inside=color == "none")
            if place.is_free:
                break
        else:
            continue
        _label(axes, place.x, place.y, lines, 0.9 * label_pt, style, edge=color)
        taken.append(shapely.box(place.x - wide / 2, place.y - high / 2, place.x + wide / 2, place.y + high / 2))
        if place.leader:
            (x0, y0), (x1, y1) = place.leader
            axes.plot([x0, x1], [y0, y1], color=color if color != "none" else style.zone.color, linewidth=0.8, zorder=6)


def wrapped(words: str, points: float, most_in: float) -> str:
    """Words in lines that a panel is wide enough for.

    Parameters
    ----------
    words : str
        In lines of their own.
    points : float
        Size of the font.
    most_in : float
        Width of a label with its frame, inches.

    Returns
    -------
    str
        Broken between words; a word that is too long for a line has one of its own.
    """
    most = most_in / _ROUNDED - 2 * _PAD * points / POINTS_PER_INCH
    lines = []
    for line in words.split("\n"):
        own = ""
        for word in line.split(" "):
            longer = f"{own} {word}" if own else word
            if own and text_width_in(longer, points) > most:
                lines.append(own)
                longer = word
            own = longer
        lines.append(own)
    return "\n".join(lines)


def _largest(zones: Sequence[tuple[str, BaseGeometry]]) -> Sequence[tuple[str, BaseGeometry]]:
    """Zones that get a name, in their order: of too many the largest."""
    if len(zones) <= MOST_NAMES:
        return zones
    least = sorted((shape.area for _, shape in zones), reverse=True)[MOST_NAMES - 1]
    return [zone for zone in zones if zone[1].area >= least][:MOST_NAMES]


def _short(name: str) -> str:
    return name if len(name) <= ZONE_NAME else f"{name[: ZONE_NAME - 1]}…"


def _size_in(words: str, points: float, *, bold: bool = False) -> tuple[float, float]:
    """Width and height of a label with its frame."""
    lines = words.split("\n")
    wide = max(text_width_in(line, points, bold=bold) for line in lines)
    return wide + 2 * _PAD * points / POINTS_PER_INCH, (LEADING * len(lines) + 2 * _PAD) * points / POINTS_PER_INCH


def _label(
    axes: Axes, x: float, y: float, words: str, points: float, style: Style, *, bold: bool = False, edge: str = "none"
) -> None:
    dark = style is styles.ON_PICTURE
    axes.text(
        x,
        y,
        words,
        fontsize=points,
        fontweight="bold" if bold else "normal",
        color=styles.PAPER if dark else styles.INK,
        ha="center",
        va="center",
        zorder=7,
        parse_math=False,
        clip_on=True,
        linespacing=1.2,
        multialignment="left",
        bbox={
            "boxstyle": f"square,pad={_PAD}",
            "facecolor": styles.CASING if dark else styles.PAPER,
            "alpha": 0.8,
            "edgecolor": edge,
            "linewidth": 1.0,
        },
    )
