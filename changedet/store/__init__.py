"""The run folder and what is in it: its names and steps, the records that it keeps, the finished run."""

from __future__ import annotations

from changedet.store.folder import STATE, RunFolder
from changedet.store.records import identity, read_json, read_table, sha256, write_json, write_table

__all__ = [
    "STATE",
    "RunFolder",
    "identity",
    "read_json",
    "read_table",
    "sha256",
    "write_json",
    "write_table",
]
