"""A model behind a server: what is asked over the wire, what comes back, and what goes wrong."""

import base64
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from data import Briefs, DataError
from prompts import Episode, parse
from rl.config.decoding import Decoding
from rl.evaluation import evaluate_model, load_evaluation
from rl.generation.endpoint import Endpoint
from rl.generation.episodes import write_episodes
from tests.rl.conftest import toy_briefs
from tests.serving import served

from .zoo import ANSWER, FAULTS, Behaviour, Zoo, choosing, serving


@pytest.fixture
def server() -> Iterator[Zoo]:
    with serving(Zoo()) as zoo:
        yield zoo


@pytest.fixture
def texts(toy: Path) -> Briefs:
    """One case without a picture."""
    return toy_briefs(toy / "text.jsonl", 1)


def asked(server: Zoo, briefs: Briefs) -> Episode:
    (episode,) = write_episodes(Endpoint(server.url, "m"), briefs, Decoding(), progress=False)
    return episode


def answers(server: Zoo, behaviour: Behaviour) -> None:
    """From now on, to everything."""
    server.behaviour, server.everywhere = behaviour, True


def test_messages_pictures_and_settings_go_over_the_wire(server: Zoo, toy: Path) -> None:
    briefs = toy_briefs(toy / "cases.jsonl", 1)
    decoding = Decoding(template="compact", max_new_tokens=77, temperature=0.5, samples=2, seed=3)
    written = write_episodes(Endpoint(server.url, "reviewer"), briefs, decoding, progress=False)
    ((first, second),), facts, case = written.by_brief, written.provenance, briefs[0].case
    assert parse(first.completion) == parse(ANSWER) and first.tokens == -(-len(ANSWER) // 4)
    assert (first.case, first.sample) == ("toy-0", 0) and second == replace(first, sample=1)
    start = ANSWER.index("approve", ANSWER.index("<answer>"))
    holding = (start + len("approve") - 1) // 4 - start // 4 + 1
    assert first.verdict_logprob == pytest.approx(-0.25 * holding)
    one, other = server.asked
    assert (one["model"], one["max_tokens"], one["temperature"]) == ("reviewer", 77, 0.5)
    assert one["seed"] != other["seed"]
    system, user = one["messages"]
    assert isinstance(system["content"], str) and all(rule in system["content"] for rule in case.rules or [])
    picture = next(part for part in user["content"] if part["type"] == "image_url")["image_url"]["url"]
    kind, _, content = picture.partition(",")
    assert kind == "data:image/png;base64"
    assert Image.open(io.BytesIO(base64.b64decode(content))).size == (112, 112)
    assert facts["endpoint"] == {"url": server.url, "model": "reviewer"}
    assert facts["template"]["name"] == "compact" and facts["decoding"]["seed"] == 3


def test_text_alone_is_sent_as_text(server: Zoo, texts: Briefs) -> None:
    asked(server, texts)
    assert all(isinstance(message["content"], str) for message in server.asked[0]["messages"])


def test_a_busy_server_is_asked_again(server: Zoo, texts: Briefs) -> None:
    failures = [503, 429]

    def busy(handler: Any, body: dict[str, Any]) -> None:
        handler.say("later", failures.pop()) if failures else handler.answer(body)

    server.behaviour, server.everywhere = busy, True
    assert asked(server, texts).completion == ANSWER and len(server.asked) == 3


def test_reasoning_that_comes_apart_is_put_back(server: Zoo, texts: Briefs) -> None:
    for name in ("reasoning_content", "reasoning"):
        said = {"content": ANSWER.partition("</think>")[2], name: "PRIZE-1: no."}
        answers(server, choosing(message=said))
        assert asked(server, texts).completion == ANSWER


def test_a_tag_that_the_prompt_holds_is_put_back(server: Zoo, texts: Briefs) -> None:
    for said in (ANSWER.removeprefix("<think>"), "\n" + ANSWER.removeprefix("<think>")):
        answers(server, choosing(message={"content": said}))
        assert asked(server, texts).completion == "<think>" + said
    # Whether reasoning is lost or was never written cannot be known.
    answer = ANSWER.partition("</think>")[2]
    answers(server, choosing(message={"content": answer}))
    assert asked(server, texts).completion == answer


def test_variables_of_the_chat_template_go_over_the_wire(server: Zoo, texts: Briefs) -> None:
    thinking = Decoding(chat_template_kwargs={"enable_thinking": True})
    written = write_episodes(Endpoint(server.url, "m"), texts, thinking, progress=False)
    asked(server, texts)
    assert server.asked[0]["chat_template_kwargs"] == {"enable_thinking": True}
    assert "chat_template_kwargs" not in server.asked[1]
    assert written.provenance["decoding"]["chat_template_kwargs"] == {"enable_thinking": True}


def test_what_came_in_before_a_failure_is_kept(server: Zoo, toy: Path, tmp_path: Path) -> None:
    def broken_from_5(handler: Any, body: dict[str, Any]) -> None:
        handler.answer(body) if len(server.asked) <= 5 else handler.say("no such model", 404)

    answers(server, broken_from_5)
    briefs = toy_briefs(toy / "text.jsonl", 9)
    endpoint = Endpoint(server.url, "org/reviewer", concurrency=1, retries=0)
    with pytest.raises(DataError, match=r"case 'toy-\d': the endpoint gave no completion: .*run again for the rest"):
        evaluate_model(endpoint, briefs, tmp_path, progress=False)
    server.behaviour, before = None, len(server.asked)
    found = evaluate_model(endpoint, briefs, tmp_path, progress=False)
    assert found.name == "reviewer" and len(found.predictions) == 9
    assert len(server.asked) - before == 9 - 5, "only what is missing is asked for"
    assert load_evaluation(tmp_path).metrics["parse_rate"].value == 1.0
    assert evaluate_model(endpoint, briefs, tmp_path, progress=False).predictions == found.predictions
    assert len(server.asked) - before == 4
    with pytest.raises(DataError, match=r"holds the evaluation of 'reviewer' .*, not of 'another'"):
        evaluate_model(Endpoint(server.url, "another"), briefs, tmp_path, progress=False)


@pytest.mark.parametrize("kind", FAULTS)
def test_what_was_wrong_is_said(server: Zoo, texts: Briefs, kind: str) -> None:
    """Every fault has its reason in the error, beside the server and the case."""
    server.behaviour, server.everywhere = FAULTS[kind], True
    wanted = rf"{server.url}: case 'toy-0': the endpoint gave no completion: .*{SAID.get(kind, '')}.*; what came in is"
    with pytest.raises(DataError, match=wanted):
        write_episodes(Endpoint(server.url, "m", retries=0, timeout=0.4), texts, Decoding(), progress=False)


SAID = {
    "an error under 200": "it answers with an error: the backend is out of memory",
    "an error as text under 200": "overloaded",
    "choices that are null": "the answer has no choices",
    "a page": "<html>Welcome.*no OpenAI-compatible address",
    "a message that is null": "the answer has no message",
    "content that is a list": "no text but",
    "content that is null": "the message has no content",
    "a call of a tool": "switch off the server's tool parser",
    "broken JSON": "broken JSON: Expecting value",
    "nested JSON": "broken JSON: .*recursion",
    "tokens that are text": "completion_tokens is no number but many",
    "no answer and the end": "the connection broke",
    "500": "HTTP 500: internal error",
    "503, again at once": "HTTP 503",
    "422 of a field": "HTTP 422: .*Input should be shorter",
    "silence": "no answer within 0.4 s",
    "an answer that drips": "no answer within 0.4 s",
}


def test_an_empty_completion_is_one_where_the_model_came_to_its_end(server: Zoo, texts: Briefs) -> None:
    for content in ("", None):
        answers(server, choosing(message={"content": content}, finish_reason="stop"))
        found = asked(server, texts)
        assert found.completion == "" and found.refused is None


def test_reasoning_that_was_cut_off_is_no_fault(server: Zoo, texts: Briefs) -> None:
    answers(server, choosing(message={"content": None, "reasoning_content": "PRIZE-1"}, finish_reason="length"))
    assert asked(server, texts).completion == "<think>PRIZE-1</think>"


TOKEN = {"token": ANSWER, "logprob": -0.5, "bytes": None}


@pytest.mark.parametrize(
    "known",
    [
        "x",
        {"content": 5},
        {"content": [None]},
        {"content": [TOKEN, None]},
        {"content": [TOKEN | {"token": None}]},
        {"content": [TOKEN | {"bytes": [300]}]},
        {"content": [TOKEN | {"logprob": "x"}]},
        {"content": [TOKEN | {"logprob": None}]},
    ],
)
def test_odd_logprobs_cost_the_logprob_only(server: Zoo, texts: Briefs, known: Any) -> None:
    answers(server, choosing(logprobs={"content": [TOKEN]}))
    assert asked(server, texts).verdict_logprob == -0.5
    answers(server, choosing(logprobs=known))
    found = asked(server, texts)
    assert found.completion == ANSWER and found.verdict_logprob is None


@pytest.mark.slow
def test_a_served_model_writes_what_it_writes_here(tiny_text: Path, toy: Path) -> None:
    briefs = toy_briefs(toy / "text.jsonl", 3)
    decoding = Decoding(template="compact", max_new_tokens=12)
    here = write_episodes(tiny_text, briefs, decoding, progress=False)
    with served(tiny_text) as url:
        there = write_episodes(Endpoint(url, str(tiny_text)), briefs, decoding, progress=False)
    assert [found.completion.strip() for found in there] == [found.completion.strip() for found in here]
    assert all(found.completion for found in here)


def test_nobody_there_is_said_in_one_line(texts: Briefs) -> None:
    endpoint = Endpoint("http://127.0.0.1:9/v1", "m", retries=0, timeout=5)
    with pytest.raises(DataError, match=r"http://127.0.0.1:9/v1: case 'toy-0': the endpoint gave no completion"):
        write_episodes(endpoint, texts, Decoding(), progress=False)
