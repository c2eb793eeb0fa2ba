"""Which band of a file shows what: by its vendor, by its header, else asked once for each family of names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from changedet.imagery.bands import ROLES, role_from_description
from changedet.workflow.starter.headers import Header
from changedet.workflow.starter.questions import Questions, roles_answer
from changedet.workflow.starter.vendors.delivery import Delivery
from changedet.workflow.yaml_tree import printable

ORDERS: Final[Mapping[int, tuple[tuple[str, ...], ...]]] = {
    1: (("pan",), ("amplitude",)),
    2: (("pan", "alpha"), ("vv", "vh"), ("hh", "hv"), ("amplitude", "alpha")),
    3: (("red", "green", "blue"), ("blue", "green", "red"), ("nir", "red", "green")),
    4: (
        ("blue", "green", "red", "nir"),
        ("red", "green", "blue", "nir"),
        ("nir", "red", "green", "blue"),
        ("green", "red", "nir", "swir1"),
        ("red", "green", "blue", "-"),
    ),
    5: (("blue", "green", "red", "rededge", "nir"), ("blue", "green", "red", "nir", "rededge")),
    6: (
        ("blue", "green", "red", "nir", "swir1", "swir2"),
        ("red", "green", "blue", "nir", "rededge", "coastal"),
        ("coastal", "blue", "green", "red", "rededge", "nir"),
    ),
    7: (("coastal", "blue", "green", "red", "nir", "swir1", "swir2"),),
    8: (
        ("coastal", "blue", "green", "-", "red", "rededge", "nir", "-"),
        ("coastal", "blue", "-", "green", "-", "red", "rededge", "nir"),
    ),
}
"""Orders in which files of so many bands come: of the vendors' products, and of what people make of them."""
ShowOrders = Callable[[str, Sequence[Sequence[str]]], str]
"""Draws a file in several orders of its bands and returns the picture's path; empty where it cannot."""
_BGRN: Final = "files of four bands come as blue green red nir as often as red green blue nir"
_COLOURS: Final = 3
"""Bands from which on an order can be drawn as a picture."""
_LOOK: Final = ": look at one before you answer"
_LONGEST_LIST: Final = 200
"""Characters of the bands' descriptions in a question."""
_MONTHS: Final = re.compile(r"jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec", re.IGNORECASE)

Family = tuple[object, ...]


def family_of(header: Header, delivery: Delivery | None) -> Family:
    """What files that were made by one rule have in common; they get one question about their bands.

    Parameters
    ----------
    header : Header
        Of a scene.
    delivery : Delivery or None
        What its vendor says.

    Returns
    -------
    tuple
        What its header says of its bands, its name without digits and months, its sensor: to be compared.
    """
    name = re.sub("[0-9]+", "#", _MONTHS.sub("#", header.name))
    return header.layout, name.lower(), delivery.sensor if delivery else ""


def more(count: int) -> str:
    """How many more files a question is about.

    Parameters
    ----------
    count : int
        All of them.

    Returns
    -------
    str
        With a blank before it; empty for one alone.
    """
    return f" (and {count - 1} more)" if count > 1 else ""


def roles_of(
    found: Sequence[Header],
    deliveries: Mapping[str, Delivery],
    questions: Questions,
    show: ShowOrders | None,
) -> dict[str, tuple[dict[str, int], str]]:
    """The bands of each file that does not say them itself.

    Parameters
    ----------
    found : sequence of Header
        Of the scenes.
    deliveries : mapping of path to Delivery
        What vendors say, by the first path of each scene.
    questions : Questions
        For what nothing says.
    show : callable or None
        Draws what each order would look like.

    Returns
    -------
    dict of path to (bands, path)
        Band numbers by role, empty where nobody could be asked; and the file that was asked about, if any.
    """
    families: dict[Family, list[Header]] = {}
    result: dict[str, tuple[dict[str, int], str]] = {}
    for header in found:
        own = deliveries.get(header.path)
        if own is not None and own.paths[0][0]:
            continue
        known = own.bands.get(len(header.raster.bands)) if own is not None else None
        if known:
            result[header.path] = ({role: i for i, role in enumerate(known, 1) if role}, "")
        elif header.roles is None and header.roles_by_name:
            result[header.path] = (dict(header.roles_by_name), "")
        elif header.roles is None and not (header.role_in_name and own is None):
            families.setdefault(family_of(header, own), []).append(header)
    answers: dict[object, dict[str, int]] = {}
    for members in families.values():
        first = members[0]
        answer = _asked_roles(first, len(members), questions, show, answers.get(first.layout))
        answers[first.layout] = answer or {}
        result |= {header.path: (answer or {}, first.path) for header in members}
    return result


def _asked_roles(
    header: Header, alike: int, questions: Questions, show: ShowOrders | None, same: Mapping[str, int] | None
) -> dict[str, int] | None:
    bands = header.raster.bands
    described = ", ".join(f"{i}: {band.description or band.color}" for i, band in enumerate(bands, 1))
    described = printable(" ".join(described.split()))
    count = f"{len(bands)} band{'s' if len(bands) != 1 else ''}"
    said = f"{count} ({described[:_LONGEST_LIST]}) of which not all say what they show"
    named = [role_from_description(band.description or "", header.name) for band in bands]
    orders = [one for one in ORDERS.get(len(bands), ()) if _agrees(one, named)]
    picture = show(header.path, orders) if show is not None and len(bands) >= _COLOURS and orders else ""
    hint = f"; {_BGRN}{'' if picture else _LOOK}" if len(bands) == 4 else ""
    drawn = f"; what each order would look like: {picture}" if picture else ""
    or_number = ", or give a number from above" if orders else ""
    question = "\n".join(
        [
            f"{header.path}{more(alike)}: {said}{hint}{drawn}",
            *(f"  {i} = {' '.join(order)}" for i, order in enumerate(orders, 1)),
            f"Name the role of each in order, '-' for one to leave out{or_number}.",
            f"Roles: {' '.join(ROLES)}{f'. Enter alone: as before ({_in_order(same)})' if same else ''}",
        ]
    )
    doubt = f"{said}; expected a role for each{hint}{drawn}"
    return questions.answer(header.path, "bands", doubt, question, roles_answer(len(bands), orders, same))


def _agrees(order: Sequence[str], named: Sequence[str | None]) -> bool:
    """Whether an order has each band that the file names where the file has it."""
    return all(role is None or role == own for own, role in zip(order, named, strict=True))


def _in_order(bands: Mapping[str, int]) -> str:
    return " ".join(sorted(bands, key=lambda role: bands[role]))
