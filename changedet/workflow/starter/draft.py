"""What a starter workflow says about each scene: from its header, its name and the answers to questions."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from changedet.errors import Problem
from changedet.workflow.geo_fields import Bounds
from changedet.workflow.sidecar_masks import Mask
from changedet.workflow.starter.acquisition_dates import (
    TIFF_TAG,
    NameDate,
    date_from_tags,
    date_from_tiff,
    dates_from_names,
    names_a_month,
    readings,
)
from changedet.workflow.starter.band_orders import ShowOrders, more, roles_of
from changedet.workflow.starter.headers import Header
from changedet.workflow.starter.questions import (
    Questions,
    crs_and_bounds_answer,
    crs_answer,
    date_answer,
    yes_or_no,
)
from changedet.workflow.starter.vendors.delivery import Delivery

TODO: Final = "TODO"
"""What stands in a draft where something is not known; no workflow with it is valid."""


class SceneDate(NamedTuple):
    """When a scene was taken; `form` is the format where its name has it, `source` where it comes from."""

    date: dt.date | None
    form: str
    source: str


@dataclass(frozen=True)
class Draft:
    """One scene of the starter workflow.

    Attributes
    ----------
    path : str
        As given.
    date : datetime.date or None
        UTC; None where nobody could be asked.
    form : str
        Format of the date in the file's name; empty where it is not there.
    date_source : str
        Where the date comes from, for a comment.
    facts : str
        The header in words, for a comment.
    gsd_m : float
        Ground sampling distance; NaN where its place is not known.
    bands : mapping of role to band number
        Empty where nobody could be asked.
    has_roles : bool
        Whether the file itself says what its bands show.
    georeference : tuple of crs and (west, south, east, north) or None, or None
        Only where the file has none; of one with a position the CRS alone.
    role : str
        Of a file of one band, the role that its name ends in.
    mask : Mask or None
        The file beside it that holds its clouds.
    delivery : Delivery or None
        What its vendor says of it.
    todo : mapping of str to str
        By topic what is not known, where nobody could be asked.
    asked : str
        The file of its family that the question about the bands named; empty where there was none.
    nodata : float or None
        What its vendor says of pixels that show nothing, where the file itself does not; None in 8 bits, where black
        may be a picture's own.
    has_position : bool
        Whether the file says where its pixels lie, be it without a CRS.
    """

    path: str
    date: dt.date | None
    form: str
    date_source: str
    facts: str
    gsd_m: float
    bands: Mapping[str, int]
    has_roles: bool
    georeference: tuple[str, Bounds | None] | None
    role: str = ""
    mask: Mask | None = None
    delivery: Delivery | None = None
    todo: Mapping[str, str] = field(default_factory=dict)
    asked: str = ""
    nodata: float | None = None
    has_position: bool = True


def drafts_of(
    found: Sequence[Header],
    masks: Mapping[str, Mask],
    deliveries: Mapping[str, Delivery],
    questions: Questions,
    show: ShowOrders | None,
) -> list[Draft]:
    """A draft of each scene.

    Parameters
    ----------
    found : sequence of Header
        Of the scenes.
    masks : mapping of path to Mask
        By the scene that they belong to.
    deliveries : mapping of path to Delivery
        What vendors say, by the first path of each scene.
    questions : Questions
        For what the headers leave open.
    show : callable, optional
        Draws what each order of the bands would look like.

    Returns
    -------
    list of Draft
        In the order of the headers.
    """
    dated = _all_dates(found, deliveries, questions)
    roles = roles_of(found, deliveries, questions, show)
    drafts: list[Draft] = []
    places: dict[object, tuple[str, Bounds | None]] = {}
    for header in found:
        when, own = dated[header.path], deliveries.get(header.path)
        alone = own is None or (header.path == own.paths[0][1] and not own.paths[0][0])
        bands, asked = roles.get(header.path, ({}, ""))
        georeference = _georeference(header, questions, places)
        drafts.append(
            Draft(
                path=header.path,
                date=when.date,
                form=when.form,
                date_source=when.source,
                facts=header.in_words(),
                gsd_m=header.gsd_m if own is None or math.isnan(own.pan_m) else own.pan_m,
                bands=bands or header.roles or {},
                has_roles=not alone or (header.roles is not None and not bands),
                georeference=georeference,
                role="" if own else header.role_in_name,
                mask=masks.get(header.path),
                delivery=own,
                todo=_todo(questions, header.path, asked),
                asked=asked,
                nodata=_nodata(header, own),
                has_position=header.missing_place != "crs and bounds",
            )
        )
    return drafts


def _nodata(header: Header, own: Delivery | None) -> float | None:
    said = any(band.nodata is not None or band.dtype == "uint8" for band in header.raster.bands)
    return None if own is None or said else own.nodata


def _todo(questions: Questions, path: str, asked: str) -> dict[str, str]:
    """What is not known of a scene; of its bands the family's first scene was asked for."""
    files = {"date": path, "crs": path, "bands": asked}
    return {topic: questions.doubts[file, topic] for topic, file in files.items() if (file, topic) in questions.doubts}


