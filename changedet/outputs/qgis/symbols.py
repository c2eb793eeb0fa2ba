"""Symbols, renderers, labels and times of vector layers, as QGIS writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from xml.sax.saxutils import quoteattr

_BY_END: Final = {"name": "if(\"not_after\" IS NULL, 'circle', 'triangle')"}


def instant(field: str) -> str:
    """Features that show on the day of one field.

    Parameters
    ----------
    field : str
        A date field.

    Returns
    -------
    str
        The ``<temporal>`` element.
    """
    return _temporal(1, field, "", "", "")


def span(start: str, end: str) -> str:
    """Features that show from one field's day up to another's, for good where that is null.

    Parameters
    ----------
    start, end : str
        Date fields.

    Returns
    -------
    str
        The ``<temporal>`` element.
    """
    return _temporal(2, start, end, "", "")


def lasting(field: str, days: Mapping[str, int]) -> str:
    """Features that show from their date until the next date.

    Parameters
    ----------
    field : str
        The date field.
    days : mapping of str to int
        ISO date -> number of days until the next date.

    Returns
    -------
    str
        The ``<temporal>`` element.
    """
    pairs = ",".join(f"'{day}',{count}" for day, count in days.items())
    length = f"map_get(map({pairs}), format_date(\"{field}\",'yyyy-MM-dd'))"
    end = f'"{field}" + make_interval(days:=coalesce({length}, 1))'
    return _temporal(4, field, "", f'"{field}"', end)


def _temporal(mode: int, start: str, end: str, start_expression: str, end_expression: str) -> str:
    return (
        f'<temporal enabled="1" mode="{mode}" startField={quoteattr(start)} endField={quoteattr(end)}'
        f" startExpression={quoteattr(start_expression)} endExpression={quoteattr(end_expression)}"
        ' durationField="" durationUnit="d" fixedDuration="0" accumulate="0" limitMode="0">'
        "<fixedRange><start></start><end></end></fixedRange></temporal>"
    )


def single_symbol(symbol: str) -> str:
    """A renderer that draws all features alike.

    Parameters
    ----------
    symbol : str
        The ``<symbol>`` element.

    Returns
    -------
    str
        The ``<renderer-v2>`` element.
    """
    return (
        '<renderer-v2 type="singleSymbol" forceraster="0" symbollevels="0" enableorderby="0">'
        f"<symbols>{_named(symbol, 0)}</symbols></renderer-v2>"
    )


def categorized(attribute: str, values: Sequence[tuple[str, str]], symbols: Sequence[str]) -> str:
    """A renderer with a symbol for each value of a field or expression.

    Parameters
    ----------
    attribute : str
        A field's name or an expression.
    values : sequence of (str, str)
        Value and label of each category.
    symbols : sequence of str
        Their ``<symbol>`` elements.

    Returns
    -------
    str
        The ``<renderer-v2>`` element.
    """
    categories = "".join(
        f'<category symbol="{i}" value={quoteattr(value)} label={quoteattr(label)} type="string" render="true"/>'
        for i, (value, label) in enumerate(values)
    )
    drawn = "".join(_named(symbol, i) for i, symbol in enumerate(symbols))
    return (
        f'<renderer-v2 type="categorizedSymbol" attr={quoteattr(attribute)} forceraster="0" symbollevels="0"'
        f' enableorderby="0"><categories>{categories}</categories><symbols>{drawn}</symbols></renderer-v2>'
    )


def _named(symbol: str, number: int) -> str:
    return symbol.replace("<symbol ", f'<symbol name="{number}" ', 1)


def fill_symbol(
    fill: str,
    outline: str,
    *,
    width: float,
    brush: str = "solid",
    defined: Mapping[str, str] | None = None,
) -> str:
    """A polygon with its outline.

    Parameters
    ----------
    fill : str
        ``red,green,blue,alpha``.
    outline : str
        ``#rrggbb``.
    width : float
        Of the outline, in mm.
    brush : str
        QGIS's name of the fill's pattern.
    defined : mapping of str to str, optional
        Property -> expression that gives it for each feature.

    Returns
    -------
    str
        The ``<symbol>`` element.
    """
    options = {
        "color": fill,
        "outline_color": rgba(outline, 255),
        "outline_style": "solid",
        "outline_width": str(width),
        "outline_width_unit": "MM",
        "joinstyle": "miter",
        "style": brush,
    }
    return symbol("fill", "SimpleFill", options, defined or {})


def marker_symbol(color: str, defined: Mapping[str, str] = _BY_END) -> str:
    """A point; by default a circle for what is still there and a triangle for what has gone.

    Parameters
    ----------
    color : str
        ``#rrggbb``.
    defined : mapping of str to str
        Property -> expression that gives it for each feature.

    Returns
    -------
    str
        The ``<symbol>`` element.
    """
    options = {
        "color": rgba(color, 255),
        "name": "circle",
        "outline_color": "20,20,20,255",
        "outline_width": "0.2",
        "size": "1.9",
        "size_unit": "MM",
    }
    return symbol("marker", "SimpleMarker", options, defined)


def symbol(kind: str, renderer: str, options: Mapping[str, str], defined: Mapping[str, str]) -> str:
    """A symbol of one layer.

    Parameters
    ----------
    kind : str
        ``fill``, ``line`` or ``marker``.
    renderer : str
        QGIS's class of the symbol's layer.
    options : mapping of str to str
        Its properties.
    defined : mapping of str to str
        Property -> expression that gives it for each feature.

    Returns
    -------
    str
        The ``<symbol>`` element.
    """
    return layered(kind, [symbol_layer(renderer, options, defined)])


def layered(kind: str, layers: Sequence[str]) -> str:
    """A symbol of several layers.

    Parameters
    ----------
    kind : str
        ``fill``, ``line`` or ``marker``.
    layers : sequence of str
        ``<layer>`` elements, the lowest first.

    Returns
    -------
    str
        The ``<symbol>`` element.
    """
    return f'<symbol type="{kind}" alpha="1" clip_to_extent="1" force_rhr="0">{"".join(layers)}</symbol>'


def symbol_layer(renderer: str, options: Mapping[str, str], defined: Mapping[str, str], inner: str = "") -> str:
    """One layer of a symbol.

    Parameters
    ----------
    renderer : str
        QGIS's class of it.
    options : mapping of str to str
        Its properties.
    defined : mapping of str to str
        Property -> expression that gives it for each feature.
    inner : str
        The ``<symbol>`` that it is made of, where it repeats another.

    Returns
    -------
    str
        The ``<layer>`` element.
    """
    written = "".join(f'<Option type="QString" name="{key}" value="{value}"/>' for key, value in options.items())
    properties = "".join(
        f'<Option type="Map" name="{key}"><Option type="bool" name="active" value="true"/>'
        f'<Option type="QString" name="expression" value={quoteattr(expression)}/>'
        '<Option type="int" name="type" value="3"/></Option>'
        for key, expression in defined.items()
    )
    data_defined = (
        '<data_defined_properties><Option type="Map"><Option type="QString" name="name" value=""/>'
        f'<Option type="Map" name="properties">{properties}</Option>'
        '<Option type="QString" name="type" value="collection"/></Option></data_defined_properties>'
    )
    return (
        f'<layer class="{renderer}" enabled="1" locked="0" pass="0">'
        f'<Option type="Map">{written}</Option>{data_defined if defined else ""}{inner}</layer>'
    )


def text_labels(field: str) -> str:
    """Labels with a field's text.

    Parameters
    ----------
    field : str
        The field.

    Returns
    -------
    str
        The ``<labeling>`` element.
    """
    return (
        f'<labeling type="simple"><settings><text-style fieldName="{field}" fontSize="9" fontWeight="75"'
        ' textColor="20,20,20,255" textOpacity="1" fontSizeUnit="Point" isExpression="0">'
        '<text-buffer bufferDraw="1" bufferSize="1" bufferColor="255,255,255,220" bufferSizeUnits="MM"/></text-style>'
        '<placement placement="0" placementFlags="10"/><rendering drawLabels="1" obstacle="0"/></settings></labeling>'
    )


def rgba(color: str, alpha: int) -> str:
    """A colour as QGIS writes it.

    Parameters
    ----------
    color : str
        ``#rrggbb``.
    alpha : int
        0 (clear) to 255.

    Returns
    -------
    str
        ``red,green,blue,alpha``.
    """
    return ",".join(str(int(color[i : i + 2], 16)) for i in (1, 3, 5)) + f",{alpha}"
