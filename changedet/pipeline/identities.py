"""What each of its steps depends on."""

from __future__ import annotations

from datetime import date

from changedet import __version__
from changedet.grid.zones import sidings_of
from changedet.pipeline.date_job import PARTS
from changedet.pipeline.date_model import KeptParts, read_kept_parts
from changedet.plan import Plan
from changedet.store import RunFolder, identity

STEP_VERSION = 13
"""Part of every step's identity: to be raised when what a step leaves changes its meaning, name or form."""

MASKS_VERSION = 3
"""As `STEP_VERSION`, of masks that are read together: the scores that they are read from stay as they are."""


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
