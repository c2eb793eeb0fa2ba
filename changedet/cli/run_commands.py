"""The commands about a run: plan it, carry it out, write its report again, and look whether this machine can."""

from __future__ import annotations

import click

from changedet.cli.changed_records import naming_changed_records
from changedet.cli.jobs import jobs_of
from changedet.cli.messages import DONE, FAILED, tracebacks_option, warn
from changedet.cli.run_many import run_in_turn, run_side_by_side
from changedet.cli.run_site import Options, Where


@click.command()
@click.argument("workflows", nargs=-1, required=True, metavar="WORKFLOW.yaml...")
@click.option("--out", metavar="DIR", help="Where the run folders go, instead of outputs.dir.")
@click.option("--scheduler", metavar="threads|processes|tcp://HOST:PORT", help="Instead of compute.scheduler.")
@click.option("--upload", metavar="s3://BUCKET/PREFIX|none", help="Where the finished runs go too, as outputs.upload.")
@click.option(
    "--jobs",
    metavar="N|auto",
    default="1",
    help="How many sites are run side by side; auto: as many as there are cores, and as fit into half the free memory.",
)
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
    upload: str | None,
    jobs: str,
    fresh: bool,
    placebo: bool,
    robust: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Run the main job; goes on from what an earlier, interrupted run finished."""
    # Imported here for a quick start.
    from changedet.blocks import keep_freed_memory

    keep_freed_memory()
    options = Options(fresh, placebo, robust, as_json, quiet, verbose)
    at_once = jobs_of(jobs, len(workflows))
    run_sites = run_in_turn if at_once.at_once == 1 else run_side_by_side
    return run_sites(workflows, Where(out, scheduler, upload), options, at_once)


@click.command()
@click.argument("workflow", metavar="WORKFLOW.yaml")
@click.option("--out", metavar="DIR", help="As for run.")
@click.option("--scheduler", metavar="threads|processes|tcp://HOST:PORT", help="As for run; it is not asked.")
@click.option(
    "--upload", metavar="s3://BUCKET/PREFIX|none", help="As for run; the bucket is asked, nothing is written."
)
@tracebacks_option
def check(workflow: str, out: str | None, scheduler: str | None, upload: str | None) -> int:
    """Validate everything and print the plan; computes nothing."""
    # Imported here, as in all commands: what computes takes seconds to import, and --help needs none of it.
    from changedet.cli.text import plan_in_words
    from changedet.plan import make_plan

    plan = make_plan(workflow, out=out, scheduler=scheduler, upload=upload)
    if plan.upload is not None:
        # What a run writes is known to what carries it out, which takes long to import.
        from changedet.pipeline.uploads import require_bucket

        require_bucket(plan)
    click.echo(plan_in_words(plan))
    for warning in plan.warnings:
        warn(warning)
    return DONE


@click.command()
@click.argument("run_dir", metavar="RUN_DIR")
@tracebacks_option
@naming_changed_records
def report(run_dir: str) -> int:
    """Write the report of a finished run again."""
    # Imported here for a quick start, as in check.
    from changedet.pipeline.publish import report_again

    click.echo(str(report_again(run_dir)))
    return DONE


@click.command()
def doctor() -> int:
    """Versions, GDAL and PROJ data, cores and memory; warns of what will go wrong."""
    # Imported here for a quick start, as in check.
    from changedet.cli.doctor import examine

    lines, troubles = examine()
    for line in lines:
        click.echo(line)
    for trouble in troubles:
        warn(trouble)
    return FAILED if troubles else DONE
