"""What a run would do again, and because of what."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from changedet.libraries import library_versions
from changedet.pipeline.date_job import job_of
from changedet.pipeline.identities import causes, identities, masks_causes, masks_identity, model_identity
from changedet.pipeline.run_files import first_change_files
from changedet.plan import Plan
from changedet.store import RunFolder, identity
from changedet.store.step_records import StepRecord

NEVER: Final = "has not been done here yet"
BEGUN: Final = "was begun and not ended"
SPOILT: Final = "its files are gone or are not as they were written"
UNTOLD: Final = "was recorded by an earlier version, which does not say what it depended on"

_WORDS: Final = {
    "changedet": "version of changedet",
    "form": "code: the form of the step",
    "grid": "grid",
    "bands": "bands that are compared",
    "scene": "input: its own scene",
    "reference": "input: the reference's scene",
    "formats": "outputs.formats",
    "series": "whether masks wait for the other dates",
    "sidings": "zones that are sidings",
}
_HASHED: Final = ("scene", "reference", "sidings", "grid")
"""Causes of which only that they differ can be told in few words."""


@dataclass(frozen=True)
class Pending:
    """A step that a run would do again.

    Attributes
    ----------
    step : str
        Its name.
    reasons : tuple of str
        Why, at least one.
    """

    step: str
    reasons: tuple[str, ...]


def pending_steps(plan: Plan) -> tuple[list[Pending], int]:
    """Say what a run of a plan would do again; published files, which every run writes, apart.

    Parameters
    ----------
    plan : Plan
        As `take_in` gave it, so that inputs are known by their content.

    Returns
    -------
    pending : list of Pending
        In the order of the run.
    steps : int
        How many steps there are in all.
    """
    found: list[Pending] = []
    steps = 0
    for step, wanted, why in _steps(plan):
        steps += 1
        if not plan.folder.is_done(step, wanted):
            found.append(Pending(step, _reasons(plan.folder, step, wanted, why)))
    return found, steps


def pending_in_words(plan: Plan) -> str:
    """What a run of a plan would do again, a line for each reason.

    Parameters
    ----------
    plan : Plan
        As `take_in` gave it.

    Returns
    -------
    str
        Several lines.
    """
    pending, steps = pending_steps(plan)
    lines = [f"{plan.site_id}: {len(pending)} of {steps} steps would be computed again"]
    by_reason: dict[str, list[str]] = {}
    for one in pending:
        for reason in one.reasons:
            by_reason.setdefault(reason, []).append(one.step.replace(":", " of "))
    lines += [f"  {reason}: {', '.join(names)}" for reason, names in by_reason.items()]
    return "\n".join([*lines, "  tables, layers, project, report and summary are written by every run"])


def _steps(plan: Plan) -> Iterator[tuple[str, str, dict[str, object]]]:
    for i, look in enumerate(plan.looks):
        wanted = identities(plan, i)
        yield f"measure:{look.date}", model_identity(wanted), causes(plan, i, "measure")
        yield f"pixels:{look.date}", wanted["pixels"], causes(plan, i, "pixels")
        if job_of(plan, i).counts:
            yield f"boxes:{look.date}", wanted["boxes"], causes(plan, i, "boxes")
    if plan.persists:
        together = masks_identity(plan), masks_causes(plan)
        for day in plan.compared_dates:
            yield f"masks:{day}", *together
    if first_change_files(plan):
        yield "first_change", identity("first_change", masks_identity(plan)), masks_causes(plan)


def _reasons(folder: RunFolder, step: str, wanted: str, why: Mapping[str, object]) -> tuple[str, ...]:
    record = folder.record(step)
    if record is None:
        return (NEVER,)
    if record["identity"] is None:
        return (BEGUN,)
    changed = [*_other_libraries(record), *(_differences(record, why) if record["identity"] != wanted else ())]
    return tuple(changed) or (SPOILT,)


def _other_libraries(record: StepRecord) -> list[str]:
    now = library_versions()
    before = record.get("libraries", now)
    return [
        f"library {name} {before.get(name, '')} -> {now[name]}" for name in now if before.get(name, "") != now[name]
    ]


def _differences(record: StepRecord, why: Mapping[str, object]) -> list[str]:
    before = record.get("causes")
    if before is None:
        return [UNTOLD]
    now = json.loads(json.dumps(why, default=str))
    found: list[str] = []
    for name in dict.fromkeys([*before, *now]):
        if before.get(name) != now.get(name):
            found += _difference(name, before.get(name), now.get(name))
    return found or [UNTOLD]


def _difference(name: str, before: object, now: object) -> list[str]:
    """In words what of a cause has changed: of a stage its method, version and parameters."""
    if isinstance(before, list) and isinstance(now, list) and len(before) == len(now) == 3 and isinstance(now[2], dict):
        found = [f"{name}.method {before[0]} -> {now[0]}"] if before[0] != now[0] else []
        if before[0] == now[0] and before[1] != now[1]:
            found.append(f"code: version of {name} {now[0]} {before[1]} -> {now[1]}")
        ours, theirs = dict(before[2]), now[2]
        keys = [key for key in dict.fromkeys([*ours, *theirs]) if ours.get(key) != theirs.get(key)]
        return found or [f"{name}.{key} {ours.get(key)} -> {theirs.get(key)}" for key in keys]
    words = _WORDS.get(name, name)
    short = name in _HASHED or name.startswith(("scores of", "boxes of"))
    return [words if short else f"{words} {_shown(before)} -> {_shown(now)}"]


def _shown(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
