"""Kinds of rasters that a run leaves, and the named, coloured values of those that hold classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final, Literal, TypeAlias

from changedet.kernels import pixel_classes

RasterKind: TypeAlias = Literal["mask", "score", "first_change", "scene", "quality"]
EPOCH: Final = date(1970, 1, 1)
_VIRIDIS: Final = ("#440154", "#3b528b", "#21918c", "#5ec962", "#fde725")


@dataclass(frozen=True)
class RasterClass:
    """A value of a classified raster, its name and its colour.

    Attributes
    ----------
    value : int
        As it stands in the file.
    label : str
        In legends and in the attribute table.
    color : str
        ``#rrggbb``.
    alpha : int
        0 (not drawn) to 255.
    """

    value: int
    label: str
    color: str
    alpha: int = 255

    @property
    def rgba(self) -> tuple[int, int, int, int]:
        """The colour with its opacity: red, green, blue and alpha, 0 to 255."""
        red, green, blue = (int(self.color[i : i + 2], 16) for i in (1, 3, 5))
        return red, green, blue, self.alpha


MASK_CLASSES: Final = (
    RasterClass(pixel_classes.UNCHANGED, "unchanged", "#f2f2f2", 0),
    RasterClass(pixel_classes.CHANGED, "changed", "#e6007e", 215),
)
QUALITY_CLASSES: Final = (
    RasterClass(pixel_classes.CLEAR, "clear", "#f2f2f2", 0),
    RasterClass(pixel_classes.NODATA, "no data", "#4d4d4d", 190),
    RasterClass(pixel_classes.SATURATED, "saturated", "#e7298a", 190),
    RasterClass(pixel_classes.CLOUD, "cloud", "#4a90d9", 190),
    RasterClass(pixel_classes.SHADOW, "cloud shadow", "#1f2a6b", 190),
    RasterClass(pixel_classes.SNOW, "snow", "#17becf", 190),
    RasterClass(pixel_classes.HAZE, "haze", "#b08d57", 190),
    RasterClass(pixel_classes.MASKED, "masked by the scene's own mask", "#7f7f7f", 190),
    RasterClass(pixel_classes.SHADE, "shade (seen, but dark)", "#59491f", 190),
    RasterClass(pixel_classes.PATCHES, "snow in patches (boxes are counted)", "#8fd9e3", 190),
    RasterClass(pixel_classes.GREY, "grey picture (boxes are counted)", "#b8b8b8", 120),
)
"""Of ``quality.tif``, in colours that show on white and on a scene; in the order of their numbers."""


def days_since_1970(day: str | date) -> int:
    """Days since 1970-01-01, the values of ``first_change.tif``.

    Parameters
    ----------
    day : str or datetime.date
        ISO text or a date.

    Returns
    -------
    int
        Below 0 for earlier days.

    Examples
    --------
    >>> days_since_1970("1970-01-31")
    30
    """
    return (as_date(day) - EPOCH).days


def date_classes(dates: Sequence[str | date]) -> tuple[RasterClass, ...]:
    """Classes of ``first_change.tif``.

    Parameters
    ----------
    dates : sequence of str or datetime.date
        All that it may hold, in any order.

    Returns
    -------
    tuple of RasterClass
        0 for never, then the dates from dark (early) to bright (late).
    """
    ordered = sorted({as_date(day) for day in dates})
    span = max(1, len(ordered) - 1)
    found = [RasterClass(days_since_1970(day), day.isoformat(), ramp(i / span)) for i, day in enumerate(ordered)]
    return (RasterClass(0, "never", "#f2f2f2", 0), *found)


def ramp(share: float) -> str:
    """A colour of viridis.

    Parameters
    ----------
    share : float
        0 (dark) to 1 (bright); beyond them the nearer one.

    Returns
    -------
    str
        ``#rrggbb``.

    Examples
    --------
    >>> ramp(0.0), ramp(1.0)
    ('#440154', '#fde725')
    """
    place = min(max(share, 0.0), 1.0) * (len(_VIRIDIS) - 1)
    low = min(int(place), len(_VIRIDIS) - 2)
    pairs = ((int(_VIRIDIS[low][i : i + 2], 16), int(_VIRIDIS[low + 1][i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * (place - low)):02x}" for a, b in pairs)


def as_date(day: str | date) -> date:
    """A date from ISO text.

    Parameters
    ----------
    day : str or datetime.date
        Text may have a time after its date, which is left out.

    Returns
    -------
    datetime.date
        The calendar day.
    """
    return date.fromisoformat(day[:10]) if isinstance(day, str) else day


def day_before(day: str) -> str:
    """The calendar day before.

    Parameters
    ----------
    day : str
        ISO date.

    Returns
    -------
    str
        ISO date.
    """
    return (as_date(day) - timedelta(days=1)).isoformat()


@dataclass(frozen=True)
class RasterLayer:
    """A finished raster of a run.

    Attributes
    ----------
    path : pathlib.Path
        A GeoTIFF.
    kind : str
        As for `changedet.outputs.rasters.writing.RasterWriter`.
    date : str
        ISO date; empty for a ``first_change``.
    dates : tuple of str
        The dates that a ``first_change`` may hold; by default all but the first of the project.
    """

    path: Path
    kind: RasterKind
    date: str = ""
    dates: tuple[str, ...] = ()
