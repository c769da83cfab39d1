"""Charts: SVG drawn from numbers alone, so that a page needs no library and no network.

Colours are classes (``m0`` is the first model) that the page's style sheet fills in, in light and in dark.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10, sqrt
from statistics import fmean

from markupsafe import Markup

from rl.evaluation.statistics.estimate import Estimate

COLOURS = 6
"""How many models are told apart by colour; further ones take them again."""
WIDTH, PAD, LANE = 220, 12, 13


@dataclass(frozen=True)
class Scale:
    """A stretch of numbers that charts of one column share."""

    low: float
    high: float
    ticks: Sequence[float]
    signed: bool = False

    def place(self, value: float) -> float:
        """Where a value stands, in pixels; what lies beyond stands at the edge."""
        share = (value - self.low) / (self.high - self.low)
        return PAD + (WIDTH - 2 * PAD) * min(1.0, max(0.0, share))


UNIT = Scale(0.0, 1.0, (0.0, 0.25, 0.5, 0.75, 1.0))


def around_zero(estimates: Sequence[Estimate | None]) -> Scale:
    """A scale as wide to the left of 0 as to the right, that differences of shares fit in."""
    ends = [abs(end) for e in estimates if e is not None for end in (e.low, e.high) if isfinite(end)]
    reach = min(1.0, _round_ticks(0.0, max(ends, default=0.0) or 0.01)[-1])
    return Scale(-reach, reach, (-reach, -reach / 2, 0.0, reach / 2, reach), signed=True)


def axis(scale: Scale) -> Markup:
    """The labels of the scale that `whiskers` stand on, in hundredths."""
    sign = "+" if scale.signed else ""
    labels = [
        _label(scale.place(tick), 12, f"{100 * tick:{sign if tick else ''}g}".replace("-", "−"), "middle")
        for tick in (scale.ticks[0], scale.ticks[len(scale.ticks) // 2], scale.ticks[-1])
    ]
    return _svg(labels, WIDTH, 16, "axis")


def whiskers(
    estimates: Sequence[Estimate | None], scale: Scale, *, first: int = 0, weight: float | None = None
) -> Markup:
    """One dot with its interval per model on a common scale; None leaves the model's lane empty.

    Args:
        first: the number of the first estimate's model.
        weight: how much the dots count, 0..1: their area; None draws all alike.
    """
    height = LANE * len(estimates) + 8
    parts = [
        f'<line class="{"zero" if scale.signed and not tick else "grid"}" '
        f'x1="{scale.place(tick):.1f}" x2="{scale.place(tick):.1f}" y1="0" y2="{height}"/>'
        for tick in scale.ticks
    ]
    radius = 4.5 if weight is None else 2.5 + 3 * sqrt(weight)
    for lane, estimate in enumerate(estimates):
        if estimate is None:
            continue
        y = 4 + LANE * (lane + 0.5)
        low, dot, high = map(scale.place, (estimate.low, estimate.value, estimate.high))
        parts.append(
            f'<g class="m{(first + lane) % COLOURS}">'
            f'<line class="whisker" x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}"/>'
            f'<circle cx="{dot:.1f}" cy="{y}" r="{radius:.1f}"/></g>'
        )
    return _svg(parts, WIDTH, height, "whiskers")


@dataclass(frozen=True)
class Line:
    """A model's curve."""

    model: int
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    """Whiskers of the points; empty where there are none."""
    steps: bool = False
    """Whether each height holds from the point before up to its own point."""


