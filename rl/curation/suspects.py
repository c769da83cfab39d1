"""Suspects: cases whose gold is probably wrong, found in what a policy wrote about them while gold was what it was
paid by.

A ruling that comes again and again, that stands on words that are there, and that training cannot take away although
it costs, speaks against the label; one that fades as the policy learns was the policy's own error. Every completion on
a case counts, of all runs, the later the more: the policy knows more by then. A suspect is a case for a person to look
at again, not an error.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from rl.evaluation.faithfulness.results import Decision
from rl.evaluation.outcomes import outcome_of
from rl.evaluation.page.entry import falsely_cited, missed
from rl.evaluation.predictions import Prediction
from rl.runs.past_run import PastRun, check_same_cases

INVENTED = 0.1
"""What is left of the score where nothing that is there speaks for it: an annotator overlooks more than a reader
invents, and what a policy cannot find it misses on many cases alike."""
DISTRUSTED = 0.5
"""Below this much trust in a rule the reason says so: it is cited beyond gold twice as often as rules at large."""
EARLY = 0.5
"""What a completion of the first step counts, where one of the last counts 1 more than that."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One completion on a case."""

    run: int
    progress: float
    """How much of the training its policy had behind it, 0..1."""
    prediction: Prediction

    @property
    def weight(self) -> float:
        return EARLY + self.progress

    @property
    def agrees(self) -> bool:
        """Whether it rules as gold does: the verdict and, where gold has them, the rules."""
        right = outcome_of(self.prediction) in ("right", None)
        return right and not any(missed(self.prediction)) and not any(falsely_cited(self.prediction))


@dataclass(frozen=True, slots=True)
class Suspect:
    """A case whose gold is probably wrong, and what speaks for that."""

    case: str
    score: float
    """0..1; what the list is ordered by."""
    gold: Decision
    said: Decision
    """What most completions come to."""
    prediction: Prediction
    """The last completion that comes to that."""
    completions: int
    share: float
    """Of the completions, those that come to that; late ones count more. 0..1."""
    agree: float
    """Those that rule as gold does, counted likewise."""
    confidence: float
    """The mean of what those that come to that state, 0..1."""
    stands: bool
    """Whether it cites a rule that gold does not, with evidence that is all found in the case."""
    trust: float
    """In the rules that it cites and gold does not, the least (`trusted`), 0..1; 1 where it cites none."""
    slope: float | None
    """By how much the share that rules as gold does grows over the training; None where all is of one step."""
    runs: int
    """How many runs ruled on it."""
    runs_alike: int
    """In how many of them that is what most completions come to."""

    @property
    def reason(self) -> str:
        """In words."""
        said = [f"{self.share:.0%} of {self.completions} completions say {told(self.said)}, gold {told(self.gold)}"]
        if self.stands:
            said.append("what they cite is there")
        said.append(f"confidence {self.confidence:.2f}")
        if self.trust < DISTRUSTED:
            said.append("a rule that is often cited where gold does not")
        if self.slope is not None:
            said.append(f"agreement with gold {'grows' if self.slope > 0 else 'falls'} by {abs(self.slope):.2f}")
        if self.runs > 1:
            said.append(f"{self.runs_alike} of {self.runs} runs")
        return "; ".join(said)

    def kept(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "case": self.case, "score": round(self.score, 4), "reason": self.reason,
            "gold": self.gold.model_dump(mode="json"), "said": self.said.model_dump(mode="json"),
            "completions": self.completions, "share": round(self.share, 4), "agree": round(self.agree, 4),
            "confidence": round(self.confidence, 4), "stands": self.stands,
            "trust": round(self.trust, 4), "slope": None if self.slope is None else round(self.slope, 4),
            "runs": self.runs, "runs_alike": self.runs_alike,
        }  # fmt: skip


def find_suspects(runs: Sequence[PastRun], reached: Callable[[int], object] = lambda done: None) -> list[Suspect]:
    """The suspects among the cases of runs, the likeliest first. Cases whose gold has no verdict are passed over.

    Args:
        runs: on the same cases, or on cases of their own.
        reached: told how many rollouts have been read.

    Raises:
        DataError: two runs have other gold for one case, or two cases by one id.
    """
    check_same_cases(runs)
    done = 0
    heard: dict[str, list[Heard]] = defaultdict(list)
    for number, run in enumerate(runs):
        last = run.steps or max(rollout.step for rollout in run.rollouts) + 1
        for rollout in run.rollouts:
            brief = run.briefs[rollout.episode.case]
            if brief.gold is not None and brief.gold.verdict is not None:
                shown = brief.with_rules(rollout.episode.looked_up, run.briefs.book)
                prediction = Prediction.read(rollout.episode, shown)
                heard[brief.id].append(Heard(number, min(1.0, rollout.step / last), prediction))
            done += 1
            reached(done)
    trust = trusted(one for said in heard.values() for one in said)
    found = [suspect for said in heard.values() if (suspect := suspect_of(said, trust)) is not None]
    return sorted(found, key=lambda suspect: (-suspect.score, suspect.case))


