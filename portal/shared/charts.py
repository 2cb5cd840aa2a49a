"""Charts drawn on the server as plain SVG: geometry here, drawing in the macros `ui.bars` and `ui.line`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 200
LEFT, RIGHT, TOP, BOTTOM = 8, 8, 24, 22
_STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Point:
    """A value of a chart: its label on the axis, the value, and how the value is written for readers."""

    label: str
    value: int
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A drawn point: a bar's box, or the place of a line's dot (x + width / 2, y)."""

    point: Point
    x: int
    y: int
    width: int
    height: int
    labelled: bool

    @property
    def middle(self) -> int:
        """The horizontal middle of the mark."""
        return self.x + self.width // 2


@dataclass(frozen=True, slots=True)
class GridLine:
    """A horizontal line of the grid, with what it stands for where that is written."""

    y: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawn chart: marks, horizontal grid lines, and the polyline of a line chart."""

    title: str
    marks: tuple[Mark, ...]
    grid: tuple[GridLine, ...]
    baseline: int
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def polyline(self) -> str:
        """The points of a line through the marks, as SVG wants them."""
        return " ".join(f"{mark.middle},{mark.y}" for mark in self.marks)


def chart(*, title: str, points: Sequence[Point], write: Callable[[int], str]) -> Chart:
    """This function will lay out a chart of values from zero up.

    :param write: how a value is written, shortly, beside the line of the grid that stands for it.
    :raises AssertionError: a value is negative.
    """
    assert all(point.value >= 0 for point in points), "this chart starts at zero"
    filled = max((point.value for point in points), default=0)
    top = _round_up(filled)
    base = HEIGHT - BOTTOM
    slot = (WIDTH - LEFT - RIGHT) // max(len(points), 1)
    gap = max(slot // 4, 1)
    every = max(-(-len(points) // 12), 1)  # at most about a dozen labels fit
    marks = []
    for place, point in enumerate(points):
        height = point.value * (base - TOP) // top
        marks.append(
            Mark(
                point=point,
                x=LEFT + place * slot + gap // 2,
                y=base - height,
                width=slot - gap,
                height=height,
                labelled=place % every == 0,
            )
        )
    grid = tuple(
        GridLine(base - (base - TOP) * quarter // 4, _written(top, quarter, write) if filled else "")
        for quarter in range(1, 5)
    )
    return Chart(title=title, marks=tuple(marks), grid=grid, baseline=base)


def _written(top: int, quarter: int, write: Callable[[int], str]) -> str:
    """Every other line is written, where it stands for a whole value."""
    return write(top * quarter // 4) if quarter % 2 == 0 and top * quarter % 4 == 0 else ""


def _round_up(value: int) -> int:
    """The next 1, 2 or 5 times a power of ten, so that the grid means something."""
    power = 1
    while power * 10 <= value:
        power *= 10
    for step in (*_STEPS, 10):
        if step * power >= value:
            return step * power
    raise AssertionError("unreachable: ten times the power is more than the value")
