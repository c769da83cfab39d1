"""Reviews: what people decided in the queue of a page (*Export decisions*), and how far they agree with models."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from data import DataError, Verdict
from data.jsonl import read_jsonl
from rl.evaluation.evaluation import Evaluation
from rl.evaluation.outcomes import PREDICTED
from rl.evaluation.statistics.bootstrap import resample
from rl.evaluation.statistics.clusters import Clusters
from rl.evaluation.statistics.estimate import Estimate
from rl.evaluation.statistics.krippendorff import Counts, coincidences, disagreement, krippendorff
from rl.evaluation.statistics.reach import reach

REVIEWERS, GOLD = "reviewers", "gold"


class Review(BaseModel):
    """One person's decision on one case."""

    model_config = ConfigDict(extra="forbid")

    id: str
    """Of the case."""
    split: str
    author: str = Field(min_length=1)
    time: AwareDatetime
    decision: str
    """``agree``, ``correct`` or ``unsure``."""
    judged: str
    """Whose ruling was before the reviewer: a model's name, or gold."""
    verdict: Verdict | None = None
    """None where the reviewer is unsure."""
    violations: list[str] = Field(default_factory=list)
    note: str = ""


@dataclass(frozen=True)
class Reliability:
    """How far a group of raters agrees on verdicts."""

    who: str
    """``reviewers``, or a model or gold as one more rater beside them."""
    alpha: Estimate
    """Krippendorff's alpha; its support is the number of cases that two or more of them rated."""


def load_reviews(*paths: str | Path) -> list[Review]:
    """The decisions of several files; of two by one person on one case, the later.

    Raises:
        DataError: a file cannot be read, or a line is no decision; names file, line and field.
    """
    found: dict[tuple[str, str, str], Review] = {}
    for path in paths:
        for _, review in read_jsonl(path, Review):
            key = (review.author, review.split, review.id)
            if key not in found or found[key].time <= review.time:
                found[key] = review
    return list(found.values())


def reliability_of(
    reviews: Sequence[Review], evaluations: Sequence[Evaluation], *, resamples: int = 10_000, seed: int = 0
) -> list[Reliability]:
    """Alpha of the reviewers, where there are two, and with gold and each model as one more rater beside them.

    Whoever reviews a model's ruling has read it before they decide: alpha with that model is the higher for it.

    Args:
        reviews: those on other splits are left out.
        evaluations: the models on one split; their first samples count.

    Raises:
        DataError: no review is of a case of this split, or one is of a case that it does not have.
    """
    split, first = evaluations[0].split, {p.case: p for p in evaluations[0].predictions if p.sample == 0}
    said: dict[str, list[str]] = {}
    for review in reviews:
        if review.split != split:
            continue
        if review.id not in first:
            raise DataError(f"a review is of case '{review.id}', which is not in '{split}'")
        if review.verdict is not None:
            said.setdefault(review.id, []).append(review.verdict)
    if not said:
        raise DataError(f"no review decides a case of '{split}'")
    golds = {case: p.gold.verdict for case, p in first.items() if p.gold is not None and p.gold.verdict is not None}
    voices: list[tuple[str, dict[str, str]]] = [(REVIEWERS, {}), (GOLD, dict(golds))]
    voices += [(e.name, {p.case: p.verdict for p in e.predictions if p.sample == 0}) for e in evaluations]
    rows = []
    for who, voice in voices:
        rated = {case: [*verdicts, *([voice[case]] if case in voice else [])] for case, verdicts in said.items()}
        rated = {case: verdicts for case, verdicts in rated.items() if len(verdicts) > 1}
        if rated:
            counts, clusters = coincidences(rated.values(), PREDICTED), [first[case].cluster for case in rated]
            rows.append(Reliability(who, _alpha(counts, clusters, resamples, seed)))
    return rows


def _alpha(counts: Counts, names: Sequence[str], resamples: int, seed: int) -> Estimate:
    """Alpha and how sure we are of it; resamples alone would be, however few the cases, where all agree."""
    clusters = Clusters(np.unique(names, return_inverse=True)[1])
    (totals,) = resample([counts], clusters.index, resamples, seed)
    alpha, draws = float(krippendorff(counts.sum(axis=0))), krippendorff(totals)
    known = draws[~np.isnan(draws)]
    if np.isnan(alpha) or not len(known):
        return Estimate(alpha, float("nan"), float("nan"), len(names))
    _, by_chance = disagreement(counts.sum(axis=0))
    step = clusters.typical / len(names) / float(by_chance)  # what one more cluster can move it, all apart
    far = reach(float(known.var()), step, clusters.quantile(0.95))
    return Estimate(alpha, max(-1.0, alpha - far), min(1.0, alpha + far), len(names))
