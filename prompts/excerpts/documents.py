"""What retrieval reads: of a case, its query; of a rule, its document.

A query is all that the case says, so far as it is text: the category of the ad, its fields, what was read from its
pictures (a field, or ``meta.ocr``), the transcript, and what the page shows. Pictures say nothing here: a rule that
only a picture breaks is found by chance.
"""

import re

from data import PAGE, Case, Rule, Rulebook
from data.quotes import fold
from prompts.parts.text import CHARACTERS_PER_TOKEN

OF_META = ("category", "ocr")
"""What of a case's ``meta`` is a part of its query."""
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
"""Kana, ideographs and Hangul: words in them have no space between them, or endings that run on."""
_PIECE = re.compile(rf"[{_UNSPACED}]+|[^\W{_UNSPACED}]+")
_WIDE = re.compile(rf"[{_UNSPACED}]")


def query_of(case: Case) -> str:
    """What rules are looked for by; a line each. Gold plays no part."""
    said = [value for key in OF_META if isinstance(value := case.meta.get(key), str)]
    said += [text for name, text in case.fields.items() if name != PAGE]
    if case.page is not None:  # last, because it is long, and encoders read no more than a beginning
        said += [section.whole for section in case.page.sections if section.shown]
    return "\n".join(filter(None, map(str.strip, said)))


def document_of(rule: Rule, book: Rulebook) -> str:
    """What a rule is found by: its title, wording, exceptions, and the titles of its categories."""
    titles = {category.id: category.title or category.id for category in book.categories}
    above = [titles.get(category, category) for category in reversed(book.ancestors(rule.category))]
    return "\n".join(filter(None, [rule.title, rule.text, *rule.exceptions, " · ".join(above)]))


def terms_of(text: str) -> list[str]:
    """A text in the terms that are counted: words, and pairs of characters where no space parts words, as in Lucene's
    analyser for Chinese, Japanese and Korean.

    >>> terms_of("No CURES above 50 %"), terms_of("编造谣言")
    (['no', 'cures', 'above', '50'], ['编造', '造谣', '谣言'])
    """
    found: list[str] = []
    for piece in _PIECE.findall(fold(text)):
        pairs = _WIDE.match(piece) and len(piece) > 1
        found += [piece[at : at + 2] for at in range(len(piece) - 1)] if pairs else [piece]
    return found


def tokens_of(rule: Rule) -> float:
    """About how many tokens showing a rule takes, whatever the model."""
    return tokens_in(" ".join([rule.id, rule.title, rule.text, *rule.exceptions]))


def tokens_in(text: str) -> float:
    """About how many tokens a text is, whatever the model: one for four letters, or for one ideograph."""
    wide = len(_WIDE.findall(text))
    return wide + (len(text) - wide) / CHARACTERS_PER_TOKEN