def _all_dates(
    found: Sequence[Header], deliveries: Mapping[str, Delivery], questions: Questions
) -> dict[str, SceneDate]:
    """The date of each scene by its path: its vendor's, where that is not in doubt."""
    dated: dict[str, SceneDate] = {}
    for header in found:
        own = deliveries.get(header.path)
        if own is not None and own.moment is not None:
            dated[header.path] = SceneDate(own.moment[0], "", f"from {own.source}")
        elif own is not None and own.doubt:
            asked = _asked_date(header, NameDate(doubt=own.doubt), questions)
            dated[header.path] = asked or SceneDate(None, "", "")
    left = [header for header in found if header.path not in dated]
    return dated | {header.path: when for header, when in zip(left, _dates(left, questions), strict=True)}


def _dates(found: Sequence[Header], questions: Questions) -> list[SceneDate]:
    names = dates_from_names([header.name for header in found])
    folders = dates_from_names([Path(header.path).parent.name for header in found])
    stamps = [date_from_tiff(header.raster.tags) for header in found]
    answered: dict[str, bool | None] = {}
    result: list[SceneDate] = []
    for header, name, folder, stamp in zip(found, names, folders, stamps, strict=True):
        # Two files with one stamp were written on one day, which says nothing of when they were taken.
        own = stamp if stamp is not None and stamps.count(stamp) == 1 else None
        known = _known_date(header, name, folder, own)
        partial = name.date is None and bool(name.form)
        if known is None and partial:
            known = _first_of_period(header, name, names, answered, questions)
        if known is None and not (partial and not questions.can_ask):
            known = _asked_date(header, name, questions)
        result.append(known or SceneDate(None, "", ""))
    return result


def _known_date(header: Header, name: NameDate, folder: NameDate, stamp: dt.date | None) -> SceneDate | None:
    tagged = date_from_tags(header.raster.tags)
    if tagged is not None and name.date not in {None, tagged[1]}:
        return None
    if name.date is not None:
        return SceneDate(name.date, name.form, "in the name")
    if tagged is not None:
        return SceneDate(tagged[1], "", f"from {tagged[0]}")
    if folder.date is not None and name == NameDate():
        return SceneDate(folder.date, "", "in its folder's name")
    # A year in a name is believed before a stamp that may be of the day of writing.
    if stamp is not None and not name.form:
        return SceneDate(stamp, "", f"from {TIFF_TAG}; some programs put the day of writing there: check it")
    return None


def _first_of_period(
    header: Header,
    name: NameDate,
    names: Sequence[NameDate],
    answered: dict[str, bool | None],
    questions: Questions,
) -> SceneDate | None:
    """Of a name with only a year or month its first day, after one question for all names of that form."""
    if name.form not in answered:
        count = sum(other.form == name.form for other in names)
        first = "first of the month" if names_a_month(name.form) else "first of January"
        doubt = f"{name.doubt}; give 'date', or 'date_format: \"{name.form}\"' if the {first} will do"
        question = f"{header.path}{more(count)}: {name.doubt}. Take the {first} as its date? [yes/no]"
        answered[name.form] = questions.answer(header.path, "date", doubt, question, yes_or_no)
    elif not questions.can_ask:
        questions.problems.append(Problem(name.doubt, "date", header.path))
        questions.doubts[header.path, "date"] = name.doubt
    if not answered[name.form]:
        return None
    read = next(date for form, date in readings(header.name) if form == name.form)
    return SceneDate(read, name.form, "in the name; the rest of the date is not known")


def _asked_date(header: Header, name: NameDate, questions: Questions) -> SceneDate | None:
    tagged = date_from_tags(header.raster.tags)
    doubt = name.doubt
    if tagged is not None and name.date is not None:
        doubt = f"the name says {name.date}, the tag {tagged[0]} says {tagged[1]}"
    question = f"{header.path}: {doubt}. When was it taken (YYYY-MM-DD, UTC)?"
    date = questions.answer(header.path, "date", f"{doubt}; expected one date", question, date_answer)
    return None if date is None else SceneDate(date, "", "as answered")


def _georeference(
    header: Header, questions: Questions, before: dict[object, tuple[str, Bounds | None]]
) -> tuple[str, Bounds | None] | None:
    """The place of a file that does not say it; `before` has the last answer for files that lack the same."""
    missing = header.missing_place
    if not missing:
        return (header.crs_beside, None) if header.crs_beside else None
    doubt = "no georeference: its crs and bounds are not known"
    if missing == "crs":
        # As a world file beside a picture: often degrees (EPSG:4326) or metres of a web map (EPSG:3857).
        doubt = "a position and no coordinate system; degrees are mostly EPSG:4326, metres of a web map EPSG:3857"
    alike = missing if missing == "crs" else (missing, header.raster.shape)
    last = before.get(alike)
    again = "" if last is None else f" Enter alone: as before ({last[0]})"
    question = f"{header.path}: has a position but no coordinate reference system. Which, such as EPSG:32633?{again}"
    if missing != "crs":
        example = "EPSG:32633 500000 6700000 501000 6701000"
        question = f"{header.path}: has no georeference. Its crs and bounds, such as '{example}'?{again}"

    def _convert(answer: str) -> tuple[str, Bounds | None]:
        if not answer and last is not None:
            return last
        return (crs_answer(answer), None) if missing == "crs" else crs_and_bounds_answer(answer)

    found = questions.answer(header.path, "crs", doubt, question, _convert)
    if found is not None:
        before[alike] = found
    return found
