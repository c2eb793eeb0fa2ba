"""The seven stages in a workflow: what a file asks of them, and the method that ``auto`` chooses."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from changedet.errors import InputError, Problem, did_you_mean, nearest
from changedet.json_types import Json
from changedet.stages.registry import AUTO, NONE, Choice, Facts, Stage
from changedet.workflow.checker import Checker, shown, unfit
from changedet.workflow.method_parameters import accepts, expectation, parameter_schemas, parameter_value
from changedet.workflow.model import StageRequest, Workflow
from changedet.workflow.yaml_tree import ListNode, Node, ScalarNode


def stages() -> Mapping[str, Stage[object]]:
    """The registry of each stage.

    Returns
    -------
    mapping of str to Stage
        In data order.
    """
    # Imported here for its cost at start-up: all methods' libraries, of which the simulator and the field checks need
    # none.
    from changedet.stages.order import STAGES

    return STAGES


def read_stage(checker: Checker, node: Node | None, stage: Stage[object]) -> StageRequest:
    """What the file asks of one stage; ``change: irmad`` is short for ``change: {method: irmad}``.

    Parameters
    ----------
    checker : Checker
        Notes the mistakes.
    node : node or None
        The stage's section.
    stage : Stage
        With its methods.

    Returns
    -------
    StageRequest
        ``auto`` where the section is left out or wrong.
    """
    key = stage.name
    line = checker.tree.root.key_lines.get(key)
    if node is None or (isinstance(node, ScalarNode) and node.is_null):
        return StageRequest(line=line)
    names = (AUTO, NONE, *stage.methods)
    if isinstance(node, ScalarNode):
        return StageRequest(_method(checker, node, key, names) or AUTO, {}, line)
    if isinstance(node, ListNode):
        checker.wrong(key, str(unfit(node, "a mapping such as {method: auto}")))
        return StageRequest(line=line)
    named = node.items.get("method")
    method = AUTO if named is None else _method(checker, named, f"{key}.method", names)
    given = {name: item for name, item in node.items.items() if name != "method"}
    # With a method that does not exist nobody can say which parameters it would have.
    return StageRequest(method or AUTO, _parameters(checker, stage, method, given) if method else {}, line)


def _method(checker: Checker, node: Node, key: str, names: tuple[str, ...]) -> str | None:
    expected = f"one of {', '.join(names)}"
    if not isinstance(node, ScalarNode) or node.is_null:
        checker.wrong(key, str(unfit(node, expected)))
        return None
    if node.text in names:
        return node.text
    off = node.text.lower() in {"no", "off", "false", "n"}
    tail = "; write 'none' to switch the stage off" if off else did_you_mean(node.text, names)
    checker.wrong(key, f"no such method {shown(node)}, expected {expected}{tail}")
    return None


def _parameters(checker: Checker, stage: Stage[object], method: str, given: Mapping[str, Node]) -> dict[str, Json]:
    if method == NONE:
        for name in given:
            checker.wrong(f"{stage.name}.{name}", "stands beside 'method: none', which has no parameters")
        return {}
    # Beside auto a parameter may be of any method: which one is chosen is known only with the scenes.
    models = [m.parameters for m in stage.methods.values()] if method == AUTO else [stage.methods[method].parameters]
    known = list(dict.fromkeys(name for model in models for name in model.model_fields))
    found: dict[str, Json] = {}
    for name, node in given.items():
        key = f"{stage.name}.{name}"
        having = [model for model in models if name in model.model_fields]
        value = parameter_value(node)
        if not having:
            # The list of parameters would not help somebody who wrote 'methd'.
            meant = ["method"] if nearest(name, ["method", *known]) == "method" else known
            checker.unknown(key, name, meant, noun="parameter")
        elif any(accepts(model, name, value) for model in having):
            found[name] = value
        else:
            checker.wrong(key, f"got {shown(node)}, expected {expectation(parameter_schemas(having[0])[name])}")
    required = models[0].model_fields if method != AUTO else {}
    for name, field in required.items():
        if field.is_required() and name not in given:
            checker.wrong(stage.name, f"the method '{method}' needs the parameter '{name}'")
    return found


def resolve_stage(
    workflow: Workflow, stage: str, facts: Facts, registry: Mapping[str, Stage[object]] | None = None
) -> Choice:
    """The method that a stage will use, with every parameter, and why.

    Parameters
    ----------
    workflow : Workflow
        As `load_workflow` gives it.
    stage : str
        One of the seven.
    facts : Facts
        What is known before any pixel is read.
    registry : mapping of stage to Stage, optional
        Instead of `stages()`.

    Returns
    -------
    Choice
        `method` is ``none`` for a stage that is switched off.

    Raises
    ------
    InputError
        A parameter was given beside ``auto`` that the chosen method does not have or cannot take.
    """
    table = (registry or stages())[stage]
    request = workflow.stages[stage]
    if request.method == NONE:
        return Choice(NONE, {}, "switched off in the workflow")
    if request.method != AUTO:
        return Choice(request.method, table.get(request.method).resolve(request.parameters), "named in the workflow")
    chosen = table.choose(facts)
    model = table.methods[chosen.method].parameters if chosen.method in table.methods else None
    problems = _misfits(workflow, stage, chosen, model, request.parameters)
    if problems:
        raise InputError(problems)
    if model is None:
        return chosen
    merged = {**chosen.parameters, **request.parameters}
    return Choice(chosen.method, table.methods[chosen.method].resolve(merged), chosen.reason)


def _misfits(
    workflow: Workflow, stage: str, chosen: Choice, model: type[BaseModel] | None, given: Mapping[str, Json]
) -> list[Problem]:
    found: list[Problem] = []
    for name, value in given.items():
        said = f"auto chose '{chosen.method}' ({chosen.reason})"
        if model is None or name not in model.model_fields:
            message = f"{said}, which has no such parameter; name the method or leave it out"
            found.append(workflow.problem(f"{stage}.{name}", message))
        elif not accepts(model, name, value):
            message = f"{said}, which expects {expectation(parameter_schemas(model)[name])}"
            found.append(workflow.problem(f"{stage}.{name}", message))
    return found
