"""``project.qgz``: every output styled, grouped and animated by date, with relative paths; written without QGIS."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce
from itertools import pairwise
from math import gcd
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

import pyogrio
import pyproj

from changedet.outputs import rasters
from changedet.outputs.files import write_bytes
from changedet.outputs.qgis import layer_styles, styles
from changedet.outputs.qgis.styles import RasterKind

_MAX_FRAMES: Final = 150
_GROUPS: Final = ("Objects", "Change", "Scenes")
_VECTOR_TITLES: Final[Mapping[str, str]] = {
    "zones": "Zones",
    "trains": "Trains on sidings",
    "containers": "Containers",
    "tracks": "Tracks, by first date",
    "changes": "Changed regions",
    "footprint": "Footprint",
    "ground": "Footprint by kind",
}
_VECTOR_GEOMETRY: Final = {"tracks": ("Point", "Point"), "trains": ("Line", "LineString")}
"""QGIS's words for a layer's geometry and its type; polygons else."""
_SHOWN_VECTORS: Final = frozenset({"zones", "containers", "changes", "footprint"})
_RASTER_TITLES: Final[Mapping[str, str]] = {
    "scene": "Scene",
    "mask": "Mask",
    "score": "Score",
    "quality": "Quality",
    "first_change": "First change",
}


@dataclass(frozen=True)
class RasterLayer:
    """A raster to show.

    Attributes
    ----------
    path : pathlib.Path
        A finished GeoTIFF.
    kind : str
        As for `rasters.RasterWriter`.
    date : str
        ISO date; empty for a ``first_change``.
    dates : tuple of str
        The dates that a ``first_change`` may hold; by default all but the first of the project.
    """

    path: Path
    kind: RasterKind
    date: str = ""
    dates: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Layer:
    """A layer as it stands in the project: its place in the tree and its ``<maplayer>``."""

    identifier: str
    title: str
    group: str
    subgroup: str
    provider: str
    source: str
    shown: bool
    xml: str


def write_project(
    path: str | Path,
    *,
    title: str,
    crs: Any,
    extent: tuple[float, float, float, float],
    dates: Sequence[str],
    layers: Sequence[RasterLayer] = (),
    objects: str | Path | None = None,
    vectors: Sequence[str] | None = None,
) -> None:
    """Write ``project.qgz``.

    Parameters
    ----------
    path : path
        The file to write; all layers are named relative to its folder.
    title : str
        The site's name.
    crs : str or pyproj.CRS
        The grid's.
    extent : (left, bottom, right, top)
        What is shown on opening, in `crs`.
    dates : sequence of str
        ISO dates of all looks; each layer of a date shows from it to the day before the next.
    layers : sequence of RasterLayer
        Finished rasters. Scenes share one stretch; the latest is drawn uppermost among them.
    objects : path, optional
        ``objects.gpkg``.
    vectors : sequence of str
        Which of its layers; by default all that it has.

    Raises
    ------
    ValueError
        Where there is neither a date nor a layer to show.
    """
    target = Path(path)
    days = sorted({day[:10] for day in dates})
    if not days or not (layers or objects is not None):
        raise ValueError("a project needs at least one date and one layer")
    srs = _srs(pyproj.CRS.from_user_input(crs))
    made = (
        []
        if objects is None
        else _vector_layers(target, Path(objects), vectors or _layers_of(Path(objects)), days, srs)
    )
    made += _raster_layers(target, layers, days, srs)
    document = _document(title, srs, extent, days, made)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        # A fixed time: the same run gives the same bytes.
        archive.writestr(zipfile.ZipInfo(target.stem + ".qgs", (2000, 1, 1, 0, 0, 0)), document, zipfile.ZIP_DEFLATED)
    write_bytes(target, packed.getvalue())


def frame_step(dates: Sequence[str]) -> tuple[int, str]:
    """The animation's step: whole months where all dates agree on a day of the month, else the days' common divisor.

    Returns
    -------
    (int, str)
        A number and QGIS's unit, ``mon`` or ``d``.

    >>> frame_step(["2023-06-04", "2023-07-04", "2023-09-04"]), frame_step(["2023-06-01", "2023-06-11", "2023-06-16"])
    ((1, 'mon'), (5, 'd'))
    """
    days = sorted({date.fromisoformat(day[:10]) for day in dates})
    if len(days) < 2:
        return 1, "d"
    if len({day.day for day in days}) == 1 and days[0].day <= 28:
        months = [12 * day.year + day.month for day in days]
        return reduce(gcd, (later - earlier for earlier, later in pairwise(months))), "mon"
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    step = reduce(gcd, gaps)
    total = (days[-1] - days[0]).days
    # Dates that share no step would need a frame a day; past a few minutes of animation coarser frames are kinder.
    return (step if total / step <= _MAX_FRAMES else max(step, -(-total // _MAX_FRAMES))), "d"


def periods(dates: Sequence[str]) -> dict[str, tuple[str, str]]:
    """For each date the first and last day on which it is the latest look; the last one has its day alone.

    >>> periods(["2023-06-04", "2023-07-04"])
    {'2023-06-04': ('2023-06-04', '2023-07-03'), '2023-07-04': ('2023-07-04', '2023-07-04')}
    """
    days = sorted({day[:10] for day in dates})
    ends = [styles.day_before(following) for following in days[1:]] + days[-1:]
    return {day: (day, end) for day, end in zip(days, ends, strict=True)}


def _layers_of(objects: Path) -> list[str]:
    return [str(name) for name, _ in pyogrio.list_layers(objects)]


def _vector_layers(target: Path, source: Path, names: Sequence[str], days: Sequence[str], srs: str) -> list[_Layer]:
    lengths = {day: (styles.days(end) - styles.days(day)) + 1 for day, (_, end) in periods(days).items()}
    found = []
    for name in _VECTOR_TITLES:
        if name not in names:
            continue
        time = (
            layer_styles.lasting("date", lengths)
            if name in {"containers", "footprint", "changes", "ground", "trains"}
            else None
        )
        inner = layer_styles.vector(name, days, time)
        place = f"{_relative(target, source)}|layername={name}"
        geometry, wkb = _VECTOR_GEOMETRY.get(name, ("Polygon", "Polygon"))
        group = "Change" if name in {"changes", "footprint", "ground"} else "Objects"
        attributes = f'type="vector" geometry="{geometry}" wkbType={quoteattr(wkb)}'
        found.append(
            _layer(
                f"changedet_{name}",
                _VECTOR_TITLES[name],
                (group, ""),
                "ogr",
                place,
                name in _SHOWN_VECTORS,
                attributes,
                srs,
                inner,
            )
        )
    return found


def _raster_layers(target: Path, layers: Sequence[RasterLayer], days: Sequence[str], srs: str) -> list[_Layer]:
    scenes = [layer.path for layer in layers if layer.kind == "scene"]
    stretch = rasters.scene_stretch(scenes) if scenes else None
    spans = periods(days)
    found = []
    for layer in sorted(layers, key=lambda one: (one.kind != "first_change", one.kind, one.date), reverse=False):
        drawn = rasters.style(layer.path, layer.kind, stretch=stretch, dates=layer.dates or days[1:])
        time = styles.pixel_time() if layer.kind == "first_change" else styles.raster_time(*spans[layer.date[:10]])
        found.append(_raster_layer(target, layer, time + drawn, srs))
    # Uppermost in the tree is drawn last: the latest date comes first.
    return sorted(found, key=lambda one: (one.subgroup, one.title), reverse=True)


def _raster_layer(target: Path, layer: RasterLayer, inner: str, srs: str) -> _Layer:
    title = " ".join(part for part in (_RASTER_TITLES[layer.kind], layer.date[:10]) if part)
    groups = {"scene": ("Scenes", ""), "first_change": ("Change", "")}
    place = groups.get(layer.kind, ("Change", f"{_RASTER_TITLES[layer.kind]}s by date".replace("Qualitys", "Quality")))
    identifier = f"changedet_{layer.kind}_{layer.date[:10].replace('-', '')}"
    return _layer(
        identifier,
        title,
        place,
        "gdal",
        _relative(target, layer.path),
        layer.kind == "scene",
        'type="raster"',
        srs,
        inner,
    )


def _layer(
    identifier: str,
    title: str,
    place: tuple[str, str],
    provider: str,
    source: str,
    shown: bool,
    attributes: str,
    srs: str,
    inner: str,
) -> _Layer:
    xml = (
        f'<maplayer {attributes} styleCategories="AllStyleCategories" hasScaleBasedVisibilityFlag="0">'
        f"<id>{identifier}</id><datasource>{escape(source)}</datasource><layername>{escape(title)}</layername>"
        f'<srs>{srs}</srs><provider encoding="UTF-8">{provider}</provider>{inner}</maplayer>\n'
    )
    return _Layer(identifier, title, place[0], place[1], provider, source, shown, xml)


def _document(
    title: str, srs: str, extent: tuple[float, float, float, float], days: Sequence[str], layers: Sequence[_Layer]
) -> str:
    left, bottom, right, top = extent
    margin = 0.02 * max(right - left, top - bottom)
    view = {"xmin": left - margin, "ymin": bottom - margin, "xmax": right + margin, "ymax": top + margin}
    box = " ".join(f'{name}="{value:.6f}"' for name, value in view.items())
    corners = "".join(f"<{name}>{value:.6f}</{name}>" for name, value in view.items())
    step, unit = frame_step(days)
    order = "".join(f'<layer id="{layer.identifier}"/>' for layer in layers)
    return (
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
        f'<qgis projectname={quoteattr(title)} version="3.34.0">\n<title>{escape(title)}</title>\n'
        f"<projectCrs>{srs}</projectCrs>\n{_tree(layers)}\n"
        f'<mapcanvas name="theMapCanvas"><units>meters</units><extent>{corners}</extent><rotation>0</rotation>'
        f"<destinationsrs>{srs}</destinationsrs></mapcanvas>\n"
        f"<projectlayers>\n{''.join(layer.xml for layer in layers)}</projectlayers>\n<layerorder>{order}</layerorder>\n"
        '<properties><SpatialRefSys><ProjectionsEnabled type="int">1</ProjectionsEnabled></SpatialRefSys>'
        '<Paths><Absolute type="bool">false</Absolute></Paths><Measure><Ellipsoid type="QString">EPSG:7030</Ellipsoid>'
        "</Measure></properties>\n"
        f'<ProjectViewSettings UseProjectScales="0"><Scales/><DefaultViewExtent {box}>'
        f"{srs}</DefaultViewExtent></ProjectViewSettings>\n"
        f'<ProjectTimeSettings timeStep="{step}" timeStepUnit="{unit}" frameRate="1" cumulativeTemporalRange="0"'
        f' totalMovieFrames="100"><TemporalRange><start>{days[0]}T00:00:00Z</start><end>{days[-1]}T23:59:59Z</end>'
        "</TemporalRange></ProjectTimeSettings>\n</qgis>\n"
    )


def _tree(layers: Sequence[_Layer]) -> str:
    groups = "".join(_group(name, [layer for layer in layers if layer.group == name], True) for name in _GROUPS)
    return f'<layer-tree-group name="" checked="Qt::Checked" expanded="1">{groups}</layer-tree-group>'


def _group(name: str, layers: Sequence[_Layer], expanded: bool) -> str:
    if not layers:
        return ""
    direct = "".join(_node(layer) for layer in layers if not layer.subgroup)
    below = sorted({layer.subgroup for layer in layers if layer.subgroup})
    inner = "".join(
        _group(sub, [replace(layer, subgroup="") for layer in layers if layer.subgroup == sub], False) for sub in below
    )
    return (
        f'<layer-tree-group name={quoteattr(name)} checked="Qt::Checked" expanded="{int(expanded)}">'
        f"{direct}{inner}</layer-tree-group>"
    )


def _node(layer: _Layer) -> str:
    checked = "Qt::Checked" if layer.shown else "Qt::Unchecked"
    expanded = int(layer.provider == "ogr")
    return (
        f'<layer-tree-layer id="{layer.identifier}" name={quoteattr(layer.title)} source={quoteattr(layer.source)}'
        f' providerKey="{layer.provider}" checked="{checked}" expanded="{expanded}" legend_exp=""/>'
    )


def _relative(target: Path, source: Path) -> str:
    return "./" + source.resolve().relative_to(target.resolve().parent).as_posix()


def _srs(crs: pyproj.CRS) -> str:
    authority = crs.to_authority()
    name = ":".join(authority) if authority else ""
    code = authority[1] if authority and authority[1].isdigit() else "0"
    return (
        f'<spatialrefsys nativeFormat="Wkt"><wkt>{escape(crs.to_wkt("WKT2_2019"))}</wkt><proj4></proj4><srsid>0</srsid>'
        f"<srid>{code}</srid><authid>{name}</authid><description>{escape(crs.name)}</description>"
        f"<geographicflag>{str(crs.is_geographic).lower()}</geographicflag></spatialrefsys>"
    )
