"""Models with the checksum that is written beside them."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path


def write_with_checksum(content: bytes, path: Path) -> None:
    """Write a model and, beside it, a file ``.sha256`` with its checksum, which is also printed."""
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    path.with_suffix(".sha256").write_text(digest + "\n")
    sys.stdout.write(f"{path.name} {digest}\n")
