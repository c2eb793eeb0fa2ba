"""QGIS styles of the vector layers, as the inner elements of a ``<maplayer>``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from changedet.outputs.qgis.field_words import words_of
from changedet.outputs.qgis.fills import cased_symbol, hatched_symbol, outline_layer
from changedet.outputs.qgis.symbols import (
    categorized,
    fill_symbol,
    instant,
    layered,
    marker_symbol,
    rgba,
    single_symbol,
    span,
    symbol,
    text_labels,
)
from changedet.outputs.rasters.classes import QUALITY_CLASSES, ramp

KINDS: Final = {"20ft": "#0086c9", "40ft": "#e69f00", "45ft": "#d55e00", "other": "#8c6bb1"}
FOOTPRINT_COLOR: Final = "#6a3d9a"
WORKS: Final = {
    "dug": "#e6ab02",
    "in use": "#d7191c",
    "emptied": "#1b9e77",
    "covered": "#7570b3",
    "filled": "#a6611a",
}
"""Colours of the states of works."""
BUILDINGS: Final = {"gone": "#e7298a", "before": "#666666", "built": "#d95f02"}
"""Colours of halls."""
CELLS: Final = {"empty": "#1b9e77", "in use": "#fc8d59", "full": "#d7191c", "covered": "#7570b3"}
"""Colours of the states of cells."""
GROUND: Final = {"paving": "#7f7f7f", "building": "#d73027", "earthwork": "#a6611a", "stored": "#2c7bb6"}
TRAIN_COLOR: Final = "#e69f00"
SHIP_COLOR: Final = "#0072b2"
RAILCAR_COLOR: Final = "#009e73"
NOT_COMPARED_COLOR: Final = "#9e0142"
_MAX_FIRST_SEEN: Final = 24


class ChangeClass(NamedTuple):
    """What came or went, as the map tells it.

    Attributes
    ----------
    value : str
        Direction and kind, as `CHANGE_CLASS` makes it of a row.
    label : str
        In the legend.
    color : str
        ``#rrggbb``, one for each kind.
    is_gone : bool
        Drawn dashed.
    """

    value: str
    label: str
    color: str
    is_gone: bool = False


CHANGES: Final = (
    ChangeClass("gain box", "box came", "#0072b2"),
    ChangeClass("gain building", "building came", "#d55e00"),
    ChangeClass("gain paving", "ground laid bare or paved", "#8e44ad"),
    ChangeClass("gain earthwork", "earth dug or heaped", "#8c510a"),
    ChangeClass("gain other", "something came", "#00916e"),
    ChangeClass("loss box", "box left", "#0072b2", is_gone=True),
    ChangeClass("loss building", "building gone", "#d55e00", is_gone=True),
    ChangeClass("loss paving", "bare or paved ground gone", "#8e44ad", is_gone=True),
    ChangeClass("loss earthwork", "earthwork gone", "#8c510a", is_gone=True),
    ChangeClass("loss other", "something gone", "#00916e", is_gone=True),
    ChangeClass("other box", "box replaced", "#c2185b"),
    ChangeClass("other", "replaced, or not known", "#4d4d4d"),
)
"""Colours say what it is and tell kinds apart for colour-blind readers too; lines say whether it came or went."""
CHANGE_CLASS: Final = (
    "if(\"direction\" IN ('gain', 'loss') OR \"kind\" = 'box', "
    "\"direction\" || ' ' || coalesce(\"kind\", 'other'), 'other')"
)
"""QGIS's expression for the class of a row of ``changes``."""
_HATCH_DEG: Final = (45, 135, 0, 90)
"""Directions of hatching, one reason after another."""


def vector(
    layer: str,
    dates: Sequence[str],
    time: str | None = None,
    *,
    fields: Iterable[str] = (),
    latest: str | None = None,
    present: Collection[str] | None = None,
) -> str:
    """The style of one layer of ``objects.gpkg``.

    Parameters
    ----------
    layer : str
        ``containers``, ``tracks``, ``footprint``, ``changes``, ``not_seen``, ``zones``, ``ground``, ``trains``,
        ``ships``, ``railcars``, ``works``, ``buildings`` or ``cells``.
    dates : sequence of str
        ISO dates that the legend of ``tracks`` distinguishes.
    time : str, optional
        The ``<temporal>`` element; by default that of `instant` or `span`, none for ``zones``.
    fields : iterable of str
        Its columns, in order, to be named in words.
    latest : str, optional
        ISO date of the last look, which is shown where nothing is animated; by default the layer's own last date.
    present : collection of str, optional
        Values of the classes that the layer has: the legend names no others. By default all.

    Returns
    -------
    str
        Inner elements of a ``<maplayer>``.
    """
    shown = shown_when(latest)
    plain: Mapping[str, Callable[[], str]] = {
        "tracks": lambda: _tracks(dates),
        "zones": _zones,
        "buildings": _buildings,
    }
    dated: Mapping[str, Callable[[str, Collection[str] | None], str]] = {
        "containers": _containers,
        "footprint": _footprint,
        "changes": _changes,
        "not_seen": _not_seen,
        "ground": _ground,
        "trains": _trains,
        "ships": _ships,
        "railcars": _railcars,
        "works": partial(_states, WORKS),
        "cells": partial(_states, CELLS),
    }
    renderer = plain[layer]() if layer in plain else dated[layer](shown, present)
    stay = span("first_seen", "not_after")
    defaults = {"tracks": stay, "buildings": stay, "zones": ""}
    temporal = defaults.get(layer, instant("date")) if time is None else time
    labels = text_labels("name") if layer == "zones" else ""
    return (
        f"{temporal}{renderer}{labels}<blendMode>0</blendMode><featureBlendMode>0</featureBlendMode>"
        f"<layerOpacity>1</layerOpacity>{words_of(layer, fields)}"
    )


