"""The command ``simulate``, whose options are the keyword arguments of `changedet.simulate.simulate`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import get_type_hints

import click

from changedet.cli.messages import DONE
from changedet.cli.options import option_of, parameter_texts
from changedet.errors import InputError, Problem

_SUMMARY = "Write a synthetic depot series, its workflow YAML and its truth."


class _LazyCommand(click.Command):
    """The simulator's options come from its signature, which is imported only when they are needed."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: object
    ) -> click.Context:
        return _full_command().make_context(info_name, args, parent=parent, **extra)


def _full_command() -> click.Command:
    # Imported here for a quick start: the simulator draws with numba and rasterio.
    from changedet.simulate import simulate

    hints, texts = get_type_hints(simulate), parameter_texts(simulate)
    parameters: list[click.Parameter] = [click.Argument(["out_dir"])]
    named = [p for p in inspect.signature(simulate).parameters.values() if p.kind is inspect.Parameter.KEYWORD_ONLY]
    parameters += [option_of(parameter, hints[parameter.name], texts.get(parameter.name, "")) for parameter in named]
    write_series: Callable[..., object] = simulate

    def call(out_dir: str, **options: object) -> int:
        try:
            written = write_series(Path(out_dir), **options)
        except OSError as error:
            raise InputError(Problem(f"cannot be written to ({error.strerror or error})", file=out_dir)) from error
        click.echo(str(written))
        return DONE

    return click.Command("simulate", params=parameters, callback=call, help=_SUMMARY)


simulate_command = _LazyCommand("simulate", short_help=_SUMMARY)
