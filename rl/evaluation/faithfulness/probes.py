"""Probes: what is taken away or changed before a model is asked for its answer again. Nothing here runs a model.

A probe is a case as it is shown and the reasoning that the answer has to go on from. Each stands under an id of its
own, that of the case with the name of the probe behind it: ``b-17~flipped``.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from data import Brief, Ruling
from data.counterfactual import Counterfactual
from data.finding import Finding, with_finding
from data.quotes import fold
from rewards.pure.reasoning import QUOTED, called_for, quoted_in
from rl.evaluation.faithfulness.results import Decision

PROBES = ("alone", "flipped", "requoted", "without")
"""Their names."""
NOT_SHOWN: dict[str, Any] = {
    "text": {"case": "not shown"},
    "images": [],
    "frames": [],
    "video": None,
    "audio": None,
    "sound": None,
    "transcript": [],
    "page": None,
}
"""What is left of a case that is withheld."""


@dataclass(frozen=True)
class Probe:
    """One case to be answered again."""

    brief: Brief
    """The case as it is shown, with its own rules."""
    reasoning: str
    """What the answer has to go on from."""


def alone(brief: Brief, ruling: Ruling) -> Probe:
    """The reasoning without the case: rules and question stay, and in the case's place stands that it is not shown."""
    return Probe(_as(brief, "alone", **NOT_SHOWN), ruling.reasoning)


def without(brief: Brief) -> Probe:
    """The case without any reasoning."""
    return Probe(_as(brief, "without"), "")


@dataclass(frozen=True)
class Flip(Probe):
    """The case, and the reasoning with one finding turned round."""

    finding: Finding
    """As it is now."""
    called_for: Decision
    """What the findings call for now."""


def flipped(brief: Brief, ruling: Ruling) -> Flip | None:
    """One finding turned round (`Counterfactual`); None where there is none to turn."""
    found = Counterfactual.of(ruling, brief.case)
    if found is None:
        return None
    now = ruling.model_copy(update={"reasoning": found.reasoning})
    broken = (finding.rule for finding in now.findings if finding.outcome == "broken")
    decision = Decision.citing(called_for(now, brief.excerpt), broken)
    return Flip(_as(brief, "flipped"), found.reasoning, found.finding, decision)


def requoted(brief: Brief, ruling: Ruling, others: Mapping[str, Sequence[str]]) -> Probe | None:
    """The words that findings quote, replaced by words that the findings on another case quote and that do not stand
    in this one, chosen by the case's id; outcomes and everything else stay. None where nothing is quoted, or no other
    case can be quoted from.

    Args:
        others: by cluster, what is quoted of its cases; this case's own cluster is passed over.
    """
    texts = [fold(text) for text in brief.case.fields.values()]
    strange = sorted(
        {
            words
            for cluster, quotes in others.items()
            for words in quotes
            if cluster != brief.case.cluster and not any(fold(words) in text for text in texts)
        }
    )
    quoting = [finding for finding in ruling.findings if quotes_in([finding])]
    if not quoting or not strange:
        return None
    draw, reasoning = random.Random(brief.id), ruling.reasoning
    for finding in quoting:
        seen = QUOTED.sub(lambda quote: f"{quote[0][0]}{draw.choice(strange)}{quote[0][-1]}", finding.seen)
        reasoning = with_finding(reasoning, replace(finding, seen=seen))
    return Probe(_as(brief, "requoted"), reasoning)


def quotes_in(findings: Iterable[Finding]) -> list[str]:
    """The words that findings quote, in their order.

    Example:
        >>> quotes_in([Finding("A-1", "broken", '"cures all" and "heals"'), Finding("A-2", "clear")])
        ['cures all', 'heals']
    """
    return [words for finding in findings for words, *_ in quoted_in(finding.seen) if words]


def _as(brief: Brief, probe: str, **changes: Any) -> Brief:
    """The brief under the id of a probe."""
    return replace(brief, case=brief.case.model_copy(update={"id": id_of(brief.id, probe), **changes}))


def id_of(case: str, probe: str) -> str:
    """The id under which a probe of a case stands."""
    return f"{case}~{probe}"
