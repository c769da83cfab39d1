"""Sentence: what a comparison says in one, and the figures behind it."""

from collections.abc import Sequence

from rl.evaluation.comparison.comparison import GateResult, Judgement, MetricRow, Pairs
from rl.evaluation.comparison.models import Models
from rl.evaluation.comparison.words import amount, counted, judged, level, probability
from rl.evaluation.statistics.estimate import Estimate


def sentence(models: Models, primary: MetricRow, pairs: Sequence[Pairs], gate: GateResult | None) -> tuple[str, str]:
    """The sentence and the details. With several challengers it goes by the intervals that hold together."""
    finding = _finding(models, primary)
    details = " ".join(
        _details(models, primary, place, pairs[place] if pairs else None) for place in range(len(models.challengers))
    )
    return (gate.sentence, f"{finding} {details}") if gate is not None else (finding, details)


def _finding(models: Models, primary: MetricRow) -> str:
    intervals: Sequence[Estimate | None] = primary.simultaneous or primary.differences
    by: dict[Judgement, list[str]] = {"better": [], "worse": [], "unclear": []}
    for name, interval in zip(models.challengers, intervals, strict=True):
        by[judged(interval, primary.name)].append(name)
    baseline, said = models.names[0], []
    for judgement in ("better", "worse"):
        if by[judgement]:
            said.append(f"{_named(by[judgement])} review{_s(by[judgement])} {judgement} than {baseline}")
    if by["unclear"] and said:
        said.append(f"{_named(by['unclear'])} cannot be told from it")
    if said:
        return "; ".join(said) + "."
    who = _named(by["unclear"], "or")
    return f"These cases cannot tell whether {who} reviews better than {baseline}."


def _details(models: Models, primary: MetricRow, place: int, pairs: Pairs | None) -> str:
    name, difference = models.challengers[place], primary.differences[place]
    before, after = primary.values[0], primary.values[place + 1]
    if difference is None or before is None or after is None:
        return f"{primary.title.capitalize()} does not apply to {name}."
    low, high = (amount(end, primary.name, "+") for end in (difference.low, difference.high))
    p = f", {probability(pairs.p)}" if pairs else ""
    alone = len(models.challengers) == 1
    what = primary.title[:1].upper() + primary.title[1:] if alone else f"{name}: {primary.title}"
    return (
        f"{what} {level(after.value, primary.name)} instead of {level(before.value, primary.name)}: "
        f"{amount(difference.value, primary.name, '+')}, 95 % interval {low} to {high}{p}, "
        f"on the same {counted(difference.support, 'case')}."
    )


def _named(names: Sequence[str], word: str = "and") -> str:
    return f" {word} ".join(names)


def _s(names: Sequence[str]) -> str:
    return "s" if len(names) == 1 else ""
