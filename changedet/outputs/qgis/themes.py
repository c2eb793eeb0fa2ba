"""Map themes of the QGIS project: which layers are shown together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from xml.sax.saxutils import quoteattr

from changedet.outputs.qgis.project_xml import ProjectLayer

THEMES: Final[Mapping[str, tuple[str, ...]]] = {
    "Change": ("zones", "changes", "not_seen", "scene"),
    "Boxes": ("zones", "containers", "trains", "ships", "railcars", "scene"),
    "Ground": ("zones", "cells", "works", "buildings", "ground", "footprint", "scene"),
}
"""Name -> the kinds of layers that it shows."""
_OWN: Final[Mapping[str, frozenset[str]]] = {
    "Change": frozenset({"changes", "not_seen"}),
    "Boxes": frozenset({"containers", "trains", "ships", "railcars"}),
    "Ground": frozenset({"cells", "works", "buildings", "ground", "footprint"}),
}
"""Without any of these a theme has nothing of its own to show."""


def told(layers: Sequence[ProjectLayer]) -> list[str]:
    """The themes that have something to show.

    Parameters
    ----------
    layers : sequence of ProjectLayer
        Of the project.

    Returns
    -------
    list of str
        Keys of `THEMES`.
    """
    keys = {layer.key for layer in layers}
    return [theme for theme in THEMES if _OWN[theme] & keys]


def themes(layers: Sequence[ProjectLayer]) -> str:
    """The map themes of a project.

    Parameters
    ----------
    layers : sequence of ProjectLayer
        Of the project.

    Returns
    -------
    str
        The ``<visibility-presets>`` element.
    """
    presets = "".join(
        f"<visibility-preset name={quoteattr(theme)}>"
        + "".join(
            f'<layer id="{layer.identifier}" visible="1" style="default"/>'
            for layer in layers
            if layer.key in THEMES[theme]
        )
        + "</visibility-preset>"
        for theme in told(layers)
    )
    return f"<visibility-presets>{presets}</visibility-presets>"
