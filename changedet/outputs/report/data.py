"""`ReportData`: all that a report shows, in one record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd


@dataclass(frozen=True)
class ReportData:
    """All that the report shows; no path, no workflow.

    Attributes
    ----------
    site_id, site_name : str
        Free text; escaped.
    summary : mapping
        As ``summary.json``.
    timeseries : pandas.DataFrame
        Columns of ``tables.TIMESERIES_COLUMNS``; NA where a figure cannot be had.
    scenes : sequence of mapping
        One a date, with any of ``date, file, gsd_m, compared_bands, sun_elevation_deg, sun_azimuth_deg, shift_east_m,
        shift_north_m, valid_fraction, checksum``.
    methods : sequence of mapping
        One a stage, with ``stage, method, reason`` and ``parameters`` (a mapping) and ``reference``.
    quicklooks : mapping of str to bytes
        ISO date -> JPEG or PNG on the common grid; see `changedet.outputs.report.pictures.quicklook`.
    overlays : mapping of str to bytes
        ISO date -> transparent PNG of what changed; see `changedet.outputs.report.pictures.overlay`.
    warnings : sequence of str
        Shown at the top.
    provenance : mapping
        Versions, checksums, timings: shown as they are.
    unavailable : mapping of str to str
        Figure (a key of ``totals``, ``arrivals``, ``departures``) -> why it cannot be had.
    trains : DataFrame, optional
        The layer ``trains``.
    ground : DataFrame, optional
        The layer ``ground``.
    """

    site_id: str
    site_name: str
    summary: Mapping[str, object]
    timeseries: pd.DataFrame
    scenes: Sequence[Mapping[str, object]] = ()
    methods: Sequence[Mapping[str, object]] = ()
    quicklooks: Mapping[str, bytes] = field(default_factory=dict)
    overlays: Mapping[str, bytes] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    provenance: Mapping[str, object] = field(default_factory=dict)
    unavailable: Mapping[str, str] = field(default_factory=dict)
    trains: pd.DataFrame | None = None
    ground: pd.DataFrame | None = None
