"""``project.qgz``: every output styled, grouped and animated by date, with relative paths; written without QGIS."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

import pyproj

from changedet.outputs.qgis import raster_styles
from changedet.outputs.qgis.animation import frame_step, periods
from changedet.outputs.qgis.layouts import SHOWN_DAY, SHOWN_YEAR, PrintLayout, layouts
from changedet.outputs.qgis.metadata import About, layer_metadata, project_metadata
from changedet.outputs.qgis.project_vectors import review_layers, vector_layers
from changedet.outputs.qgis.project_xml import ProjectFrame, ProjectLayer, project_document, spatial_reference
from changedet.outputs.qgis.themes import THEMES, themes, told
from changedet.outputs.rasters.classes import RasterLayer
from changedet.outputs.rasters.display import scene_stretch
from changedet.outputs.rasters.reading import header
from changedet.outputs.rasters.styling import style
from changedet.outputs.sentences.words import calendar_of
from changedet.store.files import write_bytes

_RASTER_TITLES: Final = {
    "scene": ("Scene", "Scenes", ""),
    "mask": ("Mask", "Change", "Masks"),
    "score": ("Score", "Change", "Scores"),
    "quality": ("Quality", "Change", "Quality"),
    "first_change": ("First change", "Change", ""),
}
"""Title, group and subgroup of each kind of raster."""
_IRREGULAR: Final = (1, "xxx")
"""QGIS's step that takes one frame for each period that a raster of the project has."""


def write_project(
    path: str | Path,
    *,
    title: str,
    crs: str | pyproj.CRS,
    extent: tuple[float, float, float, float],
    dates: Sequence[str],
    layers: Sequence[RasterLayer] = (),
    objects: str | Path | None = None,
    review: str | Path | None = None,
    about: About | None = None,
    unit: float = 1.0,
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
        Finished rasters. Scenes share one stretch; that of ``about.shown`` is drawn uppermost among them.
    objects : path, optional
        ``objects.gpkg``; its layers without a row are left out.
    review : path, optional
        ``review.gpkg``.
    about : About, optional
        Reference date, sources, credits.
    unit : float
        A metre on the ground in units of `crs`.

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
    known = about or About()
    made = [] if review is None else review_layers(target, Path(review), days, known)
    made += [] if objects is None else vector_layers(target, Path(objects), days, known)
    made += _raster_layers(target, layers, days, known)
    frame = ProjectFrame(title, srs, extent, days, _step(layers, days), unit)
    parts = [themes(made), layouts(_sheets(made, frame, known)), project_metadata(title, known)]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        # A fixed time: the same run gives the same bytes.
        name = zipfile.ZipInfo(target.stem + ".qgs", (2000, 1, 1, 0, 0, 0))
        archive.writestr(name, project_document(frame, made, parts), zipfile.ZIP_DEFLATED)
    write_bytes(target, packed.getvalue())


def _step(layers: Sequence[RasterLayer], days: Collection[str]) -> tuple[int, str]:
    """One frame a look where rasters tell QGIS the looks; else whole months or days that meet them."""
    dated = {layer.date[:10] for layer in layers if layer.date}
    return _IRREGULAR if dated == set(days) else frame_step(list(days))


def _sheets(made: Sequence[ProjectLayer], frame: ProjectFrame, about: About) -> list[PrintLayout]:
    last = about.shown or frame.days[-1]
    calendar = calendar_of(frame.days)
    has_since = about.reference and about.reference != last
    since = f" since {calendar.day(about.reference)}" if has_since else ""
    shown = calendar.on(SHOWN_YEAR if calendar.years_only else SHOWN_DAY)
    place = f", {about.place}" if about.place else ""
    found = []
    for theme in told(made):
        legend = [layer for layer in made if layer.key in THEMES[theme] and layer.provider == "ogr"]
        found.append(
            PrintLayout(
                theme=theme,
                title=f"{frame.title}{place}",
                subtitle=f"{theme} {shown}{since if theme == 'Change' else ''}",
                credit=about.credit,
                extent=frame.extent,
                period=(last, last),
                layers=[(layer.identifier, layer.title) for layer in legend],
                unit=frame.unit,
            )
        )
    return found


def _raster_layers(
    target: Path, layers: Sequence[RasterLayer], days: Sequence[str], about: About
) -> list[ProjectLayer]:
    scenes = [layer.path for layer in layers if layer.kind == "scene"]
    stretch = scene_stretch(scenes) if scenes else None
    spans = periods(days)
    found = []
    for layer in layers:
        drawn = style(layer.path, layer.kind, stretch=stretch, dates=layer.dates or days[1:])
        is_first = layer.kind == "first_change"
        time = raster_styles.pixel_time() if is_first else raster_styles.raster_time(*spans[layer.date[:10]])
        found.append(_raster_layer(target, layer, time + drawn, about))
    # Uppermost in the tree is drawn last: the look that is shown comes first, then the latest date.
    first = f"{_RASTER_TITLES['scene'][0]} {about.shown or days[-1]}"
    return sorted(found, key=lambda one: (one.subgroup, one.title == first, one.title), reverse=True)


def _raster_layer(target: Path, layer: RasterLayer, inner: str, about: About) -> ProjectLayer:
    name, group, subgroup = _RASTER_TITLES[layer.kind]
    title = " ".join(part for part in (name, layer.date[:10]) if part)
    tags = header(layer.path).tags
    said = ", ".join(f"{key.lower()} {tags[key]}" for key in ("METHOD", "THRESHOLD", "REFERENCE_DATE") if key in tags)
    abstract = "; ".join(part for part in (tags.get("DESCRIPTION", ""), said) if part)
    return ProjectLayer(
        key=layer.kind,
        identifier=f"changedet_{layer.kind}_{layer.date[:10].replace('-', '')}",
        title=title,
        group=group,
        subgroup=subgroup,
        provider="gdal",
        source="./" + layer.path.resolve().relative_to(target.resolve().parent).as_posix(),
        shown=layer.kind == "scene",
        attributes='type="raster"',
        inner=inner + layer_metadata(title, abstract, about, file=str(layer.path), date=layer.date[:10]),
    )
