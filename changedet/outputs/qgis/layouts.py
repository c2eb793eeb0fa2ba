"""A4 print layouts: title, map, legend, scale bar, north and credit line, as QGIS writes them."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import NAMESPACE_URL, uuid5
from xml.sax.saxutils import quoteattr

from changedet.outputs.values import round_length

PAGE_MM: Final = (297.0, 210.0)
MAP_MM: Final = (10.0, 26.0, 205.0, 166.0)
"""Left, top, width and height of the map on the page."""
SIDE_MM: Final = 220.0
"""Left edge of the legend's column."""
SIDE_WIDTH_MM: Final = 67.0
BAR_SHARE: Final = 0.12
"""A segment of the scale bar at most, as a share of the map's width."""

_OPENS: Final = "[%"
"""Between this and ``%]`` QGIS takes the text of a label for an expression, which may ask for this machine's names."""
SHOWN_DAY: Final = "[% format_date(map_get(item_variables('map'), 'map_start_time'), 'd MMMM yyyy', 'en') %]"
SHOWN_YEAR: Final = "[% format_date(map_get(item_variables('map'), 'map_start_time'), 'yyyy', 'en') %]"
"""The day, or the year, that a sheet's map shows, also after somebody sets another."""

_ITEM: Final = {"map": 65639, "picture": 65640, "label": 65641, "legend": 65642, "scale bar": 65646, "page": 65638}
"""QGIS's numbers of the kinds of items."""
_ARROW: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="60" viewBox="0 0 40 60">'
    '<path d="M20 2 L34 44 L20 35 L6 44 Z" fill="#111"/><text x="20" y="59" font-family="sans-serif" font-size="15"'
    ' font-weight="bold" text-anchor="middle" fill="#111">N</text></svg>'
)


@dataclass(frozen=True)
class PrintLayout:
    """What one sheet shows.

    Attributes
    ----------
    theme : str
        The map theme that it follows, and its name.
    title, subtitle, credit : str
        Lines of text; the credit stands below the map.
    extent : (left, bottom, right, top)
        What must be on the map, in the project's CRS.
    period : (str, str)
        ISO dates of the first and last day that it shows.
    layers : sequence of (str, str)
        Identifier and title of the layers in the legend.
    unit : float
        A metre on the ground in units of the CRS.
    """

    theme: str
    title: str
    subtitle: str
    credit: str
    extent: tuple[float, float, float, float]
    period: tuple[str, str]
    layers: Sequence[tuple[str, str]]
    unit: float = 1.0


def layouts(sheets: Sequence[PrintLayout]) -> str:
    """Print layouts of a project.

    Parameters
    ----------
    sheets : sequence of PrintLayout
        One layout each.

    Returns
    -------
    str
        The ``<Layouts>`` element.
    """
    return f"<Layouts>{''.join(_layout(sheet) for sheet in sheets)}</Layouts>"


def _layout(sheet: PrintLayout) -> str:
    left, top, _, height = MAP_MM
    page = _item("page", sheet, (0, 0, *PAGE_MM), "", 'background="true"')
    parts = [
        _label(sheet, "title", plain(sheet.title), (left, 7, 277, 10), 18, bold=True),
        _label(sheet, "subtitle", sheet.subtitle, (left, 17, 277, 7), 10),
        _map(sheet),
        _legend(sheet),
        _north(sheet),
        _scale_bar(sheet),
        _label(sheet, "credit", plain(sheet.credit), (left, top + height + 3, 277, 10), 8),
    ]
    return (
        f'<Layout name={quoteattr(f"{sheet.theme} (A4)")} units="mm" printResolution="200" worldFileMap="">'
        '<Snapper snapToItems="1" tolerance="5" snapToGuides="1" snapToGrid="0"/>'
        f'<PageCollection>{_paper()}{page}<GuideCollection visible="1"/></PageCollection>{"".join(parts)}'
        '<customproperties><Option/></customproperties><Atlas enabled="0" coverageLayer="" hideCoverage="0"/></Layout>'
    )


