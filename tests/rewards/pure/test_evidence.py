"""Evidence must be there, be the right one, and say where."""

import random

import pytest

from data import Frame, Interval, Line, Page, Quote, Region
from data.corpus import Corpus
from rewards import NotApplicable, evidence, grounded
from rewards.testing.hostile import HOSTILE
from rewards.testing.small import BOOK, CURES, PRIZE, TEXT, approving, make_case, rejecting, rule_on


def shown(*items: object, wanted: object = (CURES,), case=None) -> float:
    """What WIN-1 earns with this evidence where gold has that."""
    wanted = list(wanted) if wanted is not None else None
    case = case or make_case(verdict="reject", violations=[{"rule": "WIN-1", "evidence": wanted}])
    return evidence(rule_on("reject", {"rule": "WIN-1", "evidence": list(items)}), case, BOOK).value


def quote(text: str, field: str = "title") -> dict:
    return {"quote": text, "field": field}


def box(*region: float, image: int = 0) -> dict:
    return {"image": image, "region": list(region)}


def span(start: float, end: float) -> dict:
    return {"interval": [start, end]}


def test_quotes_earn_their_overlap():
    assert shown(quote("CURES \n Diabetes")) == 1.0
    assert shown(quote("diabetes")) == pytest.approx(8 / 14)
    assert shown(quote("This tea CURES diabetes")) == pytest.approx(14 / 23)
    assert shown(quote("This tea")) == 0.0
    assert shown(quote("cures cancer")) == 0.0
    assert shown(quote("cures diabetes", "body")) == 0.0
    assert shown(quote("cures diabetes", "nowhere")) == 0.0
    assert shown() == 0.0


def test_quoting_every_line_pays_less():
    everything = [quote(text, field) for field, text in TEXT.items()]
    assert shown(quote("cures diabetes"), *everything) == pytest.approx(2 / 4)
    assert shown(quote("cures diabetes"), quote("cures diabetes")) == pytest.approx(2 / 3)


def test_the_best_of_several_occurrences_counts():
    case = make_case(
        verdict="reject", violations=[{"rule": "WIN-1", "evidence": [quote("tell your friends", "body")]}]
    )
    assert shown(quote("Order it now and tell your friends", "body"), case=case) == pytest.approx(17 / 34)


def test_regions_earn_their_iou():
    assert shown(box(0.1, 0.1, 0.5, 0.5), wanted=[PRIZE]) == 1.0
    assert shown(box(0.1, 0.1, 0.5, 0.3), wanted=[PRIZE]) == pytest.approx(0.5)
    assert shown(box(0.6, 0.6, 0.9, 0.9), wanted=[PRIZE]) == 0.0
    assert shown(box(0.1, 0.1, 0.5, 0.5, image=1), wanted=[PRIZE]) == 0.0
    assert shown({"frame": 0, "region": [0.1, 0.1, 0.5, 0.5]}, wanted=[PRIZE]) == 0.0
    assert shown(quote("cures diabetes"), wanted=[PRIZE]) == 0.0


def test_intervals_earn_their_iou_and_their_bounds():
    assert shown(span(4, 6), wanted=[span(4, 6)]) == 1.0
    assert shown(span(4, 8), wanted=[span(4, 6)]) == pytest.approx(0.5 * (1 - 2 / 10))
    assert shown(span(0, 2), wanted=[span(4, 6)]) == 0.0
    assert shown(span(5, 5), wanted=[span(5, 5)]) == 1.0


def test_intervals_earn_what_time_r1_pays():
    """Its reward as published: IoU over the hull, times how near both bounds are in shares of the video's length."""
    draw = random.Random(0)
    length = 20.0
    paid = []
    for _ in range(200):
        (start, end), (gold_start, gold_end) = (sorted(draw.uniform(0, length) for _ in range(2)) for _ in range(2))
        case = make_case(verdict="reject", violations=[{"rule": "WIN-1", "evidence": [span(gold_start, gold_end)]}])
        case.transcript, case.frames = [], [Frame(path="a.jpg", time=length)]
        shared, hull = min(end, gold_end) - max(start, gold_start), max(end, gold_end) - min(start, gold_start)
        bounds = (1 - abs(start / length - gold_start / length)) * (1 - abs(end / length - gold_end / length))
        paid.append(max(0.0, shared) / hull * bounds)
        assert shown(span(start, end), case=case) == pytest.approx(paid[-1])
    assert min(paid) == 0.0 and max(paid) > 0.7


