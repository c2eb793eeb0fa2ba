"""`ReportData`: all that a report shows, in one record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

import pandas as pd

from changedet.outputs.values import iso_date, mapping_at, rows_of

TABULATED: Final = ("trains", "ships", "works", "buildings", "ground")
"""Layers that not every run has and of which the report has a table."""


@dataclass(frozen=True)
class Chip:
    """A small picture of a place on one look.

    Attributes
    ----------
    date : str
        ISO date.
    picture : bytes
        JPEG; empty where the look does not show the place, or its pixels must not be shown.
    shows : str
        ``clear``, or what hides the place: a name of the classes of the quality raster, in words.
    stands : bool
        Whether the box stands there by what the tracks say.
    is_seen : bool
        Whether they take it for seen on this very look, however dark: the first or the last that shows the box.
    """

    date: str
    picture: bytes
    shows: str
    stands: bool
    is_seen: bool = False


@dataclass(frozen=True)
class BoxEvent:
    """A box that came or left, on the looks around.

    Attributes
    ----------
    date : str
        ISO date of the first look with it, or without it.
    has_come : bool
        False where it left.
    track_id : int
        In the layer ``tracks``.
    kind : str
        Of the box.
    zone : str
        That holds it; empty for none.
    outline : sequence of (float, float)
        Its corners in the chips, from 0 at the left and the top to 1.
    chips : sequence of Chip
        In the order of their dates.
    """

    date: str
    has_come: bool
    track_id: int
    kind: str
    zone: str
    outline: Sequence[tuple[float, float]]
    chips: Sequence[Chip]


@dataclass(frozen=True)
class ReportData:
    """All that the report shows; no path, no workflow.

    Attributes
    ----------
    summary : mapping
        As ``summary.json``; free text in it is escaped.
    timeseries : pandas.DataFrame
        Columns of ``tables.TIMESERIES_COLUMNS``; NA where a figure cannot be had.
    scenes : sequence of mapping
        One a date, with any of ``date, file, gsd_m, compared_bands, sun_elevation_deg, sun_azimuth_deg,
        shift_east_m, shift_north_m, valid_fraction, sha256`` (of each file).
    methods : sequence of mapping
        One a stage, with ``stage, method, reason`` and ``parameters`` (a mapping) and ``reference``.
    quicklooks : mapping of str to bytes
        ISO date -> JPEG or PNG on the common grid; see `changedet.outputs.report.pictures.quicklook`.
    overlays : mapping of str to bytes
        ISO date -> transparent PNG of what changed; see `changedet.outputs.report.pictures.overlay`.
    provenance : mapping
        Versions, checksums, timings: shown as they are.
    layers : mapping of str to DataFrame
        Those of `TABULATED` that there are.
    events : sequence of BoxEvent
        Boxes that came or left, those that are shown.
    events_listed : mapping of (str, bool) to int
        ISO date and whether they came -> how many the layer ``tracks`` lists.
    figure : bytes
        The figure of the site, PNG, JPEG or SVG; empty for none.
    """

    summary: Mapping[str, object]
    timeseries: pd.DataFrame
    scenes: Sequence[Mapping[str, object]] = ()
    methods: Sequence[Mapping[str, object]] = ()
    quicklooks: Mapping[str, bytes] = field(default_factory=dict)
    overlays: Mapping[str, bytes] = field(default_factory=dict)
    provenance: Mapping[str, object] = field(default_factory=dict)
    layers: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    events: Sequence[BoxEvent] = ()
    events_listed: Mapping[tuple[str, bool], int] = field(default_factory=dict)
    figure: bytes = b""

    @property
    def site_id(self) -> str:
        """The site's id."""
        return str(self.summary["site"])

    @property
    def site_name(self) -> str:
        """Its name, or else its id."""
        return str(self.summary.get("name") or self.site_id)

    @property
    def warnings(self) -> Sequence[str]:
        """Shown at the top."""
        return cast("Sequence[str]", self.summary["warnings"])

    @property
    def unavailable(self) -> Mapping[str, str]:
        """Figure (a key of ``totals``, ``arrivals``, ``departures``) -> why it cannot be had."""
        return cast("Mapping[str, str]", mapping_at(self.summary, "unavailable"))


def unsure_days(series: pd.DataFrame) -> set[str]:
    """Dates whose changed area is within its error.

    Parameters
    ----------
    series : DataFrame
        The time series, with ``date``, ``zone``, ``changed_area_m2`` and ``changed_area_low_m2``.

    Returns
    -------
    set of str
        ISO dates on which something of the whole site is marked and the interval begins at 0; none where no area is
        known.
    """
    if "changed_area_low_m2" not in series:
        return set()
    whole = rows_of(series)
    area, low = (pd.to_numeric(whole[name]) for name in ("changed_area_m2", "changed_area_low_m2"))
    return {iso_date(day) for day in whole["date"][((area > 0) & (low == 0)).to_numpy(bool)]}
