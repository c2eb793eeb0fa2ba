"""Questions about what scenes leave open: put to a person or, with nobody to ask, collected as mistakes."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal, TypeVar

from changedet.errors import InputError, Problem
from changedet.imagery.bands import ROLES
from changedet.workflow.checker import UnfitError
from changedet.workflow.dates import calendar_date
from changedet.workflow.geo_fields import Bounds, bounds, crs
from changedet.workflow.yaml_tree import ListNode, ScalarNode

T = TypeVar("T")
Topic = Literal["date", "bands", "crs"]

TRIES: Final = 3
"""So often an answer may be wrong."""

_REMEDIES: Final[dict[Topic, str]] = {
    "date": "put it into the file's name, such as 2023-06-04_{name}; or run this in a terminal, which asks",
    "bands": "run this in a terminal, which asks; or write 'bands: {{red: 1, nir: 4}}' into a workflow yourself",
    "crs": "georeference the file; or run this in a terminal, which asks",
}
"""What to do where nobody can be asked; said once for each thing that is not known."""


class Questions:
    """Asks what scenes leave open or, with nobody to ask, collects it.

    Parameters
    ----------
    ask : callable or None
        Gets a question and returns the answer; None where nobody can be asked.

    Attributes
    ----------
    problems : list of Problem
        What is wrong or not known so far.
    doubts : dict of (file, topic) to str
        What is not known where nobody could be asked.
    """

    def __init__(self, ask: Callable[[str], str] | None) -> None:
        self._ask = ask
        self.problems: list[Problem] = []
        self.doubts: dict[tuple[str, str], str] = {}

    @property
    def can_ask(self) -> bool:
        """Whether there is anybody to ask; else doubts become problems."""
        return self._ask is not None

    def answer(self, file: str, topic: Topic, doubt: str, question: str, convert: Callable[[str], T]) -> T | None:
        """The answer to a question.

        Parameters
        ----------
        file : str
            The scene.
        topic : {"date", "bands", "crs"}
            What it is about.
        doubt : str
            What is not known, where nobody can be asked.
        question : str
            As it is put; again after a wrong answer.
        convert : callable
            From the answer to the value; raises `UnfitError`.

        Returns
        -------
        object or None
            What `convert` gives; None where nobody can be asked, with the doubt among the problems.

        Raises
        ------
        InputError
            Wrong answers, `TRIES` times.
        """
        if self._ask is None:
            remedy = _REMEDIES[topic].format(name=os.path.basename(file))  # noqa: PTH119
            first = all(other.key != topic for other in self.problems)
            self.problems.append(Problem(f"{doubt}; {remedy}" if first else doubt, topic, file))
            self.doubts[file, topic] = doubt
            return None
        said = ""
        for _ in range(TRIES):
            try:
                return convert(self._ask(f"{said}{question}").strip())
            except UnfitError as mistake:
                said = f"{mistake}. "
        raise InputError(Problem(f"no usable answer: {said.rstrip('. ')}", topic, file))

    def finish(self) -> None:
        """Raise everything that is wrong or not known, at once.

        Raises
        ------
        InputError
            There is anything.
        """
        if self.problems:
            raise InputError(self.problems)


def date_answer(answer: str) -> dt.date:
    """A date from an answer.

    Parameters
    ----------
    answer : str
        ``YYYY-MM-DD``; UnfitError for anything else.

    Returns
    -------
    datetime.date
        UTC.
    """
    return calendar_date(ScalarNode(answer, 1))


def crs_answer(answer: str) -> str:
    """A coordinate reference system from an answer.

    Parameters
    ----------
    answer : str
        Such as ``EPSG:32633``; UnfitError for anything that PROJ does not know.

    Returns
    -------
    str
        ``EPSG:code`` or WKT.
    """
    return crs(ScalarNode(answer, 1))


def crs_and_bounds_answer(answer: str) -> tuple[str, Bounds]:
    """A georeference from an answer.

    Parameters
    ----------
    answer : str
        Coordinate reference system, west, south, east, north; with spaces or commas between.

    Returns
    -------
    tuple of str and (west, south, east, north)
        As the workflow takes them.

    Raises
    ------
    UnfitError
        Not five words.
    """
    words = answer.replace(",", " ").split()
    if len(words) != 5:
        raise UnfitError(f"got '{answer}', expected a crs and four numbers: west south east north")
    return crs_answer(words[0]), bounds(ListNode(tuple(ScalarNode(word, 1) for word in words[1:]), 1))


def yes_or_no(answer: str) -> bool:
    """Whether an answer is yes.

    Parameters
    ----------
    answer : str
        ``yes``, ``y``, ``no`` or ``n``.

    Returns
    -------
    bool
        True for yes.

    Raises
    ------
    UnfitError
        Another answer.
    """
    if answer.lower() not in {"y", "yes", "n", "no"}:
        raise UnfitError(f"got '{answer}', expected yes or no")
    return answer.lower() in {"y", "yes"}


def roles_answer(
    count: int, choices: Sequence[Sequence[str]], same: Mapping[str, int] | None
) -> Callable[[str], dict[str, int]]:
    """The band of each role, from an answer that names the role of each band in order.

    Parameters
    ----------
    count : int
        Number of bands.
    choices : sequence of sequence of str
        Orders that an answer may name by their number, from 1.
    same : mapping of role to band number, optional
        What an empty answer means.

    Returns
    -------
    callable
        From the answer to band numbers, from 1, by role; ``-`` leaves a band out. Raises `UnfitError`.
    """

    def _convert(answer: str) -> dict[str, int]:
        if not answer and same:
            return dict(same)
        chosen = choices[int(answer) - 1] if answer in map(str, range(1, len(choices) + 1)) else ()
        words = list(chosen) or re.split(r"[\s,]+", answer.lower())
        named = [word for word in words if word != "-"]
        if len(words) != count or not named:
            raise UnfitError(f"got '{answer}', expected {count} words, one for each band")
        strange = [word for word in named if word not in ROLES]
        if strange or len(set(named)) < len(named):
            raise UnfitError(f"got '{answer}', expected each role once and of: {' '.join(ROLES)}")
        return {word: i for i, word in enumerate(words, 1) if word != "-"}

    return _convert
