"""Figures of a finished run, written on demand: into its folder, as its own files, or where the user says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from changedet.errors import InputError
from changedet.outputs.figure.arrangement import MM_PER_INCH
from changedet.outputs.figure.drawing import DOTS_PER_INCH, ENDINGS, WIDTH_IN, drawn, encoded, write_figure
from changedet.pipeline.figures.gather import Wanted, chosen_dates, figure_data
from changedet.pipeline.run_reader import RunReader
from changedet.pipeline.run_sources import RunSources, sources_of_finished
from changedet.store import RunFolder, identity

FIGURE: Final = "figure:"
"""How the steps here begin; they are never taken for done."""
SHOWN: Final = ("objects.gpkg", "timeseries.csv", "summary.json")
"""What figures show of a run: with another of these they are of an earlier result."""
LEAST_IN, MOST_IN = 2.0, 60.0
"""Sides of a sheet."""
REPORT_DPI: Final = 150.0
_SIZE: Final = re.compile(r"([0-9]{1,5}(?:\.[0-9]{1,2})?)(?:x([0-9]{1,5}(?:\.[0-9]{1,2})?))?(mm|px)", re.ASCII)


def write_figures(
    run: RunReader, wanted: Wanted, *, size: str | None = None, out: str | Path | None = None
) -> list[Path]:
    """Write a figure of a finished run.

    Parameters
    ----------
    run : RunReader
    wanted : Wanted
        Which dates, and which part of the site.
    size : str, optional
        Width, or width and height, such as ``190mm``, ``190x120mm`` or ``1600x900px``; by default 190 mm wide.
    out : path, optional
        A file that ends in .png, .svg or .pdf, or a path without an ending for all three; by default in the folder
        ``figures`` of the run, as files of the run.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    InputError
        There is no such date or zone, the size is none, or a figure was edited by hand.
    ChangedetError
        A run is at work in the folder.
    """
    width_in, height_in = sheet_size(size)
    sources = sources_of_finished(run)
    sheet = drawn(figure_data(sources, wanted), width_in, height_in)
    if out is not None:
        paths = _asked_paths(Path(out))
        write_figure(sheet, paths)
        return paths
    folder, name = run.folder, figure_name(sources, wanted)
    paths = [folder.figures / f"{name}{ending}" for ending in ENDINGS]
    folder.guard(paths)
    with folder.locked(is_new=False):
        folder.begin(f"{FIGURE}{name}", paths)
        write_figure(sheet, paths)
        folder.finish(f"{FIGURE}{name}", result_identity(folder), paths)
    return paths


def result_identity(folder: RunFolder) -> str:
    """Identify the result of a run that a figure shows.

    Parameters
    ----------
    folder : RunFolder
        Of a run that has ended.

    Returns
    -------
    str
        Another one where boxes, figures or the summary are others.
    """
    recorded = folder.recorded()
    return identity("figure", [recorded[name].get("sha256") if name in recorded else None for name in SHOWN])


def report_figure(sources: RunSources) -> bytes:
    """The figure of the reference and the last date that shows enough, at the size of a report.

    Parameters
    ----------
    sources : RunSources
        Of a run.

    Returns
    -------
    bytes
        PNG.
    """
    return encoded(drawn(figure_data(sources, Wanted()), dots_per_inch=REPORT_DPI), ".png")


def figure_name(sources: RunSources, wanted: Wanted) -> str:
    """The name of a figure's files, without their ending.

    Parameters
    ----------
    sources : RunSources
        Of a run.
    wanted : Wanted
        Which dates, and which part of the site.

    Returns
    -------
    str
        Of letters, digits, ``-`` and ``_``.
    """
    before, after = chosen_dates(sources, wanted)
    zone = re.sub(r"[^A-Za-z0-9-]+", "-", wanted.zone or "").strip("-")[:60]
    days = [before] if before == after else [before, after]
    parts = [*days, *([zone or "zone"] if wanted.zone else []), *([] if wanted.pixels else ["outlines"])]
    return "_".join(["figure", *parts])


def sheet_size(size: str | None) -> tuple[float, float | None]:
    """A size in inches.

    Parameters
    ----------
    size : str or None
        Such as ``190mm``, ``190x120mm`` or ``1600x900px``.

    Returns
    -------
    width, height : float, float or None
        A height of None is as much as the figure needs.

    Raises
    ------
    InputError
        It is no size, or none that a sheet can have.

    Examples
    --------
    >>> sheet_size("254mm"), sheet_size("1600x900px")
    ((10.0, None), (8.0, 4.5))
    """
    if size is None:
        return WIDTH_IN, None
    found = _SIZE.fullmatch(size)
    if found is None:
        raise InputError(f"--size: got '{size[:40]}', expected such as 190mm, 190x120mm or 1600x900px")
    unit = MM_PER_INCH if found[3] == "mm" else DOTS_PER_INCH
    width, height = float(found[1]) / unit, float(found[2]) / unit if found[2] else None
    if not all(LEAST_IN <= side <= MOST_IN for side in (width, height or width)):
        least, most = (f"{side * unit:.0f}" for side in (LEAST_IN, MOST_IN))
        raise InputError(f"--size: got '{size}', expected sides of {least} to {most} {found[3]}")
    return width, height


def _asked_paths(out: Path) -> list[Path]:
    ending = out.suffix.lower()
    if ending in ENDINGS:
        paths = [out]
    elif not ending or ending[1:].isdigit():
        paths = [out.with_name(out.name + each) for each in ENDINGS]
    else:
        raise InputError(f"-o: '{out}' ends in '{ending}', expected {', '.join(ENDINGS)} or no ending")
    if not out.parent.is_dir():
        raise InputError(f"-o: '{out.parent}' is no folder")
    return paths
