"""What a workflow says for publishing: the words that stand beside a scene's pixels, and whether those may be shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from changedet.imagery.attribution import LONGEST_WORDS, Attribution
from changedet.workflow.checker import Checker, unfit
from changedet.workflow.fields import one_line, truth
from changedet.workflow.yaml_tree import MapNode, Node

KEYS: Final = ("credit", "licence", "sensor")
"""Of every kind of scene entry."""
_LICENCE_EXAMPLE: Final = "{name: NAME, show_pixels: false}"


def caption_words(what: str) -> Callable[[Node], str]:
    """One line that a caption can hold.

    Parameters
    ----------
    what : str
        What it says, for the message.

    Returns
    -------
    callable
        Converts a node, and raises `UnfitError`.
    """
    expected = f"{what} in one line of at most {LONGEST_WORDS} characters"

    def _convert(node: Node) -> str:
        words = " ".join(one_line(expected)(node).split())
        if len(words) > LONGEST_WORDS:
            raise unfit(node, expected)
        return words

    return _convert


def read_attribution(checker: Checker, items: Mapping[str, Node], key: str) -> Attribution:
    """Sensor, credit and licence of an entry.

    Parameters
    ----------
    checker : Checker
        Notes the mistakes.
    items : mapping of str to node
        Of the entry.
    key : str
        Of the entry, such as ``scenes[2]``.

    Returns
    -------
    Attribution
        Empty where the file does not say.
    """
    licence, shown = _licence(checker, items, f"{key}.licence")
    return Attribution(
        sensor=checker.take(items, f"{key}.sensor", caption_words("the sensor's name"), ""),
        credit=checker.take(items, f"{key}.credit", caption_words("a credit line"), ""),
        licence=licence,
        show_pixels=shown,
    )


def _licence(checker: Checker, items: Mapping[str, Node], key: str) -> tuple[str, bool]:
    words = caption_words("the licence's name")
    node = items.get("licence")
    if not isinstance(node, MapNode):
        return checker.take(items, key, words, ""), True
    inner = checker.section(node, key, ("name", "show_pixels"), example=_LICENCE_EXAMPLE, empty=False)
    if "name" not in inner:
        checker.missing(key, f"has no 'name', expected {_LICENCE_EXAMPLE}", f"{key}.name")
    return checker.take(inner, f"{key}.name", words, ""), checker.take(inner, f"{key}.show_pixels", truth, True)
