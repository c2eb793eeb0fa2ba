"""Boxes that came and left as chips on the looks around, from a run's layers and rasters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Singles
from changedet.kernels.containers import TEU_OF_KIND
from changedet.kernels.pixel_classes import CLASS_NAMES, NODATA
from changedet.outputs.rasters.reading import header, read_chips
from changedet.outputs.report.data import BoxEvent, Chip
from changedet.outputs.report.pictures import chip_picture
from changedet.outputs.values import is_missing, iso_date

SIDE_M: Final = 24.0
"""Of a chip: twice the length of a 40-foot box, so that its neighbours are seen."""
SIDE_PX: Final = 96
SEEN_M: Final = 3.0
"""Of the window whose quality says whether a chip shows the box."""
BEFORE, AFTER = 2, 1
"""Looks before and after the one that shows an event first."""
PER_DATE: Final = 5
"""Boxes that are shown of those that came, or left, on one date."""
MOST: Final = 30
"""Boxes that are shown of all."""
SHOWN: Final = {"shadow": "cloud shadow", "nodata": "no data"}
"""Words for classes of the quality raster whose names are none."""


class TrackEvent(NamedTuple):
    """A container that came or left.

    Attributes
    ----------
    day : str
        ISO date of the first look with it, or without it.
    has_come : bool
        False where it left.
    track : int
        Its ``track_id``.
    kind : str
        Of the box.
    point : shapely geometry
        Its place.
    since, until : str
        ISO dates of the first look with it, and of the first without it; empty for none.
    last : str
        ISO date of the last look that shows it.
    """

    day: str
    has_come: bool
    track: int
    kind: str
    point: shapely.Point
    since: str
    until: str
    last: str

    def stands_on(self, day: str) -> bool:
        """Whether it stood there on a date.

        Parameters
        ----------
        day : str
            ISO date of a look.

        Returns
        -------
        bool
            By what its track says.
        """
        return self.since <= day and not (self.until and day >= self.until)


class ScenePictures(NamedTuple):
    """Where the pictures of a run's looks lie, and how they are drawn.

    Attributes
    ----------
    days : sequence of str
        All looks, ISO dates, sorted.
    scenes, quality : mapping of str to Path
        Rasters by date; those that are missing show nothing.
    stretch : mapping of str to (low, high)
        Of the scenes.
    unit : float
        A metre on the ground in units of their CRS.
    """

    days: Sequence[str]
    scenes: Mapping[str, Path]
    quality: Mapping[str, Path]
    stretch: Mapping[str, tuple[float, float]]
    unit: float


def listed_events(tracks: gpd.GeoDataFrame) -> list[TrackEvent]:
    """All containers of a run that came or left, the longest of a date first.

    Parameters
    ----------
    tracks : GeoDataFrame
        The layer ``tracks``.

    Returns
    -------
    list of TrackEvent
        By date, arrivals before departures.
    """
    found = []
    for row in tracks[tracks["kind"].isin(TEU_OF_KIND)].itertuples():
        came, last, left = iso_date(row.first_seen), iso_date(row.last_seen), iso_date(row.not_after)
        if iso_date(row.not_before):
            found.append(TrackEvent(came, True, int(row.track_id), str(row.kind), row.geometry, came, left, last))
        if left:
            found.append(TrackEvent(left, False, int(row.track_id), str(row.kind), row.geometry, came, left, last))
    return sorted(found, key=lambda one: (one.day, not one.has_come, _by_length(one.kind), one.track))


def _by_length(kind: str) -> int:
    return -int(kind.removesuffix("ft"))


def count_events(events: Sequence[TrackEvent]) -> dict[tuple[str, bool], int]:
    """How many came and left on each date.

    Parameters
    ----------
    events : sequence of TrackEvent
        Of `listed_events`.

    Returns
    -------
    dict of (str, bool) to int
        By ISO date and whether they came.
    """
    counted: dict[tuple[str, bool], int] = {}
    for one in events:
        counted[one.day, one.has_come] = counted.get((one.day, one.has_come), 0) + 1
    return counted


def box_events(events: Sequence[TrackEvent], containers: gpd.GeoDataFrame, looks: ScenePictures) -> list[BoxEvent]:
    """Boxes that came or left as chips on the looks around; some of each date.

    Parameters
    ----------
    events : sequence of TrackEvent
        Of `listed_events`.
    containers : GeoDataFrame
        The layer ``containers``.
    looks : ScenePictures

    Returns
    -------
    list of BoxEvent
        At most `PER_DATE` of a date and kind of event, at most `MOST` in all.
    """
    chosen = _chosen(events)
    around = [_around(one.day, looks.days) for one in chosen]
    chips = _chips(chosen, around, looks)
    outlines = {int(row.track_id): row for row in containers[containers["track_id"].notna()].itertuples()}
    found = []
    for i, (one, own) in enumerate(zip(chosen, around, strict=True)):
        box = outlines.get(one.track)
        outline = [] if box is None else _corners(box.geometry, one.point, looks.unit)
        zone = "" if box is None or is_missing(box.zone) else str(box.zone)
        shown = [chips[day][i] for day in own]
        found.append(BoxEvent(one.day, one.has_come, one.track, one.kind, zone, outline, shown))
    return found


def _chosen(events: Sequence[TrackEvent]) -> list[TrackEvent]:
    taken: dict[tuple[str, bool], list[TrackEvent]] = {}
    for one in events:
        taken.setdefault((one.day, one.has_come), []).append(one)
    each = max(1, min(PER_DATE, MOST // max(1, len(taken))))
    return [one for own in taken.values() for one in own[:each]][:MOST]


def _around(day: str, days: Sequence[str]) -> Sequence[str]:
    at = days.index(day)
    return days[max(0, at - BEFORE) : at + AFTER + 1]


def _chips(
    chosen: Sequence[TrackEvent], around: Sequence[Sequence[str]], looks: ScenePictures
) -> dict[str, dict[int, Chip]]:
    """By date and index of the event; each raster is opened once."""
    found: dict[str, dict[int, Chip]] = {}
    for day in looks.days:
        wanted = [i for i, own in enumerate(around) if day in own]
        if not wanted:
            continue
        points = [(chosen[i].point.x, chosen[i].point.y) for i in wanted]
        shows = _shows(looks.quality.get(day), points, looks.unit)
        pictures = _pictures(looks.scenes.get(day), points, looks)
        found[day] = {
            i: Chip(day, picture, said, chosen[i].stands_on(day), day in {chosen[i].since, chosen[i].last})
            for i, picture, said in zip(wanted, pictures, shows, strict=True)
        }
    return found


def _pictures(path: Path | None, points: Sequence[tuple[float, float]], looks: ScenePictures) -> list[bytes]:
    if path is None:
        return [b""] * len(points)
    names = header(path).names
    chips = read_chips(path, points, looks.unit * SIDE_M)
    return [chip_picture(chip, names, looks.stretch, SIDE_PX) for chip in chips]


def _shows(path: Path | None, points: Sequence[tuple[float, float]], unit: float) -> list[str]:
    if path is None:
        return ["not known"] * len(points)
    return [_most(chip[0]) for chip in read_chips(path, points, unit * SEEN_M)]


def _most(chip: Singles) -> str:
    """The class of most of a window of a quality raster."""
    classes = np.where(np.isfinite(chip), chip, NODATA).astype(np.int64).ravel()
    name = CLASS_NAMES[int(np.bincount(classes, minlength=len(CLASS_NAMES))[: len(CLASS_NAMES)].argmax())]
    return SHOWN.get(name, name)


def _corners(box: BaseGeometry, centre: shapely.Point, unit: float) -> list[tuple[float, float]]:
    xy, side = shapely.get_coordinates(box)[:-1], unit * SIDE_M
    return [(float((x - centre.x) / side + 0.5), float((centre.y - y) / side + 0.5)) for x, y in xy]
