"""QGIS styles of the layers that a person fills in: verdicts, drawn boxes, tiles, sampled points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from changedet.outputs.qgis.field_words import TIPS
from changedet.outputs.qgis.layer_styles import KINDS, shown_when
from changedet.outputs.qgis.symbols import (
    categorized,
    fill_symbol,
    instant,
    marker_symbol,
    rgba,
    single_symbol,
    text_labels,
)

VERDICTS: Final = {"": "#ffd400", "accept": "#1b9e3c", "reject": "#d7191c"}
LABELS: Final = {"": "#ffd400", "1": "#d7191c", "0": "#1b9e3c"}
ADDED_COLOR: Final = "#e6007e"


def verdicts() -> str:
    """The style of the boxes under review: outlined by verdict, which is chosen from a list; one date at a time.

    Returns
    -------
    str
        Inner elements of a ``<maplayer>``.
    """
    shown = {"enabled": shown_when()}
    symbols = [fill_symbol(rgba(color, 40), color, width=0.6, defined=shown) for color in VERDICTS.values()]
    names = [(verdict, verdict or "not judged") for verdict in VERDICTS]
    renderer = categorized("coalesce(\"verdict\", '')", names, symbols)
    choices = _choices("verdict", {"accept": "accept", "reject": "reject"}, empty=True)
    tip = f'<mapTip enabled="1">{escape(TIPS["containers"])}</mapTip>'
    return f'{instant("date")}{renderer}{choices}{tip}<previewExpression>"object_id"</previewExpression>'


def additions(dates: Sequence[str]) -> str:
    """The style of the boxes that a person draws: date and kind are chosen from lists.

    Parameters
    ----------
    dates : sequence of str
        ISO dates that a box may have.

    Returns
    -------
    str
        Inner elements of a ``<maplayer>``.
    """
    symbol = fill_symbol(rgba(ADDED_COLOR, 60), ADDED_COLOR, width=0.6)
    kinds = {"by its length": "", **{kind: kind for kind in KINDS}}
    choices = _choices("date", {day: day for day in dates}) + _choices("kind", kinds)
    return f"{single_symbol(symbol)}{choices.replace('</fieldConfiguration><fieldConfiguration>', '')}"


def label_tiles() -> str:
    """The style of tiles to label: outlined, green once labelled, each by the name of its date.

    Returns
    -------
    str
        Inner elements of a ``<maplayer>``.
    """
    colors = {"": "#d95f02", "1": "#1b9e77"}
    symbols = [fill_symbol("0,0,0,0", color, width=0.8, brush="no") for color in colors.values()]
    words = {"": "to be labelled", "1": "labelled"}
    renderer = categorized("if(\"labelled\", '1', '')", [(key, words[key]) for key in colors], symbols)
    return f"{renderer}{text_labels('date')}"


def sample() -> str:
    """The style of points to label: coloured by label, which is chosen from a list; the stratum is not shown.

    Returns
    -------
    str
        Inner elements of a ``<maplayer>``.
    """
    symbols = [marker_symbol(color, {}) for color in LABELS.values()]
    words = {"": "not labelled", "1": "changed", "0": "unchanged"}
    renderer = categorized("coalesce(to_string(\"label\"), '')", [(key, words[key]) for key in LABELS], symbols)
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
