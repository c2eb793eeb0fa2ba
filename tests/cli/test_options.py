"""Options made from signatures and docstrings."""

from __future__ import annotations

import inspect
from typing import Literal, get_type_hints

import click

from changedet.cli.options import option_of, parameter_texts
from changedet.simulate import simulate


def paint(out: str, *, colour: Literal["red", "blue"] = "red", width_m: float | None = None, seed: int = 0) -> None:
    """Paint.

    Parameters
    ----------
    out : str
        Where to.
    colour : {"red", "blue"}
        Of the paint; `red` is
        the cheaper one.
    width_m, seed : number
        None is 3.

    Returns
    -------
    None
        Nothing.
    """


def test_parameter_texts_reads_numpydoc() -> None:
    assert parameter_texts(paint) == {
        "out": "Where to",
        "colour": "Of the paint; red is the cheaper one",
        "width_m": "default: 3",
        "seed": "default: 3",
    }


def test_parameter_texts_has_every_option_of_simulate() -> None:
    said = parameter_texts(simulate)
    assert set(said) >= {p.name for p in inspect.signature(simulate).parameters.values() if p.kind is p.KEYWORD_ONLY}
    for name, unit in (("gsd_m", "metres"), ("size_m", "metres"), ("interval_days", "days"), ("seed", "same bytes")):
        assert unit in said[name]


def test_option_of_takes_name_type_and_default_from_the_signature() -> None:
    hints = get_type_hints(paint)
    parameters = list(inspect.signature(paint).parameters.values())[1:]
    colour, width, seed = (option_of(parameter, hints[parameter.name]) for parameter in parameters)
    assert isinstance(colour.type, click.Choice)
    assert (colour.opts, colour.default) == (["--colour"], "red")
    assert (width.opts, width.name, width.type, width.default) == (["--width"], "width_m", click.FLOAT, None)
    assert (seed.type, seed.default) == (click.INT, 0)
