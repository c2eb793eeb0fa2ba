"""Errors of one line each: where, what is wrong, and what to do."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

LONGEST_LINE: Final = 1000
"""Characters of an error line. A stranger's document may hold a value of megabytes, which messages repeat; the longest
that no such value fills, a list of all keys or roles, has some 400."""


@dataclass(frozen=True)
class Problem:
    """One mistake in the input.

    Attributes
    ----------
    message : str
        What is wrong, what was expected, what to do. One line, no full stop.
    key : str
        Dotted path of the key, such as ``change.min_area_m2`` or ``scenes[2].path``; empty where none applies.
    file : str
        The file that holds the mistake; empty where none applies.
    line : int or None
        Line in that file, from 1.
    """

    message: str
    key: str = ""
    file: str = ""
    line: int | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.file and self.line else self.file
        parts = [part for part in (place, self.key, self.message) if part]
        line = " ".join(": ".join(parts).split())
        return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}..."


class ChangedetError(Exception):
    """Anything that changedet itself reports; exit status 1 unless it is an `InputError`."""


class InputError(ChangedetError):
    """The input was wrong; exit status 2.

    Parameters
    ----------
    problems : sequence of Problem, or str
        All of them at once; a plain string is one problem without a place.
    """

    def __init__(self, problems: Sequence[Problem] | Problem | str) -> None:
        if isinstance(problems, str):
            problems = [Problem(problems)]
        elif isinstance(problems, Problem):
            problems = [problems]
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[InputError], tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)


class MethodError(ChangedetError):
    """A method cannot work on what it was given, though the input is well formed."""


def was_interrupted(error: BaseException | None) -> bool:
    """Whether an error came of Ctrl-C.

    Python raises Ctrl-C between any two lines of its own locks, too; where it leaves one that is not held, the error
    of releasing it takes its place.

    Parameters
    ----------
    error : BaseException or None
        With what was being handled when it was raised.

    Returns
    -------
    bool
        True where Ctrl-C was.
    """
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


TURNS_WRITING: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""Classes of letters that turn the direction of writing: after one of them a reader sees 138 as 831."""


def is_one_line(words: str) -> bool:
    """Whether text holds no control characters: XML cannot hold them, a terminal obeys them, a table breaks on them.

    Marks that turn the direction of writing count as such, as they reach beyond the text that holds them.

    Parameters
    ----------
    words : str
        A name from outside.

    Returns
    -------
    bool
        False where it holds one, or a lone surrogate or unassigned character.

    Examples
    --------
    >>> is_one_line("Quay 7"), is_one_line("Quay" + chr(10) + "7")
    (True, False)
    """
    return not any(
        unicodedata.category(letter) in {"Cc", "Cs", "Cn", "Zl", "Zp"}
        or unicodedata.bidirectional(letter) in TURNS_WRITING
        for letter in words
    )


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name closest to a mistyped one.

    Parameters
    ----------
    word : str
        As it was typed.
    known : iterable of str
        Names that exist.

    Returns
    -------
    str or None
        None where no name is near.

    Examples
    --------
    >>> nearest("min_area", ["min_area_m2", "threshold"])
    'min_area_m2'
    """
    names = list(known)
    close = get_close_matches(word.lower(), [name.lower() for name in names], n=1, cutoff=0.6)
    return next((name for name in names if close and name.lower() == close[0]), None)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The tail of an error line.

    Parameters
    ----------
    word : str
        As it was typed.
    known : iterable of str
        Names that exist.

    Returns
    -------
    str
        ``; did you mean 'x'?``, or nothing where no name is near.
    """
    near = nearest(word, known)
    return f"; did you mean '{near}'?" if near else ""
