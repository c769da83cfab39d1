"""A real HTTP server on loopback that speaks the API of a judge and answers as a test tells it to."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

Reply = Callable[[dict[str, Any]], Awaitable[Response]]


class JudgeServer:
    """What it was asked, and how it answers."""

    def __init__(self) -> None:
        self.url = ""
        self.reset()

    def reset(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.times: list[float] = []
        self.at_once = 0
        """The most requests that were open at a time."""
        self._open = 0
        self._replies: list[Reply] = [answers()]

    def answer(self, *replies: Reply) -> None:
        """Answers with these in turn, and with the last one ever after."""
        self._replies = list(replies)

    async def serve(self, request: Request) -> Response:
        body = await request.json()
        self.requests.append(body)
        self.times.append(time.monotonic())
        self._open += 1
        self.at_once = max(self.at_once, self._open)
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        try:
            return await reply(body)
        finally:
            self._open -= 1


def completion(text: str | None, finish: str = "stop") -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {"id": "1", "object": "chat.completion", "created": 1, "model": "m"} | {
        "choices": [{"index": 0, "message": message, "finish_reason": finish}]
    }


def says(text: str | None, finish: str = "stop") -> Reply:
    async def reply(body: dict[str, Any]) -> Response:
        return JSONResponse(completion(text, finish))

    return reply


def answers(*against: str, delay: float = 0.0, written: str = "{}") -> Reply:
    """Valid answers in the ruling's favour, but for these questions.

    Args:
        written: what is said around the JSON object, which takes the place of ``{}``.
    """

    async def reply(body: dict[str, Any]) -> Response:
        await asyncio.sleep(delay)
        said = {name: (name in against) == (name == "invents") for name in asked(body)}
        content = {name: {"because": f"so {name}", "answer": "yes" if yes else "no"} for name, yes in said.items()}
        return JSONResponse(completion(written.replace("{}", json.dumps(content))))

    return reply


def outcomes(**said: str) -> Reply:
    """What the reasoning says of these rules; of others, nothing."""

    async def reply(body: dict[str, Any]) -> Response:
        return JSONResponse(completion(json.dumps({name: said.get(name, "not said") for name in asked(body)})))

    return reply


def without_form(reply: Reply) -> Reply:
    """A server that knows no ``response_format``, and says so."""

    async def refusing(body: dict[str, Any]) -> Response:
        if "response_format" in body:
            return await status(400, "response_format: unknown parameter")(body)
        return await reply(body)

    return refusing


def asked(body: dict[str, Any]) -> list[str]:
    """The questions' names, as the system message gives them."""
    system = body["messages"][0]["content"]
    return list(json.loads(system[system.index("in this form: ") + len("in this form: ") :]))


def status(code: int, text: str = "no", **headers: str) -> Reply:
    async def reply(body: dict[str, Any]) -> Response:
        return JSONResponse({"error": {"message": text}}, code, {k.replace("_", "-"): v for k, v in headers.items()})

    return reply


def breaks_off() -> Reply:
    """Promises an answer, sends the half of it, and hangs up."""

    async def half() -> AsyncIterator[bytes]:
        yield json.dumps(completion("{}")).encode()[:40]

    async def reply(body: dict[str, Any]) -> Response:
        return StreamingResponse(half(), headers={"content-length": "1000"}, media_type="application/json")

    return reply


def huge(size: int) -> Reply:
    """A valid completion of so many bytes."""

    async def chunks() -> AsyncIterator[bytes]:
        before, after = json.dumps(completion("§")).encode().split(json.dumps("§")[1:-1].encode())
        yield before
        for _ in range(size // 100_000):
            yield b"x" * 100_000
        yield after

    async def reply(body: dict[str, Any]) -> Response:
        return StreamingResponse(chunks(), media_type="application/json")

    return reply


@contextmanager
def running() -> Iterator[JudgeServer]:
    """The server, on a free port."""
    judge = JudgeServer()
    app = Starlette(routes=[Route("/v1/chat/completions", judge.serve, methods=["POST"])])
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, log_level="critical", lifespan="off", timeout_graceful_shutdown=0)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    judge.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/v1"
    try:
        yield judge
    finally:
        server.should_exit = True
        thread.join(10)


@contextmanager
def raw_server(speak: Callable[[socket.socket], None], seen: list[bytes] | None = None) -> Iterator[str]:
    """A server that reads a request and then does as it likes with the connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def run() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                request = connection.recv(65536)
                if seen is not None:
                    seen.append(request)
                speak(connection)

        threading.Thread(target=run, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        listening.shutdown(socket.SHUT_RDWR)
