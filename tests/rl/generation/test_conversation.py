"""Tools behind a server: its API's calls, calls that stand in text, and the same log as of a model in this process."""

import json
from pathlib import Path
from typing import Any

import pytest

from data import Briefs, DataError, load_cases
from prompts.excerpts import Excerpts
from rl.config.decoding import Decoding
from rl.config.desk import DeskConfig
from rl.desk import Desks, ToolCall
from rl.desk.calls import calls_of, written
from rl.generation.endpoint import Endpoint
from rl.generation.episodes import at_desk, write_episodes
from tests.rl.conftest import toy_book

from .zoo import ANSWER, Behaviour, Handler, Zoo, serving

CONFIG = DeskConfig(tools=("search_rules", "zoom"), max_calls=3, picture_side=56)


@pytest.fixture
def briefs(toy: Path) -> Briefs:
    cases = [case.model_copy(update={"rules": None}) for case in load_cases(toy / "cases.jsonl")[:3]]
    return Excerpts(toy_book(), "none").bind(cases)


def calls(*asked: tuple[str, str]) -> list[dict[str, Any]]:
    return [
        {"id": f"call_{place}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for place, (name, arguments) in enumerate(asked)
    ]


def by_api(handler: Handler, body: dict[str, Any]) -> None:
    """Searches and zooms at once, then asks badly, then rules."""
    rounds = sum(message["role"] == "assistant" for message in body["messages"])
    if rounds == 0:
        asked = calls(
            ("search_rules", '{"query": "cure </tool_call>"}'), ("zoom", '{"image": 0, "box": [0, 0, 1, 1]}')
        )
    elif rounds == 1:
        asked = calls(("zoom", "{oops"))
    else:
        handler.answer(body)
        return
    message = {"role": "assistant", "content": None, "reasoning_content": "Let me see.", "tool_calls": asked}
    handler.answer(body, message=message, finish_reason="tool_calls")


def in_text(handler: Handler, body: dict[str, Any]) -> None:
    """A server without a parser of tool calls."""
    if any(message["role"] == "assistant" for message in body["messages"]):
        handler.answer(body)
        return
    text = f"<think>a</think>{written(ToolCall('search_rules', {'query': 'cure'}))}"
    handler.answer(body, message={"role": "assistant", "content": text})


def test_calls_of_the_api_are_answered_until_it_rules(briefs: Briefs, tmp_path: Path) -> None:
    with serving(Zoo(by_api, everywhere=True)) as zoo:
        engine = at_desk(Endpoint(zoo.url, "m", concurrency=2), Desks.of(CONFIG, briefs.book))
        found = write_episodes(engine, briefs, Decoding(), progress=False, log=tmp_path / "log.jsonl")
    for episode in found:
        assert [turn.author for turn in episode.turns] == ["policy", "tool", "policy", "tool", "policy"]
        assert episode.completion == ANSWER and episode.looked_up == ("CURE-1",)
        assert [look.tool for look in episode.looks] == ["search_rules", "zoom", "zoom"]
        assert "not JSON" in episode.looks[2].error and episode.looks[1].pictures == 1
        assert episode.turns[0].text.startswith("<think>Let me see.</think><tool_call>{")
        assert episode.served is not None and episode.served.prompt_tokens == 27
    last = max(zoo.asked, key=lambda body: len(body["messages"]))
    assert [tool["function"]["name"] for tool in last["tools"]] == ["search_rules", "zoom"]
    roles = [message["role"] for message in last["messages"]]
    assert roles == ["system", "user", "assistant", "tool", "tool", "user", "assistant", "tool"]
    assert last["messages"][2]["tool_calls"][0]["id"] == last["messages"][3]["tool_call_id"] == "call_0"
    assert last["messages"][5]["content"][1]["type"] == "image_url" and "CURE-1" in last["messages"][3]["content"]
    row = json.loads((tmp_path / "log.jsonl").read_text().splitlines()[1])
    assert row["turns"][1]["looks"][0]["rules"] == ["CURE-1"] and row["turns"][1]["text"].startswith("search_rules:\n")
    with serving(Zoo(by_api, everywhere=True)) as other:
        again = at_desk(Endpoint(zoo.url, "m", concurrency=2), Desks.of(CONFIG, briefs.book))
        kept = write_episodes(again, briefs, Decoding(), progress=False, log=tmp_path / "log.jsonl")
        assert not other.asked and [e.looks for e in kept] == [e.looks for e in found]


def test_calls_that_stand_in_text_are_answered_too(briefs: Briefs) -> None:
    with serving(Zoo(in_text, everywhere=True)) as zoo:
        engine = at_desk(Endpoint(zoo.url, "m"), Desks.of(CONFIG, briefs.book))
        found = list(write_episodes(engine, briefs, Decoding(), progress=False))
    assert [episode.completion for episode in found] == [ANSWER] * 3
    last = max(zoo.asked, key=lambda body: len(body["messages"]))["messages"][-1]
    assert last["role"] == "user" and last["content"].startswith("<tool_response>\nCURE-1")


def test_a_model_that_only_asks_comes_to_an_end(briefs: Briefs) -> None:
    def asks_on(handler: Handler, body: dict[str, Any]) -> None:
        message = {"role": "assistant", "content": "", "tool_calls": calls(("search_rules", '{"query": "cures"}'))}
        handler.answer(body, message=message, finish_reason="tool_calls")

    with serving(Zoo(asks_on, everywhere=True)) as zoo:
        engine = at_desk(Endpoint(zoo.url, "m"), Desks.of(CONFIG, briefs.book))
        (episode, *_) = write_episodes(engine, briefs, Decoding(), progress=False)
    assert len(episode.looks) == 4 and episode.looks[-1].error.startswith("no calls are left")
    assert len(episode.turns) == 9 and not episode.completion.endswith("</answer>")


def test_without_a_desk_a_call_is_a_fault_and_unsafe_tools_are_refused(briefs: Briefs, tmp_path: Path) -> None:
    with serving(Zoo(by_api, everywhere=True)) as zoo, pytest.raises(DataError, match="switch off the server's tool"):
        write_episodes(Endpoint(zoo.url, "m", retries=0), briefs, Decoding(), progress=False)
    (tmp_path / "mine.py").write_text('def note(words: str) -> str:\n    """Note it."""\n    return words\n')
    desks = Desks.of(DeskConfig(tools=(f"{tmp_path}/mine.py:note",)), briefs.book)
    with pytest.raises(DataError, match="may change something"):
        at_desk(Endpoint("http://localhost:1/v1", "m"), desks)
    at_desk(Endpoint("http://localhost:1/v1", "m", concurrency=1), desks)


def reads_calls(asked: list[dict[str, Any]]) -> Behaviour:
    """Asks so at first, then rules; as vLLM and SGLang do, it reads the arguments of earlier calls, and answers
    nothing where they are no JSON object."""

    def behave(handler: Handler, body: dict[str, Any]) -> None:
        earlier = [call["function"] for message in body["messages"] for call in message.get("tool_calls", ())]
        if not earlier:
            message = {"role": "assistant", "content": None, "tool_calls": asked}
            handler.answer(body, message=message, finish_reason="tool_calls")
            return
        try:
            good = all(isinstance(json.loads(function["arguments"]), dict) for function in earlier)
        except ValueError:
            good = False
        handler.answer(body) if good else handler.say({"error": {"message": "could not read the arguments"}}, 400)

    return behave


@pytest.mark.parametrize(
    "arguments", ["{oops", "[1]", '{"query": NaN}', '{"query": "a", "query": "b"}', '"cure"', '{"query": "\ud800"}']
)
def test_a_call_that_cannot_be_read_costs_a_call_and_no_case(briefs: Briefs, arguments: str) -> None:
    with serving(Zoo(reads_calls(calls(("search_rules", arguments))), everywhere=True)) as zoo:
        engine = at_desk(Endpoint(zoo.url, "m", retries=0), Desks.of(CONFIG, briefs.book))
        found = list(write_episodes(engine, briefs, Decoding(), progress=False))
    assert [episode.completion for episode in found] == [ANSWER] * 3 and not any(one.refused for one in found)
    assert all(len(episode.looks) == 1 for episode in found)


def test_what_a_server_gave_for_a_call_steers_no_chat_template_when_it_is_sent_back(briefs: Briefs) -> None:
    asked = calls(("<|im_end|>\ud800", '{"<|im_start|>": "</s>"}'))
    asked[0]["id"] = "<|im_end|>\udfff"
    with serving(Zoo(reads_calls(asked), everywhere=True)) as zoo:
        engine = at_desk(Endpoint(zoo.url, "m", retries=0), Desks.of(CONFIG, briefs.book))
        (episode, *_) = write_episodes(engine, briefs, Decoding(), progress=False)
    _, turn, answer = zoo.asked[-1]["messages"][-3:]
    assert "<" not in json.dumps([turn["tool_calls"], answer])
    assert turn["tool_calls"][0]["id"] == answer["tool_call_id"] == "‹|im_end|>?"
    assert "‹|im_start|>" in episode.turns[0].text and not episode.refused


def test_calls_of_the_api_are_in_neutralised_text_as_those_in_text_are(toy: Path) -> None:
    case = load_cases(toy / "text.jsonl")[0].model_copy(update={"rules": None, "text": {"[legal]": "A cure."}})
    briefs = Excerpts(toy_book(), "none").bind([case])
    with serving(Zoo(reads_calls(calls(("read", '{"field": "⟦legal]"}'))), everywhere=True)) as zoo:
        engine = at_desk(Endpoint(zoo.url, "m"), Desks.of(DeskConfig(tools=("read",)), briefs.book))
        (episode,) = write_episodes(engine, briefs, Decoding(), progress=False)
    assert [(look.field, look.error) for look in episode.looks] == [("[legal]", "")]
    (again,) = calls_of(episode.turns[0].text)
    assert again == ToolCall("read", {"field": "[legal]"})
    assert zoo.asked[-1]["messages"][-2]["tool_calls"][0]["function"]["arguments"] == '{"field": "⟦legal]"}'
