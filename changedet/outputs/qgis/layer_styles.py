"""QGIS styles of the vector layers, as the inner elements of a ``<maplayer>``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from changedet.outputs.qgis.styles import ramp

KINDS: Final = {"20ft": "#00c2ff", "40ft": "#ffd400", "45ft": "#ff7a00", "other": "#ffffff"}
DIRECTIONS: Final = {"gain": "#1b9e77", "loss": "#d95f02", "other": "#7570b3"}
VERDICTS: Final = {"": "#ffd400", "accept": "#1b9e3c", "reject": "#d7191c"}
LABELS: Final = {"": "#ffd400", "1": "#d7191c", "0": "#1b9e3c"}
ADDED_COLOR: Final = "#e6007e"
FOOTPRINT_COLOR: Final = "#6a3d9a"
ZONE_COLOR: Final = "#ffffff"
GROUND: Final = {"paving": "#9e9e9e", "building": "#d73027", "earthwork": "#a6611a", "stored": "#2c7bb6"}
TRAIN_COLOR: Final = "#ffd400"
_MAX_FIRST_SEEN: Final = 24

# Without a running animation the dates would lie on top of each other: the canvas then draws only the latest.
# Where there is no canvas (an export by a script) the expression cannot know, and all that is asked for is drawn.
_SHOWN: Final = '@map_start_time IS NOT NULL OR @map_id IS NULL OR "date" = maximum("date")'

_BY_END: Final = {"name": "if(\"not_after\" IS NULL, 'circle', 'triangle')"}

_TIPS: Final = {
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
        ISO dates to tell apart in the legend of ``tracks``.
    time : str, optional
        The ``<temporal>`` element; by default that of `instant` or `span`, none for ``zones``.
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
    labels = _labels("name") if layer == "zones" else ""
    return (
        f"{temporal}{renderers[layer]()}{labels}<blendMode>0</blendMode><featureBlendMode>0</featureBlendMode>"
        f'<layerOpacity>1</layerOpacity><mapTip enabled="1">{escape(_TIPS[layer])}</mapTip>'
        f"<previewExpression>{escape(_DISPLAY[layer])}</previewExpression>"
    )


def verdicts() -> str:
    """The style of the boxes under review: outlined by verdict, which is chosen from a list; one date at a time."""
    shown = {"enabled": _SHOWN}
    symbols = [_fill(_rgba(color, 40), color, width=0.6, defined=shown) for color in VERDICTS.values()]
    names = [(verdict, verdict or "not judged") for verdict in VERDICTS]
    renderer = _categorized("coalesce(\"verdict\", '')", names, symbols)
    choices = _choices("verdict", {"accept": "accept", "reject": "reject"}, empty=True)
    tip = f'<mapTip enabled="1">{escape(_TIPS["containers"])}</mapTip>'
    return f'{instant("date")}{renderer}{choices}{tip}<previewExpression>"object_id"</previewExpression>'


def additions(dates: Sequence[str]) -> str:
    """The style of the boxes that a person draws: date and kind are chosen from lists."""
    symbol = _fill(_rgba(ADDED_COLOR, 60), ADDED_COLOR, width=0.6)
    kinds = {"by its length": "", **{kind: kind for kind in KINDS}}
    choices = _choices("date", {day: day for day in dates}) + _choices("kind", kinds)
    return f"{_single(symbol)}{choices.replace('</fieldConfiguration><fieldConfiguration>', '')}"


def label_tiles() -> str:
    """The style of tiles to label: outlined, green once labelled, each by the name of its date."""
    colors = {"": "#d95f02", "1": "#1b9e77"}
    symbols = [_fill("0,0,0,0", color, width=0.8, brush="no") for color in colors.values()]
    words = {"": "to be labelled", "1": "labelled"}
    renderer = _categorized("if(\"labelled\", '1', '')", [(key, words[key]) for key in colors], symbols)
    return f"{renderer}{_labels('date')}"


def sample() -> str:
    """The style of points to label: coloured by label, which is chosen from a list; the stratum is not shown."""
    symbols = [_marker(color, {}) for color in LABELS.values()]
    words = {"": "not labelled", "1": "changed", "0": "unchanged"}
    renderer = _categorized("coalesce(to_string(\"label\"), '')", [(key, words[key]) for key in LABELS], symbols)
    return f"{renderer}{_choices('label', {'changed': '1', 'unchanged': '0'}, empty=True)}"


def _choices(field: str, values: Mapping[str, str], *, empty: bool = False) -> str:
    """A field that is filled in from a list: label -> value."""
    null = "{2839923C-8B7D-419E-B84B-CA2FE9B80EC7}"
    pairs = {"not judged": null, **values} if empty else values
    listed = "".join(
        f'<Option type="Map"><Option type="QString" name={quoteattr(label)} value={quoteattr(value)}/></Option>'
        for label, value in pairs.items()
    )
    return (
        f'<fieldConfiguration><field name={quoteattr(field)}><editWidget type="ValueMap"><config><Option type="Map">'
        f'<Option type="List" name="map">{listed}</Option></Option></config></editWidget></field></fieldConfiguration>'
    )


def instant(field: str) -> str:
    """Features that show on the day of one field."""
    return _temporal(1, field, "", "", "")


def span(start: str, end: str) -> str:
    """Features that show from one field's day up to another's, for good where that is null."""
    return _temporal(2, start, end, "", "")


def lasting(field: str, days: Mapping[str, int]) -> str:
    """Features that show from their date for as long as the table says: until the next date.

    Parameters
    ----------
    field : str
        The date field.
    days : mapping
        ISO date -> number of days until the next date.
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


