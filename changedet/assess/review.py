"""A person's verdicts: boxes written out to judge in QGIS, read back, and the site counted again with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd

from changedet.assess import reopen
from changedet.assess.count_again import count_again
from changedet.assess.verdicts import belongs, checked_verdicts
from changedet.errors import InputError, Problem
from changedet.outputs.gpkg.review import read_review, write_review
from changedet.pipeline.finished import open_run
from changedet.pipeline.project_file import project_again


def review_run(run_dir: str | Path, *, warn: Callable[[str], None] | None = None) -> str:
    """Write ``review.gpkg`` for a person to judge; once judged, count again into ``reviewed/``.

    Accepted boxes and drawn ones are certain detections (confidence 1), rejected ones are taken out; tracks, series,
    totals and the onset of containers follow from them by the run's own methods. Areas and footprints stay as they
    were.

    Parameters
    ----------
    run_dir : path
        A finished run whose containers were counted and tracked.
    warn : callable, optional
        Called with each warning of the count; they stand in ``reviewed/summary.json`` too.

    Returns
    -------
    str
        What to do next, or the figures before and after.

    Raises
    ------
    InputError
        No such run, nothing counted, a verdict or a drawn box that cannot be understood, a review of another count, or
        a file in ``reviewed/`` that was edited by hand. All mistakes at once; nothing is overwritten.
    """
    finished = open_run(run_dir)
    containers = finished.containers
    days = reopen.followed_days(finished)
    folder = finished.folder
    path = folder.review
    if not path.exists():
        write_review(path, containers, [str(day) for day in days], containers.crs)
        return _instructions(path, len(containers), in_project=project_again(folder))
    judged, drawn = _read(path)
    grid = finished.grid
    if belongs(judged, containers, drawn, path):
        verdicts = checked_verdicts(judged, drawn, containers, grid, days, path)
        if verdicts.is_empty:
            return _instructions(path, len(containers), in_project=project_again(folder))
        return count_again(finished, days, verdicts, warn)
    write_review(path, containers, [str(day) for day in days], containers.crs)
    again = _instructions(path, len(containers), in_project=project_again(folder))
    return f"the run was counted anew since; nothing had been judged\n{again}"


def _instructions(path: Path, count: int, *, in_project: bool) -> str:
    where = "Open project.qgz in QGIS, group Review" if in_project else "Open it in QGIS beside the scenes"
    return "\n".join(
        (
            str(path),
            f"1. {where}. Layer 'containers' holds {count} boxes: set 'verdict' to accept or",
            "   reject, leave it empty where you did not look; move through the dates with the temporal controller.",
            "2. Draw boxes that were missed into layer 'added', each with its date and, if you know it, its kind.",
            "3. Save, then give the same command again: it counts anew into reviewed/ and shows before and after.",
        )
    )


def _read(path: Path) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    try:
        return read_review(path)
    except ValueError as error:
        text = f"{error}{'' if str(error).endswith('or') else ';'} move it away and give the command again"
        raise InputError(Problem(text, file=str(path))) from None
