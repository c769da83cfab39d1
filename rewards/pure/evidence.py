"""Whether the cited evidence is there, and is the right one."""

from functools import lru_cache

from data import Case, Evidence, GoldViolation, Interval, Quote, Region, Rulebook, Ruling
from data.quotes import fold, occurrences
from rewards.pure.matching import assign, match, plain
from rewards.pure.rules import has_nothing_to_cite, says_what_is_broken
from rewards.reward import reward
from rewards.score import NotApplicable, Outcome, Score

MIN_LETTERS, MIN_CJK = 8, 4
LONG_FIELD, LARGEST_SHARE = 120, 0.25
"""A field of more characters than this is long: a quote may be no more than a quarter of it."""
SMALLEST_REGION, LARGEST_REGION, LARGEST_INTERVAL = 0.001, 0.5, 0.5
SLACK = 1.0
"""Seconds by which an interval may outlast the last second known of the recording."""


@reward(name="evidence", range=(0, 1))
def evidence(ruling: Ruling, case: Case, excerpt: Rulebook) -> Outcome:
    """The evidence of exactly cited rules, averaged over gold's violations; 1 where `has_nothing_to_cite`.

    Against gold evidence, one to one and F1-like: ``2·Σ likeness / (cited + gold)``, where likeness is the IoU of
    character spans for quotes (NFKC, case folded, blanks collapsed; of what was misheard, the words that were heard),
    the IoU of boxes for regions, and ``IoU·(1 - |Δs|/T)(1 - |Δe|/T)`` for intervals (Time-R1, arXiv 2503.13377). Where
    gold has no evidence, the share of citations that are found, specific and different from one another; see
    `is_specific`.

    Example:
        >>> from data import Rule
        >>> book = Rulebook(name="one", rules=[Rule(id="A-1", text="No cures.")])
        >>> gold = {"verdict": "reject", "violations": [
        ...     {"rule": "A-1", "evidence": [{"quote": "cures diabetes", "field": "title"}]}]}
        >>> case = Case(id="1", text={"title": "This tea CURES diabetes"}, gold=gold)
        >>> quoting = lambda quote: Ruling(verdict="reject", confidence=1, violations=[
        ...     {"rule": "A-1", "evidence": [{"quote": quote, "field": "title"}]}])
        >>> [round(evidence(quoting(q), case, book).value, 2) for q in ("cures  diabetes", "diabetes", "cures cancer")]
        [1.0, 0.57, 0.0]
    """
    gold = case.gold_for(excerpt)
    if gold is None or not says_what_is_broken(gold):
        return NotApplicable
    if has_nothing_to_cite(ruling, gold, excerpt):
        return Score(1.0, "nothing to show")
    assert gold.violations is not None
    if not gold.violations:
        return Score(0.0 if ruling.violations else 1.0, "gold has no violation")
    answered: dict[str, list[GoldViolation]] = {}
    for pair in match(ruling, gold, excerpt).exact:
        answered.setdefault(ruling.violations[pair.citation].rule, []).append(gold.violations[pair.gold])
    parts = {rule: len(violations) * _shown(rule, violations, ruling, case) for rule, violations in answered.items()}
    reason = ", ".join(f"{rule} {value:.2f}" for rule, value in parts.items()) or "no rule is cited right"
    return Score(sum(parts.values()) / len(gold.violations), reason, parts)


def grounded(item: Evidence, case: Case) -> bool:
    """Whether evidence points at something that is there: the quote occurs in its field, the region lies in an image
    or frame that exists, the interval lies inside the media.
    """
    if isinstance(item, Quote):
        return case.find(item) is not None
    if isinstance(item, Region):
        if item.image is not None:
            return item.image < len(case.images)
        return item.frame is not None and item.frame < len(case.frames)
    if not case.runs:
        return False
    end = case.last_second
    return end is None or (item.interval[0] <= end and item.interval[1] <= end + SLACK)


def is_specific(item: Evidence, case: Case) -> bool:
    """Whether evidence says more than "somewhere": for use where gold does not say what the evidence is.

    A quote is the whole of a field that is not long; or it has at least 8 letters or digits (4 in CJK), is at most a
    quarter of a long field, and does not merely begin a field or a hashtag, which is what a policy quotes that has not
    looked further. It is not what many cases of the set say alike. A region is from a thousandth to half of the
    picture; an interval is at most half of media whose duration is known.
    """
    if isinstance(item, Quote):
        quote, text = case.as_shown(item).quote, case.text_of(item) or ""
        return _says_where(fold(quote), fold(text)) and not case.is_boilerplate(quote)
    if isinstance(item, Region):
        x0, y0, x1, y1 = item.region
        return SMALLEST_REGION <= (x1 - x0) * (y1 - y0) <= LARGEST_REGION
    start, end = item.interval
    duration = case.last_second
    return duration is not None and 0 < end - start <= LARGEST_INTERVAL * duration


