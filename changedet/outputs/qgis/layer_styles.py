"""QGIS styles of the vector layers, as the inner elements of a ``<maplayer>``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

from changedet.outputs.qgis.symbols import (
    categorized,
    fill_symbol,
    instant,
    marker_symbol,
    rgba,
    single_symbol,
    span,
    symbol,
    text_labels,
)
from changedet.outputs.rasters.classes import ramp

KINDS: Final = {"20ft": "#00c2ff", "40ft": "#ffd400", "45ft": "#ff7a00", "other": "#ffffff"}
DIRECTIONS: Final = {"gain": "#1b9e77", "loss": "#d95f02", "other": "#7570b3"}
FOOTPRINT_COLOR: Final = "#6a3d9a"
ZONE_COLOR: Final = "#ffffff"
GROUND: Final = {"paving": "#9e9e9e", "building": "#d73027", "earthwork": "#a6611a", "stored": "#2c7bb6"}
TRAIN_COLOR: Final = "#ffd400"
_MAX_FIRST_SEEN: Final = 24

# Without a running animation the dates would lie on top of each other: the canvas then draws only the latest.
# Where there is no canvas (an export by a script) the expression cannot know, and draws all.
SHOWN: Final = '@map_start_time IS NOT NULL OR @map_id IS NULL OR "date" = maximum("date")'
TIPS: Final = {
    "containers": '<b>[% "kind" %]</b> [% format_date("date", \'yyyy-MM-dd\') %]<br>[% round("length_m", 1) %] x '
    '[% round("width_m", 1) %] m, confidence [% round("confidence", 2) %]<br>track [% "track_id" %]',
    "tracks": '<b>[% "kind" %]</b> track [% "track_id" %]<br>'
    "first seen [% format_date(\"first_seen\", 'yyyy-MM-dd') %], last seen "
    "[% format_date(\"last_seen\", 'yyyy-MM-dd') %]<br>gone by "
    "[% coalesce(format_date(\"not_after\", 'yyyy-MM-dd'), 'still there') %]",
    "footprint": '<b>footprint</b> [% format_date("date", \'yyyy-MM-dd\') %]<br>[% round("area_m2") %] m2',
    "changes": '<b>[% "direction" %]</b> [% format_date("date", \'yyyy-MM-dd\') %]<br>[% round("area_m2") %] m2, '
    "since [% format_date(\"first_seen\", 'yyyy-MM-dd') %]",
    "zones": '<b>[% "name" %]</b>',
    "ground": '<b>[% "kind" %]</b> [% format_date("date", \'yyyy-MM-dd\') %]<br>[% round("area_m2") %] m2, '
    'gained [% round("gained_m2") %], lost [% round("lost_m2") %] m2 since the date before',
    "trains": '<b>train [% "train_id" %]</b> [% format_date("date", \'yyyy-MM-dd\') %]<br>[% "boxes" %] boxes on '
    '[% "wagons_low" %] to [% "wagons_high" %] wagons<br>[% "sequence" %]',
}
_DISPLAY: Final = {
    "containers": '"object_id"',
    "tracks": '"track_id"',
    "footprint": '"date"',
    "changes": '"change_id"',
    "zones": '"name"',
    "ground": '"kind"',
    "trains": '"train_id"',
}


def vector(layer: str, dates: Sequence[str], time: str | None = None) -> str:
    """The style of one layer of ``objects.gpkg``.

    Parameters
    ----------
    layer : str
        ``containers``, ``tracks``, ``footprint``, ``changes``, ``zones``, ``ground`` or ``trains``.
    dates : sequence of str
        ISO dates that the legend of ``tracks`` distinguishes.
    time : str, optional
        The ``<temporal>`` element; by default that of `instant` or `span`, none for ``zones``.

    Returns
    -------
    str
        Inner elements of a ``<maplayer>``.
    """
    renderers = {
        "containers": _containers,
        "tracks": lambda: _tracks(dates),
        "footprint": _footprint,
        "changes": _changes,
        "zones": _zones,
        "ground": _ground,
        "trains": _trains,
    }
    defaults = {"tracks": span("first_seen", "not_after"), "zones": ""}
    temporal = defaults.get(layer, instant("date")) if time is None else time
    labels = text_labels("name") if layer == "zones" else ""
    return (
        f"{temporal}{renderers[layer]()}{labels}<blendMode>0</blendMode><featureBlendMode>0</featureBlendMode>"
        f'<layerOpacity>1</layerOpacity><mapTip enabled="1">{escape(TIPS[layer])}</mapTip>'
        f"<previewExpression>{escape(_DISPLAY[layer])}</previewExpression>"
    )


def _containers() -> str:
    symbols = [
        fill_symbol(
            "255,255,255,200",
            color,
            width=0.36,
            defined={
                "enabled": SHOWN,
                "fillColor": "set_color_part(coalesce(\"color\", '#808080'), 'alpha', 225)",
                "outlineStyle": "if(\"inferred\", 'dot', 'solid')",
            },
        )
        for color in KINDS.values()
    ]
    return categorized("kind", [(kind, kind) for kind in KINDS], symbols)


def _tracks(dates: Sequence[str]) -> str:
    days = sorted({day[:10] for day in dates})
    pattern, classes = ("yyyy-MM-dd", days) if len(days) <= _MAX_FIRST_SEEN else ("yyyy", sorted({d[:4] for d in days}))
    top = max(1, len(classes) - 1)
    symbols = [marker_symbol(ramp(i / top)) for i in range(len(classes))]
    attribute = f"format_date(\"first_seen\", '{pattern}')"
    if not classes:
        return single_symbol(marker_symbol("#21918c"))
    return categorized(attribute, [(name, f"since {name}") for name in classes], symbols)


def _footprint() -> str:
    symbol = fill_symbol(
        rgba(FOOTPRINT_COLOR, 140), FOOTPRINT_COLOR, width=0.5, brush="b_diagonal", defined={"enabled": SHOWN}
    )
    return single_symbol(symbol)


def _changes() -> str:
    symbols = [fill_symbol(rgba(c, 45), c, width=0.5, defined={"enabled": SHOWN}) for c in DIRECTIONS.values()]
    return categorized("direction", [(name, name) for name in DIRECTIONS], symbols)


def _zones() -> str:
    return single_symbol(fill_symbol("0,0,0,0", ZONE_COLOR, width=0.6, brush="no", line="dash"))


def _ground() -> str:
    symbols = [fill_symbol(rgba(c, 90), c, width=0.3, defined={"enabled": SHOWN}) for c in GROUND.values()]
    return categorized("kind", [(name, name) for name in GROUND], symbols)


def _trains() -> str:
    options = {"line_color": rgba(TRAIN_COLOR, 255), "line_width": "0.9", "line_width_unit": "MM", "capstyle": "round"}
    return single_symbol(symbol("line", "SimpleLine", options, {"enabled": SHOWN}))
