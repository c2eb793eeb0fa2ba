"""The run folder and what is in it: its names and steps, the records that it keeps, whole files and packed rasters."""

from __future__ import annotations

from changedet.store.files import write_json
from changedet.store.folder import RunFolder
from changedet.store.layout import STATE
from changedet.store.records import identity, read_frame, read_geoframe, read_json, sha256, write_frame
from changedet.store.refusals import refuse_odd_files

__all__ = [
    "STATE",
    "RunFolder",
    "identity",
    "read_frame",
    "read_geoframe",
    "read_json",
    "refuse_odd_files",
    "sha256",
    "write_frame",
    "write_json",
]
