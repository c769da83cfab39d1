"""Rewards that somebody could really write, and that a model would learn to please without judging."""

from rapidfuzz import fuzz

from data import Quote
from rewards import NotApplicable, match, reward


@reward(name="t_says_the_verdict", range=(0, 1))
def says_the_verdict(ruling, case, excerpt):
    """A substring match, as if the reasoning could only say one verdict."""
    return float(case.gold.verdict in ruling.reasoning)


@reward(name="t_thorough", range=(0, 1))
def thorough(ruling, case, excerpt):
    """The longer the reasoning, the better."""
    return min(1.0, len(ruling.reasoning) / 4000)


@reward(name="t_too_short", range=(0, 1))
def too_short(ruling, case, excerpt):
    """As a penalty: whatever the verdict, talking is paid."""
    return max(0.0, 1 - len(ruling.reasoning) / 4000)


@reward(name="t_escalates_when_unsure", range=(0, 1))
def escalates_when_unsure(ruling, case, excerpt):
    """Below 90 % it should have been escalated: so say 100 %."""
    return float((ruling.verdict == "escalate") == (ruling.confidence < 0.9))


@reward(name="t_fuzzy_quotes", range=(0, 1))
def fuzzy_quotes(ruling, case, excerpt):
    """Quotes that are about right, however short."""
    quotes = [item for violation in ruling.violations for item in violation.evidence if isinstance(item, Quote)]
    if not quotes:
        return 1.0
    return sum(fuzz.partial_ratio(q.quote, case.fields.get(q.field, "")) >= 60 for q in quotes) / len(quotes)


@reward(name="t_right_branch", range=(0, 1))
def right_branch(ruling, case, excerpt):
    """The share of gold that some citation lies near: a cut path counts as the whole."""
    gold = case.gold_for(excerpt)
    wanted = [violation.rule for violation in gold.violations or []]
    near = {rule for violation in ruling.violations for rule in _near(violation.rule, excerpt)}
    return sum(rule in near for rule in wanted) / len(wanted) if wanted else 1.0


@reward(name="t_recall", range=(0, 1))
def recall(ruling, case, excerpt):
    """How much of gold is found; what else is cited is free."""
    gold = case.gold_for(excerpt)
    matching = match(ruling, gold, excerpt)
    return len(matching.exact) / matching.gold if matching.gold else 1.0


@reward(name="t_first_quote", range=(0, 1))
def first_quote(ruling, case, excerpt):
    """Fails where there is none."""
    if case.gold.verdict != "reject":
        return NotApplicable
    return float(ruling.violations[0].evidence[0] is not None)


@reward(name="t_shy", range=(0, 1))
def shy(ruling, case, excerpt):
    """Judges only who rejects."""
    return 1.0 if ruling.verdict == "reject" else NotApplicable


def _near(cited, excerpt):
    if cited in excerpt:
        return [rule.id for rule in excerpt.rules if rule.category == excerpt[cited].category]
    return [rule.id for rule in excerpt.rules if cited in excerpt.ancestors(rule.category)]