def shown_when(latest: str | None = None) -> str:
    """Whether a row is drawn: of the running frame, else of the last look.

    Without a running animation the dates would lie on top of each other: the canvas then draws only the latest. Where
    there is no canvas (an export by a script) the expression cannot know, and draws all.

    Parameters
    ----------
    latest : str, optional
        ISO date of the last look; by default the layer's own last date.

    Returns
    -------
    str
        QGIS's expression.
    """
    last = 'maximum("date")' if latest is None else f"to_date('{latest}')"
    return f'@map_start_time IS NOT NULL OR @map_id IS NULL OR to_date("date") = to_date({last})'


def _kept(names: Iterable[str], present: Collection[str] | None) -> list[str]:
    return [name for name in names if present is None or name in present]


def _containers(shown: str, present: Collection[str] | None) -> str:
    kinds = _kept(KINDS, present)
    symbols = [
        fill_symbol(
            "226,226,226,225",
            KINDS[kind],
            width=0.36,
            defined={
                "enabled": shown,
                "fillColor": "set_color_part(coalesce(\"color\", '#808080'), 'alpha', 225)",
                "outlineStyle": "if(\"inferred\", 'dot', if(\"confirmed\", 'dash', 'solid'))",
            },
        )
        for kind in kinds
    ]
    return categorized("kind", [(kind, kind) for kind in kinds], symbols)


def _tracks(dates: Sequence[str]) -> str:
    days = sorted({day[:10] for day in dates})
    pattern, classes = ("yyyy-MM-dd", days) if len(days) <= _MAX_FIRST_SEEN else ("yyyy", sorted({d[:4] for d in days}))
    top = max(1, len(classes) - 1)
    symbols = [marker_symbol(ramp(i / top)) for i in range(len(classes))]
    attribute = f"format_date(\"first_seen\", '{pattern}')"
    if not classes:
        return single_symbol(marker_symbol("#21918c"))
    return categorized(attribute, [(name, f"since {name}") for name in classes], symbols)


def _footprint(shown: str, _: Collection[str] | None) -> str:
    return single_symbol(fill_symbol(rgba(FOOTPRINT_COLOR, 40), FOOTPRINT_COLOR, width=0.5, defined={"enabled": shown}))


def _changes(shown: str, present: Collection[str] | None) -> str:
    classes = [one for one in CHANGES if present is None or one.value in present]
    symbols = [cased_symbol(one.color, is_dashed=one.is_gone, defined={"enabled": shown}) for one in classes]
    return categorized(CHANGE_CLASS, [(one.value, one.label) for one in classes], symbols)


def _not_seen(shown: str, present: Collection[str] | None) -> str:
    colors = {one.label: one.color for one in QUALITY_CLASSES if one.alpha}
    reasons = list(colors) if present is None else sorted(present, key=lambda one: (one not in colors, one))
    symbols = [
        hatched_symbol(
            colors.get(reason, NOT_COMPARED_COLOR), _HATCH_DEG[i % len(_HATCH_DEG)], defined={"enabled": shown}
        )
        for i, reason in enumerate(reasons)
    ]
    # a reason that names its date is in no list: whatever else there is comes last
    rest = [] if present is not None else [("", "not seen on the reference date")]
    symbols += [hatched_symbol(NOT_COMPARED_COLOR, _HATCH_DEG[-1], defined={"enabled": shown}) for _ in rest]
    return categorized("reason", [*((reason, reason) for reason in reasons), *rest], symbols)


def _zones() -> str:
    # white below black: seen on dark ground, on bright ground and on paper
    lines = [outline_layer("#ffffff", 0.9, "solid"), outline_layer("#111111", 0.4, "dash")]
    return single_symbol(layered("fill", lines))


def _ground(shown: str, present: Collection[str] | None) -> str:
    kinds = _kept(GROUND, present)
    symbols = [fill_symbol(rgba(GROUND[k], 90), GROUND[k], width=0.3, defined={"enabled": shown}) for k in kinds]
    return categorized("kind", [(kind, kind) for kind in kinds], symbols)


def _trains(shown: str, _: Collection[str] | None) -> str:
    options = {"line_color": rgba(TRAIN_COLOR, 255), "line_width": "0.9", "line_width_unit": "MM", "capstyle": "round"}
    return single_symbol(symbol("line", "SimpleLine", options, {"enabled": shown}))


def _ships(shown: str, _: Collection[str] | None) -> str:
    return single_symbol(fill_symbol(rgba(SHIP_COLOR, 60), SHIP_COLOR, width=0.5, defined={"enabled": shown}))


def _railcars(shown: str, _: Collection[str] | None) -> str:
    return single_symbol(fill_symbol(rgba(RAILCAR_COLOR, 40), RAILCAR_COLOR, width=0.4, defined={"enabled": shown}))


def _buildings() -> str:
    """Halls: those that stood when first seen plain, those that were built since in the colour of gains."""
    built = "case when \"not_after\" is not null then 'gone' when \"stood_before\" then 'before' else 'built' end"
    symbols = [fill_symbol(rgba(color, 40), color, width=0.5) for color in BUILDINGS.values()]
    words = [("gone", "gone since"), ("before", "stood on its first clear look"), ("built", "built since")]
    return categorized(built, words, symbols)


def _states(colors: Mapping[str, str], shown: str, present: Collection[str] | None) -> str:
    states = _kept(colors, present)
    symbols = [fill_symbol(rgba(colors[k], 40), colors[k], width=0.5, defined={"enabled": shown}) for k in states]
    return categorized("state", [(state, state) for state in states], symbols)
