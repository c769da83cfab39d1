"""A model behind a server: what is asked over the wire, what comes back, and what goes wrong."""

import base64
import io
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from data import Briefs, DataError, Ruling
from prompts import Episode, parse, write
from rl.config.decoding import Decoding
from rl.evaluation import evaluate_model, load_evaluation
from rl.generation.endpoint import Endpoint
from rl.generation.episodes import write_episodes
from tests.rl.conftest import toy_briefs
from tests.serving import served

ANSWER = write(Ruling(reasoning="PRIZE-1: no.", verdict="approve", confidence=0.75))


class Server(ThreadingHTTPServer):
    """Speaks the OpenAI API, remembers what it was asked, and fails as it is told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[dict[str, Any]] = []
        self.failures: list[tuple[int, str]] = []
        self.refuse_logprobs = False
        self.reasoning_apart = False
        self.odd: tuple[str, str] | None = None
        self.broken_from = 10**9
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is not worth a word."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            if self.server.failures:
                self._say(*self.server.failures.pop())
                return
            if self.server.refuse_logprobs and "logprobs" in body:
                self._say(400, "logprobs are not supported")
                return
            self.server.asked.append(body)
            if self.server.odd:
                self._say(200, *self.server.odd)
                return
            if len(self.server.asked) > self.server.broken_from:
                self._say(404, "no such model")
                return
        tokens = [ANSWER[i : i + 4] for i in range(0, len(ANSWER), 4)]
        message: dict[str, Any] = {"role": "assistant", "content": ANSWER}
        if self.server.reasoning_apart:
            message |= {"content": ANSWER.partition("</think>")[2], "reasoning_content": "PRIZE-1: no."}
        known = [{"token": t, "logprob": -0.25, "bytes": list(t.encode()), "top_logprobs": []} for t in tokens]
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        choice["logprobs"] = {"content": known} if body.get("logprobs") else None
        usage = {"completion_tokens": len(tokens), "prompt_tokens": 9, "total_tokens": 9 + len(tokens)}
        answer = {"id": "x", "object": "chat.completion", "created": 0, "model": body["model"], "usage": usage}
        self._say(200, json.dumps({**answer, "choices": [choice]}))

    def _say(self, status: int, content: str, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(content.encode())

    def log_message(self, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    found.shutdown()
    thread.join()
    found.server_close()


@pytest.fixture
def texts(toy: Path) -> Briefs:
    """One case without a picture."""
    return toy_briefs(toy / "text.jsonl", 1)


def asked(server: Server, briefs: Briefs) -> Episode:
    (episode,) = write_episodes(Endpoint(server.url, "m"), briefs, Decoding(), progress=False)
    return episode


def test_messages_pictures_and_settings_go_over_the_wire(server: Server, toy: Path) -> None:
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


def test_text_alone_is_sent_as_text(server: Server, texts: Briefs) -> None:
    asked(server, texts)
    assert all(isinstance(message["content"], str) for message in server.asked[0]["messages"])


def test_a_busy_server_is_asked_again(server: Server, texts: Briefs) -> None:
    server.failures = [(503, "later"), (429, "slow down")]
    assert asked(server, texts).completion == ANSWER


def test_a_server_without_logprobs_is_asked_without(server: Server, texts: Briefs) -> None:
    server.refuse_logprobs = True
    found = asked(server, texts)
    assert found.completion == ANSWER and found.verdict_logprob is None


def test_reasoning_that_comes_apart_is_put_back(server: Server, texts: Briefs) -> None:
    server.reasoning_apart = True
    assert asked(server, texts).completion == ANSWER


def test_a_tag_that_the_prompt_holds_is_put_back(server: Server, texts: Briefs) -> None:
    for said in (ANSWER.removeprefix("<think>"), "\n" + ANSWER.removeprefix("<think>")):
        server.odd = (saying({"content": said}), "application/json")
        assert asked(server, texts).completion == "<think>" + said
    # Whether reasoning is lost or was never written cannot be known.
    answer = ANSWER.partition("</think>")[2]
    server.odd = (saying({"content": answer}), "application/json")
    assert asked(server, texts).completion == answer


def test_variables_of_the_chat_template_go_over_the_wire(server: Server, texts: Briefs) -> None:
    thinking = Decoding(chat_template_kwargs={"enable_thinking": True})
    written = write_episodes(Endpoint(server.url, "m"), texts, thinking, progress=False)
    asked(server, texts)
    assert server.asked[0]["chat_template_kwargs"] == {"enable_thinking": True}
    assert "chat_template_kwargs" not in server.asked[1]
    assert written.provenance["decoding"]["chat_template_kwargs"] == {"enable_thinking": True}


def test_what_came_in_before_a_failure_is_kept(server: Server, toy: Path, tmp_path: Path) -> None:
    server.broken_from = 5
    briefs = toy_briefs(toy / "text.jsonl", 9)
    endpoint = Endpoint(server.url, "org/reviewer", concurrency=2, retries=0)
    with pytest.raises(DataError, match=r"case 'toy-\d': the endpoint gave no completion: .*run again for the rest"):
        evaluate_model(endpoint, briefs, tmp_path, progress=False)
    server.broken_from, before = 10**9, len(server.asked)
    found = evaluate_model(endpoint, briefs, tmp_path, progress=False)
    assert found.name == "reviewer" and len(found.predictions) == 9
    assert len(server.asked) - before == 9 - 5, "only what is missing is asked for"
    assert load_evaluation(tmp_path).metrics["parse_rate"].value == 1.0
    assert evaluate_model(endpoint, briefs, tmp_path, progress=False).predictions == found.predictions
    assert len(server.asked) - before == 4
    with pytest.raises(DataError, match=r"holds the evaluation of 'reviewer' .*, not of 'another'"):
        evaluate_model(Endpoint(server.url, "another"), briefs, tmp_path, progress=False)


def saying(message: Any = None, **more: Any) -> str:
    """An answer with one choice."""
    return json.dumps({"choices": [{"index": 0, "message": message, **more}], "usage": None})


ODD: dict[str, tuple[str, str]] = {
    "a page": ("<html>Welcome</html>", "no OpenAI-compatible address"),
    "a list": ("[1, 2]", "no choices"),
    "a number": ("5", "no choices"),
    "broken JSON": ('{"choices": [', "Expecting value"),
    "nested JSON": ("[" * 100_000, "recursion"),
    "no choices": ("{}", "no choices"),
    "empty choices": ('{"choices": []}', "no choices"),
    "choices that are text": ('{"choices": "x"}', "no choices"),
    "a choice that is null": ('{"choices": [null]}', "no message"),
    "an error": ('{"error": {"message": "out of memory"}}', "out of memory"),
    "an error beside choices": (saying({"content": ""})[:-1] + ', "error": "overloaded"}', "overloaded"),
    "no message": (saying(), "no message"),
    "a message that is text": (saying("hello"), "no message"),
    "content that is a list": (saying({"content": [{"text": "x"}]}), "no text"),
    "content that is a number": (saying({"content": 5}), "no text"),
    "tokens that are text": (
        json.dumps({"choices": [{"message": {"content": "x"}}], "usage": {"completion_tokens": "many"}}),
        "completion_tokens",
    ),
}


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_answer_is_no_completion_and_is_not_kept(
    server: Server, texts: Briefs, tmp_path: Path, kind: str
) -> None:
    body, said = ODD[kind]
    server.odd = (body, "text/html" if kind == "a page" else "application/json")
    wanted = rf"{server.url}: case 'toy-0': the endpoint gave no completion: .*{said}.*; what came in is kept, run"
    endpoint, log = Endpoint(server.url, "m", retries=0), tmp_path / "log.jsonl"
    with pytest.raises(DataError, match=wanted):
        write_episodes(endpoint, texts, Decoding(), progress=False, log=log)
    server.odd = None
    (episode,) = write_episodes(endpoint, texts, Decoding(), progress=False, log=log)
    assert episode.completion == ANSWER


def test_a_choice_without_content_is_an_empty_completion(server: Server, texts: Briefs) -> None:
    server.odd = (saying({"content": None}), "application/json")
    assert asked(server, texts).completion == ""


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
def test_odd_logprobs_cost_the_logprob_only(server: Server, texts: Briefs, known: Any) -> None:
    server.odd = (saying({"content": ANSWER}, logprobs={"content": [TOKEN]}), "application/json")
    assert asked(server, texts).verdict_logprob == -0.5
    server.odd = (saying({"content": ANSWER}, logprobs=known), "application/json")
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
