"""The commands about buckets: a finished run there, and back."""

from __future__ import annotations

from pathlib import Path

import click

from changedet.cli.bars import progress_bar
from changedet.cli.messages import DONE


@click.command()
@click.argument("run_dir", metavar="RUN_DIR")
@click.argument("place", metavar="s3://BUCKET/PREFIX")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@click.option("-v", "--verbose", is_flag=True, help="Name each file; tracebacks.")
def upload(run_dir: str, place: str, quiet: bool, verbose: bool) -> int:
    """Upload a finished run: what is new or changed goes to PREFIX/<name of the run folder>/."""
    # Imported here for a quick start, as in download.
    from changedet.cli.text import upload_in_words
    from changedet.pipeline.finished import open_run
    from changedet.store import RunFolder
    from changedet.store.bucket import address, upload_run

    folder = RunFolder(open_run(run_dir).path.absolute())
    into = address(str(address(place).below(folder.path.name)))
    with progress_bar(folder.path.name, quiet=quiet, verbose=verbose) as progress:
        done = upload_run(folder, into, progress)
    click.echo(upload_in_words(done))
    return DONE


@click.command()
@click.argument("place", metavar="s3://BUCKET/PREFIX/SITE")
@click.option("-o", "--output", metavar="RUN_DIR", help="Where to; default: SITE in the working directory.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@click.option("-v", "--verbose", is_flag=True, help="Name each file; tracebacks.")
def download(place: str, output: str | None, quiet: bool, verbose: bool) -> int:
    """Download an uploaded run, each byte checked; goes on from what an earlier download left."""
    # Imported here, as in all commands: what computes takes seconds to import, and --help needs none of it.
    from changedet.store.bucket import address, download_run

    found = address(place)
    path = Path(output or found.prefix.rpartition("/")[2] or found.bucket)
    with progress_bar(path.name, quiet=quiet, verbose=verbose) as progress:
        click.echo(str(download_run(found, path, progress)))
    return DONE