def plain(text: str) -> str:
    """Text of a label that QGIS shows as it is, whoever wrote it.

    Parameters
    ----------
    text : str
        A title or a credit.

    Returns
    -------
    str
        An expression stands for what would begin one.

    Examples
    --------
    >>> plain("Depot [% env('HOME') %]")
    "Depot [% '[%' %] env('HOME') %]"
    """
    return text.replace(_OPENS, f"{_OPENS} '{_OPENS}' %]")


def _paper() -> str:
    options = {"color": "255,255,255,255", "outline_style": "no", "style": "solid"}
    written = "".join(f'<Option type="QString" name="{key}" value="{value}"/>' for key, value in options.items())
    return (
        '<symbol type="fill" name="" alpha="1"><layer class="SimpleFill" enabled="1" pass="0">'
        f'<Option type="Map">{written}</Option></layer></symbol>'
    )


def _item(
    kind: str, sheet: PrintLayout, place: tuple[float, float, float, float], inner: str, attributes: str, name: str = ""
) -> str:
    left, top, width, height = place
    # the same project gives the same bytes
    key = f"{{{uuid5(NAMESPACE_URL, f'changedet/{sheet.theme}/{name or kind}')}}}"
    paper = _paper() if kind == "page" else ""
    return (
        f'<LayoutItem type="{_ITEM[kind]}" uuid="{key}" templateUuid="{key}" id={quoteattr(name or kind)}'
        f' position="{left},{top},mm" positionOnPage="{left},{top},mm" size="{width},{height},mm" visibility="1"'
        f' opacity="1" itemRotation="0" referencePoint="0" {attributes}>'
        '<FrameColor red="120" green="120" blue="120" alpha="255"/>'
        '<BackgroundColor red="255" green="255" blue="255" alpha="255"/>'
        f"<LayoutObject><customproperties><Option/></customproperties></LayoutObject>{paper}{inner}</LayoutItem>"
    )


def _map(sheet: PrintLayout) -> str:
    left, bottom, right, top = map_extent(sheet.extent)
    start, end = sheet.period
    inner = (
        f'<Extent xmin="{left:.6f}" ymin="{bottom:.6f}" xmax="{right:.6f}" ymax="{top:.6f}"/><LayerSet/>'
        '<AtlasMap atlasDriven="0" scalingMode="2" margin="0.1"/>'
    )
    attributes = (
        f'followPreset="true" followPresetName={quoteattr(sheet.theme)} keepLayerSet="false" mapRotation="0"'
        f' drawCanvasItems="true" frame="true" background="true" outlineWidthM="0.2,mm" isTemporal="1"'
        f' temporalRangeBegin="{start}T00:00:00Z" temporalRangeEnd="{end}T23:59:59Z"'
    )
    return _item("map", sheet, MAP_MM, inner, attributes)


