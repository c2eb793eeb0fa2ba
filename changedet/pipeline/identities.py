"""Identities of a run's steps: all that each step's results depend on, so that a resume redoes only what changed."""

from __future__ import annotations

from datetime import date
from typing import Final

from changedet.grid.zones import BERTH, of_kind, sidings_of, zone_table
from changedet.imagery.stand_ins import is_grey_among
from changedet.libraries import __version__
from changedet.pipeline.date_job import PARTS, ground_roles, kept_nodata
from changedet.pipeline.date_model import KeptParts, read_kept_parts
from changedet.pipeline.faint_change import bounds_by_scores
from changedet.pipeline.surroundings import windows_around
from changedet.pipeline.witnesses import asks_others, witnesses
from changedet.plan import Plan
from changedet.plan.seasons import knows_seasons
from changedet.store import RunFolder, identity

STEP_VERSION: Final = 16
"""Part of every step's identity: to be raised when what a step leaves changes its meaning, name or form."""

PIXELS_VERSION: Final = 4
"""As `STEP_VERSION`, of a date's rasters alone: what was measured of it and its boxes stay as they are."""

_SMALL: Final = frozenset({"uint8", "int8", "uint16", "int16"})
"""Types of whose values float32 holds every one."""

MASKS_VERSION: Final = 23
"""As `STEP_VERSION`, of masks that are read together: the scores that they are read from stay as they are."""

ASKING_VERSION: Final = 30
"""As `MASKS_VERSION`, in its place where pixels decide about boxes."""

SEASONS_VERSION: Final = 4
"""As `MASKS_VERSION`, beside it where masks ask what fields look like through the year."""

SHIPS_VERSION: Final = 4
"""As `STEP_VERSION`, of the ships whose boxes are not followed."""


def identities(plan: Plan, i: int) -> dict[str, str]:
    """Identify what each part of a date's statistics and of its pass depends on.

    A changed parameter redoes the parts that depend on it and nothing else.

    Parameters
    ----------
    plan : Plan
    i : int
        Which of its looks.

    Returns
    -------
    dict of str to str
        By the parts of `DateModel` and by `PARTS`.
    """
    look = plan.looks[i]
    own = [__version__, STEP_VERSION, plan.grid.to_json(), plan.roles]
    own += [plan.reference_look.identity, look.identity, look.gsd_m, *_grey(plan, i)]
    # The overview on which clouds are looked for is also the one that finds the coarse shift.
    seen = [*own, plan.stage_identity("mask"), plan.stage_identity("align"), *_witnesses(plan, i)]
    extra = () if i == plan.reference else plan.extra_roles(i)
    level = [*seen, plan.stage_identity("normalise"), *([extra] if extra else []), *_surroundings(plan, i)]
    change, objects = [*level, plan.stage_identity("change")], [*seen, plan.stage_identity("objects")]
    wants = sorted(plan.formats & {"masks", "scores", "scenes", "report"})
    movers = ["movers"] if plan.knows_movers else []
    seasons = ["seasons"] if knows_seasons(plan) else []
    parts = {"alignment": seen, "mask": seen, "shade": seen, "normalise": level, "change": change, "objects": objects}
    pixels = [*change, PIXELS_VERSION, wants, plan.persists, *_values_kept(plan), *movers, *seasons]
    ground = ground_roles(plan, i)
    more = [ground] if ground else []
    parts |= {"footprint": [*seen, *more, "plants or water"], "pixels": pixels, "boxes": [*objects, *more]}
    return {part: identity(part, inputs) for part, inputs in parts.items()}


def _witnesses(plan: Plan, i: int) -> list[list[str]]:
    """Whose overviews may say that a cloud is none, where all dates ask for that."""
    return [[look.identity for look in witnesses(plan, i)[0]]] if asks_others(plan) else []


def _grey(plan: Plan, i: int) -> list[str]:
    """How a grey picture is read where others have colours."""
    return ["grey among colours"] if is_grey_among(plan.looks[i], plan.looks) else []


def _surroundings(plan: Plan, i: int) -> list[str]:
    """What dates may be compared by where the scenes go beyond the site."""
    looks = plan.looks[i], plan.reference_look
    return ["surroundings"] if i != plan.reference and windows_around(plan.grid, *looks) else []


def _values_kept(plan: Plan) -> list[str]:
    """How scene files hold values and say no data, where that is not by one value in few bits, as it first was."""
    nodata = kept_nodata(plan)
    if not plan.formats & {"scenes", "report"} or (nodata is not None and plan.reference_look.dtype in _SMALL):
        return []
    return ["mask band" if nodata is None else "own values"]


