"""Ground that is new or changed, as a figure of two dates outlines it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from affine import Affine
from shapely.geometry.base import BaseGeometry

from changedet.arrays import Ints
from changedet.blocks import Window
from changedet.outputs.figure.data import Ground
from changedet.outputs.rasters.reading import read_window
from changedet.outputs.sentences.words import Calendar, area_text, interval_text, scaled
from changedet.outputs.values import as_float, iso_date, mapping_at

WORDS: Final[Mapping[str, str]] = {
    # What is left where a footprint shows neither a building nor an earthwork: banks look like it in flat light.
    "paving": "New bare or paved ground",
    "building": "New building",
    "earthwork": "Earth moved",
    "yard": "New yard",
    "built": "New ground",
}
"""By kind: of regions in ``changes``, and of ``new_ground`` in ``summary.json``."""
LABELLED: Final = 3
"""So many of the largest regions are labelled."""
TOLD_SHARE: Final = 0.8
"""Of new ground, that the largest region must have to be the same thing: masks leave out a part. Chosen by hand."""
LABELLED_SHARE: Final = 0.1
"""Of the largest region; smaller ones are outlined without words."""
LABELLED_M2: Final = 300.0
"""Smaller regions are as often false: words would make them news. Chosen by hand."""
DRAWN: Final = 400
"""Regions that are outlined at most, the largest first."""
LEAST_M2: Final = 60.0
"""A figure of a whole site does not show smaller ones. Chosen by hand."""
TOUCHING_M: Final = 1.5
"""Half of the gap that ground and the boxes on it may leave between them."""
SMOOTHED_PX: Final = 3.0
"""Notches up to twice as wide are closed in outlines, which an area keeps. Chosen by hand."""
HOLE_PX: Final = 24.0
"""Smaller holes are not outlined: side of a square. Chosen by hand."""
LEAST_SHARE: Final = 2e-4
"""Of the site, where its pixels are large."""
NEXT_TO_NONE: Final = 0.1
NEARLY_ALL: Final = 0.8
"""Of a region's pixels that a look's mask marks: up to the first it is not there yet, from the second it is there
whole. Chosen by hand."""
SEEN_SHARE: Final = 0.5
"""Of a region that a look must show to say anything of it. Chosen by hand."""
NOT_SEEN: Final = 255
"""Of a change mask."""
MOST_PIXELS: Final = 1 << 25
"""Of the rectangle around a region whose masks are read: 32 MB each."""
PAIR: Final = 2
"""Looks of which all that changed is seen on one alone, which goes without saying."""
_WITHIN: Final = "marked as changed, within the error"
"""What regions are called where the changed area may be none."""
MOST_POINTS: Final = 200
"""Pixels along a side of a region that are looked at."""


class Regions(NamedTuple):
    """Regions of the layer ``changes`` that are new on the later of two dates.

    Attributes
    ----------
    rows : GeoDataFrame
        The largest first.
    words : str
        What they are, for the legend.
    labels : int
        How many of them are labelled.
    is_sure : bool
        Whether the changed area is beyond its error, and the largest region beyond what is marked where nothing
        happened.
    """

    rows: gpd.GeoDataFrame
    words: str
    labels: int = LABELLED
    is_sure: bool = True


def regions_between(
    changes: gpd.GeoDataFrame,
    before: str,
    after: str,
    *,
    reference: str,
    counts_boxes: bool,
    site_m2: float,
    unit: float,
    is_sure: bool = True,
    false_m2: float = 0.0,
) -> Regions:
    """The regions of ground that are new between two dates.

    Parameters
    ----------
    changes : GeoDataFrame
        The layer.
    before, after : str
        ISO dates, the earlier first.
    reference : str
        With which the layer compares; between two dates before it nothing is known.
    counts_boxes : bool
        Whether boxes can be told from ground; else every change is shown.
    site_m2 : float
        Area of the site.
    unit : float
        A metre on the ground in units of the CRS.
    is_sure : bool
        Whether the changed area of the later date is beyond its error. Where it is not, small regions are as often
        aircraft, lorries and light: only what is large enough for words is shown.
    false_m2 : float
        What the placebo marks on the later date where nothing happened: ground of which no region is larger is shown
        as within the error, too.

    Returns
    -------
    Regions
        Paving, buildings and earthworks that came, left or were replaced; where boxes cannot be counted, all that
        changed.
    """
    days = pd.to_datetime(changes["date"], utc=True).dt.strftime("%Y-%m-%d")
    first = pd.to_datetime(changes["first_seen"], utc=True).dt.strftime("%Y-%m-%d").fillna(after)
    wanted = (days == after) & (first > before) & (reference <= before)
    boxes = changes[wanted & (changes["kind"] == "box") & (changes["direction"] == "gain")]
    if counts_boxes:
        wanted &= changes["kind"].isin(("paving", "building", "earthwork"))
        wanted &= changes["area_m2"] >= LEAST_M2
    else:
        wanted &= changes["area_m2"] >= LEAST_SHARE * site_m2
    rows = changes[wanted]
    rows = (with_boxes(rows, boxes, unit) if counts_boxes else rows).sort_values("area_m2", ascending=False).head(DRAWN)
    # Where only land cover can be told, regions are many and of one kind: the title has their area.
    if not counts_boxes:
        return Regions(rows, "changed since the earlier date" if is_sure else _WITHIN, 0, is_sure=is_sure)
    if not is_sure or not (rows["area_m2"] > false_m2).any():
        return Regions(rows[rows["area_m2"] >= _least_for_words(rows)], _WITHIN, is_sure=False)
    return Regions(rows, "new ground" if (rows["direction"] == "gain").all() else "new or changed ground")


def _least_for_words(rows: gpd.GeoDataFrame) -> float:
    return max(LABELLED_M2, LABELLED_SHARE * float(rows["area_m2"].max())) if len(rows) else LABELLED_M2


def with_boxes(regions: gpd.GeoDataFrame, boxes: gpd.GeoDataFrame, unit: float) -> gpd.GeoDataFrame:
    """Regions of new ground with the boxes that came to stand on them: a yard is one thing, full or empty.

    Parameters
    ----------
    regions : GeoDataFrame
        Of the layer ``changes``, of ground.
    boxes : GeoDataFrame
        Of the layer ``changes``, of boxes that came.
    unit : float
        A metre on the ground in units of the CRS.

    Returns
    -------
    GeoDataFrame
        New regions that touch each other or the same boxes are one, of the kind and time of the largest; others are as
        they were.
    """
    new = regions[regions["direction"] == "gain"].sort_values("area_m2", ascending=False)
    if not len(new):
        return regions
    reach = unit * TOUCHING_M
    closed = shapely.union_all(shapely.buffer(np.array([*new.geometry, *boxes.geometry], object), reach))
    parts: list[BaseGeometry] = list(shapely.get_parts(shapely.buffer(closed, -reach)))
    on = {name: _first_within(table.geometry, parts, reach) for name, table in (("new", new), ("boxes", boxes))}
    rows = []
    for k, part in enumerate(parts):
        inside = new[on["new"] == k]
        if len(inside):
            area = inside["area_m2"].sum() + boxes["area_m2"][on["boxes"] == k].sum()
            rows.append({**inside.iloc[0], "area_m2": area, "geometry": part})
    joined = gpd.GeoDataFrame(rows, geometry="geometry", crs=regions.crs)
    others = regions[regions["direction"] != "gain"]
    return gpd.GeoDataFrame(pd.concat([joined, others])) if len(others) else joined


def _first_within(shapes: gpd.GeoSeries, parts: Sequence[BaseGeometry], reach: float) -> Ints:
    """In which part each shape lies; -1 for none."""
    inner = shapely.point_on_surface(shapes.to_numpy())
    found = np.full(len(shapes), -1, np.int64)
    for k, part in enumerate(parts):
        found[shapely.distance(inner, part) <= reach] = k
    return found


class Looks(NamedTuple):
    """What tells since when a region is there.

    Attributes
    ----------
    dates : sequence of str
        ISO dates of all looks.
    reference : str
        ISO date.
    masks : mapping of str to Path
        Change masks by ISO date, as far as they are there.
    transform : Affine
        From pixels of a mask to the grid's CRS.
    calendar : Calendar
        How dates are written.
    hides_part : bool
        Whether one of the two dates hides a part of the site, so that a region may be cut.
    """

    dates: Sequence[str]
    reference: str
    masks: Mapping[str, Path]
    transform: Affine
    calendar: Calendar
    hides_part: bool = False


def labelled(regions: Regions, told: Mapping[str, object], looks: Looks) -> list[Ground]:
    """Regions with words for the largest.

    Parameters
    ----------
    regions : Regions
        As `regions_between` gives them.
    told : mapping
        ``new_ground`` of ``summary.json``; empty where there is none. The largest region that began when it did is
        labelled with its figures, so that one thing has one number, where they claim something; of one that a date may
        have cut the label says how much of it is outlined.
    looks : Looks
        For the dates.

    Returns
    -------
    list of Ground
        The largest first.
    """
    found = []
    for k, row in enumerate(regions.rows.itertuples()):
        worth = k < regions.labels and row.area_m2 >= _least_for_words(regions.rows)
        label = ""
        may_be_cut = looks.hides_part and row.direction == "gain"
        if worth and k == 0 and _is_told(told, iso_date(row.first_seen), row.area_m2, may_be_cut=may_be_cut):
            label = _told_label(told, looks.calendar, row.area_m2)
        elif worth:
            what = _words(row.kind, row.direction)
            what = what if regions.is_sure else f"Perhaps {what[0].lower()}{what[1:]}"
            label = _own_label(what, row.area_m2, row.geometry, iso_date(row.first_seen), looks)
        found.append(Ground(_smoothed(row.geometry, abs(looks.transform.a)), label))
    return found


def _smoothed(shape: BaseGeometry, pixel: float) -> BaseGeometry:
    """An outline without the stairs of its pixels, without notches and small holes."""
    closed = shapely.buffer(shapely.buffer(shape, SMOOTHED_PX * pixel), -SMOOTHED_PX * pixel)
    parts = [
        shapely.Polygon(part.exterior, [ring for ring in part.interiors if _encloses(ring, HOLE_PX * pixel)])
        for part in shapely.get_parts(closed)
    ]
    return shapely.simplify(shapely.union_all(parts), pixel)


def _encloses(ring: shapely.LinearRing, side: float) -> bool:
    return bool(shapely.Polygon(ring).area >= side**2)


def _is_told(told: Mapping[str, object], first_seen: str, area_m2: float, *, may_be_cut: bool) -> bool:
    low, high = as_float(told.get("low")), as_float(told.get("high"))
    # As in the sentences, a bound of 0 claims nothing.
    if not told or low is None or high is None or low <= 0.0:
        return False
    began = mapping_at(told, "began")
    fits = area_m2 <= high and (may_be_cut or TOLD_SHARE * low <= area_m2)
    return fits and iso_date(began.get("low")) <= first_seen <= iso_date(began.get("high"))


def _told_label(told: Mapping[str, object], calendar: Calendar, outlined_m2: float) -> str:
    value, low, high = (as_float(told.get(key)) or 0.0 for key in ("value", "low", "high"))
    began = mapping_at(told, "began")
    kind = WORDS.get(str(told.get("kind")), WORDS["built"])
    when = calendar.between(iso_date(began.get("low")), iso_date(began.get("high")))
    when = f"begun {when}" if told.get("shape") == "slope" else when
    part = f"\nof it outlined: about {area_text(outlined_m2)}" if outlined_m2 < low else ""
    return f"{kind}, {interval_text(value, low, high, scaled([value], 'm²'))}\n{when}{part}"


def _words(kind: str, direction: str) -> str:
    if direction == "gain":
        return WORDS.get(kind, WORDS["built"])
    if direction == "loss":
        return "Bare or paved ground gone" if kind == "paving" else f"{kind.capitalize()} gone"
    return "Ground changed"


def _own_label(what: str, area_m2: float, shape: BaseGeometry, first_seen: str, looks: Looks) -> str:
    words = f"{what}, about {area_text(area_m2)}"
    if not first_seen:
        return words
    shares = _marked_shares(shape, looks)
    without = [day for day, share in shares.items() if day < first_seen and share <= NEXT_TO_NONE]
    low = _day_after(max(without, default=looks.reference))
    when = looks.calendar.between(min(low, first_seen), first_seen)
    whole = min((day for day, share in shares.items() if day >= first_seen and share >= NEARLY_ALL), default=first_seen)
    if first_seen == max(looks.dates) and len(looks.dates) > PAIR:
        # A field that was ploughed, water and snow look so too, and no later look shows whether it lasts.
        return f"{words}\n{when},\nseen on that look alone"
    if whole == first_seen:
        return f"{words}\n{when}"
    return f"{words}\nin part {when},\nthe rest by {looks.calendar.day(whole)}"


def _marked_shares(shape: BaseGeometry, looks: Looks) -> dict[str, float]:
    """Share of a region that is marked, by the looks after the reference that show enough of it; of no huge region."""
    west, south, east, north = shape.bounds
    corners = [~looks.transform @ corner for corner in ((west, north), (east, south), (west, south), (east, north))]
    left, top = (max(0, math.floor(min(values))) for values in zip(*corners, strict=True))
    right, bottom = (math.ceil(max(values)) for values in zip(*corners, strict=True))
    found: dict[str, float] = {}
    if (bottom - top) * (right - left) > MOST_PIXELS:
        return found
    for day in sorted(day for day in looks.masks if day > looks.reference):
        mask = read_window(looks.masks[day], Window(top, left, max(1, bottom - top), max(1, right - left)))
        rows, columns = (np.arange(0, size, max(1, size // MOST_POINTS)) for size in mask.shape)
        row, column = (part.ravel() for part in np.meshgrid(rows, columns, indexing="ij"))
        inside = shapely.contains_xy(shape, *(looks.transform @ (left + column + 0.5, top + row + 0.5)))
        values = mask[row[inside], column[inside]]
        seen = values != NOT_SEEN
        if seen.sum() > SEEN_SHARE * len(values):
            found[day] = float((values[seen] == 1).mean())
    return found


def _day_after(day: str) -> str:
    return str(dt.date.fromisoformat(day) + dt.timedelta(days=1))
