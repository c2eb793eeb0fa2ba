"""The work on each date of a plan, and what each of its steps depends on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from changedet import __version__
from changedet.grid.zones import sidings_of
from changedet.imagery.scene import Look
from changedet.pipeline.date_job import PARTS, DateWork, Methods
from changedet.pipeline.date_model import KeptParts, read_kept_parts
from changedet.plan import Plan
from changedet.stages.footprint.stage import footprint_method
from changedet.store import RunFolder, identity

STEP_VERSION = 13
"""Part of every step's identity: to be raised when what a step leaves changes its meaning, name or form."""

MASKS_VERSION = 3
"""As `STEP_VERSION`, of masks that are read together: the scores that they are read from stay as they are."""

WITNESSES = 4
"""Dates that are asked, at most, whether a reference that shows little hides its ground."""


def _methods(plan: Plan, extra: tuple[str, ...], compared: Sequence[Look]) -> Methods:
    built = {stage: plan.built(stage) for stage in ("mask", "align", "objects")}
    # What is compared with a picture made for a screen is compared as one.
    dtype = "uint8" if any(look.dtype == "uint8" for look in compared) else plan.facts.dtype
    built |= {"normalise": plan.built("normalise", extra), "change": plan.built("change", extra, dtype)}
    return Methods(**built, footprint=footprint_method(plan.facts))


def date_work(plan: Plan, i: int) -> DateWork:
    """The work on date `i` of a plan."""
    look, reference = plan.looks[i], plan.looks[plan.reference]
    extra = plan.extra_roles(i)
    methods = _methods(plan, extra, (look, reference))
    wants_scene = "scenes" in plan.formats or "report" in plan.formats
    counts = methods.objects is not None and look.gsd_m <= methods.objects.coarsest_m
    return DateWork(
        grid=plan.grid,
        look=look,
        reference=None if i == plan.reference else reference,
        roles=plan.roles,
        extra_roles=extra,
        scene_roles=tuple(look.roles) if wants_scene else (),
        methods=methods,
        counts=counts,
        dtype=reference.dtype,
        nodata=next(iter(reference.scenes[0].nodata.values())),
        witnesses=_witnesses(plan) if i == plan.reference else (),
        persists=plan.persists,
    )


def between(plan: Plan, i: int, k: int) -> DateWork:
    """The comparison of date `k` with date `i` in the reference's place, on the bands by which both are compared."""
    extra = tuple(role for role in plan.extra_roles(k) if role in plan.extra_roles(i))
    work = date_work(plan, k)
    methods = _methods(plan, extra, (plan.looks[i], plan.looks[k]))
    return replace(work, reference=plan.looks[i], extra_roles=extra, methods=methods)


def _witnesses(plan: Plan) -> tuple[Look, ...]:
    """The dates nearest to the reference in time: enough that one of them shows the ground, few enough to read."""
    day = plan.looks[plan.reference].date
    others = sorted((look for look in plan.looks if look.date != day), key=lambda look: abs(look.date - day))
    return tuple(others[:WITNESSES])


def identities(plan: Plan, i: int) -> dict[str, str]:
    """What each part of a date's model and of its pass depends on: a changed parameter redoes that and nothing else."""
    look = plan.looks[i]
    own = [__version__, STEP_VERSION, plan.grid.to_json(), plan.roles]
    own += [plan.looks[plan.reference].identity, look.identity, look.gsd_m]
    # The overview on which clouds are looked for is also the one that finds the coarse shift.
    seen = [*own, plan.stage_identity("mask"), plan.stage_identity("align")]
    extra = () if i == plan.reference else plan.extra_roles(i)
    level = [*seen, plan.stage_identity("normalise"), *([extra] if extra else [])]
    change, objects = [*level, plan.stage_identity("change")], [*seen, plan.stage_identity("objects")]
    wants = sorted(plan.formats & {"masks", "scores", "scenes", "report"})
    parts = {"alignment": seen, "mask": seen, "shade": seen, "normalise": level, "change": change, "objects": objects}
    parts |= {"footprint": seen, "pixels": [*change, wants, plan.persists], "boxes": objects}
    return {part: identity(part, told) for part, told in parts.items()}


def masks_identity(plan: Plan) -> str:
    """What the masks of a series depend on that are read together: the scores of all dates, and where sidings lie."""
    scores = [identities(plan, i)["pixels"] for i in range(len(plan.looks))]
    sidings = sidings_of(plan.zones)
    return identity("masks", MASKS_VERSION, scores, None if sidings is None else sidings.wkb_hex)


def kept_parts(folder: RunFolder, day: date, wanted: dict[str, str]) -> KeptParts:
    """The parts of an earlier run's model that still hold."""
    record = folder.record(f"measure:{day}")
    if record is None or not folder.is_done(f"measure:{day}", str(record.get("identity"))):
        return KeptParts()
    return read_kept_parts(folder.model(day), wanted)


def model_identity(wanted: dict[str, str]) -> str:
    """What a date's model depends on as a whole, of what `identities` gives."""
    return identity("measure", {part: told for part, told in wanted.items() if part not in PARTS})
