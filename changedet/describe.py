"""A plan in words: what ``changedet check`` prints."""

from __future__ import annotations

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
        given = ", ".join(f"{key}={value}" for key, value in choice.parameters.items())
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
