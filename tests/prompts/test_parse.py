"""Parsing: strict, total, and the inverse of writing; the schema accepts what parses, and nothing of what does not."""

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import Interval, PictureEdit, Quote, Region, Ruling, TextEdit, Verdict, Violation
from prompts import FailureReason, ParseFailure, answer_schema, parse, write
from tests.strategies import RULINGS, TEXTS

ANSWER = '{"violations": [], "verdict": "approve", "confidence": 0.9}'


def whole(answer: str, reasoning: str = "A-1: no.") -> str:
    return f"<think>{reasoning}</think><answer>{answer}</answer>"


def answer(**changes: object) -> str:
    return json.dumps({"violations": [], "verdict": "reject", "confidence": 0.9, **changes})


def violation(**changes: object) -> str:
    return whole(answer(violations=[{"rule": "A-1", "evidence": [], **changes}]))


def test_a_ruling_is_read():
    completion = """
    <think>
    A-1: "cures".</think>
    <answer>{"confidence": 1, "verdict": "reject", "advice": "Do not.", "intent": "food", "violations": [
      {"rule": "A-1", "evidence": [{"quote": "cures", "field": "title"}, {"interval": [1, 2.5]},
        {"image": 0, "region": [0, 0, 0.5, 1]}]}, {"rule": "B-2"}]}
    </answer>\n"""
    assert parse(completion) == Ruling(
        reasoning='\n    A-1: "cures".',
        violations=[
            Violation(
                rule="A-1",
                evidence=[
                    Quote(quote="cures", field="title"),
                    Interval(interval=(1.0, 2.5)),
                    Region(image=0, region=(0.0, 0.0, 0.5, 1.0)),
                ],
            ),
            Violation(rule="B-2"),
        ],
        verdict="reject",
        confidence=1.0,
        intent="food",
        advice="Do not.",
    )


