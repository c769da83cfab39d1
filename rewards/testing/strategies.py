"""Hypothesis strategies: cases with gold, rulings, and completions good and broken. All lean towards trouble.

@given(cases(BOOK), rulings(BOOK))
def test_mine(case, ruling):
    assert_range(mine, case, ruling, book=BOOK)
"""

try:
    from hypothesis import strategies as st
except ModuleNotFoundError as error:
    raise ModuleNotFoundError("rewards.testing.strategies needs hypothesis: pip install hypothesis") from error

from data import (
    VERDICTS,
    Case,
    Edit,
    Evidence,
    Finding,
    Gold,
    GoldViolation,
    Interval,
    PictureEdit,
    Quote,
    Region,
    Rulebook,
    Ruling,
    TextEdit,
    Violation,
)
from data.edit import LONGEST_WHY, LONGEST_WORDS
from data.finding import lines
from prompts import write
from rewards.testing.hostile import HOSTILE

_UNIT = st.floats(0, 1)
_BOXES = st.tuples(_UNIT, _UNIT, _UNIT, _UNIT).filter(lambda box: box[0] < box[2] and box[1] < box[3])
_SECONDS = st.floats(0, 1e6)


def texts() -> st.SearchStrategy[str]:
    """Any text, and often one that is meant to do harm."""
    return st.sampled_from(HOSTILE) | st.text(st.characters(codec="utf-8"))


def evidence(case: Case | None = None, text: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[Evidence]:
    """Quotes, regions and intervals.

    Args:
        case: whose fields are quoted, as well as others.
        text: what quotes and fields are made of; `texts` if None.
    """
    words = (texts() if text is None else text).filter(bool)
    kinds = [
        st.builds(Quote, quote=words, field=words, section=st.none() | st.integers(0, 99)),
        st.builds(Region, image=st.integers(0, 99), region=_BOXES),
        st.builds(Region, frame=st.integers(0, 99), region=_BOXES),
        st.tuples(_SECONDS, _SECONDS).map(lambda ends: Interval(interval=(min(ends), max(ends)))),
    ]
    if case is not None and any(case.fields.values()):
        kinds.append(_quotes(case.fields))
    return st.one_of(*kinds)


def edits(case: Case | None = None, text: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[Edit]:
    """Edits of text fields and of pictures.

    Args:
        case: whose words are edited, as well as others.
        text: what words and fields are made of; `texts` if None.
    """
    words = (texts() if text is None else text).map(lambda said: said[:LONGEST_WHY])
    some = words.filter(bool)
    kinds: list[st.SearchStrategy[Edit]] = [
        st.builds(TextEdit, field=st.just("title") | some, old=some, new=words),
        st.builds(PictureEdit, image=st.integers(0, 99), element=some, why=words),
    ]
    if case is not None and any(case.text.values()):
        old = _quotes(case.text).filter(lambda quote: len(quote.quote) <= LONGEST_WORDS)
        kinds.append(st.builds(lambda q, new: TextEdit(field=q.field, old=q.quote, new=new), old, words))
    return st.one_of(*kinds)


def rulings(
    book: Rulebook | None = None, case: Case | None = None, text: st.SearchStrategy[str] | None = None
) -> st.SearchStrategy[Ruling]:
    """Rulings of any kind, coherent or not.

    Args:
        book: whose rules and categories are cited, as well as made-up ones.
        case: whose fields are quoted.
        text: what all other words are made of; `texts` if None.
    """
    words = texts() if text is None else text
    rules = words.filter(bool)
    if book is not None and book.rules:
        rules = st.sampled_from([*book.ids, *(category.id for category in book.categories)]) | rules
    cited = st.builds(Violation, rule=rules, evidence=st.lists(evidence(case, text), max_size=3))
    drawn = st.builds(
        Ruling,
        reasoning=words,
        violations=st.lists(cited, max_size=3),
        verdict=st.sampled_from(VERDICTS),
        confidence=_UNIT,
        intent=st.none() | words,
        advice=words,
        edits=st.lists(edits(case, text), max_size=1),  # more would make rulings slow to draw
    )
    return drawn | drawn.map(_finding_what_it_cites)


@st.composite
def cases(draw: st.DrawFn, book: Rulebook) -> Case:
    """Cases under a book: texts, perhaps a transcript and an image, and gold that follows from its violations."""
    fields = draw(st.dictionaries(st.sampled_from(["title", "body", "landing_page"]), texts(), min_size=1))
    lines = draw(st.lists(texts(), max_size=2))
    broken = draw(st.lists(st.sampled_from(book.ids), unique=True, max_size=2)) if book.rules else []
    unclear = [rule for rule in book.ids if rule not in broken][: draw(st.integers(0, 1))]
    shown = st.none() | st.lists(_quotes(fields), max_size=2) if any(fields.values()) else st.none()
    verdict = book.called_for(broken)
    gold = Gold(
        verdict="escalate" if verdict == "approve" and unclear else verdict,
        violations=[GoldViolation(rule=rule, evidence=draw(shown)) for rule in broken],
        exhaustive=draw(st.booleans()),
        unclear=unclear,
        intent=draw(st.sampled_from([None, *book.intents])),
    )
    transcript = [{"start": i, "end": i + 1, "text": line} for i, line in enumerate(lines)]
    images = draw(st.sampled_from([[], ["a.png"]]))
    return Case.model_validate(
        {"id": draw(texts().filter(bool)), "text": fields, "images": images, "transcript": transcript, "gold": gold}
    )


@st.composite
def completions(draw: st.DrawFn, book: Rulebook | None = None, case: Case | None = None) -> str:
    """Completions: rulings as they are written, cut off, said twice, wrapped in other words; or any text."""
    written = write(draw(rulings(book, case)))
    kind = draw(st.sampled_from(["whole", "cut", "twice", "wrapped", "other"]))
    if kind == "cut":
        return written[: draw(st.integers(0, len(written) - 1))]
    if kind == "wrapped":
        return draw(texts()) + written + draw(texts())
    return {"whole": written, "twice": written + written, "other": draw(texts())}[kind]


def _quotes(fields: dict[str, str]) -> st.SearchStrategy[Quote]:
    """Pieces of the fields."""
    places = [(name, text) for name, text in fields.items() if text]

    def piece(place: tuple[str, str], start: float, end: float) -> Quote:
        name, text = place
        first, last = sorted((int(start * len(text)), int(end * len(text))))
        return Quote(quote=text[first : last + 1] or text, field=name)

    return st.builds(piece, st.sampled_from(places), _UNIT, _UNIT)


def _finding_what_it_cites(ruling: Ruling) -> Ruling:
    cited = {violation.rule: violation.evidence for violation in ruling.violations}
    found = [Finding(rule, "broken", " ".join(map(str, shown)) or "seen") for rule, shown in cited.items()]
    return ruling.model_copy(update={"reasoning": f"{ruling.reasoning}\n{lines(found)}"})
