"""A server on this machine that speaks the OpenAI API, and everything that such a server may do instead."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from data import Ruling
from prompts import write

ANSWER = write(Ruling(reasoning="PRIZE-1: no.", verdict="approve", confidence=0.75))
POISON = "a text that upsets the server"
"""Stands in the one case that a server behaves oddly on."""
PIECE, LOGPROB = 4, -0.25

Behaviour = Callable[["Handler", dict[str, Any]], None]


class Zoo(ThreadingHTTPServer):
    """Answers well, but for what its behaviour makes of a request.

    Args:
        behaviour: of the requests that it is for; None answers them all.
        everywhere: whether that is all requests, or those on the case with `POISON` in it.
    """

    daemon_threads = True

    def __init__(self, behaviour: Behaviour | None = None, everywhere: bool = False):
        super().__init__(("127.0.0.1", 0), Handler)
        self.behaviour, self.everywhere = behaviour, everywhere
        self.asked: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.times: list[float] = []
        self.headers: list[dict[str, str]] = []
        self.told: dict[str, str] = {}
        """Headers of every answer."""
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is not worth a word."""


class Handler(BaseHTTPRequestHandler):
    """One connection to the zoo."""

    server: Zoo

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        zoo = self.server
        zoo.asked.append(body)
        zoo.times.append(time.monotonic())
        zoo.paths.append(self.path)
        zoo.headers.append({name.lower(): value for name, value in self.headers.items()})
        if zoo.behaviour is not None and (zoo.everywhere or POISON in json.dumps(body)):
            zoo.behaviour(self, body)
        else:
            self.answer(body)

    def answer(self, body: dict[str, Any], **changed: Any) -> None:
        """A completion, as it should be; a choice's fields can be changed."""
        tokens = [ANSWER[i : i + PIECE] for i in range(0, len(ANSWER), PIECE)]
        known = [{"token": t, "logprob": LOGPROB, "bytes": list(t.encode()), "top_logprobs": []} for t in tokens]
        choice = {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": ANSWER},
            "logprobs": {"content": known} if body.get("logprobs") else None,
        } | changed
        usage = {"completion_tokens": len(tokens), "prompt_tokens": 9, "total_tokens": 9 + len(tokens)}
        self.say({"object": "chat.completion", "model": body["model"], "usage": usage, "choices": [choice]})

    def say(self, content: Any, status: int = 200, kind: str = "application/json", **headers: str) -> None:
        """Any answer: text as it is, anything else as JSON."""
        text = content if isinstance(content, (str, bytes)) else json.dumps(content)
        raw = text if isinstance(text, bytes) else text.encode()
        self.send_response(status)
        sent = {"Content-Type": kind, "Content-Length": str(len(raw))} | self.server.told
        for name, value in (sent | {name.replace("_", "-"): value for name, value in headers.items()}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)

    def hang_up(self) -> None:
        """Ends the connection at once."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *args: Any) -> None:
        """Nothing."""


@contextmanager
def serving(zoo: Zoo) -> Iterator[Zoo]:
    """The server, while it serves."""
    thread = threading.Thread(target=zoo.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield zoo
    finally:
        zoo.closing.set()
        zoo.shutdown()
        thread.join()
        zoo.server_close()


def saying(content: Any, status: int = 200, kind: str = "application/json", **headers: str) -> Behaviour:
    """Always that answer."""
    return lambda handler, body: handler.say(content, status, kind, **headers)


def choosing(**changed: Any) -> Behaviour:
    """A completion with fields of its choice changed."""
    return lambda handler, body: handler.answer(body, **changed)


def message(**fields: Any) -> Behaviour:
    """A completion with another message, of which the server does not say how it ended."""
    return choosing(message={"role": "assistant", **fields}, finish_reason=None)


def error(text: str, status: int = 400, **fields: Any) -> Behaviour:
    """An error in the form that OpenAI gives it."""
    return saying({"error": {"message": text, **fields}}, status)


def hang(handler: Handler, body: dict[str, Any]) -> None:
    handler.server.closing.wait(20)


def drip(handler: Handler, body: dict[str, Any]) -> None:
    """Sends blanks, for ever: each of them in time."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    while not handler.server.closing.wait(0.05):
        handler.wfile.write(b" ")


