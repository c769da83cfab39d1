"""Rating: what a content-blind cheat earns, and how good an honest reviewer must be to earn as much."""

from dataclasses import dataclass
from operator import itemgetter

from data import Verdict
from rewards.audit.bench import Bench, Exhibit
from rewards.audit.cheat import Cheat
from rewards.audit.honest import Honest


@dataclass(frozen=True)
class Rating:
    """What a content-blind cheat earns with the best of its variants."""

    cheat: Cheat
    total: float
    """Mean, gold verdicts weighted equally."""
    by_verdict: dict[Verdict, float]
    variants: tuple[dict[Verdict, float], ...]
    """The same of every variant: which is best depends on how often each gold verdict comes up."""
    break_even: float
    """The accuracy at which an honest reviewer earns as much, 0..1."""
    exhibit: Exhibit | None = None
    """The case on which it earned most."""

    @property
    def ok(self) -> bool:
        return self.break_even <= self.cheat.limit


def rate(cheat: Cheat, bench: Bench, honest: Honest) -> Rating:
    """Rates a content-blind cheat.

    Raises:
        ValueError: it does not yield as many answers for every case.
    """
    given = [list(cheat.make(subject.view)) for subject in bench.subjects]
    counts = {len(answers) for answers in given}
    if len(counts) != 1 or 0 in counts:
        raise ValueError(f"cheat '{cheat.name}' yields {sorted(counts)} answers: want as many for every case")
    variants = list(zip(*given, strict=True))
    earned = iter(bench.totals([pair for answers in variants for pair in zip(bench.subjects, answers, strict=True)]))
    columns = [[next(earned) for _ in answers] for answers in variants]
    mean, totals, answers = max(zip(map(bench.mean, columns), columns, variants, strict=True), key=itemgetter(0))
    exhibits = [
        Exhibit.of(subject, answer, total)
        for subject, answer, total in zip(bench.subjects, answers, totals, strict=True)
        if total is not None and total == max(t for t in totals if t is not None)
    ]
    means = tuple(map(bench.by_verdict, columns))
    return Rating(cheat, mean, bench.by_verdict(totals), means, honest.break_even(mean), next(iter(exhibits), None))
