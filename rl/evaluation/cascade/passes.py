"""Passes: two models on the same cases, the cheap one and the one that reasons, as arrays."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from data import DataError
from rl.evaluation.evaluation import Evaluation, aligned, check_same_gold
from rl.evaluation.outcomes import outcome

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Passes:
    """What is known of each case, ``(N,)`` each."""

    risk: Floats
    """That the cheap pass states; infinite where it states none, so that such a case is always reviewed."""
    doubt: Floats
    """The risk that the one that reasons states; infinite where it wrote no ruling: a person looks at that."""
    approved: Flags
    """Whether the one that reasons approves."""
    violating: Flags
    """Whether gold rejects the case."""
    missed_cheaply: Flags
    """Whether approving it without a review would be a miss; also where the review would miss it, so that less
    review is never counted as better."""
    missed: Flags
    """Whether the one that reasons misses it."""
    clusters: NDArray[np.int64]
    cheap_tokens: Floats
    """What the cheap pass wrote; 0 where that is not known, as of a classifier."""
    tokens: Floats
    """What the one that reasons wrote; NaN where that is not known."""

    @classmethod
    def of(cls, cheap: Evaluation, full: Evaluation) -> "Passes":
        """Those of two evaluations.

        Raises:
            DataError: they are not of the same cases with the same gold, or have several samples of a case.
        """
        first, second = aligned([cheap, full])
        check_same_gold(cheap.name, first, full.name, second)
        if any(prediction.sample for prediction in first):
            raise DataError(
                f"'{cheap.name}' has several samples of a case, where a cascade decides once: evaluate with one"
            )
        names = {name: number for number, name in enumerate(dict.fromkeys(p.cluster for p in first))}
        golds = [(p.gold.verdict, p.gold.accept) if p.gold else (None, []) for p in first]
        missed = np.array([outcome(p.verdict, *gold) == "miss" for p, gold in zip(second, golds, strict=True)])
        return cls(
            risk=np.array([np.inf if p.risk is None else p.risk for p in first]),
            doubt=np.array([np.inf if p.ruling is None or p.risk is None else p.risk for p in second]),
            approved=np.array([p.verdict == "approve" for p in second]),
            violating=np.array([gold == "reject" for gold, _ in golds]),
            missed_cheaply=np.array([outcome("approve", *gold) == "miss" for gold in golds]) | missed,
            missed=missed,
            clusters=np.array([names[p.cluster] for p in first]),
            cheap_tokens=np.array([p.tokens or 0 for p in first], dtype=float),
            tokens=np.array([np.nan if p.tokens is None else p.tokens for p in second]),
        )

    def at(self, places: NDArray[np.int64]) -> "Passes":
        """Those of some of the cases, each as often as it is named."""
        return Passes(**{field.name: getattr(self, field.name)[places] for field in fields(self)})

    def reviewed(self, approve_below: float) -> float:
        """The share of cases that is reviewed with reasoning, 0..1."""
        return float((self.risk > approve_below).mean())

    def cost(self, approve_below: float) -> float | None:
        """Tokens that both passes write a case; None where those of a review are not known."""
        cost = float((self.cheap_tokens + np.where(self.risk > approve_below, self.tokens, 0.0)).mean())
        return None if np.isnan(cost) else cost

    def losses(self, approve_below: float) -> Floats:
        """Per cluster with a violating case, the share of those that are missed, where cases of at most that risk are
        approved without a review."""
        return self._by_cluster(np.where(self.risk <= approve_below, self.missed_cheaply, self.missed))

    def to_people(self, escalate_from: float) -> Flags:
        """Which cases go to a person where all are reviewed, and what is approved at that risk or more, or gets no
        ruling, is escalated; ``(N,)``."""
        return (self.approved & (self.doubt >= escalate_from)) | np.isinf(self.doubt)

    def losses_with_people(self, escalate_from: float) -> Floats:
        """As `losses`, where those cases go to people, who miss nothing."""
        return self._by_cluster(self.missed & ~self.to_people(escalate_from))

    def _by_cluster(self, lost: Flags) -> Floats:
        whose = self.clusters[self.violating]
        many = np.bincount(whose, minlength=1)
        found: Floats = np.bincount(whose, lost[self.violating].astype(float), minlength=1)[many > 0] / many[many > 0]
        return found
