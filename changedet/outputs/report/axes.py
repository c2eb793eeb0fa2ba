"""The frame of a chart: dates along, figures up, what was hidden and since when it grew behind them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple

from markupsafe import Markup, escape

from changedet.outputs.sentences.words import Calendar, interval_text, number, scaled

WIDTH: Final = 680
HEIGHT: Final = 280
LEFT, RIGHT, TOP, BOTTOM = 64, 14, 24, 40
_LABEL_WIDTH: Final = 90
_LETTER_WIDTH, _LABEL_GAP = 8.4, 8.0
_MARGIN: Final = 40
_LOOK_WIDTH: Final = 14.0
HIDDEN: Final = 0.1
"""Share of the site that a look hides from which it is shaded."""

_TEXT_LABELS: Final = 40
"""Figures that the text for readers without pictures holds at most."""


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


class Onset(NamedTuple):
    """Since when a figure has grown.

    Attributes
    ----------
    low, high : str
        ISO dates that bound it.
    """

    low: str
    high: str


@dataclass(frozen=True)
class Backdrop:
    """What stands behind a curve.

    Attributes
    ----------
    calendar : Calendar
        How dates are written.
    hidden : mapping of str to float
        ISO date -> share of the site that cloud, shade and missing data hide.
    onset : Onset or None
        Since when the figure has grown.
    """

    calendar: Calendar = field(default_factory=lambda: Calendar(years_only=False))
    hidden: Mapping[str, float] = field(default_factory=dict)
    onset: Onset | None = None


PLAIN: Final = Backdrop()
"""Nothing behind the curve."""


@dataclass(frozen=True)
class Axes:
    """Where figures of dates lie in a chart.

    Attributes
    ----------
    x : callable
        From an ISO date.
    y : callable
        From a figure.
    days : tuple of str
        All dates, sorted.
    ticks : tuple of float
        Figures with a grid line.
    """

    x: Callable[[str], float]
    y: Callable[[float], float]
    days: tuple[str, ...]
    ticks: tuple[float, ...]

    def frame(self, unit: str, back: Backdrop = PLAIN) -> str:
        """What is hidden, the onset, grid lines, tick labels and the unit.

        Parameters
        ----------
        unit : str
            Of the figures.
        back : Backdrop
            What stands behind the curve.

        Returns
        -------
        str
            SVG.
        """
        digits = 0 if all(float(tick).is_integer() for tick in self.ticks) else 1
        shades = [self._shade(day, back) for day in self.days if back.hidden.get(day, 0.0) >= HIDDEN]
        rows = [self._row(tick, digits) for tick in self.ticks]
        columns = [self._column(day, text) for day, text in day_labels(self.days, back.calendar)]
        named = f'<text class="tick" x="{LEFT}" y="{TOP - 9}">{escape(unit)}</text>' if unit else ""
        return "".join([*shades, self._growth(back), *rows, *columns, named])

    def _shade(self, day: str, back: Backdrop) -> str:
        share, x = back.hidden[day], self.x(day)
        tip = escape(f"{back.calendar.day(day)}: {number(100 * share)} % of the site hidden")
        return (
            f'<rect class="hidden" x="{x - _LOOK_WIDTH / 2:.1f}" y="{TOP}" width="{_LOOK_WIDTH}" '
            f'height="{HEIGHT - BOTTOM - TOP}" fill-opacity="{0.15 + 0.45 * share:.2f}"><title>{tip}</title></rect>'
        )

    def _growth(self, back: Backdrop) -> str:
        if back.onset is None or not self.days:
            return ""
        low, high = (self.x(max(self.days[0], day)) for day in back.onset)
        width = max(2.0, high - low)
        tip = escape(f"Growth began {back.calendar.between(*back.onset)}")
        return (
            f'<rect class="onset" x="{high - width:.1f}" y="{TOP}" width="{width:.1f}" '
            f'height="{HEIGHT - BOTTOM - TOP}"><title>{tip}</title></rect>'
            f'<text class="onset-name" text-anchor="end" x="{high - 3:.1f}" y="{TOP + 12}">began</text>'
        )

    def _row(self, tick: float, digits: int) -> str:
        y = self.y(tick)
        line = f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        text = f'<text class="tick" text-anchor="end" x="{LEFT - 6}" y="{y + 4:.1f}">{number(tick, digits)}</text>'
        return line + text

    def _column(self, day: str, text: str) -> str:
        x, foot = self.x(day), HEIGHT - BOTTOM
        line = f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{foot}" y2="{foot + 4}"/>'
        return line + f'<text class="tick" text-anchor="middle" x="{x:.1f}" y="{HEIGHT - 16}">{escape(text)}</text>'


def along(days: Sequence[str]) -> Callable[[str], float]:
    """Where dates lie along a chart, true to scale.

    Parameters
    ----------
    days : sequence of str
        ISO dates, sorted.

    Returns
    -------
    callable
        From an ISO date to pixels; the middle where there is but one date.
    """
    ordinals = [date.fromisoformat(day).toordinal() for day in days] or [0]
    first, span = ordinals[0], max(1, ordinals[-1] - ordinals[0])
    inner = WIDTH - LEFT - RIGHT

    def _x(day: str) -> float:
        if len(days) < 2:
            return LEFT + inner / 2
        return LEFT + _MARGIN + (inner - 2 * _MARGIN) * (date.fromisoformat(day).toordinal() - first) / span

    return _x


def day_labels(days: Sequence[str], calendar: Calendar) -> list[tuple[str, str]]:
    """Dates whose labels stand clear of each other.

    Parameters
    ----------
    days : sequence of str
        ISO dates, sorted.
    calendar : Calendar
        How dates are written.

    Returns
    -------
    list of (str, str)
        ISO date and label; a year is named where it begins.
    """
    kept: list[tuple[str, str]] = []
    year, x = "", along(days)
    for day in days:
        text = calendar.short(day, year=day[:4] != year)
        if kept:
            both = (len(kept[-1][1]) + len(text)) / 2
            if x(day) - x(kept[-1][0]) < max(_LABEL_WIDTH, both * _LETTER_WIDTH + _LABEL_GAP):
                continue
        kept.append((day, text))
        year = day[:4]
    return kept


def axes_of(figures: Sequence[Figure], low: float, high: float) -> Axes:
    """The axes of a chart.

    Parameters
    ----------
    figures : sequence of Figure
        Whose dates are shown.
    low, high : float
        Range of the figures.

    Returns
    -------
    Axes
        With round ticks.
    """
    days = tuple(sorted({f.date for f in figures}))
    ticks = _ticks(low, high)
    bottom, top = min(low, ticks[0]), max(high, ticks[-1])

    def _y(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * (value - bottom) / (top - bottom)

    return Axes(along(days), _y, days, ticks)


def _ticks(low: float, high: float) -> tuple[float, ...]:
    raw = max(high - low, 1e-9) / 4
    power = 10 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)
    first, last = math.floor(low / step), math.ceil(high / step)
    return tuple(round(i * step, 10) for i in range(first, last + 1))


def figure_text(figure: Figure, unit: str, calendar: Calendar) -> str:
    """A figure in words, as tips and readers without pictures have it.

    Parameters
    ----------
    figure : Figure
        Of a date.
    unit : str
        Of its values.
    calendar : Calendar
        How dates are written.

    Returns
    -------
    str
        Such as ``12 March 2023: 41 (37–44), 40 seen``.
    """
    day = calendar.day(figure.date)
    if figure.value is None:
        return f"{day}: no figure" + (f", {number(figure.seen)} seen" if figure.seen is not None else "")
    scale = scaled([figure.value or figure.high], unit)
    if figure.low is None or figure.high is None:
        text = f"{number(figure.value / scale.factor, scale.digits)} {scale.unit}".rstrip()
    else:
        text = interval_text(figure.value, figure.low, figure.high, scale)
    return f"{day}: {text}" + (f", {number(figure.seen)} seen" if figure.seen is not None else "")


def svg(body: Sequence[str], title: str, spoken: Sequence[str], height: float = HEIGHT) -> Markup:
    """A drawing with its text for readers without pictures.

    Parameters
    ----------
    body : sequence of str
        Its parts, whose text is escaped.
    title : str
        What it is.
    spoken : sequence of str
        Its figures in words.
    height : float
        Of the drawing.

    Returns
    -------
    markupsafe.Markup
        An ``<svg>``.
    """
    told = "; ".join(spoken[:_TEXT_LABELS])
    label = escape(f"{title}. {told}" if told else f"{title}. No figures.")
    # Every part is made of numbers or escaped text.
    return Markup(  # noqa: S704
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{label}">{"".join(body)}</svg>'
    )