@pytest.mark.parametrize(
    ("said", "gold", "value"),
    [
        ((0, 10), (0, 10), 1.0),
        ((0, 5), (0, 10), 0.5 * 1 * 0.5),
        ((2, 12), (0, 10), 8 / 12 * (1 - 2 / 12) * (1 - 2 / 12)),  # beyond the last second that is known
        ((4, 4), (4, 6), 0.0),  # a moment covers nothing of a stretch
    ],
)
def test_bounds_by_hand(said, gold, value):
    case = make_case(verdict="reject", violations=[{"rule": "WIN-1", "evidence": [span(*gold)]}])
    assert case.last_second == 10 and shown(span(*said), case=case) == pytest.approx(value)


def test_a_recordings_own_length_goes_before_its_last_frame():
    """Of a minute in eight frames the last is shown at 56 s; what happens later is in the recording all the same."""
    case = make_case(verdict="reject", violations=[{"rule": "WIN-1", "evidence": [span(57, 60)]}])
    case.video, case.transcript = "a.mp4", []
    case.frames = [Frame(path=f"{n}.jpg", time=7.5 * n + 3.75) for n in range(8)]
    assert case.last_second == 56.25 and not grounded(Interval(interval=(57, 60)), case)
    case.duration = 60
    assert case.last_second == 60 and grounded(Interval(interval=(57, 60)), case)
    assert shown(span(54, 60), case=case) == pytest.approx(0.5 * (1 - 3 / 60))


def test_pieces_are_matched_one_to_one_whatever_their_order():
    wanted = [quote("This tea CURES"), CURES, PRIZE]
    items = [PRIZE, CURES, quote("tea CURES diabetes")]
    assert shown(*items, wanted=wanted) == shown(*reversed(items), wanted=wanted) > 0.5
    assert shown(*wanted, wanted=list(reversed(wanted))) == 1.0


def test_only_exactly_cited_rules_can_show_evidence():
    case = rejecting()
    full = rule_on("reject", {"rule": "CURE-1", "evidence": [CURES]}, {"rule": "WIN-1", "evidence": [PRIZE]})
    assert evidence(full, case, BOOK).value == 1.0
    assert evidence(rule_on("reject", {"rule": "CURE-1", "evidence": [CURES]}), case, BOOK).value == 0.5
    assert evidence(rule_on("reject", {"rule": "CURE-2", "evidence": [CURES]}), case, BOOK).value == 0.0
    assert evidence(rule_on("reject", {"rule": "WIN-1", "evidence": [CURES]}), case, BOOK).value == 0.0


@pytest.mark.parametrize("wanted", [[CURES], None])
def test_a_second_guess_is_not_free(wanted):
    case = make_case(verdict="reject", violations=[{"rule": "WIN-1", "evidence": wanted}])
    right, wrong = [quote("cures diabetes")], [quote("not in there")]

    def guesses(*shown):
        return evidence(rule_on("reject", *({"rule": "WIN-1", "evidence": one} for one in shown)), case, BOOK).value

    assert guesses(right, wrong) == guesses(wrong, right) == guesses(right + wrong) < guesses(right) == 1.0
    assert guesses([], right) == guesses(right, []) == 1.0


def test_two_violations_of_one_rule_are_shown_together():
    violations = [{"rule": "WIN-1", "evidence": [CURES]}, {"rule": "WIN-1", "evidence": [PRIZE]}]
    case = make_case(verdict="reject", violations=violations)
    assert evidence(rule_on("reject", *violations), case, BOOK).value == 1.0
    assert evidence(rule_on("reject", *reversed(violations)), case, BOOK).value == 1.0
    assert evidence(rule_on("reject", violations[0]), case, BOOK).value == 0.5


