"""Whether the ruling is written in the languages that its readers read."""

import re

from data import OUTCOMES, Case, Rulebook, Ruling
from rewards.pure.reasoning import own_words
from rewards.pure.writing_systems import SCRIPTS, Language, foreign_share, primary
from rewards.reward import reward
from rewards.score import NotApplicable, Outcome, Score

_FORM = re.compile(
    rf"(?::| ->) (?:{'|'.join(OUTCOMES)})$|in (?:image|frame) \d+|from [\d.]+ to [\d.]+ s", re.MULTILINE
)
"""The prompt asks for these words in every language."""


@reward(name="language", range=(0, 1))
def language(
    ruling: Ruling, case: Case, excerpt: Rulebook, *, reasoning: Language | None = None, free: float = 0.2
) -> Outcome:
    """The share of words in a foreign script, beyond a share that is free: the larger of that in the advice and its
    edits, which are for the advertiser and in the case's language, and that in the reasoning, which is in the language
    ``reasoning``.

    Ids of rules, quoted evidence and the form of findings (``-> broken``, ``in image 0``) are no words. Scripts are
    all that is looked at; see `rewards.pure.writing_systems` for which languages that tells apart. Source: the
    language consistency reward of DeepSeek-R1 (arXiv 2501.12948, 2.3.2), made a bounded penalty.

    Example:
        >>> book = Rulebook(name="none", rules=[])
        >>> ruling = Ruling(reasoning="The text promises a cure.", verdict="reject", confidence=1, advice="请删除。")
        >>> in_english = language.with_params({"reasoning": "en"})
        >>> [in_english(ruling, Case(id="1", lang=lang), book).value for lang in ("zh", "en")]
        [0.0, 1.0]
    """
    spoken = case.lang if case.lang and primary(case.lang) in SCRIPTS else None
    if spoken is None and reasoning is None:
        return NotApplicable
    parts = {}
    if spoken is not None:
        said = " ".join([ruling.advice, *(f"{edit.new} {edit.why}" for edit in ruling.edits)])
        parts["advice"] = _foreign(said, said, spoken, excerpt, free)
    if reasoning is not None:
        parts["reasoning"] = _foreign(ruling.reasoning, own_words(ruling), reasoning, excerpt, free)
    return Score(max(parts.values()), "", parts)


def _foreign(text: str, words: str, expected: str, excerpt: Rulebook, free: float) -> float:
    if foreign_share(text, expected) <= free:  # the usual case, kept quick
        return 0.0
    words = _FORM.sub(" ", words)
    for rule in excerpt.ids:
        words = words.replace(rule, " ")
    return max(0.0, (foreign_share(words, expected) - free) / (1 - free))
