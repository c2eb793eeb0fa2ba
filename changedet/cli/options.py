"""Options of the command line from a function's signature."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import click


def described(function: Callable[..., Any]) -> dict[str, str]:
    """What a function's docstring says of each parameter, in a line for the command line's help."""
    section = (inspect.getdoc(function) or "").partition("Parameters\n")[2].partition("\n\n")[0]
    parts = re.split(rf"\b({'|'.join(inspect.signature(function).parameters)}) : ", " ".join(section.split()))
    plain = [part.strip(" -.").replace("None is", "default:").replace("`", "") for part in parts]
    return dict(zip(plain[1::2], plain[2::2], strict=True))


def option_of(parameter: inspect.Parameter, hint: Any, text: str = "") -> click.Option:
    """A command-line option from a keyword-only parameter: its name, type and default are written once."""
    flag = "--" + parameter.name.removesuffix("_m").replace("_", "-")
    default = None if parameter.default is inspect.Parameter.empty else parameter.default
    choices = [part for part in get_args(hint) if part is not type(None)]
    if get_origin(hint) is Literal:
        choice = click.Choice(choices)
        return click.Option([flag, parameter.name], type=choice, default=default, show_default=True, help=text)
    if isinstance(default, tuple):
        named = ",".join(default)
        return click.Option(
            [flag, parameter.name], default=named, show_default=True, callback=_split, help=f"{text}; comma between"
        )
    plain = choices[0] if get_origin(hint) in {Union, UnionType} else hint
    kind: Any = plain if plain in {int, float, bool} else str
    return click.Option([flag, parameter.name], type=kind, default=default, show_default=default is not None, help=text)


def _split(_context: click.Context, _parameter: click.Parameter, words: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in words.split(",") if word.strip())
