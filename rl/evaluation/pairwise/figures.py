"""PairFigures: how often a reward model scores the better of two rulings higher, where, and how sure it is of it.

A tie is no preference, and counts as wrong. Pairs that the model could not be asked about are counted apart and are in
no figure. Intervals are exact, with the pairs of one group of cases as one cluster (`rl.evaluation.statistics.share`).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rl.evaluation.pairwise.judged import Judged
from rl.evaluation.ranking.curves import Reliability, binned
from rl.evaluation.statistics import Clusters, Estimate, Share


@dataclass(frozen=True)
class PairFigures:
    """What is to be said of a reward model on a set of pairs. None where there are no such pairs."""

    pairs: int
    cases: int
    unscored: int
    ties: int
    accuracy: Estimate | None
    """The share of pairs whose better ruling scores higher."""
    better_is_longer: Estimate | None
    """The same where the better ruling is the longer one. Much above the next: it likes what is long."""
    better_is_shorter: Estimate | None
    same_length: Estimate | None
    length_alone: Estimate | None
    """How often the longer of two rulings is the better one: what a model of length alone would get."""
    by_category: dict[str, Estimate]
    """The accuracy for each category of broken rule, most frequent first."""
    reliability: Reliability
    """How often the model is right, by how sure it is: σ of the distance of the scores, ½ to 1."""
    log_loss: float
    """The mean of ``-log σ(better - worse)``: .693 without any opinion. nan where nothing is scored."""

    @classmethod
    def of(cls, judged: Sequence[Judged]) -> "PairFigures":
        """The figures of pairs."""
        scored = [one for one in judged if one.apart is not None]
        apart = np.array([one.apart for one in scored], dtype=float)
        categories: dict[str, list[Judged]] = defaultdict(list)
        for one in scored:
            if one.category is not None:
                categories[one.category].append(one)
        ordered = sorted(categories.items(), key=lambda part: (-len(part[1]), part[0]))
        differing = [one for one in scored if one.longer_by]
        return cls(
            pairs=len(judged),
            cases=len({one.case for one in judged}),
            unscored=len(judged) - len(scored),
            ties=int((apart == 0).sum()),
            accuracy=_accuracy(scored),
            better_is_longer=_accuracy([one for one in scored if one.longer_by > 0]),
            better_is_shorter=_accuracy([one for one in scored if one.longer_by < 0]),
            same_length=_accuracy([one for one in scored if one.longer_by == 0]),
            length_alone=_share(differing, [one.longer_by > 0 for one in differing]),
            by_category={name: found for name, part in ordered if (found := _accuracy(part)) is not None},
            reliability=binned(1 / (1 + np.exp(-np.abs(apart))), apart > 0),
            log_loss=float(np.logaddexp(0, -apart).mean()) if len(apart) else float("nan"),
        )


def _accuracy(judged: Sequence[Judged]) -> Estimate | None:
    return _share(judged, [(one.apart or 0.0) > 0 for one in judged])


def _share(judged: Sequence[Judged], right: Sequence[bool]) -> Estimate | None:
    if not judged:
        return None
    clusters = np.unique([one.cluster for one in judged], return_inverse=True)[1]
    share = Share(np.array(right, dtype=bool), Clusters(clusters))
    return Estimate(float(share.right.mean()), *share.interval(), len(judged))
