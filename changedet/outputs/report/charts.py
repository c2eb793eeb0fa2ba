"""Charts as inline SVG: figures over time with their intervals; colours come from the page's style sheet."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from markupsafe import Markup, escape

WIDTH: Final = 680
HEIGHT: Final = 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 14, 20, 40
_LABEL_WIDTH: Final = 90

_TEXT_LABELS: Final = 40
"""Figures that the text for readers without pictures holds at most."""
_LARGE_AREA_M2: Final = 1e6


class Scale(NamedTuple):
    """How figures are shown.

    Attributes
    ----------
    factor : float
        What they are divided by.
    unit : str
        The unit that they then have.
    digits : int
        Decimals.
    """

    factor: float
    unit: str
    digits: int


@dataclass(frozen=True)
class Figure:
    """One figure of one date; None where it cannot be had.

    Attributes
    ----------
    date : str
        ISO date.
    value, low, high : float or None
        Best estimate and its 95 % interval.
    seen : float or None
        What was actually seen, where that differs from the estimate.
    """

    date: str
    value: float | None
    low: float | None = None
    high: float | None = None
    seen: float | None = None


def number(value: float | None, digits: int = 0) -> str:
    r"""A number for reading.

    Parameters
    ----------
    value : float or None
        None, NaN and infinite ones cannot be had.
    digits : int
        Decimals.

    Returns
    -------
    str
        Thousands apart by a narrow space that does not break; an en dash where the number cannot be had.

    Examples
    --------
    >>> number(12345.6), number(None), number(-0.2)
    ('12\u202f346', '–', '0')
    """
    if value is None or not math.isfinite(value):
        return "–"
    return f"{round(value, digits) + 0.0:,.{digits}f}".replace(",", "\u202f")


def scaled(values: Sequence[float | None], unit: str) -> Scale:
    """The unit in which figures are shown, and to how many digits: large areas in km².

    Parameters
    ----------
    values : sequence of float or None
        All figures that share the unit.
    unit : str
        The unit of `values`; only ``m²`` is ever changed.

    Returns
    -------
    Scale
        What to divide by, the unit that is then shown, and its digits.

    Examples
    --------
    >>> scaled([3e6, None], "m²").unit, scaled([3e5], "m²").unit
    ('km²', 'm²')
    """
    large = unit == "m²" and any(value is not None and abs(value) >= _LARGE_AREA_M2 for value in values)
    return Scale(_LARGE_AREA_M2, "km²", 2) if large else Scale(1.0, unit, 0)


def line_chart(figures: Sequence[Figure], *, title: str, unit: str) -> Markup:
    """The estimate as a line with its band and error bars, detections as rings; a gap where there is no estimate.

    Parameters
    ----------
    figures : sequence of Figure
        One for each date, sorted.
    title : str
        For readers of the page that draw no pictures.
    unit : str
        Of the figures; ``m²`` becomes ``km²`` where they are large.

    Returns
    -------
    markupsafe.Markup
        An ``<svg>`` with its text escaped.
    """
    factor, unit, _ = scaled([v for f in figures for v in (f.value, f.high)], unit)
    figures = [_divided(f, factor) for f in figures]
    known = [f for f in figures if f.value is not None]
    tops = [v for f in figures for v in (f.value, f.high, f.seen) if v is not None]
    place = _axes(figures, min([0.0, *[f.low for f in known if f.low is not None]]), max([1.0, *tops]))
    body = [place.frame(unit)]
    for run in _runs(figures):
        body.append(_band(run, place))
        points = " ".join(f"{place.x(f.date):.1f},{place.y(f.value or 0):.1f}" for f in run)
        body.append(f'<polyline class="line" points="{points}"/>')
    body += [_mark(f, place, unit) for f in figures]
    return _svg(body, title, figures, unit)


def bar_chart(up: Sequence[Figure], down: Sequence[Figure], *, title: str, unit: str) -> Markup:
    """Two series as bars above and below the axis, with whiskers for their intervals.

    Parameters
    ----------
    up, down : sequence of Figure
        One for each date, sorted; both at 0 or above.
    title : str
        As for `line_chart`.
    unit : str
        Of the figures.

    Returns
    -------
    markupsafe.Markup
        An ``<svg>`` with its text escaped.
    """
    above = [v for f in up for v in (f.value, f.high) if v is not None]
    below = [v for f in down for v in (f.value, f.high) if v is not None]
    place = _axes(up, -max([0.0, *below]), max([1.0, *above]))
    width = max(3.0, min(22.0, 0.4 * (WIDTH - _LEFT - _RIGHT) / max(1, len(up))))
    body = [place.frame(unit)]
    for series, sign, name in ((up, 1, "up"), (down, -1, "down")):
        body += [_bar(f, sign, name, place, width, unit) for f in series if f.value is not None]
    body.append(f'<line class="axis" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{place.y(0):.1f}" y2="{place.y(0):.1f}"/>')
    return _svg(body, title, [*up, *down], unit)


def share_chart(figures: Sequence[Figure], *, title: str) -> Markup:
    """Shares as bars on a scale to 100 %.

    Parameters
    ----------
    figures : sequence of Figure
        One for each date, sorted; values of 0 to 1.
    title : str
        As for `line_chart`.

    Returns
    -------
    markupsafe.Markup
        An ``<svg>`` with its text escaped.
    """
    place = _axes(figures, 0, 100)
    width = max(3.0, min(22.0, 0.5 * (WIDTH - _LEFT - _RIGHT) / max(1, len(figures))))
    percent = [Figure(f.date, None if f.value is None else 100 * f.value) for f in figures]
    body = [place.frame("%"), *[_bar(f, 1, "share", place, width, "%") for f in percent if f.value is not None]]
    return _svg(body, title, percent, "%")


@dataclass(frozen=True)
class _Axes:
    x: Callable[[str], float]
    y: Callable[[float], float]
    days: tuple[str, ...]
    ticks: tuple[float, ...]

    def frame(self, unit: str) -> str:
        """Grid lines, tick labels and the unit."""
        digits = 0 if all(float(tick).is_integer() for tick in self.ticks) else 1
        rows = [self._row(tick, digits) for tick in self.ticks]
        columns = [self._column(day) for day in self._labelled()]
        return "".join([*rows, *columns, f'<text class="tick" x="{_LEFT}" y="{_TOP - 6}">{escape(unit)}</text>'])

    def _labelled(self) -> list[str]:
        """Days whose labels stand clear of each other."""
        kept: list[str] = []
        for day in self.days:
            if not kept or self.x(day) - self.x(kept[-1]) >= _LABEL_WIDTH:
                kept.append(day)
        return kept

    def _row(self, tick: float, digits: int) -> str:
        y = self.y(tick)
        line = f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        text = f'<text class="tick" text-anchor="end" x="{_LEFT - 6}" y="{y + 4:.1f}">{number(tick, digits)}</text>'
        return line + text

    def _column(self, day: str) -> str:
        x, foot = self.x(day), HEIGHT - _BOTTOM
        line = f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{foot}" y2="{foot + 4}"/>'
        return line + f'<text class="tick" text-anchor="middle" x="{x:.1f}" y="{HEIGHT - 16}">{escape(day)}</text>'


def _axes(figures: Sequence[Figure], low: float, high: float) -> _Axes:
    days = tuple(sorted({f.date for f in figures}))
    ordinals = [date.fromisoformat(day).toordinal() for day in days] or [0]
    first, span = ordinals[0], max(1, ordinals[-1] - ordinals[0])
    inner, margin = WIDTH - _LEFT - _RIGHT, 40
    ticks = _ticks(low, high)
    bottom, top = min(low, ticks[0]), max(high, ticks[-1])

    def x(day: str) -> float:
        if len(days) < 2:
            return _LEFT + inner / 2
        return _LEFT + margin + (inner - 2 * margin) * (date.fromisoformat(day).toordinal() - first) / span

    def y(value: float) -> float:
        return HEIGHT - _BOTTOM - (HEIGHT - _BOTTOM - _TOP) * (value - bottom) / (top - bottom)

    return _Axes(x, y, days, ticks)


def _ticks(low: float, high: float) -> tuple[float, ...]:
    raw = max(high - low, 1e-9) / 4
    power = 10 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)
    first, last = math.floor(low / step), math.ceil(high / step)
    return tuple(round(i * step, 10) for i in range(first, last + 1))


def _runs(figures: Sequence[Figure]) -> list[list[Figure]]:
    runs: list[list[Figure]] = [[]]
    for f in figures:
        if f.value is None:
            runs.append([])
        else:
            runs[-1].append(f)
    return [run for run in runs if run]


def _band(run: Sequence[Figure], place: _Axes) -> str:
    bounded = [(f.date, f.low, f.high) for f in run if f.low is not None and f.high is not None]
    if len(bounded) < 2:
        return ""
    points = [f"{place.x(day):.1f},{place.y(high):.1f}" for day, _, high in bounded]
    points += [f"{place.x(day):.1f},{place.y(low):.1f}" for day, low, _ in reversed(bounded)]
    return f'<polygon class="band" points="{" ".join(points)}"/>'


def _mark(figure: Figure, place: _Axes, unit: str) -> str:
    x, parts = place.x(figure.date), []
    if figure.low is not None and figure.high is not None:
        parts.append(_whisker(x, place.y(figure.low), place.y(figure.high)))
    tip = f"<title>{escape(_sentence(figure, unit))}</title>"
    if figure.value is not None:
        parts.append(f'<circle class="point" cx="{x:.1f}" cy="{place.y(figure.value):.1f}" r="4">{tip}</circle>')
    if figure.seen is not None:
        parts.append(f'<circle class="seen" cx="{x:.1f}" cy="{place.y(figure.seen):.1f}" r="6">{tip}</circle>')
    return "".join(parts)


def _bar(figure: Figure, sign: int, name: str, place: _Axes, width: float, unit: str) -> str:
    value = figure.value or 0
    ends = sorted((place.y(0), place.y(sign * value)))
    x = place.x(figure.date)
    parts = [
        f'<rect class="bar {name}" x="{x - width / 2:.1f}" y="{ends[0]:.1f}" width="{width:.1f}"'
        f' height="{ends[1] - ends[0]:.1f}"><title>{escape(_sentence(figure, unit))}</title></rect>'
    ]
    if figure.low is not None and figure.high is not None:
        parts.append(_whisker(x, place.y(sign * figure.low), place.y(sign * figure.high)))
    return "".join(parts)


def _whisker(x: float, a: float, b: float) -> str:
    return f'<path class="whisker" d="M{x:.1f} {a:.1f}V{b:.1f}M{x - 3:.1f} {a:.1f}h6M{x - 3:.1f} {b:.1f}h6"/>'


def _divided(figure: Figure, factor: float) -> Figure:
    value, low, high, seen = (
        None if v is None else v / factor for v in (figure.value, figure.low, figure.high, figure.seen)
    )
    return Figure(figure.date, value, low, high, seen)


def _sentence(figure: Figure, unit: str) -> str:
    digits = 2 if unit == "km²" else 0
    text = f"{figure.date}: {number(figure.value, digits)} {unit}".rstrip()
    if figure.low is not None and figure.high is not None:
        text += f" (95 %: {number(figure.low, digits)} to {number(figure.high, digits)})"
    return text + (f", seen {number(figure.seen)}" if figure.seen is not None else "")


def _svg(body: Sequence[str], title: str, figures: Sequence[Figure], unit: str) -> Markup:
    spoken = "; ".join(_sentence(f, unit) for f in figures[:_TEXT_LABELS] if f.value is not None)
    label = escape(f"{title}. {spoken}" if spoken else f"{title}. No figures.")
    # Every piece above is made of numbers or escaped text.
    return Markup(  # noqa: S704
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{"".join(body)}</svg>'
    )