def trusted(heard: Iterable[Heard]) -> dict[str, float]:
    """Of each rule that is cited, how far a citation speaks against gold that does not have it, 0..1.

    Annotators overlook any rule now and then. A rule that the policy cites where gold does not more often than it
    does so of all rules together is a habit of the policy's as well, and is trusted by so much less. Shares are of
    citations where gold names all that is broken, late ones counting more, and smoothed by two more of the usual kind.
    """
    cited, beyond = defaultdict[str, float](float), defaultdict[str, float](float)
    for one in heard:
        gold = one.prediction.gold
        if gold is None or gold.violations is None or not gold.exhaustive:
            continue
        for rule in set(one.prediction.cited):
            cited[rule] += one.weight
        for rule in falsely_cited(one.prediction):
            beyond[rule] += one.weight
    usual = sum(beyond.values()) / (sum(cited.values()) or 1.0)
    shares = {rule: (beyond[rule] + 2 * usual) / (many + 2) for rule, many in cited.items()}
    return {rule: min(1.0, usual / share) if share else 1.0 for rule, share in shares.items()}


def suspect_of(heard: Sequence[Heard], trust: Mapping[str, float]) -> Suspect | None:
    """What the completions on one case say of its gold; None where no ruling comes more often than gold's.

    The score is how far the ruling that comes most often is ahead of gold's, with one further completion that agrees
    with gold, so that few are believed less; times the mean of what else is known: confidence, whether what is cited
    stands, whether the policy comes to agree with gold, and how many of the runs are alike; times the trust in the
    rules that gold does not have. Where nothing that is cited stands it is a tenth of that (`INVENTED`).

    Args:
        trust: by rule, as `trusted` tells it; 1 of one that is not in it.
    """
    by_decision: dict[Decision, list[Heard]] = defaultdict(list)
    for one in heard:
        by_decision[one.prediction.decision].append(one)
    weights = {decision: sum(one.weight for one in of_it) for decision, of_it in by_decision.items()}
    said = max(weights, key=lambda decision: weights[decision])
    of_it = by_decision[said]
    if said.verdict == "unparsed" or of_it[-1].agrees:
        return None
    total = sum(weights.values())
    agree = sum(one.weight for one in heard if one.agrees)
    if weights[said] <= agree:
        return None
    last = max(of_it, key=lambda one: one.progress).prediction
    slope = _slope([(one.progress, float(one.agrees)) for one in heard])
    alike = [_most([one for one in heard if one.run == run]) == said for run in sorted({one.run for one in heard})]
    confidence = fmean(one.prediction.ruling.confidence for one in of_it if one.prediction.ruling is not None)
    stands, least = _stands(last), min((trust.get(rule, 1.0) for rule in falsely_cited(last)), default=1.0)
    known = [confidence, float(stands)]
    known += [] if slope is None else [(1 - max(-1.0, min(1.0, slope))) / 2]
    known += [fmean(alike)] if len(alike) > 1 else []
    assert last.gold is not None and last.gold.verdict is not None
    return Suspect(
        case=last.case,
        score=(weights[said] - agree) / (total + 1) * fmean(known) * least * (1 if stands else INVENTED),
        gold=Decision.citing(last.gold.verdict, last.broken),
        said=said,
        prediction=last,
        completions=len(heard),
        share=weights[said] / total,
        agree=agree / total,
        confidence=confidence,
        stands=stands,
        trust=least,
        slope=slope,
        runs=len(alike),
        runs_alike=sum(alike),
    )


def _stands(prediction: Prediction) -> bool:
    """Whether a rule is cited that gold does not know, with evidence that is all found in the case."""
    news, ruling = set(falsely_cited(prediction)), prediction.ruling
    cited = zip(ruling.violations if ruling else [], prediction.grounded, strict=True)
    return any(found for violation, found in cited if violation.rule in news)


def _most(heard: Iterable[Heard]) -> Decision:
    weights: dict[Decision, float] = defaultdict(float)
    for one in heard:
        weights[one.prediction.decision] += one.weight
    return max(weights, key=lambda decision: weights[decision])


def _slope(points: Sequence[tuple[float, float]]) -> float | None:
    """Of the straight line through points, by least squares; None where all lie at one place."""
    middle = fmean(x for x, _ in points)
    spread = sum((x - middle) ** 2 for x, _ in points)
    return sum((x - middle) * y for x, y in points) / spread if spread > 1e-12 else None


def told(decision: Decision) -> str:
    """A decision in words, such as ``reject (CURE-1)``."""
    return f"{decision.verdict} ({', '.join(decision.rules)})" if decision.rules else decision.verdict
