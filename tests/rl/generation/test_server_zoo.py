"""Servers that misbehave: no fault becomes an answer, and no case stops the others."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from data import Briefs, DataError
from rl.config.decoding import Decoding
from rl.generation.endpoint import Endpoint
from rl.generation.episodes import write_episodes
from tests.rl.conftest import toy_briefs

from .asking import CASES, POISONED, asked, logged, others_are_answered
from .zoo import ANSWER, FAULTS, REFUSALS, Behaviour, Zoo, error, saying, serving

pytestmark = pytest.mark.usefixtures("hurried")


@pytest.mark.parametrize("kind", [*FAULTS, *REFUSALS])
def test_one_case_that_is_never_answered_stops_no_other(briefs: Briefs, tmp_path: Path, kind: str) -> None:
    with serving(Zoo({**FAULTS, **REFUSALS}[kind])) as zoo:
        written = asked(zoo, briefs, tmp_path / "log.jsonl")
        poisoned = others_are_answered(written)
        assert poisoned.refused and poisoned.completion == ""
        assert written.provenance["served"]["refused"] == 1
        known = len(zoo.asked)
        again = asked(zoo, briefs, tmp_path / "log.jsonl")
        assert list(again) == list(written) and len(zoo.asked) == known, "what is refused is not asked for again"


@pytest.mark.parametrize("kind", [*FAULTS, *REFUSALS])
def test_a_server_that_answers_nothing_has_said_nothing_of_any_case(briefs: Briefs, tmp_path: Path, kind: str) -> None:
    with serving(Zoo({**FAULTS, **REFUSALS}[kind], everywhere=True)) as zoo:
        with pytest.raises(DataError, match=f"{zoo.url}: case 'toy-.': the endpoint gave no completion: .+run again"):
            asked(zoo, briefs, tmp_path / "log.jsonl")
        assert not logged(tmp_path / "log.jsonl")
        zoo.behaviour = None
        assert [episode.completion for episode in asked(zoo, briefs, tmp_path / "log.jsonl")] == [ANSWER] * CASES


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_that_passes_leaves_no_trace(briefs: Briefs, kind: str) -> None:
    left = [1]

    def once(handler: Any, body: dict[str, Any]) -> None:
        FAULTS[kind](handler, body) if left and left.pop() else handler.answer(body)

    with serving(Zoo(once)) as zoo:
        assert others_are_answered(asked(zoo, briefs)).completion == ANSWER


def test_an_answer_that_is_late_is_asked_for_once_more(briefs: Briefs) -> None:
    with serving(Zoo(FAULTS["silence"], everywhere=True)) as zoo:
        with pytest.raises(DataError, match=r"no answer within 0.2 s"):
            asked(zoo, Briefs.bind([briefs[0].case], briefs.book), retries=5, timeout=0.2)
        assert len(zoo.asked) == 2 + 1, "and once at the end"


def test_a_server_that_goes_down_is_no_fault_of_the_case(briefs: Briefs, tmp_path: Path) -> None:
    with serving(Zoo()) as zoo:
        seen: list[int] = []

        def down_after_three(handler: Any, body: dict[str, Any]) -> None:
            seen.append(1)
            handler.answer(body) if len(seen) <= 3 else handler.say("", 500)

        zoo.behaviour, zoo.everywhere = down_after_three, True
        with pytest.raises(DataError, match="HTTP 500"):
            asked(zoo, briefs, tmp_path / "log.jsonl")
        assert [row["text"] for row in logged(tmp_path / "log.jsonl")] == [ANSWER] * 3
        zoo.behaviour = None
        assert all(episode.completion == ANSWER for episode in asked(zoo, briefs, tmp_path / "log.jsonl"))


@pytest.mark.parametrize("status", [401, 404])
def test_what_no_request_can_mend_ends_the_run_at_once(briefs: Briefs, status: int) -> None:
    with serving(Zoo(error("no", status), everywhere=True)) as zoo:
        with pytest.raises(DataError, match=f"HTTP {status}"):
            asked(zoo, briefs, concurrency=1)
        assert len(zoo.asked) == 1


def test_money_that_is_spent_is_no_limit_that_lets_up(briefs: Briefs) -> None:
    with serving(Zoo(error("You exceeded your current quota", 429, code="insufficient_quota"), True)) as zoo:
        with pytest.raises(DataError, match="exceeded your current quota"):
            asked(zoo, briefs, concurrency=1)
        assert len(zoo.asked) == 1


def test_too_much_that_is_refused_stops_the_run(toy: Path, tmp_path: Path) -> None:
    briefs, seen = toy_briefs(toy / "text.jsonl", 60), []

    def mostly_refusing(handler: Any, body: dict[str, Any]) -> None:
        seen.append(1)
        handler.answer(body) if len(seen) % 10 == 1 else REFUSALS["a content filter"](handler, body)

    with serving(Zoo(mostly_refusing, everywhere=True)) as zoo:
        with pytest.raises(DataError, match=r"21 requests were refused or failed, first case 'toy-1'.*--max-errors"):
            asked(zoo, briefs, tmp_path / "log.jsonl", concurrency=1)
        assert len(logged(tmp_path / "log.jsonl")) == len(seen) == 24
        with pytest.raises(DataError, match=r"[4-7] requests were refused"):
            asked(zoo, briefs, max_errors=3)
        assert len(list(asked(zoo, briefs, tmp_path / "log.jsonl", max_errors=60))) == 60


def test_what_was_refused_can_be_asked_for_again(briefs: Briefs, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    with serving(Zoo(REFUSALS["a content filter"])) as zoo:
        endpoint = Endpoint(zoo.url, "m")
        refused = list(write_episodes(endpoint, briefs, Decoding(), progress=False, log=log))
        again = list(write_episodes(endpoint, briefs, Decoding(), progress=False, log=log, retry_refused=True))
        assert again == refused and again[POISONED].refused
        zoo.behaviour, known = None, len(zoo.asked)
        now = list(write_episodes(endpoint, briefs, Decoding(), progress=False, log=log, retry_refused=True))
        assert len(zoo.asked) == known + 1 and now[POISONED].completion == ANSWER
        kept = list(write_episodes(endpoint, briefs, Decoding(), progress=False, log=log))
        assert kept == now and len(zoo.asked) == known + 1, "what took its place stays in its place"


def unsupported(*names: str, told: bool = True) -> Behaviour:
    """A server that does not take some parameters."""

    def behave(handler: Any, body: dict[str, Any]) -> None:
        if found := [name for name in names if name in body]:
            text = f"Unsupported parameter: '{found[0]}' is not supported with this model." if told else "Bad Request"
            handler.say({"error": {"message": text, "param": found[0] if told else None}}, 400)
        else:
            handler.answer(body)

    return behave


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize(
    "names",
    [
        ["max_tokens"], ["temperature"], ["seed"], ["logprobs"], ["max_tokens", "temperature", "logprobs"],
        ["max_tokens", "max_completion_tokens"],
    ],
)  # fmt: skip
def test_a_server_is_asked_without_what_it_does_not_take(
    briefs: Briefs, names: list[str], told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(Zoo(unsupported(*names, told=told), everywhere=True)) as zoo:
        written = asked(zoo, briefs)
        assert all(episode.completion == ANSWER for episode in written)
        assert not set(names) & zoo.asked[-1].keys()
        if names == ["max_tokens"] and told:
            assert zoo.asked[-1]["max_completion_tokens"] == Decoding().max_new_tokens
        left_out = written.provenance["served"]["left_out"]
        assert set(names) <= left_out.keys() and all(left_out[name] == CASES for name in names)
        assert not told or set(left_out) == set(names)
        for name in names:
            assert caplog.text.count(f"does not take {name}:") == 1
        if told and "logprobs" not in names:
            assert all(episode.verdict_logprob is not None for episode in written)
        # Once that is known, nobody is asked in vain any more.
        assert len(zoo.asked) < CASES + 4 * 6


def test_a_parameter_that_was_answered_with_is_left_out_for_nobody_else(briefs: Briefs) -> None:
    for told in ("Unsupported parameter: 'logprobs'", "Bad Request", "unknown field: seed"):
        with serving(Zoo(error(told))) as zoo:
            assert others_are_answered(asked(zoo, briefs, concurrency=1)).refused
            assert all("logprobs" in body and "seed" in body for body in zoo.asked[-1:])


def test_a_field_of_a_pydantic_server_is_understood(briefs: Briefs) -> None:
    def strict(handler: Any, body: dict[str, Any]) -> None:
        detail = [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]
        handler.say({"detail": detail}, 422) if "seed" in body else handler.answer(body)

    with serving(Zoo(strict, everywhere=True)) as zoo:
        assert asked(zoo, briefs).provenance["served"]["left_out"] == {"seed": CASES}


def test_a_picture_is_encoded_once_per_case(toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rl.generation import prompts_once

    made: list[str] = []
    real = prompts_once._messages
    monkeypatch.setattr(prompts_once, "_messages", lambda brief, *how: made.append(brief.id) or real(brief, *how))
    briefs = toy_briefs(toy / "cases.jsonl", 3)
    with serving(Zoo()) as zoo:
        decoding = Decoding(samples=8, temperature=1.0)
        write_episodes(Endpoint(zoo.url, "m"), briefs, decoding, progress=False)
        assert len(zoo.asked) == 24 and sorted(made) == sorted(brief.id for brief in briefs)


def test_what_else_a_server_takes_can_be_said(briefs: Briefs) -> None:
    with serving(Zoo()) as zoo:
        endpoint = Endpoint(zoo.url, "m", extra_body={"top_k": 5})
        written = write_episodes(endpoint, briefs, Decoding(), progress=False)
        assert all(body["top_k"] == 5 for body in zoo.asked)
        assert written.provenance["endpoint"]["extra_body"] == {"top_k": 5}
        assert endpoint.identity(Decoding()) != replace(endpoint, extra_body={"top_k": 6}).identity(Decoding())
    with pytest.raises(DataError, match="'temperature' has an option of its own"):
        Endpoint(zoo.url, "m", extra_body={"temperature": 1})


def test_tokens_are_counted(briefs: Briefs, tmp_path: Path) -> None:
    with serving(Zoo()) as zoo:
        for _ in range(2):  # the second time from the log
            facts = asked(zoo, briefs, tmp_path / "log.jsonl").provenance["served"]
            assert facts["tokens"] == {"read": 9 * CASES, "written": -(-len(ANSWER) // 4) * CASES}


@pytest.mark.parametrize("logprob", [5.5, True, 10**400, -(10**400), "-0.1", None])
def test_what_is_no_log_probability_is_not_known_and_the_answer_stands(briefs: Briefs, logprob: Any) -> None:
    def telling(handler: Any, body: dict[str, Any]) -> None:
        handler.answer(body, logprobs={"content": [{"token": ANSWER, "logprob": logprob, "bytes": None}]})

    with serving(Zoo(telling, everywhere=True)) as zoo:
        written = list(asked(zoo, briefs))
    assert [episode.completion for episode in written] == [ANSWER] * CASES
    assert all(episode.verdict_logprob is None for episode in written)


def test_log_probabilities_whose_sum_is_none_can_be_read_again(briefs: Briefs, tmp_path: Path) -> None:
    def telling(handler: Any, body: dict[str, Any]) -> None:
        tokens = [{"token": letter, "logprob": -1.7e308, "bytes": None} for letter in ANSWER]
        handler.answer(body, logprobs={"content": tokens})

    with serving(Zoo(telling, everywhere=True)) as zoo:
        first = list(asked(zoo, briefs, tmp_path / "log.jsonl"))
        assert list(asked(zoo, briefs, tmp_path / "log.jsonl")) == first and len(zoo.asked) == CASES


def test_of_several_choices_the_first_by_its_number_is_read(briefs: Briefs) -> None:
    def telling(handler: Any, body: dict[str, Any]) -> None:
        choices = [
            {"index": index, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
            for index, text in ((1, "another"), (0, ANSWER))
        ]
        handler.say({"object": "chat.completion", "choices": choices})

    with serving(Zoo(telling, everywhere=True)) as zoo:
        assert {episode.completion for episode in asked(zoo, briefs)} == {ANSWER}


def test_of_an_endless_error_only_the_beginning_is_read(briefs: Briefs) -> None:
    def endless(handler: Any, body: dict[str, Any]) -> None:
        handler.send_response(400)
        handler.send_header("Content-Type", "application/json")
        handler.end_headers()
        handler.close_connection = True
        with suppress(OSError):
            while not zoo.closing.is_set():
                handler.wfile.write(b"x" * 10_000)

    with serving(Zoo(endless)) as zoo:
        assert others_are_answered(asked(zoo, briefs, timeout=5)).refused
        assert zoo.times[-1] - zoo.times[0] < 5


@pytest.mark.parametrize("status", [401, 404])
def test_one_case_that_is_denied_stops_no_other_even_when_it_is_asked_first(
    briefs: Briefs, tmp_path: Path, status: int
) -> None:
    with serving(Zoo(saying({"error": {"message": "no"}}, status))) as zoo:
        assert others_are_answered(asked(zoo, briefs, tmp_path / "log.jsonl", concurrency=1)).refused
        again = asked(zoo, briefs, tmp_path / "log.jsonl", concurrency=1)
        assert others_are_answered(again).refused
