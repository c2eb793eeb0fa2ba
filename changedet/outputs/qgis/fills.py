"""Polygons in several strokes: outlines that show on any ground, and hatching."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from changedet.outputs.qgis.symbols import layered, rgba, symbol_layer

LIGHT: Final = 45
"""Opacity of a fill, of 255, through which the ground is seen."""


def cased_symbol(color: str, *, is_dashed: bool, defined: Mapping[str, str]) -> str:
    """A polygon with a light fill and an outline on a white casing, seen on dark, bright and equally coloured ground.

    Parameters
    ----------
    color : str
        ``#rrggbb``.
    is_dashed : bool
        Whether its line is.
    defined : mapping of str to str
        Property -> expression that gives it for each feature.

    Returns
    -------
    str
        The ``<symbol>`` element.
    """
    fill = {
        "color": rgba(color, LIGHT),
        "outline_color": rgba(color, 255),
        "outline_style": "dash" if is_dashed else "solid",
        "outline_width": "0.5",
        "outline_width_unit": "MM",
        "joinstyle": "miter",
        "style": "solid",
    }
    casing = outline_layer("#ffffff", 0.9, "solid", defined)
    return layered("fill", [casing, symbol_layer("SimpleFill", fill, defined)])


def outline_layer(color: str, width: float, line: str, defined: Mapping[str, str] | None = None) -> str:
    """A polygon's outline, to be laid with others into one symbol.

    Parameters
    ----------
    color : str
        ``#rrggbb``.
    width : float
        In mm.
    line : str
        QGIS's name of its pattern.
    defined : mapping of str to str, optional
        Property -> expression that gives it for each feature.

    Returns
    -------
    str
        The ``<layer>`` element.
    """
    options = {
        "color": "0,0,0,0",
        "outline_color": rgba(color, 255),
        "outline_style": line,
        "outline_width": str(width),
        "outline_width_unit": "MM",
        "style": "no",
    }
    return symbol_layer("SimpleFill", options, defined or {})


def hatched_symbol(color: str, angle_deg: float, *, defined: Mapping[str, str] | None) -> str:
    """A polygon hatched by lines, with a thin outline.

    Parameters
    ----------
    color : str
        ``#rrggbb``.
    angle_deg : float
        Of the lines, counterclockwise from east.
    defined : mapping of str to str, optional
        Property -> expression that gives it for each feature.

    Returns
    -------
    str
        The ``<symbol>`` element.
    """
    stroke = {"line_color": rgba(color, 255), "line_width": "0.3", "line_width_unit": "MM"}
    line = layered("line", [symbol_layer("SimpleLine", stroke, {})])
    hatch = {"angle": str(angle_deg), "distance": "1.8", "distance_unit": "MM", "color": rgba(color, 255)}
    edge = {
        "color": rgba(color, 20),
        "outline_color": rgba(color, 255),
        "outline_style": "solid",
        "outline_width": "0.2",
        "outline_width_unit": "MM",
        "style": "solid",
    }
    given = defined or {}
    return layered(
        "fill", [symbol_layer("LinePatternFill", hatch, given, line), symbol_layer("SimpleFill", edge, given)]
    )
