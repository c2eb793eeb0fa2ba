"""Whether each defect that a hostile review once found is there, in this checkout or in another one.

    python benchmarks/defects.py [--package /path/to/a/checkout] [--rows 1,5,13]

All is done by the command line (two rows by a progress callback and `ulimit`), so that any commit can be judged whose
command takes the same words; what each row is about, and its tests, is in docs/research/faults.md. Prints a line for
each part and ends with status 1 where a defect is there.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import benchmarks.defects_of_inputs  # noqa: E402
import benchmarks.defects_of_runs  # noqa: E402, F401
from benchmarks.defect_site import PARTS, Site  # noqa: E402


def main() -> int:
    """Try all parts and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--package", type=Path, default=ROOT)
    parser.add_argument("--rows", default="")
    given = parser.parse_args()
    rows = {int(row) for row in given.rows.split(",") if row}
    found, tried = 0, 0
    for k, (row, what, check) in enumerate(sorted(PARTS, key=lambda one: one[0])):
        if rows and row not in rows:
            continue
        folder = Path(tempfile.mkdtemp())
        try:
            seen = check(Site(folder / str(k), given.package.resolve()))
        except Exception as error:
            seen = f"{type(error).__name__}: {error}"
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        tried, found = tried + 1, found + bool(seen)
        print(f"{row:3} {what:52} {' '.join(seen.split())[:150] or 'not there'}", flush=True)
    print(f"{tried} tried, {found} there")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
