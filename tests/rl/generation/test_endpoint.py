"""A model behind a server: what is asked over the wire, what comes back, and what goes wrong."""

import base64
import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from data import DataError, Rulebook, Ruling, load_cases
from prompts import parse, write
from rl.config.decoding import Decoding
from rl.evaluation import Evaluation, evaluate_model
from rl.generation.complete import complete
from rl.generation.endpoint import Endpoint
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

    def _say(self, status: int, content: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
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


def test_messages_pictures_and_settings_go_over_the_wire(server: Server, toy: Path, book: Rulebook) -> None:
    (case,) = load_cases(toy / "cases.jsonl")[:1]
    decoding = Decoding(template="compact", max_new_tokens=77, temperature=0.5, samples=2, seed=3)
    ((first, second),), facts = complete(Endpoint(server.url, "reviewer"), [case], book, decoding, progress=False)
    assert parse(first.text) == parse(ANSWER) and first == second and first.tokens == -(-len(ANSWER) // 4)
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


def test_text_alone_is_sent_as_text(server: Server, toy: Path, book: Rulebook) -> None:
    complete(Endpoint(server.url, "m"), load_cases(toy / "text.jsonl")[:1], book, Decoding(), progress=False)
    assert all(isinstance(message["content"], str) for message in server.asked[0]["messages"])


def test_a_busy_server_is_asked_again(server: Server, toy: Path, book: Rulebook) -> None:
    server.failures = [(503, "later"), (429, "slow down")]
    cases = load_cases(toy / "text.jsonl")[:1]
    completions, _ = complete(Endpoint(server.url, "m"), cases, book, Decoding(), progress=False)
    assert completions[0][0].text == ANSWER


def test_a_server_without_logprobs_is_asked_without(server: Server, toy: Path, book: Rulebook) -> None:
    server.refuse_logprobs = True
    cases = load_cases(toy / "text.jsonl")[:1]
    ((found,),), _ = complete(Endpoint(server.url, "m"), cases, book, Decoding(), progress=False)
    assert found.text == ANSWER and found.verdict_logprob is None


def test_reasoning_that_comes_apart_is_put_back(server: Server, toy: Path, book: Rulebook) -> None:
    server.reasoning_apart = True
    cases = load_cases(toy / "text.jsonl")[:1]
    ((found,),), _ = complete(Endpoint(server.url, "m"), cases, book, Decoding(), progress=False)
    assert found.text == ANSWER


def test_what_came_in_before_a_failure_is_kept(server: Server, toy: Path, book: Rulebook, tmp_path: Path) -> None:
    server.broken_from = 5
    cases = load_cases(toy / "text.jsonl")[:9]
    endpoint = Endpoint(server.url, "org/reviewer", concurrency=2, retries=0)
    with pytest.raises(DataError, match=r"case 'toy-\d': the endpoint gave no completion: .*run again for the rest"):
        evaluate_model(endpoint, cases, book, tmp_path, progress=False)
    server.broken_from, before = 10**9, len(server.asked)
    found = evaluate_model(endpoint, cases, book, tmp_path, progress=False)
    assert found.name == "reviewer" and len(found.predictions) == 9
    assert len(server.asked) - before == 9 - 5, "only what is missing is asked for"
    assert Evaluation.load(tmp_path).metrics["parse_rate"].value == 1.0
    assert evaluate_model(endpoint, cases, book, tmp_path, progress=False).predictions == found.predictions
    assert len(server.asked) - before == 4
    with pytest.raises(DataError, match=r"other settings .model org/reviewer → another"):
        evaluate_model(Endpoint(server.url, "another"), cases, book, tmp_path, progress=False)


@pytest.mark.slow
def test_a_served_model_writes_what_it_writes_here(tiny_text: Path, toy: Path, book: Rulebook) -> None:
    cases = load_cases(toy / "text.jsonl")[:3]
    decoding = Decoding(template="compact", max_new_tokens=12)
    here, _ = complete(tiny_text, cases, book, decoding, progress=False)
    with served(tiny_text) as url:
        there, _ = complete(Endpoint(url, str(tiny_text)), cases, book, decoding, progress=False)
    assert [found.text.strip() for (found,) in there] == [found.text.strip() for (found,) in here]
    assert all(found.text for (found,) in here)


def test_nobody_there_is_said_in_one_line(toy: Path, book: Rulebook) -> None:
    endpoint = Endpoint("http://127.0.0.1:9/v1", "m", retries=0, timeout=5)
    with pytest.raises(DataError, match=r"http://127.0.0.1:9/v1: case 'toy-0': the endpoint gave no completion"):
        complete(endpoint, load_cases(toy / "text.jsonl")[:1], book, Decoding(), progress=False)
