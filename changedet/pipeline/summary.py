"""What summary.json says: totals and onset, what is doubtful."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from changedet.imagery.look import Look
from changedet.json_types import JsonObject
from changedet.kernels.doubts import blind_dates
from changedet.kernels.pixel_classes import CLASS_NAMES, NODATA, SHOWS_BOXES, SNOW
from changedet.outputs.reasons import SWITCHED_OFF
from changedet.outputs.summary import SCHEMA_VERSION
from changedet.outputs.values import iso_dates, left_to_right, rows_of
from changedet.pipeline.band_doubts import band_warnings
from changedet.pipeline.changes import with_lasting_area
from changedet.pipeline.date_model import DateModel
from changedet.pipeline.fill_doubts import fill_warnings
from changedet.pipeline.inputs import read_kept
from changedet.pipeline.unavailable import ALONE, LEAST_CLEAR, unavailable_codes, unavailable_figures
from changedet.plan import Plan
from changedet.stages.footprint.stage import needs_lasting
from changedet.stages.registry import NONE
from changedet.stages.series.area_rows import rows_of_site
from changedet.stages.series.growth import Onset
from changedet.stages.series.onsets import find_onsets
from changedet.stages.series.site_boxes import shown_boxes
from changedet.stages.series.totals import totals, with_nulls
from changedet.stages.tracks.result import Tracks

IN_WORDS: Final = {"teu": "TEU", "changed_area_m2": "changed area", "footprint_area_m2": "footprint"}
"""Figures whose names are no words, as warnings name them."""
LEAST_SHOWN: Final = 0.0005
"""Below this share nothing is said to be clear: it would be rounded to 0.0 %."""
SNOW_HIDES: Final = f" (mostly {CLASS_NAMES[SNOW]})"
"""What is said of a date that snow hides."""
OPPOSED_VIEWS: Final = (
    "view: the containers lean the other way than 'azimuth_deg' of the views says, so the views are turned round; it "
    "points from the ground below the sensor to the scene, away from where the sensor is seen. Where forest covers "
    "most of the site it may be right: looks are then aligned on crowns, beside which boxes lean the other way"
)
"""The warning where tracks contradict the views. On a drawn site in a forest looks lay off by as much as what is 5.4 m
tall leans, more than boxes are high."""


def equivalent_looks(models: Mapping[dt.date, DateModel]) -> JsonObject | None:
    """Say by how many equivalent looks the local means of each date were tested.

    Parameters
    ----------
    models : mapping of date to DateModel

    Returns
    -------
    dict of str to float, or None
        ISO date -> equivalent number of looks; None where the method of change asks for none.
    """
    tested = {str(day): getattr(model.change, "looks", None) for day, model in models.items()}
    found: JsonObject = {day: round(float(looks), 2) for day, looks in tested.items() if looks is not None}
    return found or None


def summarise(
    plan: Plan, table: pd.DataFrame, tracks: Tracks | None, compared: Callable[[Onset], float] | None
) -> JsonObject:
    """Write down what a run found, as ``summary.json`` keeps it.

    Parameters
    ----------
    plan : Plan
    table : DataFrame
        The time series.
    tracks : Tracks or None
    compared : callable, optional
        As of `find_onsets`.

    Returns
    -------
    dict
        Site, grid, dates, totals and onsets.
    """
    reference = plan.reference_date
    method = plan.built("series")
    if method is None:
        onset = dict.fromkeys(
            ("containers", "changed_area", "footprint"), _no_onset("the series stage is switched off")
        )
    else:
        found = find_onsets(with_lasting_area(plan, table), method, reference, tracks, compared)
        if needs_lasting(plan.facts):
            found = as_early_as_changed(found)
        onset = {name: one.to_json() for name, one in found.items()} | _not_computed(plan, table)
    return {
        "schema_version": SCHEMA_VERSION,
        "site": plan.site_id,
        "name": plan.workflow.site.name,
        "place": plan.workflow.site.place,
        "grid": {
            "crs": plan.grid.crs,
            "resolution_m": plan.grid.resolution_m / plan.grid.ground_metre,
            "shape": list(plan.grid.shape),
            "transform": list(plan.grid.transform)[:6],
        },
        "dates": [str(day) for day in plan.dates],
        "sources": {str(look.date): look.attribution.to_json() for look in plan.looks},
        "reference_date": str(reference),
        "totals": with_nulls(totals(rows_of_site(table))),
        "onset": {**onset},
    }


def as_early_as_changed(found: Mapping[str, Onset]) -> dict[str, Onset]:
    """Onsets in pixels too coarse for kinds of ground, whose footprints are found no sooner than masks mark change.

    Parameters
    ----------
    found : mapping of str to Onset
        As of `find_onsets`.

    Returns
    -------
    dict of str to Onset
        The gap of the footprint begins with that of the changed area, where it begins within it.
    """
    changed, built = found["changed_area"], found["footprint"]
    if changed.low is None or changed.high is None or built.low is None:
        return dict(found)
    within = changed.low <= built.low <= changed.high
    return {**found, "footprint": replace(built, low=changed.low) if within else built}


def _not_computed(plan: Plan, table: pd.DataFrame) -> dict[str, JsonObject]:
    """Onsets of figures that this run does not have, with why."""
    missing = unavailable_figures(plan, table)
    out: dict[str, JsonObject] = {}
    if "containers" in missing:
        out["containers"] = _no_onset(f"containers {missing['containers']}")
    if not plan.compares:
        out["changed_area"] = _no_onset(f"change is not computed: {plan.choices['change'].reason}")
    elif "changed_area_m2" in missing:
        out["changed_area"] = _no_onset(missing["changed_area_m2"])
    if "footprint_area_m2" in missing:
        out["footprint"] = _no_onset(missing["footprint_area_m2"])
    return out


def _no_onset(reason: str) -> JsonObject:
    return Onset(None, None, None, float("nan"), reason).to_json()


def warnings_of(
    plan: Plan,
    models: Mapping[dt.date, DateModel],
    table: pd.DataFrame,
    tracks: Tracks | None,
    unavailable: Mapping[str, str],
) -> list[str]:
    """Say what of a run is doubtful.

    Parameters
    ----------
    plan : Plan
    models : mapping of date to DateModel
    table : DataFrame
        The time series.
    tracks : Tracks or None
    unavailable : mapping of str to str
        Of `unavailable_figures`.

    Returns
    -------
    list of str
        Dates that were not moved, figures that are missing, hidden dates, bands that are not what is said, odd counts.
    """
    said = [
        f"{look.date}: {models[look.date].alignment.reason}"
        for look in plan.looks
        if plan.choices["align"].method != NONE and not models[look.date].alignment.confident
    ]
    # What the user switched off is no doubt, nor that one date alone is compared with nothing.
    codes = unavailable_codes(plan, unavailable)
    doubts = [why for name, why in unavailable.items() if codes.get(name) != SWITCHED_OFF]
    reasons = dict.fromkeys(why for why in doubts if why != ALONE)
    said += [
        f"{', '.join(IN_WORDS.get(name, name) for name in unavailable if unavailable[name] == why)}: {why}"
        for why in reasons
    ]
    whole = rows_of(table)
    whole = whole.set_index(iso_dates(whole["date"]))
    for look in plan.looks:
        clear = whole["valid_fraction"].get(str(look.date))
        if clear is not None and clear < LEAST_CLEAR:
            hidden = _what_hides(models[look.date])
            share = f"only {clear:.1%}" if clear >= LEAST_SHOWN else "nothing"
            said.append(f"{look.date}: {share} of the area is clear on it{hidden}{_instead(plan, look, whole)}")
    said += _snow_everywhere(models, whole)
    signs = {day: model.bands for day, model in models.items()}
    said += band_warnings(plan.looks, signs, plan.reference)
    said += fill_warnings(plan.looks, {day: model.fill for day, model in models.items()})
    return [*said, *_repeated(plan), *_not_shown(whole, tracks), *_seen_beyond(table)]


def _repeated(plan: Plan) -> list[str]:
    """Dates whose files are those of another date, byte by byte."""
    kept = read_kept(plan.folder).files
    dates: dict[tuple[str, ...], list[Look]] = {}
    for look in plan.looks:
        files = {name for scene in look.scenes for raster in scene.rasters.values() for name in raster.files}
        if files and files <= kept.keys():
            dates.setdefault(tuple(sorted(kept[name][1] for name in files)), []).append(look)
    return [
        f"{', '.join(str(look.date) for look in same)}: are one and the same picture ({same[0].name}), so that no "
        "change between them can be seen; correct a path or a date"
        for same in dates.values()
        if len(same) > 1
    ]


def _not_shown(whole: pd.DataFrame, tracks: Tracks | None) -> list[str]:
    """Dates that show the ground and next to none of the boxes that are expected on it: those that the series skips."""
    if tracks is None:
        return []
    counted = set(whole.index[whole["containers"].notna() & whole["containers_expected"].notna()])
    detected, expected = shown_boxes(tracks)
    return [
        f"{tracks.dates[i]}: {detected[i]:.0f} containers are recognised by its picture alone where "
        f"{expected[i]:.0f} are expected from the other dates: either it hardly shows them, as with little contrast or "
        "snow, or what the others show are none; what is expected is taken from the others"
        for i in np.flatnonzero(blind_dates(detected, expected))
        if str(tracks.dates[i]) in counted
    ]


def _seen_beyond(table: pd.DataFrame) -> list[str]:
    """Counts above their own interval, which only boxes that the series takes for false positives can make."""
    beyond = table[(table["containers"].astype("float64") > table["containers_high"]).to_numpy(bool)]
    return [
        f"{row['date'].date()}{row['zone'] and ', '}{left_to_right(row['zone'])}: {row['containers']} containers were "
        f"seen, beyond the {row['containers_low']:.1f} to {row['containers_high']:.1f} expected: the series judges the "
        "rest false"
        for _, row in beyond.iterrows()
    ]


def _what_hides(model: DateModel) -> str:
    """Name what hides most of a date, so that who looks at it sees whether that is so."""
    if model.mask is None:
        return ""
    count = np.bincount(model.mask.unpacked().ravel(), minlength=len(CLASS_NAMES))
    count[[*SHOWS_BOXES]] = 0
    name = CLASS_NAMES[int(count.argmax())]
    return f" (mostly {'no data' if name == CLASS_NAMES[NODATA] else name})" if count.any() else ""


def _snow_everywhere(models: Mapping[dt.date, DateModel], whole: pd.DataFrame) -> list[str]:
    """What may show a site all the same that snow hides on every look: yards are cleared, boxes stand out."""
    hidden = [whole["valid_fraction"].get(str(day)) for day in models]
    snowed = all(SNOW_HIDES in _what_hides(model) for model in models.values())
    if not models or not snowed or any(share is None or share >= LEAST_CLEAR for share in hidden):
        return []
    return [
        "mask: snow hides the site on all looks; a yard that is cleared can be seen all the same with 'mask: {method: "
        "nodata_only}', which looks for boxes and change in the snow too: look at each of them before you publish it"
    ]


def _instead(plan: Plan, look: Look, whole: pd.DataFrame) -> str:
    """What to compare with where it is the reference date that shows nothing."""
    shares = whole["valid_fraction"].dropna()
    if look is not plan.reference_look or not len(shares) or shares.max() < 0.5:
        return ""
    return f": nothing can be compared with it; give before: {shares[shares >= 0.9 * shares.max()].index[0]}"
