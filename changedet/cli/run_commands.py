"""The commands about a run: plan it, carry it out, write its report again, and look whether this machine can."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from changedet.cli.messages import DONE, FAILED, progress_bar, report_failure, tracebacks_option, warn
from changedet.errors import ChangedetError, InputError, Problem

if TYPE_CHECKING:
    from changedet.plan import Plan

T = TypeVar("T")


@click.command()
@click.argument("workflows", nargs=-1, required=True, metavar="WORKFLOW.yaml...")
@click.option("--out", metavar="DIR", help="Where the run folders go, instead of outputs.dir.")
@click.option("--scheduler", metavar="threads|processes|tcp://HOST:PORT", help="Instead of compute.scheduler.")
@click.option("--fresh", is_flag=True, help="Start over instead of going on from an earlier run.")
@click.option(
    "--placebo", is_flag=True, help="Compare the dates with each other too: what share is marked falsely here?"
)
@click.option(
    "--robust",
    is_flag=True,
    help="Run again with every other date as reference and with each date left out: which claims hold? Takes as many "
    "times as long as there are dates.",
)
@click.option("--json", "as_json", is_flag=True, help="Print summary.json's object, or an array for several workflows.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, no table.")
@click.option("-v", "--verbose", is_flag=True, help="Say what each step does; tracebacks.")
def run(
    workflows: tuple[str, ...],
    out: str | None,
    scheduler: str | None,
    fresh: bool,
    placebo: bool,
    robust: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Run the main job; goes on from what an earlier, interrupted run finished."""
    # Imported here, as in all commands: what computes takes seconds to import, and --help needs none of it.
    from changedet.cli.text import failed_row, run_in_words, site_row, sites_in_words
    from changedet.pipeline.run import carry_out
    from changedet.pipeline.scheduling import quiet_dask
    from changedet.plan import make_plan

    plans = _all_or_nothing([partial(make_plan, path, out=out, scheduler=scheduler) for path in workflows])
    _check_distinct(plans)
    if any("://" in plan.scheduler for plan in plans):
        quiet_dask()
    results: list[object] = []
    # Rows of text: of hundreds of sites the runs themselves would not fit.
    rows: list[tuple[str, ...]] = []
    status = DONE
    for plan in plans:
        try:
            with progress_bar(plan.site_id, quiet=quiet, verbose=verbose) as progress:
                finished = carry_out(plan, fresh=fresh, placebo=placebo, robust=robust, progress=progress)
        except ChangedetError as error:
            status = max(status, report_failure(error, verbose=verbose))
            results.append({"site": plan.site_id, "error": str(error)})
            rows.append(failed_row(plan.site_id, error))
            continue
        results.append(finished.summary)
        rows.append(site_row(plan.site_id, finished))
        for warning in finished.summary["warnings"]:
            warn(f"{plan.site_id}: {warning}")
        if not as_json and not quiet:
            click.echo(run_in_words(finished))
            click.echo(str(finished.path))
    if as_json:
        click.echo(json.dumps(results if len(workflows) > 1 else results[0], indent=1))
    elif len(rows) > 1 and not quiet:
        click.echo(f"\n{sites_in_words(rows)}")
    return status


def _all_or_nothing(calls: Sequence[Callable[[], T]]) -> list[T]:
    # The problems of all workflows come at once.
    results: list[T] = []
    problems: list[Problem] = []
    for call in calls:
        try:
            results.append(call())
        except InputError as error:
            problems.extend(error.problems)
    if problems:
        raise InputError(problems)
    return results


def _check_distinct(plans: Sequence[Plan]) -> None:
    folders: dict[Path, str] = {}
    for plan in plans:
        other = folders.setdefault(plan.folder.path.resolve(), plan.workflow.path)
        if other != plan.workflow.path or sum(plan.folder.path == p.folder.path for p in plans) > 1:
            same = f"'{plan.site_id}' is also the run folder of {other}; give each its own id"
            raise InputError(f"{plan.workflow.path}: site.id: {same}")


@click.command()
@click.argument("workflow", metavar="WORKFLOW.yaml")
@click.option("--out", metavar="DIR", help="As for run.")
@click.option("--scheduler", metavar="threads|processes|tcp://HOST:PORT", help="As for run; it is not asked.")
@tracebacks_option
def check(workflow: str, out: str | None, scheduler: str | None) -> int:
    """Validate everything and print the plan; computes nothing."""
    # Imported here for a quick start, as in run.
    from changedet.cli.text import plan_in_words
    from changedet.plan import make_plan

    plan = make_plan(workflow, out=out, scheduler=scheduler)
    click.echo(plan_in_words(plan))
    for warning in plan.warnings:
        warn(warning)
    return DONE


@click.command()
@click.argument("run_dir", metavar="RUN_DIR")
@tracebacks_option
def report(run_dir: str) -> int:
    """Write the report of a finished run again."""
    # Imported here for a quick start, as in run.
    from changedet.pipeline.publish import report_again

    click.echo(str(report_again(run_dir)))
    return DONE


@click.command()
def doctor() -> int:
    """Versions, GDAL and PROJ data, cores and memory; warns of what will go wrong."""
    # Imported here for a quick start, as in run.
    from changedet.cli.doctor import examine

    lines, troubles = examine()
    for line in lines:
        click.echo(line)
    for trouble in troubles:
        warn(trouble)
    return FAILED if troubles else DONE