def _says_where(quote: str, text: str) -> bool:
    letters = sum(map(str.isalnum, quote))
    is_long = len(text) > LONG_FIELD
    if quote == text:
        return letters > 0 and not is_long
    if is_long and len(quote) > LARGEST_SHARE * len(text):
        return False
    begins = text.startswith(quote) or any(tag.startswith(quote.lstrip("# ")) for tag in text.split("#")[1:])
    return not begins and letters >= (MIN_CJK if any(map(_is_cjk, quote)) else MIN_LETTERS)


def likeness(item: Evidence, gold: Evidence, case: Case) -> float:
    """How much two pieces of evidence agree, 0..1; 0 for different kinds, fields, sections of a page or pictures."""
    if isinstance(item, Quote) and isinstance(gold, Quote) and item.field == gold.field:
        if None not in (item.section, gold.section) and item.section != gold.section:
            return 0.0
        text = case.text_of(gold if item.section is None else item) or ""
        return _quote_iou(case.as_shown(item).quote, case.as_shown(gold).quote, text)
    if isinstance(item, Region) and isinstance(gold, Region):
        same = (item.image, item.frame) == (gold.image, gold.frame)
        return _box_iou(item.region, gold.region) if same else 0.0
    if isinstance(item, Interval) and isinstance(gold, Interval):
        return _interval_likeness(item.interval, gold.interval, case.last_second)
    return 0.0


def _shown(rule: str, violations: list[GoldViolation], ruling: Ruling, case: Case) -> float:
    """How well a rule's citations show the violations that they answer, 0..1. What one rule is said to be shown by
    counts together: saying it twice, each time with other evidence, would be a second guess for free.
    """
    cited = [item for citation in ruling.violations if citation.rule == rule for item in citation.evidence]
    if any(violation.evidence is None for violation in violations):
        return _agreement(cited, None, case)
    return _agreement(cited, [item for violation in violations for item in violation.evidence or []], case)


def _agreement(cited: list[Evidence], wanted: list[Evidence] | None, case: Case) -> float:
    if wanted is None:
        different = {plain(case.as_shown(item) if isinstance(item, Quote) else item): item for item in cited}.values()
        shown = sum(grounded(item, case) and is_specific(item, case) for item in different)
        return shown / len(cited) if cited else 0.0
    if not wanted or not cited:
        return float(not wanted and not cited)
    values = {
        (i, j): value
        for i, item in enumerate(cited)
        for j, gold in enumerate(wanted)
        if (value := likeness(item, gold, case)) > 0
    }
    return 2 * sum(values[pair] for pair in assign(values)) / (len(cited) + len(wanted))


@lru_cache(maxsize=1024)
def _quote_iou(quote: str, gold: str, text: str) -> float:
    """IoU of the character spans in the folded text, at the occurrences that agree best."""
    said, meant = occurrences(quote, text), occurrences(gold, text)
    if said == meant:
        return float(bool(said))
    return max((_span_iou(a, b) for a in said for b in meant), default=0.0)


def _span_iou(a: tuple[float, float], b: tuple[float, float]) -> float:
    shared = max(0.0, min(a[1], b[1]) - max(a[0], b[0]))
    union = (a[1] - a[0]) + (b[1] - b[0]) - shared
    return shared / union if union else float(a == b)


def _box_iou(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return shared / union if union > 0 else float(a == b)  # boxes too small for a float's area


def _interval_likeness(a: tuple[float, float], b: tuple[float, float], duration: float | None) -> float:
    whole = max(duration or 0.0, a[1], b[1])
    if not whole:
        return 1.0
    return _span_iou(a, b) * (1 - abs(a[0] - b[0]) / whole) * (1 - abs(a[1] - b[1]) / whole)


def _is_cjk(character: str) -> bool:
    return "\u3040" <= character <= "\u30ff" or "\u3400" <= character <= "\u9fff" or "\uac00" <= character <= "\ud7af"
