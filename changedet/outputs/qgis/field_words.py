"""What QGIS says of a layer's rows in words: names of fields, tips on the map, titles of forms."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from xml.sax.saxutils import escape, quoteattr

ALIASES: Final = {
    "date": "Date",
    "object_id": "Box",
    "track_id": "Track",
    "length_m": "Length (m)",
    "width_m": "Width (m)",
    "angle_deg": "Bearing of the long side (degrees)",
    "kind": "Kind",
    "confidence": "Confidence (0 to 1)",
    "color": "Surface colour",
    "tiers": "Levels of the stack",
    "inferred": "Counted by its pitch",
    "confirmed": "Confirmed by other dates",
    "zone": "Zone",
    "first_seen": "First seen",
    "last_seen": "Last seen",
    "not_after": "Gone by",
    "not_before": "Not there yet on",
    "area_m2": "Area (m2)",
    "change_id": "Region",
    "direction": "Came (gain) or went (loss)",
    "probability": "Probability (0 to 1)",
    "reason": "Why not seen",
    "name": "Name",
    "capacity": "Capacity (containers)",
    "gained_m2": "Gained since the date before (m2)",
    "lost_m2": "Lost since the date before (m2)",
    "ship_id": "Ship of the date",
    "length_error_m": "Standard error of the length (m)",
    "width_error_m": "Standard error of the width (m)",
    "is_whole": "Wholly in the picture",
    "deck": "Colours along the deck",
    "on": "On a ship",
    "train_id": "Train",
    "track": "Track of the siding",
    "car_id": "Place in the train, from the west",
    "kind_confidence": "Probability of the kind (0 to 1)",
    "loaded": "Bears a container",
    "boxes": "Boxes",
    "teu": "TEU",
    "wagons_low": "Wagons, at least",
    "wagons_high": "Wagons, at most",
    "empty_low": "Empty places, at least",
    "empty_high": "Empty places, at most",
    "sequence": "Boxes in order",
    "work_id": "Work",
    "building_id": "Building",
    "stood_before": "Stood on its first clear look",
    "area_low_m2": "Area, at least (m2)",
    "area_high_m2": "Area, at most (m2)",
    "state": "State",
    "since_after": "In this state after",
    "since_by": "In this state by",
    "made_after": "Made after",
    "made_by": "Made by",
    "verdict": "Verdict",
    "present_probability": "Still there (probability)",
}
"""What forms and tables show in place of a column's name."""

_DAY: Final = "[% format_date(\"date\", 'yyyy-MM-dd') %]"
_SINCE: Final = "coalesce(', changed since ' || format_date(\"first_seen\", 'yyyy-MM-dd'), '')"
_ENDS: Final = "if(\"not_after\" IS NULL, 'still there', 'gone by ' || format_date(\"not_after\", 'yyyy-MM-dd'))"
_BUILT: Final = (
    "if(\"stood_before\", 'stood on ', 'built by ') || format_date(\"first_seen\", 'yyyy-MM-dd')"
    " || if(\"stood_before\", ', its first clear look', '')"
)
_GROWTH: Final = (
    "coalesce(round(\"gained_m2\") || ' m2 more and ' || round(\"lost_m2\") || ' m2 less than on the date before',"
    " 'the first date that shows it')"
)
_HIDDEN: Final = "'not enough of the site is seen for a figure'"
_WENT: Final = "map_get(map('gain', 'came', 'loss', 'went'), \"direction\")"
_KIND: Final = "if(\"kind\" = 'other', 'something', \"kind\")"
_UNTOLD: Final = "if(\"kind\" = 'box', 'box replaced', 'replaced, or not known')"
_WHAT: Final = f"coalesce({_KIND} || ' ' || {_WENT}, {_UNTOLD})"
_AS_TEXT: Final = ", map('&', '&amp;', '<', '&lt;'))"
_NAME, _ZONE, _TRACK = (f'replace("{field}"{_AS_TEXT}' for field in ("name", "zone", "track"))
"""Names are anybody's, and a tip is HTML."""

