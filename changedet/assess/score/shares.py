"""A share of a whole, where there is a whole."""

from __future__ import annotations


def share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
