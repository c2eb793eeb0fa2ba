"""Exit statuses, and what goes to standard error: warnings and failures."""

from __future__ import annotations

import errno
import resource
import signal
import sys
import threading
import traceback
from pathlib import Path
from types import TracebackType

import click

from changedet.errors import ChangedetError, InputError

DONE, FAILED, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130
"""Exit statuses: 130 is what shells give a process that was ended by Ctrl-C."""

LIBRARIES_ADDRESSES = 1_050_000_000
"""Bytes of addresses that a command's libraries take when they are loaded: .96 GB measured, with pyarrow."""
_NO_MEMORY = ("failed to map segment", "cannot allocate memory", "unable to allocate", "out of memory", "bad_alloc")

_NOT_ALLOWED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})

MOST_PROBLEMS = 10
"""Lines of wrong input: with more, what is wrong first has left the screen."""

tracebacks_option = click.option("-v", "--verbose", is_flag=True, expose_value=False, help="Tracebacks.")
"""Read by `main` from the command line itself: also errors before a command starts have a traceback."""


def say(line: str) -> None:
    """Print a line on standard error.

    Parameters
    ----------
    line : str
        Without a line break.
    """
    # Names in what strangers send may hold what a terminal obeys.
    shown = (letter if letter.isprintable() or letter == "\n" else ascii(letter)[1:-1] for letter in line)
    click.echo("".join(shown), err=True)


def warn(text: str) -> None:
    """Print a warning on one line of standard error.

    Parameters
    ----------
    text : str
        Line breaks in it become spaces.
    """
    say(" ".join(f"warning: {text}".split()))


INTERRUPTED_LINE = "changedet: interrupted; run the same command again to go on from here"
ASK_AGAIN_S = 0.05
"""Until Ctrl-C is sent again that Python dropped: by then the destructor that it met has ended."""


def without_undecodable(about: sys.UnraisableHookArgs) -> None:
    """Print what could not be raised, but not that words of a damaged file are no UTF-8.

    rasterio cannot decode what GDAL quotes of such a file, and says so on its way to the error that is raised anyway.
    Ctrl-C that meets a destructor cannot be raised either, and would be lost: it is sent once more.

    Parameters
    ----------
    about : UnraisableHookArgs
        As `sys.unraisablehook` is given it.
    """
    if isinstance(about.exc_value, KeyboardInterrupt):
        # To the main thread itself, which may wait for the system.
        again = threading.Timer(ASK_AGAIN_S, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT))
        again.daemon = True
        again.start()
    elif not (isinstance(about.exc_value, UnicodeDecodeError) and "rasterio" in str(about.object)):
        sys.__unraisablehook__(about)


def without_undecodable_error(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """As `without_undecodable`, for the line that comes before it: errors of our own never get here.

    Parameters
    ----------
    kind : type
    error : BaseException
    trace : traceback or None
        As `sys.excepthook` is given them.
    """
    if not isinstance(error, UnicodeDecodeError):
        sys.__excepthook__(kind, error, trace)


def problem_lines(error: InputError) -> list[str]:
    """What is printed of wrong input, the first problems where there are many.

    Parameters
    ----------
    error : InputError

    Returns
    -------
    list of str
        At most `MOST_PROBLEMS` lines.
    """
    lines = [str(problem) for problem in error.problems]
    if len(lines) <= MOST_PROBLEMS:
        return lines
    return [*lines[: MOST_PROBLEMS - 1], f"and {len(lines) - MOST_PROBLEMS + 1} more; mend these first"]


def report_failure(error: BaseException, *, verbose: bool) -> int:
    """Print what went wrong, one line for each problem, and give the exit status.

    Parameters
    ----------
    error : BaseException
        What ended the command.
    verbose : bool
        Whether its traceback is printed first.

    Returns
    -------
    int
        `INTERRUPTED`, `WRONG_INPUT` or `FAILED`.
    """
    status, lines = failure(error, verbose=verbose)
    for line in lines:
        say(line)
    return status


def failure(error: BaseException, *, verbose: bool) -> tuple[int, list[str]]:
    """What `report_failure` gives and prints.

    Parameters
    ----------
    error : BaseException
        What ended the command, or one of its sites.
    verbose : bool
        Whether its traceback comes first.

    Returns
    -------
    status : int
        The exit status.
    lines : list of str
        One for each problem.
    """
    trace = "".join(traceback.format_exception(error)).splitlines() if verbose else []
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED, [*trace, INTERRUPTED_LINE]
    if isinstance(error, InputError):
        return WRONG_INPUT, [*trace, *problem_lines(error)]
    if isinstance(error, OSError) and (said := _of_place(error)):
        return WRONG_INPUT, [*trace, said]
    if isinstance(error, ChangedetError):
        said = str(error)
    elif is_of_memory(error):
        said = f"memory ran out{_limit()}; nothing is lost, run again with more of it ({error})"
    else:
        said = f"{type(error).__name__}: {error}{_limit()}"
    return FAILED, [*trace, " ".join(f"changedet: {said}".split())]


def _of_place(error: OSError) -> str:
    """Why a folder cannot be read or written; empty for other system errors."""
    if error.filename:
        is_kept_out = error.errno in _NOT_ALLOWED
        return f"{error.filename}: no permission there, or its disk is read-only" if is_kept_out else ""
    try:
        Path.cwd()
    except FileNotFoundError:
        return "changedet: the folder in which this was started is gone; change into one that is there"
    return ""


def limit_too_low() -> str:
    """Say that the process may not even take what loading the libraries takes: some of them would wait for ever.

    Returns
    -------
    str
        One line; empty where it may.
    """
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY or limit >= LIBRARIES_ADDRESSES:
        return ""
    return (
        f"changedet: memory: this process may take {limit / 1e9:.2f} GB of addresses (ulimit -v), its libraries alone "
        f"take {LIBRARIES_ADDRESSES / 1e9:.2f} GB; raise the limit"
    )


def is_of_memory(error: BaseException | None) -> bool:
    """Whether memory ran out, which libraries say in many ways.

    Parameters
    ----------
    error : BaseException or None
        With its causes.

    Returns
    -------
    bool
        True where one of them says so.
    """
    while error is not None:
        if isinstance(error, MemoryError) or any(word in str(error).lower() for word in _NO_MEMORY):
            return True
        error = error.__cause__ or error.__context__
    return False


def _limit() -> str:
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return "" if limit == resource.RLIM_INFINITY else f" (this process may take {limit / 1e9:.2f} GB, by ulimit -v)"