TIPS: Final = {
    "containers": f'<b>[% "kind" %]</b> {_DAY}<br>[% round("length_m", 1) %] x [% round("width_m", 1) %] m, '
    "confidence [% round(\"confidence\", 2) %][% coalesce('<br>track ' || \"track_id\", '') %]",
    "tracks": '<b>[% "kind" %]</b> track [% "track_id" %]<br>seen from [% format_date("first_seen", \'yyyy-MM-dd\') %] '
    f"to [% format_date(\"last_seen\", 'yyyy-MM-dd') %], [% {_ENDS} %]",
    "footprint": f"<b>footprint</b> {_DAY}<br>[% coalesce(round(\"area_m2\") || ' m2', {_HIDDEN}) %]",
    "changes": f'<b>[% {_WHAT} %]</b> {_DAY}<br>[% round("area_m2") %] m2[% {_SINCE} %]',
    "not_seen": f'<b>[% "reason" %]</b> {_DAY}<br>[% round("area_m2") %] m2',
    "zones": f"<b>[% {_NAME} %]</b>",
    "ground": f'<b>[% "kind" %]</b> {_DAY}<br>[% coalesce(round("area_m2") || \' m2, \' || {_GROWTH}, {_HIDDEN}) %]',
    "ships": f'<b>[% "kind" %]</b> {_DAY}<br>[% round("length_m") %] m (± [% round("length_error_m") %]) x '
    f'[% round("width_m") %] m, [% coalesce({_ZONE}, \'afloat\') %], confidence [% round("confidence", 2) %]',
    "railcars": f'<b>[% "kind" %]</b> {_DAY}<br>car [% "car_id" %] of train [% "train_id" %], track [% {_TRACK} %]'
    ', [% round("length_m") %] m, confidence [% round("confidence", 2) %]',
    "works": f'<b>[% "kind" %] [% "work_id" %]</b> {_DAY}<br>[% coalesce("state", \'not seen\') %], '
    "made between [% format_date(\"made_after\", 'yyyy-MM-dd') %] and [% format_date(\"made_by\", 'yyyy-MM-dd') %]",
    "buildings": f'<b>building [% "building_id" %]</b><br>[% round("area_m2") %] m2, [% {_BUILT} %], [% {_ENDS} %]',
    "cells": f"<b>[% {_ZONE} %]</b> {_DAY}<br>[% coalesce(\"state\", 'not seen') %]",
    "trains": f'<b>train [% "train_id" %]</b> {_DAY}<br>[% "boxes" %] boxes on '
    '[% "wagons_low" %] to [% "wagons_high" %] wagons<br>[% "sequence" %]',
}
"""What a pointer that rests on a feature shows; every field that may be null has words in its place."""

_DISPLAY: Final = {
    "containers": '"object_id"',
    "tracks": '"track_id"',
    "footprint": '"date"',
    "changes": '"change_id"',
    "not_seen": '"reason"',
    "zones": '"name"',
    "ground": '"kind"',
    "trains": '"train_id"',
    "ships": '"ship_id"',
    "railcars": '"car_id"',
    "works": '"work_id"',
    "buildings": '"building_id"',
    "cells": '"zone"',
}


def words_of(layer: str, fields: Iterable[str]) -> str:
    """The tip of a layer, the field that names its rows, and words for its columns.

    Parameters
    ----------
    layer : str
        A key of `TIPS`.
    fields : iterable of str
        Its columns, in order.

    Returns
    -------
    str
        Inner elements of a ``<maplayer>``.
    """
    return (
        f'<mapTip enabled="1">{escape(TIPS[layer])}</mapTip>'
        f"<previewExpression>{escape(_DISPLAY[layer])}</previewExpression>{aliases(fields)}"
    )


def aliases(fields: Iterable[str]) -> str:
    """Words for the columns of a layer.

    Parameters
    ----------
    fields : iterable of str
        Its columns, in order; one that has no words keeps its name.

    Returns
    -------
    str
        The ``<aliases>`` element.
    """
    rows = "".join(
        f'<alias index="{i}" field={quoteattr(field)} name={quoteattr(ALIASES.get(field, ""))}/>'
        for i, field in enumerate(["fid", *fields])
    )
    return f"<aliases>{rows}</aliases>"
