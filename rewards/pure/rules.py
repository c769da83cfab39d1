"""Whether the right rules are cited."""

from collections.abc import Iterable

from data import Case, Gold, Rule, Rulebook, Ruling
from rewards.pure.matching import is_known, match
from rewards.reward import reward
from rewards.score import NotApplicable, Outcome, Score


@reward(name="rules", range=(0, 1))
def rules(ruling: Ruling, case: Case, excerpt: Rulebook) -> Outcome:
    """``2·Σ credit / (cited + gold)``, F1 with hierarchical credit: 1 exact, ½ a category above, ¼ a sibling.

    A citation that answers nothing counts once among the cited; a made-up rule twice; and where gold is not exhaustive
    half, unless gold lists the rule under ``not`` or it is a repetition. A right verdict that leaves nothing to cite
    earns 1 without citations; see `has_nothing_to_cite`. What gold does not list is not credited to a rejection that
    it accepts either. An escalation that cites nothing rests on what its findings leave open: it earns the F1 of the
    rules found unclear against those that gold finds unclear, or that it says are broken where it accepts escalation.

    Example:
        >>> from data import Rule
        >>> book = Rulebook(name="two", rules=[Rule(id="A-1", text="No guns."), Rule(id="A-2", text="No knives.")])
        >>> case = Case(id="1", gold={"verdict": "reject", "violations": [{"rule": "A-1"}]})
        >>> cite = lambda *ids: Ruling(verdict="reject", confidence=1, violations=[{"rule": i} for i in ids])
        >>> [round(rules(cite(*ids), case, book).value, 2) for ids in (["A-1"], ["A-1", "A-2"], ["A-1", "Z-9"])]
        [1.0, 0.67, 0.5]
    """
    gold = case.gold_for(excerpt)
    if gold is None or not says_what_is_broken(gold):
        return NotApplicable
    if (wanted := _left_open(ruling, gold, excerpt)) is not None:
        return _unclear(ruling, wanted)
    if has_nothing_to_cite(ruling, gold, excerpt):
        return Score(1.0, "nothing to cite")
    matching = match(ruling, gold, excerpt)
    credit = sum(pair.credit for pair in matching.pairs)
    seen = {ruling.violations[pair.citation].rule for pair in matching.pairs}
    cited = float(len(matching.pairs))
    for i in matching.extra:
        rule = ruling.violations[i].rule
        cited += price_of_extra(rule, gold, excerpt, repeated=rule in seen)
        seen.add(rule)
    total = cited + matching.gold
    value = 2 * credit / total if total else 1.0
    reason = f"{len(matching.exact)} of {matching.gold} cited exactly, {len(matching.extra)} extra"
    return Score(value, reason, {"credit": credit, "cited": cited, "gold": float(matching.gold)})


def _left_open(ruling: Ruling, gold: Gold, excerpt: Rulebook) -> set[str] | None:
    """The rules that a right escalation without citations may rest on; None of any other ruling, and where gold does
    not tell.
    """
    if ruling.verdict != "escalate" or ruling.violations or not gold.accepts("escalate"):
        return None
    if gold.verdict == "escalate":
        return set(gold.unclear) if gold.unclear and not gold.violations else None
    broken = gold.broken_in(excerpt)
    return {rule.id for rule in broken} | set(gold.unclear) if broken and _only_reject(broken) else None


def _unclear(ruling: Ruling, wanted: set[str]) -> Score:
    found = {finding.rule for finding in ruling.findings if finding.outcome == "unclear"}
    value = 2 * len(found & wanted) / (len(found) + len(wanted))
    return Score(value, f"{len(found & wanted)} of {len(wanted)} found unclear, {len(found - wanted)} extra")


def _only_reject(rules: Iterable[Rule]) -> bool:
    return all(rule.verdict == "reject" for rule in rules)


def says_what_is_broken(gold: Gold) -> bool:
    """Whether citations can be held against gold: not where it leaves open which rules a violating case breaks."""
    nothing = gold.exhaustive or (gold.verdict == "approve" and not gold.accepts("reject"))
    return bool(gold.violations) or (gold.violations is not None and nothing)


def has_nothing_to_cite(ruling: Ruling, gold: Gold, excerpt: Rulebook) -> bool:
    """A right ruling that cites nothing has nothing to prove, and every citation part is whole, where its verdict
    stands beside no violation of gold's: an approval; or an escalation that gold accepts in the place of its own
    verdict, where all that is broken calls for reject.
    """
    if ruling.violations or not gold.accepts(ruling.verdict):
        return False
    if ruling.verdict == "escalate" and gold.verdict != "escalate":
        return _only_reject(gold.broken_in(excerpt))
    return ruling.verdict == "approve"


def price_of_extra(rule: str, gold: Gold, excerpt: Rulebook, repeated: bool = False) -> float:
    """How many false positives a citation that answers nothing counts for."""
    if not is_known(rule, excerpt):
        return 2.0
    return 1.0 if gold.exhaustive or repeated or rule in gold.cleared else 0.5
