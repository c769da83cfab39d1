"""Whether words show anything: ``no, nothing`` and ``not broken`` do not, in the languages that reviewers write most.

Only words that show nothing by themselves are known; whoever denies at length is taken at the outcome that follows.
"""

import re
from functools import lru_cache

from rewards.pure.places import places_in

_WORD = re.compile(r"[\w\u0300-\u036f\u0900-\u0dff\u0e00-\u0eff]+")  # with the marks that some scripts put on letters
_IN_QUOTES = re.compile('["“„«»「『][^"“”„«»」』]*[^\\s"“”„«»」』]')
_EMPTY_WORDS = """
no none nothing not na nil nope never ok okay fine safe clear unclear broken allowed compliant passed yes true
false violation violations violated issue issues found seen see here above below present absent applicable
applies apply breaks break of the a an any kind sort is it this that rule at all does do did there was are in
ad case text nein nicht nichts kein keine aucun aucune rien non nada ninguna ningún ninguno nenhum não niente
nessuna nessuno нет нарушений ничего не nie brak yok hayır không 无 無 没有 沒有 否 不 是 没问题 没有问题
没有违规 没有发现 没有发现问题 未发现 未发现违规 无违规 未违规 不违规 未违反 不违反 不适用 合规 無違規 沒有違規
なし ない 問題なし 該当なし 違反なし 없음 해당 아니오 문제없음 위반없음 لا نعم नहीं ไม่ ไม่มี ไม่พบ
"""
_EMPTY = frozenset(_EMPTY_WORDS.split())


@lru_cache(maxsize=1024)
def says_something(seen: str, rule: str) -> bool:
    """Whether what a finding sees is more than a denial, an outcome, or the id of its rule.

    Example:
        >>> [says_something(seen, "A-1") for seen in ("no, nothing", "A-1", "x", "no licence is shown", '"✔"')]
        [False, False, False, True, True]
    """
    if _IN_QUOTES.search(seen) or next(places_in(seen), None) is not None:
        return True
    words = _WORD.findall(seen.replace(rule, " ").casefold())
    return any(word not in _EMPTY and (len(word) > 1 or not word.isascii()) for word in words)
