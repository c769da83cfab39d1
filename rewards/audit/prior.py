"""Prior: what pays best without looking, where gold verdicts come up as often as in the data, or at another prior."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rewards.audit.bench import Bench
from rewards.audit.honest import Honest
from rewards.audit.mix import Mix, as_found, at_prior
from rewards.audit.rating import Rating

FAIR = 0.7
"""The accuracy of a reviewer who must earn more than whoever escalates everything."""


@dataclass(frozen=True)
class Prior:
    """The best content-blind policy under a mix of gold verdicts."""

    mix: Mix
    best: str
    """The cheat that earns most, and on average: """
    total: float
    break_even: float
    """The accuracy at which an honest reviewer earns as much, 0..1."""
    fair: float
    """What an honest reviewer earns who is right 70 % of the time."""
    escalating: float
    """What is earned by escalating everything."""

    @property
    def ok(self) -> bool:
        """Whether it pays to review."""
        return self.fair > self.escalating


def weigh(bench: Bench, ratings: Sequence[Rating], priors: Sequence[float] = ()) -> Iterator[Prior]:
    """The best blind policy where verdicts come up as in the data, then at each other prior.

    Args:
        ratings: of the content-blind cheats.
        priors: shares of cases that are not approved, above 0 and below 1.
    """
    found = as_found(subject.verdict for subject in bench.subjects)
    for mix in (found, *(at_prior(prior, found) for prior in priors)):
        honest = Honest(bench, mix)
        best, total = max(((r, mix.mean(v)) for r in ratings for v in r.variants), key=lambda pair: pair[1])
        escalating = max(mix.mean(v) for r in ratings if r.cheat.name == "always escalate" for v in r.variants)
        yield Prior(mix, best.cheat.name, total, honest.break_even(total), honest.mean(FAIR), escalating)
