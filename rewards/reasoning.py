"""The reasoning in the reviewer's own words."""

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
