"""Rules: what each rule gained and lost, with Holm's correction for looking at all of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from data import Rulebook
from data.rulebook import Severity
from rl.evaluation.by_rule import FEW
from rl.evaluation.comparison.comparison import RuleRow
from rl.evaluation.comparison.models import Models
from rl.evaluation.metrics import ALONE
from rl.evaluation.predictions import Prediction
from rl.evaluation.statistics import Clusters, Figure, Pairing, Sheet, holm


def rule_rows(models: Models, book: Rulebook | None = None) -> list[RuleRow]:
    """Every rule that gold has broken or a model cites in error, the most broken first.

    Args:
        book: for titles, severities and categories; without it severity and category are read off the cases that
            break one rule alone.
    """
    metric = ALONE["per_rule"].load()
    rules = listed_rules(models)
    counts = [metric.counts(**metric.columns(rows), rules=rules) for rows in models.rows]
    sheets = [
        Sheet([model[:, 4 * place : 4 * place + 4] for model in counts], metric.values) for place in range(len(rules))
    ]
    facts = _facts(models.gold, book)
    rows = [
        _row(models, rule, sheet, figures, *facts.get(rule, ("", None, None)))
        for rule, sheet, figures in zip(rules, sheets, models.figures(sheets), strict=True)
    ]
    tested = [holm([row.p[place] for row in rows]) for place in range(len(models.challengers))]
    return [replace(row, p_holm=list(adjusted)) for row, *adjusted in zip(rows, *tested, strict=True)]


def rule_sheet(models: Models, rule: str) -> Sheet:
    """One rule's counts in every model."""
    metric = ALONE["per_rule"].load()
    return Sheet([metric.counts(**metric.columns(rows), rules=[rule]) for rows in models.rows], metric.values)


def listed_rules(models: Models) -> list[str]:
    """The rules that gold has broken, the most frequent first, then those that were only cited. An id that no excerpt
    has is no rule."""
    broken = Counter(rule for row in models.gold for rule in row.broken)
    known = {rule for row in models.gold for rule in row.rules}
    cited = {rule for rows in models.rows for row in rows for rule in row.cited}
    return [*sorted(broken, key=lambda rule: (-broken[rule], rule)), *sorted((cited & known) - set(broken))]


def _row(
    models: Models,
    rule: str,
    sheet: Sheet,
    figures: dict[str, Figure],
    title: str,
    severity: Severity | None,
    category: str | None,
) -> RuleRow:
    # A decision on the rule is wrong where it has a false positive or a false negative.
    right = [(counts[:, 1:3] == 0).all(axis=1) for counts in sheet.counts]
    differing = np.stack([model != right[0] for model in right]).any(axis=0)
    clusters = Clusters(models.clusters[differing])
    pairings = [Pairing(right[0][differing], model[differing], clusters) for model in right[1:]]
    support = figures["f1"].support
    names, challengers = range(len(models.names)), range(len(models.challengers))
    return RuleRow(
        rule=rule,
        title=title,
        severity=severity,
        category=category,
        support=support,
        few=support < FEW,
        f1=[figures["f1"].estimate(model) for model in names],
        precision=[figures["precision"].estimate(model) for model in names],
        recall=[figures["recall"].estimate(model) for model in names],
        f1_difference=[figures["f1"].known_difference(challenger) for challenger in challengers],
        recall_difference=[figures["recall"].known_difference(challenger) for challenger in challengers],
        lost=[pairing.lost for pairing in pairings],
        gained=[pairing.gained for pairing in pairings],
        p=[pairing.test()[0] for pairing in pairings],
        p_holm=[],
    )


def _facts(gold: Sequence[Prediction], book: Rulebook | None) -> dict[str, tuple[str, Severity | None, str | None]]:
    """Title, severity and category of rules."""
    facts: dict[str, tuple[str, Severity | None, str | None]] = {}
    for row in gold:
        if len(row.broken) == 1:
            facts[row.broken[0]] = "", row.severity, row.category
    return facts | {rule.id: (rule.title, rule.severity, rule.category) for rule in (book.rules if book else ())}
