"""Audits a rubric: tries every known cheat on it before a model does."""

import math
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from data import Briefs, DataError
from rewards.audit.bench import Bench
from rewards.audit.cheat import CHEATS
from rewards.audit.flaws import find
from rewards.audit.honest import Honest
from rewards.audit.mix import check_priors
from rewards.audit.prior import weigh
from rewards.audit.rating import Rating, rate
from rewards.audit.report import Audit, Band, Claim
from rewards.audit.subject import prepare
from rewards.audit.trial import Trial, try_cheat
from rewards.pure.utility import Prices
from rewards.scoring.rubric import Rubric

ACCURACIES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
CLAIMS = ((0.8, 1.0), (0.6, 1.0), (0.9, 1.0), (0.8, 0.5))
"""An accuracy, and the confidence stated instead."""


def audit(
    rubric: Rubric,
    briefs: Briefs,
    *,
    sample: int | None = None,
    seed: int = 0,
    priors: Sequence[float] = (),
    advance: Callable[[int], None] | None = None,
) -> Audit:
    """Tries every cheat in `CHEATS` on a rubric.

    Args:
        rubric: what is tried; with schedules, as it is ``at`` one time: ``rubric.at(1.0)`` is that of the end.
        briefs: of cases with gold; those without a gold verdict are left out.
        sample: how many cases to draw; all if None.
        seed: of the draw and of all chance.
        priors: shares of cases that violate, above 0 and below 1, at which to say what pays best without looking;
            beside that of the data.
        advance: called with 1 for each cheat that has been tried.

    Returns:
        The report, ``.ok`` where the rubric stands.

    Raises:
        DataError: gold cannot be stated, there are not both approvals and rejections, the rubric has overrides for a
            category that the book has not, or a reward fails everywhere.
    """
    rubric.check_categories(briefs.book)
    check_priors(priors)
    chosen = [brief for brief in briefs if brief.gold is not None and brief.gold.verdict is not None]
    if sample is not None and sample < len(chosen):
        chosen = random.Random(seed).sample(chosen, sample)
    subjects = prepare(chosen, seed)
    bench = Bench(rubric, subjects)
    honest = Honest(bench)
    if math.isnan(honest.mean(1.0)):  # then nothing has a yardstick
        fault = next(iter(bench.first_fault.values()))
        raise DataError(f"reward '{fault.reward}' fails on every case, first on '{fault.case}': {fault.error}")
    ratings: list[Rating] = []
    trials: list[Trial] = []
    rewards = {entry.name for own in (rubric, *rubric.by_category.values()) for entry in own.entries}
    for cheat in CHEATS.values():
        if cheat.needs and rewards.isdisjoint(cheat.needs):
            if advance:
                advance(1)
            continue
        if cheat.kind == "blind":
            ratings.append(rate(cheat, bench, honest))
        else:
            trials.append(try_cheat(cheat, bench))
        if advance:
            advance(1)
    result = Audit(
        rubric=rubric.name,
        cases=dict(Counter(subject.verdict for subject in subjects)),
        left_out=len(briefs) - len(subjects),
        honest={accuracy: honest.mean(accuracy) for accuracy in ACCURACIES},
        ratings=sorted(ratings, key=lambda rating: -rating.total),
        trials=trials,
        priors=list(weigh(bench, ratings, priors)),
        claims=[Claim(a, stated, honest.mean(a), honest.stating(a, stated)) for a, stated in CLAIMS],
        bands=list(_bands(rubric)),
        scored=bench.scored,
    )
    return replace(result, flaws=list(find(result, bench)))


def _bands(rubric: Rubric) -> Iterator[Band]:
    if rubric.only:  # which has no prices
        return
    prices: list[tuple[str | None, Prices]] = [(None, rubric.prices)]
    prices += [(name, own.prices) for name, own in rubric.by_category.items() if own.prices != rubric.prices]
    for category, own in prices:
        for severity, weight in own.severity:
            yield Band(category, severity, *own.band(weight))
