"""Entry: what the page's list shows of a case, and what filters and orders look at.

All entries are loaded at once, so they are small; everything else is in the case's record.
"""

from collections.abc import Iterator, Sequence

from data import SEVERITIES
from rl.evaluation.outcomes import outcome_of
from rl.evaluation.page.confusion import Confusion
from rl.evaluation.page.records import Json, Shown
from rl.evaluation.predictions import Prediction

SNIPPET = 160
"""Characters of a case's text."""


def entry(shown: Shown, suspect: str | None = None, confusions: Sequence[Confusion] = ()) -> Json:
    """A case of the list. What stands in a list of lists is of each model in turn.

    Args:
        suspect: why gold itself may be wrong here, if it may.
        confusions: which category was taken for which, per model; empty where rules have no categories.
    """
    case, gold, row = shown.case, shown.row[0].gold, shown.row
    rules = [rule for rule in dict.fromkeys(rule for _, rule, _ in shown.cited()) if rule in shown.excerpt]
    severities = [SEVERITIES.index(shown.excerpt[rule].severity) for rule in rules]
    said = [of_model[0] for of_model in shown.contradictions]
    content: Json = {
        "id": case.id,
        "split": shown.split,
        "gold": gold.verdict if gold else None,
        "outcomes": [outcome_of(prediction) for prediction in row],
        "verdicts": [prediction.verdict for prediction in row],
        "rules": rules,
        "missed": [list(missed(prediction)) for prediction in row],
        "false": [list(falsely_cited(prediction)) for prediction in row],
        "follows": [None if found is None else not found for found in said],
        "severity": SEVERITIES[max(severities)] if severities else None,
        "confidence": [prediction.ruling.confidence if prediction.ruling else None for prediction in row],
        "logprob": [prediction.verdict_logprob for prediction in row],
        "tokens": [prediction.tokens for prediction in row],
        "disagreement": round(disagreement([sample for of_model in shown.samples for sample in of_model]), 4),
        "length": sum(map(len, case.fields.values())),
        "text": " · ".join(case.fields.values())[:SNIPPET],
    }
    if confusions:
        found = [confusion.cases.get(case.id, []) for confusion in confusions]
        content["categories"] = [[confused(name, other) for name, other in pairs] for pairs in found]
    return content | ({"suspect": suspect} if suspect else {})


def missed(prediction: Prediction) -> Iterator[str]:
    """The rules that gold says are broken and the ruling cites by no accepted name; all of them where it is none."""
    gold, cited = prediction.gold, set(prediction.cited)
    for violation in (gold.violations or []) if gold else []:
        if cited.isdisjoint(violation.accepted):
            yield violation.rule


def falsely_cited(prediction: Prediction) -> Iterator[str]:
    """The rules that the ruling cites and gold does not. Where gold does not list all violations, only those that it
    says are not broken; none where its violations are not annotated."""
    gold = prediction.gold
    if gold is None or gold.violations is None:
        return
    accepted = {rule for violation in gold.violations for rule in violation.accepted}
    for rule in dict.fromkeys(prediction.cited):
        if rule not in accepted and (gold.exhaustive or rule in gold.cleared):
            yield rule


def disagreement(answers: Sequence[Prediction]) -> float:
    """How far answers to one case are apart, 0..1: the share of pairs whose verdicts differ."""
    verdicts = [answer.verdict for answer in answers]
    alike = sum(verdicts.count(verdict) - 1 for verdict in verdicts)
    pairs = len(verdicts) * (len(verdicts) - 1)
    return 1 - alike / pairs if pairs else 0.0


def confused(name: str, other: str) -> str:
    """A cell of the table of categories, as filters name it."""
    return f"{name} → {other}"
