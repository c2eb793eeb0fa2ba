"""Whether a worker of a cluster would compute what this machine does: the same code by the same libraries."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from changedet.errors import ChangedetError
from changedet.libraries import library_versions

PACKAGE: Final = Path(__file__).parents[1]


@cache
def code_here() -> Mapping[str, str]:
    """What a task's result depends on beside its arguments.

    Returns
    -------
    mapping of str to str
        ``changedet``: a hash of the package's sources, as versions in development share a number; ``python`` and the
        libraries: their versions.
    """
    sources = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        sources.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    major_minor = ".".join(platform.python_version_tuple()[:2])
    found = {"changedet": sources.hexdigest()[:12], "python": major_minor}
    return found | library_versions()


def checked(expected: Mapping[str, str], function: Callable[..., object], *arguments: object) -> object:
    """Carry out a task on a worker, if it is one of the same code.

    Parameters
    ----------
    expected : mapping of str to str
        `code_here` of the machine that sends the task.
    function : callable
        The task's.
    *arguments : object
        Of it.

    Returns
    -------
    object
        What the function returns.

    Raises
    ------
    ChangedetError
        The worker has another version of the package or of a library.
    """
    own = code_here()
    other = [
        f"{name} {own.get(name, 'none')} for {wanted}" for name, wanted in expected.items() if own.get(name) != wanted
    ]
    if other:
        said = f"a dask worker on {platform.node()} has other code than this machine: {', '.join(other)}"
        raise ChangedetError(f"{said}; install the same there, then run the same command again")
    return function(*arguments)
