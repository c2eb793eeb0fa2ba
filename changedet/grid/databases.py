"""SQLite files such as GeoPackages, looked through before GDAL opens them: their layers must be tables.

A view is a program that the reader runs: one that never ends, or one over a file beside, reads like any layer.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import quote

from changedet.errors import InputError

SIGNATURE: Final = b"SQLite format 3\0"
_MOST_STEPS: Final = 50_000_000
"""Steps of SQLite's virtual machine for one query, a second or two. Its own lists may be views too."""
_LISTS: Final = re.compile(r"(gpkg_|rtree_).*|geometry_columns|spatial_ref_sys|sqlite_.*")
"""Tables from which GDAL learns what there is."""
_READS_FILES: Final = re.compile(r"create\s+virtual\s+table.*\susing\s+\W?(virtual|csv|fsdir|zipfile)", re.I | re.S)


def require_tables(path: Path, *, no_views: bool = False) -> None:
    """Refuse a database whose layers are views, or that reads other files as tables.

    Parameters
    ----------
    path : pathlib.Path
        A file; one that is missing passes.
    no_views : bool
        Whether it may have no view at all, as those that this package writes.

    Raises
    ------
    InputError
        It is no regular file or no SQLite database, cannot be read, or has such a layer.
    """
    if not path.exists():
        return
    if not path.is_file() or _head(path) != SIGNATURE:
        raise InputError(f"'{path}' is no GeoPackage")
    try:
        with closing(_connected(path)) as database:
            bad = _refused(database, no_views)
    except (sqlite3.Error, UnicodeError) as error:
        raise InputError(f"'{path}' cannot be read as a vector file ({error})") from None
    if bad:
        raise InputError(f"'{path}' holds {bad[:80]!a}, a view or a table of another file; save it as a table")


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(len(SIGNATURE))
    except OSError as error:
        raise InputError(f"'{path}' cannot be read ({error.strerror})") from None


def _connected(path: Path) -> sqlite3.Connection:
    # Where the folder cannot be written a database with a log can only be opened as one that nobody changes.
    place = f"file:{quote(str(path.absolute()))}?mode=ro"
    try:
        database = sqlite3.connect(place, uri=True)
        database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        database = sqlite3.connect(f"{place}&immutable=1", uri=True)
    steps = iter(range(_MOST_STEPS // 1000))
    database.set_progress_handler(lambda: next(steps, None) is None, 1000)
    return database


def _refused(database: sqlite3.Connection, no_views: bool) -> str:
    """The first name in a database that may not be read; empty where there is none."""
    made = database.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    views = {str(name).lower(): str(name) for kind, name, _ in made if kind == "view"}
    foreign = [str(name) for _, name, sql in made if _READS_FILES.match(str(sql or "").strip())]
    lists = [name for low, name in views.items() if _LISTS.fullmatch(low)]
    if foreign or lists:
        return [*foreign, *lists][0]
    tables = {str(name).lower() for kind, name, _ in made if kind == "table"}
    shown: set[str] = set()
    for table, column in (("gpkg_contents", "table_name"), ("geometry_columns", "f_table_name")):
        if table in tables:
            rows = database.execute(f"SELECT {column} FROM {table}")  # noqa: S608 - names of this module
            shown |= {str(row[0]).lower() for row in rows}
    read = [name for low, name in views.items() if no_views or not shown or low in shown]
    return read[0] if read else ""
