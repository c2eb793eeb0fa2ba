"""One site of the command ``run``, and what is printed of it: the same wherever it was carried out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import click

from changedet.cli.bars import ShowProgress
from changedet.cli.messages import DONE, failure, say
from changedet.errors import was_interrupted

if TYPE_CHECKING:
    from changedet.plan import Plan


@dataclass(frozen=True)
class Options:
    """Of the command ``run``, but for its files and where they run; as there."""

    fresh: bool
    placebo: bool
    robust: bool
    as_json: bool
    quiet: bool
    verbose: bool


class Where(NamedTuple):
    """What the command ``run`` says in place of its files: as `make_plan` takes it."""

    out: str | None = None
    scheduler: str | None = None
    upload: str | None = None


@dataclass(frozen=True)
class Site:
    """What is printed of a site whose run has ended.

    Attributes
    ----------
    status : int
        Exit status.
    lines : tuple of str
        On standard error.
    text : str
        On standard output; empty with ``--json`` and ``-q``.
    row : tuple of str
        Of the table at the end.
    result : object
        What ``--json`` prints; None without it.
    """

    status: int
    lines: tuple[str, ...]
    text: str
    row: tuple[str, ...]
    result: object


def carried_out(plan: Plan, options: Options, progress: ShowProgress | None = None) -> Site:
    """Run a site; whatever goes wrong is its own failure.

    Parameters
    ----------
    plan : Plan
    options : Options
    progress : callable, optional
        As `carry_out` takes it.

    Returns
    -------
    Site
        What is to be printed.

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C, also where an error of a lock took its place.
    """
    # Imported here for a quick start.
    from changedet.cli.text import run_in_words, site_row, upload_in_words
    from changedet.pipeline.run import carry_out
    from changedet.pipeline.scheduling import quiet_dask
    from changedet.pipeline.uploads import uploaded

    if "://" in plan.scheduler:
        quiet_dask()
    try:
        run = carry_out(plan, fresh=options.fresh, placebo=options.placebo, robust=options.robust, progress=progress)
        done = uploaded(plan, progress)
    except Exception as error:
        if was_interrupted(error):
            raise KeyboardInterrupt from error
        return failed(plan, error, options)
    lines = tuple(" ".join(f"warning: {plan.site_id}: {text}".split()) for text in run.summary["warnings"])
    said = [run_in_words(run), *([] if done is None else [upload_in_words(done)]), str(run.path)]
    text = "" if options.as_json or options.quiet else "\n".join(said)
    return Site(DONE, lines, text, site_row(plan.site_id, run), run.summary if options.as_json else None)


def failed(plan: Plan, error: Exception, options: Options) -> Site:
    """A site without a run.

    Parameters
    ----------
    plan : Plan
    error : Exception
        Why there is none.
    options : Options

    Returns
    -------
    Site
        What is to be printed.
    """
    # Imported here for a quick start.
    from changedet.cli.text import failed_row

    status, lines = failure(error, verbose=options.verbose)
    return Site(status, tuple(lines), "", failed_row(plan.site_id, error), {"site": plan.site_id, "error": str(error)})


class Printed:
    """Prints sites as they are added, and sums them up.

    Parameters
    ----------
    options : Options
    total : int
        Of sites.
    """

    def __init__(self, options: Options, total: int) -> None:
        self._options = options
        self._total = total
        self._status = DONE
        self._results: list[object] = []
        # Rows of text: of hundreds of sites the runs themselves would not fit.
        self._rows: list[tuple[str, ...]] = []

    def add(self, site: Site) -> None:
        """Print what is to be printed of a site now.

        Parameters
        ----------
        site : Site
            The next in the order in which the workflows were given.
        """
        self._status = max(self._status, site.status)
        self._rows.append(site.row)
        if self._options.as_json:
            self._results.append(site.result)
        for line in site.lines:
            say(line)
        if site.text:
            click.echo(site.text)

    def end(self) -> int:
        """Print what stands at the end.

        Returns
        -------
        int
            The highest exit status.
        """
        # Imported here, as in all commands: what computes takes seconds to import, and --help needs none of it.
        from changedet.cli.text import sites_in_words

        if self._options.as_json:
            click.echo(json.dumps(self._results if self._total > 1 else self._results[0], indent=1))
        elif self._total > 1 and not self._options.quiet:
            click.echo(f"\n{sites_in_words(self._rows)}")
        return self._status
