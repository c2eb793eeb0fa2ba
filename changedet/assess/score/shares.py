"""Shares of what was found and of what is true."""

from __future__ import annotations

from typing import TypedDict


class DetectionFigures(TypedDict):
    """How many of the things found are true, and how many of the true ones were found.

    Attributes
    ----------
    precision : float or None
        Share of what was found that is true.
    recall : float or None
        Share of what is true that was found.
    f1 : float or None
        Their harmonic mean.
    found, true : int
        Numbers.
    """

    precision: float | None
    recall: float | None
    f1: float | None
    found: int
    true: int


def share(part: float, whole: float) -> float | None:
    """A share of a whole.

    Parameters
    ----------
    part, whole : float
        Both 0 or above.

    Returns
    -------
    float or None
        None where the whole is 0.
    """
    return part / whole if whole else None


def detection_figures(hits: int, found: int, true: int) -> DetectionFigures:
    """Precision, recall and F1.

    Parameters
    ----------
    hits : int
        Number of things found that are true.
    found : int
        Number of things found.
    true : int
        Number of true things.

    Returns
    -------
    DetectionFigures
        None for a share of nothing.
    """
    return {
        "precision": share(hits, found),
        "recall": share(hits, true),
        "f1": share(2 * hits, found + true),
        "found": found,
        "true": true,
    }
