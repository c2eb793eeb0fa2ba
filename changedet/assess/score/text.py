"""Scores as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


def format_scores(figures: Mapping[str, object]) -> str:
    """The figures as text.

    Parameters
    ----------
    figures : mapping
        As `changedet.assess.score.run.score_run` gives.

    Returns
    -------
    str
        A line for each group of figures, indented by its depth.
    """
    return "\n".join(_lines(figures))


def _lines(figures: Mapping[str, object], indent: int = 0) -> Iterator[str]:
    for name, value in figures.items():
        pad = "  " * indent
        if isinstance(value, Mapping) and all(not isinstance(inner, Mapping) for inner in value.values()):
            cells = "  ".join(f"{key} {_shown(inner)}" for key, inner in value.items())
            yield f"{pad}{name}: {cells}"
        elif isinstance(value, Mapping):
            yield f"{pad}{name}"
            yield from _lines(value, indent + 1)
        else:
            yield f"{pad}{name}: {_shown(value)}"


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return " / ".join(_shown(item) for item in value)
    return "-" if value is None else str(value)
