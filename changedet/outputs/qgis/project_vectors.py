"""The vector layers of a QGIS project: those of ``objects.gpkg`` that have rows, and those that a person reviews."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple
from xml.sax.saxutils import quoteattr

import pyogrio

from changedet.grid.vector_files import tables_of
from changedet.outputs.gpkg.layer_schema import DESCRIPTIONS
from changedet.outputs.qgis import editing_styles, layer_styles, symbols
from changedet.outputs.qgis.animation import periods
from changedet.outputs.qgis.field_words import aliases
from changedet.outputs.qgis.metadata import About, layer_metadata
from changedet.outputs.qgis.project_xml import ProjectLayer
from changedet.outputs.rasters.classes import days_since_1970


class _Shown(NamedTuple):
    title: str
    group: str
    shown: bool
    geometry: str = "Polygon"
    dated: bool = True


_VECTORS: Final[Mapping[str, _Shown]] = {
    "zones": _Shown("Zones", "", True, dated=False),
    "trains": _Shown("Trains", "Boxes", True, "Line"),
    "ships": _Shown("Ships", "Boxes", True),
    "railcars": _Shown("Railcars", "Boxes", True),
    "cells": _Shown("Cells", "Ground", True),
    "works": _Shown("Works", "Ground", True),
    "buildings": _Shown("Buildings", "Ground", True, dated=False),
    "containers": _Shown("Boxes", "Boxes", True),
    "tracks": _Shown("Boxes over time", "Boxes", False, "Point", dated=False),
    "changes": _Shown("Came and went", "Change", True),
    "not_seen": _Shown("Not seen, and why", "Change", True),
    "footprint": _Shown("Footprint", "Ground", False),
    "ground": _Shown("Ground", "Ground", False),
}
"""In the order in which they lie on each other, the uppermost first."""
_CLASS_COLUMNS: Final = {
    "containers": ["kind"],
    "changes": ["direction", "kind"],
    "ground": ["kind"],
    "works": ["state"],
    "cells": ["state"],
    "not_seen": ["reason"],
}
"""Columns that the classes of a legend are made of."""
_REVIEWED: Final = {"containers": "Boxes to judge", "added": "Boxes to add"}
_REVIEW: Final = "what a person accepts, rejects and adds"


def vector_layers(target: Path, source: Path, days: Sequence[str], about: About) -> list[ProjectLayer]:
    """The layers of ``objects.gpkg`` that have something to draw.

    Parameters
    ----------
    target : Path
        The project's file.
    source : Path
        ``objects.gpkg``.
    days : sequence of str
        ISO dates of all looks, sorted.
    about : About
        Of the site.

    Returns
    -------
    list of ProjectLayer
        The uppermost first.
    """
    with tables_of(source, no_views=True):
        there = {str(name) for name, _ in pyogrio.list_layers(source)}
    found = []
    for name, words in _VECTORS.items():
        if name not in there:
            continue
        info = pyogrio.read_info(source, layer=name)
        # A footprint has a row for each date, also where there is none.
        if not info["features"] or (name == "footprint" and not _has_place(source, name)):
            continue
        columns = [str(field) for field in info["fields"]]
        inner = layer_styles.vector(
            name,
            days,
            symbols.lasting("date", _lengths(days)) if words.dated else None,
            fields=columns,
            latest=about.shown or days[-1],
            present=_present(source, name),
        )
        found.append(_layer(target, source, name, words, inner + _metadata(source, words, DESCRIPTIONS[name], about)))
    return found


def review_layers(target: Path, source: Path, days: Sequence[str], about: About) -> list[ProjectLayer]:
    """The layers of ``review.gpkg``.

    Parameters
    ----------
    target : Path
        The project's file.
    source : Path
        ``review.gpkg``.
    days : sequence of str
        ISO dates of all looks, sorted.
    about : About
        Of the site.

    Returns
    -------
    list of ProjectLayer
        The boxes to judge and those to add, the latter also while there is none.
    """
    styles = {"containers": editing_styles.verdicts(), "added": editing_styles.additions(days)}
    found = []
    for name, title in reversed(_REVIEWED.items()):
        words = _Shown(title, "Review", False)
        columns = [str(field) for field in pyogrio.read_info(source, layer=name)["fields"]]
        inner = styles[name] + aliases(columns) + _metadata(source, words, _REVIEW, about)
        found.append(_layer(target, source, name, words, inner, key=f"review_{name}"))
    return found


def _layer(target: Path, source: Path, name: str, words: _Shown, inner: str, key: str = "") -> ProjectLayer:
    wkb = {"Line": "LineString"}.get(words.geometry, words.geometry)
    return ProjectLayer(
        key=key or name,
        identifier=f"changedet_{key or name}",
        title=words.title,
        group=words.group,
        subgroup="",
        provider="ogr",
        source=f"./{source.resolve().relative_to(target.resolve().parent).as_posix()}|layername={name}",
        shown=words.shown,
        attributes=f'type="vector" geometry="{words.geometry}" wkbType={quoteattr(wkb)}',
        inner=inner,
    )


def _metadata(source: Path, words: _Shown, said: str, about: About) -> str:
    return layer_metadata(words.title, said, about, file=str(source))


def _lengths(days: Sequence[str]) -> dict[str, int]:
    return {day: days_since_1970(end) - days_since_1970(day) + 1 for day, (_, end) in periods(days).items()}


def _has_place(source: Path, name: str) -> bool:
    """Whether any row has a geometry."""
    sql = f'SELECT 1 AS one FROM "{name}" WHERE geom IS NOT NULL LIMIT 1'  # noqa: S608 - a name of our own
    return bool(len(pyogrio.read_dataframe(source, sql=sql, read_geometry=False)))


def _present(source: Path, name: str) -> set[str] | None:
    """The values that the legend of a layer has to explain; None where it has no classes."""
    columns = _CLASS_COLUMNS.get(name)
    if columns is None:
        return None
    rows = pyogrio.read_dataframe(source, layer=name, columns=columns, read_geometry=False).drop_duplicates()
    if name == "changes":
        kinds = rows["kind"].fillna("other")
        return {_change_class(str(one), str(kind)) for one, kind in zip(rows["direction"], kinds, strict=True)}
    return {str(value) for value in rows[columns[0]].dropna()}


def _change_class(direction: str, kind: str) -> str:
    """As `layer_styles.CHANGE_CLASS` makes it in QGIS."""
    return f"{direction} {kind}" if direction in {"gain", "loss"} or kind == "box" else "other"
