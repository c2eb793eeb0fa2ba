"""``changedet init``: a commented workflow from the scenes' own metadata; what they leave open is asked for."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from changedet.errors import InputError, Problem
from changedet.imagery.bands import ROLES
from changedet.stages.registry import Stage
from changedet.workflow.checker import UnfitError
from changedet.workflow.dates import calendar_date
from changedet.workflow.geo_fields import Bounds, bounds, crs
from changedet.workflow.sidecar_masks import masks_of
from changedet.workflow.starter import dates, headers
from changedet.workflow.starter.headers import Header
from changedet.workflow.starter.text import Draft, write
from changedet.workflow.yaml_tree import ListNode, ScalarNode

T = TypeVar("T")
TRIES: Final = 3
_BGRN: Final = (
    "files of four bands come as blue green red nir as often as red green blue nir: look at one before you answer"
)
# What to do where nobody can be asked, said once for each thing that is not known.
_REMEDIES: Final = {
    "date": "put it into the file's name, such as 2023-06-04_{name}; or run this in a terminal, which asks",
    "bands": "run this in a terminal, which asks; or write 'bands: {{red: 1, nir: 4}}' into a workflow yourself",
    "crs": "georeference the file; or run this in a terminal, which asks",
}


def starter_workflow(
    scenes: Sequence[str],
    *,
    ask: Callable[[str], str] | None,
    folder: str | os.PathLike[str] = ".",
    registry: Mapping[str, Stage[object]] | None = None,
) -> str:
    """A commented starter workflow for these scenes.

    Parameters
    ----------
    scenes : sequence of str
        Raster files, folders, glob patterns, URLs, STAC catalogs or item collections.
    ask : callable or None
        Gets a question and returns the answer; None refuses instead of asking.
    folder : path
        Where the workflow will be saved: paths in it are relative to this.
    registry : mapping of stage to Stage, optional
        Instead of the package's own methods.

    Returns
    -------
    str
        YAML, which `load_workflow` reads without a mistake.

    Raises
    ------
    InputError
        For each file that cannot be read and, where nobody can be asked, for each thing that the scenes do not say.
    """
    rasters, catalogs = headers.find_files(scenes)
    # A glob finds the masks beside its scenes again; they are no scenes of their own.
    masks = {mask.path: mask for mask in masks_of(rasters)}
    rasters = [path for path in rasters if path not in masks]
    asking = _Asking(ask)
    found = _read(rasters, asking.open)
    if ask is not None:
        # Nobody should answer questions for a workflow that cannot be written.
        asking.finish()
    beside = {mask.scene: mask for mask in masks.values() if mask.role}
    drafts = [replace(draft, mask=beside.get(draft.path)) for draft in _drafts(found, asking)]
    asking.finish()
    return write(drafts, catalogs, os.path.abspath(folder), registry)  # noqa: PTH100


def _read(paths: Sequence[str], problems: list[Problem]) -> list[Header]:
    found: list[Header] = []
    for path in paths:
        try:
            found.append(headers.read(path))
        except InputError as error:
            problems.extend(error.problems)
    return found


@dataclass
class _Asking:
    """Asks what scenes leave open or, with nobody to ask, collects it."""

    ask: Callable[[str], str] | None
    open: list[Problem] = field(default_factory=list)

    def __call__(self, file: str, key: str, doubt: str, question: str, convert: Callable[[str], T]) -> T | None:
        if self.ask is None:
            remedy = _REMEDIES[key].format(name=os.path.basename(file))  # noqa: PTH119
            first = all(other.key != key for other in self.open)
            self.open.append(Problem(f"{doubt}; {remedy}" if first else doubt, key, file))
            return None
        said = ""
        for _ in range(TRIES):
            try:
                return convert(self.ask(f"{said}{question}").strip())
            except UnfitError as mistake:
                said = f"{mistake}. "
        raise InputError(Problem(f"no usable answer: {said.rstrip('. ')}", key, file))

    def finish(self) -> None:
        if self.open:
            raise InputError(self.open)


def _drafts(found: Sequence[Header], asking: _Asking) -> list[Draft]:
    dated = _dates(found, asking)
    roles = _bands(found, asking)
    drafts: list[Draft] = []
    for header, (date, form, why) in zip(found, dated, strict=True):
        place = _placed(header, asking)
        drafts.append(
            Draft(
                path=header.path,
                date=date,
                form=form,
                why=why,
                facts=header.described(),
                gsd_m=header.gsd_m,
                bands=header.roles or roles.get(header.layout) or {},
                told=header.roles is not None,
                place=place,
                role=header.role_in_name,
            )
        )
    return drafts


# ---------------------------------------------------------------- dates

Dated = tuple[dt.date | None, str, str]


def _dates(found: Sequence[Header], asking: _Asking) -> list[Dated]:
    """Date, format where the name has it, and where it comes from."""
    names = dates.named([header.name for header in found])
    writing = [dates.written(header.raster.tags) for header in found]
    answered: dict[str, bool | None] = {}
    result: list[Dated] = []
    for header, finding, stamp in zip(found, names, writing, strict=True):
        # Two files with one stamp were written on one day, which says nothing of when they were taken.
        told = stamp if stamp is not None and writing.count(stamp) == 1 else None
        known = _known(header, finding, told)
        partial = finding.date is None and bool(finding.form)
        if known is None and partial:
            known = _partly(header, finding, names, answered, asking)
        if known is None and not (partial and asking.ask is None):
            known = _asked(header, finding, asking)
        result.append(known or (None, "", ""))
    return result


def _known(header: Header, finding: dates.Finding, stamp: dt.date | None) -> Dated | None:
    tagged = dates.tagged(header.raster.tags)
    if tagged is not None and finding.date not in {None, tagged[1]}:
        return None
    if finding.date is not None:
        return finding.date, finding.form, "in the name"
    if tagged is not None:
        return tagged[1], "", f"from {tagged[0]}"
    # A name that tells a year is believed before a stamp that may be of the day of writing.
    if stamp is not None and not finding.form:
        return stamp, "", f"from {dates.WRITTEN_TAG}; some programs put the day of writing there: check it"
    return None


def _partly(
    header: Header,
    finding: dates.Finding,
    names: Sequence[dates.Finding],
    answered: dict[str, bool | None],
    asking: _Asking,
) -> Dated | None:
    """A name with only a year or month: one question for all names of that form."""
    if finding.form not in answered:
        count = sum(other.form == finding.form for other in names)
        first = "first of January" if "%m" not in finding.form else "first of the month"
        doubt = f"{finding.doubt}; give 'date', or 'date_format: \"{finding.form}\"' if the {first} will do"
        more = f" (and {count - 1} more)" if count > 1 else ""
        question = f"{header.path}{more}: {finding.doubt}. Take the {first} as its date? [yes/no]"
        answered[finding.form] = asking(header.path, "date", doubt, question, _yes_or_no)
    elif asking.ask is None:
        asking.open.append(Problem(finding.doubt, "date", header.path))
    if not answered[finding.form]:
        return None
    read = next(date for form, date in dates.readings(header.name) if form == finding.form)
    return read, finding.form, "in the name; the rest of the date is not known"


def _asked(header: Header, finding: dates.Finding, asking: _Asking) -> Dated | None:
    tagged = dates.tagged(header.raster.tags)
    doubt = finding.doubt
    if tagged is not None and finding.date is not None:
        doubt = f"the name says {finding.date}, the tag {tagged[0]} says {tagged[1]}"
    question = f"{header.path}: {doubt}. When was it taken (YYYY-MM-DD, UTC)?"
    date = asking(header.path, "date", f"{doubt}; expected one date", question, _date)
    return None if date is None else (date, "", "as answered")


# ---------------------------------------------------------------- bands and place


def _bands(found: Sequence[Header], asking: _Asking) -> dict[tuple[object, ...], dict[str, int]]:
    """The roles of each layout that does not tell them all."""
    result: dict[tuple[object, ...], dict[str, int]] = {}
    for header in found:
        if header.roles is None and not header.role_in_name and header.layout not in result:
            alike = sum(other.layout == header.layout for other in found)
            result[header.layout] = _asked_bands(header, alike, asking) or {}
    return result


def _asked_bands(header: Header, alike: int, asking: _Asking) -> dict[str, int] | None:
    bands = header.raster.bands
    told = [f"{i} {band.description or band.color}" for i, band in enumerate(bands, 1)]
    count = f"{len(bands)} band{'s' if len(bands) != 1 else ''}"
    said = f"{count} ({', '.join(told)[:200]}) of which not all say what they show"
    hint = f"; {_BGRN}" if len(bands) == 4 else ""
    example = {1: "pan", 3: "red green blue", 4: "blue green red nir"}.get(len(bands), "blue green red nir - -")
    more = f" (and {alike - 1} more)" if alike > 1 else ""
    question = (
        f"{header.path}{more}: {said}. Name the role of each in order, '-' for one to leave out, such as "
        f"'{example}'{hint}. Roles: {' '.join(ROLES)}"
    )
    return asking(header.path, "bands", f"{said}; expected a role for each{hint}", question, _roles(len(bands)))


def _placed(header: Header, asking: _Asking) -> tuple[str, Bounds] | None:
    if not header.place:
        return None
    doubt = f"no georeference: its {header.place} {'is' if header.place == 'crs' else 'are'} not known"
    if header.place == "crs":
        question = f"{header.path}: has a position but no coordinate reference system. Which, such as EPSG:32633?"
        system = asking(header.path, "crs", doubt, question, _crs)
        return None if system is None else (system, header.bounds)
    question = (
        f"{header.path}: has no georeference. Its crs and bounds, such as 'EPSG:32633 500000 6700000 501000 6701000'?"
    )
    return asking(header.path, "crs", doubt, question, _crs_and_bounds)


# ---------------------------------------------------------------- answers


def _date(answer: str) -> dt.date:
    return calendar_date(ScalarNode(answer, 1))


def _crs(answer: str) -> str:
    return crs(ScalarNode(answer, 1))


def _crs_and_bounds(answer: str) -> tuple[str, Bounds]:
    words = answer.replace(",", " ").split()
    if len(words) != 5:
        raise UnfitError(f"got '{answer}', expected a crs and four numbers: west south east north")
    return _crs(words[0]), bounds(ListNode(tuple(ScalarNode(word, 1) for word in words[1:]), 1))


def _yes_or_no(answer: str) -> bool:
    if answer.lower() not in {"y", "yes", "n", "no"}:
        raise UnfitError(f"got '{answer}', expected yes or no")
    return answer.lower() in {"y", "yes"}


def _roles(count: int) -> Callable[[str], dict[str, int]]:
    def convert(answer: str) -> dict[str, int]:
        words = re.split(r"[\s,]+", answer.lower())
        named = [word for word in words if word != "-"]
        if len(words) != count or not named:
            raise UnfitError(f"got '{answer}', expected {count} words, one for each band")
        strange = [word for word in named if word not in ROLES]
        if strange or len(set(named)) < len(named):
            raise UnfitError(f"got '{answer}', expected each role once and of: {' '.join(ROLES)}")
        return {word: i for i, word in enumerate(words, 1) if word != "-"}

    return convert