def test_a_right_approval_has_nothing_to_show():
    assert evidence(rule_on("approve"), approving(), BOOK).value == 1.0


@pytest.mark.parametrize("verdict", ["approve", "escalate"])
def test_nor_has_an_accepted_verdict_that_stands_beside_no_violation(verdict):
    violations = [{"rule": "CURE-1", "evidence": [CURES]}]
    for accept, value in (([verdict], 1.0), ([], 0.0)):
        case = make_case(verdict="reject", violations=violations, accept=accept)
        assert evidence(rule_on(verdict), case, BOOK).value == value


@pytest.mark.parametrize(
    ("item", "value"),
    [
        (quote("cures diabetes"), 1.0),
        (quote("This tea cures"), 0.0),  # how the field begins
        (quote("This tea CURES diabetes"), 1.0),  # but it may be the whole of it
        (quote("diabetes"), 1.0),
        (quote("diabete"), 0.0),  # seven letters
        (quote("Order it now and tell", "body"), 1.0),
        (quote(TEXT["body"], "body"), 0.0),  # all of a long field
        (quote("not in there at all"), 0.0),
        (box(0, 0, 0.5, 0.5), 1.0),
        (box(0, 0, 1, 1), 0.0),
        (box(0, 0, 0.03, 0.03), 0.0),
        (box(0, 0, 0.5, 0.5, image=1), 0.0),
        (span(4, 6), 1.0),
        (span(0, 10), 0.0),
        (span(90, 91), 0.0),
    ],
)
def test_where_gold_has_no_evidence_it_must_be_found_and_specific(item, value):
    assert shown(item, wanted=None) == value


@pytest.mark.parametrize(("said", "value"), [("糖尿病药", 1.0), ("糖尿病", 0.0), ("治愈糖尿病药！", 1.0)])
def test_four_letters_are_specific_in_cjk(said, value):
    case = make_case(verdict="reject", violations=[{"rule": "WIN-1"}])
    case.text["title"] = "治愈糖尿病药！"
    assert shown(quote(said), case=case) == value


def test_an_interval_shows_nothing_where_nobody_knows_how_long_the_media_is():
    case = make_case(verdict="reject", violations=[{"rule": "WIN-1"}])
    case.transcript, case.video = [], "a.mp4"
    assert shown(span(4, 6), case=case) == 0.0


def test_a_hashtags_first_letters_and_bare_marks_show_nothing():
    case = make_case(verdict="reject", violations=[{"rule": "WIN-1"}])
    case.text = {"title": "Look at this #weightloss #teatime", "body": "!!!"}
    said = {"#weightlos": 0.0, "weightlo": 0.0, "loss #teatime": 1.0}
    assert {text: shown(quote(text), case=case) for text in said} == said
    assert shown(quote("!!!", "body"), case=case) == 0.0


def test_what_many_cases_say_shows_nothing():
    texts = [f"Tea {i}. It cures all. Call us now and win." for i in range(30)]
    case = make_case(verdict="reject", violations=[{"rule": "WIN-1"}])
    case.text["title"] = texts[3].replace("cures all", "heals diabetes")
    among = case.among(Corpus({"title": text} for text in texts))
    assert [shown(quote("Call us now"), case=one) for one in (case, among)] == [1.0, 0.0]
    assert shown(quote("heals diabetes"), case=among) == 1.0


def test_saying_it_twice_shows_it_once():
    assert shown(quote("cures diabetes"), quote("CURES  diabetes"), wanted=None) == 0.5


def test_where_gold_has_no_evidence_padding_with_the_unfounded_costs():
    assert shown(quote("cures diabetes"), quote("not in there"), wanted=None) == 0.5
    assert shown(wanted=None) == 0.0


