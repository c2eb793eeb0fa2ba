"""What a run found in two to six sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from changedet.json_types import JsonObject
from changedet.outputs.sentences.counts import containers, turnover
from changedet.outputs.sentences.facts import Facts, Sentence
from changedet.outputs.sentences.ground import ground
from changedet.outputs.sentences.looks import looks
from changedet.outputs.sentences.others import others
from changedet.outputs.sentences.words import LIKELIHOODS
from changedet.outputs.sentences.zones import zones

_CLAIMING: Final = ("turnover", "zones")
"""Sentences with lower bounds of arrivals and departures, which are claims."""


def sentences(
    summary: Mapping[str, object], table: pd.DataFrame, unavailable: Mapping[str, str] | None = None
) -> list[Sentence]:
    """What a run found, the most important first; none says more than its interval.

    Parameters
    ----------
    summary : mapping
        As ``summary.json``.
    table : pandas.DataFrame
        The time series.
    unavailable : mapping of str to str, optional
        Figure -> why it cannot be had.

    Returns
    -------
    list of Sentence
        On containers, turnover, ground, other boxes, zones and looks, those that there is something to say of.
    """
    facts = Facts(summary, table, unavailable or {})
    found = [told(facts) for told in (containers, turnover, ground, others, zones, looks)]
    if facts.total("containers", "first") is None:
        # What was found comes before why something could not be.
        found[0], found[2] = found[2], found[0]
    return [sentence for sentence in found if sentence is not None]


def sentences_json(found: Sequence[Sentence]) -> list[JsonObject]:
    """Sentences as ``summary.json`` keeps them.

    Parameters
    ----------
    found : sequence of Sentence
        Of `sentences`.

    Returns
    -------
    list of dict
        ``about, text, dates``.
    """
    return [{"about": one.about, "text": one.text, "dates": [*one.dates]} for one in found]


def words_explained(found: Sequence[Sentence]) -> str:
    """What the words for probabilities, the brackets and the bounds in sentences mean.

    Parameters
    ----------
    found : sequence of Sentence
        Of `sentences`.

    Returns
    -------
    str
        One sentence for each that is used.
    """
    text = " ".join(one.text for one in found)
    used = [f"{word} means {band}" for _, word, band in LIKELIHOODS if re.search(rf"\({word}\)", text)]
    told = ["Figures in brackets are 95 % intervals."]
    if any(one.about in _CLAIMING and re.search(r"\bat least [0-9]", one.text) for one in found):
        told.append(
            "Bounds after “at least” hold all at once and may rest on other figures: they are no ends of intervals."
        )
    if used:
        told.append(f"By the model, {', '.join(used)}.")
    return " ".join(told)
