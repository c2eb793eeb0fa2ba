"""Write `golden.json` anew, where a result is meant to change: ``python tests/golden/record.py``."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

sys.path.extend(map(str, Path(__file__).resolve().parents[:2]))

from digests import digests, machine
from sites import GOLDEN, SITES, run_site


def record() -> None:
    """Run every site and keep what its files hold."""
    kept: dict[str, object] = {"machine": machine(), "sites": {}}
    for name in SITES:
        with tempfile.TemporaryDirectory() as folder:
            kept["sites"][name] = digests(*run_site(name, Path(folder)))
    GOLDEN.write_text(json.dumps(kept, indent=0, sort_keys=True) + "\n")


if __name__ == "__main__":
    record()
