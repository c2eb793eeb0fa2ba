"""What the variants of a run say of its claims: in how many of them each holds, and in what range its figure lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from changedet.json_types import Json, JsonObject
from changedet.outputs.values import as_float, iso_date, mapping_at

PARTS: Final = {"containers": ("first", "last", "peak"), "footprint_area_m2": ("first", "last", "peak")}
"""Totals whose range is given: those of change since the reference change with it."""
CHANGED_AREA: Final = "changed_area"

Variants = Sequence[Mapping[str, Any]]


def robustness(found: Mapping[str, Json], variants: Variants) -> JsonObject:
    """How far the totals and onsets of a run hold in its variants.

    Parameters
    ----------
    found : mapping
        ``summary.json`` of the run: its ``totals`` and ``onset``.
    variants : sequence of mapping
        Of `kept_variants`.

    Returns
    -------
    dict
        ``variants`` (names), ``failed`` (name -> why), ``totals`` (figure -> part -> ``least, most``), ``onset``
        (figure -> ``held, of, low, high``: in how many of the variants that could show it the onset, or that there is
        none, is the same within both their bounds, and the widest bounds of those that have one).
    """
    done = _done(variants)
    figures: JsonObject = {
        name: {part: _range(found, done, name, part) for part in parts} for name, parts in PARTS.items()
    }
    onsets = mapping_at(found, "onset")
    return {
        "variants": [str(one["name"]) for one in done],
        "failed": {str(one["name"]): str(one["error"]) for one in variants if "error" in one},
        "totals": figures,
        "onset": {name: _onset(name, mapping_at(onsets, name), done) for name in onsets},
    }


def with_robustness(claims: Sequence[JsonObject], variants: Variants | None) -> list[Json]:
    """Claims with the variants in which they hold.

    Parameters
    ----------
    claims : sequence of dict
        As ``summary.json`` keeps them.
    variants : sequence of mapping, or None
        Of `kept_variants`; None where there are none.

    Returns
    -------
    list of dict
        With ``robust``: ``held, of, least, most``, the range of its value in those where it holds; null without
        variants.
    """
    if variants is None:
        return [{**claim, "robust": None} for claim in claims]
    return [{**claim, "robust": _of_claim(claim, _done(variants))} for claim in claims]


def _done(variants: Variants) -> list[Mapping[str, Any]]:
    return [one for one in variants if "error" not in one]


def _of_claim(claim: Mapping[str, Json], done: Variants) -> JsonObject:
    # A run without the date of a claim cannot make it.
    able = [one for one in done if one["left_out"] != claim["date"]]
    same = ("kind", "about", "zone", "date")
    values = [
        float(other["value"])
        for one in able
        for other in one["claims"]
        if all(other[name] == claim[name] for name in same)
    ]
    least, most = (min(values), max(values)) if values else (None, None)
    return {"held": len(values), "of": len(able), "least": least, "most": most}


def _range(found: Mapping[str, Json], done: Variants, name: str, part: str) -> JsonObject:
    own = mapping_at(found, "totals", name, part)
    values = [
        value
        for one in done
        if iso_date((other := mapping_at(one, "totals", name, part)).get("date")) == iso_date(own.get("date"))
        if (value := as_float(other.get("value"))) is not None
    ]
    return {"least": min(values, default=None), "most": max(values, default=None)}


def _onset(name: str, own: Mapping[str, object], done: Variants) -> JsonObject:
    begin = iso_date(own.get("date"))
    # A change is no change to a reference that has it.
    able = [one for one in done if name != CHANGED_AREA or not begin or str(one["before"]) < iso_date(own.get("low"))]
    others = [mapping_at(one, "onset", name) for one in able]
    dated = [one for one in others if one.get("date")]
    held = sum(_overlap(own, one) for one in dated) if begin else len(others) - len(dated)
    return {
        "held": held,
        "of": len(able),
        "low": min((iso_date(one.get("low")) for one in dated), default=None),
        "high": max((iso_date(one.get("high")) for one in dated), default=None),
    }


def _overlap(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    return iso_date(one.get("low")) <= iso_date(other.get("high")) and iso_date(other.get("low")) <= iso_date(
        one.get("high")
    )
