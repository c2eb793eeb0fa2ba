"""The commands on finished runs: accuracy, a sample to label, matches between sites, a review, a calibration."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import click

from changedet.cli.bars import progress_bar
from changedet.cli.changed_records import naming_changed_records
from changedet.cli.messages import DONE, tracebacks_option, warn
from changedet.errors import InputError


@click.command()
@click.argument("run_dir", metavar="RUN_DIR")
@click.option(
    "--truth",
    required=True,
    metavar="TRUTH",
    help="A truth/ folder, a raster (1 changed, 0 not, 255 not judged), or a labelled sample.",
)
@click.option("--date", "day", metavar="DATE", help="Only this date.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@tracebacks_option
@naming_changed_records
def score(run_dir: str, truth: str, day: str | None, as_json: bool) -> int:
    """Accuracy of a finished run against a truth, or of a mask against a raster."""
    # Imported here, as in all commands: what computes takes seconds to import, and --help needs none of it.
    from changedet.assess.score.run import score_run
    from changedet.assess.score.text import format_scores

    figures = score_run(run_dir, truth, day=_as_date(day))
    click.echo(json.dumps(figures, indent=1) if as_json else format_scores(figures))
    return DONE


@click.command()
@click.argument("run_dir", metavar="RUN_DIR")
@click.option("--date", "day", metavar="DATE", help="Whose mask; default: the last date's.")
@click.option("--points", type=int, default=300, show_default=True, help="How many.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="The same seed takes the same pixels."
)
@tracebacks_option
@naming_changed_records
def sample(run_dir: str, day: str | None, points: int, seed: int) -> int:
    """Draw a stratified sample of a mask to label in QGIS; `score` makes of it the error-adjusted changed area."""
    # Imported here for a quick start, as in score.
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


@click.command()
@click.argument("run_dirs", nargs=-1, required=True, metavar="RUN_DIR RUN_DIR...")
@click.option("--json", "as_json", is_flag=True, help="Print the matches as JSON.")
@click.option("--out", type=click.Path(), help="Folder for tables (CSV) and a figure (HTML), with trains and chains.")
@click.option("--fleet", metavar="FLEET.csv", help="Colours of the world's boxes (color, share) for voyages' ratios.")
@tracebacks_option
@naming_changed_records
def compare(run_dirs: tuple[str, ...], as_json: bool, out: str | None, fleet: str | None) -> int:
    """Match containers of the same size and colour between sites, against chance."""
    # Imported here for a quick start, as in score.
    from changedet.assess.compare.consignments import compare_runs, compare_trains
    from changedet.assess.compare.fleet import fleet_colours, read_fleet
    from changedet.assess.compare.ships import carriers, compare_ships, open_fleets
    from changedet.assess.compare.tables import write_comparison
    from changedet.assess.compare.text import format_matches
    from changedet.assess.compare.voyages import voyages

    given = None if fleet is None else read_fleet(fleet)
    matches = compare_runs(run_dirs)
    if out is not None:
        trains, fleets = compare_trains(run_dirs), open_fleets(run_dirs)
        colours = fleet_colours(run_dirs) if given is None else given
        sailed = voyages(matches, carriers(fleets, matches), trains, colours)
        write_comparison(Path(out), matches, trains, compare_ships(fleets), sailed)
    click.echo(json.dumps(matches, indent=1) if as_json else format_matches(matches))
    return DONE


@click.command()
@click.argument("run_dir", metavar="RUN_DIR")
@tracebacks_option
@naming_changed_records
def review(run_dir: str) -> int:
    """Write review.gpkg for a person to judge in QGIS; once judged, count again into reviewed/."""
    # Imported here for a quick start, as in score.
    from changedet.assess.review import review_run

    click.echo(review_run(run_dir, warn=warn))
    return DONE


@click.command("calibrate")
@click.argument("workflow", metavar="WORKFLOW.yaml")
@click.option(
    "--labels", required=True, metavar="LABELS.gpkg", help="Labelled tiles; with --draw, where to write them."
)
@click.option("--draw", type=int, metavar="N", help="Draw N random tiles for you to label, and stop.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="The same seed draws the same tiles."
)
@click.option("--out", metavar="DIR", help="As for run.")
@click.option("--scheduler", metavar="threads|processes|tcp://HOST:PORT", help="As for run.")
@click.option("--json", "as_json", is_flag=True, help="Print calibration.json's object.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@click.option("-v", "--verbose", is_flag=True, help="Say what each step does; tracebacks.")
def calibrate_command(
    workflow: str,
    labels: str,
    draw: int | None,
    seed: int,
    out: str | None,
    scheduler: str | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Fit the detector's threshold, bias and interval to tiles of your own scenes; runs first what has not been run."""
    # Imported here for a quick start, as in score.
    from changedet.assess.calibrate import calibrate
    from changedet.assess.calibration_file import format_calibration
    from changedet.assess.tiles_to_label import check_draw, draw_labels
    from changedet.pipeline.run import carry_out
    from changedet.plan import make_plan

    plan = make_plan(workflow, out=out, scheduler=scheduler, upload="none")
    if draw is None:
        _check_there(labels)
    else:
        check_draw(Path(labels), draw)
    with progress_bar(plan.site_id, quiet=quiet, verbose=verbose) as progress:
        finished = carry_out(plan, progress=progress)
    if draw is not None:
        click.echo(draw_labels(finished, labels, tiles=draw, seed=seed))
        return DONE
    found = calibrate(finished, labels)
    click.echo(json.dumps(found, indent=1) if as_json else format_calibration(found))
    for warning in found["warnings"]:
        warn(warning)
    return DONE


def _check_there(labels: str) -> None:
    if not Path(labels).is_file():
        raise InputError(f"--labels: no such file '{labels}'; add --draw 24 to begin one")
