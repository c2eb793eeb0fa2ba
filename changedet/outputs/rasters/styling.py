"""The QGIS style of a finished raster, and where the files beside it lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from changedet.outputs.qgis import raster_styles
from changedet.outputs.rasters.classes import MASK_CLASSES, QUALITY_CLASSES, RasterClass, RasterKind, date_classes
from changedet.outputs.rasters.display import percentiles, scene_stretch
from changedet.outputs.rasters.reading import header

DEFAULT_CLASSES: Final[Mapping[str, tuple[RasterClass, ...]]] = {
    "mask": MASK_CLASSES,
    "quality": QUALITY_CLASSES,
}


def sidecars(path: Path) -> tuple[Path, Path]:
    """Where the files beside a raster lie.

    Parameters
    ----------
    path : pathlib.Path
        The raster.

    Returns
    -------
    (pathlib.Path, pathlib.Path)
        Its QGIS style and, for classes, its attribute table.
    """
    return path.with_suffix(".qml"), path.with_name(path.name + ".aux.xml")


def style(
    path: Path,
    kind: RasterKind,
    *,
    classes: Sequence[RasterClass] = (),
    stretch: Mapping[str, tuple[float, float]] | None = None,
    dates: Sequence[str] = (),
) -> str:
    """The QGIS style of a finished raster, without its time.

    Parameters
    ----------
    path : path
        The raster; its smallest overview gives the range of a score or the stretch of a scene.
    kind : str
        As for `changedet.outputs.rasters.writing.RasterWriter`.
    classes : sequence of RasterClass
        By default those of a mask or of a quality raster, and those of `dates` for a ``first_change``.
    stretch : mapping of str to (low, high), optional
        For each band of a scene, by its name, the values drawn darkest and brightest; by default the scene's own.
    dates : sequence of str
        Dates that a ``first_change`` may hold.

    Returns
    -------
    str
        Inner elements of a ``<maplayer>``.
    """
    if kind == "first_change" and len(dates) > raster_styles.MAX_DATE_CLASSES:
        return raster_styles.date_ramp(dates)
    if kind in {"mask", "quality", "first_change"}:
        return raster_styles.palette(classes or DEFAULT_CLASSES.get(kind) or date_classes(dates))
    if kind == "scene":
        own, limits = header(path), stretch or scene_stretch([path])
        return raster_styles.scene(own.names, [limits[name] for name in own.names], masked=own.has_mask_band)
    threshold = header(path).tags.get("THRESHOLD")
    top = percentiles(path, (99.5,))[0][0]
    return raster_styles.score(float(threshold) if threshold else None, top if np.isfinite(top) else 1.0)
