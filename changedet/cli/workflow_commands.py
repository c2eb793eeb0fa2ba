"""The commands about the workflow file: begin one, print its schema, list the methods that it may name."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from changedet.cli.messages import DONE, tracebacks_option, warn
from changedet.errors import InputError, Problem


@click.command()
@click.argument("scenes", nargs=-1, required=True)
@click.option("-o", "--output", metavar="WORKFLOW.yaml", help="Where to write; default: standard output.")
@tracebacks_option
def init(scenes: tuple[str, ...], output: str | None) -> int:
    """Write a commented starter workflow from the scenes' own metadata."""
    # Imported here, as in all commands: what reads scenes takes seconds to import, and --help needs none of it.
    from changedet.workflow.starter.starter import starter_workflow

    if output:
        with _telling_where(output):
            _check_writable(Path(output))
    ask: Callable[[str], str] | None = _ask if sys.stdin.isatty() and sys.stderr.isatty() else None
    beside = Path(output).with_name(f"{Path(output).stem}_bands.png") if output else Path("bands.png")
    folder = Path(output).parent if output else Path()
    # Nobody is there to look at pictures that no file of the user's choice stands beside.
    name = Path(output).stem if output else ""
    pictures = beside if output or ask else None
    text, problems = starter_workflow(scenes, ask=ask, folder=folder, pictures=pictures, name=name)
    if output:
        with _telling_where(output):
            Path(output).write_text(text, encoding="utf-8")
        click.echo(output)
    else:
        click.echo(text, nl=False)
    _warn_of_gaps(problems, text, output)
    return DONE


def _warn_of_gaps(problems: Sequence[Problem], text: str, output: str | None) -> None:
    for gap in (*problems, _what_is_left(text, output)) if problems else ():
        warn(str(gap))


def _what_is_left(text: str, output: str | None) -> Problem:
    """The last line where a draft was written: where its gaps are."""
    lines = [str(i) for i, line in enumerate(text.splitlines(), 1) if ": TODO" in line.split("#")[0]]
    more = "" if len(lines) == 1 else "s"
    what = f"is a draft with {len(lines)} TODO{more} (line{more} {', '.join(lines)})"
    then = f"fill them in, then 'changedet check {output}'" if output else "fill them in"
    return Problem(f"{what}: {then}", file=output or "the workflow above")


@contextmanager
def _telling_where(output: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"-o: '{output[:100]}' cannot be written ({error.strerror})") from None


def _check_writable(output: Path) -> None:
    if output.exists():
        raise InputError(f"{output}: exists; choose another name with -o, or move it away")
    if output.is_symlink():
        raise InputError(f"{output}: is a link to nowhere; choose another name with -o")
    if not output.parent.is_dir():
        raise InputError(f"{output}: there is no folder '{output.parent}'; make it first")
    if not os.access(output.parent, os.W_OK | os.X_OK):
        raise InputError(f"{output}: no permission in '{output.parent}', or its disk is read-only")


def _ask(question: str) -> str:
    # Enter alone is an answer to some questions; the others say what they expected.
    return str(click.prompt(question, default="", show_default=False, err=True))


@click.command()
def schema() -> int:
    """Print the JSON Schema of the workflow file."""
    # Imported here for a quick start, as in init.
    from changedet.workflow import json_schema

    click.echo(json.dumps(json_schema(), indent=1))
    return DONE


@click.command()
@click.argument("stage", required=False)
def methods(stage: str | None) -> int:
    """List the methods of each stage with their parameters and references."""
    # Imported here for a quick start, as in init.
    from changedet.workflow import methods_text

    click.echo(methods_text(stage))
    return DONE
