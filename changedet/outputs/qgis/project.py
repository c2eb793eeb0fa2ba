"""``project.qgz``: every output styled, grouped and animated by date, with relative paths; written without QGIS."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from xml.sax.saxutils import quoteattr

import pyogrio
import pyproj

from changedet.outputs.qgis import layer_styles, raster_styles, symbols
from changedet.outputs.qgis.animation import periods
from changedet.outputs.qgis.project_xml import ProjectLayer, project_document, spatial_reference
from changedet.outputs.rasters.classes import RasterLayer, days_since_1970
from changedet.outputs.rasters.display import scene_stretch
from changedet.outputs.rasters.styling import style
from changedet.store.files import write_bytes

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
_CHANGE_LAYERS: Final = frozenset({"changes", "footprint", "ground"})
_DATED: Final = frozenset({"containers", "footprint", "changes", "ground", "trains"})
"""Layers with a row for each date: each shows until the next date."""
_RASTER_TITLES: Final[Mapping[str, str]] = {
    "scene": "Scene",
    "mask": "Mask",
    "score": "Score",
    "quality": "Quality",
    "first_change": "First change",
}


def write_project(
    path: str | Path,
    *,
    title: str,
    crs: str | pyproj.CRS,
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
    srs = spatial_reference(pyproj.CRS.from_user_input(crs))
    made = [] if objects is None else _vector_layers(target, Path(objects), vectors or _layers_of(Path(objects)), days)
    made += _raster_layers(target, layers, days)
    document = project_document(title, srs, extent, days, made)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        # A fixed time: the same run gives the same bytes.
        archive.writestr(zipfile.ZipInfo(target.stem + ".qgs", (2000, 1, 1, 0, 0, 0)), document, zipfile.ZIP_DEFLATED)
    write_bytes(target, packed.getvalue())


def _layers_of(objects: Path) -> list[str]:
    return [str(name) for name, _ in pyogrio.list_layers(objects)]


def _vector_layers(target: Path, source: Path, names: Sequence[str], days: Sequence[str]) -> list[ProjectLayer]:
    lengths = {day: (days_since_1970(end) - days_since_1970(day)) + 1 for day, (_, end) in periods(days).items()}
    found = []
    for name in _VECTOR_TITLES:
        if name not in names:
            continue
        geometry, wkb = _VECTOR_GEOMETRY.get(name, ("Polygon", "Polygon"))
        found.append(
            ProjectLayer(
                identifier=f"changedet_{name}",
                title=_VECTOR_TITLES[name],
                group="Change" if name in _CHANGE_LAYERS else "Objects",
                subgroup="",
                provider="ogr",
                source=f"{_relative(target, source)}|layername={name}",
                shown=name in _SHOWN_VECTORS,
                attributes=f'type="vector" geometry="{geometry}" wkbType={quoteattr(wkb)}',
                inner=layer_styles.vector(name, days, symbols.lasting("date", lengths) if name in _DATED else None),
            )
        )
    return found


def _raster_layers(target: Path, layers: Sequence[RasterLayer], days: Sequence[str]) -> list[ProjectLayer]:
    scenes = [layer.path for layer in layers if layer.kind == "scene"]
    stretch = scene_stretch(scenes) if scenes else None
    spans = periods(days)
    found = []
    for layer in sorted(layers, key=lambda one: (one.kind != "first_change", one.kind, one.date), reverse=False):
        drawn = style(layer.path, layer.kind, stretch=stretch, dates=layer.dates or days[1:])
        time = (
            raster_styles.pixel_time()
            if layer.kind == "first_change"
            else raster_styles.raster_time(*spans[layer.date[:10]])
        )
        found.append(_raster_layer(target, layer, time + drawn))
    # Uppermost in the tree is drawn last: the latest date comes first.
    return sorted(found, key=lambda one: (one.subgroup, one.title), reverse=True)


def _raster_layer(target: Path, layer: RasterLayer, inner: str) -> ProjectLayer:
    title = " ".join(part for part in (_RASTER_TITLES[layer.kind], layer.date[:10]) if part)
    groups = {"scene": ("Scenes", ""), "first_change": ("Change", "")}
    by_date = f"{_RASTER_TITLES[layer.kind]}s by date".replace("Qualitys", "Quality")
    group, subgroup = groups.get(layer.kind, ("Change", by_date))
    identifier = f"changedet_{layer.kind}_{layer.date[:10].replace('-', '')}"
    return ProjectLayer(
        identifier=identifier,
        title=title,
        group=group,
        subgroup=subgroup,
        provider="gdal",
        source=_relative(target, layer.path),
        shown=layer.kind == "scene",
        attributes='type="raster"',
        inner=inner,
    )


def _relative(target: Path, source: Path) -> str:
    return "./" + source.resolve().relative_to(target.resolve().parent).as_posix()
