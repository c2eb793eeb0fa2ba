"""Entry points: `simulate` writes a series to disk, `render` draws a window of one date in memory."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from changedet.arrays import Bools, Bytes, Floats
from changedet.errors import InputError, Problem, did_you_mean
from changedet.simulate.files import PARTS, write_series, written_by
from changedet.simulate.kinds import KINDS, Kind, make_world
from changedet.simulate.palette import ROLES
from changedet.simulate.render import Renderer, Window, weather
from changedet.simulate.twins import twin_worlds
from changedet.simulate.world import World
from changedet.workflow.load import SITE_ID

LAST_DAY = dt.date(2099, 12, 31)
BGRN = ("blue", "green", "red", "nir")


@dataclass(frozen=True)
class Rendered:
    """A window of one date, as drawn.

    Attributes
    ----------
    image : uint16 or uint8 (band, y, x)
        Digital numbers as the sensor delivers them; 0 is no data.
    hidden : bool (y, x)
        Cloud, its shadow or missing data hide the ground.
    to_ground : float64 (6,)
        From the window's (column, row) to local ground metres, without the date's shift.
    """

    image: NDArray[np.uint16] | Bytes
    hidden: Bools
    to_ground: Floats


def render(world: World, date_index: int, window: Window | None = None) -> Rendered:
    """Draw a window of one date; it equals the crop of the whole scene byte for byte.

    Parameters
    ----------
    world : World
        As `make_world` returns it.
    date_index : int
        0 is the first date.
    window : tuple of int, optional
        (row, column, rows, columns) in the scene's pixels; the whole scene where not given.

    Returns
    -------
    Rendered
        Image and mask of the window, and where it lies.

    Raises
    ------
    InputError
        There is no such date, or the window leaves the scene.

    Examples
    --------
    >>> world = make_world("quiet", dates=1, size_m=64.0)
    >>> render(world, 0, (16, 8, 32, 48)).image.shape
    (4, 32, 48)
    """
    if not 0 <= date_index < len(world.looks):
        raise InputError(
            [Problem(message=f"no date number {date_index}; the series has {len(world.looks)}", key="date_index")]
        )
    look = world.looks[date_index]
    row, column, rows, columns = window or (0, 0, *look.shape)
    if min(row, column) < 0 or min(rows, columns) < 1 or row + rows > look.shape[0] or column + columns > look.shape[1]:
        raise InputError(
            [Problem(message=f"{window} leaves the scene of {look.shape[0]} x {look.shape[1]} pixels", key="window")]
        )
    t = look.to_ground
    moved = np.array([t[0], t[1], t[0] * column + t[1] * row + t[2], t[3], t[4], t[3] * column + t[4] * row + t[5]])
    image = Renderer(world, date_index).window((row, column, rows, columns))
    return Rendered(image, weather(world, look, moved, (rows, columns)).hidden, moved)


def simulate(
    out_dir: str | Path,
    *,
    kind: Kind = "growth",
    dates: int = 8,
    seed: int = 0,
    gsd_m: float | None = None,
    size_m: float | None = None,
    bands: Sequence[str] = BGRN,
    dtype: Literal["uint16", "uint8"] = "uint16",
    start: str | dt.date | None = None,
    interval_days: int = 45,
    name: str | None = None,
) -> Path:
    """Write a synthetic depot series: scenes/, truth/, zones.geojson, aoi.geojson and the workflow file.

    Parameters
    ----------
    out_dir : str or pathlib.Path
        Folder to write into; made where missing. For `twin_sites` it gets a folder per site.
    kind : str
        What happens on the site.
    dates : int
        Number of dates, 1 to 500.
    seed : int
        0 or more; the same seed writes the same bytes.
    gsd_m : float, optional
        Pixel size in metres, 0.3 to 10; None is 0.5, or 10 for `coarse`.
    size_m : float, optional
        Side of the square site in metres; None is 256 (1024 for `wide`, 400 pixels for `coarse`).
    bands : sequence of str
        Roles in band order.
    dtype : str
        "uint16" (reflectance x 10000) or "uint8".
    start : str or datetime.date, optional
        The first date; None is 2023-03-12, or 2022-11-12 for `winter`.
    interval_days : int
        Mean days between dates.
    name : str, optional
        Site id; None is made of kind and seed.

    Returns
    -------
    pathlib.Path
        The workflow file; for `twin_sites` of the first site.

    Raises
    ------
    InputError
        Values are out of range, all of them at once; or the folder holds something else under these names.
    """
    first = _start(start if start is not None else ("2022-11-12" if kind == "winter" else "2023-03-12"))
    problems = _problems(kind, dates, seed, gsd_m, size_m, bands, dtype, first, interval_days)
    if name is not None and not re.fullmatch(SITE_ID, name):
        problems.append(Problem(f"got '{name}', expected up to 100 letters, digits, - and _", "name"))
    if problems or first is None:
        raise InputError(problems)
    folder = Path(out_dir)
    if folder.exists() and not folder.is_dir():
        raise InputError([Problem(message=f"{folder} is a file, expected a folder", key="out_dir")])
    gsd = gsd_m or (10.0 if kind == "coarse" else 0.5)
    size = size_m or {"wide": 1024.0, "coarse": 400 * gsd}.get(kind, 256.0)
    arguments = (dates, seed, gsd, size, tuple(bands), dtype, first, interval_days)
    site = f"{kind.replace('_', '-')}-{seed}" if name is None else name
    names = (f"{site}-a", f"{site}-b") if kind == "twin_sites" else (site,)
    for other in names:
        _keep_what_is_there(folder / other if kind == "twin_sites" else folder, other, kind, seed)
    if kind == "twin_sites":
        worlds = twin_worlds(*arguments)
        plans = [write_series(w, folder / name, name) for w, name in zip(worlds, names, strict=True)]
        return plans[0]
    return write_series(make_world(kind, *arguments), folder, site)


def _keep_what_is_there(folder: Path, name: str, kind: str, seed: int) -> None:
    # a truth beside another series' scenes would be believed
    workflow, made = folder / f"{name}.yaml", set()
    for path in folder.glob("*.yaml"):
        with suppress(OSError, UnicodeDecodeError), path.open(encoding="utf-8") as stream:
            made |= {path} if stream.readline().startswith(written_by(kind, seed)) else set()
    there = [part for part in (*PARTS, workflow.name) if os.path.lexists(folder / part)]
    if there and made != {workflow}:
        said = f"{folder} holds {', '.join(there)} that this series did not write; choose an empty folder"
        raise InputError(Problem(message=said, key="out_dir"))


def _start(start: str | dt.date) -> dt.date | None:
    if isinstance(start, dt.date):
        return start
    try:
        return dt.date.fromisoformat(start)
    except ValueError:
        return None


def _problems(
    kind: str,
    dates: int,
    seed: int,
    gsd_m: float | None,
    size_m: float | None,
    bands: Sequence[str],
    dtype: str,
    start: dt.date | None,
    interval_days: int,
) -> list[Problem]:
    gsd = gsd_m or 0.5
    days = [interval_days * (dates - 1) * 7 // 6, (LAST_DAY - start).days if start else 0]
    checks = [
        ("kind", kind in KINDS, f"no kind '{kind}', expected one of {', '.join(KINDS)}{did_you_mean(kind, KINDS)}"),
        ("dates", 1 <= dates <= 500, f"{dates}, expected 1 to 500"),
        ("seed", seed >= 0, f"{seed}, expected 0 or more"),
        ("gsd_m", gsd_m is None or 0.3 <= gsd_m <= 10, f"{gsd_m}, expected 0.3 to 10 metres"),
        (
            "size_m",
            size_m is None or (32 * gsd <= size_m <= 20000),
            f"{size_m}, expected {32 * gsd:g} (32 pixels) to 20000 metres",
        ),
        ("bands", bool(bands) and len(set(bands)) == len(bands), "expected at least one role, none twice"),
        ("dtype", dtype in ("uint16", "uint8"), f"'{dtype}', expected uint16 or uint8"),
        ("start", start is not None and 1900 <= start.year <= 2099, "expected a date such as 2023-03-12, 1900 to 2099"),
        ("interval_days", interval_days >= 1, f"{interval_days}, expected 1 or more"),
        (
            "interval_days",
            not start or days[0] <= max(0, days[1]),
            f"{interval_days}, {dates} dates may end after 2099",
        ),
    ]
    checks += [
        ("bands", band in ROLES, f"no role '{band}', expected some of {', '.join(ROLES)}{did_you_mean(band, ROLES)}")
        for band in bands
    ]
    return [Problem(message=message, key=key) for key, good, message in checks if not good]
