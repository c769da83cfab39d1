"""Trial: how often a cheat that knows gold was kept in its place."""

from collections.abc import Iterator
from dataclasses import dataclass

from data import Ruling
from prompts import Episode, parse
from rewards.audit.bench import Bench, Exhibit, Handed
from rewards.audit.cheat import Cheat
from rewards.audit.subject import Subject

MARGIN = 0.1
"""How far a gold-aware cheat must stay below gold."""
SHARE = 0.99
"""How often it must."""
ROUNDING = 1e-9


@dataclass(frozen=True)
class Trial:
    """A cheat against its rival: gold, the honest error, or the ruling without padding."""

    cheat: Cheat
    tried: int
    """Answers over all cases that it applies to."""
    held: int
    """How many earned as little as they must."""
    free: int
    """How many cost nothing at all, of bulk around right rulings."""
    exhibit: Exhibit | None = None
    """The worst of those that were not held."""

    @property
    def share(self) -> float:
        """How many were held, 0..1; 1 where it applies to no case."""
        return self.held / self.tried if self.tried else 1.0

    @property
    def ok(self) -> bool:
        return self.share >= (SHARE if self.cheat.kind == "gold-aware" else 1.0)


def try_cheat(cheat: Cheat, bench: Bench) -> Trial:
    """Sets a cheat that knows gold against its rival, on every case that it applies to."""
    handed_in = list(_padded(cheat, bench) if cheat.kind in ("padding", "bulk") else _answers(cheat, bench))
    totals = bench.totals([(subject, answer) for subject, answer, _ in handed_in])
    tried = held = free = 0
    worst: Exhibit | None = None
    for (subject, answer, rival), total in zip(handed_in, totals, strict=True):
        if total is None:
            continue
        tried += 1
        free += cheat.kind == "bulk" and total > rival - ROUNDING and _is_right(subject, answer)
        if total <= rival - _margin(cheat):
            held += 1
        elif worst is None or worst.rival is None or total - rival > worst.total - worst.rival:
            worst = Exhibit.of(subject, answer, total, rival)
    return Trial(cheat, tried, held, free, worst)


def _margin(cheat: Cheat) -> float:
    """How far below its rival a cheat must stay."""
    if cheat.kind == "gold-aware":
        return MARGIN - ROUNDING
    return -ROUNDING if cheat.kind in ("padding", "bulk") else ROUNDING


def _answers(cheat: Cheat, bench: Bench) -> Iterator[tuple[Subject, Handed, float]]:
    """The cheat's answers that differ from gold, with what they are measured against."""
    for subject, gold, wrong in zip(bench.subjects, bench.gold, bench.wrong, strict=True):
        rival = wrong if cheat.kind == "unfaithful" else gold.total
        if rival is not None:
            for answer in cheat.make(subject):
                if (parse(answer) if isinstance(answer, str) else answer) != subject.right:
                    yield subject, answer, rival


def _padded(cheat: Cheat, bench: Bench) -> Iterator[tuple[Subject, Handed, float]]:
    """Right and wrong rulings with padding, and what they earn without."""
    for subject, totals in zip(bench.subjects, bench.honest(), strict=True):
        for ruling, total in zip(subject.honest, totals, strict=True):
            if total is not None:
                for answer in cheat.make(ruling, subject):
                    yield subject, answer, total


def _is_right(subject: Subject, answer: Handed) -> bool:
    said = parse(answer.completion) if isinstance(answer, Episode) else answer
    return isinstance(said, Ruling) and subject.gold.accepts(said.verdict)