def _containers() -> str:
    symbols = [
        _fill(
            "255,255,255,200",
            color,
            width=0.36,
            defined={
                "enabled": _SHOWN,
                "fillColor": "set_color_part(coalesce(\"color\", '#808080'), 'alpha', 225)",
                "outlineStyle": "if(\"inferred\", 'dot', 'solid')",
            },
        )
        for color in KINDS.values()
    ]
    return _categorized("kind", [(kind, kind) for kind in KINDS], symbols)


def _tracks(dates: Sequence[str]) -> str:
    days = sorted({day[:10] for day in dates})
    pattern, classes = ("yyyy-MM-dd", days) if len(days) <= _MAX_FIRST_SEEN else ("yyyy", sorted({d[:4] for d in days}))
    top = max(1, len(classes) - 1)
    symbols = [_marker(ramp(i / top)) for i in range(len(classes))]
    attribute = f"format_date(\"first_seen\", '{pattern}')"
    if not classes:
        return _single(_marker("#21918c"))
    return _categorized(attribute, [(name, f"since {name}") for name in classes], symbols)


def _footprint() -> str:
    symbol = _fill(
        _rgba(FOOTPRINT_COLOR, 140), FOOTPRINT_COLOR, width=0.5, brush="b_diagonal", defined={"enabled": _SHOWN}
    )
    return _single(symbol)


def _changes() -> str:
    symbols = [_fill(_rgba(c, 45), c, width=0.5, defined={"enabled": _SHOWN}) for c in DIRECTIONS.values()]
    return _categorized("direction", [(name, name) for name in DIRECTIONS], symbols)


def _zones() -> str:
    return _single(_fill("0,0,0,0", ZONE_COLOR, width=0.6, brush="no", line="dash"))


def _ground() -> str:
    symbols = [_fill(_rgba(c, 90), c, width=0.3, defined={"enabled": _SHOWN}) for c in GROUND.values()]
    return _categorized("kind", [(name, name) for name in GROUND], symbols)


def _trains() -> str:
    options = {"line_color": _rgba(TRAIN_COLOR, 255), "line_width": "0.9", "line_width_unit": "MM", "capstyle": "round"}
    return _single(_symbol("line", "SimpleLine", options, {"enabled": _SHOWN}))


def _single(symbol: str) -> str:
    return (
        '<renderer-v2 type="singleSymbol" forceraster="0" symbollevels="0" enableorderby="0">'
        f"<symbols>{_named(symbol, 0)}</symbols></renderer-v2>"
    )


def _categorized(attribute: str, values: Sequence[tuple[str, str]], symbols: Sequence[str]) -> str:
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


def _fill(
    fill: str,
    outline: str,
    *,
    width: float,
    brush: str = "solid",
    line: str = "solid",
    defined: Mapping[str, str] | None = None,
) -> str:
    options = {
        "color": fill,
        "outline_color": _rgba(outline, 255),
        "outline_style": line,
        "outline_width": str(width),
        "outline_width_unit": "MM",
        "joinstyle": "miter",
        "style": brush,
    }
    return _symbol("fill", "SimpleFill", options, defined or {})


def _marker(color: str, defined: Mapping[str, str] = _BY_END) -> str:
    options = {
        "color": _rgba(color, 255),
        "name": "circle",
        "outline_color": "20,20,20,255",
        "outline_width": "0.2",
        "size": "1.9",
        "size_unit": "MM",
    }
    return _symbol("marker", "SimpleMarker", options, defined)


def _symbol(kind: str, renderer: str, options: Mapping[str, str], defined: Mapping[str, str]) -> str:
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
        f'<symbol type="{kind}" alpha="1" clip_to_extent="1" force_rhr="0">'
        f'<layer class="{renderer}" enabled="1" locked="0" pass="0">'
        f'<Option type="Map">{written}</Option>{data_defined if defined else ""}</layer></symbol>'
    )


def _labels(field: str) -> str:
    return (
        f'<labeling type="simple"><settings><text-style fieldName="{field}" fontSize="9" fontWeight="75"'
        ' textColor="20,20,20,255" textOpacity="1" fontSizeUnit="Point" isExpression="0">'
        '<text-buffer bufferDraw="1" bufferSize="1" bufferColor="255,255,255,220" bufferSizeUnits="MM"/></text-style>'
        '<placement placement="0" placementFlags="10"/><rendering drawLabels="1" obstacle="0"/></settings></labeling>'
    )


def _rgba(color: str, alpha: int) -> str:
    return ",".join(str(int(color[i : i + 2], 16)) for i in (1, 3, 5)) + f",{alpha}"