BAD = {
    "": "empty",
    " \n\t": "empty",
    "I approve.": "no_think",
    ANSWER: "no_think",
    f"<answer>{ANSWER}</answer>": "no_think",
    f"Sure! {whole(ANSWER)}": "text_before_think",
    "<think>A-1: no.": "unclosed_think",
    f"<think>A-1: no.<answer>{ANSWER}</answer>": "unclosed_think",
    whole(ANSWER, "a <think> b"): "several_thinks",
    f"<think>A-1: no.</think></think><answer>{ANSWER}</answer>": "text_before_answer",
    whole(ANSWER, f"<answer>{ANSWER}</answer>"): "answer_in_reasoning",
    whole(ANSWER, "so </answer>"): "answer_in_reasoning",
    "<think>A-1: no.</think>": "no_answer",
    "<think>A-1: no.</think>I approve.": "no_answer",
    f"<think>A-1: no.</think>{ANSWER}": "no_answer",
    f"<think>A-1: no.</think> So: <answer>{ANSWER}</answer>": "text_before_answer",
    f"<think>A-1: no.</think><answer>{ANSWER}": "unclosed_answer",
    "<think>A-1: no.</think><answer>": "unclosed_answer",
    whole(ANSWER) + "<answer>": "several_answers",
    whole(ANSWER) + f"<answer>{ANSWER}</answer>": "several_answers",
    f"<think>x</think><answer><answer>{ANSWER}</answer>": "several_answers",
    whole(ANSWER) + "</answer>": "several_answers",
    whole(ANSWER) + " Thanks.": "text_after_answer",
    whole(ANSWER) + "<|im_end|>": "text_after_answer",
    whole(answer(advice="<think>")): "several_thinks",
    whole(ANSWER.replace(', "verdict"', "," + " " * 200 + '"verdict"')): "padded",
    f"<think>x</think>{' ' * 200}<answer>{ANSWER}</answer>": "padded",
    whole(""): "invalid_json",
    whole("approve"): "invalid_json",
    whole("{'verdict': 'approve'}"): "invalid_json",
    whole(ANSWER + ANSWER): "invalid_json",
    whole(f"```json\n{ANSWER}\n```"): "invalid_json",
    whole(ANSWER[:-1] + ",}"): "invalid_json",
    whole(ANSWER.replace("0.9", "NaN")): "invalid_json",
    whole(ANSWER.replace("0.9", "Infinity")): "invalid_json",
    whole(ANSWER.replace("0.9", "." + "9")): "invalid_json",
    whole('"' + "\\ud800" + '"'): "not_an_object",
    whole(ANSWER[:-1] + ', "advice": "\\ud800"}'): "invalid_json",
    whole("[" * 100_000): "invalid_json",
    whole('{"violations": ' + "[" * 100_000): "invalid_json",
    whole(f"[{ANSWER}]"): "not_an_object",
    whole("null"): "not_an_object",
    whole('"approve"'): "not_an_object",
    whole(ANSWER[:-1] + ', "verdict": "reject"}'): "duplicate_key",
    whole('{"violations": [{"rule": "A", "rule": "B"}], "verdict": "reject", "confidence": 1}'): "duplicate_key",
    whole("{}"): "missing_key",
    whole('{"verdict": "approve", "confidence": 0.9}'): "missing_key",
    whole('{"violations": [], "verdict": "approve"}'): "missing_key",
    whole(answer(violations=[{"evidence": []}])): "missing_key",
    whole(answer(reasoning="x")): "unknown_key",
    whole(answer(score=1)): "unknown_key",
    violation(severity="high"): "unknown_key",
    whole(answer(verdict="Reject")): "bad_value",
    whole(answer(verdict="remove")): "bad_value",
    whole(answer(verdict=None)): "bad_value",
    whole(answer(confidence=1.01)): "bad_value",
    whole(answer(confidence=-0.1)): "bad_value",
    whole(answer(confidence="0.9")): "bad_value",
    whole(answer(confidence=True)): "bad_value",
    whole(ANSWER.replace("0.9", "1e999")): "bad_value",
    whole(ANSWER.replace("0.9", "9" * 5000)): "invalid_json",
    whole(answer(violations=None)): "bad_value",
    whole(answer(violations="A-1")): "bad_value",
    whole(answer(violations=["A-1"])): "bad_value",
    whole(answer(advice=None)): "bad_value",
    whole(answer(intent=3)): "bad_value",
    violation(rule=""): "bad_value",
    violation(rule=1): "bad_value",
    violation(evidence=None): "bad_value",
    violation(evidence=[{"quote": "", "field": "title"}]): "bad_value",
    violation(evidence=[{"quote": "x"}]): "bad_value",
    violation(evidence=[{"quote": "x", "field": "title", "page": 1}]): "bad_value",
    violation(evidence=[{"region": [0, 0, 1, 1]}]): "bad_value",
    violation(evidence=[{"image": 0, "frame": 0, "region": [0, 0, 1, 1]}]): "bad_value",
    violation(evidence=[{"image": 0, "region": [0.5, 0, 0.5, 1]}]): "bad_value",
    violation(evidence=[{"image": 0, "region": [0, 0, 1, 2]}]): "bad_value",
    violation(evidence=[{"image": 0.5, "region": [0, 0, 1, 1]}]): "bad_value",
    violation(evidence=[{"image": -1, "region": [0, 0, 1, 1]}]): "bad_value",
    violation(evidence=[{"interval": [2, 1]}]): "bad_value",
    violation(evidence=[{"interval": [1]}]): "bad_value",
}


@pytest.mark.parametrize(("completion", "reason"), BAD.items(), ids=range(len(BAD)))
def test_what_is_no_ruling_says_why(completion, reason):
    failure = parse(completion)
    assert isinstance(failure, ParseFailure)
    assert failure.reason == FailureReason(reason), failure


def test_blanks_in_words_are_no_padding():
    assert parse(whole(answer(advice=" " * 200))).advice == " " * 200
    assert parse(whole(json.dumps(json.loads(ANSWER), indent=8))).verdict == "approve"


def test_every_reason_occurs():
    assert {FailureReason(reason) for reason in BAD.values()} == set(FailureReason)


def test_a_failure_says_what_is_wrong():
    assert parse(whole(answer(verdict="remove"))).detail.startswith("verdict:")
    assert "score" in parse(whole(answer(score=1))).detail
    assert parse(whole(ANSWER[:-1] + ', "verdict": "reject"}')).detail == "verdict"


def test_a_completion_cut_anywhere_is_no_ruling():
    completion = write(
        Ruling(reasoning="A-1: yes.", violations=[Violation(rule="A-1")], verdict="reject", confidence=1)
    )
    for end in range(len(completion)):
        assert isinstance(parse(completion[:end]), ParseFailure), completion[:end]
    assert isinstance(parse(completion), Ruling)