def test_where_gold_says_there_is_none_showing_some_is_wrong():
    assert shown(wanted=[]) == 1.0
    assert shown(quote("cures diabetes"), wanted=[]) == 0.0


def test_not_applicable_where_violations_are_not_annotated():
    assert evidence(rule_on("reject", "WIN-1"), make_case(verdict="reject"), BOOK) is NotApplicable


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_can_be_quoted(text):
    case = make_case(verdict="reject", violations=[{"rule": "WIN-1", "evidence": [quote(text)]}])
    case.text["title"] = f"before {text} after"
    assert shown(quote(text), case=case) == pytest.approx(1.0)


def test_grounded_says_whether_it_is_there():
    case = rejecting()
    assert grounded(Quote(quote="you WON a prize", field="transcript"), case)
    assert grounded(Quote(quote="cures  diabetes", field="title"), case)
    assert not grounded(Quote(quote="cures diabetes", field="body"), case)
    assert not grounded(Quote(quote="x", field="nowhere"), case)
    assert grounded(Region(image=0, region=(0, 0, 1, 1)), case)
    assert not grounded(Region(image=1, region=(0, 0, 1, 1)), case)
    assert not grounded(Region(frame=0, region=(0, 0, 1, 1)), case)
    assert grounded(Interval(interval=(9, 10.5)), case)
    assert not grounded(Interval(interval=(9, 12)), case)
    assert grounded(Interval(interval=(10, 11)), case) and not grounded(Interval(interval=(10.2, 10.8)), case)
    assert not grounded(Interval(interval=(0, 1)), case.model_copy(update={"transcript": []}))


SECTIONS = [{"title": "Tea", "text": "This tea cures diabetes. " + "Really. " * 30}, {"text": "Cures Diabetes, too."}]


def of_page(text: str, section: int | None = None) -> dict:
    return {"quote": text, "field": "page", "section": section}


@pytest.mark.parametrize(
    ("item", "wanted", "value"),
    [
        (of_page("cures diabetes", 0), of_page("cures diabetes", 0), 1.0),
        (of_page("cures diabetes", 1), of_page("cures diabetes", 0), 0.0),
        (of_page("cures diabetes"), of_page("cures diabetes", 0), 1.0),  # the words are right, of whichever section
        (of_page("cures diabetes", 1), of_page("cures diabetes"), 1.0),
        (of_page("diabetes", 0), of_page("cures diabetes", 0), 8 / 14),
        (of_page("cures diabetes", 7), of_page("cures diabetes"), 0.0),
        (quote("cures diabetes"), of_page("cures diabetes", 0), 0.0),
        (of_page("tea cures diabetes", 0), None, 1.0),
        (of_page("tea cures diabetes", 1), None, 0.0),
    ],
)
def test_quotes_of_a_page_name_their_section(item, wanted, value):
    gold = {"verdict": "reject", "violations": [{"rule": "WIN-1", "evidence": [wanted] if wanted else None}]}
    case = make_case(**gold).model_copy(update={"page": Page(sections=SECTIONS)})
    assert shown(item, case=case) == pytest.approx(value)


def test_what_was_misheard_is_shown_by_the_right_words():
    heard = [{"start": 0, "end": 2, "text": "this tea cures diabetis in fifty days", "confidence": 0.3}]
    for wanted in ([quote("cures diabetis", "transcript")], None):
        case = make_case(verdict="reject", violations=[{"rule": "WIN-1", "evidence": wanted}])
        case.transcript = [Line.model_validate(line) for line in heard]
        assert shown(quote("cures diabetes", "transcript"), case=case) == 1.0
        assert shown(quote("cures diabetes in fifteen days", "transcript"), case=case) == 0.0
        # The same words twice, once as they were heard, are still the same words.
        both = shown(quote("cures diabetes", "transcript"), quote("cures diabetis", "transcript"), case=case)
        assert both == pytest.approx(2 / 3 if wanted else 1 / 2)
        case.transcript[0].confidence = 0.9
        assert shown(quote("cures diabetes", "transcript"), case=case) == 0.0
