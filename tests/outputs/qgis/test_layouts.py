"""Print layouts: what strangers wrote is shown as they wrote it, and not computed by QGIS."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from changedet.outputs.qgis.field_words import TIPS
from changedet.outputs.qgis.layouts import SHOWN_DAY, PrintLayout, layouts

HOSTILE = "Depot [% env('HOME') %] & [% @user_full_name %]"


def as_qgis_shows(text: str) -> str:
    """A label with the expressions of which all that may stand in a title are texts."""
    return re.sub(r"\[%(.*?)%\]", lambda found: re.fullmatch(r" '([^']*)' ", found[1])[1], text)  # type: ignore[index]


def test_layouts_compute_nothing_that_a_title_or_a_credit_says() -> None:
    sheet = PrintLayout("Change", HOSTILE, SHOWN_DAY, HOSTILE, (0, 0, 9, 9), ("2023-06-04", "2023-06-04"), [])
    items = {item.get("id"): str(item.get("labelText")) for item in ET.fromstring(layouts([sheet])).iter("LayoutItem")}
    assert as_qgis_shows(items["title"]) == as_qgis_shows(items["credit"]) == HOSTILE
    assert items["subtitle"] == SHOWN_DAY


def test_tips_show_names_as_text_and_not_as_html() -> None:
    of_strangers = [
        (layer, found) for layer, tip in TIPS.items() for found in re.findall(r'[^%]*"(?:name|zone|track)"[^%]*', tip)
    ]
    assert {layer for layer, _ in of_strangers} == {"zones", "ships", "railcars", "cells"}
    assert [found for _, found in of_strangers if "map('&', '&amp;', '<', '&lt;')" not in found] == []