@given(st.one_of(TEXTS, st.text()))
def test_parse_never_raises(text):
    for completion in (text, whole(text), whole(ANSWER, text), f"<think>{text}</think><answer>{text}"):
        assert isinstance(parse(completion), Ruling | ParseFailure)


@given(RULINGS)
def test_what_is_written_is_read_back(ruling):
    assert parse(write(ruling)) == ruling
    assert parse(write(ruling, ("USER:", "verdict", "1"))) == ruling


def test_the_schema_follows_the_ruling_type():
    schema = answer_schema()
    assert list(schema["properties"]) == [name for name in Ruling.model_fields if name != "reasoning"]
    assert schema["required"] == ["violations", "verdict", "confidence"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["verdict"]["enum"] == list(get_args(Verdict))
    assert schema["properties"]["confidence"]["maximum"] == 1.0
    assert {"Quote", "Interval", "Region", "Violation"} <= set(schema["$defs"])


def test_each_call_gives_a_schema_of_its_own():
    answer_schema()["properties"].clear()
    assert answer_schema()["properties"]


def test_edits_are_read_in_the_words_of_the_case():
    edits = [{"field": "a‹b", "old": "‹|im_end|>", "new": "‹/answer>", "why": "‹x"}, {"frame": 2, "element": "‹y"}]
    read = parse(whole(answer(edits=edits)))
    assert isinstance(read, Ruling)
    assert read.edits == [
        TextEdit(field="a<b", old="<|im_end|>", new="</answer>", why="<x"),
        PictureEdit(frame=2, element="<y"),
    ]


@pytest.mark.parametrize(
    "edit",
    [
        {"field": "title"},
        {"field": "title", "old": ""},
        {"field": "title", "old": "x", "image": 0},
        {"field": "title", "old": "x" * 1001},
        {"field": "title", "old": "x", "new": None},
        {"image": 0, "frame": 0, "element": "gun"},
        {"image": -1, "element": "gun"},
        {"element": "gun"},
        "Leave it out.",
    ],
)
def test_what_is_no_edit_is_a_bad_value(edit):
    read = parse(whole(answer(edits=[edit])))
    assert isinstance(read, ParseFailure) and read.reason is FailureReason.BAD_VALUE


def test_more_edits_than_a_ruling_can_have_are_a_bad_value():
    edits = [{"field": "title", "old": f"x{n}"} for n in range(17)]
    assert isinstance(parse(whole(answer(edits=edits[:16]))), Ruling)
    assert parse(whole(answer(edits=edits))).reason is FailureReason.BAD_VALUE


KEYS = [
    '"verdict": "reject"',
    '"verdict" : "reject"',
    '"confidence":1',
    '"violations": []',
    '"rule": "B"',
    '"field":"b"',
]
EVIDENCE = {"quote": "at 12:30: now", "field": "title"}
EDITS = [{"field": "title", "old": "at 12:30: now", "new": "", "why": "A: no."}, {"image": 0, "element": "a: b"}]
BODIES = [
    answer(),
    answer(advice="Say: no."),
    answer(violations=[{"rule": "A-1", "evidence": [EVIDENCE]}]),
    answer(edits=EDITS),
]


def says_a_key_twice(text: str) -> bool:
    found: list[bool] = []
    json.loads(text, object_pairs_hook=lambda pairs: found.append(len(dict(pairs)) < len(pairs)))
    return any(found)


@given(st.sampled_from(BODIES), st.sampled_from(KEYS), st.data())
def test_no_key_is_read_twice_however_it_is_written(body, key, data):
    place = data.draw(st.sampled_from([i for i, character in enumerate(body) if character in "{}"]))
    text = (
        f"{body[:place]}{{{key}, {body[place + 1 :]}" if body[place] == "{" else f"{body[:place]}, {key}{body[place:]}"
    )
    read = parse(whole(text))
    assert isinstance(read, ParseFailure)  # in another object than its own a key is none that is known
    assert (read.reason is FailureReason.DUPLICATE_KEY) == says_a_key_twice(text)


@pytest.mark.parametrize("body", BODIES)
def test_colons_in_words_are_no_keys(body):
    assert isinstance(parse(whole(body)), Ruling)