def causes(plan: Plan, i: int, step: str) -> dict[str, object]:
    """Name what a step of a date depends on, so that a later run can say what has changed.

    Parameters
    ----------
    plan : Plan
    i : int
        Which of its looks.
    step : str
        ``measure`` or one of `PARTS`.

    Returns
    -------
    dict of str to JSON value
        What `identities` hashes.
    """
    stages = {
        "measure": ("mask", "align", "normalise", "change", "objects"),
        "pixels": ("mask", "align", "normalise", "change"),
        "boxes": ("mask", "align", "objects"),
    }
    found: dict[str, object] = {"changedet": __version__, "form": STEP_VERSION, "grid": plan.grid.to_json()}
    found |= {"bands": [*plan.roles, *plan.extra_roles(i)], "scene": plan.looks[i].identity}
    found |= {"reference": plan.reference_look.identity}
    found |= {stage: plan.stage_identity(stage)[1:] for stage in stages[step]}
    if _grey(plan, i):
        found["grey among colours"] = True
    if "change" in stages[step] and _surroundings(plan, i):
        found["ground around the site"] = True
    if step == "pixels":
        found["formats"] = sorted(plan.formats & {"masks", "scores", "scenes", "report"})
        found["series"] = plan.persists
        if kept := _values_kept(plan):
            found["scene values"] = kept
        if plan.knows_movers:
            found["movers"] = True
        if knows_seasons(plan):
            found["seasons"] = True
    return found


def masks_causes(plan: Plan) -> dict[str, object]:
    """Name what masks depend on that are read together.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    dict of str to JSON value
        What `masks_identity` hashes.
    """
    parts = {str(look.date): identities(plan, i) for i, look in enumerate(plan.looks)}
    found: dict[str, object] = {f"scores of {day}": own["pixels"] for day, own in parts.items()}
    if plan.decides_by_boxes:
        found |= {f"boxes of {day}": own["boxes"] for day, own in parts.items()}
        found["tracks"] = plan.stage_identity("tracks")[1:]
    if bounds_by_scores(plan) and "scores" not in plan.formats:
        found["scores for bounds"] = True
    sidings = sidings_of(plan.zones, plan.grid.ground_metre)
    ships = _ships_hash(plan)
    found |= {"berths": ships[0]} if ships else {}
    return found | {"form": _masks_form(plan), "sidings": None if sidings is None else identity(sidings.wkb_hex)}


def masks_identity(plan: Plan) -> str:
    """Identify what the masks of a series depend on that are read together.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    str
        Of the scores of all dates, of where sidings lie, and of the boxes that are followed.
    """
    parts = [identities(plan, i) for i in range(len(plan.looks))]
    scores = [own["pixels"] for own in parts]
    if plan.decides_by_boxes:
        scores += [*(own["boxes"] for own in parts), identity("tracks", plan.stage_identity("tracks"))]
    scores += _ships_hash(plan)
    sidings = sidings_of(plan.zones, plan.grid.ground_metre)
    return identity("masks", _masks_form(plan), scores, None if sidings is None else sidings.wkb_hex)


def _masks_form(plan: Plan) -> object:
    """The version of masks, another where pixels decide about boxes; a metre is not everywhere a unit of the CRS."""
    unit = plan.grid.ground_metre
    version = ASKING_VERSION if plan.leaves_movers_out else MASKS_VERSION
    if knows_seasons(plan):
        return ["seasons", SEASONS_VERSION, version]
    return [version, unit] if plan.decides_by_boxes and unit != 1.0 else version


def _ships_hash(plan: Plan) -> list[str]:
    """Boxes on ships, in berths or on all water, are not followed, and do not decide about masks; empty without."""
    berths = of_kind(zone_table(plan.zones), BERTH)
    if berths is None and not plan.workflow.ships:
        return []
    everywhere = ["everywhere"] if plan.workflow.ships else []
    shapes = [] if berths is None else [shape.wkb_hex for shape in berths.geometry]
    return [identity("ships", SHIPS_VERSION, shapes, *everywhere)]


def kept_parts(folder: RunFolder, day: date, wanted: dict[str, str]) -> KeptParts:
    """Read what an earlier run measured of a date and still holds.

    Parameters
    ----------
    folder : RunFolder
    day : date
    wanted : dict of str to str
        Of `identities`.

    Returns
    -------
    KeptParts
        All None where the date was not finished.
    """
    record = folder.record(f"measure:{day}")
    if record is None or not folder.is_done(f"measure:{day}", str(record.get("identity"))):
        return KeptParts()
    return read_kept_parts(folder.model(day), wanted)


def model_identity(wanted: dict[str, str]) -> str:
    """Identify what a date's statistics depend on as a whole.

    Parameters
    ----------
    wanted : dict of str to str
        Of `identities`.

    Returns
    -------
    str
        Of all parts but those of `PARTS`.
    """
    return identity("measure", {part: one for part, one in wanted.items() if part not in PARTS})
