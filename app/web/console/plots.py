"""Plots as shapes for inline SVG: pure decoration of a table that stands below each of them.

All shapes live in a space of `WIDTH` by `HEIGHT` that the page stretches; labels are not part of
it. Classes `s0`, `s1` … name the series, in the order of the legend.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 1000, 200
SERIES = 8
"""So many series have a colour of their own."""
#: Of a bar's place on the axis; the rest is the gap to the next.
_FILLED = 0.8
_STEPS = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle. `name` is told by its tooltip."""

    series: int
    x: float
    y: float
    width: float
    height: float
    name: str


@dataclass(frozen=True, slots=True)
class Line:
    """A path through the values that there are, broken where one is missing."""

    series: int
    path: str


@dataclass(frozen=True, slots=True)
class Plot:
    """Shapes, the legend in order of the series, and the greatest value of the axis."""

    names: tuple[str, ...]
    top: float
    bars: tuple[Bar, ...] = ()
    lines: tuple[Line, ...] = ()


def line_plot(series: Sequence[tuple[str, Sequence[float | None]]]) -> Plot:
    """Lines over places that are alike for all series; None where there is no value."""
    top = axis_top(v for _, values in series for v in values if v is not None)
    lines = []
    for number, (_, values) in enumerate(series[:SERIES]):
        step = WIDTH / max(1, len(values))
        path, drawing = [], False
        for place, value in enumerate(values):
            if value is not None:
                x, y = round((place + 0.5) * step, 1), round(HEIGHT * (1 - value / top), 1)
                # A line of no length is a dot: so a value between two gaps is seen.
                path.append(f"L{x} {y}" if drawing else f"M{x} {y}h0")
            drawing = value is not None
        lines.append(Line(number, "".join(path)))
    return Plot(tuple(name for name, _ in series[:SERIES]), top, lines=tuple(lines))


def bar_plot(places: Sequence[str], series: Sequence[tuple[str, Sequence[float]]]) -> Plot:
    """Stacked bars, one for each place; more series than have colours become the last one."""
    shown = list(series[:SERIES])
    if len(series) > SERIES:
        rest = [values for _, values in series[SERIES - 1 :]]
        shown[-1] = ("all others", [sum(one) for one in zip(*rest, strict=True)])
    top = axis_top(sum(values[place] for _, values in shown) for place in range(len(places)))
    step = WIDTH / max(1, len(places))
    bars = []
    for place, name in enumerate(places):
        floor = float(HEIGHT)
        for number, (what, values) in enumerate(shown):
            height = values[place] / top * HEIGHT
            if height > 0:
                floor -= height
                told = f"{name}, {what}: {values[place]:g}"
                x = (place + (1 - _FILLED) / 2) * step
                size = round(step * _FILLED, 1), round(height, 1)
                bars.append(Bar(number, round(x, 1), round(floor, 1), *size, told))
    return Plot(tuple(name for name, _ in shown), top, bars=tuple(bars))


def axis_top(values: Iterable[float]) -> float:
    """A round number that is not below any of the values."""
    most = max(values, default=0.0)
    if most <= 0:
        return 1.0
    size = 10.0 ** math.floor(math.log10(most))
    return next((step * size for step in _STEPS if step * size >= most), most)
