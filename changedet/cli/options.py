"""Options of the command line from a function's signature and docstring."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import UnionType
from typing import Literal, Union, get_args, get_origin

import click


def parameter_texts(function: Callable[..., object]) -> dict[str, str]:
    """The description of each parameter in a function's docstring, as one line of the command line's help.

    Parameters
    ----------
    function : callable
        With a numpydoc docstring.

    Returns
    -------
    dict of str to str
        By the parameter's name; parameters that the docstring leaves out are missing.
    """
    section = (inspect.getdoc(function) or "").partition("Parameters\n")[2].partition("\n\n")[0]
    found: dict[str, list[str]] = {}
    names: list[str] = []
    for line in section.splitlines():
        if line.startswith(" "):
            for name in names:
                found[name].append(line.strip())
        elif " : " in line:
            names = line.partition(" : ")[0].split(", ")
            found |= {name: [] for name in names}
    return {name: _as_help(" ".join(lines)) for name, lines in found.items()}


def _as_help(text: str) -> str:
    return text.strip(" -.").replace("None is", "default:").replace("`", "")


def option_of(parameter: inspect.Parameter, hint: object, text: str = "") -> click.Option:
    """A command-line option from a keyword-only parameter, so that name, type and default are written once.

    Parameters
    ----------
    parameter : inspect.Parameter
        Without a default it is optional on the command line, and None there.
    hint : type
        Its annotation, evaluated: ``Literal`` becomes a choice, a tuple of words is written with commas.
    text : str
        Its help.

    Returns
    -------
    click.Option
        Named like the parameter, without the unit ``_m``.
    """
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
    kind = plain if isinstance(plain, type) and plain in {int, float, bool} else str
    return click.Option([flag, parameter.name], type=kind, default=default, show_default=default is not None, help=text)


def _split(_context: click.Context, _parameter: click.Parameter, words: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in words.split(",") if word.strip())
