"""What the reasoning says: in the reviewer's own words, of each rule, and against the answer.

The findings decide. `contradiction` is complete over what can be read mechanically: whoever wants to know whether free
prose before the findings says something else asks a judge.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from data import OUTCOMES, Case, Finding, Quote, Rulebook, Ruling, Verdict
from data.quotes import fold
from rewards.pure.denials import says_something
from rewards.pure.evidence import grounded
from rewards.pure.places import places_in, stands_in

QUOTED = re.compile(
    # No mark opens a quote behind a letter or a digit (27" is a size), and none stands within a quote of its own kind:
    # so the time is linear. »…« is read before «…».
    '(?<!\\w)"([^"]*)"|“([^“”]*)”|„([^„“”]*)[“”]|‘([^‘’]*)’|`([^`]*)`|「([^「」]*)」|『([^『』]*)』|»([^«»]*)«|«([^«»]*)»'
)
_NEAR = 120
"""Characters around a quote in which the place is named where it is read."""
_PLACE_NEXT = re.compile(r"\s*[,，]\s*(?=(?:in|on|at)?\s*(?:image|frame|from)\b)", re.IGNORECASE)
_CLAUSE_ENDS = re.compile("[,;，；。]")
_ELLIPSIS = re.compile(r"\.{3,}|…|\[[^\]]*\]")
_EDGES = " .,;:!?…'\"()[]。，！？、"
_WORD = re.compile(r"[^\W_]")
_SECOND_OUTCOME = re.compile(rf"->\s*(?:{'|'.join(OUTCOMES)})\b")
_TRANSLATED = re.compile(r"\s*[(（]\s*$")


def own_words(ruling: Ruling) -> str:
    """The reasoning without what it quotes as evidence, each quote left out once: that is the ad's wording, in the
    ad's language, and a reviewer has to repeat it.

    Example:
        >>> quote = {"quote": "Win now! Win now!", "field": "title"}
        >>> violations = [{"rule": "A-1", "evidence": [quote]}]
        >>> said = 'A-1: "Win now! Win now!" -> broken'
        >>> own_words(Ruling(reasoning=said, verdict="reject", confidence=1, violations=violations))
        'A-1: "" -> broken'
    """
    said = ruling.reasoning
    for violation in ruling.violations:
        for item in violation.evidence:
            if isinstance(item, Quote):
                said = said.replace(" ".join(item.quote.split()), "", 1)
    return said


def names(text: str, rule: str) -> bool:
    """Whether a text names a rule, as a word of its own."""
    return rule in text and _as_word(rule).search(text) is not None


def called_for(ruling: Ruling, excerpt: Rulebook) -> Verdict:
    """The verdict that the findings call for: what the rules found broken do; else escalation if one is unclear.

    Example:
        >>> from data import Rule
        >>> book = Rulebook(name="two", rules=[Rule(id="A-1", text="No guns."), Rule(id="A-2", text="No cures.")])
        >>> found = lambda said: Ruling(reasoning=said, verdict="approve", confidence=1)
        >>> [called_for(found(f"A-1: clear\\nA-2: {said}"), book) for said in ("clear", "a cure -> broken", "unclear")]
        ['approve', 'reject', 'escalate']
    """
    findings = ruling.findings
    if broken := [finding.rule for finding in findings if finding.outcome == "broken"]:
        return excerpt.called_for(broken)
    return "escalate" if any(finding.outcome == "unclear" for finding in findings) else "approve"


def contradiction(ruling: Ruling, case: Case, excerpt: Rulebook) -> str:
    """How the reasoning and the answer disagree, or how the findings fail to say what was seen; empty if they do not.

    What is demanded, in this order: the reasoning ends in findings, on rules of the excerpt, each judged once and in
    one way; the rules found broken are the rules cited; the verdict is what the findings call for; a rule found broken
    or unclear says what is seen; evidence that is cited for a rule stands in its finding; what such findings quote
    stands in the case or in the rulebook, unless it is read in a picture or heard at a time that is named beside it;
    and where the advice names rules, one of them is cited.
    """
    return next(_contradictions(ruling, case, excerpt), "")


def _contradictions(ruling: Ruling, case: Case, excerpt: Rulebook) -> Iterator[str]:
    findings, cited = ruling.findings, {violation.rule for violation in ruling.violations}
    if excerpt.rules and not findings:
        yield "the reasoning does not end in findings"
    by_rule: dict[str, Finding] = {}
    for finding in findings:
        if finding.rule in by_rule:
            yield f"the reasoning judges '{finding.rule}' twice"
        if finding.rule not in excerpt:
            yield f"the reasoning judges '{finding.rule}', which is not among the rules"
        by_rule[finding.rule] = finding
    broken = {rule for rule, finding in by_rule.items() if finding.outcome == "broken"}
    for rule in cited - broken:
        found = f"finds '{rule}' {by_rule[rule].outcome}" if rule in by_rule else f"does not judge '{rule}'"
        yield f"the reasoning {found}, and the answer cites it"
    for rule in broken - cited:
        yield f"the reasoning finds '{rule}' broken, and the answer does not cite it"
    if (verdict := called_for(ruling, excerpt)) != ruling.verdict:
        yield f"the findings call for {verdict}, the verdict is {ruling.verdict}"
    for finding in findings:
        if finding.seen and _has_two_outcomes(finding.seen):
            yield f"the finding on '{finding.rule}' has two outcomes"
        if finding.outcome != "clear" and not says_something(finding.seen, finding.rule):
            yield f"the reasoning does not say why '{finding.rule}' is {finding.outcome}"
    for violation in ruling.violations:
        for item in violation.evidence:
            if not stands_in(item, by_rule[violation.rule].seen):
                yield f"evidence for '{violation.rule}' does not stand in its finding"
    for finding in findings:
        if finding.outcome != "clear" and (made_up := _made_up(finding.seen, case, excerpt)) is not None:
            yield f"the finding on '{finding.rule}' quotes what is not there: {made_up[:60]}"
    if cited and ruling.advice:
        named = {rule for rule in excerpt.ids if not rule.isdigit() and names(ruling.advice, rule)}
        if named and not named & cited:
            yield f"the advice names '{min(named)}', which is not cited"


@lru_cache(maxsize=1024)
def _has_two_outcomes(seen: str) -> bool:
    return "->" in seen and _SECOND_OUTCOME.search(QUOTED.sub(" ", seen)) is not None


@lru_cache(maxsize=1024)
def quoted_in(seen: str) -> tuple[tuple[str, int, int], ...]:
    """What a finding quotes, with start and end of each quote, its marks included."""
    return tuple((next(filter(None, quote.groups()), ""), *quote.span()) for quote in QUOTED.finditer(seen))


def _made_up(seen: str, case: Case, excerpt: Rulebook) -> str | None:
    """Words that a finding quotes although they stand neither in the case nor in the rulebook; None if there are none.
    What is read in a picture or heard at a time cannot be checked: then the picture must exist, or the time, and be
    named in the same clause. Nor can a translation: it stands in brackets behind what it translates.
    """
    texts = [fold(text) for text in case.fields.values()]
    rulebook: list[str] = []
    known_until = -1
    for words, start, end in quoted_in(seen):
        stands = _stand(words, texts) or case.heard(words) is not None
        if not stands and known_until >= 0 and _TRANSLATED.fullmatch(seen[known_until:start]):
            continue
        if not stands:
            rulebook = rulebook or [fold(text) for text in _wording(excerpt, case)]
            stands = _stand(words, rulebook)
        if stands:
            known_until = end
        elif not any(grounded(place, case) for place in places_in(_clause(seen, start, end))):
            return words
    return None


def _stand(words: str, texts: list[str]) -> bool:
    """Whether each piece of a quote, between its ellipses, stands in one of the texts; marks at its edges apart."""
    pieces = [piece.strip(_EDGES) for piece in _ELLIPSIS.split(words)]
    wanted = [fold(piece) for piece in pieces if _WORD.search(piece)]
    return all(any(piece in text for text in texts) for piece in wanted)


def _wording(excerpt: Rulebook, case: Case) -> Iterator[str]:
    """What may be quoted beside the case: rules, and what things are called."""
    for rule in excerpt.rules:
        yield from (rule.id, rule.title, rule.text, *rule.exceptions)
    yield from (category.title or category.id for category in excerpt.categories)
    yield from (*excerpt.intents, *case.fields, "approve", "reject", "escalate")


def _clause(seen: str, start: int, end: int) -> str:
    """The words around a quote, up to a comma. One right behind it does not part it from its place, as in ``"50 %
    off", in image 0``.
    """
    if (gap := _PLACE_NEXT.match(seen, end)) is not None:
        end = gap.end()
    before, after = seen[max(0, start - _NEAR) : start], seen[end : end + _NEAR]
    return f"{_CLAUSE_ENDS.split(before)[-1]} {_CLAUSE_ENDS.split(after)[0]}"


@lru_cache(maxsize=4096)
def _as_word(rule: str) -> re.Pattern[str]:
    # ASCII neighbours only: in Chinese or Japanese an id stands between letters without a blank. A dot or hyphen ends
    # a word unless the id goes on behind it ("1.2" is not named by "1.2.3"). What stands before is looked at last,
    # because a pattern that begins with plain text is found quickly.
    id_ = re.escape(rule)
    return re.compile(rf"{id_}(?![A-Za-z0-9_]|[.-][A-Za-z0-9_])(?<![A-Za-z0-9_]{id_})(?<![A-Za-z0-9_][.-]{id_})")
