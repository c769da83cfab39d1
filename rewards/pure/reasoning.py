"""What the reasoning says: in the reviewer's own words, of each rule, and against the answer.

The findings decide. `contradiction` is complete over what can be read mechanically: whoever wants to know whether free
prose before the findings says something else asks a judge.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from data import Case, Evidence, Finding, Interval, Quote, Region, Rulebook, Ruling, Verdict
from data.finding import ends_in_finding
from data.quotes import fold
from rewards.pure.evidence import grounded
from rewards.pure.matching import is_known

QUOTED = re.compile('"([^"]*)"|“([^”]*)”|「([^」]*)」|『([^』]*)』|«([^»]*)»')
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_PICTURE = re.compile(r"(?<![A-Za-z])(image|frame) (\d{1,6})(?!\d)")
_TIMES = re.compile(rf"from ({_NUMBER.pattern}) to ({_NUMBER.pattern}) s")
_WORD = re.compile(r"\w+")
_EMPTY_WORDS = """
no none nothing not na nil never ok okay fine safe clear unclear broken allowed compliant passed yes true
false violation violations violated issue issues found seen here present absent applicable applies apply
breaks break of the a an any kind sort is it this that rule at all does do did there was are nein nicht nichts
kein keine aucun aucune rien non nada ninguna ningún ninguno nenhum não niente nessuna nessuno нет ничего не
nie brak yok hayır không 无 無 没有 沒有 否 不 是 没问题 没有问题 没有违规 无违规 未违规 不违规 未违反 不违反
無違規 沒有違規 なし ない 問題なし 該当なし 違反なし 없음 아니오 문제없음 위반없음 لا نعم नहीं ไม่ ไม่มี
"""
_EMPTY = frozenset(_EMPTY_WORDS.split())
"""Words that show nothing by themselves, in the languages that rulebooks are most often written in."""


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
    return rule in text and _word(rule).search(text) is not None


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

    What is demanded, in this order: the reasoning ends in findings, on rules (or categories) that exist, each judged
    once; the rules found broken are the rules cited; the verdict is what the findings call for; a rule found broken or
    unclear says what is seen; evidence that is cited for a rule stands in its finding; what findings quote stands in
    the case, or in the rule, unless it is read in a picture or heard at a time that the finding names; and the advice
    names no rule that was found clear.
    """
    return next(_contradictions(ruling, case, excerpt), "")


def stands_in(item: Evidence, seen: str) -> bool:
    """Whether what a finding sees holds a piece of evidence: a quote's words, the name of a region's picture (``image
    0``, ``frame 3``), or both ends of an interval as numbers.

    Example:
        >>> quote, interval = Quote(quote="Cures  ALL", field="title"), Interval(interval=(1.5, 3))
        >>> [stands_in(item, 'it says "cures all" from 1.5 to 3 s') for item in (quote, interval)]
        [True, True]
        >>> stands_in(quote, "a cure is promised")
        False
    """
    if isinstance(item, Quote):
        return fold(item.quote) in fold(seen)
    if isinstance(item, Interval):
        return set(item.interval) <= {float(number) for number in _NUMBER.findall(seen)}
    named = ("image", item.image) if item.image is not None else ("frame", item.frame)
    return named in _pictures(seen)


def _contradictions(ruling: Ruling, case: Case, excerpt: Rulebook) -> Iterator[str]:
    findings, cited = ruling.findings, {violation.rule for violation in ruling.violations}
    if excerpt.rules and not findings:
        yield "the reasoning has no finding"
    if findings and not ends_in_finding(ruling.reasoning):
        yield "the reasoning goes on after its findings"
    by_rule: dict[str, Finding] = {}
    for finding in findings:
        if finding.rule in by_rule:
            yield f"the reasoning judges '{finding.rule}' twice"
        if not is_known(finding.rule, excerpt):
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
        if finding.outcome != "clear" and not _says_something(finding.seen):
            yield f"the reasoning does not say why '{finding.rule}' is {finding.outcome}"
    for violation in ruling.violations:
        for item in violation.evidence:
            if not stands_in(item, by_rule[violation.rule].seen):
                yield f"evidence for '{violation.rule}' does not stand in its finding"
    for finding in findings:
        if finding.seen and (made_up := _made_up(finding, case, excerpt)) is not None:
            yield f"the finding on '{finding.rule}' quotes what is not there: {made_up[:60]}"
    for finding in findings:
        if finding.outcome == "clear" and names(ruling.advice, finding.rule):
            yield f"the advice names '{finding.rule}', which the reasoning finds clear"


@lru_cache(maxsize=1024)
def _says_something(seen: str) -> bool:
    return any(word not in _EMPTY for word in _WORD.findall(seen.casefold()))


def _made_up(finding: Finding, case: Case, excerpt: Rulebook) -> str | None:
    """Words that the finding quotes although they stand neither in the case nor in the rule; None if there are none.
    What is read in a picture or heard at a time cannot be checked: then the picture must exist, or the time.
    """
    quoted = _quoted(finding.seen)
    if not quoted:
        return None
    texts = [fold(text) for text in case.fields.values()]
    if finding.rule in excerpt:
        rule = excerpt[finding.rule]
        texts += [fold(text) for text in (rule.title, rule.text, *rule.exceptions)]
    missing = [words for words in quoted if _WORD.search(words) and not any(fold(words) in text for text in texts)]
    if not missing or any(grounded(place, case) for place in _places(finding.seen)):
        return None
    return missing[0]


@lru_cache(maxsize=1024)
def _quoted(seen: str) -> tuple[str, ...]:
    return tuple(next(filter(None, groups), "") for groups in QUOTED.findall(seen))


def _places(seen: str) -> Iterator[Evidence]:
    """The pictures and times that a finding names."""
    for kind, index in _pictures(seen):
        yield Region.model_validate({kind: index, "region": (0, 0, 1, 1)})
    for start, end in _TIMES.findall(seen):
        if float(start) <= float(end):
            yield Interval(interval=(float(start), float(end)))


def _pictures(seen: str) -> list[tuple[str, int]]:
    return [(kind, int(index)) for kind, index in _PICTURE.findall(seen)]


@lru_cache(maxsize=4096)
def _word(rule: str) -> re.Pattern[str]:
    # ASCII neighbours only: in Chinese or Japanese an id stands between letters without a blank. A dot or hyphen ends
    # a word unless the id goes on behind it ("1.2" is not named by "1.2.3"). What stands before is looked at last,
    # because a pattern that begins with plain text is found quickly.
    id_ = re.escape(rule)
    return re.compile(rf"{id_}(?![A-Za-z0-9_]|[.-][A-Za-z0-9_])(?<![A-Za-z0-9_]{id_})(?<![A-Za-z0-9_][.-]{id_})")