def plot(lines: Sequence[Line], across: str, up: str, *, top: float = 1.0, diagonal: bool = False) -> Markup:
    """Curves over shares, in hundredths.

    Args:
        across, up: what the axes say.
        top: the greatest height.
        diagonal: also the line on which both axes are equal.
    """
    width, height, left, right, above, below = 340, 270, 40, 12, 12, 40
    wide, high = width - left - right, height - above - below
    ticks = _round_ticks(0.0, top)

    def x(value: float) -> float:
        return left + wide * value

    def y(value: float) -> float:
        return above + high * (1 - min(value, ticks[-1]) / ticks[-1])

    parts = [_label(left + wide / 2, height - 4, across, "middle", "title"), _label(4, 9, up, "start", "title")]
    for tick in ticks:
        parts.append(f'<line class="grid" x1="{left}" x2="{width - right}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>')
        if tick < ticks[-1] or len(ticks) < 3:
            parts.append(_label(left - 7, y(tick) + 4, f"{100 * tick:g}", "end"))
    parts += [_label(x(tick), height - below + 16, f"{100 * tick:g}", "middle") for tick in UNIT.ticks]
    if diagonal:
        parts.append(f'<line class="diagonal" x1="{x(0)}" y1="{y(0):.1f}" x2="{x(1)}" y2="{y(1):.1f}"/>')
    for line in lines:
        colour = f"m{line.model % COLOURS}"
        points = list(zip(line.x, line.y, strict=True))
        starts = zip((0.0, *line.x), line.y, strict=False)
        path = [end for step in zip(starts, points, strict=True) for end in step] if line.steps else points
        drawn = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in path)
        parts.append(f'<polyline class="{colour}" points="{drawn}"/>')
        for at, *ends in zip(line.x, line.low, line.high, strict=False):
            where, (foot, head) = f'x1="{x(at):.1f}" x2="{x(at):.1f}"', map(y, ends)
            parts.append(f'<line class="whisker {colour}" {where} y1="{foot:.1f}" y2="{head:.1f}"/>')
        if line.low:
            parts += [f'<circle class="{colour}" cx="{x(a):.1f}" cy="{y(b):.1f}" r="3.5"/>' for a, b in points]
    return _svg(parts, width, height, "plot")


def curve(points: Sequence[tuple[int, float]], window: int = 9) -> Markup:
    """Values over steps, faint as they are and bold as their running mean, with labelled axes."""
    width, height, left, right, top, bottom = 900, 240, 44, 12, 12, 26
    steps, values = [step for step, _ in points], [value for _, value in points]
    ticks = _round_ticks(min(values), max(values))

    def x(step: float) -> float:
        return left + (width - left - right) * (step - steps[0]) / max(1, steps[-1] - steps[0])

    def y(value: float) -> float:
        return top + (height - top - bottom) * (ticks[-1] - value) / (ticks[-1] - ticks[0])

    parts = []
    for tick in ticks:
        parts.append(f'<line class="grid" x1="{left}" x2="{width - right}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>')
        parts.append(_label(left - 8, y(tick) + 4, f"{tick:g}", "end"))
    middle = steps[len(steps) // 2]
    for step, anchor in ((steps[0], "start"), (middle, "middle"), (steps[-1], "end")):
        parts.append(_label(x(step), height - 6, f"step {step}", anchor))
    for kind, line in (("raw", values), ("smooth", _running_mean(values, window))):
        drawn = " ".join(f"{x(step):.1f},{y(value):.1f}" for step, value in zip(steps, line, strict=True))
        parts.append(f'<polyline class="{kind}" points="{drawn}"/>')
    return _svg(parts, width, height, "curve")


def _label(x: float, y: float, text: str, anchor: str, kind: str = "tick") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'


def _svg(parts: Sequence[str], width: int, height: int, kind: str) -> Markup:
    inner = "".join(parts)
    return Markup(f'<svg class="{kind}" viewBox="0 0 {width} {height}" role="img" aria-hidden="true">{inner}</svg>')


def _round_ticks(low: float, high: float) -> list[float]:
    """Two to seven round numbers, evenly apart, from below the range to above it."""
    spread = high - low or 1.0
    unit = 10.0 ** floor(log10(spread / 2))
    step = next(unit * factor for factor in (1, 2, 5, 10) if spread / (unit * factor) <= 5)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [round(i * step, 10) for i in range(first, max(last, first + 1) + 1)]


def _running_mean(values: Sequence[float], window: int) -> list[float]:
    half = window // 2
    return [fmean(values[max(0, i - half) : i + half + 1]) for i in range(len(values))]
