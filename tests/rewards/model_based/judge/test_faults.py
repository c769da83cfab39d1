"""The judge against a server that fails in every way: never a score, and no harm to others."""

import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from prompts import write
from rewards import Rubric, Score
from rewards.batch import Answer
from rewards.model_based.judge import CircuitOpen, JudgeFault
from rewards.testing.small import BOOK, rejecting, rule_on
from tests.rewards.model_based.judge.items import RULING, MakeJudge, item, one
from tests.rewards.model_based.judge.server import (
    JudgeServer,
    Reply,
    answers,
    breaks_off,
    huge,
    raw_server,
    says,
    status,
)

FAULTS: dict[str, tuple[Reply, str]] = {
    "busy": (status(429), "RateLimitError"),
    "failing": (status(500, "x" * 100_000), "InternalServerError"),
    "long request": (status(400, "context length exceeded"), "context length exceeded"),
    "no such model": (status(404), "NotFoundError"),
    "wrong key": (status(401), "AuthenticationError"),
    "breaks off": (breaks_off(), "peer closed connection"),
    "no JSON": (says("Yes to all of them!"), "not the JSON that was asked for"),
    "cut off": (says('{"broken_1": {"because": "', "length"), "tokens_per_answer"),
    "other JSON": (says('{"score": 1.0}'), "not the JSON that was asked for"),
    "refusal": (says(None), "not a chat completion"),
    "10 MB": (huge(10_000_000), "more than 1,000,000 bytes"),
    "too late": (answers(delay=3), "APITimeoutError"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_no_score_is_not_kept_and_spoils_nothing_else(
    server: JudgeServer, make_judge: MakeJudge, name: str
) -> None:
    reply, message = FAULTS[name]
    server.answer(answers(), reply)
    judge = make_judge(concurrency=1, timeout=0.5)
    fine, fault = judge.score_batch([item("fine"), item("faulty")])
    assert isinstance(fine, Score) and fine.value == 1
    assert isinstance(fault, JudgeFault)
    assert message in str(fault)
    assert len(str(fault)) < 400
    server.answer(answers())
    assert one(judge, "faulty").value == 1


@pytest.mark.parametrize("name", ["busy", "10 MB", "no JSON", "breaks off"])
def test_a_fault_leaves_the_total_unscored(server: JudgeServer, tmp_path: Path, name: str) -> None:
    server.answer(FAULTS[name][0])
    settings = {"base_url": server.url, "model": "m", "retries": 0, "cache": str(tmp_path / "j")}
    rubric = Rubric(name="judged", craft={"judge": {"weight": 0.2, **settings}})
    card = rubric.score(write(RULING), rejecting(), BOOK)
    assert card.total is None
    assert card["judge"].value is None
    assert [fault.reward for fault in card.unscored] == ["judge"]
    server.answer(answers())
    assert rubric.score(write(RULING), rejecting(), BOOK)["judge"].contribution == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("answer", "total"),
    [(rule_on("approve"), -8 + 0.3 * 0.19), (rule_on("reject"), -8.5), ("<think></think>", -8.5)],
    ids=["a miss", "a closed gate", "no ruling"],
)
def test_no_completion_that_has_lost_craft_is_put_to_the_judge(
    server: JudgeServer, tmp_path: Path, answer: Answer, total: float
) -> None:
    server.answer(status(500))
    settings = {"base_url": server.url, "model": "m", "retries": 0, "cache": str(tmp_path / "j")}
    rubric = Rubric(name="judged", craft={"judge": {"weight": 0.2, **settings}}, gates=["rulebook_consistency"])
    card = rubric.score(answer, rejecting(), BOOK)
    assert card.total == pytest.approx(total) and not card.unscored and not server.requests
    assert rubric.score(RULING, rejecting(), BOOK).total is None and server.requests  # a right one is


def half_closes(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_WR)


def half_closes_amid_the_answer(connection: socket.socket) -> None:
    connection.sendall(b'HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"choices": [')
    connection.shutdown(socket.SHUT_WR)


def drips(connection: socket.socket) -> None:
    """A byte now and then, so that no single wait is too long."""
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n")

    def drip() -> None:
        try:
            while True:
                connection.sendall(b" ")
                time.sleep(0.05)
        except OSError:
            pass

    threading.Thread(target=drip, daemon=True).start()


@pytest.mark.parametrize("speak", [half_closes, half_closes_amid_the_answer, drips])
def test_a_connection_that_breaks_or_drips_is_a_fault(make_judge: MakeJudge, speak: Any) -> None:
    with raw_server(speak) as url:
        start = time.monotonic()
        assert isinstance(one(make_judge(base_url=url, timeout=0.3, batch_timeout=0.3)), JudgeFault)
        assert time.monotonic() - start < 2.5


def test_a_server_that_is_not_there_is_a_fault(make_judge: MakeJudge) -> None:
    fault = one(make_judge(base_url="http://127.0.0.1:9/v1"))
    assert isinstance(fault, JudgeFault) and "Connection error" in str(fault)


# Patience, and its end


def test_a_busy_server_is_asked_again_when_it_said(server: JudgeServer, make_judge: MakeJudge) -> None:
    server.answer(status(429, retry_after="0.7"), answers())
    assert one(make_judge(retries=1)).value == 1
    first, second = server.times
    assert 0.7 <= second - first < 2  # the client's own wait would be half a second at most


def test_a_failing_server_is_asked_again(server: JudgeServer, make_judge: MakeJudge) -> None:
    server.answer(status(500), answers())
    assert one(make_judge(retries=1)).value == 1
    assert len(server.requests) == 2


def test_what_is_not_answered_in_the_batchs_time_is_a_fault_and_the_rest_counts(
    server: JudgeServer, make_judge: MakeJudge
) -> None:
    server.answer(answers(), answers(), answers(delay=5))
    start = time.monotonic()
    outcomes = make_judge(concurrency=1, batch_timeout=0.6).score_batch([item(str(i)) for i in range(4)])
    assert time.monotonic() - start < 3
    assert [isinstance(outcome, Score) for outcome in outcomes] == [True, True, False, False]
    assert "within the 0.6 s" in str(outcomes[3])


def test_a_dead_server_is_left_alone(server: JudgeServer, make_judge: MakeJudge) -> None:
    server.answer(status(500))
    judge = make_judge(concurrency=1, failures=3)
    outcomes = judge.score_batch([item(str(i)) for i in range(10)])
    assert len(server.requests) == 3
    assert [type(outcome) is CircuitOpen for outcome in outcomes] == [False] * 3 + [True] * 7
    assert "InternalServerError" in str(outcomes[9])


def test_a_server_too_slow_for_the_batch_is_left_alone_as_well(server: JudgeServer, make_judge: MakeJudge) -> None:
    server.answer(answers(delay=5))
    judge = make_judge(batch_timeout=0.15, failures=2)
    judge.score_batch([item(str(i)) for i in range(4)])
    assert isinstance(one(judge), CircuitOpen)


@pytest.mark.parametrize("name", ["no JSON", "long request", "10 MB", "cut off"])
def test_a_completion_that_makes_the_judge_stumble_does_not_silence_it_for_others(
    server: JudgeServer, make_judge: MakeJudge, name: str
) -> None:
    judge = make_judge(failures=1)
    server.answer(FAULTS[name][0])
    judge.score_batch([item(str(i)) for i in range(3)])
    server.answer(answers())
    assert one(judge).value == 1
