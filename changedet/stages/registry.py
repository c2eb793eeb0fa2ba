"""Stages and their methods: a method's signature is its schema.

A method is a function whose keyword-only parameters carry one of the unit types below and a default, or are groups of
such: frozen dataclasses whose fields several methods share, expanded where the group stands. From that signature come
the check of the YAML, the JSON Schema, ``changedet methods`` and the starter file.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Generic, Literal, ParamSpec, TypeVar

from pydantic import BaseModel, Field, ValidationError

from changedet.errors import MethodError, did_you_mean
from changedet.stages.parameter_models import parameter_model, with_groups

MAX_METRES: Final = 100_000.0
"""What `grid.resolution` may be at most; beyond a number of pixels is no number any more."""
Metres = Annotated[float, Field(ge=0, le=MAX_METRES, allow_inf_nan=False, json_schema_extra={"unit": "m"})]
SquareMetres = Annotated[float, Field(ge=0, allow_inf_nan=False, json_schema_extra={"unit": "m2"})]
Pixels = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False, json_schema_extra={"unit": "px"})]
"""A neighbourhood is read around every tile: beyond the limit it would need more memory than there is."""
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, json_schema_extra={"unit": "fraction"})]
Count = Annotated[int, Field(ge=0, json_schema_extra={"unit": "count"})]
Number = Annotated[float, Field(allow_inf_nan=False)]
MAX_FACTOR: Final = 1e6
"""Beyond, figures that are multiplied by it are none any more, or no count."""
Factor = Annotated[float, Field(gt=0, le=MAX_FACTOR, allow_inf_nan=False)]

AUTO: Literal["auto"] = "auto"
"""In place of a method's name: the stage chooses by `Facts`."""
NONE: Literal["none"] = "none"
"""In place of a method's name: the stage is switched off."""

P = ParamSpec("P")
Made_co = TypeVar("Made_co", covariant=True)
"""What the functions of a stage's methods return; covariant, so that a table of stages is one of `Stage[object]`."""


@dataclass(frozen=True)
class Facts:
    """What is known before any pixel is read; all that ``auto`` may look at.

    Attributes
    ----------
    resolution_m : float
        Ground pixel size of the common grid.
    roles : tuple of str
        Band roles that the compared scenes share, in the contract's order.
    dates : int
        Number of dates.
    gsd_m : tuple of float
        Ground sampling distance of each date's scene.
    dtype : str
        The reference scene's data type.
    detector : str
        The objects method that was chosen, for the stages after it.
    panchromatic : bool
        Whether the bands of the visible are one and the same: a grey picture.
    days_apart : float
        Median of the days between two dates; infinite of a single one and where the dates are not known.
    """

    resolution_m: float
    roles: tuple[str, ...] = ()
    dates: int = 2
    gsd_m: tuple[float, ...] = ()
    dtype: str = "uint16"
    detector: str = ""
    panchromatic: bool = False
    days_apart: float = math.inf

    @property
    def is_sar(self) -> bool:
        """Whether a band is a radar polarisation or amplitude, by the roles."""
        return any(role in {"vv", "vh", "hh", "hv", "amplitude"} for role in self.roles)


@dataclass(frozen=True)
class Choice:
    """A method with its parameters and the reason for it, as ``check`` prints and ``run.json`` keeps.

    Attributes
    ----------
    method : str
        Name of a registered method, or ``none``.
    parameters : mapping of str to object
        By name; what is not there has the method's default.
    reason : str
        In words.
    """

    method: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True)
