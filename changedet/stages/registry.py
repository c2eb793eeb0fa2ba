"""Stages and their methods: a method's signature is its schema.

A method is a function whose keyword-only parameters carry one of the unit types below and a default, or are groups of
such: frozen dataclasses whose fields several methods share, expanded where the group stands. From that signature come
the check of the YAML, the JSON Schema, ``changedet methods`` and the starter file.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, is_dataclass
from dataclasses import fields as dataclass_fields
from typing import Annotated, Any, Generic, Literal, ParamSpec, TypeVar, cast, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

from changedet.errors import MethodError, did_you_mean

Metres = Annotated[float, Field(ge=0, allow_inf_nan=False, json_schema_extra={"unit": "m"})]
SquareMetres = Annotated[float, Field(ge=0, allow_inf_nan=False, json_schema_extra={"unit": "m2"})]
# A neighbourhood is read around every tile: beyond this it would need more memory than there is.
Pixels = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False, json_schema_extra={"unit": "px"})]
Days = Annotated[float, Field(ge=0, allow_inf_nan=False, json_schema_extra={"unit": "days"})]
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, json_schema_extra={"unit": "fraction"})]
Count = Annotated[int, Field(ge=0, json_schema_extra={"unit": "count"})]
Number = Annotated[float, Field(allow_inf_nan=False)]
Factor = Annotated[float, Field(gt=0, allow_inf_nan=False)]

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
    sun_known : bool
        Whether every scene has sun angles.
    dtype : str
        The reference scene's data type.
    detector : str
        The objects method that was chosen, for the stages after it.
    """

    resolution_m: float
    roles: tuple[str, ...] = ()
    dates: int = 2
    gsd_m: tuple[float, ...] = ()
    sun_known: bool = False
    dtype: str = "uint16"
    detector: str = ""

    @property
    def is_sar(self) -> bool:
        """Whether a band is a radar polarisation or amplitude.

        Returns
        -------
        bool
            By the roles.
        """
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
            model = _parameter_model(f"{self.name}_{name}", function, self.shared)
            self.methods[name] = Method(
                self.name, name, _with_groups(function), model, reference, summary, version, about
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
            No such method.
        pydantic.ValidationError
            A parameter is wrong, or none of the method's.
        """
        choice = self.choose(facts) if method == AUTO else Choice(method)
        chosen = self.get(choice.method)
        return chosen.name, chosen.function(facts, **chosen.resolve({**choice.parameters, **given}))


def _parameter_model(name: str, function: Callable[..., object], shared: Mapping[str, str]) -> type[BaseModel]:
    hints = get_type_hints(function, include_extras=True)
    documented = {**shared, **_parameter_docs(inspect.getdoc(function) or "", "Parameters")}
    fields: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            continue
        kind = hints[parameter.name]
        if is_dataclass(kind):
            fields |= _group_fields(cast(type, kind))
            continue
        default = ... if parameter.default is inspect.Parameter.empty else parameter.default
        fields[parameter.name] = (kind, Field(default, description=documented.get(parameter.name, "")))
    return create_model(name, __config__=ConfigDict(extra="forbid", frozen=True, strict=False), **fields)


def _group_fields(group: type) -> dict[str, Any]:
    """The parameters of a group, described by the ``Attributes`` of the class or of one above it."""
    hints, documented = get_type_hints(group, include_extras=True), {}
    for cls in reversed(group.__mro__):
        documented.update(_parameter_docs(inspect.cleandoc(cls.__doc__ or ""), "Attributes"))
    return {
        one.name: (hints[one.name], Field(one.default, description=documented.get(one.name, "")))
        for one in dataclass_fields(group)
    }


def _with_groups(function: Callable[..., Made_co]) -> Callable[..., Made_co]:
    """The function with each parameter that is a group replaced by the group's own parameters."""
    hints = get_type_hints(function, include_extras=True)
    signature = inspect.signature(function).parameters
    keywords = [name for name, one in signature.items() if one.kind is inspect.Parameter.KEYWORD_ONLY]
    groups = {name: cast(type, hints[name]) for name in keywords if is_dataclass(hints[name])}
    if not groups:
        return function

    def expanded(facts: Facts, **given: object) -> Made_co:
        made = {}
        for name, group in groups.items():
            own = {one.name: given.pop(one.name) for one in dataclass_fields(group) if one.name in given}
            made[name] = group(**own)
        return function(facts, **given, **made)

    return expanded


def _parameter_docs(doc: str, section: str) -> dict[str, str]:
    """Parameter descriptions of a numpydoc docstring, joined to one line each."""
    found: dict[str, list[str]] = {}
    inside, current = False, ""
    for line in doc.splitlines():
        if line.strip() in {"Parameters", "Attributes", "Returns", "Raises", "Notes", "Examples", "References"}:
            inside = line.strip() == section
        elif inside and line and not line.startswith((" ", "-")) and " : " in line:
            current = line.split(" : ")[0].strip()
            found[current] = []
        elif inside and current and line.startswith(" "):
            found[current].append(line.strip())
    return {name: " ".join(lines) for name, lines in found.items()}
