"""Options of the command line from a function's signature."""

from __future__ import annotations

import inspect
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import click


def option_of(parameter: inspect.Parameter, hint: Any) -> click.Option:
    """A command-line option from a keyword-only parameter: its name, type and default are written once."""
    flag = "--" + parameter.name.removesuffix("_m").replace("_", "-")
    default = None if parameter.default is inspect.Parameter.empty else parameter.default
    choices = [part for part in get_args(hint) if part is not type(None)]
    if get_origin(hint) is Literal:
        return click.Option([flag, parameter.name], type=click.Choice(choices), default=default, show_default=True)
    if isinstance(default, tuple):
        named = ",".join(default)
        return click.Option(
            [flag, parameter.name], default=named, show_default=True, callback=_split, help="Comma between."
        )
    plain = choices[0] if get_origin(hint) in {Union, UnionType} else hint
    kind: Any = plain if plain in {int, float, bool} else str
    return click.Option([flag, parameter.name], type=kind, default=default, show_default=default is not None)


def _split(_context: click.Context, _parameter: click.Parameter, words: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in words.split(",") if word.strip())
