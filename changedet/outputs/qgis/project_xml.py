"""The XML of a QGIS project: its layers, their tree, its coordinate system and its time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from xml.sax.saxutils import escape, quoteattr

import pyproj

_GROUPS: Final = ("Review", "Boxes", "Change", "Ground", "Scenes")
_MARGIN_FRACTION: Final = 0.02
"""Of the longer side, shown around the extent."""


@dataclass(frozen=True)
class ProjectLayer:
    """A layer as it stands in the project: its place in the tree and its ``<maplayer>``.

    Attributes
    ----------
    key : str
        What kind of layer it is: a name in ``objects.gpkg``, a kind of raster.
    identifier : str
        Of ten characters or more: QGIS hides layers of shorter ones.
    title : str
        In the legend.
    group, subgroup : str
        Where in the tree; empty text is none: without a group it lies above all groups.
    provider : str
        ``ogr`` or ``gdal``.
    source : str
        Relative path, with the layer's name for a GeoPackage.
    shown : bool
        Whether it is drawn on opening.
    attributes : str
        XML attributes of its ``<maplayer>``: type and geometry.
    inner : str
        Its style and time.
    """

    key: str
    identifier: str
    title: str
    group: str
    subgroup: str
    provider: str
    source: str
    shown: bool
    attributes: str
    inner: str


@dataclass(frozen=True)
class ProjectFrame:
    """What all layers of a project share: its title, place and time.

    Attributes
    ----------
    title : str
        The site's name.
    srs : str
        As `spatial_reference` gives.
    extent : (left, bottom, right, top)
        What is shown on opening, in the project's CRS.
    days : sequence of str
        ISO dates of all looks, sorted.
    step : (int, str)
        How long a frame of the animation lasts: number and QGIS's unit.
    unit : float
        A metre on the ground in units of the CRS.
    """

    title: str
    srs: str
    extent: tuple[float, float, float, float]
    days: Sequence[str]
    step: tuple[int, str]
    unit: float = 1.0


def project_document(frame: ProjectFrame, layers: Sequence[ProjectLayer], parts: Sequence[str]) -> str:
    """A whole ``.qgs`` file.

    Parameters
    ----------
    frame : ProjectFrame
        Title, place and time.
    layers : sequence of ProjectLayer
        The uppermost first.
    parts : sequence of str
        Further elements: themes, layouts, metadata.

    Returns
    -------
    str
        XML.
    """
    title, srs, days = frame.title, frame.srs, frame.days
    left, bottom, right, top = frame.extent
    margin = _MARGIN_FRACTION * max(right - left, top - bottom)
    view = {"xmin": left - margin, "ymin": bottom - margin, "xmax": right + margin, "ymax": top + margin}
    box = " ".join(f'{name}="{value:.6f}"' for name, value in view.items())
    corners = "".join(f"<{name}>{value:.6f}</{name}>" for name, value in view.items())
    step, unit = frame.step
    maplayers = "".join(_map_layer(layer, srs) for layer in layers)
    order = "".join(f'<layer id="{layer.identifier}"/>' for layer in layers)
    return (
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
        f'<qgis projectname={quoteattr(title)} version="3.34.0">\n<title>{escape(title)}</title>\n'
        f"<projectCrs>{srs}</projectCrs>\n{_tree(layers)}\n"
        f'<mapcanvas name="theMapCanvas"><units>meters</units><extent>{corners}</extent><rotation>0</rotation>'
        f"<destinationsrs>{srs}</destinationsrs></mapcanvas>\n"
        f"<projectlayers>\n{maplayers}</projectlayers>\n<layerorder>{order}</layerorder>\n"
        '<properties><SpatialRefSys><ProjectionsEnabled type="int">1</ProjectionsEnabled></SpatialRefSys>'
        '<Paths><Absolute type="bool">false</Absolute></Paths><Measure><Ellipsoid type="QString">EPSG:7030</Ellipsoid>'
        "</Measure></properties>\n"
        f'<ProjectViewSettings UseProjectScales="0"><Scales/><DefaultViewExtent {box}>'
        f"{srs}</DefaultViewExtent></ProjectViewSettings>\n"
        f'<ProjectTimeSettings timeStep="{step}" timeStepUnit="{unit}" frameRate="1" cumulativeTemporalRange="0"'
        f' totalMovieFrames="100"><TemporalRange><start>{days[0]}T00:00:00Z</start><end>{days[-1]}T23:59:59Z</end>'
        f"</TemporalRange></ProjectTimeSettings>\n{''.join(parts)}\n</qgis>\n"
    )


def _map_layer(layer: ProjectLayer, srs: str) -> str:
    return (
        f'<maplayer {layer.attributes} styleCategories="AllStyleCategories" hasScaleBasedVisibilityFlag="0">'
        f"<id>{layer.identifier}</id><datasource>{escape(layer.source)}</datasource>"
        f"<layername>{escape(layer.title)}</layername><srs>{srs}</srs>"
        f'<provider encoding="UTF-8">{layer.provider}</provider>{layer.inner}</maplayer>\n'
    )


def _tree(layers: Sequence[ProjectLayer]) -> str:
    groups = "".join(
        _group(name, [layer for layer in layers if layer.group == name], expanded=True) for name in _GROUPS
    )
    above = "".join(_node(layer) for layer in layers if not layer.group)
    return f'<layer-tree-group name="" checked="Qt::Checked" expanded="1">{above}{groups}</layer-tree-group>'


def _group(name: str, layers: Sequence[ProjectLayer], *, expanded: bool) -> str:
    if not layers:
        return ""
    direct = "".join(_node(layer) for layer in layers if not layer.subgroup)
    below = sorted({layer.subgroup for layer in layers if layer.subgroup})
    inner = "".join(
        _group(sub, [replace(layer, subgroup="") for layer in layers if layer.subgroup == sub], expanded=False)
        for sub in below
    )
    return (
        f'<layer-tree-group name={quoteattr(name)} checked="Qt::Checked" expanded="{int(expanded)}">'
        f"{direct}{inner}</layer-tree-group>"
    )


def _node(layer: ProjectLayer) -> str:
    checked = "Qt::Checked" if layer.shown else "Qt::Unchecked"
    expanded = int(layer.provider == "ogr")
    return (
        f'<layer-tree-layer id="{layer.identifier}" name={quoteattr(layer.title)} source={quoteattr(layer.source)}'
        f' providerKey="{layer.provider}" checked="{checked}" expanded="{expanded}" legend_exp=""/>'
    )


def spatial_reference(crs: pyproj.CRS) -> str:
    """A coordinate reference system as QGIS writes it.

    Parameters
    ----------
    crs : pyproj.CRS
        One without an authority's code is written as WKT alone.

    Returns
    -------
    str
        The ``<spatialrefsys>`` element.
    """
    authority = crs.to_authority()
    name = ":".join(authority) if authority else ""
    code = authority[1] if authority and authority[1].isdigit() else "0"
    return (
        f'<spatialrefsys nativeFormat="Wkt"><wkt>{escape(crs.to_wkt("WKT2_2019"))}</wkt><proj4></proj4><srsid>0</srsid>'
        f"<srid>{code}</srid><authid>{name}</authid><description>{escape(crs.name)}</description>"
        f"<geographicflag>{str(crs.is_geographic).lower()}</geographicflag></spatialrefsys>"
    )
