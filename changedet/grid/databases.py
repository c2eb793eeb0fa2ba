"""SQLite files such as GeoPackages, looked through before GDAL opens them: their layers must be tables.

A view is a program that the reader runs: one that never ends, or one over a file beside, reads like any layer. So is a
column that is computed.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import quote

from changedet.errors import InputError
from changedet.grid.datum_files import foreign_datum_file

SIGNATURE: Final = b"SQLite format 3\0"
_MOST_STEPS: Final = 50_000_000
"""Steps of SQLite's virtual machine for one query, a second or two. Its own lists may be views too."""
_LISTS: Final = re.compile(r"(gpkg_|rtree_).*|geometry_columns|spatial_ref_sys|sqlite_.*")
"""Tables from which GDAL learns what there is."""
_SYSTEMS: Final = ("gpkg_spatial_ref_sys", "spatial_ref_sys")
"""Tables of coordinate reference systems."""
_COLUMNS, _TABLE = r"[\w\s.,\"`]+?", r"\"?\w+\"?"
_JOINED_TILES: Final = re.compile(
    rf"create\s+view\s+{_TABLE}\s+as\s+select\s+{_COLUMNS}\s+from\s+{_TABLE}"
    rf"(\s+(inner|left|left\s+outer)?\s*join\s+{_TABLE}\s+on\s+[\w.\"]+\s*=\s*[\w.\"]+)?\s*;?",
    re.I,
)
"""How tiles are kept once where many are alike, as MBTiles may: one table's rows looked up in another."""
_TILES: Final = frozenset({"tiles", "metadata"})
"""Of MBTiles, which lists no tables, what is read."""
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
        It is no regular file or no SQLite database, cannot be read, has such a layer or a computed column.
    """
    if not path.exists():
        return
    if not path.is_file() or _head(path) != SIGNATURE:
        raise InputError(f"'{path}' is no GeoPackage")
    try:
        with closing(_connected(path)) as database:
            bad = _refused(database, no_views)
            foreign = None if bad else _foreign(database)
    except (sqlite3.Error, UnicodeError) as error:
        raise InputError(f"'{path}' cannot be read as a vector file ({error})") from None
    if bad:
        said = "a view, a table of another file or one with a computed column"
        raise InputError(f"'{path}' holds {bad[:80]!a}, {said}; save it as a table")
    if foreign:
        raise InputError(f"'{path}': its CRS names the file {foreign[:60]!a}; save it with one by a code")


def is_database(path: Path) -> bool:
    """Whether a file is an SQLite database, by its first bytes.

    Parameters
    ----------
    path : pathlib.Path
        A file; no folder and none that is missing is one.

    Returns
    -------
    bool
        Of a regular file alone.

    Raises
    ------
    InputError
        It may not be read.
    """
    return path.is_file() and _head(path) == SIGNATURE


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
    computed = [str(name) for kind, name, _ in made if kind == "table" and _is_computed(database, str(name))]
    if foreign or lists or computed:
        return [*foreign, *lists, *computed][0]
    tables = {str(name).lower() for kind, name, _ in made if kind == "table"}
    shown: set[str] = set()
    for table, column in (("gpkg_contents", "table_name"), ("geometry_columns", "f_table_name")):
        if table in tables:
            rows = database.execute(f"SELECT {column} FROM {table}")  # noqa: S608 - names of this module
            shown |= {str(row[0]).lower() for row in rows}
    joined = {str(name).lower() for kind, name, sql in made if kind == "view" and _JOINED_TILES.fullmatch(str(sql))}
    if not shown and not no_views and tables | views.keys() >= _TILES:
        shown = set(_TILES - joined)
    read = [name for low, name in views.items() if no_views or not shown or low in shown]
    return read[0] if read else ""


def _foreign(database: sqlite3.Connection) -> str | None:
    for table in _SYSTEMS:
        if database.execute("SELECT 1 FROM sqlite_master WHERE lower(name) = ?", (table,)).fetchone():
            for row in database.execute(f"SELECT * FROM {table}"):  # noqa: S608 - names of this module
                if foreign := foreign_datum_file(" ".join(value for value in row if isinstance(value, str))):
                    return foreign
    return None


def _is_computed(database: sqlite3.Connection, table: str) -> bool:
    rows = database.execute("SELECT 1 FROM pragma_table_xinfo(?) WHERE hidden IN (2, 3)", (table,))
    return rows.fetchone() is not None