def flood(handler: Handler, body: dict[str, Any]) -> None:
    """Sends as much as it can, for ever."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    while not handler.server.closing.is_set():
        handler.wfile.write(b" " * 65536)


def cut_off(handler: Handler, body: dict[str, Any]) -> None:
    """Promises more than it sends."""
    handler.send_response(200)
    handler.send_header("Content-Length", "5000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [')
    handler.hang_up()


def babble(handler: Handler, body: dict[str, Any]) -> None:
    """Sends what is no HTTP."""
    handler.wfile.write(b"\x00\xff\x00 hello\r\n\r\n")
    handler.hang_up()


FAULTS: dict[str, Behaviour] = {
    "an error under 200": error("the backend is out of memory", 200),
    "an error as text under 200": saying({"error": "overloaded"}),
    "an error beside choices": lambda handler, body: handler.say(
        {"error": {"message": "overloaded"}, "choices": [{"message": {"content": ""}, "finish_reason": "stop"}]}
    ),
    "choices that are null": saying({"choices": None}),
    "no choices": saying({"choices": []}),
    "no object": saying([1, 2]),
    "a page": saying("<html>Welcome</html>", kind="text/html"),
    "plain text": saying("ok", kind="text/plain"),
    "nothing": saying(""),
    "204": saying("", 204),
    "a message that is null": choosing(message=None),
    "content that is a list": message(content=[{"type": "text", "text": ANSWER}]),
    "content that is null": message(content=None),
    "content that is empty, and no end": message(content=""),
    "a call of a tool": choosing(message={"content": None, "tool_calls": [{}]}, finish_reason="tool_calls"),
    "an end by error": choosing(message={"content": ""}, finish_reason="error"),
    "tokens that are text": saying(
        {"choices": [{"message": {"content": ANSWER}}], "usage": {"completion_tokens": "many"}}
    ),
    "broken JSON": saying('{"choices": ['),
    "nested JSON": saying("[" * 100_000),
    "a number without end": saying('{"choices": ' + "9" * 5000 + "}"),
    "a body that is cut off": cut_off,
    "no answer and the end": lambda handler, body: handler.hang_up(),
    "no HTTP": babble,
    "no gzip": saying("no gzip", Content_Encoding="gzip"),
    "a redirect to itself": saying("", 307, Location="/v1/chat/completions"),
    "500": error("internal error", 500),
    "502 with a page": saying("<html>Bad Gateway</html>", 502, "text/html"),
    "503, again at once": saying("", 503, Retry_After="0"),
    "403 with a page": saying("<html>Forbidden</html>", 403, "text/html"),
    "400 without a reason": saying("", 400),
    "400 of any reason": error("could not process the request"),
    "422 of a field": saying({"detail": [{"loc": ["body", "messages"], "msg": "Input should be shorter"}]}, 422),
    "silence": hang,
    "an answer that drips": drip,
    "an answer without end": flood,
}
"""What is no answer, and no word on the case either."""

REFUSALS: dict[str, Behaviour] = {
    "a content filter": error("The response was filtered", code="content_filter"),
    "a content policy": error("prompt triggered Azure's content management policy"),
    "a prompt too long": error("This model's maximum context length is 4096 tokens", code="context_length_exceeded"),
    "max_tokens beyond the window": error(
        "'max_tokens' is too large: 512. This model's maximum context length is 4096 tokens and your request has 3900"
    ),
    "a body too large": saying("", 413),
    "the law": saying("", 451),
    "a filter under 200": error("blocked by the content filter", 200),
    "an end by filter": choosing(message={"content": "<think>"}, finish_reason="content_filter"),
    "a refusal of the model": message(content=None, refusal="I cannot help with that."),
}
"""What servers say where they will not have a case answered."""