class Method(Generic[Made_co]):
    """A registered method: its function, its parameters' model, and where it was published.

    Attributes
    ----------
    stage, name : str
        The keys in a workflow.
    function : callable
        ``function(facts, **parameters)`` makes what the stage works with, such as a `PixelMethod`.
    parameters : type of pydantic.BaseModel
        Checks the parameters; a field for each.
    reference : str
        DOI or name of the publication.
    summary : str
        First paragraph of the function's docstring, on one line.
    version : int
        Raised where the same parameters give other results; part of a step's identity.
    about : str
        The docstring up to its parameters, on one line.
    """

    stage: str
    name: str
    function: Callable[..., Made_co]
    parameters: type[BaseModel]
    reference: str
    summary: str
    version: int = 1
    about: str = ""

    def resolve(self, given: Mapping[str, object]) -> dict[str, Any]:
        """Check parameters and fill in the defaults of the others.

        Parameters
        ----------
        given : mapping of str to object
            Parameters by name.

        Returns
        -------
        dict of str to object
            All parameters of the method.

        Raises
        ------
        pydantic.ValidationError
            A parameter is wrong, or none of the method's.
        """
        return self.parameters.model_validate(dict(given)).model_dump()

    def checked(self, given: Mapping[str, object]) -> dict[str, Any]:
        """Resolve parameters that a caller in Python gave.

        Parameters
        ----------
        given : mapping of str to object
            Parameters by name.

        Returns
        -------
        dict of str to object
            All parameters of the method.

        Raises
        ------
        MethodError
            A parameter is wrong, or none of the method's; the message says what is expected.
        """
        try:
            return self.resolve(given)
        except ValidationError as error:
            raise MethodError(self._objection(error)) from None

    def _objection(self, error: ValidationError) -> str:
        details = error.errors()
        key = str(details[0]["loc"][0])
        if key not in self.parameters.model_fields:
            known = ", ".join(self.parameters.model_fields) or "none"
            hint = did_you_mean(key, self.parameters.model_fields)
            return f"{self.stage}.{key}: no such parameter of {self.name}, expected one of {known}{hint}"
        # A parameter with several forms has an objection for each.
        wanted = [str(one["msg"]).removeprefix("Input should be ") for one in details if one["loc"][0] == key]
        return f"{self.stage}.{key}: got {details[0]['input']!r:.60}, expected {' or '.join(dict.fromkeys(wanted))}"


class Stage(Generic[Made_co]):
    """A registry of one stage's methods, all of which make the same kind of thing.

    Parameters
    ----------
    name : str
        The YAML key, the folder's name and the key in ``run.json``: one word everywhere.
    choose : callable
        ``choose(facts) -> Choice`` for ``method: auto``.
    shared : mapping of str to str, optional
        What parameters of several methods mean, written once; a method's own docstring takes precedence.
    """

    def __init__(self, name: str, choose: Callable[[Facts], Choice], shared: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.choose = choose
        self.shared = dict(shared or {})
        self.methods: dict[str, Method[Made_co]] = {}

    def method(
        self, name: str, *, reference: str, version: int = 1
    ) -> Callable[[Callable[P, Made_co]], Callable[P, Made_co]]:
        """Register a function as a method; its keyword-only parameters become the method's parameters.

        Parameters
        ----------
        name : str
            The method's name in a workflow.
        reference : str
            DOI or name of the publication.
        version : int
            To be raised where the same parameters give other results.

        Returns
        -------
        callable
            A decorator that leaves the function as it is.
        """

        def _register(function: Callable[P, Made_co]) -> Callable[P, Made_co]:
            prose = (inspect.getdoc(function) or "").split("\nParameters\n")[0].strip()
            summary, about = prose.split("\n\n")[0].replace("\n", " "), " ".join(prose.split())
            model = parameter_model(f"{self.name}_{name}", function, self.shared)
            self.methods[name] = Method(
                self.name, name, with_groups(function), model, reference, summary, version, about
            )
            return function

        return _register

    def get(self, name: str) -> Method[Made_co]:
        """The method of that name.

        Parameters
        ----------
        name : str
            Of a registered method.

        Returns
        -------
        Method
            As it was registered.

        Raises
        ------
        MethodError
            No such method; the message has the nearest name.
        """
        if name not in self.methods:
            known = ", ".join(sorted(self.methods))
            hint = did_you_mean(name, self.methods)
            raise MethodError(f"{self.name}.method: no such method '{name}', expected one of {known}{hint}")
        return self.methods[name]

    def made(self, facts: Facts, method: str, given: Mapping[str, object]) -> tuple[str, Made_co]:
        """Make a method ready for use, by name or by what ``auto`` takes.

        Parameters
        ----------
        facts : Facts
            What is known before any pixel is read.
        method : str
            Name of a registered method, or ``auto``.
        given : mapping of str to object
            Parameters that are not to have their defaults.

        Returns
        -------
        name : str
            Of the method that was taken.
        made : object
            What its function returns.

        Raises
        ------
        MethodError
            No such method; a parameter that is wrong, or none of the method's.
        """
        choice = self.choose(facts) if method == AUTO else Choice(method)
        chosen = self.get(choice.method)
        return chosen.name, chosen.function(facts, **chosen.checked({**choice.parameters, **given}))
