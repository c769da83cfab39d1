"""Which script a language is written in, and which words of a text are in another.

Only scripts are told apart: English from Chinese, Russian, Thai or Hindi, Chinese from Japanese and Korean; not
English from Spanish or Vietnamese, nor Russian from Ukrainian. That needs no model and takes microseconds.
"""

import re
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator

from data.errors import suggest

_RANGES = {
    "latin": "A-Za-zªº\u00c0-\u024f\u1e00-\u1eff",
    "greek": "\u0370-\u03ff\u1f00-\u1fff",
    "cyrillic": "\u0400-\u052f",
    "armenian": "\u0530-\u058f",
    "hebrew": "\u0590-\u05ff",
    "arabic": "\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc",
    "devanagari": "\u0900-\u097f",
    "bengali": "\u0980-\u09ff",
    "gurmukhi": "\u0a00-\u0a7f",
    "gujarati": "\u0a80-\u0aff",
    "tamil": "\u0b80-\u0bff",
    "telugu": "\u0c00-\u0c7f",
    "kannada": "\u0c80-\u0cff",
    "malayalam": "\u0d00-\u0d7f",
    "sinhala": "\u0d80-\u0dff",
    "thai": "\u0e00-\u0e7f",
    "lao": "\u0e80-\u0eff",
    "burmese": "\u1000-\u109f",
    "georgian": "\u10a0-\u10ff",
    "ethiopic": "\u1200-\u139f",
    "khmer": "\u1780-\u17ff",
    "hangul": "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af",
    "kana": "\u3040-\u30ff\u31f0-\u31ff",
    "han": "\u3005\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f",
}
_LANGUAGES = {
    "latin": "en es fr de it pt nl sv da no nb nn fi is et lv lt pl cs sk sl hr bs ro hu tr az uz vi id ms tl fil jv "
    "sw af ca gl eu ga cy mt sq ht la eo zu xh yo ig ha so",
    "latin cyrillic": "sr",
    "greek": "el",
    "cyrillic": "ru uk be bg mk kk ky tg mn",
    "armenian": "hy",
    "hebrew": "he yi",
    "arabic": "ar fa ur ps ug",
    "devanagari": "hi mr ne sa",
    "bengali": "bn as",
    "gurmukhi": "pa",
    "gujarati": "gu",
    "tamil": "ta",
    "telugu": "te",
    "kannada": "kn",
    "malayalam": "ml",
    "sinhala": "si",
    "thai": "th",
    "lao": "lo",
    "burmese": "my",
    "georgian": "ka",
    "ethiopic": "am ti",
    "khmer": "km",
    "hangul han": "ko",
    "kana han": "ja",
    "han": "zh yue",
}
SCRIPTS = {language: scripts.split() for scripts, codes in _LANGUAGES.items() for language in codes.split()}
"""The scripts of each language that is known, by its ISO 639 code."""

_OWN = {"ja": "kana", "ko": "hangul"}
"""Scripts that no text of some length in a language does without, where it shares another with Chinese."""
_ENOUGH = 20
_UNSPACED = "".join(_RANGES[script] for script in ("han", "kana", "thai", "lao", "burmese", "khmer"))


def _known(language: str) -> str:
    if primary(language) not in SCRIPTS:
        raise ValueError(f"no such language{suggest(language, SCRIPTS)}: give an ISO 639 code such as en or zh")
    return language


Language = Annotated[str, AfterValidator(_known)]
"""A language tag such as ``en``, ``zh`` or ``pt-BR``, of which the first part counts."""


@lru_cache
def primary(language: str) -> str:
    """The language of a tag, without script and region: ``zh`` of ``zh-Hant-TW``."""
    return re.split("[-_]", language.strip(), maxsplit=1)[0].lower()


def foreign_share(text: str, language: str) -> float:
    """The share of a text's words that are not written in the script of a language, 0..1; 0 for unknown languages.

    A word is a run of letters, or one character where a script sets no blanks between words.

    Example:
        >>> foreign_share("This tea cures diabetes.", "en"), foreign_share("这款茶 cures 糖尿病。", "en")
        (0.0, 0.8571428571428571)
        >>> foreign_share("这款茶一周内治愈糖尿病，请立即联系您的医生。", "zh")
        0.0
        >>> foreign_share("这款茶一周内治愈糖尿病，请立即联系您的医生。", "ja")
        1.0
    """
    code = primary(language)
    if code not in SCRIPTS or (text.isascii() and "latin" in SCRIPTS[code]):
        return 0.0
    own, other = _words(code)
    ours, foreign = len(own.findall(text)), len(other.findall(text))
    if ours >= _ENOUGH and code in _OWN and not re.search(f"[{_RANGES[_OWN[code]]}]", text):
        return 1.0
    return foreign / (ours + foreign) if foreign else 0.0


@lru_cache
def _words(language: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What finds the words in the scripts of a language, and the words in any other."""
    ours = "".join(_RANGES[script] for script in SCRIPTS[language])
    single = f"(?=[{_UNSPACED}])"
    letter = r"[^\W\d_]"
    return (
        re.compile(f"{single}[{ours}]|(?:(?![{_UNSPACED}])[{ours}])+"),
        re.compile(f"(?![{ours}]){single}{letter}|(?:(?![{ours}{_UNSPACED}]){letter})+"),
    )
