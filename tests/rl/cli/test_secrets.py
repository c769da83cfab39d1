"""Keys, passwords and the environment stay out of every file that any verb writes, and out of all that it says."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("av")

from data import Ruling
from prompts import write
from tests.data.media.recordings import tone, write_sound
from tests.everything_in import everything_in
from tests.fuzz import world
from tests.fuzz.command import Done, run
from tests.rewards.model_based.judge.server import JudgeServer, answers, running, status
from tests.rl.generation.zoo import Zoo, serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

KEY, USER, PASSWORD, CODE, CANARY = "sk-4f1c0ffee", "user-77ab", "hunter2-9d3a", "c0de-51f7", "canary-8be2"
BASIC = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
SECRETS = (KEY, USER, PASSWORD, CODE, CANARY, BASIC)
COMMON = "--data cases.jsonl --rulebook book.yaml"
COMMANDS = (
    "data check cases.jsonl --rulebook book.yaml",
    "data convert theirs.json --mapping mapping.yaml --out converted",
    "data billboard --out billboard --cases 4 --test-cases 2",
    "data prepare spoken.jsonl --out prepared --speech {url}",
    "train sft --config sft.yaml --output sft",
    "train grpo --config grpo.yaml --output grpo --rubric judged.yaml",
    f"rewards score --rubric judged.yaml {COMMON} --completions completions.jsonl --out judged.parquet",
    f"rewards audit --rubric judged.yaml {COMMON} --cases 4",
    "rewards show judged.yaml",
    "rewards replay grpo --rubric judged.yaml",
    "rewards forecast grpo --rubric judged.yaml",
    f"evaluate grpo {COMMON} --out evaluated --template compact --max-new-tokens 4",
    "compare asked evaluated --out compared/report.html",
    "review sft case.json --rulebook book.yaml",
    "data distil cases.jsonl --rulebook book.yaml --rubric rubric.yaml --endpoint {teacher} --model m "
    "--out taught.jsonl",
)
CLEAR = write(
    Ruling(reasoning="".join(f"{rule}: clear\n" for rule in world.CLAIMS), verdict="approve", confidence=0.9)
)
"""Right of the cases that break nothing."""


@pytest.fixture
def judge() -> Iterator[JudgeServer]:
    """A server that answers now and then, and else repeats in its error what it has been told."""
    with running() as server:
        repeated = f"no: {USER}:{PASSWORD}, {BASIC}, {KEY}, ?code={CODE}, http://{USER}:{PASSWORD}@gateway/v1"
        server.answer(*[status(500, repeated), answers(), status(400, repeated), answers()] * 3, status(503, repeated))
        yield server


@pytest.fixture
def teacher() -> Iterator[Zoo]:
    """A server that refuses every third request, and repeats in its refusal what it has been told."""

    def answer(handler: Any, body: dict[str, Any]) -> None:
        told = f"no: {handler.path} {dict(handler.headers)} {USER}:{PASSWORD} {KEY}"
        if len(handler.server.asked) % 3 == 0:
            handler.say({"error": {"message": told, "code": "content_filter"}}, 400)
        else:
            handler.answer(body, message={"role": "assistant", "content": CLEAR})

    with serving(Zoo(answer, everywhere=True)) as server:
        yield server


def test_no_verb_tells_a_secret(
    judge: JudgeServer, teacher: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    world.build(tmp_path)
    before = set(tmp_path.rglob("*"))
    for name, value in (("OPENAI_API_KEY", KEY), ("RULING_CANARY", CANARY), ("HF_TOKEN", CANARY), ("JUDGE_KEY", KEY)):
        monkeypatch.setenv(name, value)
    url, taught = (one.replace("://", f"://{USER}:{PASSWORD}@") + f"?code={CODE}" for one in (judge.url, teacher.url))
    settings = f"base_url: '{url}', model: m, api_key_env: JUDGE_KEY, retries: 0, cache: {tmp_path / 'judge.sqlite'}"
    rubric = (tmp_path / "rubric.yaml").read_text()
    craft = "craft: {rules: 0.25, evidence: {weight: 0.25}}"
    assert craft in rubric
    judged = rubric.replace(craft, f"unscored_limit: 1.0\ncraft: {{rules: 0.25, judge: {{weight: 0.1, {settings}}}}}")
    # The rubric is the user's file, and not one that a verb writes.
    (tmp_path / "judged.yaml").write_text(judged)
    write_sound(tmp_path / "said.wav", tone(1))
    (tmp_path / "spoken.jsonl").write_text('{"id": "1", "audio": "said.wav"}\n{"id": "2", "text": {"body": "Tea"}}')
    done: list[Done] = [run(command.replace("{url}", url).replace("{teacher}", taught)) for command in COMMANDS]
    assert [one.code for one in done if one.code not in (0, 1)] == [], [one for one in done if one.code not in (0, 1)]
    assert len(judge.requests) > 10
    for one in done:
        assert not [secret for secret in SECRETS if secret in one.out + one.err], one
    files = [file for file in set(tmp_path.rglob("*")) - before if file.is_file() and file.name != "judged.yaml"]
    assert {
        "taught.jsonl",
        "taught.journal",
        "run.json",
        "judged.parquet",
        "messages.log",
        "report.html",
        "complete.json",
    } <= {f.name for f in files}
    assert "speech recognition: Error code: 404" in (tmp_path / "prepared" / "rejected.jsonl").read_text()
    for file in files:
        held = everything_in(file)
        assert not [secret for secret in SECRETS if secret in held], file
