"""Penalties: 0 (none) to 1 (in full), bounded by their weight in the rubric."""

import re
from functools import lru_cache

from data import Case, Rulebook, Ruling
from rewards.pure.matching import match
from rewards.pure.reasoning import own_words
from rewards.pure.rules import price_of_extra, says_what_is_broken
from rewards.reward import reward
from rewards.score import NotApplicable, Outcome

# An ASCII word, or one character of any other script: no need to know where Chinese words end.
_PIECE = re.compile(r"[A-Za-z0-9_'’-]+|[^\sA-Za-z0-9_'’-]")
_GRAM = 8
_SHORT = 80


@reward(name="overlong", range=(0, 1))
def overlong(ruling: Ruling, case: Case, excerpt: Rulebook, *, start: int = 4000, end: int = 8000) -> Outcome:
    """How far the length of all that is written freely (reasoning, advice, edits, intent), in characters, seen or not,
    lies between ``start`` (0) and ``end`` (1).

    Only where the verdict is right: a length term that touches wrong rulings makes some errors cheaper than others.
    Source: the soft overlong punishment of DAPO (arXiv 2503.14476), with this restriction.

    Example:
        >>> case, book = Case(id="1", gold={"verdict": "approve"}), Rulebook(name="none", rules=[])
        >>> overlong(Ruling(reasoning="x" * 4500, advice="x" * 500, verdict="approve", confidence=1), case, book)
        0.25
    """
    gold = case.gold_for(excerpt)
    if gold is None or gold.verdict is None:
        return NotApplicable
    if not gold.accepts(ruling.verdict):
        return 0.0
    length = len(ruling.reasoning) + len(ruling.advice) + len(ruling.intent or "")
    length += sum(len(text) for edit in ruling.edits for _, text in edit if isinstance(text, str))
    return min(1.0, max(0.0, (length - start) / (end - start)))


@reward(name="overcitation", range=(0, 1))
def overcitation(ruling: Ruling, case: Case, excerpt: Rulebook) -> Outcome:
    """1 where the ruling cites more than gold has, so that one rule too many has a price of its own however many are
    right; ½ where what is more may be right too, as gold is not exhaustive. Only where the verdict is right.

    Example:
        >>> from data import Rule
        >>> book = Rulebook(name="two", rules=[Rule(id="A-1", text="No guns."), Rule(id="A-2", text="No knives.")])
        >>> case = Case(id="1", gold={"verdict": "reject", "violations": [{"rule": "A-1"}]})
        >>> cite = lambda *ids: Ruling(verdict="reject", confidence=1, violations=[{"rule": i} for i in ids])
        >>> [overcitation(cite(*ids), case, book) for ids in (["A-1"], ["A-2"], ["A-1", "A-2"])]
        [0.0, 0.0, 1.0]
    """
    gold = case.gold_for(excerpt)
    if gold is None or not says_what_is_broken(gold):
        return NotApplicable
    if ruling.verdict != gold.verdict or len(ruling.violations) <= len(gold.violations or []):
        return 0.0
    extra = (ruling.violations[i].rule for i in match(ruling, gold, excerpt).extra)
    return min(1.0, max(price_of_extra(rule, gold, excerpt) for rule in extra))


@reward(name="repetition", range=(0, 1))
def repetition(ruling: Ruling, case: Case, excerpt: Rulebook, *, free: float = 0.1) -> Outcome:
    """The share of the reasoning's 8-grams that have been said before, beyond a share that is free.

    Going through the rules one by one repeats no 8-gram, because ids differ. What is quoted as
    evidence is the ad's own wording and may be said once.

    Example:
        >>> said = Ruling(reasoning="the picture shows a gun in it. " * 20, verdict="approve", confidence=1)
        >>> round(repetition(said, Case(id="1"), Rulebook(name="none", rules=[])), 2)
        0.94
    """
    if len(ruling.reasoning) < _SHORT:
        return 0.0
    return max(0.0, (_repeated(own_words(ruling)) - free) / (1 - free))


@reward(name="incomplete", range=(0, 1))
def incomplete(ruling: Ruling, case: Case, excerpt: Rulebook, *, most: int = 12) -> Outcome:
    """The share of the excerpt's rules on which the reasoning has no finding, where there are ``most`` or fewer:
    through a longer excerpt nobody can be asked to go rule by rule.

    A policy that is paid for verdicts alone learns to pass over what it finds hard, and to come back to what it has
    cleared. The second closes the gate `reasoning_agreement`; this is the price of the first.

    Example:
        >>> from data import Rule
        >>> book = Rulebook(name="two", rules=[Rule(id="A-1", text="No guns."), Rule(id="A-2", text="No knives.")])
        >>> judged = lambda reasoning: Ruling(reasoning=reasoning, verdict="approve", confidence=1)
        >>> findings = ("A-1: clear\\nA-2: clear", "A-1: clear", "Fine.")
        >>> [incomplete(judged(said), Case(id="1"), book) for said in findings]
        [0.0, 0.5, 1.0]
    """
    if not 0 < len(excerpt) <= most:
        return NotApplicable
    judged = {finding.rule for finding in ruling.findings}
    return len(set(excerpt.ids) - judged) / len(excerpt)


@lru_cache(maxsize=1024)
def _repeated(words: str) -> float:
    """The share of a text's 8-grams that have been said before. Remembered, because a group's completions differ in
    their answers more often than in their reasoning.
    """
    pieces = _PIECE.findall(words)
    total = len(pieces) - _GRAM + 1
    if total <= 0 or not _may_repeat(pieces):
        return 0.0
    return 1 - len(set(zip(*(pieces[i:] for i in range(_GRAM)), strict=False))) / total


def _may_repeat(pieces: list[str]) -> bool:
    """Whether some 8-gram has nothing new in it: one with a piece that has not been said before cannot repeat. This
    is far quicker than making the 8-grams, and going through the rules one by one always names something new.
    """
    said: set[str] = set()
    newest = 0
    for place, piece in enumerate(pieces):
        if piece not in said:
            said.add(piece)
            newest = place
        elif place - newest == _GRAM:
            return True
    return False
