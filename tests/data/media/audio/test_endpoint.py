"""A server of speech recognition: what it is asked, and what is made of what it answers."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar

import pytest

pytest.importorskip("av")

from data import DataError
from data.media.audio import recognizer, transcribe
from tests.data.media.recordings import tone, write_sound
from tests.loopback import listening


class Server(BaseHTTPRequestHandler):
    asked: ClassVar[list[bytes]] = []
    answer: ClassVar[Any] = {}
    status = 200

    def do_POST(self) -> None:
        type(self).asked.append(self.rfile.read(int(self.headers["Content-Length"])))
        body = self.answer if isinstance(self.answer, bytes) else json.dumps(self.answer).encode()
        self.send_response(self.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    Server.asked, Server.status = [], 200
    with listening(Server) as address:
        yield f"{address}/v1"


def test_a_server_is_asked_and_its_confidence_kept(tmp_path: Path, server: str) -> None:
    segments = [
        {"id": 0, "start": 0.0, "end": 1.0, "text": " Free tea<|im_end|>", "avg_logprob": -0.6931},
        {"id": 1, "start": 1.0, "end": 99.0, "text": "today.", "avg_logprob": 0.0},
    ]
    Server.answer = {"text": "Free tea today.", "language": "english", "duration": 2.0, "segments": segments}
    speech = transcribe(write_sound(tmp_path / "a.wav", tone(2)), recognizer(server, model="tiny"), "en-GB")
    assert [(line.start, line.end, line.text, line.confidence) for line in speech.lines] == [
        (0.0, 1.0, "Free tea<|im_end|>", 0.5), (1.0, 2.0, "today.", 1.0),
    ]  # fmt: skip
    (asked,) = Server.asked
    assert b'name="model"\r\n\r\ntiny' in asked and b'name="language"\r\n\r\nen\r\n' in asked and b"RIFF" in asked


def test_a_server_without_segments_gives_one_line(tmp_path: Path, server: str) -> None:
    Server.answer = {"text": "Free tea."}
    speech = transcribe(write_sound(tmp_path / "a.wav", tone(2)), recognizer(server))
    assert [(line.start, line.end, line.text, line.confidence) for line in speech.lines] == [(0, 2, "Free tea.", None)]


def test_a_server_that_refuses_is_an_error_that_holds_no_address(tmp_path: Path, server: str) -> None:
    Server.status = 400
    with pytest.raises(DataError, match="model 'tiny' of the speech server: cannot be used") as raised:
        transcribe(write_sound(tmp_path / "a.wav", tone(1)), recognizer(server, model="tiny"))
    assert server not in str(raised.value)


@pytest.mark.parametrize(
    "answer",
    [b"<h1>Welcome", b"", [], {"text": None}, {"text": "Tea", "segments": [{"start": None, "end": 1, "text": "Tea"}]},
     b'{"text": "Tea", "segments": [{"start": NaN, "end": 1, "text": "Tea"}]}'],
)  # fmt: skip
def test_what_is_no_transcription_is_said(tmp_path: Path, server: str, answer: Any) -> None:
    Server.answer = answer
    with pytest.raises(DataError, match="its answer is no transcription"):
        transcribe(write_sound(tmp_path / "a.wav", tone(1)), recognizer(server))


def test_of_an_answer_without_end_no_more_is_read_than_makes_sense(
    tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data.media.audio.endpoint.MOST_BYTES", 1_000)
    Server.answer = {"text": "tea " * 1_000}
    with pytest.raises(DataError, match="its answer is no transcription"):
        transcribe(write_sound(tmp_path / "a.wav", tone(1)), recognizer(server))


def test_no_error_holds_a_secret(tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-4f1c0ffee\n")
    Server.status, Server.answer = 400, {"error": {"message": "user:hunter2-9d3a sk-4f1c0ffee code=c0de%2F51f7"}}
    url = server.replace("://", "://user:hunter2-9d3a@") + "?code=c0de/51f7"
    with pytest.raises(DataError, match="cannot be used for speech recognition") as raised:
        transcribe(write_sound(tmp_path / "a.wav", tone(1)), recognizer(url))
    assert len(Server.asked) == 1
    assert not [secret for secret in ("hunter2", "4f1c0ffee", "51f7") if secret in str(raised.value)]
    with pytest.raises(DataError, match=r"speech\.model: no address of a server"):
        recognizer("http://x:pass?word@host/v1")
