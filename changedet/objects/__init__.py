"""Objects: container-like boxes on one date, each with its place, size, colour and how sure it is."""

from __future__ import annotations

from changedet.objects.boxes import COLUMNS, georeferenced, suppress
from changedet.objects.lattice import COARSEST_M, ObjectMethod, cells, in_cell
from changedet.objects.stage import STAGE, choose, classical, learned
from changedet.objects.whole import detect_containers, find

__all__ = [
    "COARSEST_M",
    "COLUMNS",
    "STAGE",
    "ObjectMethod",
    "cells",
    "choose",
    "classical",
    "detect_containers",
    "find",
    "georeferenced",
    "in_cell",
    "learned",
    "suppress",
]
