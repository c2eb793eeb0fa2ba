"""Charts as inline SVG: figures over time with their intervals; colours come from the page's style sheet."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

from changedet.outputs.report.axes import LEFT, PLAIN, RIGHT, WIDTH, Axes, Backdrop, Figure, axes_of, figure_text, svg
from changedet.outputs.sentences.words import Calendar, scaled

_WIDEST_BAR, _NARROWEST_BAR = 22.0, 3.0
_BARS_SHARE = 0.4


def line_chart(figures: Sequence[Figure], *, title: str, unit: str, back: Backdrop = PLAIN) -> Markup:
    """The estimate as a line with its band and error bars, detections as rings; a gap where there is no estimate.

    Parameters
    ----------
    figures : sequence of Figure
        One for each date, sorted.
    title : str
        For readers of the page that draw no pictures.
    unit : str
        Of the figures; ``m²`` becomes ``ha`` or ``km²`` where they are large.
    back : Backdrop
        What was hidden, and since when the figure has grown.

    Returns
    -------
    markupsafe.Markup
        An ``<svg>`` with its text escaped.
    """
    factor, shown, _ = scaled([v for f in figures for v in (f.value, f.high)], unit)
    spoken = [figure_text(f, unit, back.calendar) for f in figures if f.value is not None]
    tips = {f.date: figure_text(f, unit, back.calendar) for f in figures}
    figures = [_divided(f, factor) for f in figures]
    known = [f for f in figures if f.value is not None]
    tops = [v for f in figures for v in (f.value, f.high, f.seen) if v is not None]
    least = 0.0 if factor > 1 else 1.0
    place = axes_of(figures, min([0.0, *[f.low for f in known if f.low is not None]]), max([least, *tops]))
    body = [place.frame(shown, back)]
    for run in _runs(figures):
        body.append(_band(run, place))
        points = " ".join(f"{place.x(f.date):.1f},{place.y(f.value or 0):.1f}" for f in run)
        body.append(f'<polyline class="line" points="{points}"/>')
    body += [_mark(f, place, tips[f.date]) for f in figures]
    return svg(body, title, spoken)


def bar_chart(
    up: Sequence[Figure],
    down: Sequence[Figure],
    *,
    title: str,
    unit: str,
    verbs: tuple[str, str],
    back: Backdrop = PLAIN,
) -> Markup:
    """Two series as bars above and below the axis, with whiskers for their intervals.

    Parameters
    ----------
    up, down : sequence of Figure
        One for each date, sorted; both at 0 or above.
    title : str
        As for `line_chart`.
    unit : str
        Of the figures.
    verbs : (str, str)
        What the figures above and below the axis did, for readers who do not see on which side of it a bar stands.
    back : Backdrop
        What was hidden.

    Returns
    -------
    markupsafe.Markup
        An ``<svg>`` with its text escaped.
    """
    above = [v for f in up for v in (f.value, f.high) if v is not None]
    below = [v for f in down for v in (f.value, f.high) if v is not None]
    place = axes_of(up, -max([0.0, *below]), max([1.0, *above]))
    width = _bar_width(len(up), _BARS_SHARE)
    body = [place.frame(unit, back)]
    spoken = []
    for series, sign, name, verb in ((up, 1, "up", verbs[0]), (down, -1, "down", verbs[1])):
        known = [f for f in series if f.value is not None]
        words = [f"{figure_text(f, unit, back.calendar)} {verb}" for f in known]
        body += [_bar(f, sign, name, place, width, said) for f, said in zip(known, words, strict=True)]
        spoken += words
    body.append(f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{place.y(0):.1f}" y2="{place.y(0):.1f}"/>')
    return svg(body, title, spoken)


def share_chart(figures: Sequence[Figure], *, title: str, calendar: Calendar = PLAIN.calendar) -> Markup:
    """Shares as bars on a scale to 100 %.

    Parameters
    ----------
    figures : sequence of Figure
        One for each date, sorted; values of 0 to 1.
    title : str
        As for `line_chart`.
    calendar : Calendar
        How dates are written.

    Returns
    -------
    markupsafe.Markup
        An ``<svg>`` with its text escaped.
    """
    place = axes_of(figures, 0, 100)
    width = _bar_width(len(figures), 0.5)
    percent = [Figure(f.date, None if f.value is None else 100 * f.value) for f in figures]
    known = [f for f in percent if f.value is not None]
    spoken = [f"{figure_text(f, '', calendar)} %" for f in known]
    bars = [_bar(f, 1, "share", place, width, said) for f, said in zip(known, spoken, strict=True)]
    return svg([place.frame("%", Backdrop(calendar)), *bars], title, spoken)


def _bar_width(number_of_bars: int, share: float) -> float:
    return max(_NARROWEST_BAR, min(_WIDEST_BAR, share * (WIDTH - LEFT - RIGHT) / max(1, number_of_bars)))


def _runs(figures: Sequence[Figure]) -> list[list[Figure]]:
    runs: list[list[Figure]] = [[]]
    for f in figures:
        if f.value is None:
            runs.append([])
        else:
            runs[-1].append(f)
    return [run for run in runs if run]


def _band(run: Sequence[Figure], place: Axes) -> str:
    bounded = [(f.date, f.low, f.high) for f in run if f.low is not None and f.high is not None]
    if len(bounded) < 2:
        return ""
    points = [f"{place.x(day):.1f},{place.y(high):.1f}" for day, _, high in bounded]
    points += [f"{place.x(day):.1f},{place.y(low):.1f}" for day, low, _ in reversed(bounded)]
    return f'<polygon class="band" points="{" ".join(points)}"/>'


def _mark(figure: Figure, place: Axes, words: str) -> str:
    x, parts = place.x(figure.date), []
    if figure.low is not None and figure.high is not None:
        parts.append(_whisker(x, place.y(figure.low), place.y(figure.high)))
    tip = f"<title>{escape(words)}</title>"
    if figure.value is not None:
        parts.append(f'<circle class="point" cx="{x:.1f}" cy="{place.y(figure.value):.1f}" r="4">{tip}</circle>')
    if figure.seen is not None:
        parts.append(f'<circle class="seen" cx="{x:.1f}" cy="{place.y(figure.seen):.1f}" r="6">{tip}</circle>')
    return "".join(parts)


def _bar(figure: Figure, sign: int, name: str, place: Axes, width: float, words: str) -> str:
    value = figure.value or 0
    ends = sorted((place.y(0), place.y(sign * value)))
    x = place.x(figure.date)
    parts = [
        f'<rect class="bar {name}" x="{x - width / 2:.1f}" y="{ends[0]:.1f}" width="{width:.1f}"'
        f' height="{ends[1] - ends[0]:.1f}"><title>{escape(words)}</title></rect>'
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
