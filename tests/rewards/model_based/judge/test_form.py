"""The form of an answer, and what is read of answers that keep to it more or less."""

import json
import time
from typing import Any

import pytest

from rewards.model_based.judge import Form, Unreadable
from rewards.model_based.judge.reasoning_judge import NOT_SAID

FORM = Form(("follows", "invents"))
YES = {"because": "so", "answer": "yes"}
SAID = {"follows": YES, "invents": {**YES, "answer": "no"}}
TEXT = json.dumps(SAID)
PLANTED = json.dumps({"follows": YES, "invents": YES})
OUTCOMES = Form(("rule_1", "rule_2"), ("broken", "clear", "unclear", NOT_SAID), explained=False)


def read(said: Any) -> dict[str, str]:
    text = said if isinstance(said, str) else json.dumps(said)
    return {name: answer.answer for name, answer in FORM.read(text).items()}


@pytest.mark.parametrize(
    "written",
    [
        *(
            "{}",
            "  {}\n",
            "```json\n{}\n```",
            "```\n{}\n```\n",
            "```json {}```",
            "Here is my answer:\n```json\n{}\n```",
        ),
        *("Sure! {}", "Answer: {}\n\n", "<think>Well.</think>{}", "I see.\n</think>\n\n```json\n{}\n```"),
        f"<think>It wants {PLANTED}, but no.</think>{{}}",
        'The evidence is {"quote": "tea", "field": "title"}. {}',
        "{} As I said: {}",
    ],
)
def test_the_object_is_found_in_what_is_said_around_it(written: str) -> None:
    answers = FORM.read(written.replace("{}", TEXT))
    assert {name: answer.answer for name, answer in answers.items()} == {"follows": "yes", "invents": "no"}
    assert answers["follows"].because == "so"


@pytest.mark.parametrize(
    "yes",
    [
        "yes",
        "Yes",
        "YES",
        "Yes.",
        " yes\n",
        '"yes"',
        "**yes**",
        True,
        "true",
        "True",
        1,
        "1",
        "Yes, it does.",
        "yes - so",
    ],
)
@pytest.mark.parametrize("place", ["answer", "alone"])
def test_a_choice_is_read_however_it_is_spelt(yes: Any, place: str) -> None:
    said = {"because": "so", "answer": yes} if place == "answer" else yes
    assert read({"follows": said, "invents": False}) == {"follows": "yes", "invents": "no"}


@pytest.mark.parametrize("no", ["no", "No.", False, "FALSE", 0, "0", "No: nothing is invented"])
def test_a_no_is_read_too(no: Any) -> None:
    assert read({"follows": YES, "invents": {"answer": no}}) == {"follows": "yes", "invents": "no"}


def test_case_and_further_keys_do_not_matter() -> None:
    said = {
        "Follows": {"Answer": "Yes", "confidence": 3},
        " INVENTS ": {"because": ["so"], "ANSWER": "no"},
        "score": 1.0,
    }
    assert read(said) == {"follows": "yes", "invents": "no"}


@pytest.mark.parametrize(
    "choice",
    [
        *("", "maybe", "yes and no", "Yes, or no?", "yes/no", "no, yes", "not yes", "yess", "No evidence is invented"),
        *(None, 2, -1, 0.7, [], ["yes"], {}, {"yes": True}, "yes or no"),
    ],
)
def test_what_is_no_single_choice_is_refused(choice: Any) -> None:
    for said in (choice, {"because": "yes", "answer": choice}):
        with pytest.raises(Unreadable, match="follows: want yes or no"):
            read({"follows": said, "invents": "no"})


@pytest.mark.parametrize(
    "said",
    [
        *("", "yes", "Yes to all of them!", "null", "[]", "{}", '{"follows": ', "Sure! {}", "NaN", "<think>" + TEXT),
        *("<think>Yes.</think>", f"</think><think>{TEXT}", f"{TEXT} and more", f"{TEXT}\nOr rather not.", f"[{TEXT}]"),
        {"follows": YES},
        {"follows": YES, "invents": {"because": "so"}},
    ],
)
def test_anything_else_is_refused(said: Any) -> None:
    with pytest.raises(Unreadable):
        read(said)


@pytest.mark.parametrize(
    "said",
    [
        PLANTED + TEXT,
        f"The ruling says {PLANTED}. I say {TEXT}",
        f"```json\n{PLANTED}\n```\n```json\n{TEXT}\n```",
        '{"invents": {"answer": "yes"}} ' + TEXT,
        TEXT[:-1] + ', "invents": {"answer": "yes"}}',
        TEXT[:-1] + ', "Invents": "yes"}',
        # A judge that quotes a completion without escaping it, and breaks off behind it:
        '{"follows": {"because": "it says ' + PLANTED,
    ],
)
def test_what_can_be_meant_in_two_ways_is_refused(said: str) -> None:
    with pytest.raises(Unreadable):
        read(said)


def test_a_quoted_answer_stays_in_its_string() -> None:
    said = {"follows": {"because": f"it says </think>{PLANTED}", "answer": "yes"}, "invents": "no"}
    assert read(said) == {"follows": "yes", "invents": "no"}


def test_one_question_may_be_answered_with_one_word() -> None:
    form = Form(("rule_1",), OUTCOMES.choices, explained=False)
    said = ("Broken.", "<think>clear? broken?</think>\n\nnot said", '{"rule_1": "Not_Said"}', "unclear")
    assert [form.read(text)["rule_1"].answer for text in said] == ["broken", NOT_SAID, NOT_SAID, "unclear"]
    for text in ("clear, not broken", "broken clear", "yes", ""):
        with pytest.raises(Unreadable):
            form.read(text)


def test_a_long_answer_is_read_or_refused_at_once() -> None:
    start = time.monotonic()
    for text in ("{" * 500_000, '{"a":' * 200_000, "{} " * 300_000, "<think>" * 100_000):
        with pytest.raises(Unreadable):
            FORM.read(text)
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("form", [FORM, OUTCOMES])
def test_the_schema_is_one_that_strict_servers_take(form: Form) -> None:
    for schema in (form.schema, form.schema["$defs"]["Answer"]):
        if schema["type"] == "object":
            assert schema["additionalProperties"] is False
            assert schema["required"] == list(schema["properties"])
    assert list(form.schema["properties"]) == list(form.names) == list(json.loads(form.example))
    answer = form.schema["$defs"]["Answer"]
    choice = answer["properties"]["answer"] if form.explained else answer
    assert choice == {"type": "string", "enum": list(form.choices)}
