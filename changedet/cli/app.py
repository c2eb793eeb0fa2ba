"""Words to calls: the commands, their exit statuses, and all that is printed."""

from __future__ import annotations

import inspect
import json
import logging
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, get_type_hints

import click

from changedet import __version__
from changedet.errors import ChangedetError, InputError, Problem, did_you_mean

DONE, FAILED, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130


class _Group(click.Group):
    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise click.UsageError(f"no such command '{args[0]}'{did_you_mean(args[0], self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="changedet")
def cli() -> None:
    """Watch a site from above: what changed, how many containers stand there, since when, and how sure that is."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and leave with its status: 0 done, 1 failed, 2 the input was wrong, 130 interrupted."""
    # The workers are the parallelism: threads below them wait for each other, and burn a core while they do.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    # GDAL's own complaints come back as one clear line of ours; a handler keeps them off stderr.
    logging.getLogger("rasterio").addHandler(logging.NullHandler())
    logging.getLogger("pyogrio").addHandler(logging.NullHandler())
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            status = cli.main(given, standalone_mode=False)
        sys.exit(status if isinstance(status, int) else DONE)
    except click.exceptions.Abort:
        sys.exit(_report_failure(KeyboardInterrupt(), verbose=False))
    except click.ClickException as error:
        _say(f"changedet: {error.format_message()}")
        sys.exit(WRONG_INPUT)
    except (Exception, KeyboardInterrupt) as error:
        sys.exit(_report_failure(error, verbose=_is_verbose(given)))


def _is_verbose(given: Sequence[str]) -> bool:
    return any(word == "--verbose" or (word.startswith("-") and word.strip("-") == "v") for word in given)


def _report_failure(error: BaseException, *, verbose: bool) -> int:
    """Say what went wrong in a line each, and give the status that goes with it."""
    if verbose:
        traceback.print_exception(error)
    if isinstance(error, KeyboardInterrupt):
        _say("changedet: interrupted; run the same command again to go on from here")
        return INTERRUPTED
    if isinstance(error, InputError):
        for problem in error.problems:
            _say(str(problem))
        return WRONG_INPUT
    kind = "" if isinstance(error, ChangedetError) else f"{type(error).__name__}: "
    _say(" ".join(f"changedet: {kind}{error}".split()))
    return FAILED


def _say(line: str) -> None:
    click.echo(line, err=True)


def _warn(text: str) -> None:
    _say(" ".join(f"warning: {text}".split()))


@cli.command()
@click.argument("workflows", nargs=-1, required=True, metavar="WORKFLOW.yaml...")
@click.option("--out", metavar="DIR", help="Where the run folders go, instead of outputs.dir.")
@click.option("--scheduler", metavar="threads|processes|tcp://HOST:PORT", help="Instead of compute.scheduler.")
@click.option("--fresh", is_flag=True, help="Start over instead of going on from an earlier run.")
@click.option(
    "--placebo", is_flag=True, help="Compare the dates with each other too: what share is marked falsely here?"
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
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Run the main job; goes on from what an earlier, interrupted run finished."""
    from changedet.pipeline.run import carry_out, hush_dask
    from changedet.plan import make_plan

    plans = _all_or_nothing([partial(make_plan, path, out=out, scheduler=scheduler) for path in workflows])
    _check_distinct(plans)
    if any("://" in plan.scheduler for plan in plans):
        hush_dask()
    results: list[dict[str, Any]] = []
    status = DONE
    for plan in plans:
        try:
            with _progress(plan.site_id, quiet=quiet, verbose=verbose) as progress:
                finished = carry_out(plan, fresh=fresh, placebo=placebo, progress=progress)
        except ChangedetError as error:
            status = max(status, _report_failure(error, verbose=verbose))
            results.append({"site": plan.site_id, "error": str(error)})
            continue
        results.append(finished.summary)
        for warning in finished.summary["warnings"]:
            _warn(f"{plan.site_id}: {warning}")
        if not as_json and not quiet:
            from changedet.cli.text import in_words

            click.echo(in_words(finished.summary, finished.series))
            click.echo(str(finished.path))
    if as_json:
        click.echo(json.dumps(results if len(workflows) > 1 else results[0], indent=1))
    return status


def _all_or_nothing(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """All results, or one InputError with the problems of every call that failed."""
    results: list[Any] = []
    problems: list[Problem] = []
    for call in calls:
        try:
            results.append(call())
        except InputError as error:
            problems.extend(error.problems)
    if problems:
        raise InputError(problems)
    return results


def _check_distinct(plans: Sequence[Any]) -> None:
    folders: dict[Path, str] = {}
    for plan in plans:
        other = folders.setdefault(plan.folder.path.resolve(), plan.workflow.path)
        if other != plan.workflow.path or sum(plan.folder.path == p.folder.path for p in plans) > 1:
            same = f"'{plan.site_id}' is also the run folder of {other}; give each its own id"
            raise InputError(f"{plan.workflow.path}: site.id: {same}")


@contextmanager
def _progress(site: str, *, quiet: bool, verbose: bool) -> Iterator[Callable[[str, int, int], None] | None]:
    """A bar on stderr where that is a terminal; plain lines with -v; else nothing."""
    if quiet or not (sys.stderr.isatty() or verbose):
        yield None
        return
    if not sys.stderr.isatty():
        yield lambda what, done, total: _say(f"{site}: {what} {done}/{total}")
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(site, total=None)

        def show(what: str, done: int, total: int) -> None:
            bars.update(task, description=f"{site}: {what}", completed=done, total=total)

        yield show


@cli.command()
@click.argument("workflow", metavar="WORKFLOW.yaml")
@click.option("--out", metavar="DIR", help="As for run.")
@click.option("-v", "--verbose", is_flag=True, help="Tracebacks.")
def check(workflow: str, out: str | None, verbose: bool) -> int:
    """Validate everything and print the plan; computes nothing."""
    del verbose
    from changedet.cli.text import describe
    from changedet.plan import make_plan

    plan = make_plan(workflow, out=out)
    click.echo(describe(plan))
    for warning in plan.warnings:
        _warn(warning)
    return DONE


@cli.command()
@click.argument("scenes", nargs=-1, required=True)
@click.option("-o", "--output", metavar="WORKFLOW.yaml", help="Where to write; default: standard output.")
@click.option("-v", "--verbose", is_flag=True, help="Tracebacks.")
def init(scenes: tuple[str, ...], output: str | None, verbose: bool) -> int:
    """Write a commented starter workflow from the scenes' own metadata."""
    del verbose
    from changedet.workflow.starter.draft import init as start

    ask: Callable[[str], str] | None = None
    if sys.stdin.isatty() and sys.stderr.isatty():
        ask = lambda question: str(click.prompt(question, err=True))  # noqa: E731
    if output and Path(output).exists():
        raise InputError(f"{output}: exists; choose another name with -o, or move it away")
    if output and not Path(output).parent.is_dir():
        raise InputError(f"{output}: there is no folder '{Path(output).parent}'; make it first")
    text = start(scenes, ask=ask, folder=Path(output).parent if output else Path())
    if output:
        Path(output).write_text(text)
        click.echo(output)
    else:
        click.echo(text, nl=False)
    return DONE


@cli.command()
def schema() -> int:
    """Print the JSON Schema of the workflow file."""
    from changedet.workflow import json_schema

    click.echo(json.dumps(json_schema(), indent=1))
    return DONE


@cli.command()
@click.argument("stage", required=False)
def methods(stage: str | None) -> int:
    """List the methods of each stage with their parameters and references."""
    from changedet.workflow import methods_text

    click.echo(methods_text(stage))
    return DONE


@cli.command()
@click.argument("run_dir", metavar="RUN_DIR")
@click.option(
    "--truth",
    required=True,
    metavar="TRUTH",
    help="A truth/ folder, a raster (1 changed, 0 not, 255 not judged), or a labelled sample.",
)
@click.option("--date", "day", metavar="DATE", help="Only this date.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option("-v", "--verbose", is_flag=True, help="Tracebacks.")
def score(run_dir: str, truth: str, day: str | None, as_json: bool, verbose: bool) -> int:
    """Accuracy of a finished run against a truth, or of a mask against a raster."""
    del verbose
    from changedet.assess.score.run import score_run
    from changedet.assess.score.text import format_scores

    figures = score_run(run_dir, truth, day=_as_date(day))
    click.echo(json.dumps(figures, indent=1) if as_json else format_scores(figures))
    return DONE


@cli.command()
@click.argument("run_dir", metavar="RUN_DIR")
@click.option("--date", "day", metavar="DATE", help="Whose mask; default: the last date's.")
@click.option("--points", type=int, default=300, show_default=True, help="How many.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed takes the same pixels.")
@click.option("-v", "--verbose", is_flag=True, help="Tracebacks.")
def sample(run_dir: str, day: str | None, points: int, seed: int, verbose: bool) -> int:
    """Draw a stratified sample of a mask to label in QGIS; `score` makes of it the error-adjusted changed area."""
    del verbose
    from changedet.assess.sample import sample_run

    click.echo(sample_run(run_dir, day=_as_date(day), points=points, seed=seed))
    return DONE


def _as_date(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"--date: '{text}' is no date, expected YYYY-MM-DD") from None


@cli.command()
@click.argument("run_dirs", nargs=-1, required=True, metavar="RUN_DIR RUN_DIR...")
@click.option("--json", "as_json", is_flag=True, help="Print the matches as JSON.")
@click.option("--out", type=click.Path(), help="Folder for tables (CSV) and a figure (HTML), with trains and chains.")
@click.option("-v", "--verbose", is_flag=True, help="Tracebacks.")
def compare(run_dirs: tuple[str, ...], as_json: bool, out: str | None, verbose: bool) -> int:
    """Match containers of the same size and colour between sites, against chance."""
    del verbose
    from changedet.assess.compare.consignments import compare_runs, compare_trains
    from changedet.assess.compare.text import format_matches

    matches = compare_runs(run_dirs)
    if out is not None:
        from changedet.assess.compare.tables import write

        write(Path(out), matches, compare_trains(run_dirs))
    click.echo(json.dumps(matches, indent=1) if as_json else format_matches(matches))
    return DONE


@cli.command()
@click.argument("run_dir", metavar="RUN_DIR")
@click.option("-v", "--verbose", is_flag=True, help="Tracebacks.")
def review(run_dir: str, verbose: bool) -> int:
    """Write review.gpkg for a person to judge in QGIS; once judged, count again into reviewed/."""
    del verbose
    from changedet.assess.review import review_run

    click.echo(review_run(run_dir, warn=_warn))
    return DONE


@cli.command()
@click.argument("workflow", metavar="WORKFLOW.yaml")
@click.option(
    "--labels", required=True, metavar="LABELS.gpkg", help="Labelled tiles; with --draw, where to write them."
)
@click.option("--draw", type=int, metavar="N", help="Draw N random tiles for you to label, and stop.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed draws the same tiles.")
@click.option("--out", metavar="DIR", help="As for run.")
@click.option("--json", "as_json", is_flag=True, help="Print calibration.json's object.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@click.option("-v", "--verbose", is_flag=True, help="Say what each step does; tracebacks.")
def calibrate(
    workflow: str, labels: str, draw: int | None, seed: int, out: str | None, as_json: bool, quiet: bool, verbose: bool
) -> int:
    """Fit the detector's threshold, bias and interval to tiles of your own scenes; runs first what has not been run."""
    from changedet.assess import calibrate as calibration
    from changedet.assess import calibration_text
    from changedet.assess.tiles_to_label import check_draw, draw_labels
    from changedet.pipeline.run import carry_out
    from changedet.plan import make_plan

    plan = make_plan(workflow, out=out)
    if draw is None and not Path(labels).is_file():
        raise InputError(f"--labels: no such file '{labels}'; add --draw 24 to begin one")
    if draw is not None:
        check_draw(Path(labels), draw)
    with _progress(plan.site_id, quiet=quiet, verbose=verbose) as progress:
        finished = carry_out(plan, progress=progress)
    if draw is not None:
        click.echo(draw_labels(finished, labels, tiles=draw, seed=seed))
        return DONE
    found = calibration.calibrate(finished, labels)
    click.echo(json.dumps(found, indent=1) if as_json else calibration_text.format_calibration(found))
    for warning in found["warnings"]:
        _warn(warning)
    return DONE


@cli.command()
@click.argument("run_dir", metavar="RUN_DIR")
@click.option("-v", "--verbose", is_flag=True, help="Tracebacks.")
def report(run_dir: str, verbose: bool) -> int:
    """Write the report of a finished run again."""
    del verbose
    from changedet.pipeline.publish import report_again

    click.echo(str(report_again(run_dir)))
    return DONE


@cli.command()
def doctor() -> int:
    """Versions, GDAL and PROJ data, cores and memory; warns of what will go wrong."""
    from changedet.cli.doctor import examine

    lines, troubles = examine()
    for line in lines:
        click.echo(line)
    for trouble in troubles:
        _warn(trouble)
    return FAILED if troubles else DONE


def _simulate_command() -> click.Command:
    from changedet.cli.options import described, option_of
    from changedet.simulate import simulate

    hints, texts = get_type_hints(simulate), described(simulate)
    parameters: list[click.Parameter] = [click.Argument(["out_dir"])]
    named = [p for p in inspect.signature(simulate).parameters.values() if p.kind is inspect.Parameter.KEYWORD_ONLY]
    parameters += [option_of(parameter, hints[parameter.name], texts.get(parameter.name, "")) for parameter in named]

    def call(out_dir: str, **options: Any) -> int:
        click.echo(str(simulate(Path(out_dir), **options)))
        return DONE

    text = "Write a synthetic depot series, its workflow YAML and its truth."
    return click.Command("simulate", params=parameters, callback=call, help=text)


class _Lazy(click.Command):
    """The simulator's options come from its signature, which is read only when they are asked for."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        return _simulate_command().make_context(info_name, args, parent=parent, **extra)

    def get_short_help_str(self, limit: int = 45) -> str:
        del limit
        return "Write a synthetic depot series, its workflow YAML and its truth."


cli.add_command(_Lazy("simulate"))
