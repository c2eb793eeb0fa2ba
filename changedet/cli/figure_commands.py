"""The commands that make pictures of a finished run to publish: a figure of two dates, a time-lapse of all."""

from __future__ import annotations

import click

from changedet.cli.changed_records import naming_changed_records
from changedet.cli.messages import DONE, tracebacks_option


@click.command()
@click.argument("run_dir", metavar="RUN_DIR")
@click.option("--before", metavar="DATE", help="The earlier date; default: the reference.")
@click.option(
    "--after",
    metavar="DATE",
    help="The later date; default: the last that shows enough of the site, or the fullest where it ends as it began.",
)
@click.option("--zone", metavar="NAME", help="Show this zone; default: the site, or where it changed if it is large.")
@click.option("--size", metavar="SIZE", help="Such as 190mm (the default), 190x120mm or 1600x900px.")
@click.option("--no-pixels", is_flag=True, help="Outlines alone, as where a licence forbids showing pixels.")
@click.option(
    "-o", "out", metavar="FILE", help="A .png, .svg or .pdf, or a name for all three; default: RUN_DIR/figures/."
)
@tracebacks_option
@naming_changed_records
def figure(
    run_dir: str,
    before: str | None,
    after: str | None,
    zone: str | None,
    size: str | None,
    no_pixels: bool,
    out: str | None,
) -> int:
    """Make a figure that can be published: before and after, what came and left outlined; PNG, SVG, PDF."""
    # Imported here, as in all commands: what computes takes seconds to import, and --help needs none of it.
    from changedet.pipeline.figures.files import write_figures
    from changedet.pipeline.figures.gather import Wanted
    from changedet.pipeline.finished import open_run

    wanted = Wanted(before, after, zone, pixels=not no_pixels)
    for path in write_figures(open_run(run_dir), wanted, size=size, out=out):
        click.echo(str(path))
    return DONE


@click.command()
@click.argument("run_dir", metavar="RUN_DIR")
@click.option("--before", metavar="DATE", help="The first date; default: the run's first.")
@click.option("--after", metavar="DATE", help="The last date; default: the run's last.")
@click.option("--zone", metavar="NAME", help="Show this zone; default: the site, or where it changed if it is large.")
@click.option("--no-pixels", is_flag=True, help="Outlines alone, as where a licence forbids showing pixels.")
@tracebacks_option
@naming_changed_records
def timelapse(run_dir: str, before: str | None, after: str | None, zone: str | None, no_pixels: bool) -> int:
    """Make a time-lapse of all looks with their outlines and counts: GIF, and MP4 where ffmpeg is on the path."""
    # Imported here for a quick start, as in figure.
    from changedet.pipeline.figures.gather import Wanted
    from changedet.pipeline.figures.timelapse import write_timelapse_of
    from changedet.pipeline.finished import open_run

    wanted = Wanted(before, after, zone, pixels=not no_pixels)
    for path in write_timelapse_of(open_run(run_dir), wanted):
        click.echo(str(path))
    return DONE
