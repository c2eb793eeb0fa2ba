"""A plan and a finished run in words: what ``changedet check`` and ``changedet run`` print."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import shapely

from changedet.imagery.look import Look
from changedet.imagery.stand_ins import is_grey
from changedet.kernels.doubts import USUAL_DISTANCE
from changedet.outputs.sentences.words import Scale, calendar_of, number, scaled
from changedet.outputs.summary import FIGURE_COLUMNS, marked_words
from changedet.outputs.values import rows_of
from changedet.plan import CANNOT, Plan, countable
from changedet.plan.advice import idle_stages

GROWTH: Final = ("containers", "changed_area", "footprint")
"""What may say since when a site grew, the first that does."""
GREY: Final = "pan, as a grey picture"
"""Said of the bands of panchromatic scenes."""
MEGABYTE: Final = 1e6
NOTHING: Final = ("-",) * 5
"""Of a site: number of looks, and first and last look with their counts."""
_COLUMNS: Final = (
    "clear: share of the site; unlike: how far from the scenes that the models know, beyond 1 nothing is counted; "
    "containers: seen; in brackets: 95 % intervals"
)
"""What the columns of the table of dates are."""

_SHOWN: Final = [FIGURE_COLUMNS[name] for name in ("containers", "changed_area_m2", "footprint_area_m2")]
"""Columns of the figures of that table."""
if TYPE_CHECKING:
    # A plan is printed without what reads a finished run, which takes as long to import as the plan to make.
    import pandas as pd

    from changedet.pipeline.finished import Run
    from changedet.store.bucket import Uploaded


def plan_in_words(plan: Plan) -> str:
    """Grid, scenes, methods and why, whether containers can be counted, and expected memory.

    Parameters
    ----------
    plan : Plan
        As `make_plan` gives it.

    Returns
    -------
    str
        Lines of text, a table of the scenes among them.
    """
    return "\n".join([*_site(plan), "", *_scenes(plan), "", *_methods(plan), "", *_computation(plan)])


def _site(plan: Plan) -> list[str]:
    grid, workflow = plan.grid, plan.workflow
    height, width = grid.shape
    return [
        f"site       {workflow.site.id}: {workflow.site.name}",
        f"grid       {width} x {height} px of {grid.resolution_m:g} m, {grid.ground_resolution_m:.3g} m on the ground",
        f"crs        {grid.crs}",
        f"reference  {plan.reference_date}",
        f"bands      {GREY if plan.facts.panchromatic else ', '.join(plan.roles)}",
        *(f"           {line}" for line in _further_bands(plan)),
    ]


def _further_bands(plan: Plan) -> list[str]:
    """For each band that not all dates share, the dates that are compared with the reference on it too."""
    dates: dict[str, list[str]] = {}
    for i, look in enumerate(plan.looks):
        for role in plan.extra_roles(i) if i != plan.reference else ():
            dates.setdefault(role, []).append(str(look.date))
    return [f"{role} too where {', '.join(days)} are compared with the reference" for role, days in dates.items()]


def _scenes(plan: Plan) -> list[str]:
    grid = plan.grid
    bands = ["pan" if is_grey(look) else " ".join((*look.roles, *_sharper(look))) for look in plan.looks]
    wide = max(27, *map(len, bands)) + 1
    lines = [f"{'date':<12}{'gsd_m':>8}{'covers':>8}  {'sun':<14}{'bands':<{wide}}scene"]
    for look, own in zip(plan.looks, bands, strict=True):
        share = shapely.intersection(look.outline(grid.crs), grid.area).area / grid.area.area
        sun = f"{look.sun.azimuth_deg:.0f} / {look.sun.elevation_deg:.0f}" if look.sun else "unknown"
        lines.append(f"{look.date!s:<12}{look.gsd_m:>8.3g}{share:>8.0%}  {sun:<14}{own:<{wide}}{look.name}")
    return lines


def _sharper(look: Look) -> list[str]:
    return ["by pan"] if all(scene.sharper for scene in look.scenes) else []


def _methods(plan: Plan) -> list[str]:
    lines, idle = [], idle_stages(plan.choices, len(plan.looks))
    for name, choice in plan.choices.items():
        if name in idle:
            lines.append(f"{name:<11}has nothing to do: {idle[name]}")
            continue
        given = ", ".join(f"{key}={value}" for key, value in choice.parameters.items() if value is not None)
        lines.append(f"{name:<11}{choice.method}{f' ({given})' if given else ''}: {choice.reason}")
    if plan.reads_together:
        lines.append(f"masks      of {len(plan.looks)} dates are read together: a single bad look makes no change")
    return lines


def _computation(plan: Plan) -> list[str]:
    return [
        f"containers {countable(plan)}",
        f"compute    {plan.scheduler}, {plan.workers} workers, tiles of {plan.tile_px} px",
        f"memory     about {plan.memory_bytes / MEGABYTE:.0f} MB",
        f"results    {plan.folder.path}",
        *([] if plan.upload is None else [f"upload     {plan.upload}"]),
    ]


def upload_in_words(done: Uploaded) -> str:
    """What an upload did.

    Parameters
    ----------
    done : Uploaded
        As `upload_run` gives it.

    Returns
    -------
    str
        One line.
    """
    of = f"{done.files} files of {done.bytes / MEGABYTE:.1f} MB"
    new = f"{done.sent_files} of them sent ({done.sent_bytes / MEGABYTE:.1f} MB)"
    return f"uploaded to {done.place}: {of}, {new}, {done.removed} removed there"


def run_in_words(run: Run) -> str:
    """A finished run in sentences, then its figures of each date, the placebo and the onsets.

    Parameters
    ----------
    run : Run
        Zones are left out.

    Returns
    -------
    str
        The sentences, then a table with a row for each date and 95 % intervals (``unlike``: how far its scene lies from
        what the models were fitted on, 1 at the edge), then a line for each scene that the models hardly know, for the
        placebo and for each onset; ``-`` where a figure is not known.
    """
    return "\n".join([*_sentences(run), *_dates(run), *_unfamiliar(run), *_placebo(run), *_onsets(run)])


def _sentences(run: Run) -> list[str]:
    told = [one["text"] for one in run.summary.get("sentences") or ()]
    return [*told, ""] if told else []


def _dates(run: Run) -> list[str]:
    if not run.folder.timeseries.exists():
        # outputs.formats has no tables.
        return []
    whole = rows_of(run.series)
    false_area_m2 = (run.summary.get("placebo") or {}).get("false_area_m2", {})
    familiar = run.summary.get("familiarity") or {}
    years_only = calendar_of([str(day)[:10] for day in whole["date"]]).years_only
    ground, base = (_scale_of(whole, value, high) for value, _, high in _SHOWN[1:])
    units = f"changed {ground.unit}", f"placebo {ground.unit}", f"footprint {base.unit}"
    rows: list[tuple[str, ...]] = [("date", "clear", "unlike", "containers", "expected", *units)]
    for row in whole.to_dict("records"):
        count, area, built = ((row[value], row[low], row[high]) for value, low, high in _SHOWN)
        expected, changed, footprint = _with_interval(*count, ".1f", ".0f"), _area(*area, ground), _area(*built, base)
        false = _area_alone(false_area_m2.get(str(row["date"])[:10]), ground)
        day, clear, seen = str(row["date"])[:10], _number(row["valid_fraction"], ".0%"), _number(row["containers"])
        unlike = _number((familiar.get(day) or {}).get("distance"), ".1f")
        rows.append((day[:4] if years_only else day, clear, unlike, seen, expected, changed, false, footprint))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [*("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows), _COLUMNS]


def _unfamiliar(run: Run) -> list[str]:
    """A line for each scene that the models do not know; refusals stand among the warnings."""
    familiar = run.summary.get("familiarity") or {}
    return [
        f"{day}: {one['sentence']}"
        for day, one in familiar.items()
        if one["distance"] is not None and one["distance"] > USUAL_DISTANCE
    ]


def _placebo(run: Run) -> list[str]:
    placebo = run.summary.get("placebo")
    if not placebo:
        return []
    return [
        f"placebo: {placebo['share']:.2%} of what is seen {marked_words(placebo)} where nothing happened, "
        f"{placebo['reason']}; "
        f"intervals allow for {placebo['bound']:.2%}"
    ]


def _onsets(run: Run) -> list[str]:
    lines: list[str] = []
    if len(run.dates) < 2:
        return lines
    kept = 4 if calendar_of([str(day) for day in run.dates]).years_only else None
    for name, onset in run.summary["onset"].items():
        if CANNOT in str(onset.get("reason")):
            # Said above, and in the same words.
            continue
        shape = f", a {onset['shape']}" if onset.get("shape") else ""
        when, low, high = (str(onset[key])[:kept] for key in ("date", "low", "high"))
        found = f"{when} (between {low} and {high}{shape})" if onset["date"] else f"none: {onset['reason']}"
        lines.append(f"onset of {name.replace('_', ' ')}: {found}{_elsewhere(run, name)}")
    return lines


def _elsewhere(run: Run, name: str) -> str:
    """In how many of the runs with another reference or without a date the onset is the same."""
    found = (run.summary.get("robust") or {}).get("onset", {}).get(name, {})
    return f"; the same in {found['held']} of {found['of']} other runs" if found.get("of") else ""


def sites_in_words(rows: Sequence[tuple[str, ...]]) -> str:
    """Several sites in a table.

    Parameters
    ----------
    rows : sequence of tuple of str
        Of `site_row` and `failed_row`.

    Returns
    -------
    str
        With a head, a line for each.
    """
    table = [("site", "looks", "first", "containers", "last", "containers", "growth began"), *rows]
    widths = [max(map(len, column)) for column in zip(*(row[:-1] for row in table), strict=True)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in table
    )


def site_row(name: str, run: Run) -> tuple[str, ...]:
    """A finished run in one row of `sites_in_words`.

    Parameters
    ----------
    name : str
        Id of the site.
    run : Run

    Returns
    -------
    tuple of str
        Number of looks; expected containers on the first and the last look that count them, with 95 % intervals; when
        growth began, by containers, else changed area, else footprint. ``-`` where there is nothing to say.
    """
    from changedet.outputs.sentences.counts import growth_words  # here for a quick start

    ends = NOTHING[1:]
    if run.folder.timeseries.exists():
        whole = rows_of(run.series)
        counted = whole[whole["containers_expected"].notna()]
        if len(counted):
            first, last = (_counted(counted.iloc[k].to_dict()) for k in (0, -1))
            ends = *first, *last
    calendar = calendar_of(list(map(str, run.dates)))
    began = next((f"{what.replace('_', ' ')} {growth_words(one, calendar)}" for what, one in _grown(run)), "-")
    return name, str(len(run.dates)), *ends, began


def failed_row(name: str, error: Exception) -> tuple[str, ...]:
    """A site without a run in one row of `sites_in_words`.

    Parameters
    ----------
    name : str
        Id of the site.
    error : Exception
        Why there is none.

    Returns
    -------
    tuple of str
        With the first line of the reason.
    """
    return name, *NOTHING, f"failed: {next(iter(str(error).splitlines()), '')}"


def _counted(row: Mapping[Hashable, Any]) -> tuple[str, str]:
    expected, low, high = (float(row[f"containers_{part}"]) for part in ("expected", "low", "high"))
    return str(row["date"])[:10], _with_interval(expected, low, high)


def _grown(run: Run) -> list[tuple[str, dict[str, str]]]:
    """Onsets that were found, that of containers first."""
    onsets = run.summary["onset"]
    return [(name, onsets[name]) for name in GROWTH if (onsets.get(name) or {}).get("date")]


def told_together(lines: Sequence[str]) -> list[str]:
    """Files that were left out, those of one reason in one line.

    Parameters
    ----------
    lines : sequence of str
        ``file: reason``.

    Returns
    -------
    list of str
        In the order of the reasons; of several files their number, the first and the last.
    """
    by_reason: dict[str, list[str]] = {}
    for line in lines:
        name, _, reason = line.partition(": ")
        by_reason.setdefault(reason, []).append(name)
    return [
        f"{names[0]}: {reason}" if len(names) == 1 else f"{len(names)} files, {names[0]} to {names[-1]}: {reason}"
        for reason, names in by_reason.items()
    ]


def _number(value: float | None, form: str = ".0f") -> str:
    return "-" if value is None or math.isnan(value) else format(float(value), form)


def _scale_of(rows: pd.DataFrame, value: str, high: str) -> Scale:
    """By the largest of the values; of the upper bounds where all values are 0."""
    values = [*rows[value].dropna()]
    return scaled(values if any(values) else [*rows[high].dropna()], "m²")


def _area_alone(value: float | None, scale: Scale) -> str:
    return "-" if value is None or math.isnan(value) else number(value / scale.factor, scale.digits)


def _area(value: float, low: float, high: float, scale: Scale) -> str:
    shown, least, most = (_area_alone(part, scale) for part in (value, low, high))
    return shown if shown == "-" else f"{shown} ({least} to {most})"


def _with_interval(value: float, low: float, high: float, form: str = ",.0f", bounds: str = ",.0f") -> str:
    shown = _number(value, form)
    return shown if shown == "-" else f"{shown} ({_number(low, bounds)} to {_number(high, bounds)})"
