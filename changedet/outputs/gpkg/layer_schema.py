"""Columns, types and geometries of the layers of ``objects.gpkg``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DATE: Final = "datetime64[ms, UTC]"
TEXT: Final = "object"
REAL: Final = "float64"
WHOLE: Final = "Int64"
FLAG: Final = "boolean"

SCHEMA: Final[Mapping[str, Mapping[str, str]]] = {
    "containers": {
        "date": DATE,
        "object_id": WHOLE,
        "track_id": WHOLE,
        "length_m": REAL,
        "width_m": REAL,
        "angle_deg": REAL,
        "kind": TEXT,
        "confidence": REAL,
        "color": TEXT,
        "tiers": WHOLE,
        "inferred": FLAG,
        "confirmed": FLAG,
        "zone": TEXT,
    },
    "tracks": {
        "track_id": WHOLE,
        "first_seen": DATE,
        "last_seen": DATE,
        "not_after": DATE,
        "not_before": DATE,
        "kind": TEXT,
        "color": TEXT,
    },
    "footprint": {"date": DATE, "area_m2": REAL},
    "changes": {
        "date": DATE,
        "change_id": WHOLE,
        "area_m2": REAL,
        "direction": TEXT,
        "kind": TEXT,
        "probability": REAL,
        "first_seen": DATE,
        "zone": TEXT,
    },
    "not_seen": {"date": DATE, "reason": TEXT, "area_m2": REAL},
    "zones": {"name": TEXT, "kind": TEXT, "capacity": REAL},
    "ground": {"date": DATE, "kind": TEXT, "area_m2": REAL, "gained_m2": REAL, "lost_m2": REAL},
    "trains": {
        "date": DATE,
        "zone": TEXT,
        "train_id": WHOLE,
        "boxes": WHOLE,
        "teu": WHOLE,
        "wagons_low": WHOLE,
        "wagons_high": WHOLE,
        "empty_low": WHOLE,
        "empty_high": WHOLE,
        "length_m": REAL,
        "sequence": TEXT,
    },
    "ships": {
        "date": DATE,
        "ship_id": WHOLE,
        "kind": TEXT,
        "length_m": REAL,
        "length_error_m": REAL,
        "width_m": REAL,
        "width_error_m": REAL,
        "angle_deg": REAL,
        "zone": TEXT,
        "confidence": REAL,
        "is_whole": FLAG,
        "boxes": WHOLE,
        "deck": TEXT,
    },
    "railcars": {
        "date": DATE,
        "zone": TEXT,
        "track": WHOLE,
        "train_id": WHOLE,
        "car_id": WHOLE,
        "kind": TEXT,
        "kind_confidence": REAL,
        "loaded": FLAG,
        "length_m": REAL,
        "length_error_m": REAL,
        "angle_deg": REAL,
        "confidence": REAL,
        "boxes": WHOLE,
    },
    "works": {
        "date": DATE,
        "work_id": WHOLE,
        "kind": TEXT,
        "state": TEXT,
        "since_after": DATE,
        "since_by": DATE,
        "made_after": DATE,
        "made_by": DATE,
        "probability": REAL,
        "area_m2": REAL,
        "zone": TEXT,
    },
    "buildings": {
        "building_id": WHOLE,
        "first_seen": DATE,
        "last_seen": DATE,
        "not_after": DATE,
        "not_before": DATE,
        "stood_before": FLAG,
        "area_m2": REAL,
        "area_low_m2": REAL,
        "area_high_m2": REAL,
        "probability": REAL,
        "zone": TEXT,
    },
    "cells": {
        "date": DATE,
        "zone": TEXT,
        "state": TEXT,
        "since_after": DATE,
        "since_by": DATE,
        "probability": REAL,
    },
}
"""Columns of each layer of ``objects.gpkg`` with their dtypes, in order; the only place that names them."""

GEOMETRY: Final[Mapping[str, str]] = {
    "containers": "Polygon",
    "tracks": "Point",
    "footprint": "MultiPolygon",
    "changes": "MultiPolygon",
    "not_seen": "MultiPolygon",
    "zones": "MultiPolygon",
    "ground": "MultiPolygon",
    "trains": "LineString",
    "ships": "Polygon",
    "railcars": "Polygon",
    "works": "Polygon",
    "buildings": "Polygon",
    "cells": "MultiPolygon",
}

ALWAYS: Final = ("containers", "tracks", "footprint", "changes")
"""Layers that are there in every file; ``zones`` only where zones are given, ``trains`` and ``railcars`` only where
one is a siding, ``ships`` only where one is a berth, ``cells`` only where one is a cell, ``works`` and ``buildings``
only where the workflow wants them, ``ground`` only where the pixels tell what a footprint bears, ``not_seen`` only
where a date hides a part of it."""
DESCRIPTIONS: Final[Mapping[str, str]] = {
    "zones": "zones of the workflow, for which the series is given too",
    "trains": "rows of boxes on sidings, read as trains",
    "ships": "ships, barges and boats at berths and afloat",
    "railcars": "cars on the tracks of sidings, by kind and load",
    "cells": "floors of the store: empty, in use, full or covered",
    "works": "pits, banks, heaps and pads made since the reference, by state",
    "buildings": "halls, from when to when each stands",
    "containers": "boxes of container size, one row a detection",
    "tracks": "boxes followed over the dates",
    "changes": "what came or went since the reference date, by kind",
    "not_seen": "what a date does not show of the site, by reason",
    "footprint": "yards, buildings, earthworks and stored objects, as one outline",
    "ground": "what the footprint bears, by kind",
}
"""What each layer holds: in `gpkg_contents`, and what QGIS says of it."""