def map_extent(extent: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """Widen an extent to the shape that the map has on the page.

    Parameters
    ----------
    extent : (left, bottom, right, top)

    Returns
    -------
    (left, bottom, right, top)
        Around the same centre, with the map's ratio of width to height.

    Examples
    --------
    >>> left, bottom, right, top = map_extent((0.0, 0.0, 100.0, 100.0))
    >>> (round(right - left, 1), round(top - bottom, 1))
    (123.5, 100.0)
    """
    left, bottom, right, top = extent
    wide, high = MAP_MM[2], MAP_MM[3]
    scale = max((right - left) / wide, (top - bottom) / high)
    x, y = (left + right) / 2, (bottom + top) / 2
    return x - scale * wide / 2, y - scale * high / 2, x + scale * wide / 2, y + scale * high / 2


def _map_key(sheet: PrintLayout) -> str:
    return f"{{{uuid5(NAMESPACE_URL, f'changedet/{sheet.theme}/map')}}}"


def _legend(sheet: PrintLayout) -> str:
    nodes = "".join(
        f'<layer-tree-layer id="{key}" name={quoteattr(title)} checked="Qt::Checked" expanded="1" legend_exp=""/>'
        for key, title in sheet.layers
    )
    sizes = {"title": 12, "group": 10, "subgroup": 9, "symbolLabel": 8}
    styles = "".join(
        f'<style name="{name}" alignment="1" indent="0" marginTop="1.6" marginBottom="1" marginLeft="2">'
        f"{_text(size)}</style>"
        for name, size in sizes.items()
    )
    attributes = (
        f'map_uuid="{_map_key(sheet)}" title="" legendFilterByMap="0" resizeToContents="1" symbolWidth="6"'
        ' symbolHeight="3.6" boxSpace="1" columnCount="1" wrapChar="" frame="false" background="true"'
    )
    tree = f'<layer-tree-group name="" checked="Qt::Checked" expanded="1"><customproperties/>{nodes}</layer-tree-group>'
    place = (SIDE_MM, MAP_MM[1], SIDE_WIDTH_MM, 100.0)
    return _item("legend", sheet, place, f"<styles>{styles}</styles>{tree}", attributes)


def _north(sheet: PrintLayout) -> str:
    picture = base64.b64encode(_ARROW.encode()).decode()
    attributes = (
        f'file="base64:{picture}" mode="0" resizeMode="0" anchorPoint="0" northMode="0" northOffset="0"'
        f' mapUuid="{_map_key(sheet)}" pictureRotation="0" frame="false" background="false"'
    )
    return _item("picture", sheet, (SIDE_MM + 50, MAP_MM[1] + MAP_MM[3] - 20, 12, 18), "", attributes, "north")


def _scale_bar(sheet: PrintLayout) -> str:
    left, _, right, _ = map_extent(sheet.extent)
    segment = round_length(BAR_SHARE * (right - left) / sheet.unit)
    in_km = segment >= 1000
    per_unit = 1000 if in_km else 1
    attributes = (
        f'mapUuid="{_map_key(sheet)}" style="Single Box" unitType="{"km" if in_km else "meters"}"'
        f' unitLabel="{"km" if in_km else "m"}" numMapUnitsPerScaleBarUnit="1"'
        f' numUnitsPerSegment="{segment / per_unit:g}"'
        ' numSegments="2" numSegmentsLeft="0" height="2.4" labelBarSpace="1.5" boxContentSpace="1" segmentSizeMode="0"'
        ' minBarWidth="50" maxBarWidth="150" alignment="0" outlineWidth="0.2" frame="false" background="false"'
    )
    inner = (
        f'{_text(8)}<fillColor red="20" green="20" blue="20" alpha="255"/>'
        '<fillColor2 red="255" green="255" blue="255" alpha="255"/>'
        '<strokeColor red="20" green="20" blue="20" alpha="255"/>'
    )
    place = (SIDE_MM, MAP_MM[1] + MAP_MM[3] - 14, 48, 12)
    return _item("scale bar", sheet, place, inner, attributes)


def _label(
    sheet: PrintLayout,
    name: str,
    text: str,
    place: tuple[float, float, float, float],
    size: int,
    *,
    bold: bool = False,
) -> str:
    attributes = (
        f'labelText={quoteattr(text)} htmlState="0" marginX="0" marginY="0" halign="1" valign="32"'
        ' frame="false" background="false"'
    )
    return _item("label", sheet, place, _text(size, bold=bold), attributes, name)


def _text(size: int, *, bold: bool = False) -> str:
    return (
        f'<text-style fontSize="{size}" fontSizeUnit="Point" fontWeight="{75 if bold else 50}"'
        f' forcedBold="{int(bold)}" textColor="20,20,20,255" textOpacity="1" fontFamily="Sans Serif"'
        ' multilineHeight="1" multilineHeightUnit="Percentage"/>'
    )
