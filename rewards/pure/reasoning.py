"""What the reasoning says, in the reviewer's own words, and what it says of each rule."""

import re
from functools import lru_cache

from data import Quote, Ruling


def own_words(ruling: Ruling) -> str:
    """The reasoning without what it quotes as evidence, each quote left out once: that is the ad's wording, in the
    ad's language, and a reviewer has to repeat it.

    Example:
        >>> quote = {"quote": "Win now! Win now!", "field": "title"}
        >>> violations = [{"rule": "A-1", "evidence": [quote]}]
        >>> said = 'A-1: "Win now! Win now!".'
        >>> own_words(Ruling(reasoning=said, verdict="reject", confidence=1, violations=violations))
        'A-1: "".'
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


def findings(text: str, rule: str) -> list[str]:
    """What a text that goes rule by rule finds of a rule, each time that it comes to it: ``no`` for ``A-1: no.``, and
    of anything else the first character.
    """
    return _finding(rule).findall(text) if rule in text else []


@lru_cache(maxsize=4096)
def _word(rule: str) -> re.Pattern[str]:
    return re.compile(_as_word(rule))


@lru_cache(maxsize=4096)
def _finding(rule: str) -> re.Pattern[str]:
    return re.compile(_as_word(rule) + r"\s*[:：]\s*([Nn][Oo](?=\s*(?:[.;。]|$))|\S)")


def _as_word(rule: str) -> str:
    # ASCII neighbours only: in Chinese or Japanese an id stands between letters without a blank. A dot or hyphen ends
    # a word unless the id goes on behind it ("1.2" is not named by "1.2.3"). What stands before is looked at last,
    # because a pattern that begins with plain text is found quickly.
    id_ = re.escape(rule)
    return rf"{id_}(?![A-Za-z0-9_]|[.-][A-Za-z0-9_])(?<![A-Za-z0-9_]{id_})(?<![A-Za-z0-9_][.-]{id_})"
