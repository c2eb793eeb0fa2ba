"""A plan and a run's figures in words: what ``changedet check`` and ``changedet run`` print."""

from __future__ import annotations

from typing import Any

import pandas as pd
import shapely

from changedet.plan import Plan, countable


def describe(plan: Plan) -> str:
    """Grid, scenes, methods and why, whether containers can be counted, expected memory: a line each."""
    grid, workflow = plan.grid, plan.workflow
    height, width = grid.shape
    wide = max(27, *(len(" ".join(look.roles)) for look in plan.looks)) + 1
    lines = [
        f"site       {workflow.site.id}: {workflow.site.name}",
        f"grid       {width} x {height} px of {grid.resolution_m:g} m, {grid.ground_resolution_m:.3g} m on the ground",
        f"crs        {grid.crs}",
        f"reference  {plan.looks[plan.reference].date}",
        f"bands      {', '.join(plan.roles)}",
        *(f"           {line}" for line in further_bands(plan)),
        "",
        f"{'date':<12}{'gsd_m':>8}{'covers':>8}  {'sun':<14}{'bands':<{wide}}scene",
    ]
    for look in plan.looks:
        share = shapely.intersection(look.outline(grid.crs), grid.area).area / grid.area.area
        sun = f"{look.sun.azimuth_deg:.0f} / {look.sun.elevation_deg:.0f}" if look.sun else "unknown"
        lines.append(
            f"{look.date!s:<12}{look.gsd_m:>8.3g}{share:>8.0%}  {sun:<14}{' '.join(look.roles):<{wide}}{look.name}"
        )
    lines.append("")
    for name, choice in plan.choices.items():
        given = ", ".join(f"{key}={value}" for key, value in choice.parameters.items() if value is not None)
        lines.append(f"{name:<11}{choice.method}{f' ({given})' if given else ''}: {choice.reason}")
    if plan.persists:
        lines.append(f"masks      of {len(plan.looks)} dates are read together: a single bad look makes no change")
    lines += [
        "",
        f"containers {countable(plan)}",
        f"compute    {plan.scheduler}, {plan.workers} workers, tiles of {plan.tile_px} px",
        f"memory     about {plan.memory_bytes / 2**20:.0f} MB",
        f"results    {plan.folder.path}",
    ]
    return "\n".join(lines)


def further_bands(plan: Plan) -> list[str]:
    """On what dates are compared with the reference beside the bands that all share, a sentence for each such band."""
    dates: dict[str, list[str]] = {}
    for i, look in enumerate(plan.looks):
        for role in plan.extra_roles(i) if i != plan.reference else ():
            dates.setdefault(role, []).append(str(look.date))
    return [f"{role} too where {', '.join(days)} are compared with the reference" for role, days in dates.items()]


def in_words(summary: dict[str, Any], series: pd.DataFrame) -> str:
    """A finished run's figures of each date with their 95 % intervals, the placebo and the onsets: a line each."""
    whole = series[series["zone"].isna() | (series["zone"] == "")]
    placebo = summary.get("placebo") or {}
    rows = [("date", "clear", "containers", "expected", "changed m2", "placebo m2", "footprint m2")]
    for row in whole.itertuples():
        expected = _with_interval(row.containers_expected, row.containers_low, row.containers_high, ".1f", ".0f")
        changed = _with_interval(row.changed_area_m2, row.changed_area_low_m2, row.changed_area_high_m2)
        footprint = _with_interval(row.footprint_area_m2, row.footprint_low_m2, row.footprint_high_m2)
        day, clear, seen = str(row.date)[:10], _number(row.valid_fraction, ".0%"), _number(row.containers)
        false = _number(placebo.get("false_area_m2", {}).get(day), ",.0f")
        rows.append((day, clear, seen, expected, changed, false, footprint))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    if placebo:
        lines.append(
            f"placebo: {placebo['share']:.2%} of what is seen is marked where nothing happened, {placebo['reason']}; "
            f"intervals allow for {placebo['bound']:.2%}"
        )
    for name, onset in summary["onset"].items():
        shape = f", a {onset['shape']}" if onset.get("shape") else ""
        span = f"{onset['date']} (between {onset['low']} and {onset['high']}{shape})"
        lines.append(f"onset of {name.replace('_', ' ')}: {span if onset['date'] else 'none: ' + onset['reason']}")
    return "\n".join(lines)


def _number(value: Any, form: str = ".0f") -> str:
    missing = value is None or value != value or str(value) == "<NA>"
    return "-" if missing else format(float(value), form)


def _with_interval(value: Any, low: Any, high: Any, form: str = ",.0f", bounds: str = ",.0f") -> str:
    shown = _number(value, form)
    return shown if shown == "-" else f"{shown} ({_number(low, bounds)} to {_number(high, bounds)})"
