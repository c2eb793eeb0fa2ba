"""What a fit says while it runs."""

from __future__ import annotations

import sys
import time


def say(words: str) -> None:
    """Print a line of progress with the CPU time to the standard error."""
    print(f"{words} [{time.process_time():.0f} CPU s]", file=sys.stderr, flush=True)
