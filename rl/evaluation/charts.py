"""Charts: SVG drawn from numbers alone, so that a page needs no library and no network.

Colours are classes (``m0`` is the first model) that the page's style sheet fills in, in light and in dark.
"""

from collections.abc import Sequence
from math import ceil, floor, log10

from markupsafe import Markup

from rl.evaluation.bootstrap import Estimate

WIDTH, PAD = 240, 10
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def axis() -> Markup:
    """The labels of the axis that `whiskers` stand on, in percent."""
    return _svg([_label(_place(tick), 12, f"{100 * tick:.0f}", "middle") for tick in TICKS], WIDTH, 16, "axis")


def whiskers(estimates: Sequence[Estimate | None]) -> Markup:
    """One dot with its interval per model on a common axis from 0 to 1; None leaves the model's line empty."""
    lane = 13
    height = lane * len(estimates) + 8
    parts = [
        f'<line class="grid" x1="{_place(tick):.1f}" x2="{_place(tick):.1f}" y1="0" y2="{height}"/>' for tick in TICKS
    ]
    for place, estimate in enumerate(estimates):
        if estimate is None:
            continue
        y = 4 + lane * (place + 0.5)
        low, dot, high = map(_place, (estimate.low, estimate.value, estimate.high))
        parts.append(
            f'<g class="m{place}"><line class="whisker" x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}"/>'
            f'<circle cx="{dot:.1f}" cy="{y}" r="4.5"/></g>'
        )
    return _svg(parts, WIDTH, height, "whiskers")


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


def _place(share: float) -> float:
    return PAD + (WIDTH - 2 * PAD) * share


def _label(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text class="tick" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'


def _svg(parts: Sequence[str], width: int, height: int, kind: str) -> Markup:
    inner = "".join(parts)
    return Markup(f'<svg class="{kind}" viewBox="0 0 {width} {height}" role="img" aria-hidden="true">{inner}</svg>')


def _round_ticks(low: float, high: float) -> list[float]:
    """Two to seven round numbers, evenly apart, from below the range to above it."""
    spread = high - low or 1.0
    unit = 10.0 ** floor(log10(spread / 2))
    step = next(unit * factor for factor in (1, 2, 5, 10) if spread / (unit * factor) <= 5)
    first, last = floor(low / step), ceil(high / step)
    return [round(i * step, 10) for i in range(first, max(last, first + 1) + 1)]


def _running_mean(values: Sequence[float], window: int) -> list[float]:
    half = window // 2
    around = [values[max(0, i - half) : i + half + 1] for i in range(len(values))]
    return [sum(part) / len(part) for part in around]
